"""What a running examination says, line by line: one JSON object each, anything else is noise."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.doctor.check import Finding
from core.doctor.store import finding_from_json
from utnet_viewer.processes.lines import UnreadableLineError


@dataclass(frozen=True)
class Started:
    """A check began; the first one is number 1."""

    check: str
    number: int
    count: int


@dataclass(frozen=True)
class Progressed:
    """How far the check is, 0 to 1."""

    check: str
    share: float


@dataclass(frozen=True)
class Finished:
    """Everything lies in this folder."""

    folder: Path


Line = Started | Progressed | Finding | Finished


def read_line(raw: bytes, folder: Path) -> Line:
    """What a line says; raises UnreadableLineError.

    `folder` is where the examination writes the pictures of its findings.
    """
    try:
        said = json.loads(raw)
        event = said["event"]
        if event == "started":
            return Started(str(said["check"]), int(said["index"]), int(said["count"]))
        if event == "progress":
            return Progressed(str(said["check"]), float(said["share"]))
        if event == "finding":
            return finding_from_json(said["finding"], folder)
        if event == "finished":
            return Finished(Path(str(said["folder"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLineError(f"{error!r}") from error
    raise UnreadableLineError(f"no such event: {event!r}")
