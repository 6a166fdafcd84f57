"""What often goes wrong with prediction files, recognised from the joints of all frames.

The official figures say how far off a file is, not that it is in millimetres. None of these changes
a figure.
"""

import numpy as np

from core.conventions import HO3D_TO_OPENPOSE, WRIST
from core.evaluation.ho3d_protocol import align_procrustes

#: Frames that are looked at where all of them would take long.
_LOOKED_AT = 500
#: Below these many frames order and joints are not judged.
_FEWEST = 20


def suspicions(
    truth_m: np.ndarray, joints_m: np.ndarray, *, without_mesh: int = 0
) -> tuple[str, ...]:
    """Sentences on joints (N, 21, 3) as they stand in the files: metres, the files' own axes.

    Args:
        truth_m: The true joints.
        joints_m: The predicted ones.
        without_mesh: How many predicted meshes are a single point.
    """
    frames = len(joints_m)
    is_hand = _extent_m(joints_m) > 0
    found = []
    if count := int((~is_hand).sum()):
        found.append(
            f"{count} of {frames} predictions have all joints in one point, such as zeros; they "
            "are scored as the official definition does, far from where the hand is."
        )
    if without_mesh:
        found.append(
            f"{without_mesh} of {frames} meshes are one point; the mesh figures count them."
        )
    if not is_hand.any():
        return tuple(found)
    truth, joints = truth_m[is_hand], joints_m[is_hand]
    ratio = float(np.median(_extent_m(joints)) / max(np.median(_extent_m(truth)), 1e-12))
    if ratio > 100:
        found.append(
            f"The hands are {ratio:,.0f} times as large as the true ones; are they in millimetres? "
            "The file must be in metres."
        )
        joints = joints / 1000
    if _is_behind(joints) and not _is_behind(truth):
        found.append(
            "The wrists lie on the other side of the camera; are the axes OpenCV's? The file's "
            "y points up and z towards the viewer, so y and z change their signs."
        )
        joints = joints * (1, -1, -1)
    if len(joints) >= _FEWEST:
        found += _order_suspicions(truth, joints)
    return tuple(found)


def _order_suspicions(truth_m: np.ndarray, joints_m: np.ndarray) -> list[str]:
    found = []
    if _is_shuffled(truth_m, joints_m):
        found.append(
            "The hands are no nearer to the true ones of their own frames than to those of any "
            "frames, but near to those of some; does the file follow the order of the list "
            "(evaluation.txt), which is not the alphabet's?"
        )
    elif _has_other_joint_order(truth_m, joints_m):
        found.append(
            "The joints fit much better when they are taken for thumb-first (OpenPose's order); "
            "the file must have HO-3D's: wrist, index, middle, pinky, ring, thumb, then the tips."
        )
    return found


def _is_shuffled(truth_m: np.ndarray, joints_m: np.ndarray) -> bool:
    """Whether own frames are no nearer than any, though some are near, and hands do differ."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(0)
    flat = lambda points: points.reshape(len(points), -1)
    if np.linalg.norm(joints_m.std(0)) < 0.3 * np.linalg.norm(truth_m.std(0)):
        return False  # hardly more than a constant: it has no order
    rows = rng.permutation(len(joints_m))[:_LOOKED_AT]
    asked = flat(joints_m[rows])
    own = np.median(np.linalg.norm(asked - flat(truth_m[rows]), axis=1))
    others = rng.permutation(len(truth_m))[: len(rows)]
    any_frame = np.median(np.linalg.norm(asked - flat(truth_m[others]), axis=1))
    nearest = np.median(cKDTree(flat(truth_m)).query(asked)[0])
    return bool(own > 0.7 * any_frame and nearest < 0.4 * any_frame)


def _has_other_joint_order(truth_m: np.ndarray, joints_m: np.ndarray) -> bool:
    rows = np.linspace(0, len(truth_m) - 1, min(len(truth_m), _LOOKED_AT)).astype(int)
    truth, as_it_is = truth_m[rows], joints_m[rows]
    reordered = np.empty_like(as_it_is)
    reordered[:, list(HO3D_TO_OPENPOSE)] = as_it_is
    error_m = lambda points: np.linalg.norm(align_procrustes(truth, points) - truth, axis=-1).mean()
    return bool(error_m(reordered) < 0.5 * error_m(as_it_is))


def _extent_m(joints_m: np.ndarray) -> np.ndarray:
    """RMS distance (N,) of the joints from their mean."""
    centred = joints_m - joints_m.mean(1, keepdims=True)
    return np.sqrt((centred**2).sum(-1).mean(-1))


def _is_behind(joints_m: np.ndarray) -> bool:
    """Whether most wrists have z > 0."""
    return bool((joints_m[:, WRIST, 2] > 0).mean() > 0.5)
