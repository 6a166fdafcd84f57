"""Do the numbers fit the format: does half precision overflow?"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars
from core.doctor.lab import Lab
from core.doctor.subject import StepRecord
from core.doctor.trials.shared_work import loss_batch, network, training_terms
from core.doctor.trials.trial import trial

_HALF = "16-mixed"


def _run(lab: Lab) -> Outcome:
    facts = lab.subject.training.facts
    records = trial(lab).records
    late = records[len(records) // 2 :]
    skipped = float(np.mean([_is_lost(record) for record in late]))
    largest = _largest_number(lab)
    readings = (
        Reading(quantity="skipped_share", value=skipped, threshold="precision.skipped_share"),
        # Only half precision ends at 65,504; for the others the number informs.
        Reading(
            quantity="largest_activation",
            value=largest,
            threshold="precision.largest_activation" if facts.precision == _HALF else "",
        ),
    )
    is_half = facts.precision == _HALF
    overflows = largest > lab.thresholds["precision.largest_activation"]
    is_skipping = skipped > lab.thresholds["precision.skipped_share"]
    named = ()
    if is_half and (overflows or is_skipping):
        numbers = {"skipped": skipped, "largest": largest, "steps": len(late)}
        changes = {"optimisation.precision": "bf16-mixed"}
        named = (Named(cause="overflow_16bit", numbers=numbers, changes=changes),)
    bars = Bars(
        title="largest_numbers",
        labels=("largest_activation",),
        values=np.array([largest]),
        limits=(lab.thresholds["precision.largest_activation"],),
        is_log=True,
    )
    return Outcome(readings=readings, named=named, evidence=(bars,))


def _is_lost(record: StepRecord) -> bool:
    """Whether the step taught nothing because a number was none."""
    return record.skipped or not np.isfinite([record.loss, record.gradient_norm]).all()


@torch.no_grad()
def _largest_number(lab: Lab) -> float:
    """Largest size of anything that a layer gives, or that a term of the loss is, in full
    precision."""
    module = copy.deepcopy(network(lab))
    with _watching(module) as sizes:
        terms = training_terms(lab, module, loss_batch(lab))
    return max([0.0, *sizes, *(abs(float(term)) for term in terms.values())])


@contextmanager
def _watching(module: nn.Module) -> Iterator[list[float]]:
    sizes: list[float] = []

    def look(_module: nn.Module, _given: object, result: object) -> None:
        if isinstance(result, Tensor) and result.is_floating_point() and result.numel():
            sizes.append(float(result.abs().max()))

    hooks = [part.register_forward_hook(look) for part in module.modules()]
    try:
        yield sizes
    finally:
        for hook in hooks:
            hook.remove()


CHECK = Check(
    id="precision",
    tier=Tier.MINUTES,
    needs=("samples", "network", "training"),
    after=("load", "targets/labels_not_finite", "gradient_flow/not_finite_gradient"),
    run=_run,
)
