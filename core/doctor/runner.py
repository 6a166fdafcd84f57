"""Running checks in their order: what is blocked, what is mended in thought, what is told."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.doctor.check import Check, Finding, Named, Outcome, Reading, Tier, Verdict, not_tested
from core.doctor.diagnosis import diagnose
from core.doctor.examination import Examination
from core.doctor.lab import Cancelled, Lab
from core.doctor.subject import Subject
from core.doctor.thresholds import Thresholds

#: How often one check may look again at what it named and what was mended.
_LOOKS = 4


@dataclass(frozen=True)
class Started:
    """A check begins; `number` of `count`."""

    check: str
    number: int
    count: int


@dataclass(frozen=True)
class Progressed:
    """A check is this far, 0 to 1."""

    check: str
    share: float


Listen = Callable[[Started | Progressed | Finding], None]


def _no_one(_: object) -> None:
    """Listens to nothing."""


def examine(
    subject: Subject,
    checks: Sequence[Check],
    *,
    tier: Tier = Tier.MINUTES,
    only: frozenset[str] = frozenset(),
    thresholds: Thresholds | None = None,
    seed: int = 0,
    command: str = "",
    listen: Listen = _no_one,
) -> Examination:
    """Run `checks` in their order and say what follows from what.

    Args:
        subject: What is examined.
        checks: Upstream first.
        tier: Dearer checks are not tested.
        only: Ids of the checks that are asked for; empty: all. Checks above them are not run, so
            what would mask or mimic their faults is not known then.
        thresholds: The table, overridden or not.
        seed: Of everything random.
        command: How to repeat this, for the report.
        listen: Hears of every check; `Cancelled` raised there ends the examination.

    Raises:
        Cancelled: `listen` wanted it.
    """
    started = time.time()
    thresholds = thresholds or Thresholds()
    round_ = _Round(subject, thresholds, seed, listen)
    asked = [check for check in checks if not only or check.id in only]
    for number, check in enumerate(asked, start=1):
        listen(Started(check.id, number, len(asked)))
        finding = round_.look(check, tier)
        listen(finding)
    findings = tuple(round_.findings)
    return Examination(
        subject=subject.name,
        findings=findings,
        causes=diagnose(findings),
        seconds=time.time() - started,
        started=started,
        command=command,
        overrides=dict(thresholds.overrides),
    )


class _Round:
    """One way down the checks: the subject as mended so far, and what could not be mended."""

    def __init__(self, subject: Subject, thresholds: Thresholds, seed: int, listen: Listen) -> None:
        self._thresholds, self._seed, self._listen = thresholds, seed, listen
        self._lab = Lab(subject, thresholds, seed)
        self._mended: list[str] = []
        #: What blocks: check id (or "check/cause") to the causes that are in the way.
        self._standing: dict[str, tuple[str, ...]] = {}
        self.findings: list[Finding] = []

    def look(self, check: Check, tier: Tier) -> Finding:
        """Run one check, or say why not."""
        under, start = tuple(self._mended), time.monotonic()
        outcome = self._refusal(check, tier)
        if outcome is None:
            outcome = self._run(check)
        finding = Finding(
            check=check.id,
            tier=check.tier,
            outcome=outcome,
            under=under,
            seconds=time.monotonic() - start,
        )
        self.findings.append(finding)
        return finding

    def _refusal(self, check: Check, tier: Tier) -> Outcome | None:
        if not tier.includes(check.tier):
            return not_tested("tier", check.tier.value)
        missing = [need for need in check.needs if not getattr(self._lab.subject, need)]
        if missing:
            return not_tested("missing", missing[0])
        in_the_way = [cause for above in check.after for cause in self._standing.get(above, ())]
        if in_the_way:
            causes = tuple(dict.fromkeys(in_the_way))
            self._standing[check.id] = causes  # nor is anything below it to be trusted
            return not_tested("blocked", ", ".join(causes))
        return None

    def _run(self, check: Check) -> Outcome:
        """The check's outcome, together with what it names once its own first causes are mended."""
        self._lab.tick = lambda share: self._listen(Progressed(check.id, min(1.0, share)))
        first: Outcome | None = None
        named: list[Named] = []
        for outcome in self._looks(check):
            first = first or outcome
            fresh = [one for one in outcome.named if one.cause not in {n.cause for n in named}]
            named += fresh
            if not self._mend(check, fresh):
                break
        if not named:
            return first
        return replace(first, named=tuple(named), readings=self._beyond_first(first.readings))

    def _beyond_first(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """What is told of a cause is a number beyond its threshold, not one that is well."""
        return tuple(sorted(readings, key=lambda reading: not self._is_beyond(reading)))

    def _is_beyond(self, reading: Reading) -> bool:
        if not reading.threshold:
            return False
        return reading.is_beyond(self._thresholds[reading.threshold])

    def _looks(self, check: Check) -> Iterator[Outcome]:
        for _ in range(_LOOKS):
            try:
                yield check.run(self._lab)
            except Cancelled:
                raise
            except Exception as error:  # one broken check must not silence the others
                yield not_tested("crashed", f"{type(error).__name__}: {error}")
                return

    def _mend(self, check: Check, named: Sequence[Named]) -> bool:
        """Undo what can be undone; whether that is worth another look."""
        faults = [one for one in named if one.verdict is Verdict.FAULT]
        stuck = tuple(one.cause for one in faults if one.mend is None)
        if stuck:
            self._standing[check.id] = (*self._standing.get(check.id, ()), *stuck)
            self._standing |= {f"{check.id}/{cause}": (cause,) for cause in stuck}
        mendable = [one for one in faults if one.mend is not None]
        subject = self._lab.subject
        for one in mendable:
            subject = one.mend(subject)
            self._mended.append(one.cause)
        if mendable:
            self._lab = Lab(subject, self._thresholds, self._seed, self._lab.tick)
        return bool(mendable)
