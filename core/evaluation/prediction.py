"""What the network says about one frame, as numpy arrays in the photo's camera."""

from dataclasses import dataclass

import numpy as np

from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters


@dataclass(frozen=True)
class Prediction:
    """One predicted hand.

    Attributes:
        keypoints_norm: (21, 2) in the crop's [-0.5, 0.5], as UTNet gives them.
        keypoints_px: (21, 2) the same points in photo pixels.
        joints_mm: (21, 3) in the photo's camera axes; the distance rests on depth or, from RGB
            alone, on the assumed hand size, and is uncertain.
        vertices_mm: (778, 3) likewise.
        mano: The parameters behind both.
        camera_sxy: (3,) the crop camera (s, tx, ty); tx, ty in metres.
        coarse_joints_mm: (21, 3) before the graph refinement, or None.
        crop: The crop the network saw.
        used_depth: Whether depth was used, or its placeholder.
        duration_ms: Time of the forward pass.
    """

    keypoints_norm: np.ndarray
    keypoints_px: np.ndarray
    joints_mm: np.ndarray
    vertices_mm: np.ndarray
    mano: ManoParameters
    camera_sxy: np.ndarray
    crop: CropTransform
    coarse_joints_mm: np.ndarray | None = None
    used_depth: bool = False
    duration_ms: float = 0.0

    @property
    def is_right(self) -> bool:
        """Side of the hand: a left one was seen mirrored, and is mirrored back in all of this."""
        return not self.crop.is_mirrored
