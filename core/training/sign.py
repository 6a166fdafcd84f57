"""What a rule finds in the curves of a run, and the limits it is held against.

The rules measure numbers that a run writes down anyway. The loop asks them while it trains
(`core.training.watch`), the doctor of a run that is over (`core.doctor.checks.run_trend`). Every
rule measures one number and says whether it is beyond its limit *and* told from the noise of the
steps; limits and their reasons are in ``resources/doctor/thresholds/training.yaml`` under
``run_trend``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

#: Causes that are seen where the number is below its limit.
LOW_IS_BAD = frozenset({"plateau", "updates_too_small_run", "constant_output_run"})


class Limits(Protocol):
    """Limits by name; `core.doctor.thresholds` or a part of its table."""

    def __getitem__(self, name: str, /) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One number that a curve was asked for.

    Attributes:
        cause: What it is a sign of, as the doctor's words call it.
        limit: Name of the limit that it is held against.
        value: Measured.
        is_seen: Whether it is beyond the limit and no noise.
        numbers: What the cause's sentence tells.
        step: Where it shows.
    """

    cause: str
    limit: str
    value: float
    is_seen: bool
    numbers: Mapping[str, float | str] = field(default_factory=dict)
    step: int = 0
