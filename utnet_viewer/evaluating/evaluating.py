"""One evaluation at a time: looked for, begun, followed while it grows, cancelled, gone on with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from utnet_viewer.document import Document
from utnet_viewer.evaluating.remembered import Remembered, open_remembered
from utnet_viewer.evaluating.subject import Subject
from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.evaluation_job import EvaluationJob, Progressed, Started

if TYPE_CHECKING:
    from core.evaluation.store import Evaluation

#: So often one looks for new rows.
POLL_MS = 300

Phase = Literal["none", "looking", "absent", "partial", "complete", "elsewhere", "damaged"]


@dataclass(frozen=True)
class Run:
    """An evaluation that this window has begun.

    Attributes:
        subject: Of what.
        began_s: When, on the monotonic clock.
        done, total: Rows; 0 of 0 until the process has said so.
        before: Rows that were done when it began.
        rate: Rows a second; 0 until known.
        eta_s: Seconds to go; NaN until known.
        is_ending: Whether it was cancelled.
    """

    subject: Subject
    began_s: float
    done: int = 0
    total: int = 0
    before: int = 0
    rate: float = 0.0
    eta_s: float = float("nan")
    is_ending: bool = False


class Evaluating(QObject):
    """Owns the process, and tells the document which evaluation there is.

    An evaluation belongs to the split and checkpoint it was begun with: opening others meanwhile
    does not end it, and coming back finds it.
    """

    changed = Signal()
    grew = Signal()  # rows may have come
    finished = Signal(object, float)  # Run, seconds
    failed = Signal(object, str, str)  # Run, a sentence, and everything that is known
    damaged = Signal(str)  # why an evaluation that is there cannot be shown

    # Number of the search, Evaluation | Exception | None, whether it was compared.
    _was_found = Signal(int, object, bool)

    def __init__(
        self, document: Document, settings: Settings, parent: QObject | None = None
    ) -> None:
        """`settings` remembers where evaluations were found."""
        super().__init__(parent)
        self._document, self._remembered = document, Remembered(settings)
        self.command: Sequence[str] = COMMAND  # tests put another one here
        self.phase: Phase = "none"
        self.trouble = ""  # why an evaluation that is there cannot be shown
        self.run: Run | None = None
        self._subject: Subject | None = None
        self._job: EvaluationJob | None = None
        self._folder: Path | None = None  # of the run
        self._searches = 0
        self._is_closed = False
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)
        self._was_found.connect(self._on_found)

    @property
    def is_running(self) -> bool:
        """Whether this window evaluates something."""
        return self._job is not None

    @property
    def is_running_here(self) -> bool:
        """Whether that is what is on screen."""
        return self.run is not None and self.is_on_screen(self.run.subject)

    @property
    def can_start(self) -> bool:
        """Whether there is something that could be evaluated now."""
        return not self.is_running and self.phase in ("absent", "partial", "damaged")

    # What is on screen.

    def use(self, subject: Subject | None) -> None:
        """Another split, checkpoint or hand is in use (or none); its evaluation is looked for."""
        self._searches += 1
        self._subject, self.trouble = subject, ""
        self.phase = "none" if subject is None else "looking"
        self._document.set_evaluation(None)
        self._poll_where_needed()
        self.changed.emit()
        if subject is None or self._is_closed:
            return
        number, name = self._searches, self._remembered.get(subject)

        def work() -> None:
            try:
                if name and (early := open_remembered(subject, name)) is not None:
                    self._was_found.emit(number, early, False)
                self._was_found.emit(number, _found(subject), True)
            except RuntimeError:  # the window is gone meanwhile
                return

        QThreadPool.globalInstance().start(work)

    def _on_found(
        self, number: int, found: Evaluation | Exception | None, is_compared: bool
    ) -> None:
        if number != self._searches or self._is_closed:
            return
        shown = self._document.evaluation
        if isinstance(found, Exception):
            self._document.set_evaluation(None)
            self.phase, self.trouble = "damaged", str(found)
            self.damaged.emit(self.trouble)
        elif found is None:
            self._document.set_evaluation(None)
            self.phase = "absent"
        else:
            is_shown = shown is not None and shown.folder == found.folder
            self._show(shown if is_shown else found)
            if is_compared:
                self._remembered.put(self._subject, found.folder.name)
        self.changed.emit()

    def _show(self, evaluation: Evaluation) -> None:
        self._document.set_evaluation(evaluation)
        if evaluation.is_complete:
            self.phase = "complete"
        else:
            self.phase = "elsewhere" if evaluation.is_being_written else "partial"
        self._poll_where_needed()

    def _poll_where_needed(self) -> None:
        follows = self.phase == "elsewhere" or self.is_running
        if follows and not self._is_closed:
            self._poll.start()
        else:
            self._poll.stop()

    def _look(self) -> None:
        """Tell of new rows, and see whether somebody else's evaluation has ended."""
        evaluation = self._document.evaluation
        if evaluation is None:
            return
        self.grew.emit()
        if not self.is_running_here:
            self._show(evaluation)
        self.changed.emit()

    # Beginning and ending.

    def start(self) -> None:
        """Evaluate what is on screen, or go on where it was left."""
        subject = self._subject
        if subject is None or self.is_running:
            return
        self.run = Run(subject, time.monotonic())
        self._job = job = EvaluationJob(self, command=self.command)
        job.started.connect(self._on_started)
        job.progressed.connect(self._on_progressed)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._end_run)
        job.start(subject.arguments)
        self._poll_where_needed()
        self.changed.emit()

    def cancel(self) -> None:
        """End it; every row that was written stays."""
        if self._job is not None and self.run is not None:
            self.run = replace(self.run, is_ending=True)
            self._job.cancel()
            self.changed.emit()

    def close(self) -> None:
        """End everything now; for a window that closes."""
        self._is_closed = True
        self._searches += 1
        self._poll.stop()
        if self._job is not None:
            self._job.end()
            self._job = self.run = None

    # What the process tells.

    def _on_started(self, started: Started) -> None:
        from core.evaluation.store import open_evaluation

        self._folder = started.folder
        done, total = started.done, started.total
        self.run = replace(self.run, done=done, total=total, before=done)
        if self.is_on_screen(self.run.subject):
            try:
                self._show(open_evaluation(started.folder))
            except ValueError as error:
                self.phase, self.trouble = "damaged", str(error)
        self.changed.emit()

    def _on_progressed(self, progress: Progressed) -> None:
        self.run = replace(
            self.run,
            done=progress.done,
            total=progress.total,
            rate=progress.rate,
            eta_s=progress.eta_s,
        )
        self.changed.emit()

    def _on_finished(self, _folder: Path) -> None:
        run = self.run
        self._end_run()
        self.finished.emit(run, time.monotonic() - run.began_s)

    def _on_failed(self, sentence: str, details: str) -> None:
        run = self.run
        self._end_run()
        self.failed.emit(run, sentence, details)

    def _end_run(self) -> None:
        """The process is gone: what it wrote stands."""
        was_here = self.is_running_here
        self._job.deleteLater()
        self._job = self.run = None
        evaluation = self._document.evaluation
        if was_here and evaluation is not None:
            self._show(evaluation)
            self.grew.emit()
        self._poll_where_needed()
        self.changed.emit()

    def is_on_screen(self, subject: Subject) -> bool:
        """Whether it is what is on screen, be it opened anew."""
        mine = self._subject
        return mine is not None and (
            (mine.checkpoint, mine.index.root, mine.index.split, mine.hand_model_path)
            == (
                subject.checkpoint,
                subject.index.root,
                subject.index.split,
                subject.hand_model_path,
            )
        )


def _found(subject: Subject) -> Evaluation | Exception | None:
    try:
        return subject.find()
    except (OSError, ValueError) as error:
        return error
