"""Percentage of correct keypoints: the curve over thresholds, and the area under it.

The curve is the share of errors up to each of 100 thresholds from 0 to 50 mm, both included; its
area by the trapezium rule, over that of a perfect curve, as in HO-3D's evaluation. Every error's
own curve is a step, and the area under a mean of curves is the mean of their areas: so an area can
be kept per frame, averaged, and resampled like any other figure.
"""

import numpy as np

THRESHOLDS_MM = np.linspace(0.0, 50.0, 100)


def _area_of_a_step(first: int) -> float:
    """Area under a curve that is 0 before threshold `first` and 1 from there on."""
    whole = len(THRESHOLDS_MM) - 1
    return float(np.trapezoid((np.arange(whole + 1) >= first).astype(float))) / whole


#: Area under the curve of one error by the first threshold that reaches it; 0 where none does.
_AREAS = np.array([*map(_area_of_a_step, range(len(THRESHOLDS_MM))), 0.0])


def pck(errors_mm: np.ndarray) -> np.ndarray:
    """Share (100,) of the known errors, of any shape, up to each of `THRESHOLDS_MM`."""
    known = errors_mm[np.isfinite(errors_mm)]
    if not known.size:
        return np.full(len(THRESHOLDS_MM), np.nan)
    places = np.searchsorted(THRESHOLDS_MM, known)
    counts = np.bincount(places, minlength=len(THRESHOLDS_MM) + 1)
    return np.cumsum(counts[:-1]) / known.size


def areas_under_pck(errors_mm: np.ndarray) -> np.ndarray:
    """The area under the curve of each error alone, of the same shape; NaN stays NaN."""
    areas = _AREAS[np.searchsorted(THRESHOLDS_MM, errors_mm)]
    return np.where(np.isfinite(errors_mm), areas, np.nan)


def area_under_pck(errors_mm: np.ndarray) -> float:
    """Area under the curve of the known errors; NaN where there is none."""
    areas = areas_under_pck(np.asarray(errors_mm, float))
    return float(np.nanmean(areas)) if np.isfinite(areas).any() else float("nan")
