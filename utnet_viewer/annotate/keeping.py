"""Says in the window what becomes of annotations, and asks before some would be lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from utnet_viewer.annotate.annotations import Annotations

if TYPE_CHECKING:
    from utnet_viewer.annotate.unsaved_question import UnsavedQuestion
    from utnet_viewer.main_window import MainWindow

FAILING, DAMAGED = "Annotations are not saved", "The annotations are damaged"
READ_ONLY = "The annotations are read-only"

#: How long closing waits for a thread that is writing just now.
PATIENCE_S = 1.0


class Keeping(QObject):
    """Notices and the question at closing; `notice` is the session's."""

    def __init__(
        self,
        annotations: Annotations,
        window: MainWindow,
        notice: Callable[..., None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._annotations, self._window, self._notice = annotations, window, notice
        self._may_close = False
        self.question: UnsavedQuestion | None = None
        annotations.failing.connect(self._on_failing)
        annotations.opened.connect(self._on_opened)
        annotations.changed.connect(self._on_changed)
        window.ask_before_closing(self._ask, is_last=True)

    def _on_failing(self, why: str) -> None:
        self._window.drop_notices(FAILING)
        if why:
            self._notice(
                FAILING,
                f"{why.rstrip('.')}. What you change waits, and is tried again by itself.",
                button="Try again",
                run=self._try_again,
            )

    def _try_again(self) -> None:
        self._annotations.try_again()

    def _on_changed(self, _frames: object) -> None:
        if self._annotations.path is None:
            self._window.drop_notices(DAMAGED)
            self._window.drop_notices(READ_ONLY)

    def _on_opened(self) -> None:
        annotations = self._annotations
        self._window.drop_notices(DAMAGED)
        self._window.drop_notices(READ_ONLY)
        if annotations.damage:
            words = f"{annotations.path}: {annotations.damage}"
            self._notice(DAMAGED, words, button="Try again", run=self._try_again)
        elif annotations.is_read_only:
            words = f"{annotations.path} cannot be written by you, so nothing can be changed."
            self._notice(READ_ONLY, words, kind="warning", button="Try again", run=self._try_again)

    # Closing.

    def _ask(self) -> bool:
        """Whether the window may close now; asks where edits would be lost with it."""
        annotations = self._annotations
        if self._may_close or not annotations.pending or annotations.wait_saved(PATIENCE_S):
            return True
        if self.question is None:
            from utnet_viewer.annotate.unsaved_question import UnsavedQuestion

            self.question = UnsavedQuestion(annotations, self._window)
            self.question.agreed.connect(self._close)
            self.question.finished.connect(self._on_answered)
        self.question.open()
        return False

    def _on_answered(self, _result: int) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None

    def _close(self) -> None:
        self._may_close = True
        self._window.close()
        self._may_close = False  # where another question kept it open
