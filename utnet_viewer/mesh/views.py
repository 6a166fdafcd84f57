"""Preset views: where to look at a hand from."""

import numpy as np

from core.conventions import FINGER_JOINTS, MIDDLE_KNUCKLE, WRIST
from utnet_viewer.mesh.orbit_camera import OrbitCamera

#: In the order of their keys, 1 to 5.
PRESETS = ("Camera", "Front", "Side", "Palm", "Back")


def hand_axes(joints_mm: np.ndarray, *, is_right: bool) -> np.ndarray:
    """Axes of a hand from its joints (21, 3): rows point along the fingers, to the thumb's side,
    and out of the palm. Raises ValueError where the joints span no plane.
    """
    knuckles = {finger: joints_mm[joints[0]] for finger, joints in FINGER_JOINTS.items()}
    fingers = joints_mm[MIDDLE_KNUCKLE] - joints_mm[WRIST]
    thumbwards = knuckles["index"] - knuckles["pinky"]
    palmwards = np.cross(thumbwards, fingers) * (1 if is_right else -1)
    if not np.isfinite(palmwards).all() or np.linalg.norm(palmwards) < 1e-3:
        raise ValueError("the joints span no plane, so the hand has no palm side")
    thumbwards = np.cross(fingers, palmwards) * (1 if is_right else -1)
    axes = np.stack([fingers, thumbwards, palmwards])
    return axes / np.linalg.norm(axes, axis=1, keepdims=True)


def preset_view(
    name: str, camera: OrbitCamera, joints_mm: np.ndarray, anchor_mm: np.ndarray, *, is_right: bool
) -> OrbitCamera:
    """Turn `camera` to a preset (one of `PRESETS`); target and distance stay.

    Args:
        joints_mm: (21, 3) of the hand, relative to the anchor.
        anchor_mm: (3,) the anchor in the photo's camera axes: "Camera" looks from there.

    "Front" has the fingertips towards the viewer, "Side" the thumb.
    """
    if name == "Camera":
        return camera.facing(anchor_mm + joints_mm.mean(0), np.array([0.0, -1.0, 0.0]))
    fingers, thumbwards, palmwards = hand_axes(joints_mm, is_right=is_right)
    forward, up = {
        "Front": (-fingers, -palmwards),
        "Side": (-thumbwards, fingers),
        "Palm": (-palmwards, fingers),
        "Back": (palmwards, fingers),
    }[name]
    return camera.facing(forward, up)


def first_view(camera: OrbitCamera) -> OrbitCamera:
    """Three quarters from above the photo's camera: how the view opens."""
    level = camera.facing(np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]))
    return level.orbit(45.0, 55.0)
