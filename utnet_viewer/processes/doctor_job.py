"""Runs ``utnet doctor`` in a process of its own and hears what it finds."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.doctor_lines import Finished, Line, Progressed, Started, read_line
from utnet_viewer.processes.line_job import LineJob


class DoctorJob(LineJob):
    """One examination; `finished` tells the Path of the folder with everything."""

    started = Signal(object)  # Started: another check began
    progressed = Signal(float)  # share of that check that is done
    found = Signal(object)  # Finding

    WORK, NAME = "The examination", "doctor"

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Sequence[str] = COMMAND,
        grace_s: float = 4.0,
    ) -> None:
        """See `LineJob`."""
        super().__init__(parent, command=command, grace_s=grace_s)
        self._folder = Path()

    def start(self, arguments: list[str], folder: Path) -> None:
        """Begin; `arguments` follow ``utnet doctor``, `folder` takes what is found."""
        self._folder = folder
        self.run([*arguments, "--progress", "--report", str(folder)])

    def read(self, raw: bytes) -> Line:
        """See `LineJob`."""
        return read_line(raw, self._folder)

    def is_progress(self, line: Line) -> bool:
        """See `LineJob`."""
        return isinstance(line, Progressed)

    def tell(self, line: Line) -> None:
        """See `LineJob`."""
        if isinstance(line, Progressed):
            self.progressed.emit(min(max(line.share, 0.0), 1.0))
        elif isinstance(line, Started):
            self.started.emit(line)
        elif isinstance(line, Finished):
            self.finish(line.folder)
        elif not self.is_ending:
            self.found.emit(line)
