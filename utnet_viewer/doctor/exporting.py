"""The report in a folder of the person's choice, and in the browser."""

import shutil
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from utnet_viewer.doctor.request import Request


class Exporter(QObject):
    """Copies on a thread; `done` or `failed` follows."""

    done = Signal(str)  # the folder
    failed = Signal(str)  # why

    def ask(self, kept: Path, request: Request, window: QWidget) -> None:
        """Choose a folder; the report goes into a new one inside it."""
        chosen = QFileDialog.getExistingDirectory(window, "Export the doctor's report into")
        if chosen:
            self.export(kept, Path(chosen) / export_name(request))

    def export(self, kept: Path, wanted: Path) -> None:
        """Copy everything to `wanted`, or beside it with a number where that exists."""

        def work() -> None:
            try:
                folder = _free(wanted)
                shutil.copytree(kept, folder, ignore=shutil.ignore_patterns("request.json"))
                problem = ""
            except (OSError, shutil.Error) as error:
                problem = f"{wanted}: {getattr(error, 'strerror', None) or error}"
            try:
                self.failed.emit(problem) if problem else self.done.emit(str(folder))
            except RuntimeError:  # the window is gone meanwhile
                return

        QThreadPool.globalInstance().start(work)

    def open(self, kept: Path, language: str) -> None:
        """Show the report in the browser."""
        file = kept / f"report.{language}.html"
        if not file.is_file():
            self.failed.emit(f"{file} is not there; examine again to have it written")
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))


def export_name(request: Request) -> str:
    """A folder's name that says what was examined."""
    words = f"doctor {request.dataset_words} {request.config.words}"
    return "-".join("".join(c if c.isalnum() or c in "._" else " " for c in words).split())


def _free(wanted: Path) -> Path:
    if not wanted.exists():
        return wanted
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in range(2, 10_000))
    return next(path for path in numbered if not path.exists())
