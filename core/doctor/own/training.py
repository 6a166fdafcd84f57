"""How this project's training steps, behind the doctor's protocol.

The loop itself (`core.training.step.Stepper`) asks its own network for its own loss; the doctor
needs the same step over whatever access it is given. A test holds the two to each other.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import torch
from torch import nn

from core.doctor.subject import NetworkAccess, Sample, StepRecord, TrainingFacts
from core.training.config import TrainingConfig
from core.training.diagnostics import UpdateRatios
from core.training.optimiser import make_optimiser, set_learning_rate
from core.training.schedule import learning_rate as rate_of

_DTYPES = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


class OwnTraining:
    """`TrainingAccess` of this project's optimiser, schedule, clipping and precision."""

    def __init__(self, config: TrainingConfig, total_steps: int) -> None:
        self._config = config.optimisation
        self._total_steps = total_steps
        optimisation = config.optimisation
        self.facts = TrainingFacts(
            learning_rate=optimisation.learning_rate,
            warmup_steps=optimisation.warmup_steps,
            total_steps=total_steps,
            schedule=optimisation.schedule,
            final_share=optimisation.final_learning_rate_share,
            clip_norm=optimisation.clip_norm,
            batch_size=optimisation.batch_size * optimisation.accumulate,
            precision=optimisation.precision,
            weights={name: float(weight) for name, weight in config.loss.model_dump().items()},
        )

    def scheduled(self, step: int) -> float:
        """The schedule that the loop asks."""
        return rate_of(step, self._total_steps, self._config)

    def train(
        self,
        access: NetworkAccess,
        network: nn.Module,
        batches: Sequence[Sequence[Sample]],
        *,
        learning_rate: float | None = None,
        measure_updates: bool = False,
    ) -> Iterator[StepRecord]:
        """One AdamW step per batch; see `TrainingAccess`."""
        optimiser = make_optimiser(network, self._config)
        updates = UpdateRatios(network) if measure_updates else None
        scaler = torch.amp.GradScaler("cpu", enabled=self._config.precision == "16-mixed")
        network.train()
        for step, batch in enumerate(batches):
            rate = self.scheduled(step) if learning_rate is None else learning_rate
            set_learning_rate(optimiser, rate)
            with self._precision():
                answer = access.answer(network, batch)
            terms = access.terms(network, answer, batch)
            scaler.scale(sum(terms.values())).backward()
            scaler.unscale_(optimiser)
            norm, applied = self._clip(network)
            is_finite = bool(torch.isfinite(torch.tensor(norm)))
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
                skipped=scaler.is_enabled() and not is_finite,
            )

    def _precision(self):
        dtype = _DTYPES.get(self._config.precision)
        return nullcontext() if dtype is None else torch.autocast("cpu", dtype=dtype)

    def _clip(self, network: nn.Module) -> tuple[float, float]:
        limit = self._config.clip_norm or float("inf")
        parameters = [p for p in network.parameters() if p.grad is not None]
        norm = float(nn.utils.clip_grad_norm_(parameters, limit))
        return norm, min(norm, limit)
