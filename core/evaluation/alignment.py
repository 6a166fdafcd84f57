"""Moving one point set onto another before it is compared."""

import numpy as np

#: Point sets whose RMS spread is below this are one point up to rounding, not a hand.
DEGENERATE_SPREAD_MM = 1e-6


def spread_mm(points_mm: np.ndarray) -> float:
    """RMS distance of points (N, 3) or (N, 2) from their mean; NaN where any is not finite."""
    return float(spreads_mm(points_mm))


def spreads_mm(points_mm: np.ndarray) -> np.ndarray:
    """`spread_mm` (...,) of point sets (..., N, 3) or (..., N, 2)."""
    centred = _centred(np.asarray(points_mm, float))
    return np.sqrt((centred**2).sum(-1).mean(-1))


def is_degenerate(points_mm: np.ndarray) -> np.ndarray:
    """Whether point sets (..., N, 3) are not all finite or all in one place: nothing to measure."""
    spread = spreads_mm(points_mm)
    return ~(np.isfinite(spread) & (spread > DEGENERATE_SPREAD_MM))


def wrist_align(points_mm: np.ndarray, *, wrist_mm: np.ndarray, onto_mm: np.ndarray) -> np.ndarray:
    """Shift points (N, 3) of a hand so that its wrist, at `wrist_mm` (3,), lies on `onto_mm`."""
    return np.asarray(points_mm, float) + (np.asarray(onto_mm, float) - wrist_mm)


def procrustes_align(source_mm: np.ndarray, target_mm: np.ndarray) -> np.ndarray:
    """Turn, shift and scale `source_mm` (..., N, 3) onto `target_mm` as well as can be.

    The least-squares similarity of Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns", 1991, for every point set of a batch. It never mirrors; HO-3D's
    official script may, which makes a difference only for predictions that are nearer to a left
    hand. All NaN where either side is degenerate (see `is_degenerate`).
    """
    source, target = np.broadcast_arrays(np.asarray(source_mm, float), np.asarray(target_mm, float))
    source_centred, target_centred = _centred(source), _centred(target)
    usable = ~(is_degenerate(source) | is_degenerate(target))
    covariance = np.swapaxes(target_centred, -1, -2) @ source_centred
    u, singular, vt = np.linalg.svd(np.where(usable[..., None, None], covariance, 0.0))
    signs = np.ones_like(singular)
    signs[..., 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * signs[..., None, :]) @ vt
    square = np.where(usable, (source_centred**2).sum((-1, -2)), 1.0)
    scale = np.where(usable, (singular * signs).sum(-1) / square, np.nan)
    turned = source_centred @ np.swapaxes(rotation, -1, -2)
    return scale[..., None, None] * turned + target.mean(-2, keepdims=True)


def _centred(points_mm: np.ndarray) -> np.ndarray:
    return points_mm - points_mm.mean(-2, keepdims=True)
