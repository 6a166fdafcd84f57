"""Can the number be trusted: does the metric measure all frames, all joints, and this network?"""

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars
from core.doctor.lab import Lab
from core.doctor.subject import Evaluation
from core.doctor.trials.shared_work import network, seeded

#: By which share of its own size every weight is changed.
_CHANGE = 0.1


def _run(lab: Lab) -> Outcome:
    metric = lab.subject.metric
    module = copy.deepcopy(network(lab)).eval()
    first = metric.evaluate(module)
    lab.tick(0.5)
    disturb(module, lab.seed)
    second = metric.evaluate(module)
    share = first.frames / max(metric.split_frames, 1)
    change = _change(first, second)
    # Of a good network the fingers' errors are left alone, of which alignment takes little: after
    # the change there are errors of every kind.
    aligned = min((first, second), key=lambda said: np.nan_to_num(_ratio(said), nan=np.inf))
    readings = (
        Reading(
            quantity="evaluated_share",
            value=share,
            threshold="metric.frames_share",
            is_high_bad=False,
        ),
        Reading(
            quantity="evaluated_joints",
            value=float(first.joints),
            threshold="metric.joints",
            is_high_bad=False,
        ),
        Reading(
            quantity="metric_change",
            value=change,
            threshold="metric.change",
            is_high_bad=False,
        ),
        Reading(quantity="pa_ratio", value=_ratio(aligned), threshold="metric.pa_ratio"),
    )
    named = tuple(_named(lab, first, aligned, share=share, change=change))
    return Outcome(readings=readings, named=named, evidence=(_bars(first, second),))


@torch.no_grad()
def disturb(module: nn.Module, seed: int) -> None:
    """Change every weight by a tenth of its tensor's size, in place."""
    with seeded(seed):
        for weight in module.parameters():
            size = weight.double().square().mean().sqrt().to(weight.dtype)
            weight += _CHANGE * (size if size > 0 else 1.0) * torch.randn_like(weight)


def _change(first: Evaluation, second: Evaluation) -> float:
    """Larger relative change of both numbers; a change from or to no number counts as whole."""
    changes = []
    for before, after in (
        (first.mpjpe_mm, second.mpjpe_mm),
        (first.pa_mpjpe_mm, second.pa_mpjpe_mm),
    ):
        if np.isfinite(before) and np.isfinite(after):
            changes.append(abs(after - before) / max(abs(before), 1e-12))
        else:
            changes.append(0.0 if np.isfinite(before) == np.isfinite(after) else 1.0)
    return max(changes)


def _ratio(said: Evaluation) -> float:
    """Aligned over plain error; NaN where there is none."""
    return said.pa_mpjpe_mm / said.mpjpe_mm if said.mpjpe_mm else float("nan")


def _named(
    lab: Lab, first: Evaluation, aligned: Evaluation, *, share: float, change: float
) -> Iterator[Named]:
    limits, ratio = lab.thresholds, _ratio(aligned)
    numbers = {
        "frames": first.frames,
        "split_frames": lab.subject.metric.split_frames,
        "joints": first.joints,
        "mpjpe_mm": first.mpjpe_mm,
        "pa_mpjpe_mm": first.pa_mpjpe_mm,
        "ratio": ratio,
    }
    is_root_only = first.joints < limits["metric.joints"]
    if is_root_only:
        yield Named(cause="metric_root_only", numbers=numbers)
    if share < limits["metric.frames_share"]:
        yield Named(cause="metric_subset", numbers=numbers)
    # Of a root alone every network has the same error, which is told already.
    if change < limits["metric.change"] and not is_root_only:
        yield Named(cause="metric_frozen", numbers=numbers)
    if ratio > limits["metric.pa_ratio"] and not is_root_only:
        of_both = {"mpjpe_mm": aligned.mpjpe_mm, "pa_mpjpe_mm": aligned.pa_mpjpe_mm}
        yield Named(cause="pa_ratio_suspicious", numbers=numbers | of_both)


def _bars(first: Evaluation, second: Evaluation) -> Bars:
    return Bars(
        title="metric_before_and_after",
        labels=("mpjpe_before", "mpjpe_after", "pa_before", "pa_after"),
        values=np.array([first.mpjpe_mm, second.mpjpe_mm, first.pa_mpjpe_mm, second.pa_mpjpe_mm]),
        unit="mm",
    )


CHECK = Check(
    id="metric", tier=Tier.MINUTES, needs=("network", "metric"), after=("load",), run=_run
)
