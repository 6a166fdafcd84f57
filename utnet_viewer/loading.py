"""Brings the selected sample onto the screen: reads it, asks for its prediction, looks ahead.

Reading and measuring happen in worker threads, predicting in the engine's process, so the event
loop never waits. The newest selection wins; what nobody looks at any more is not begun. Looking
ahead begins when the selected sample is on screen: two cores are soon busy.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from core.evaluation.prediction import Prediction
from utnet_viewer.document import Document, EngineState, Sample
from utnet_viewer.processes.engine_client import EngineClient
from utnet_viewer.reading import Loaded, load, with_prediction

CACHE_BYTES = 200_000_000
_NOW, _AHEAD = 1, 0

#: A sample whose prediction does not come holds up looking ahead for no longer than this.
PATIENCE_MS = 300


class Loader(QObject):
    """Listens to the document's row and the engine; writes samples into the document."""

    shown = Signal(int, float)  # row, milliseconds from its selection to the complete sample
    scored = Signal(int, object)  # row, FrameMetrics
    unreadable = Signal(int, str)  # row, why

    _was_read = Signal(int, object)  # serial, Loaded
    _was_measured = Signal(int, object)  # round, Sample

    def __init__(
        self,
        document: Document,
        engine: EngineClient,
        *,
        neighbours: Callable[[int], list[int]],
        parent: QObject | None = None,
    ) -> None:
        """`neighbours` tells which rows are likely to be wanted after a row, likeliest first."""
        super().__init__(parent)
        self._document, self._engine, self._neighbours = document, engine, neighbours
        # One thread each: what is looked at does not wait for what may be wanted next.
        self._pools = {_NOW: QThreadPool(self), _AHEAD: QThreadPool(self)}
        for pool in self._pools.values():
            pool.setMaxThreadCount(1)
        self._serial = 0  # of dataset and hand model: answers to an older one are dropped
        self._round = 0  # of those and the network: what an older one said is dropped
        self._cache: OrderedDict[int, Loaded] = OrderedDict()
        self._reading: set[int] = set()
        self._ahead: list[int] = []
        self._selected_at = 0.0
        self._is_closed = False
        self._ahead_delay = QTimer(self, singleShot=True)
        self._ahead_delay.timeout.connect(self._look_ahead)
        document.dataset_changed.connect(self.forget)
        document.hand_model_changed.connect(self.reload)
        document.labels_changed.connect(self.reload)
        document.row_changed.connect(self._on_row_changed)
        engine.state_changed.connect(self._on_engine_state)
        engine.prediction_ready.connect(self._on_prediction)
        engine.prediction_failed.connect(self._on_prediction_failed)
        self._was_read.connect(self._on_read)
        self._was_measured.connect(self._on_measured)

    # What the session asks for.

    def forget(self) -> None:
        """Drop everything that was read: another dataset is open."""
        self._serial += 1
        self._round += 1
        self._cache.clear()
        self._reading.clear()
        self._ahead = []

    def reload(self) -> None:
        """Read the current row again, from the files."""
        self.forget()
        if self._document.row >= 0:
            self._on_row_changed(self._document.row)

    def predict_again(self) -> None:
        """Another model answers from now on: drop predictions, ask for the current one."""
        self._round += 1  # a measurement under way is the other model's
        for row, entry in self._cache.items():
            sample = entry.sample
            if sample.prediction is not None:
                sample = replace(sample, prediction=None, metrics=None)
                self._cache[row] = replace(entry, sample=sample)
        if self._document.row in self._cache:
            self._show(self._cache[self._document.row])

    def is_whole(self, row: int) -> bool:
        """Whether a row is read and predicted, or known to have a problem."""
        entry = self._cache.get(row)
        return entry is not None and (
            entry.sample.prediction is not None or bool(entry.sample.problem)
        )

    def close(self) -> None:
        """End the worker threads; waits for the frame that is being read just now."""
        self._is_closed = True
        self._ahead_delay.stop()
        for pool in self._pools.values():
            pool.clear()
            pool.waitForDone()

    # Reading.

    def _on_row_changed(self, row: int) -> None:
        if row < 0 or self._is_closed:
            return
        self._selected_at = time.perf_counter()
        self._ahead_delay.start(PATIENCE_MS)
        entry = self._cached(row)
        if entry is None:
            self._ahead = []  # what was near before is not begun any more
            self._read(row, _NOW)
        else:
            self._show(entry)

    def _look_ahead(self) -> None:
        if self._is_closed:  # and its timer may be gone with the window
            return
        self._ahead_delay.stop()
        row = self._document.row
        if row < 0:
            return
        self._ahead = [r for r in self._neighbours(row) if r != row]
        for neighbour in self._ahead:
            if neighbour not in self._cache:
                self._read(neighbour, _AHEAD)
        self._predict_ahead()
        self._tell_neighbour()

    def _tell_neighbour(self) -> None:
        """The likeliest next sample, as soon as it is complete."""
        if self._ahead and self.is_whole(self._ahead[0]):
            self._document.neighbour_ready.emit(self._cache[self._ahead[0]].sample)

    def _cached(self, row: int) -> Loaded | None:
        entry = self._cache.get(row)
        if entry is not None:
            self._cache.move_to_end(row)
        return entry

    def _read(self, row: int, priority: int) -> None:
        # A row that already waits as a neighbour is asked for again when it becomes urgent;
        # whichever comes first reads it.
        if row in self._reading and priority == _AHEAD:
            return
        self._reading.add(row)
        serial, index = self._serial, self._document.index
        hand_model = self._document.hand_model

        def work() -> None:
            if self._is_wanted(serial, row):
                loaded = load(index, row, hand_model)
                if not self._is_closed:
                    self._was_read.emit(serial, loaded)

        self._pools[priority].start(work)

    def _is_wanted(self, serial: int, row: int) -> bool:
        """Asked from a worker just before it begins."""
        if self._is_closed or serial != self._serial or row in self._cache:
            return False
        if row == self._document.row or row in self._ahead:
            return True
        self._reading.discard(row)
        return False

    def _on_read(self, serial: int, loaded: Loaded) -> None:
        if serial != self._serial or self._is_closed:
            return
        row = loaded.sample.row
        self._reading.discard(row)
        if row in self._cache:
            return
        self._cache[row] = loaded
        self._shrink()
        if loaded.sample.frame is None:
            self.unreadable.emit(row, loaded.sample.problem)
        if row == self._document.row:
            self._show(loaded)
        self._predict_ahead()

    def _shrink(self) -> None:
        held = sum(entry.size_bytes for entry in self._cache.values())
        while held > CACHE_BYTES and len(self._cache) > 1:
            row = next(r for r in self._cache if r != self._document.row)
            held -= self._cache.pop(row).size_bytes

    # Showing and predicting.

    def _show(self, entry: Loaded) -> None:
        self._document.set_sample(entry.sample)
        row = entry.sample.row
        if entry.sample.prediction is not None or entry.crop_input is None:
            self._say_shown(row)
        else:
            self._engine.request(self._key(row), entry.crop_input)

    def _on_engine_state(self, state: EngineState) -> None:
        if state.phase == "starting":
            self._selected_at = math.nan  # its start says nothing about how fast a step is

    def _say_shown(self, row: int) -> None:
        self.shown.emit(row, (time.perf_counter() - self._selected_at) * 1000)
        self._document.turns.later(self._look_ahead)  # when everything of it is painted

    def _key(self, row: int) -> tuple[int, int]:
        return self._serial, row

    def _predict_ahead(self) -> None:
        items = []
        for row in self._ahead:
            entry = self._cache.get(row)
            if entry is None or entry.crop_input is None or entry.sample.prediction is not None:
                continue
            prediction = self._engine.cached(self._key(row))
            if prediction is not None:
                self._measure(entry.sample, prediction, _AHEAD)
            else:
                items.append((self._key(row), entry.crop_input))
        self._engine.prefetch(items)

    def _on_prediction(self, key: tuple[int, int], prediction: Prediction) -> None:
        serial, row = key
        entry = self._cache.get(row)
        if serial == self._serial and entry is not None and entry.sample.frame is not None:
            self._measure(entry.sample, prediction, _NOW if row == self._document.row else _AHEAD)

    def _measure(self, sample: Sample, prediction: Prediction, priority: int) -> None:
        asked_in = self._round

        def work() -> None:
            is_wanted = not self._is_closed and asked_in == self._round
            if is_wanted and not self._is_measured(sample.row):
                self._was_measured.emit(asked_in, with_prediction(sample, prediction))

        self._pools[priority].start(work)

    def _is_measured(self, row: int) -> bool:
        """Whether the row has its prediction; one asked for again waits with the first."""
        entry = self._cache.get(row)
        return entry is not None and entry.sample.prediction is not None

    def _on_measured(self, asked_in: int, sample: Sample) -> None:
        entry = self._cache.get(sample.row)
        # A second measurement of the same would be painted, and drawn ahead, a second time.
        if self._is_closed or asked_in != self._round or entry is None:
            return
        if self._is_measured(sample.row):
            return
        self._cache[sample.row] = replace(entry, sample=sample)
        if sample.metrics is not None:
            self.scored.emit(sample.row, sample.metrics)
        if sample.row == self._document.row:
            self._document.set_sample(sample)
            self._say_shown(sample.row)
        elif self._ahead[:1] == [sample.row]:
            self._tell_neighbour()

    def _on_prediction_failed(self, key: tuple[int, int], why: str) -> None:
        serial, row = key
        if serial == self._serial and row == self._document.row:
            # Without an engine on purpose, the reason is the window's to tell.
            state = self._document.engine
            self._document.update_sample(row, problem=state.note if state.phase == "off" else why)
            self._say_shown(row)
