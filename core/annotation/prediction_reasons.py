"""Where a checkpoint and the label disagree, in all and all of a sudden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.annotation.label_table import LabelTable
from core.annotation.neighbours import jumps
from core.annotation.reasons import Reason, worst_joint
from core.evaluation.alignment import procrustes_align
from core.evaluation.columns import FrameState
from core.evaluation.store import Evaluation

#: What is less than that is noise of labels and networks alike.
_NOISE_MM, _NOISE_PX = 4.0, 4.0
#: A network that fails in a frame fails in all of these: they are one voice.
_SOURCE = "prediction"


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a checkpoint predicted; NaN where it did not.

    Attributes:
        joints_mm: (N, 21, 3) in camera axes.
        keypoints_px: (N, 21, 2) in the photos.
    """

    joints_mm: np.ndarray
    keypoints_px: np.ndarray

    @classmethod
    def of(cls, evaluation: Evaluation) -> Predictions:
        """As an evaluation has them."""
        predicted = (FrameState.MEASURED, FrameState.ROOT_ONLY, FrameState.UNLABELLED)
        is_predicted = np.isin(evaluation.state, predicted)[:, None, None]
        column = lambda name: np.where(is_predicted, evaluation.column(name), np.nan).astype(float)
        return cls(column("joints_mm"), column("keypoints_px"))


def prediction_reasons(
    table: LabelTable, predictions: Predictions, shots: Sequence[np.ndarray]
) -> list[Reason]:
    """Every reason that needs predictions."""
    aligned_mm = procrustes_align(predictions.joints_mm, table.joints_mm)
    pose_mm = table.joints_mm - aligned_mm
    place_px = table.keypoints_px - predictions.keypoints_px
    distance_mm = (table.joints_mm[:, 0] - predictions.joints_mm[:, 0])[:, None, 2:]
    reasons = []
    for key, apart, unit, noise in (
        ("pose", pose_mm, "mm", _NOISE_MM),
        ("place", place_px, "px", _NOISE_PX),
        ("distance", distance_mm, "mm", _NOISE_MM),
    ):
        reasons.append(_apart(key, apart, unit, noise))
        reasons.append(_jump(key, jumps(apart, shots), unit, noise))
    return reasons


_WORDS = {
    "pose": "{joint} {value} off the prediction",
    "place": "{joint} {value} off the prediction",
    "distance": "{value} off the predicted distance",
}
_JUMP_WORDS = {
    "pose": "{joint} error jumps by {value}",
    "place": "{joint} error jumps by {value}",
    "distance": "error of distance jumps by {value}",
}


def _apart(key: str, apart: np.ndarray, unit: str, noise: float) -> Reason:
    """How far (N, J, D) label and prediction are apart, beyond what each joint usually has."""
    lengths = np.linalg.norm(apart, axis=-1)
    with np.errstate(invalid="ignore"):
        usual = np.nanmedian(lengths, axis=0) if np.isfinite(lengths).any() else 0.0
    badness, joints = worst_joint(lengths - usual)
    values = lengths[np.arange(len(lengths)), joints]
    return Reason(key, _WORDS[key], unit, badness, values, joints, noise, _SOURCE)


def _jump(key: str, jump: np.ndarray, unit: str, noise: float) -> Reason:
    badness, joints = worst_joint(np.linalg.norm(jump, axis=-1))
    return Reason(f"{key}_jump", _JUMP_WORDS[key], unit, badness, badness, joints, noise, _SOURCE)
