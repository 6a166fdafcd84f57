"""Runs ``utnet render`` in a process of its own and hears how far the film is."""

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal

from utnet_viewer.processes.line_job import LineJob
from utnet_viewer.processes.lines import UnreadableLineError


@dataclass(frozen=True)
class Writing:
    """The file grows under this name until it is whole."""

    part: Path


@dataclass(frozen=True)
class Progressed:
    """`done` of `total` frames, `eta_s` seconds to go."""

    done: int
    total: int
    eta_s: float


@dataclass(frozen=True)
class Noted:
    """Something to know about the film."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The film is whole."""

    file: Path


Line = Writing | Progressed | Noted | Finished


def read_line(raw: bytes) -> Line:
    """What a line says; raises UnreadableLineError."""
    try:
        said = json.loads(raw)
        event = said["event"]
        if event == "writing":
            return Writing(Path(str(said["part"])))
        if event == "started":
            return Progressed(0, int(said["total"]), float("nan"))
        if event == "progress":
            return Progressed(int(said["done"]), int(said["total"]), float(said["eta_s"]))
        if event == "note":
            return Noted(str(said["text"]))
        if event == "finished":
            return Finished(Path(str(said["file"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLineError(f"{error!r}") from error
    raise UnreadableLineError(f"no such event: {event!r}")


class RenderJob(LineJob):
    """One film; `finished` tells the Path of its file."""

    progressed = Signal(object)  # Progressed
    noted = Signal(str)

    WORK, NAME = "Making the film", "render"

    #: The unfinished file, as soon as it is known.
    part: Path | None = None

    def start(self, arguments: list[str]) -> None:
        """Begin; `arguments` follow ``utnet render``."""
        self.run(["--progress", *arguments])

    def end(self) -> None:
        """Kill it, and remove the unfinished file: it cannot do that itself any more."""
        super().end()
        if self.part is not None:
            self.part.unlink(missing_ok=True)

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
        elif isinstance(line, Writing):
            self.part = line.part
        elif isinstance(line, Noted):
            self.noted.emit(line.text)
        else:
            self.finish(line.file)
