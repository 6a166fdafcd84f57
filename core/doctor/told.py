"""An examination as other programs read it: numbers, and the catalogue's sentences beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.doctor.check import Finding, Named, Reading, Verdict
from core.doctor.examination import Examination
from core.doctor.phrases import (
    cause_words,
    check_formula,
    check_title,
    limit_of,
    limit_text,
    measured,
    not_tested_sentence,
)


def told(
    examination: Examination,
    language: str,
    *,
    evidence: Mapping[str, Sequence[Path]] | None = None,
) -> dict[str, Any]:
    """What ``utnet doctor --json`` prints; `evidence` has the figures' files by check."""
    figures = evidence or {}
    return {
        "subject": examination.subject,
        "verdict": "healthy" if examination.is_healthy else "faults",
        "counts": {verdict.value: examination.count(verdict) for verdict in Verdict},
        "checks": [
            {
                **_finding(finding, examination.overrides, language),
                "evidence": [str(path) for path in figures.get(finding.check, ())],
            }
            for finding in examination.findings
        ],
        "diagnosis": [
            {**_named(cause.named, language), "check": cause.check, "explains": cause.explains}
            for cause in examination.causes
        ],
        "seconds": examination.seconds,
        "command": examination.command,
    }


def _finding(finding: Finding, overrides: Mapping[str, float], language: str) -> dict[str, Any]:
    outcome = finding.outcome
    readings = [_reading(reading, overrides, language) for reading in outcome.readings]
    return {
        "id": finding.check,
        "title": check_title(finding.check, language),
        "tier": finding.tier.value,
        "verdict": finding.verdict.value,
        **(readings[0] if readings else {}),
        "formula": check_formula(finding.check, language),
        "readings": readings,
        "causes": [_named(named, language) for named in outcome.named],
        "not_tested": not_tested_sentence(outcome, language) if outcome.reason else "",
        "under": finding.under,
        "seconds": finding.seconds,
    }


def _reading(reading: Reading, overrides: Mapping[str, float], language: str) -> dict[str, Any]:
    limit = limit_of(reading, overrides, language)
    return {
        "quantity": reading.quantity,
        "value": reading.value,
        "unit": reading.unit,
        "threshold": None if limit is None else limit.value,
        "threshold_unit": "" if limit is None else limit.unit,
        "reason": "" if limit is None else limit.reason,
        "text": measured(reading.value, reading, language),
        "threshold_text": "" if limit is None else limit_text(reading, limit, language),
    }


def _named(named: Named, language: str) -> dict[str, Any]:
    return {
        "cause": named.cause,
        "verdict": named.verdict.value,
        **asdict(cause_words(named, language)),
        "changes": dict(named.changes),
        "where": named.where,
    }
