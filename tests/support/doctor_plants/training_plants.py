"""Faults of training, metric and finished runs, each as a pipeline would really have it."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from core.doctor.stepping import SteppedTraining
from core.doctor.subject import (
    Evaluation,
    NetworkAccess,
    Sample,
    StepRecord,
    Subject,
    TrainingAccess,
    TrainingFacts,
)
from doctor_plants.plant import Plant
from doctor_plants.run_plants import PLANTS as RUN_PLANTS
from doctor_plants.wrapped import Wrapped

Batches = Sequence[Sequence[Sample]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bent:
    """`TrainingAccess` over another one, with one thing gone wrong.

    Attributes:
        inner: What steps.
        facts: What is configured.
        rate: Of the asked rate (None: the schedule's) the one that is really applied, for all steps
            of a call.
        schedule: What is applied at a step of the run; told the inner schedule's.
        mix: Changes a batch before a step.
        hear: Changes network and loss as the steps know them.
        after: Done to the network after every step; told it as it was before.
        says: Changes a step's record.
    """

    inner: TrainingAccess
    facts: TrainingFacts
    rate: Callable[[float | None], float | None] = lambda rate: rate
    schedule: Callable[[int, float], float] = lambda _, rate: rate
    mix: Callable[[Sequence[Sample], int], Sequence[Sample]] = lambda batch, _: batch
    hear: Callable[[NetworkAccess], NetworkAccess] = lambda access: access
    after: Callable[[nn.Module, dict], None] | None = None
    says: Callable[[StepRecord], StepRecord] = lambda record: record

    def scheduled(self, step: int) -> float:
        return self.schedule(step, self.inner.scheduled(step))

    def train(
        self,
        access: NetworkAccess,
        network: nn.Module,
        batches: Batches,
        *,
        learning_rate: float | None = None,
        measure_updates: bool = False,
    ) -> Iterator[StepRecord]:
        mixed = [self.mix(batch, number) for number, batch in enumerate(batches)]
        before = copy.deepcopy(network.state_dict()) if self.after else {}
        steps = self.inner.train(
            self.hear(access),
            network,
            mixed,
            learning_rate=self.rate(learning_rate),
            measure_updates=measure_updates,
        )
        for record in steps:
            if self.after:
                self.after(network, before)
            yield self.says(record)


def bent(subject: Subject, **changes) -> Subject:
    """The subject with its training bent; without `facts` the configuration stays as it was."""
    training = subject.training
    return replace(
        subject, training=Bent(**{"inner": training, "facts": training.facts, **changes})
    )


def unclipped(subject: Subject) -> SteppedTraining:
    """The same steps as AdamW of the usual settings takes them, without clipping."""
    training = subject.training
    return SteppedTraining(
        replace(training.facts, clip_norm=0.0),
        optimiser=lambda network: torch.optim.AdamW(network.parameters(), betas=(0.9, 0.98)),
        scheduled=training.scheduled,
    )


# Learning rate.


def configured_wrongly(factor: float) -> Callable[[Subject, int], Subject]:
    """Somebody wrote a rate that far off into the configuration."""

    def plant(subject: Subject, seed: int) -> Subject:
        facts = subject.training.facts
        wrong = replace(facts, learning_rate=factor * facts.learning_rate)
        inner = subject.training
        return bent(
            subject,
            facts=wrong,
            rate=lambda rate: factor * inner.scheduled(0) if rate is None else rate,
            schedule=lambda _, rate: factor * rate,
        )

    return plant


def applied_wrongly(factor: float) -> Callable[[Subject, int], Subject]:
    """The rate is multiplied on its way to the optimiser: once more by the number of processes."""

    def plant(subject: Subject, seed: int) -> Subject:
        inner = subject.training
        return bent(
            subject,
            rate=lambda rate: factor * (inner.scheduled(0) if rate is None else rate),
            says=lambda record: replace(record, learning_rate=record.learning_rate / factor),
        )

    return plant


def warmup_never_read(subject: Subject, seed: int) -> Subject:
    """The first steps have the full rate."""
    facts = subject.training.facts
    full = facts.learning_rate
    return bent(
        subject,
        rate=lambda rate: full if rate is None else rate,
        schedule=lambda step, rate: full if step < facts.warmup_steps else rate,
    )


def warmup_only_logged(subject: Subject, seed: int) -> Subject:
    """The log shows a warm-up that the optimiser never hears of."""
    inner = subject.training
    full = inner.facts.learning_rate
    return bent(
        subject,
        rate=lambda rate: full if rate is None else rate,
        says=lambda record: replace(record, learning_rate=inner.scheduled(0)),
    )


def constant_schedule(subject: Subject, seed: int) -> Subject:
    """The scheduler is made and never stepped."""
    facts = subject.training.facts
    return bent(
        subject,
        schedule=lambda step, rate: rate if step < facts.warmup_steps else facts.learning_rate,
    )


def schedule_by_epoch(subject: Subject, seed: int) -> Subject:
    """The scheduler is stepped once an epoch, though it counts steps."""
    inner, facts = subject.training, subject.training.facts
    slow = lambda step: facts.warmup_steps + (step - facts.warmup_steps) // 50
    return bent(
        subject,
        schedule=lambda step, rate: (
            rate if step < facts.warmup_steps else inner.scheduled(slow(step))
        ),
    )


# Clipping and precision.


def spiking(access: NetworkAccess, *, every: int, factor: float) -> Wrapped:
    """Every so many losses are that much too large: a hard sample, a division by almost zero."""
    calls = iter(range(10**9))

    def weigh(terms, _answer, _samples):
        size = factor if next(calls) % every == every - 1 else 1.0
        return {name: size * term for name, term in terms.items()}

    return Wrapped(inner=access, weigh=weigh)


def exploding(subject: Subject, seed: int) -> Subject:
    """No clipping, and a loss that shoots up now and then."""
    inner = unclipped(subject)
    return bent(
        subject,
        inner=inner,
        facts=inner.facts,
        hear=lambda access: spiking(access, every=11 + seed, factor=3000.0),
    )


def clipping_forgotten(subject: Subject, seed: int) -> Subject:
    """The configuration has a limit that nobody reads."""
    return bent(subject, inner=unclipped(subject))


def summed_in_millimetres(subject: Subject, seed: int) -> Subject:
    """The steps' loss is a sum over millimetres where the limit is meant for means."""
    scaled = lambda access: Wrapped(
        inner=access,
        weigh=lambda terms, *_: {name: 1e4 * term for name, term in terms.items()},
    )
    return bent(subject, hear=scaled)


def half_overflow(subject: Subject, seed: int) -> Subject:
    """The loss is a sum of squares in millimetres, in half precision."""

    def weigh(terms, _answer, _samples):
        half = {name: (1e5 * term).half().float() for name, term in terms.items()}
        return half

    facts = replace(subject.training.facts, precision="16-mixed")
    return bent(
        subject,
        facts=facts,
        hear=lambda access: Wrapped(inner=access, weigh=weigh),
        says=lambda record: replace(record, skipped=not np.isfinite(record.gradient_norm)),
    )


def large_activations(subject: Subject, seed: int) -> Subject:
    """Half precision, and an unnormalised layer that gives numbers beyond its end."""

    def grow(network: nn.Module, _seed: int) -> None:
        layer = next(part for part in network.modules() if isinstance(part, nn.Conv2d))

        class Loud(nn.Module):
            def forward(self, x):
                return x * 1e6

        class Quiet(nn.Module):
            def forward(self, x):
                return x * 1e-6

        parent = _parent_of(network, layer)
        name = next(n for n, child in parent.named_children() if child is layer)
        setattr(parent, name, nn.Sequential(layer, Loud(), Quiet()))

    facts = replace(subject.training.facts, precision="16-mixed")
    louder = replace(subject, network=Wrapped(inner=subject.network, rebuild=grow))
    return bent(louder, facts=facts)


def _parent_of(network: nn.Module, part: nn.Module) -> nn.Module:
    return next(m for m in network.modules() if any(child is part for child in m.children()))


# One batch.


def images_and_labels_part(subject: Subject, seed: int) -> Subject:
    """The loader shuffles images and labels each by itself, anew in every step."""

    def mix(batch: Sequence[Sample], step: int) -> list[Sample]:
        order = np.random.default_rng((seed, step)).permutation(len(batch))
        return [
            replace(sample, image=batch[row].image, depth=batch[row].depth,
                    reference_depth_mm=batch[row].reference_depth_mm,
                    intrinsics=batch[row].intrinsics)
            for sample, row in zip(batch, order, strict=True)
        ]  # fmt: skip

    return bent(subject, mix=mix)


@torch.no_grad()
def _restore(network: nn.Module, before: dict) -> None:
    network.load_state_dict(before)


def weights_set_back(subject: Subject, seed: int) -> Subject:
    """The averaged weights, which never follow, are swapped in after a step and stay."""
    return bent(subject, after=_restore)


@torch.no_grad()
def _shake(network: nn.Module, before: dict) -> None:
    for name, weight in network.named_parameters():
        weight += 0.2 * before[name].std(correction=0) * torch.randn_like(weight)


def noise_on_weights(subject: Subject, seed: int) -> Subject:
    """A regulariser's noise, meant for inputs, goes into the weights in every step."""
    return bent(subject, after=_shake)


# The metric.


def metric_says(change: Callable[[Evaluation], Evaluation]) -> Callable[[Subject, int], Subject]:
    """The pipeline's metric with what it says changed."""

    def plant(subject: Subject, seed: int) -> Subject:
        metric = subject.metric
        evaluate = lambda network: change(metric.evaluate(network))
        return replace(subject, metric=replace(metric, evaluate=evaluate))

    return plant


def cached_metric(subject: Subject, seed: int) -> Subject:
    """Predictions are kept from the first evaluation."""
    metric, kept = subject.metric, []

    def evaluate(network: nn.Module) -> Evaluation:
        if not kept:
            kept.append(metric.evaluate(network))
        return kept[0]

    return replace(subject, metric=replace(metric, evaluate=evaluate))


def other_network_measured(subject: Subject, seed: int) -> Subject:
    """The evaluation holds on to a copy from before the training."""
    metric = subject.metric
    old = subject.network.build(seed)
    return replace(subject, metric=replace(metric, evaluate=lambda _: metric.evaluate(old)))


# Weights.


def weights_times(factor: float) -> Callable[[Subject, int], Subject]:
    """Somebody multiplied every weight of the loss."""

    def plant(subject: Subject, seed: int) -> Subject:
        facts = subject.training.facts
        wrong = replace(facts, weights={name: factor * w for name, w in facts.weights.items()})
        scale = lambda terms, *_: {name: factor * term for name, term in terms.items()}
        return replace(
            bent(subject, facts=wrong), network=Wrapped(inner=subject.network, weigh=scale)
        )

    return plant


def _plant(
    id: str,
    cause: str,
    apply: Callable[[Subject, int], Subject],
    accept: frozenset[str] = frozenset(),
) -> Plant:
    return Plant(id, cause, apply, accept, needs_network=True)


PLANTS: tuple[Plant, ...] = (
    _plant("rate_configured_100_times_too_high", "rate_too_high", configured_wrongly(100.0)),
    _plant("rate_configured_100_times_too_low", "rate_too_low", configured_wrongly(0.01)),
    _plant("rate_applied_100_times", "rate_too_high", applied_wrongly(100.0)),
    _plant("rate_applied_a_hundredth", "rate_too_low", applied_wrongly(0.01)),
    _plant("warmup_never_read", "warmup_ignored", warmup_never_read),
    _plant("warmup_only_logged", "warmup_ignored", warmup_only_logged),
    _plant("schedule_never_stepped", "schedule_ignored", constant_schedule),
    _plant("schedule_stepped_by_epoch", "schedule_ignored", schedule_by_epoch),
    _plant("gradients_explode", "exploding_unclipped", exploding),
    _plant("clipping_forgotten", "clip_ignored", clipping_forgotten),
    _plant("summed_millimetres_clipped", "always_clipped", summed_in_millimetres),
    _plant("loss_overflows_half", "overflow_16bit", half_overflow),
    _plant("activations_overflow_half", "overflow_16bit", large_activations),
    _plant("images_and_labels_part", "cannot_overfit", images_and_labels_part),
    _plant("weights_set_back", "cannot_overfit", weights_set_back),
    _plant("noise_on_weights", "cannot_overfit", noise_on_weights),
    _plant("metric_cached", "metric_frozen", cached_metric),
    _plant("metric_of_an_old_network", "metric_frozen", other_network_measured),
    _plant(
        "metric_of_one_rank",
        "metric_subset",
        metric_says(lambda said: replace(said, frames=said.frames // 2)),
    ),
    _plant(
        "metric_of_the_wrist",
        "metric_root_only",
        metric_says(lambda said: replace(said, joints=1, mpjpe_mm=0.0, pa_mpjpe_mm=0.0)),
    ),
    _plant(
        "metric_never_aligned",
        "pa_ratio_suspicious",
        metric_says(lambda said: replace(said, pa_mpjpe_mm=said.mpjpe_mm)),
    ),
    _plant("weights_times_100", "weights_scaled_alike", weights_times(100.0)),
    _plant("weights_times_a_hundredth", "weights_scaled_alike", weights_times(0.01)),
    *RUN_PLANTS,
)
