"""Work that can wait until the photo is painted: one piece in each turn of the event loop.

Painting everything of a sample in one go would hold up keys and pointer for as long as all panels
take together.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Pieces of work in the order in which they were first asked for; each waits only once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[Callable[[], None], None] = {}
        # A timer of 0 ms comes after all events and would starve while a key is held.
        self._timer = QTimer(self, interval=1)
        self._timer.timeout.connect(self._next)

    @property
    def is_busy(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    def later(self, work: Callable[[], None]) -> None:
        """Do this in a turn of its own; asked for again before that, it is done once."""
        self._waiting.setdefault(work)
        if not self._timer.isActive():
            self._timer.start()

    def finish(self) -> None:
        """Do at once what waits."""
        while self._waiting:
            self._next()

    def _next(self) -> None:
        work = next(iter(self._waiting), None)
        if work is not None:
            del self._waiting[work]
        if not self._waiting:
            self._timer.stop()
        if work is not None:
            work()
