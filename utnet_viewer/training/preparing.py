"""A tab's first moments: libraries in a thread, then one part of it a turn."""

import importlib
import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

#: All that the Train tab needs: in its own turns, the window would stand still for 0.1 s over it.
LIBRARIES = ("core.training.legacy_config", "utnet_viewer.training.workspace")


class Preparation(QObject):
    """Imports libraries in a thread, then calls the steps one after the other."""

    done = Signal()
    failed = Signal(str)  # why, and what to do

    _imported = Signal()

    def __init__(
        self,
        steps: Sequence[Callable[[], None]],
        parent: QObject | None = None,
        *,
        libraries: Sequence[str] = LIBRARIES,
    ) -> None:
        super().__init__(parent)
        self._steps, self._libraries = list(steps), libraries
        self._thread = threading.Thread(target=self._import, name="tab imports", daemon=True)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._next)
        self._imported.connect(self._turn.start)

    def start(self) -> None:
        """Begin; `done` or `failed` follows."""
        self._thread.start()

    def end(self) -> None:
        """Call no further step, and wait for the thread: an import cannot be stopped half-way."""
        self._steps.clear()
        self._turn.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _import(self) -> None:
        for name in self._libraries:
            try:
                importlib.import_module(name)
            except ImportError as error:
                self.failed.emit(f"{name} cannot be imported: {error}. Set up again by: make run")
                return
        self._imported.emit()

    def _next(self) -> None:
        if not self._steps:
            return
        self._steps.pop(0)()
        if self._steps:
            self._turn.start()
        else:
            self.done.emit()


class WaitingPage(QStackedWidget):
    """Says that something is coming, until it is there."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(words)
        self.words.setObjectName("quiet")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.addWidget(self.words)

    def show_instead(self, widget: QWidget) -> None:
        """It is there."""
        self.addWidget(widget)
        self.setCurrentWidget(widget)
