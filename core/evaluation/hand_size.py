"""How large a hand is: millimetres of the flat hand that a shape stands for, whatever its pose."""

from dataclasses import dataclass

import numpy as np

from core.conventions import FINGER_JOINTS, MIDDLE_KNUCKLE, WRIST
from core.hand.hand_model import HandModel

_INDEX_KNUCKLE = FINGER_JOINTS["index"][0]
_PINKY_KNUCKLE = FINGER_JOINTS["pinky"][0]
_THUMB_JOINTS = FINGER_JOINTS["thumb"][:3]  # the tip is a vertex, not one of MANO's joints


@dataclass(frozen=True)
class HandSize:
    """Measures of the flat hand in millimetres.

    Attributes:
        length_mm: From the wrist joint to the farthest point of the fingers, along the hand.
        width_mm: Across the palm at the knuckles, without the thumb.
        thickness_mm: Through the palm at the same place.
    """

    length_mm: float
    width_mm: float
    thickness_mm: float


def hand_size(hand_model: HandModel, betas: np.ndarray) -> HandSize:
    """Measure the flat hand of shape `betas` (10,) with the hand model in use.

    The hand is cut by the plane through the middle knuckle that stands on the line from the wrist;
    width and thickness are the extents of the cut, the thumb's skin left out. All NaN where a
    beta is not finite.
    """
    if not np.isfinite(betas).all():
        return HandSize(float("nan"), float("nan"), float("nan"))
    vertices_m, joints_m = hand_model.shaped_m(betas)
    along, across, through = _hand_axes(joints_m)
    from_wrist = (vertices_m - joints_m[WRIST]) @ along
    knuckle_m = (joints_m[MIDDLE_KNUCKLE] - joints_m[WRIST]) @ along
    cut = _cut(vertices_m, _edges_without_thumb(hand_model), from_wrist - knuckle_m)
    return HandSize(
        length_mm=float(from_wrist.max() * 1000),
        width_mm=float(np.ptp(cut @ across) * 1000),
        thickness_mm=float(np.ptp(cut @ through) * 1000),
    )


def _hand_axes(joints_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors along the hand (wrist to middle knuckle), across the palm and through it."""
    along = joints_m[MIDDLE_KNUCKLE] - joints_m[WRIST]
    along = along / np.linalg.norm(along)
    knuckles = joints_m[_PINKY_KNUCKLE] - joints_m[_INDEX_KNUCKLE]
    across = knuckles - (knuckles @ along) * along
    across = across / np.linalg.norm(across)
    return along, across, np.cross(along, across)


def _edges_without_thumb(hand_model: HandModel) -> np.ndarray:
    """Mesh edges (E, 2) of which no end moves with the thumb more than with anything else."""
    is_thumb = np.isin(hand_model.skinning_weights.argmax(1), _THUMB_JOINTS)
    faces = hand_model.faces.astype(int)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return edges[~is_thumb[edges].any(1)]


def _cut(points: np.ndarray, edges: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Points (K, 3) where edges cross the plane from which the points (N, 3) stand at `height`."""
    first, second = edges.T
    crosses = height[first] * height[second] < 0
    first, second = first[crosses], second[crosses]
    share = height[first] / (height[first] - height[second])
    return points[first] + share[:, None] * (points[second] - points[first])
