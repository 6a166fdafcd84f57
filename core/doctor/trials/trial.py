"""A short training of a fresh network on one batch: what several checks of the training read."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from core.conventions import WRIST
from core.doctor.lab import Lab
from core.doctor.subject import Sample, StepRecord
from core.doctor.trials.shared_work import answer_of, loss_batch, network, seeded

#: Steps after which the trial is looked at and may be over.
_LOOKS = (40, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500, 600)
#: After so many it goes on only while the error still falls, by more than this share of the
#: constant's within two looks: what learns slowly is told from what does not learn, whose error
#: changes by less than half of it.
_USUAL_STEPS, _STILL_FALLING = 150, 0.05
#: Below this share of the constant's error nothing more is to be learned from the trial.
_ENOUGH = 0.6


@dataclass(frozen=True, kw_only=True)
class BatchErrors:
    """What a network reaches on a batch over what the batch's mean label reaches.

    Attributes:
        joints_mm: Mean distance, wrist on wrist.
        joints_share: Of the mean hand's.
        keypoints_px: Mean distance in the crop.
        keypoints_share: Of the mean keypoints'.
    """

    joints_mm: float
    joints_share: float
    keypoints_px: float
    keypoints_share: float

    @property
    def worst_share(self) -> float:
        """The larger of both; NaN where either is."""
        return float(np.max([self.joints_share, self.keypoints_share]))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What became of it.

    Attributes:
        records: Every step.
        errors: At the end, in evaluation mode.
        looks: (steps, worst share) after which it was looked at.
    """

    records: tuple[StepRecord, ...]
    errors: BatchErrors
    looks: tuple[tuple[int, float], ...]

    @property
    def loss(self) -> np.ndarray:
        """(N,) of every step."""
        return np.array([record.loss for record in self.records])

    @property
    def fall(self) -> float:
        """Share of the loss that is gone, by medians of five steps; NaN without a number."""
        first, last = float(self.loss[0]), float(np.median(self.loss[-5:]))
        return 1 - last / first if first else float("nan")


def trial(lab: Lab) -> Trial:
    """The shared short trial, at the configured largest learning rate throughout."""
    return lab.shared(
        "trial",
        lambda: train_on_batch(lab, loss_batch(lab), looks=_LOOKS, usual_steps=_USUAL_STEPS),
    )


def train_on_batch(
    lab: Lab,
    batch: Sequence[Sample],
    *,
    looks: Sequence[int],
    enough: float = _ENOUGH,
    usual_steps: int | None = None,
) -> Trial:
    """Train a copy of the fresh network on one batch until it is good `enough`.

    After `usual_steps`, where they are given, it goes on only while it gets better. The steps are
    the pipeline's own: its optimiser, clipping and precision. A loss that is no number ends it too.
    """
    training, module = lab.subject.training, copy.deepcopy(network(lab))
    records: list[StepRecord] = []
    seen: list[tuple[int, float]] = []
    steps = training.train(
        lab.subject.network,
        module,
        [batch] * looks[-1],
        learning_rate=training.facts.learning_rate,
        measure_updates=True,
    )
    errors = errors_on(lab, module, batch)
    with seeded(lab.seed):
        for record in steps:
            records.append(record)
            lab.tick(min(1.0, len(records) / (usual_steps or looks[-1])))
            is_lost = not np.isfinite(record.loss)
            if is_lost or len(records) in looks:
                errors = errors_on(lab, module, batch)
            if is_lost:
                break
            if len(records) in looks:
                seen.append((len(records), errors.worst_share))
                if errors.worst_share < enough or _stands_still(seen, usual_steps):
                    break
    return Trial(records=tuple(records), errors=errors, looks=tuple(seen))


def _stands_still(seen: Sequence[tuple[int, float]], usual_steps: int | None) -> bool:
    if usual_steps is None or seen[-1][0] < usual_steps or len(seen) < 3:
        return False
    return not seen[-3][1] - seen[-1][1] > _STILL_FALLING  # true of NaN too


def errors_on(lab: Lab, module: nn.Module, batch: Sequence[Sample]) -> BatchErrors:
    """Errors of a network on a batch, in evaluation mode."""
    answer = answer_of(lab, module, batch)
    joints = answer.joints_mm.detach().cpu().double().numpy()
    keypoints = answer.keypoints_norm.detach().cpu().double().numpy()
    about = lambda points: points - points[:, WRIST : WRIST + 1]
    true_joints = about(np.stack([sample.joints_mm for sample in batch]))
    true_keypoints = np.stack([sample.keypoints_norm for sample in batch])
    height, width = batch[0].size_px
    known = np.stack([sample.joint_weights for sample in batch]) > 0
    seen = np.stack([sample.keypoint_weights for sample in batch]) > 0
    distance_mm = lambda p: _mean(np.linalg.norm(p - true_joints, axis=-1), known)
    distance_px = lambda p: _mean(
        np.linalg.norm((p - true_keypoints) * (width, height), axis=-1), seen
    )
    mean = lambda points: points.mean(0, keepdims=True)
    joints_mm, keypoints_px = distance_mm(about(joints)), distance_px(keypoints)
    return BatchErrors(
        joints_mm=joints_mm,
        joints_share=_share(joints_mm, distance_mm(mean(true_joints))),
        keypoints_px=keypoints_px,
        keypoints_share=_share(keypoints_px, distance_px(mean(true_keypoints))),
    )


def _mean(distance: np.ndarray, is_known: np.ndarray) -> float:
    return float(distance[is_known].mean()) if is_known.any() else float("nan")


def _share(error: float, constant: float) -> float:
    """Of labels that are all alike (`constant` 0) nothing can be said."""
    return error / constant if constant > 1e-9 else float("nan")


def falls_at(
    lab: Lab, rates: Sequence[float], *, steps: int, tick: Callable[[float], None]
) -> list[np.ndarray]:
    """For each constant learning rate the losses of a few steps from the same start.

    A loss that tripled or is no number ends its steps: it went the wrong way.
    """
    training, access = lab.subject.training, lab.subject.network
    batch = loss_batch(lab)
    found = []
    for number, rate in enumerate(rates):
        module = copy.deepcopy(network(lab))
        losses: list[float] = []
        with seeded(lab.seed):
            for record in training.train(access, module, [batch] * steps, learning_rate=rate):
                losses.append(record.loss)
                tick((number + len(losses) / steps) / len(rates))
                if not record.loss < 3 * losses[0]:
                    break
        found.append(np.array(losses))
    return found
