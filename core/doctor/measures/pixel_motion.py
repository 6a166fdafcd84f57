"""How the picture moved between two crops, measured from their pixels alone."""

from collections.abc import Sequence

import cv2
import numpy as np

#: A pixel motion is believed where the moved picture is this much like the other one.
LEAST_LIKENESS = 0.8
#: Fewer shared pixels than this part of the crop prove nothing.
_LEAST_SHARED = 0.2
#: A picture that varies by less than this part of its values is flat but for rounding.
_LEAST_CONTRAST = 1e-3
_CRITERIA = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-5)
_BLUR_PX = 5


def moved(points: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Points (..., 2) through an affine (2, 3)."""
    return np.asarray(points, float) @ affine[:, :2].T + affine[:, 2]


def about_middle(linear: np.ndarray, size_px: tuple[int, int], shift_px=(0.0, 0.0)) -> np.ndarray:
    """The affine (2, 3) that maps by `linear` (2, 2) about the crop's middle, then shifts."""
    height, width = size_px
    middle = np.array([width / 2, height / 2])
    return np.column_stack([linear, middle - linear @ middle + np.asarray(shift_px)])


def affine_of_points(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    """The affine (2, 3) that maps points onto others by least squares; None where none is told."""
    known = np.isfinite(before).all(-1) & np.isfinite(after).all(-1)
    if known.sum() < 4:
        return None
    matrix = np.column_stack([before[known], np.ones(known.sum())])
    fit, *_ = np.linalg.lstsq(matrix, after[known], rcond=None)
    return fit.T


def pixel_motion(
    before: np.ndarray, after: np.ndarray, guesses: Sequence[np.ndarray]
) -> np.ndarray | None:
    """The affine (2, 3) by which picture `before` (3, H, W) became `after`; None if unknown.

    The best of `guesses`, refined by maximising the enhanced correlation coefficient (Evangelidis,
    Psarakis, "Parametric image alignment using enhanced correlation coefficient maximization",
    2008), which does not see brightness and contrast.
    """
    first, second = _grey(before), _grey(after)
    best = max(guesses, key=lambda guess: likeness(first, second, guess))
    inverse = cv2.invertAffineTransform(best).astype(np.float32)
    mask = np.full(first.shape, 255, np.uint8)
    try:
        _, inverse = cv2.findTransformECC(
            second, first, inverse, cv2.MOTION_AFFINE, _CRITERIA, mask, _BLUR_PX
        )
        refined = cv2.invertAffineTransform(inverse.astype(float))
    except cv2.error:  # it found no way to a better one
        refined = best
    # A mirrored guess must stay one, and a failed refinement must not count.
    candidates = [refined, best]
    found = max(candidates, key=lambda affine: likeness(first, second, affine))
    return found if likeness(first, second, found) >= LEAST_LIKENESS else None


def likeness(before: np.ndarray, after: np.ndarray, affine: np.ndarray) -> float:
    """Correlation of grey pictures (H, W), one moved by an affine, where both are seen; -1: none.

    Pixels that the moved picture does not reach, and its border, are left out.
    """
    size = (before.shape[1], before.shape[0])
    warped = cv2.warpAffine(before, affine, size, flags=cv2.INTER_LINEAR)
    inside = cv2.warpAffine(np.ones_like(before), affine, size, flags=cv2.INTER_LINEAR) > 0.999
    if inside.mean() < _LEAST_SHARED:
        return -1.0
    a, b = warped[inside], after[inside]
    if min(a.std(), b.std()) < _LEAST_CONTRAST * max(np.abs(a).max(), np.abs(b).max()):
        return -1.0  # a flat picture is like any other
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _grey(image: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.asarray(image, np.float32)).mean(0)
