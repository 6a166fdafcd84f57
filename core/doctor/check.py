"""What a check is, and what it finds: numbers, a verdict that rests on them, and named causes.

No torch here: the window and the report read what checks found.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from core.doctor.evidence import Evidence

if TYPE_CHECKING:
    from core.doctor.lab import Lab
    from core.doctor.subject import Subject


class Verdict(StrEnum):
    """How a check came out; "not tested" is never "pass"."""

    PASS = "pass"
    WARNING = "warning"
    FAULT = "fault"
    NOT_TESTED = "not_tested"


class Tier(StrEnum):
    """What a check costs on two CPU cores with the tiny network, all of its tier together."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    LONG = "long"

    def includes(self, other: "Tier") -> bool:
        """Whether a run of this tier runs checks of the other."""
        order = list(Tier)
        return order.index(other) <= order.index(self)


#: A configuration change that mends a cause: dotted keys of `TrainingConfig` and their new values.
Changes = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Named:
    """A cause that a check names.

    Attributes:
        cause: Id in the words' catalogue (`core.doctor.words`), such as "joints_in_metres".
        numbers: What its explanation's placeholders stand for.
        verdict: FAULT, or WARNING where a person should look but learning goes on.
        where: Samples that show it best, worst first, by name.
        changes: The remedy as a configuration change; empty where it is none.
        mend: The subject as it would be without this cause, so that the checks below can go on;
            None where that cannot be computed, and then they are blocked.
    """

    cause: str
    numbers: Mapping[str, object] = field(default_factory=dict)
    verdict: Verdict = Verdict.FAULT
    where: tuple[str, ...] = ()
    changes: Changes = field(default_factory=dict)
    mend: "Callable[[Subject], Subject] | None" = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One number a check measured, beside what it is held against.

    Attributes:
        quantity: What it is, a name with its unit in it: "extent_mm", "share", "offset_px".
        value: Measured.
        unit: As people write it; "" for a bare number.
        threshold: Key in `core.doctor.thresholds`, or "" where it only informs.
        is_high_bad: Whether beyond the threshold means above it.
    """

    quantity: str
    value: float
    unit: str = ""
    threshold: str = ""
    is_high_bad: bool = True

    def is_beyond(self, limit: float) -> bool:
        """Whether it lies on the bad side of `limit`; what is no number always does."""
        if math.isnan(self.value):
            return True
        return self.value > limit if self.is_high_bad else self.value < limit


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a check found. A verdict needs a number: without `readings` it is "not tested".

    Attributes:
        readings: The deciding number first.
        named: Causes, the most certain first.
        evidence: What a plot or picture is drawn from.
        reason: Words key for why it was not tested; "" otherwise.
        detail: Fills the reason's placeholder.
    """

    readings: tuple[Reading, ...] = ()
    named: tuple[Named, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        if not self.readings and not self.reason:
            raise ValueError("an outcome needs a number, or a reason why there is none")
        if self.named and not self.readings:
            raise ValueError("a cause cannot be named without a number")

    @property
    def verdict(self) -> Verdict:
        """The worst of what is named; "not tested" without a number."""
        if not self.readings:
            return Verdict.NOT_TESTED
        verdicts = {named.verdict for named in self.named}
        for verdict in (Verdict.FAULT, Verdict.WARNING):
            if verdict in verdicts:
                return verdict
        return Verdict.PASS


def not_tested(reason: str, detail: str = "") -> Outcome:
    """An outcome without a number; `reason` is a key of the words' "not_tested" section."""
    return Outcome(reason=reason, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question asked of a subject.

    Title, formula and why it matters are in the words' catalogue under `checks.<id>`.

    Attributes:
        id: Stable name.
        tier: What it costs.
        needs: Parts of the subject (attribute names of `Subject`) without which it says nothing.
        after: What masks or mimics this check's faults: ids of checks (any fault of theirs that
            cannot be mended blocks this one) or "check/cause" for one cause of theirs alone.
        run: Measures.
    """

    id: str
    tier: Tier
    run: "Callable[[Lab], Outcome]"
    needs: tuple[str, ...] = ("samples",)
    after: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A check and how it came out.

    Attributes:
        check: Its id.
        tier: Its cost.
        outcome: What it found.
        under: Causes that were mended, in thought, before this check ran.
        seconds: How long it took.
    """

    check: str
    tier: Tier
    outcome: Outcome
    under: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The outcome's."""
        return self.outcome.verdict
