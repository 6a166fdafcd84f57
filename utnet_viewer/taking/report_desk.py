"""The page of the evaluation that is shown: asked for, written on a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog

from core.files.names import safe_name
from utnet_viewer.crash_log import log

if TYPE_CHECKING:
    from utnet_viewer.session import Session


class ReportDesk(QObject):
    """One action; a report of an evaluation that still runs says how much is to come."""

    written = Signal(str, str)  # file, problem

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session, self._window = session, session.window
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self.action: QAction = self._window.actions_.add(
            "take_report",
            "Save report of the evaluation…",
            self.ask,
            group="File",
            shortcut="Ctrl+Alt+R",
        )
        self.written.connect(self._on_written)
        self._window.closing.connect(self._pool.waitForDone)

    def ask(self) -> None:
        """Choose a file for the report of the evaluation that is shown."""
        evaluation = self._session.document.evaluation
        if evaluation is None:
            self._window.status.say("Evaluate this split first: there is nothing to report.")
            return
        identity = evaluation.identity
        name = f"{identity.checkpoint_name} on {identity.dataset_name} {identity.split}"
        dialog = QFileDialog(self._window, "Save a report of the evaluation")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Page (*.html)")
        dialog.setDefaultSuffix(".html")
        dialog.selectFile(safe_name(name, otherwise="evaluation") + ".html")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, path: Path) -> None:
        """Write it; the dialog has asked about a file that is there already."""
        document = self._session.document
        evaluation, index = document.evaluation, document.index
        self._window.status.say("Writing the report…")

        def work() -> None:
            from core.evaluation.report.page import write_report

            problem = ""
            try:
                write_report(path, evaluation, index)
            except OSError as error:
                problem = f"{path}: {error.strerror or error}. Choose another folder."
            except ValueError as error:
                problem = str(error)
            self.written.emit(str(path), problem)

        self._pool.start(work)

    def _on_written(self, path: str, problem: str) -> None:
        if problem:
            log.warning("no report: %s", problem)
            self._session.notice("The report was not saved", problem)
        else:
            self._window.status.say(f"Saved {path}", "success")
