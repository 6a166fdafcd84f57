"""Runs ``utnet evaluate`` in a process of its own and hears how far it is."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal

from utnet_viewer.processes.line_job import LineJob
from utnet_viewer.processes.lines import UnreadableLineError


@dataclass(frozen=True)
class Started:
    """The evaluation lies in `folder`; `done` of its `total` rows were evaluated before."""

    folder: Path
    total: int
    done: int


@dataclass(frozen=True)
class Progressed:
    """`done` of `total` rows, at `rate` rows a second, `eta_s` seconds to go (NaN: unknown)."""

    done: int
    total: int
    rate: float
    eta_s: float


@dataclass(frozen=True)
class Finished:
    """Every row is done; the evaluation lies in `folder`."""

    folder: Path


Line = Started | Progressed | Finished


def read_line(raw: bytes) -> Line:
    """What a line says; raises UnreadableLineError."""
    try:
        said = json.loads(raw)
        event = said["event"]
        if event == "started":
            return Started(Path(str(said["folder"])), int(said["total"]), int(said["done"]))
        if event == "progress":
            rate, eta_s = _figure(said.get("rate")), _figure(said.get("eta_s"))
            return Progressed(int(said["done"]), int(said["total"]), rate, eta_s)
        if event == "finished":
            return Finished(Path(str(said["folder"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLineError(f"{error!r}") from error
    raise UnreadableLineError(f"no such event: {event!r}")


def _figure(said: object) -> float:
    return math.nan if said is None else float(said)


class EvaluationJob(LineJob):
    """One evaluation of a split; `finished` tells the Path of its folder.

    Killed at any moment it keeps every row that was written; the same command goes on from there.
    """

    started = Signal(object)  # Started
    progressed = Signal(object)  # Progressed

    WORK, NAME = "The evaluation", "evaluate"

    def start(self, arguments: list[str]) -> None:
        """Begin; `arguments` follow ``utnet evaluate``."""
        self.run([*arguments, "--progress"])

    def read(self, raw: bytes) -> Line:
        """See `LineJob`."""
        return read_line(raw)

    def is_progress(self, line: Line) -> bool:
        """See `LineJob`."""
        return isinstance(line, Progressed)

    def tell(self, line: Line) -> None:
        """See `LineJob`."""
        if isinstance(line, Started):
            self.started.emit(line)
        elif isinstance(line, Progressed):
            self.progressed.emit(line)
        else:
            self.finish(line.folder)
