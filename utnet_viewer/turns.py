"""Work that can wait until the photo is painted: one piece in each turn of the event loop.

Painting everything of a sample in one go would hold up keys and pointer for as long as all panels
take together.
"""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

#: What is about to be replaced is not shown before this: a prediction is there sooner as a rule,
#: and would have to wait until all panels had painted themselves without it.
PATIENCE_MS = 150


class Turns(QObject):
    """Pieces of work in the order in which they were first asked for; each waits only once.

    What a piece changes on screen is painted in its own turn: left to the event loop, it would be
    painted together with the next piece's, or with the next photo.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[Callable[[], None], None] = {}
        # A timer of 0 ms comes after all events and would starve while a key is held.
        self._timer = QTimer(self, interval=1)
        self._timer.timeout.connect(self._next)
        self._has_painted = False  # the first turn is for the photo, which comes with new work
        self._passing: dict[Callable[[], None], None] = {}
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._lose_patience)

    @property
    def is_busy(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting or self._passing)

    def later(self, work: Callable[[], None], *, is_passing: bool = False) -> None:
        """Do this in a turn of its own; asked for again before that, it is done once.

        `is_passing` says that what it would show is about to be replaced: the work waits a moment
        for being asked for again.
        """
        if is_passing and work not in self._waiting:
            self._passing.setdefault(work)
            if not self._patience.isActive():
                self._patience.start()
            return
        self._passing.pop(work, None)
        if not self._passing:
            self._patience.stop()
        self._waiting.setdefault(work)
        self._has_painted = False
        if not self._timer.isActive():
            self._timer.start()

    def finish(self) -> None:
        """Do at once what waits."""
        self._lose_patience()
        while self._waiting:
            self._do_next()
        self._timer.stop()

    def forget(self) -> None:
        """Leave undone what waits."""
        self._waiting.clear()
        self._passing.clear()
        self._timer.stop()
        self._patience.stop()

    def _lose_patience(self) -> None:
        for work in list(self._passing):
            self.later(work)

    def _next(self) -> None:
        if self._has_painted:
            self._do_next()
        self._has_painted = True
        QCoreApplication.sendPostedEvents(None, QEvent.Type.UpdateRequest)

    def _do_next(self) -> None:
        work = next(iter(self._waiting))
        del self._waiting[work]
        if not self._waiting:
            self._timer.stop()
        work()
