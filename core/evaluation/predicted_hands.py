"""What the network says about a batch of frames, as numpy arrays in the photos' cameras."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.conventions import WRIST
from core.evaluation.prediction import Prediction
from core.geometry.crop import CropTransform, denormalise_keypoints
from core.hand.hand_model import ManoParameters


@dataclass(frozen=True)
class PredictedHands:
    """N hands: see `core.evaluation.prediction.Prediction`, with an axis first.

    Attributes:
        keypoints_norm: (N, 21, 2) in the crops.
        keypoints_px: (N, 21, 2) in the photos.
        joints_mm: (N, 21, 3), as all 3D in the photos' camera axes.
        vertices_mm: (N, 778, 3).
        global_orient_rad: (N, 3).
        hand_pose_rad: (N, 45).
        betas: (N, 10).
        camera_sxy: (N, 3).
        coarse_joints_mm: (N, 21, 3).
        used_depth: (N,) bool.
        crops: N of them.
    """

    keypoints_norm: np.ndarray
    keypoints_px: np.ndarray
    joints_mm: np.ndarray
    vertices_mm: np.ndarray
    global_orient_rad: np.ndarray
    hand_pose_rad: np.ndarray
    betas: np.ndarray
    camera_sxy: np.ndarray
    coarse_joints_mm: np.ndarray
    used_depth: np.ndarray
    crops: tuple[CropTransform, ...]

    @classmethod
    def from_crops(
        cls,
        crops: Sequence[CropTransform],
        *,
        keypoints_norm: np.ndarray,
        joints_mm: np.ndarray,
        vertices_mm: np.ndarray,
        coarse_joints_mm: np.ndarray,
        global_orient_rad: np.ndarray,
        hand_pose_rad: np.ndarray,
        betas: np.ndarray,
        camera_sxy: np.ndarray,
        used_depth: np.ndarray,
    ) -> "PredictedHands":
        """Turn what the network says, in the crops' axes, back to the photos'."""

        def each(move: Callable[[CropTransform, np.ndarray], np.ndarray], values: np.ndarray):
            return np.stack([move(*one) for one in zip(crops, values, strict=True)])

        points = CropTransform.points_to_photo
        return cls(
            keypoints_norm=keypoints_norm,
            keypoints_px=each(
                CropTransform.keypoints_to_photo, denormalise_keypoints(keypoints_norm)
            ),
            joints_mm=each(points, joints_mm),
            vertices_mm=each(points, vertices_mm),
            global_orient_rad=each(_orient_to_photo, global_orient_rad),
            hand_pose_rad=each(CropTransform.hand_pose, hand_pose_rad),
            betas=betas,
            camera_sxy=camera_sxy,
            coarse_joints_mm=each(points, coarse_joints_mm),
            used_depth=used_depth,
            crops=tuple(crops),
        )

    def __len__(self) -> int:
        return len(self.crops)

    def prediction(self, number: int, *, duration_ms: float = 0.0) -> Prediction:
        """One of them."""
        return Prediction(
            keypoints_norm=self.keypoints_norm[number],
            keypoints_px=self.keypoints_px[number],
            joints_mm=self.joints_mm[number],
            vertices_mm=self.vertices_mm[number],
            mano=ManoParameters(
                global_orient_rad=self.global_orient_rad[number],
                hand_pose_rad=self.hand_pose_rad[number],
                betas=self.betas[number],
                wrist_mm=self.joints_mm[number, WRIST],
            ),
            camera_sxy=self.camera_sxy[number],
            crop=self.crops[number],
            coarse_joints_mm=self.coarse_joints_mm[number],
            used_depth=bool(self.used_depth[number]),
            duration_ms=duration_ms,
        )


def _orient_to_photo(crop: CropTransform, global_orient_rad: np.ndarray) -> np.ndarray:
    """What is no number stays so."""
    if not np.isfinite(global_orient_rad).all():
        return global_orient_rad
    return crop.global_orient_to_photo(global_orient_rad)
