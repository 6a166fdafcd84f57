"""Runs ``utnet annotations suggest`` in a process of its own and hears how far it is."""

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal

from utnet_viewer.processes.line_job import LineJob
from utnet_viewer.processes.lines import UnreadableLineError


@dataclass(frozen=True)
class Started:
    """`total` labels are to be read; `by` names the checkpoint that they are compared with."""

    total: int
    by: str


@dataclass(frozen=True)
class Progressed:
    """`done` of `total` labels were read."""

    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """The suggestions lie in the file `path`."""

    path: Path


Line = Started | Progressed | Finished


def read_line(raw: bytes) -> Line:
    """What a line says; raises UnreadableLineError."""
    try:
        said = json.loads(raw)
        event = said["event"]
        if event == "started":
            return Started(int(said["total"]), str(said["by"]))
        if event == "progress":
            return Progressed(int(said["done"]), int(said["total"]))
        if event == "finished":
            return Finished(Path(str(said["path"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLineError(f"{error!r}") from error
    raise UnreadableLineError(f"no such event: {event!r}")


class SuggestionJob(LineJob):
    """One search; `finished` tells the Path of the file. Killed at any moment, it leaves the file
    of the search before."""

    progressed = Signal(int, int)  # labels read, in all

    WORK, NAME = "The search", "annotations"

    def start(self, arguments: list[str]) -> None:
        """Begin; `arguments` follow ``utnet annotations suggest``."""
        self.run(["suggest", *arguments, "--progress"])

    def read(self, raw: bytes) -> Line:
        """See `LineJob`."""
        return read_line(raw)

    def is_progress(self, line: Line) -> bool:
        """See `LineJob`."""
        return isinstance(line, Progressed)

    def tell(self, line: Line) -> None:
        """See `LineJob`."""
        if isinstance(line, Started):
            self.progressed.emit(0, line.total)
        elif isinstance(line, Progressed):
            self.progressed.emit(line.done, line.total)
        else:
            self.finish(line.path)
