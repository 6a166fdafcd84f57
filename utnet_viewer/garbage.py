"""Python's garbage, looked for in the window's own thread alone."""

import gc

from PySide6.QtCore import QObject, QTimer

#: How often it is looked whether there is enough of it.
INTERVAL_MS = 500


class GarbageCollector(QObject):
    """Takes apart what reference cycles leave behind, in the thread that owns the widgets.

    Python's own collector runs in whichever thread has just made an object, so in one that reads
    frames too. Where a dead cycle holds widgets, it destroys them there, which Qt forbids: now and
    then the program dies of it (the workaround is old: Kovid Goyal on the PyQt list, August 2011).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        """From now on nothing is collected but by `start`."""
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(collect_as_due)

    def start(self) -> None:
        """Collect from now on; what libraries have made so far stays and is not looked at."""
        gc.freeze()
        self._timer.start()


def collect_as_due() -> None:
    """Collect the oldest generation that has more than its threshold, as Python's own would."""
    due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
    if any(due):
        gc.collect(max(generation for generation, is_due in enumerate(due) if is_due))
