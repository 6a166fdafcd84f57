"""What the window says of an examination: the catalogue's words, and what only a list needs."""

from collections.abc import Mapping

from core.doctor import phrases
from core.doctor.check import Finding, Named, Reading, Tier, Verdict
from core.doctor.examination import Examination
from core.doctor.phrases import CauseWords, Limit
from utnet_viewer.crash_log import log
from utnet_viewer.training.run_words import Told

#: Of the window. Reports come in both.
LANGUAGE = "en"

#: Faults first, what is fine last.
ORDER = (Verdict.FAULT, Verdict.WARNING, Verdict.NOT_TESTED, Verdict.PASS)

_TOLD = {
    Verdict.FAULT: Told("x-circle", "Fault", "fault"),
    Verdict.WARNING: Told("warning", "Warning", "warning"),
    Verdict.NOT_TESTED: Told("minus-circle", "Not tested", "plain"),
    Verdict.PASS: Told("check-circle", "Passed", "success"),
}
_HEADS = {
    Verdict.FAULT: ("Fault", "Faults"),
    Verdict.WARNING: ("Warning", "Warnings"),
    Verdict.NOT_TESTED: ("Not tested", "Not tested"),
    Verdict.PASS: ("Passed", "Passed"),
}

#: What each tier is and costs on two CPU cores with the tiny network.
TIERS = {
    Tier.SECONDS: ("Seconds", "Data, conventions and the loss: under 20 s on two CPU cores."),
    Tier.MINUTES: (
        "Minutes",
        "Also network and short trainings: under 2 min for a small network.",
    ),
    Tier.LONG: ("Long", "Everything, with longer trainings: many minutes on a CPU."),
}

#: In two or three words why something was not tested, for a list.
_REASONS = {
    "blocked": "blocked",
    "tier": "needs more time",
    "not_asked": "not asked for",
    "crashed": "check failed",
    "cancelled": "cancelled",
}


def tell_verdict(verdict: Verdict) -> Told:
    """Icon, word and colour."""
    return _TOLD[verdict]


def head(verdict: Verdict, count: int) -> str:
    """Over a group of the list."""
    return _HEADS[verdict][count != 1]


def plain(key: str) -> str:
    """An id as words: "joint_order" is "joint order"."""
    return key.replace("_", " ")


def label(text: str) -> str:
    """A title, an axis or a curve's name: of the catalogue, or as it is."""
    said = phrases.label(text, LANGUAGE)
    return plain(said) if said == text and " " not in text else said


def axis_label(text: str) -> str:
    """What stands along an axis, with its unit."""
    said = phrases.axis_label(text, LANGUAGE)
    return plain(said) if said == text and " " not in text else said


def check_title(check: str) -> str:
    """The question it asks."""
    return phrases.check_title(check, LANGUAGE)


def cause_title(cause: str) -> str:
    """Its name."""
    return phrases.cause_title(cause, LANGUAGE)


def cause_words(named: Named) -> CauseWords:
    """Everything said of a cause.

    An examination that an older version kept may lack a number that a sentence needs now: then
    the cause is told by its name and the numbers that there are.
    """
    try:
        return phrases.cause_words(named, LANGUAGE)
    except (KeyError, ValueError, TypeError) as error:
        log.warning("the sentences of %s cannot be filled in: %r", named.cause, error)
        numbers = ", ".join(f"{name} = {value}" for name, value in named.numbers.items())
        words = f"Kept by another version, with: {numbers or 'no numbers'}. Examine again."
        return CauseWords(title=cause_title(named.cause), explanation=words, why="", remedy="")


def reason(finding: Finding) -> str:
    """Why it was not tested."""
    return phrases.not_tested_sentence(finding.outcome, LANGUAGE)


def reason_in_short(finding: Finding) -> str:
    """The same in two or three words, for a list."""
    outcome = finding.outcome
    if outcome.reason == "missing":
        return f"no {plain(outcome.detail)}"
    return _REASONS.get(outcome.reason, plain(outcome.reason))


def quantity(reading: Reading) -> str:
    """What was measured."""
    return phrases.quantity(reading.quantity, LANGUAGE)


def value_text(reading: Reading) -> str:
    """The number with its unit."""
    return phrases.measured(reading.value, reading)


def limit_text(reading: Reading, limit: Limit | None) -> str:
    """``≤ 8 %``; "" where the number only informs."""
    return "" if limit is None else phrases.limit_text(reading, limit)


def is_beyond(reading: Reading, limit: Limit | None) -> bool:
    """Whether the number is on the bad side of its threshold, where it has one."""
    return limit is not None and reading.is_beyond(limit.value)


def limit_of(reading: Reading, overrides: Mapping[str, float]) -> Limit | None:
    """What the number is held against."""
    return phrases.limit_of(reading, overrides)


def consequences(examination: Examination, explains: tuple[str, ...]) -> str:
    """``explains 2 warnings, blocks 4 checks``; "" where nothing follows."""
    verdicts = {finding.check: finding.verdict for finding in examination.findings}
    found = [verdicts[check] for check in explains if check in verdicts]
    parts = []
    for verdict, word in ((Verdict.FAULT, "fault"), (Verdict.WARNING, "warning")):
        if count := found.count(verdict):
            parts.append(f"explains {count} {word}{'s' if count > 1 else ''}")
    if blocked := found.count(Verdict.NOT_TESTED):
        parts.append(f"blocks {blocked} check{'s' if blocked > 1 else ''}")
    return ", ".join(parts)


def verdict_sentence(examination: Examination) -> str:
    """``1 fault, 2 warnings, 11 passed, 4 not tested``."""
    words = {
        Verdict.FAULT: ("fault", "faults"),
        Verdict.WARNING: ("warning", "warnings"),
        Verdict.PASS: ("passed", "passed"),
        Verdict.NOT_TESTED: ("not tested", "not tested"),
    }
    counts = {verdict: examination.count(verdict) for verdict in words}
    parts = [f"{count} {words[v][count != 1]}" for v, count in counts.items() if count]
    return ", ".join(parts) or "nothing was examined"
