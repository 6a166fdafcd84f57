"""From predicted and true hands of a batch to the columns of the store. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.conventions import JOINT_COUNT, VERTEX_COUNT, WRIST
from core.data.crops import CropInput
from core.data.frame import Frame
from core.evaluation.columns import (
    IS_MIRRORED,
    PA_VERTEX_AUC,
    SCALARS,
    USED_DEPTH,
    VERTEX_AUC,
    FrameState,
)
from core.evaluation.metrics import measure_hands
from core.evaluation.pck import areas_under_pck
from core.evaluation.predicted_hands import PredictedHands
from core.evaluation.truth import true_hand
from core.hand.hand_model import HandModel

#: Something this much nearer than a joint lies before it: a finger's own flesh is thinner.
OCCLUDER_MM = 25.0


@dataclass(frozen=True)
class TrueHands:
    """What is known of N hands; NaN is unknown.

    Attributes:
        joints_mm: (N, 21, 3) in camera axes.
        vertices_mm: (N, 778, 3).
        keypoints_px: (N, 21, 2) in the photos.
        occlusion: (N,) share of the joints that are hidden: see `occlusion`.
    """

    joints_mm: np.ndarray
    vertices_mm: np.ndarray
    keypoints_px: np.ndarray
    occlusion: np.ndarray

    @classmethod
    def of(
        cls, frames: Sequence[Frame], crops: Sequence[CropInput], hand_model: HandModel
    ) -> "TrueHands":
        """Take the labels out of frames; `crops` have their depth."""
        joints_mm = np.stack([_joints_mm(frame) for frame in frames])
        pairs = zip(frames, joints_mm, strict=True)
        keypoints_px = np.stack([frame.camera.project(joints) for frame, joints in pairs])
        return cls(
            joints_mm=joints_mm,
            vertices_mm=np.stack([_vertices_mm(frame, hand_model) for frame in frames]),
            keypoints_px=keypoints_px,
            occlusion=np.array(
                [occlusion(*one) for one in zip(crops, keypoints_px, joints_mm, strict=True)]
            ),
        )

    def states(self) -> np.ndarray:
        """(N,) `FrameState` of a predicted row."""
        known = np.isfinite(self.joints_mm).all(2)
        return np.select(
            [known.all(1), known[:, WRIST]],
            [FrameState.MEASURED, FrameState.ROOT_ONLY],
            FrameState.UNLABELLED,
        ).astype(np.uint8)


def _joints_mm(frame: Frame) -> np.ndarray:
    return np.full((JOINT_COUNT, 3), np.nan) if frame.hand is None else frame.hand.joints_mm


def _vertices_mm(frame: Frame, hand_model: HandModel) -> np.ndarray:
    hand = true_hand(frame, hand_model)
    return np.full((VERTEX_COUNT, 3), np.nan) if hand is None else hand.vertices_mm


def occlusion(crop: CropInput, keypoints_px: np.ndarray, joints_mm: np.ndarray) -> float:
    """Share of the joints before which the depth map has something 25 mm nearer or more.

    Joints are (21, 3) in camera axes and (21, 2) in photo pixels. Of the joints that the crop has
    depth at; NaN where there is no such joint.
    """
    if crop.depth_mm is None:
        return float("nan")
    height, width = crop.depth_mm.shape
    with np.errstate(invalid="ignore"):  # joints that are not known
        x, y = np.rint(crop.transform.keypoints(keypoints_px)).T
        is_inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if not is_inside.any():
        return float("nan")
    depth_mm = crop.depth_mm[y[is_inside].astype(int), x[is_inside].astype(int)]
    is_before = depth_mm <= joints_mm[is_inside, 2] - OCCLUDER_MM
    is_known = depth_mm > 0
    return float(is_before[is_known].mean()) if is_known.any() else float("nan")


def measured_columns(hands: PredictedHands, truth: TrueHands) -> dict[str, np.ndarray]:
    """Every column of `core.evaluation.columns.COLUMNS` for the rows of a batch."""
    crops = hands.crops
    errors = measure_hands(
        joints_mm=hands.joints_mm,
        vertices_mm=hands.vertices_mm,
        keypoints_px=hands.keypoints_px,
        crop_scale=np.array([crop.scale for crop in crops]),
        true_joints_mm=truth.joints_mm,
        true_vertices_mm=truth.vertices_mm,
        true_keypoints_px=truth.keypoints_px,
    )
    not_errors = {
        "distance_mm": np.linalg.norm(truth.joints_mm[:, WRIST], axis=1),
        "occlusion": truth.occlusion,
    }
    measured = ("joint_errors_mm", "pa_joint_errors_mm", "keypoint_errors_px")
    names = [name for name in (*SCALARS, *measured) if name not in not_errors]
    return {
        **{name: getattr(errors, name) for name in names},
        **not_errors,
        "joints_mm": hands.joints_mm,
        "keypoints_px": hands.keypoints_px,
        "global_orient_rad": hands.global_orient_rad,
        "hand_pose_rad": hands.hand_pose_rad,
        "betas": hands.betas,
        "wrist_mm": hands.joints_mm[:, WRIST],
        "camera_sxy": hands.camera_sxy,
        "crop": np.array([(*c.centre_px, c.height_px, c.rotation_rad) for c in crops]),
        VERTEX_AUC: areas_under_pck(errors.vertex_errors_mm).mean(1),
        PA_VERTEX_AUC: areas_under_pck(errors.pa_vertex_errors_mm).mean(1),
        USED_DEPTH: hands.used_depth,
        IS_MIRRORED: np.array([crop.is_mirrored for crop in crops]),
    }
