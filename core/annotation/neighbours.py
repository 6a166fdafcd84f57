"""A frame beside its neighbours in the sequence: motion that breaks off, figures that jump."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.data.frame_index import FrameIndex

#: Steps to the two frames that foretell one: from both sides, or on from one. So many that each
#: frame of a stretch of five has a forecast without any single one of the others.
_FORECASTS = (
    *((-1, 1), (-2, 2), (-1, 2), (-2, 1)),
    *((-1, -2), (-1, -3), (-2, -3)),
    *((1, 2), (1, 3), (2, 3)),
)
#: A figure is compared with the median of so many frames on either side.
_REACH = 3
#: With fewer others there is no median worth the name.
_LEAST_OTHERS = 3


def shots(index: FrameIndex) -> list[np.ndarray]:
    """Rows of every stretch of frames that follow each other, in order.

    A sequence is cut where numbers leave out more than usual in it: what lies between is not known.
    """
    found = []
    for rows in index.sequences.values():
        names = index.frames[rows].tolist()
        if len(rows) > 2 and all(name.isdecimal() for name in names):
            steps = np.diff([int(name) for name in names])
            found += np.split(rows, np.flatnonzero(steps > 2 * np.median(steps)) + 1)
        else:
            found.append(rows)
    return found


def breaks_mm(points_mm: np.ndarray, stretches: Iterable[np.ndarray]) -> np.ndarray:
    """(N, J) how far points (N, J, 3) are from where the best of their neighbours foretell them.

    Of several forecasts the nearest counts, for all points of a frame together: one neighbour that
    is wrong does not make its neighbours look wrong. NaN where nothing foretells a frame.
    """
    result = np.full(points_mm.shape[:2], np.nan)
    for rows in stretches:
        result[rows] = _breaks_of_stretch(points_mm[rows])
    return result


def _breaks_of_stretch(points_mm: np.ndarray) -> np.ndarray:
    count = len(points_mm)
    misses = np.full((len(_FORECASTS), *points_mm.shape[:2]), np.nan)
    for number, (first, second) in enumerate(_FORECASTS):
        at = np.arange(max(0, -first, -second), count - max(0, first, second))
        if len(at):
            weight = second / (second - first)  # of the straight line through both
            foretold = weight * points_mm[at + first] + (1 - weight) * points_mm[at + second]
            misses[number, at] = np.linalg.norm(points_mm[at] - foretold, axis=-1)
    worst = np.where(np.isnan(misses).all(-1), np.inf, np.nan_to_num(misses).max(-1))
    best = worst.argmin(0)
    return misses[best, np.arange(count)]


def jumps(values: np.ndarray, stretches: Iterable[np.ndarray]) -> np.ndarray:
    """Values (N, …) less the median of their neighbours', same shape; NaN with too few of them."""
    result = np.full(values.shape, np.nan)
    for rows in stretches:
        if len(rows) > _LEAST_OTHERS:
            result[rows] = _jumps_of_stretch(values[rows])
    return result


def _jumps_of_stretch(values: np.ndarray) -> np.ndarray:
    count = len(values)
    steps = [step for step in range(-_REACH, _REACH + 1) if step]
    others = np.full((len(steps), *values.shape), np.nan)
    for number, step in enumerate(steps):
        at = np.arange(max(0, -step), min(count, count - step))
        others[number, at] = values[at + step]
    known = np.isfinite(others).sum(0)
    ordered = np.sort(others, axis=0)  # NaN comes last
    low, high = ((np.maximum(known - 1, 0)) // 2)[None], (known // 2).clip(0, len(steps) - 1)[None]
    middle = (np.take_along_axis(ordered, low, 0) + np.take_along_axis(ordered, high, 0))[0] / 2
    return np.where(known >= _LEAST_OTHERS, values - middle, np.nan)
