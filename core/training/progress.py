"""Where a run is: what changes from step to step, besides weights and random numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.training.run_folder import Best


@dataclass(frozen=True)
class Progress:
    """A run between two steps.

    Attributes:
        step: Optimiser steps that are complete.
        samples: Samples of the stream that are used up, by all processes: the place in the data.
        validated_step: Step after which the last validation was.
        metrics: What it measured; empty before the first.
        best: The best validation so far.
    """

    step: int = 0
    samples: int = 0
    validated_step: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: Best | None = None

    def with_best(self, metric: str, value: float) -> "Progress":
        """The same, with the last validation as the best one."""
        return replace(self, best=Best(metric=metric, value=value, step=self.validated_step))
