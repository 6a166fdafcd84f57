"""What a running examination says, line by line: one JSON object each, anything else is noise."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.doctor.check import Finding
from core.doctor.store import finding_from_json

#: No honest line is longer: a finding's pictures are files.
LONGEST_LINE = 32 * 1024 * 1024


class UnreadableLineError(ValueError):
    """A line that is none of the doctor's; the text says why."""


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


class LineSplitter:
    """Bytes as they come, lines as they are whole."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, raw: bytes) -> list[bytes]:
        """The lines that are whole now; raises UnreadableLineError for one without an end."""
        self._rest += raw
        *lines, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        if len(self._rest) > LONGEST_LINE:
            raise UnreadableLineError(f"a line of more than {LONGEST_LINE >> 20} MB")
        return [bytes(line) for line in lines if line.strip()]
