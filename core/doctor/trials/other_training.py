"""A training with other facts or another rate: mended in thought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import nn

from core.doctor.subject import NetworkAccess, Sample, StepRecord, TrainingAccess, TrainingFacts


@dataclass(frozen=True)
class OtherTraining:
    """`TrainingAccess` that steps as another one does, with facts of its own.

    Attributes:
        inner: Which steps.
        facts: What is said instead.
        factor: On the scheduled learning rate.
    """

    inner: TrainingAccess
    facts: TrainingFacts
    factor: float = 1.0

    def scheduled(self, step: int) -> float:
        """The inner one's, times the factor."""
        return self.factor * self.inner.scheduled(step)

    def train(
        self,
        access: NetworkAccess,
        network: nn.Module,
        batches: Sequence[Sequence[Sample]],
        *,
        learning_rate: float | None = None,
        measure_updates: bool = False,
    ) -> Iterator[StepRecord]:
        """The inner one's steps. With a factor and no rate given all of them have the scheduled
        rate of the first."""
        if learning_rate is None and self.factor != 1.0:
            learning_rate = self.scheduled(0)
        return self.inner.train(
            access,
            network,
            batches,
            learning_rate=learning_rate,
            measure_updates=measure_updates,
        )


def with_facts(training: TrainingAccess, facts: TrainingFacts) -> OtherTraining:
    """The same steps under facts that agree with them."""
    return OtherTraining(training, facts)


def with_rate(training: TrainingAccess, rate: float) -> OtherTraining:
    """As if another largest learning rate were configured, the schedule scaled along."""
    facts = replace(training.facts, learning_rate=rate)
    return OtherTraining(training, facts, rate / training.facts.learning_rate)
