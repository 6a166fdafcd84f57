"""What a report says, in one language and without layout: Markdown and HTML set the same texts.

It has the sections of a scale-check report, for the whole and for every item: purpose, result with
formula, number and place in the data, conclusion, recommendation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.doctor.check import Finding, Named, Reading, Verdict
from core.doctor.evidence import Evidence
from core.doctor.examination import Cause, Examination
from core.doctor.phrases import (
    cause_title,
    cause_words,
    changes_yaml,
    check_formula,
    check_title,
    check_why,
    headline,
    limit_of,
    limit_text,
    measured,
    not_tested_sentence,
    quantity,
    verdict_word,
)
from core.doctor.words import catalogue, say

#: Sample names shown of a cause; all of them are in examination.json.
_NAMES_SHOWN = 8

#: Verdicts in the order that people want to see them.
ORDER = (Verdict.FAULT, Verdict.WARNING, Verdict.PASS, Verdict.NOT_TESTED)


@dataclass(frozen=True, kw_only=True)
class ReadingText:
    """A number and its limit; `expected` and `reason` are "" where there is none."""

    quantity: str
    measured: str
    expected: str
    reason: str
    is_beyond: bool


@dataclass(frozen=True, kw_only=True)
class CauseText:
    """A cause where a check names it, or in the diagnosis.

    Attributes:
        check: Id of the check that names it.
        check_title: That check's question.
        where: Sample names, joined; "" where none was kept.
        change: YAML, or "".
        explains: Questions of the checks whose findings follow from it.
    """

    verdict: Verdict
    title: str
    explanation: str
    why: str
    remedy: str
    where: str
    change: str
    check: str
    check_title: str
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemText:
    """One check: purpose, result, conclusion, recommendation."""

    check: str
    title: str
    verdict: Verdict
    verdict_word: str
    purpose: str
    formula: str
    readings: tuple[ReadingText, ...]
    under: str
    causes: tuple[CauseText, ...]
    conclusion: str
    recommendation: str
    evidence: tuple[Evidence, ...]
    duration: str


@dataclass(frozen=True, kw_only=True)
class ReportText:
    """Everything a report says.

    Attributes:
        facts: (name, value) pairs about the examination.
        verdict: The worst of all: FAULT, WARNING, PASS, or NOT_TESTED where nothing was tested.
        lead: Sentences under the headline.
        untested: (check's question, why it was not tested).
    """

    language: str
    document: str
    title: str
    headline: str
    verdict: Verdict
    lead: str
    counts: str
    facts: tuple[tuple[str, str], ...]
    items: tuple[ItemText, ...]
    causes: tuple[CauseText, ...]
    conclusion: str
    untested: tuple[tuple[str, str], ...]
    command: str


def report_text(examination: Examination, language: str) -> ReportText:
    """The report's texts; raises ValueError for an unknown language."""
    causes = tuple(_diagnosed(cause, language) for cause in examination.causes)
    return ReportText(
        language=language,
        document=say("report.document", language, subject=examination.subject),
        title=say("report.title", language),
        headline=headline(examination, language),
        verdict=_overall(examination),
        lead=causes[0].explanation if causes else "",
        counts=say(
            "report.counts",
            language,
            faults=examination.count(Verdict.FAULT),
            warnings=examination.count(Verdict.WARNING),
            passed=examination.count(Verdict.PASS),
            untested=examination.count(Verdict.NOT_TESTED),
        ),
        facts=_facts(examination, language),
        items=tuple(
            _item(finding, examination.overrides, language) for finding in examination.findings
        ),
        causes=causes,
        conclusion=_conclusion(examination, language),
        untested=tuple(
            (check_title(finding.check, language), not_tested_sentence(finding.outcome, language))
            for finding in examination.findings
            if finding.verdict is Verdict.NOT_TESTED
        ),
        command=examination.command,
    )


def _overall(examination: Examination) -> Verdict:
    verdicts = {finding.verdict for finding in examination.findings}
    return next((verdict for verdict in ORDER if verdict in verdicts), Verdict.NOT_TESTED)


def _facts(examination: Examination, language: str) -> tuple[tuple[str, str], ...]:
    time = datetime.fromtimestamp(examination.started, UTC).strftime("%Y-%m-%d %H:%M")
    facts = [
        ("examined", examination.subject),
        ("when", say("report.utc", language, time=time) if examination.started else ""),
        ("took", say("report.seconds", language, seconds=examination.seconds)),
        ("repeat", examination.command),
    ]
    return tuple((say(f"report.{name}", language), value) for name, value in facts if value)


def _conclusion(examination: Examination, language: str) -> str:
    """What no cause says: that there is none, or that there are warnings only."""
    if not examination.is_healthy:
        return "" if examination.causes else say("headlines.unnamed_fault", language)
    if examination.count(Verdict.WARNING):
        return say("report.only_warnings", language)
    has_gaps = examination.count(Verdict.NOT_TESTED)
    return say("report.no_cause" if has_gaps else "report.no_cause_all", language)


def _item(finding: Finding, overrides: Mapping[str, float], language: str) -> ItemText:
    outcome = finding.outcome
    return ItemText(
        check=finding.check,
        title=check_title(finding.check, language),
        verdict=finding.verdict,
        verdict_word=verdict_word(finding.verdict, language),
        purpose=check_why(finding.check, language),
        formula=check_formula(finding.check, language),
        readings=_readings(outcome.readings, overrides, language),
        under=_under(finding, language),
        causes=tuple(_cause(named, finding.check, language) for named in outcome.named),
        conclusion=_item_conclusion(finding, overrides, language),
        recommendation=_item_recommendation(finding, language),
        evidence=outcome.evidence,
        duration=say("report.duration", language, seconds=finding.seconds),
    )


def _readings(
    readings: tuple[Reading, ...], overrides: Mapping[str, float], language: str
) -> tuple[ReadingText, ...]:
    """The rows; a reason is told once."""
    told: set[str] = set()
    rows = []
    for reading in readings:
        row = _reading(reading, overrides, language)
        if row.reason and row.reason in told:
            row = replace(row, reason=say("report.as_above", language))
        told.add(row.reason)
        rows.append(row)
    return tuple(rows)


def _reading(reading: Reading, overrides: Mapping[str, float], language: str) -> ReadingText:
    limit = limit_of(reading, overrides, language)
    reason = ""
    if limit is not None:
        set_by_hand = say("report.overridden", language) if limit.is_overridden else ""
        sentences = (set_by_hand, limit.reason[:1].upper() + limit.reason[1:])
        reason = "; ".join(part for part in sentences if part)
    return ReadingText(
        quantity=quantity(reading.quantity, language),
        measured=measured(reading.value, reading, language),
        expected=limit_text(reading, limit, language) if limit else "",
        reason=reason,
        is_beyond=limit is not None and reading.is_beyond(limit.value),
    )


def _under(finding: Finding, language: str) -> str:
    if not finding.under:
        return ""
    names = say("report.and", language).join(cause_title(c, language) for c in finding.under)
    return say("report.under", language, causes=names)


def _item_conclusion(finding: Finding, overrides: Mapping[str, float], language: str) -> str:
    """Of what names no cause: that it passed, with its number, or why it has none."""
    outcome = finding.outcome
    if finding.verdict is Verdict.NOT_TESTED:
        return not_tested_sentence(outcome, language)
    if outcome.named:
        return ""
    first = _reading(outcome.readings[0], overrides, language)
    key = "report.passes" if first.expected else "report.passes_without_limit"
    return say(key, language, quantity=first.quantity, value=first.measured, limit=first.expected)


def _item_recommendation(finding: Finding, language: str) -> str:
    """What to do about an item that names no cause."""
    if finding.outcome.named:
        return ""
    if finding.verdict is not Verdict.NOT_TESTED:
        return say("report.nothing_to_do", language)
    key = f"advice.{finding.outcome.reason}"
    known = key in catalogue(language)
    return say(
        key if known else "advice.other", language, check=finding.check, tier=finding.tier.value
    )


def _diagnosed(cause: Cause, language: str) -> CauseText:
    explains = tuple(check_title(check, language) for check in cause.explains)
    return _cause(cause.named, cause.check, language, explains)


def _cause(named: Named, check: str, language: str, explains: tuple[str, ...] = ()) -> CauseText:
    words = cause_words(named, language)
    return CauseText(
        verdict=named.verdict,
        title=words.title,
        explanation=words.explanation,
        why=words.why,
        remedy=words.remedy,
        where=_where(named.where, language),
        change=changes_yaml(named.changes),
        check=check,
        check_title=check_title(check, language),
        explains=explains,
    )


def _where(names: tuple[str, ...], language: str) -> str:
    shown = say("report.and", language).join(names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return say("report.location_more", language, names=shown, more=more) if more > 0 else shown
