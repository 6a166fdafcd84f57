"""An examination as other programs read it: numbers, and the catalogue's sentences beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.doctor.check import Finding, Named, Reading, Verdict
from core.doctor.examination import Examination
from core.doctor.thresholds import Thresholds, default_thresholds
from core.doctor.words import say


def told(
    examination: Examination, language: str, *, evidence: dict[str, Sequence[Path]] | None = None
) -> dict[str, Any]:
    """What ``utnet doctor --json`` prints; `evidence` has the figures' files by check."""
    thresholds = Thresholds(examination.overrides)
    return {
        "subject": examination.subject,
        "verdict": "healthy" if examination.is_healthy else "faults",
        "counts": {verdict.value: examination.count(verdict) for verdict in Verdict},
        "checks": [
            _finding(finding, language, thresholds, (evidence or {}).get(finding.check, ()))
            for finding in examination.findings
        ],
        "diagnosis": [
            {**_named(cause.named, language), "check": cause.check, "explains": cause.explains}
            for cause in examination.causes
        ],
        "seconds": examination.seconds,
        "command": examination.command,
    }


def _finding(
    finding: Finding, language: str, thresholds: Thresholds, evidence: Sequence[Path]
) -> dict[str, Any]:
    outcome = finding.outcome
    readings = [_reading(reading, thresholds) for reading in outcome.readings]
    return {
        "id": finding.check,
        "title": say(f"checks.{finding.check}.title", language),
        "tier": finding.tier.value,
        "verdict": finding.verdict.value,
        **(readings[0] if readings else {}),
        "formula": say(f"checks.{finding.check}.formula", language),
        "readings": readings,
        "causes": [_named(named, language) for named in outcome.named],
        "evidence": [str(path) for path in evidence],
        "not_tested": why_not(finding, language),
        "under": finding.under,
        "seconds": finding.seconds,
    }


def _reading(reading: Reading, thresholds: Thresholds) -> dict[str, Any]:
    row = {"quantity": reading.quantity, "value": reading.value, "unit": reading.unit}
    if not reading.threshold:
        return {**row, "threshold": None, "threshold_unit": "", "reason": ""}
    entry = default_thresholds()[reading.threshold]
    return {
        **row,
        "threshold": thresholds[reading.threshold],
        "threshold_unit": entry.unit,
        "reason": entry.reason,
    }


def _named(named: Named, language: str) -> dict[str, Any]:
    key = f"causes.{named.cause}"
    return {
        "cause": named.cause,
        "verdict": named.verdict.value,
        "title": say(f"{key}.title", language),
        "explanation": say(f"{key}.explanation", language, **named.numbers),
        "why": say(f"{key}.why", language),
        "remedy": say(f"{key}.remedy", language, **named.numbers),
        "changes": dict(named.changes),
        "where": named.where,
    }


def why_not(finding: Finding, language: str) -> str:
    """Why a check was not tested, in a sentence; "" where it was."""
    outcome = finding.outcome
    if not outcome.reason:
        return ""
    return say(f"not_tested.{outcome.reason}", language, detail=outcome.detail)
