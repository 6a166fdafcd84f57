"""A whole examination: what was looked at, what was found, and what follows from what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.doctor.check import Finding, Named, Verdict


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A root cause in the diagnosis.

    Attributes:
        named: What its check named.
        check: Id of that check.
        explains: Ids of checks whose findings follow from this one: blocked or masked by it.
    """

    named: Named
    check: str
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What the doctor can say.

    Attributes:
        subject: Data and configuration in words.
        findings: One per check that was asked for, in order.
        causes: The diagnosis: the most probable root cause first; warnings after faults.
        seconds: How long it took.
        started: Unix time.
        command: How to repeat it.
        overrides: Thresholds that a person set for it, by key; the rest are the table's.
    """

    subject: str
    findings: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    seconds: float = 0.0
    started: float = 0.0
    command: str = ""
    overrides: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_healthy(self) -> bool:
        """Whether no fault was found; what was not tested is no fault, and no pass either."""
        return all(finding.verdict is not Verdict.FAULT for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        """Findings with this verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)
