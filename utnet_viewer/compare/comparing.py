"""Compares evaluations beside the event loop: the newest wish counts, and it can be left."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.evaluation.store import Evaluation
from utnet_viewer.compare.result import Result
from utnet_viewer.crash_log import log

#: Results that are kept: to look at another figure and back costs nothing.
_MOST_KEPT = 24


class CancelledError(Exception):
    """Nobody wants the result any more."""


@dataclass(frozen=True)
class Wish:
    """What is to be compared: A, B and further evaluations, by a figure's column."""

    evaluations: tuple[Evaluation, ...]
    metric: str

    @property
    def key(self) -> tuple:
        """What the result depends on; an evaluation that grew is another one."""
        parts = [(e.identity.key, e.done) for e in self.evaluations]
        return (*parts, self.metric)


#: Compares; tells how far it is (0 to 1), which raises CancelledError where it is to stop.
Find = Callable[[Sequence[Evaluation], str, Callable[[float], None]], Result]


class Comparing(QObject):
    """Runs one comparison at a time in a thread. `changed` says that any of the attributes did.

    Attributes:
        result: The newest, or None.
        problem: Why there is none, in a sentence; "" where nothing went wrong.
        is_running: Whether a newer one is on its way.
    """

    changed = Signal()
    progressed = Signal(float)  # 0 to 1

    _told = Signal(int, float)
    _ended = Signal(int, object, object, str)  # serial, Wish's key, Result | None, problem

    def __init__(self, find: Find, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._find = find
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._serial = 0
        self._stop = threading.Event()
        self._kept: OrderedDict[tuple, Result] = OrderedDict()
        self.result: Result | None = None
        self.problem = ""
        self.is_running = False
        self._told.connect(self._on_told)
        self._ended.connect(self._on_ended)

    def compare(self, wish: Wish) -> None:
        """Compare; what was known before stays on screen until then."""
        self._leave()
        self.problem = ""
        key = wish.key
        kept = self._kept.get(key)
        if kept is not None:
            self.result = kept
            self.changed.emit()
            return
        self.is_running = True
        self._start(wish, key)
        self.changed.emit()

    def forget(self) -> None:
        """There is nothing to compare."""
        self._leave()
        self.result, self.problem = None, ""
        self.changed.emit()

    def cancel(self) -> None:
        """Leave the comparison that runs; the result before it stays."""
        if self.is_running:
            self._leave()
            self.problem = "The comparison was cancelled. Choose again to compare."
            self.changed.emit()

    def close(self) -> None:
        """Leave what runs, and wait for its thread."""
        self._leave()
        self._pool.clear()
        self._pool.waitForDone()

    def _leave(self) -> None:
        self._serial += 1
        self._stop.set()
        self._pool.clear()
        self.is_running = False

    def _start(self, wish: Wish, key: tuple) -> None:
        serial = self._serial
        stop = self._stop = threading.Event()

        def tell(share: float) -> None:
            if stop.is_set():
                raise CancelledError
            self._told.emit(serial, share)

        def work() -> None:
            result, problem = None, ""
            try:
                tell(0.0)
                result = self._find(wish.evaluations, wish.metric, tell)
            except CancelledError:
                return
            except (OSError, ValueError) as error:
                problem = str(error)
            except Exception as error:  # told where the result would stand
                log.exception("comparing")
                problem = f"The comparison failed: {error!r}"
            if not stop.is_set():
                self._ended.emit(serial, key, result, problem)

        self._pool.start(work)

    def _on_told(self, serial: int, share: float) -> None:
        if serial == self._serial:
            self.progressed.emit(share)

    def _on_ended(self, serial: int, key: tuple, result: Result | None, problem: str) -> None:
        if serial != self._serial:
            return
        self.is_running, self.problem = False, problem
        self.result = result
        if result is not None:
            self._kept[key] = result
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self.changed.emit()
