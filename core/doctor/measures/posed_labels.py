"""Hands posed by their MANO labels, beside their joint labels: both about their own centre."""

from dataclasses import dataclass

import numpy as np

from core.doctor.measures.labels import Labels
from core.doctor.subject import Sample, Subject
from core.hand.posed_joints import JointModel

#: Fewer hands than these prove no convention.
LEAST_HANDS = 3


@dataclass(frozen=True, eq=False)
class PosedLabels:
    """N samples that have both kinds of labels, and those J joints that all of them have.

    Attributes:
        rows: (N,) of the subject's samples.
        joints: (J,) which of the 21.
        posed_mm: (N, 21, 3) by the hand model from pose and shape, about the wrist.
        labels_mm: (N, 21, 3) as labelled, NaN where not.
        pose_rad: (N, 16, 3).
        betas: (N, 10), 0 where a sample has none.
        is_right: (N,) side that the pipeline poses.
    """

    rows: np.ndarray
    joints: np.ndarray
    posed_mm: np.ndarray
    labels_mm: np.ndarray
    pose_rad: np.ndarray
    betas: np.ndarray
    is_right: np.ndarray

    @classmethod
    def of(cls, subject: Subject) -> "PosedLabels | None":
        """What can be compared; None where too few samples have both kinds of labels."""
        joints_mm = Labels.of(subject.samples).joints_mm
        known = np.isfinite(joints_mm).all(-1)
        has_pose = np.array([_has_pose(sample) for sample in subject.samples], bool)
        candidates = has_pose & (known.sum(1) >= 6)
        if subject.hand_model is None or candidates.sum() < LEAST_HANDS:
            return None
        joints = np.flatnonzero(known[candidates].mean(0) > 0.9)
        rows = np.flatnonzero(candidates & known[:, joints].all(1))
        if len(rows) < LEAST_HANDS or len(joints) < 6:
            return None
        samples = [subject.samples[row] for row in rows]
        pose = np.array([sample.pose_rad for sample in samples], float)
        betas = np.array([np.zeros(10) if s.betas is None else s.betas for s in samples], float)
        is_right = np.array([sample.is_right for sample in samples])
        posed = posed_mm(side_models(subject), pose, betas, is_right)
        return cls(rows, joints, posed, joints_mm[rows], pose, betas, is_right)

    @property
    def targets_mm(self) -> np.ndarray:
        """(N, J, 3) the labels about their centre."""
        return centred(self.labels_mm[:, self.joints])

    def chosen(self, posed_mm: np.ndarray) -> np.ndarray:
        """(N, J, 3) of posed joints (N, 21, 3), about their centre."""
        return centred(posed_mm[:, self.joints])


def _has_pose(sample: Sample) -> bool:
    parts = (sample.pose_rad,) if sample.betas is None else (sample.pose_rad, sample.betas)
    return all(part is not None and np.isfinite(part).all() for part in parts)


def centred(points: np.ndarray) -> np.ndarray:
    """Points (N, J, 3) about their own mean."""
    return points - points.mean(1, keepdims=True)


def side_models(subject: Subject) -> dict[bool, JointModel]:
    """The hand of each side, the missing one mirrored."""
    given = JointModel.of(subject.hand_model)
    return {subject.hand_model.is_right: given, not subject.hand_model.is_right: given.mirrored()}


def posed_mm(
    models: dict[bool, JointModel], pose_rad: np.ndarray, betas: np.ndarray, is_right: np.ndarray
) -> np.ndarray:
    """Joints (N, 21, 3) about the wrist, each hand by its side's model."""
    result = np.empty((len(pose_rad), 21, 3))
    for side in (True, False):
        chosen = is_right == side
        if chosen.any():
            result[chosen] = models[side].joints_mm(pose_rad[chosen], betas[chosen])
    return result


def other_side_mm(
    models: dict[bool, JointModel], pose_rad: np.ndarray, betas: np.ndarray, is_right: np.ndarray
) -> np.ndarray:
    """The same parameters read as those of the other side's hands."""
    return posed_mm(models, pose_rad, betas, ~is_right)


def rotations_onto(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) of source (N, J, 3) onto target, both centred; they never mirror.

    Kabsch, "A solution for the best rotation to relate two sets of vectors", 1976.
    """
    u, _, vt = np.linalg.svd(np.swapaxes(target, 1, 2) @ source)
    signs = np.ones((len(u), 3))
    signs[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    return (u * signs[:, None]) @ vt


def residuals_mm(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N,) mean distance of points (N, J, 3)."""
    return np.linalg.norm(source - target, axis=-1).mean(1)


def turned_residuals_mm(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N,) mean distance that is left once each hand is turned onto its labels."""
    turns = rotations_onto(source, target)
    return residuals_mm(source @ np.swapaxes(turns, 1, 2), target)
