"""Reads pairs and thumbnails beside the event loop: the newest wish first, one at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.evaluation.store import Evaluation
from core.hand.hand_model import HandModel
from utnet_viewer.compare.pairs import Pair, Thumbnail, read_pair, read_thumbnail
from utnet_viewer.crash_log import log
from utnet_viewer.document import Sample
from utnet_viewer.reading import Index

#: Kept in memory: a thumbnail takes 200 kB, a pair some 3 MB.
MOST_THUMBNAILS, MOST_PAIRS = 160, 8


class PairReader(QObject):
    """Ask for rows; what was read arrives by signal and is kept. Waits for nothing."""

    pair_ready = Signal(object)  # Pair
    thumbnail_ready = Signal(object)  # Thumbnail

    _was_read = Signal(int, object)  # serial, Pair | Thumbnail

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._serial = 0  # of dataset, evaluations and hand model: older answers are dropped
        self._index: Index | None = None
        self._evaluations: tuple[Evaluation, ...] = ()
        self._hand_model: HandModel | None = None
        self._pairs: OrderedDict[int, Pair] = OrderedDict()
        self._thumbnails: OrderedDict[int, Thumbnail] = OrderedDict()
        self._wanted_pairs: list[int] = []
        self._wanted_thumbnails: dict[str, list[int]] = {}
        self._is_busy = self._is_closed = False
        self._was_read.connect(self._on_read)

    def use(
        self,
        index: Index | None,
        evaluations: Sequence[Evaluation],
        hand_model: HandModel,
    ) -> None:
        """Read from these from now on; what was read of others is forgotten."""
        self._serial += 1
        self._index, self._evaluations = index, tuple(evaluations)
        self._hand_model = hand_model
        self._pairs.clear()
        self._thumbnails.clear()
        self._wanted_pairs, self._wanted_thumbnails = [], {}

    @property
    def is_busy(self) -> bool:
        """Whether something is being read."""
        return self._is_busy

    def pair(self, row: int) -> Pair | None:
        """A pair that was read."""
        return self._pairs.get(row)

    def thumbnail(self, row: int) -> Thumbnail | None:
        """A thumbnail that was read."""
        return self._thumbnails.get(row)

    def want_pairs(self, rows: Sequence[int]) -> None:
        """Read these next, the first of them first; earlier wishes are dropped."""
        self._wanted_pairs = [row for row in rows if row not in self._pairs]
        self._next()

    def want_thumbnails(self, whose: str, rows: Sequence[int]) -> None:
        """Read these after the pairs; earlier wishes of the same asker are dropped."""
        self._wanted_thumbnails[whose] = list(rows)
        self._next()

    def close(self) -> None:
        """Read nothing more; waits for the frame that is being read just now."""
        self._is_closed = True
        self._pool.clear()
        self._pool.waitForDone()

    def _next(self) -> None:
        if self._is_busy or self._is_closed or self._index is None or len(self._evaluations) < 2:
            return
        if self._wanted_pairs:
            row, read = self._wanted_pairs.pop(0), read_pair
        else:
            rows = [row for rows in self._wanted_thumbnails.values() for row in rows]
            row = next((row for row in rows if row not in self._thumbnails), -1)
            read = read_thumbnail
            if row < 0:
                return
        self._is_busy = True
        serial, given = self._serial, (self._index, row, self._evaluations, self._hand_model)

        def work() -> None:
            try:
                result = read(*given)
            except Exception as error:  # told in its place; the next one may be whole
                log.exception("row %d of %s", row, given[0].name)
                result = _failed(read is read_pair, row, f"This frame cannot be read: {error!r}")
            if not self._is_closed:
                self._was_read.emit(serial, result)

        self._pool.start(work)

    def _on_read(self, serial: int, result: Pair | Thumbnail) -> None:
        self._is_busy = False
        if serial == self._serial:
            if isinstance(result, Pair):
                _keep(self._pairs, result, MOST_PAIRS)
                self.pair_ready.emit(result)
            else:
                _keep(self._thumbnails, result, MOST_THUMBNAILS)
                self.thumbnail_ready.emit(result)
        self._next()


def _failed(is_pair: bool, row: int, problem: str) -> Pair | Thumbnail:
    sample = Sample(row, problem=problem)
    return Pair(row, sample, sample) if is_pair else Thumbnail(row, problem=problem)


def _keep(kept: OrderedDict, result: Pair | Thumbnail, most: int) -> None:
    kept[result.row] = result
    while len(kept) > most:
        kept.popitem(last=False)
