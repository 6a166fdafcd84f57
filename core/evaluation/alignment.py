"""Moving one point set onto another before it is compared."""

import numpy as np

#: Point sets whose RMS spread is below this are one point up to rounding, not a hand.
DEGENERATE_SPREAD_MM = 1e-6


def spread_mm(points_mm: np.ndarray) -> float:
    """RMS distance of points (N, 3) or (N, 2) from their mean; NaN where any is not finite."""
    points_mm = np.asarray(points_mm, float)
    centred = points_mm - points_mm.mean(0)
    return float(np.sqrt((centred**2).sum(-1).mean()))


def is_degenerate(points_mm: np.ndarray) -> bool:
    """Whether the points are not all finite or all lie in one place: nothing to measure then."""
    return not spread_mm(points_mm) > DEGENERATE_SPREAD_MM


def wrist_align(points_mm: np.ndarray, *, wrist_mm: np.ndarray, onto_mm: np.ndarray) -> np.ndarray:
    """Shift points (N, 3) of a hand so that its wrist, at `wrist_mm` (3,), lies on `onto_mm`."""
    return np.asarray(points_mm, float) + (np.asarray(onto_mm, float) - wrist_mm)


def procrustes_align(source_mm: np.ndarray, target_mm: np.ndarray) -> np.ndarray:
    """Turn, shift and scale `source_mm` (N, 3) onto `target_mm` (N, 3) as well as can be.

    The least-squares similarity of Umeyama, "Least-squares estimation of transformation parameters
    between two point patterns", 1991. It never mirrors; HO-3D's official script may, which makes
    a difference only for predictions that are nearer to a left hand. All NaN where either side is
    degenerate (see `is_degenerate`).
    """
    source = np.asarray(source_mm, float)
    target = np.asarray(target_mm, float)
    if is_degenerate(source) or is_degenerate(target):
        return np.full_like(source, np.nan)
    source_centred = source - source.mean(0)
    target_centred = target - target.mean(0)
    u, singular, vt = np.linalg.svd(target_centred.T @ source_centred)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = (u * signs) @ vt
    scale = (singular * signs).sum() / (source_centred**2).sum()
    return scale * source_centred @ rotation.T + target.mean(0)
