"""One optimiser step after another, over whatever network and loss it is given."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

import torch
from torch import nn
from torch.optim import Optimizer

from core.doctor.subject import NetworkAccess, Sample, StepRecord, TrainingFacts
from core.training.diagnostics import UpdateRatios

_DTYPES = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


def set_every_rate(optimiser: Optimizer, learning_rate: float) -> None:
    """Give every group the same learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate


class SteppedTraining:
    """`TrainingAccess` of a pipeline that steps as most do: forward, backward, clip, update."""

    def __init__(
        self,
        facts: TrainingFacts,
        *,
        optimiser: Callable[[nn.Module], Optimizer],
        scheduled: Callable[[int], float],
        set_rate: Callable[[Optimizer, float], None] = set_every_rate,
    ) -> None:
        """
        Args:
            facts: What the pipeline's configuration says.
            optimiser: Makes the pipeline's optimiser for a network.
            scheduled: The learning rate that the pipeline really applies at a step.
            set_rate: How the optimiser's groups are given a rate.
        """
        self.facts = facts
        self._make_optimiser, self._scheduled, self._set_rate = optimiser, scheduled, set_rate

    def scheduled(self, step: int) -> float:
        """The pipeline's schedule."""
        return self._scheduled(step)

    def train(
        self,
        access: NetworkAccess,
        network: nn.Module,
        batches: Sequence[Sequence[Sample]],
        *,
        learning_rate: float | None = None,
        measure_updates: bool = False,
    ) -> Iterator[StepRecord]:
        """One step per batch; see `TrainingAccess`."""
        optimiser = self._make_optimiser(network)
        updates = UpdateRatios(access.parts(network)) if measure_updates else None
        scaler = torch.amp.GradScaler("cpu", enabled=self.facts.precision == "16-mixed")
        network.train()
        for step, batch in enumerate(batches):
            rate = self.scheduled(step) if learning_rate is None else learning_rate
            self._set_rate(optimiser, rate)
            with self._precision():
                answer = access.answer(network, batch)
                terms = access.terms(network, answer, batch)
            scaler.scale(sum(terms.values())).backward()
            scaler.unscale_(optimiser)
            norm, applied = self._clip(network)
            with updates.measuring() if updates else nullcontext():
                scaler.step(optimiser)
            scaler.update()
            optimiser.zero_grad(set_to_none=True)
            yield StepRecord(
                terms={name: float(term.detach()) for name, term in terms.items()},
                gradient_norm=norm,
                applied_norm=applied,
                learning_rate=rate,
                update_ratios=dict(updates.ratios) if updates else {},
                skipped=scaler.is_enabled() and not norm < float("inf"),
            )

    def _precision(self):
        dtype = _DTYPES.get(self.facts.precision)
        return nullcontext() if dtype is None else torch.autocast("cpu", dtype=dtype)

    def _clip(self, network: nn.Module) -> tuple[float, float]:
        limit = self.facts.clip_norm or float("inf")
        parameters = [p for p in network.parameters() if p.grad is not None]
        norm = float(nn.utils.clip_grad_norm_(parameters, limit))
        return norm, min(norm, limit)
