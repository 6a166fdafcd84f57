"""An examination as a folder: examination.json, and the pictures of its evidence beside it.

Whoever wants it later, or in another process, reads the same numbers: the window, a report in
another language, a script. How causes are mended in thought (`Named.mend`) is not kept: it lives
only while checks run.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.doctor.check import Finding, Named, Outcome, Reading, Tier, Verdict
from core.doctor.evidence_json import (
    evidence_from_json,
    evidence_to_json,
    number_from_json,
    number_to_json,
    text,
    texts,
    value_from_json,
    value_to_json,
)
from core.doctor.examination import Cause, Examination
from core.doctor.thresholds import default_thresholds
from core.files.durable import write_atomically

#: Raised whenever an older reader would misread what is written.
FORMAT = 1
FILE_NAME = "examination.json"

_WRONG = (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError)


class DamagedExaminationError(ValueError):
    """A stored examination cannot be read; the message names the file and what is wrong."""


def write_examination(folder: Path, examination: Examination) -> Path:
    """Write it into `folder`, made where it is missing; returns examination.json's path.

    Pictures come first: whoever finds the JSON finds all it names. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "format": FORMAT,
        "subject": examination.subject,
        "started": examination.started,
        "seconds": examination.seconds,
        "command": examination.command,
        "thresholds": _thresholds_used(examination),
        "findings": [finding_to_json(finding, folder) for finding in examination.findings],
        "causes": [
            {
                "named": _named_to_json(cause.named),
                "check": cause.check,
                "explains": list(cause.explains),
            }
            for cause in examination.causes
        ],
    }
    path = folder / FILE_NAME
    # ASCII: names of files that are no valid Unicode come through as well.
    write_atomically(path, json.dumps(data, allow_nan=False, indent=1).encode("ascii"))
    return path


def read_examination(folder: Path) -> Examination:
    """Read what `write_examination` wrote.

    Raises:
        DamagedExaminationError: the folder holds no examination, or one that cannot be understood.
    """
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}; this version reads {FORMAT}")
        return Examination(
            subject=text(data["subject"]),
            findings=tuple(finding_from_json(row, folder) for row in data["findings"]),
            causes=tuple(
                Cause(
                    named=_named_from_json(row["named"]),
                    check=text(row["check"]),
                    explains=texts(row["explains"]),
                )
                for row in data["causes"]
            ),
            seconds=number_from_json(data["seconds"]),
            started=number_from_json(data["started"]),
            command=text(data["command"]),
            overrides=_overrides(data["thresholds"]),
        )
    except FileNotFoundError as error:
        missing = error.filename or path
        raise DamagedExaminationError(
            f"no examination can be read: {missing} is missing"
        ) from error
    except _WRONG as error:
        what = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise DamagedExaminationError(
            f"{path} is no examination that can be read: {what}; examine again to replace it"
        ) from error


def _thresholds_used(examination: Examination) -> dict[str, Any]:
    """Values that verdicts rest on, so that they stay true when the table changes later."""
    table = {key: row.value for key, row in default_thresholds().items()}
    used = {
        reading.threshold: table[reading.threshold]
        for finding in examination.findings
        for reading in finding.outcome.readings
        if reading.threshold in table
    }
    values = used | dict(examination.overrides)
    return {key: number_to_json(value) for key, value in values.items()}


def _overrides(data: Mapping[str, Any]) -> dict[str, float]:
    """Of the stored thresholds, those that are not today's table's."""
    table = default_thresholds()
    values = {text(key): number_from_json(value) for key, value in data.items()}
    return {
        key: value for key, value in values.items() if key not in table or table[key].value != value
    }


def finding_to_json(finding: Finding, folder: Path) -> dict[str, Any]:
    """A finding for a file or a line of the progress stream; pictures go into `folder`."""
    outcome = finding.outcome
    return {
        "check": finding.check,
        "tier": finding.tier.value,
        "verdict": finding.verdict.value,
        "readings": [_reading_to_json(reading) for reading in outcome.readings],
        "named": [_named_to_json(named) for named in outcome.named],
        "evidence": [
            evidence_to_json(evidence, folder, f"{finding.check}_{index}")
            for index, evidence in enumerate(outcome.evidence)
        ],
        "reason": outcome.reason,
        "detail": outcome.detail,
        "under": list(finding.under),
        "seconds": finding.seconds,
    }


def finding_from_json(data: Mapping[str, Any], folder: Path) -> Finding:
    """What `finding_to_json` was given.

    Raises KeyError, TypeError or ValueError where the data is not that, OSError for its pictures.
    """
    outcome = Outcome(
        readings=tuple(_reading_from_json(row) for row in data["readings"]),
        named=tuple(_named_from_json(row) for row in data["named"]),
        evidence=tuple(evidence_from_json(row, folder) for row in data["evidence"]),
        reason=text(data["reason"]),
        detail=text(data["detail"]),
    )
    return Finding(
        check=text(data["check"]),
        tier=Tier(data["tier"]),
        outcome=outcome,
        under=texts(data["under"]),
        seconds=number_from_json(data["seconds"]),
    )


def _reading_to_json(reading: Reading) -> dict[str, Any]:
    return {
        "quantity": reading.quantity,
        "value": number_to_json(reading.value),
        "unit": reading.unit,
        "threshold": reading.threshold,
        "is_high_bad": reading.is_high_bad,
    }


def _reading_from_json(data: Mapping[str, Any]) -> Reading:
    return Reading(
        quantity=text(data["quantity"]),
        value=number_from_json(data["value"]),
        unit=text(data["unit"]),
        threshold=text(data["threshold"]),
        is_high_bad=bool(data["is_high_bad"]),
    )


def _named_to_json(named: Named) -> dict[str, Any]:
    return {
        "cause": named.cause,
        "verdict": named.verdict.value,
        "numbers": value_to_json(named.numbers),
        "where": list(named.where),
        "changes": value_to_json(named.changes),
    }


def _named_from_json(data: Mapping[str, Any]) -> Named:
    return Named(
        cause=text(data["cause"]),
        verdict=Verdict(data["verdict"]),
        numbers=value_from_json(data["numbers"]),
        where=texts(data["where"]),
        changes=value_from_json(data["changes"]),
    )
