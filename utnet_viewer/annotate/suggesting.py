"""Suggestions in the window: those that are kept are read, others are looked for in a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QThreadPool, Signal

from utnet_viewer.document import Document
from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.suggestion_job import SuggestionJob

if TYPE_CHECKING:  # a thread imports them
    from core.annotation.suggestion_file import Kept
    from core.data.frame_index import FrameIndex
    from core.evaluation.store import Evaluation
    from core.hand.hand_model import HandModel
    from utnet_viewer.session import Session

Phase = Literal["none", "reading", "absent", "ready", "running"]


@dataclass(frozen=True)
class _Found:
    """What a thread came to: what is kept, why it is old ("" where it is not), what went wrong."""

    kept: Kept | None = None
    old: str = ""
    problem: str = ""


class Suggesting(QObject):
    """Of the open split; another one asks anew, and ends the search that runs.

    Attributes:
        phase: "ready" where `kept` is there; while one is "running", `kept` may be of before.
        kept: What was found, the most suspicious first.
        old: Why that is no more what one would find now; "" where it is.
        problem: Why the last search, or reading, failed; "" where it did not.
        done, total: Labels read, of how many, while it runs.
    """

    changed = Signal()

    _was_read = Signal(int, object)  # number of the reading, _Found

    def __init__(
        self,
        document: Document,
        options: Callable[[], list[str]],
        parent: QObject | None = None,
    ) -> None:
        """`options` gives the command's options for how the split was opened."""
        super().__init__(parent)
        self._document, self._options = document, options
        self.command: Sequence[str] = COMMAND  # tests put another one here
        self.phase: Phase = "none"
        self.kept: Kept | None = None
        self.old = self.problem = ""
        self.done = self.total = 0
        self._job: SuggestionJob | None = None
        self._readings = 0
        self._is_wanted = self._is_closed = False
        self._was_read.connect(self._on_read)
        document.dataset_changed.connect(self._on_dataset)
        document.labels_changed.connect(self._read)
        document.hand_model_changed.connect(self._read)
        document.evaluation_changed.connect(lambda _evaluation: self._read())

    def want(self) -> None:
        """Somebody looks: from now on what is kept is read. Before, nothing is."""
        if not self._is_wanted:
            self._is_wanted = True
            self._read()

    def look_again(self) -> None:
        """The evaluation grew: once it is complete, what is kept may be old."""
        evaluation = self._document.evaluation
        is_complete = evaluation is not None and evaluation.is_complete
        if is_complete and self.kept is not None and not self.old:
            self._read()

    def _on_dataset(self) -> None:
        self._end_job()
        self.kept, self.old, self.problem = None, "", ""
        self.phase = "none"
        self._read()

    # Reading what is kept.

    def _read(self) -> None:
        """Read in a thread: comparing takes tenths of a second at 100,000 frames."""
        self._readings += 1
        index = self._document.index
        if index is None or not self._is_wanted or self._is_closed:
            self.changed.emit()
            return
        if self.phase != "running":
            self.phase = "reading"
        number, hand_model = self._readings, self._document.hand_model
        evaluation = self._document.evaluation

        def work() -> None:
            found = _read_kept(index, hand_model, evaluation)
            try:
                self._was_read.emit(number, found)
            except RuntimeError:  # the window is gone meanwhile
                return

        QThreadPool.globalInstance().start(work)
        self.changed.emit()

    def _on_read(self, number: int, found: _Found) -> None:
        if number != self._readings or self._is_closed:
            return
        self.kept, self.old = found.kept, found.old
        self.problem = self.problem or found.problem
        if self.phase != "running":
            self.phase = "absent" if found.kept is None else "ready"
        self.changed.emit()

    # Looking for others.

    @property
    def can_start(self) -> bool:
        """Whether there is something to look through, and nobody does."""
        return self._document.index is not None and self._job is None and not self._is_closed

    def start(self) -> None:
        """Look through the open split."""
        if not self.can_start:
            return
        index, evaluation = self._document.index, self._document.evaluation
        self.phase, self.problem = "running", ""
        self.done, self.total = 0, len(index)
        self._job = job = SuggestionJob(self, command=self.command)
        job.progressed.connect(self._on_progressed)
        job.finished.connect(self._on_finished)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)
        by = "none" if evaluation is None else str(evaluation.folder)
        arguments = [str(index.root), "--split", index.split, "--evaluation", by]
        job.start([*arguments, *self._options()])
        self.changed.emit()

    def cancel(self) -> None:
        """End the search; what was found before stays."""
        if self._job is not None:
            self._job.cancel()

    def shut_down(self) -> None:
        """End everything now; for a window that closes."""
        self._is_closed = True
        self._readings += 1
        self._end_job()

    def _end_job(self) -> None:
        if self._job is not None:
            self._job.end()
            self._forget_job()

    def _forget_job(self) -> None:
        self._job.deleteLater()
        self._job = None
        self.phase = "absent" if self.kept is None else "ready"

    def _on_progressed(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self.changed.emit()

    def _on_finished(self, _path: Path) -> None:
        self._forget_job()
        self._read()

    def _on_failed(self, sentence: str, _details: str) -> None:
        self._forget_job()
        self.problem = sentence
        self.changed.emit()

    def _on_cancelled(self) -> None:
        self._forget_job()
        self.changed.emit()


def opening_options(session: Session) -> list[str]:
    """Options of ``utnet annotations suggest`` for how the session has opened its split."""
    options = ["--hand-model", session.hand_model_path] if session.hand_model_path else []
    return [*options, "--without-list"] if session.is_without_list else options


def _read_kept(index: FrameIndex, hand_model: HandModel, evaluation: Evaluation | None) -> _Found:
    """For a thread: it reads files."""
    from core.annotation.suggestion_file import Basis, read_suggestions, suggestions_path

    try:
        kept = read_suggestions(suggestions_path(index))
        if kept is None:
            return _Found()
        if kept.count != len(index):
            return _Found(problem="The frames of this split are others now: look again.")
        return _Found(kept, Basis.of(index, hand_model, evaluation).changed_since(kept.basis))
    except (OSError, ValueError) as error:
        return _Found(problem=str(error))
