"""How far an export or import is: progress with Cancel while it runs, then what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.annotate.wrapped_label import WrappedLabel
from utnet_viewer.processes.annotation_job import AnnotationJob, Progressed


class JobBar(QWidget):
    """Runs one command at a time; words and buttons below a dialog's fields."""

    finished = Signal(object)  # processes.annotation_job.Exported or Taken
    failed = Signal(str)  # the sentence; details can be copied here
    ended = Signal()  # whatever came of it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.command: tuple[str, ...] | None = None  # stands in for ``utnet``; tests do that
        self.job: AnnotationJob | None = None
        self._work = self._details = ""
        self.words = WrappedLabel()
        self.words.setObjectName("quiet")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel_button = QPushButton("Cancel")
        self.copy_button = QPushButton("Copy details")
        for button in (self.cancel_button, self.copy_button):
            button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.cancel)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._details))
        self._arrange()
        self._show_running(False)
        self.say("")

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.addWidget(self.words, 1)
        line.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addLayout(line)

    @property
    def is_busy(self) -> bool:
        """Whether a command runs."""
        return self.job is not None

    def run(self, arguments: Sequence[str], work: str) -> None:
        """Run ``utnet annotations`` with these; `work` is said meanwhile: "Writing COCO"."""
        command = {} if self.command is None else {"command": self.command}
        self.job = job = AnnotationJob(self, **command)
        self._work = work
        self.bar.setMaximum(0)
        self.say(f"{work}: getting ready…")
        self._show_running(True)
        job.progressed.connect(self._on_progress)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(lambda: self._leave("Cancelled; nothing was written."))
        job.start(arguments)

    def say(self, words: str, details: str = "") -> None:
        """Show words; with `details` they can be copied."""
        self._details = details
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.copy_button.setVisible(bool(details))

    def cancel(self) -> None:
        """Ask the command to end; `ended` follows."""
        if self.job is not None:
            self.cancel_button.setEnabled(False)
            self.say(f"{self._work}: stopping…")
            self.job.cancel()

    def end(self) -> None:
        """End it now; for a window that closes."""
        job, self.job = self.job, None
        if job is not None:
            job.end()

    def _show_running(self, is_running: bool) -> None:
        self.bar.setVisible(is_running)
        self.cancel_button.setVisible(is_running)
        self.cancel_button.setEnabled(is_running)

    def _on_progress(self, said: Progressed) -> None:
        self.bar.setMaximum(said.total)
        self.bar.setValue(said.done)
        if not self.job.is_ending:
            self.say(f"{self._work}: {said.done:,} of {said.total:,}")

    def _on_finished(self, result: object) -> None:
        self._leave("")
        self.finished.emit(result)

    def _on_failed(self, why: str, details: str) -> None:
        self._leave(why, details)
        self.failed.emit(why)

    def _leave(self, words: str, details: str = "") -> None:
        job, self.job = self.job, None
        self._show_running(False)
        self.say(words, details)
        if job is not None:
            QTimer.singleShot(0, job, job.deleteLater)
        self.ended.emit()
