"""Does the output depend on the image?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.doctor.check import Check, Named, Outcome, Reading, Tier, not_tested
from core.doctor.evidence import Bars, Evidence, Scatter
from core.doctor.lab import Lab
from core.doctor.subject import Sample
from core.doctor.trials.shared_work import (
    Answers,
    answers,
    ask,
    is_trained,
    network,
    seeded,
    spread_over,
)

#: Fewer samples have no spread.
_LEAST_SAMPLES = 4
#: A trained network's loss is compared over so many.
_LOSS_SAMPLES = 12


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """How outputs vary; lengths over the labels' own.

    Attributes:
        spread: Of joints about the wrist over samples, prediction over label.
        plane_spread: Of 2D keypoints likewise.
        image_effect: RMS change of the output when samples are given each other's pixels, over
            the labels' spread; the larger of 3D and 2D.
    """

    spread: float
    plane_spread: float
    image_effect: float


def _run(lab: Lab) -> Outcome:
    given = answers(lab)
    if len(given.samples) < _LEAST_SAMPLES:
        return not_tested("too_few_samples", str(len(given.samples)))
    other = ask(lab, network(lab), _with_other_images(given.samples, with_depth=False))
    found = _dependence(given, other)
    if not np.isfinite([found.spread, found.plane_spread, found.image_effect]).all():
        return not_tested("not_finite", "prediction")
    readings = [
        Reading(
            quantity="image_effect",
            value=found.image_effect,
            threshold="collapse.image_effect",
            is_high_bad=False,
        )
    ]
    named = []
    if found.image_effect < lab.thresholds["collapse.image_effect"]:
        named.append(Named(cause="image_ignored", numbers=_numbers(found, 0.0)))
    if is_trained(lab):
        change = _loss_change(lab, given.samples)
        readings += _trained_readings(found, change)
        if not named:
            named += _trained_faults(lab, found, change)
    return Outcome(
        readings=tuple(readings), named=tuple(named), evidence=_evidence(lab, given, found)
    )


def _with_other_images(samples: Sequence[Sample], *, with_depth: bool) -> tuple[Sample, ...]:
    """Each sample with the pixels of the one whose hand differs most; camera and labels stay."""
    labels = np.stack([sample.keypoints_norm.ravel() for sample in samples])
    apart = np.linalg.norm(labels[:, None] - labels[None], axis=-1)
    others = [samples[row] for row in apart.argmax(1)]
    return tuple(
        replace(sample, image=other.image, depth=other.depth if with_depth else sample.depth)
        for sample, other in zip(samples, others, strict=True)
    )


def _dependence(given: Answers, other: Answers) -> Dependence:
    labels_mm = np.stack([s.joints_mm - s.joints_mm[:1] for s in given.samples])
    labels_norm = np.stack([s.keypoints_norm for s in given.samples])
    truth_mm, truth_norm = _over_samples(labels_mm), _over_samples(labels_norm)
    in_space = _rms(other.about_wrist_mm - given.about_wrist_mm) / truth_mm
    in_picture = _rms(other.keypoints_norm - given.keypoints_norm) / truth_norm
    return Dependence(
        spread=_over_samples(given.about_wrist_mm) / truth_mm,
        plane_spread=_over_samples(given.keypoints_norm) / truth_norm,
        image_effect=max(in_space, in_picture),
    )


def _over_samples(values: np.ndarray) -> float:
    """RMS distance of each joint from its mean over samples; never quite zero."""
    return max(_rms(values - values.mean(0)), 1e-9)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).sum(-1).mean()))


@torch.no_grad()
def _loss_change(lab: Lab, samples: Sequence[Sample]) -> float:
    """By which share the loss of a trained network grows when it sees other samples' pixels."""
    access, module = lab.subject.network, network(lab).train()
    batch = spread_over(samples, _LOSS_SAMPLES)
    losses = []
    for seen in (batch, _with_other_images(batch, with_depth=True)):
        with seeded(lab.seed):
            terms = access.terms(module, access.answer(module, seen), batch)
        losses.append(float(sum(terms.values())))
    return losses[1] / losses[0] - 1 if losses[0] > 0 else float("nan")


def _trained_readings(found: Dependence, change: float) -> list[Reading]:
    return [
        Reading(
            quantity="spread_ratio",
            value=found.spread,
            threshold="collapse.spread",
            is_high_bad=False,
        ),
        Reading(
            quantity="loss_change",
            value=change,
            threshold="collapse.loss_change",
            is_high_bad=False,
        ),
    ]


def _trained_faults(lab: Lab, found: Dependence, change: float) -> list[Named]:
    """The picture's place alone may vary by what is known without the image: camera and depth."""
    least = lab.thresholds["collapse.spread"]
    is_blind = change < lab.thresholds["collapse.loss_change"]
    if found.spread < least and (found.plane_spread < least or is_blind):
        return [Named(cause="constant_predictor", numbers=_numbers(found, change))]
    return [Named(cause="image_ignored", numbers=_numbers(found, change))] if is_blind else []


def _numbers(found: Dependence, change: float) -> dict[str, object]:
    return {
        "spread": found.spread,
        "plane_spread": found.plane_spread,
        "image_effect": found.image_effect,
        "loss_change": change,
    }


def _evidence(lab: Lab, given: Answers, found: Dependence) -> tuple[Evidence, ...]:
    truth = np.stack([s.keypoints_norm.mean(0) for s in given.samples])
    said = given.keypoints_norm.mean(1)
    names = tuple(sample.name for sample in given.samples)
    places = Scatter(
        title="hand_places",
        x=truth[:, 0],
        y=said[:, 0],
        x_label="label_x_norm",
        y_label="prediction_x_norm",
        diagonal=True,
        names=names,
    )
    bars = Bars(
        title="dependence",
        labels=("spread_3d", "spread_2d", "image_effect"),
        values=np.array([found.spread, found.plane_spread, found.image_effect]),
        is_log=True,
        limits=(lab.thresholds["collapse.spread"],) if is_trained(lab) else (),
    )
    return places, bars


CHECK = Check(
    id="collapse",
    tier=Tier.MINUTES,
    needs=("samples", "network"),
    after=(
        "input/black_images",
        "input/repeated_images",
        "targets/labels_not_finite",
        "targets/repeated_labels",
        "load/hand_model_zeros",
        "load/weights_not_loaded",
    ),
    run=_run,
)
