"""Runs ``utnet annotations export`` or ``import`` in another process and hears how far it is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from utnet_viewer.processes.line_job import LineJob
from utnet_viewer.processes.lines import UnreadableLineError

#: How long a process that is told to end may take to tidy up.
_TIDY_MS = 1500


@dataclass(frozen=True)
class Progressed:
    """`done` of `total`."""

    done: int
    total: int


@dataclass(frozen=True)
class Exported:
    """`frames` were written to `out`; `notes` say what was not."""

    out: Path
    frames: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ConflictTold:
    """A field of a frame that both changed, in words; times are ISO 8601, "" where unknown.

    Attributes:
        number: Its place in the list.
        split, frame, field: What it is of.
        what: The field's words.
        mine, theirs: The two values' words.
        difference: How far two hands are apart, "" for other fields.
        newer: "mine", "theirs", or "" where that cannot be known.
    """

    number: int
    split: str
    frame: str
    field: str
    what: str
    mine: str
    theirs: str
    difference: str
    newer: str


@dataclass(frozen=True)
class Taken:
    """What an import would do, or did.

    Attributes:
        additions, frames: Fields that only they said, and of how many frames.
        same: Fields that both said alike.
        conflicts: What both said differently.
        written: Fields that were taken over; 0 for a preview.
        notes: What cannot be used, and why.
    """

    additions: int
    frames: int
    same: int
    conflicts: tuple[ConflictTold, ...]
    written: int
    notes: tuple[str, ...]


Line = Progressed | Exported | Taken


def read_line(raw: bytes) -> Line:
    """What a line says; raises UnreadableLineError."""
    try:
        said = json.loads(raw)
        event = said["event"]
        if event == "progress":
            return Progressed(int(said["done"]), int(said["total"]))
        if event == "finished" and "out" in said:
            return Exported(Path(str(said["out"])), int(said["frames"]), _texts(said["notes"]))
        if event == "finished":
            return _taken(said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLineError(f"{error!r}") from error
    raise UnreadableLineError(f"no such event: {event!r}")


def _texts(said: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(one) for one in said)


def _taken(said: dict[str, Any]) -> Taken:
    return Taken(
        additions=int(said["additions"]),
        frames=int(said["frames"]),
        same=int(said["same"]),
        conflicts=tuple(_conflict(n, one) for n, one in enumerate(said["conflicts"])),
        written=int(said["written"]),
        notes=_texts(said["notes"]),
    )


def _conflict(number: int, said: dict[str, Any]) -> ConflictTold:
    names = ("split", "frame", "field", "field_words", "mine", "theirs", "difference")
    return ConflictTold(number, *(str(said[name]) for name in names), str(said["newer"] or ""))


class AnnotationJob(LineJob):
    """One export or import; `finished` tells `Exported` or `Taken`."""

    progressed = Signal(object)  # Progressed

    WORK, NAME = "The command", "annotations"

    def start(self, arguments: Sequence[str]) -> None:
        """Begin; `arguments` follow ``utnet annotations``."""
        self.run([*arguments])

    def end(self) -> None:
        """End it, with a moment to take its unfinished file away."""
        self._is_over = True
        if self.process_id:
            self._process.terminate()
            self._process.waitForFinished(_TIDY_MS)
        super().end()

    def read(self, raw: bytes) -> Line:
        """See `LineJob`."""
        return read_line(raw)

    def is_progress(self, line: Line) -> bool:
        """See `LineJob`."""
        return isinstance(line, Progressed)

    def tell(self, line: Line) -> None:
        """See `LineJob`."""
        if isinstance(line, Progressed):
            self.progressed.emit(line)
        else:
            self.finish(line)
