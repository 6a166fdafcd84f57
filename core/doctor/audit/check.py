"""What a check is, and what it finds: a number, its threshold, and a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.doctor.audit.samples import AuditSample


class Verdict(StrEnum):
    """How a check came out; "not tested" is not "pass"."""

    PASS = "pass"
    WARNING = "warning"
    FAULT = "fault"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True)
class Outcome:
    """A verdict with the numbers it rests on, and in words what they say or why there are none."""

    verdict: Verdict
    measured: Mapping[str, float] = field(default_factory=dict)
    explanation: str = ""

    def __post_init__(self) -> None:
        if self.verdict is not Verdict.NOT_TESTED and not self.measured:
            raise ValueError(f"a verdict ({self.verdict}) without a number")


@dataclass(frozen=True)
class Check:
    """One question asked of samples.

    Attributes:
        id: Stable name, for machines.
        title: What is asked, for people.
        formula: How the numbers come about.
        unit: Unit of what is measured.
        threshold: Where a warning or a fault begins, in words and numbers.
        reason: Why the threshold lies there.
        measure: Measures samples, at least one.
        needs_prediction: Whether samples without a prediction leave nothing to measure.
    """

    id: str
    title: str
    formula: str
    unit: str
    threshold: str
    reason: str
    measure: Callable[[Sequence[AuditSample]], Outcome]
    needs_prediction: bool = False


@dataclass(frozen=True)
class Finding:
    """A check and how it came out."""

    check: Check
    outcome: Outcome
