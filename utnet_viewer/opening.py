"""Opening a dataset in a worker thread: progress, cancelling, and errors people can act on."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.data.frame_index import FrameIndex
from core.data.opening import available_splits, open_dataset
from core.data.problems import IndexingCancelledError, MissingListError
from core.hand.hand_model import HandModel
from utnet_viewer.samples.catalogue import Catalogue

log = logging.getLogger("utnet_viewer")


@dataclass(frozen=True)
class Order:
    """What is to be opened; `split` "" is the first there is, `frame` "" the first row."""

    root: Path
    split: str = ""
    frame: str = ""
    without_list: bool = False


@dataclass(frozen=True)
class Opened:
    """What came of it."""

    order: Order
    index: FrameIndex
    catalogue: Catalogue
    splits: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """Why it could not be opened."""

    order: Order
    text: str
    list_is_missing: bool = False


class Opener(QObject):
    """Opens one dataset at a time; a newer order takes the place of an older one."""

    progressed = Signal(int, int, float)  # done, total, seconds to go (NaN when unknown)
    opened = Signal(object)  # Opened
    refused = Signal(object)  # Refused

    _ended = Signal(int, object)  # serial, Opened | Refused | None when cancelled

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._serial = 0
        self._is_busy = False
        self._ended.connect(self._on_ended)

    @property
    def is_busy(self) -> bool:
        """Whether something is being opened."""
        return self._is_busy

    def open(self, order: Order, hand_model: HandModel) -> None:
        """Begin; `opened` or `refused` follows, or nothing after `cancel`."""
        self._serial += 1
        self._is_busy = True
        serial = self._serial

        def work() -> None:
            self._ended.emit(serial, self._try(serial, order, hand_model))

        self._pool.start(work)

    def cancel(self) -> None:
        """Stop what is under way; a worker notices at its next report of progress."""
        self._serial += 1
        self._is_busy = False

    def close(self) -> None:
        """Cancel and wait for the worker."""
        self.cancel()
        self._pool.clear()
        self._pool.waitForDone()

    def _try(self, serial: int, order: Order, hand_model: HandModel) -> Opened | Refused | None:
        report = self._reporter(serial)
        try:
            splits = available_splits(order.root)
            index = open_dataset(
                order.root,
                order.split or None,
                hand_model=hand_model,
                allow_missing_list=order.without_list,
                progress=report,
            )
            return Opened(order, index, Catalogue.of_index(index), splits)
        except IndexingCancelledError:
            return None
        except (OSError, ValueError) as error:
            return Refused(order, str(error), isinstance(error, MissingListError))
        except Exception as error:
            log.exception("opening %s", order.root)
            return Refused(order, f"{order.root}: {error!r}")

    def _reporter(self, serial: int):
        """A progress function that estimates the time to go and stops when it is not wanted."""
        began_at = last_at = time.perf_counter()

        def report(done: int, total: int) -> bool:
            nonlocal last_at
            now = time.perf_counter()
            if now - last_at >= 0.1 and serial == self._serial:
                last_at = now
                to_go_s = (now - began_at) * (total - done) / done if done else float("nan")
                self.progressed.emit(done, total, to_go_s)
            return serial == self._serial

        return report

    def _on_ended(self, serial: int, result: Opened | Refused | None) -> None:
        if serial != self._serial:
            return
        self._is_busy = False
        if isinstance(result, Opened):
            self.opened.emit(result)
        elif isinstance(result, Refused):
            self.refused.emit(result)
