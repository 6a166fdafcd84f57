"""Going through the samples: steps, jumps, playing a sequence, and what comes next."""

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.data.frame import FrameId
from utnet_viewer.document import Document, Sample
from utnet_viewer.samples.panel import SamplesPanel

#: HO-3D's sequences are 30 frames a second.
FRAME_RATE = 30.0

#: While playing, how long to wait for a prediction before the frame that is due is shown without.
PATIENCE_S = 1.0

LONG_STEP = 10


class Stepper(QObject):
    """Moves the document's row; remembers which way, so that the loader can look ahead."""

    playing_changed = Signal(bool)

    def __init__(
        self,
        document: Document,
        samples: SamplesPanel,
        *,
        is_at_hand: Callable[[int], bool],
        parent: QObject | None = None,
    ) -> None:
        """`is_at_hand` tells whether a row could be shown whole at once."""
        super().__init__(parent)
        self._document, self._samples = document, samples
        self._stride, self._through_list = 1, False
        self._player = _Player(document, is_at_hand, self)
        self._player.ended.connect(lambda: self.playing_changed.emit(False))
        document.dataset_changed.connect(self.stop)

    def step(self, rows: int) -> None:
        """Forward or back in the dataset's order."""
        self._stride, self._through_list = rows, False
        self._document.select(self._document.row + rows)

    def first(self) -> None:
        """To the first row."""
        self._stride, self._through_list = 1, False
        self._document.select(0)

    def last(self) -> None:
        """To the last row."""
        self._stride, self._through_list = -1, False
        if self._document.index is not None:
            self._document.select(len(self._document.index) - 1)

    def step_in_list(self, step: int) -> None:
        """To the next or previous sample of the list as it is sorted and filtered."""
        self._stride, self._through_list = step, True
        row = self._samples.neighbour(self._document.row, step)
        if row is not None:
            self._document.select(row)

    def jump(self, text: str) -> str:
        """Go to ``SEQ/ID`` or to the n-th sample; returns why that is impossible, else ""."""
        index, text = self._document.index, text.strip()
        if index is None:
            return "No dataset is open."
        if text.isdecimal():
            number = int(text)
            if not 1 <= number <= len(index):
                return f"There are samples 1 to {len(index):,}, not {number:,}."
            self._document.select(number - 1)
            return ""
        try:
            row = index.row_of(FrameId.parse(text))
        except (KeyError, ValueError) as error:
            return str(error.args[0])
        self._document.select(row)
        return ""

    def neighbours(self, row: int) -> list[int]:
        """Rows likely to be wanted after `row`, likeliest first."""
        if self.is_playing:
            wanted = self._player.coming()
        elif self._through_list:
            wanted = [self._samples.neighbour(row, self._stride * n) for n in (1, 2, 3, -1)]
        else:
            s = self._stride
            wanted = [row + s, row + 2 * s, row + 3 * s, row + 4 * s, row - s, row + 1, row - 1]
        count = len(self._document.index)
        return list(dict.fromkeys(r for r in wanted if r is not None and 0 <= r < count))

    @property
    def is_playing(self) -> bool:
        """Whether a sequence is being played."""
        return self._player.is_active

    @property
    def frames_per_second(self) -> float:
        """How many different frames were shown whole in the last second of playing."""
        return self._player.frames_per_second

    def toggle_play(self) -> None:
        """Play the current sequence from here, or stop."""
        if self.is_playing:
            self.stop()
        elif self._document.index is not None and self._document.row >= 0:
            self._player.begin()
            self.playing_changed.emit(True)

    def stop(self) -> None:
        """Stop playing."""
        if self.is_playing:
            self._player.end()


class _Player(QObject):
    """Shows, of the rows of one sequence, the latest predicted one that is due.

    Rows that are passed over are those the engine is too slow for: what is looked ahead for lies as
    far apart as the rows that were shown.
    """

    ended = Signal()

    def __init__(
        self, document: Document, is_at_hand: Callable[[int], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._is_at_hand = document, is_at_hand
        self._timer = QTimer(self, interval=round(1000 / FRAME_RATE))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._rows = np.empty(0, int)
        self._first = self._position = 0
        self._stride = 1
        self._began_at = self._shown_at = 0.0
        self._frame_times: deque[float] = deque(maxlen=64)
        document.sample_changed.connect(self._on_sample)

    @property
    def is_active(self) -> bool:
        return self._timer.isActive()

    @property
    def frames_per_second(self) -> float:
        now = time.perf_counter()
        return float(sum(now - moment <= 1.0 for moment in self._frame_times))

    def begin(self) -> None:
        """From the current row; from the sequence's first frame when the row is its last."""
        self._take_sequence()
        if self._position == len(self._rows) - 1:
            self._position = 0
        self._frame_times.clear()
        self._timer.start()
        self._restart_clock()
        self._document.select(int(self._rows[self._position]))

    def end(self) -> None:
        """Stop here."""
        self._timer.stop()
        self.ended.emit()

    def coming(self) -> list[int]:
        """The rows that will be due next."""
        ahead = self._position + self._stride * np.arange(1, 5)
        return self._rows[np.minimum(ahead, len(self._rows) - 1)].tolist()

    def _take_sequence(self) -> None:
        index, row = self._document.index, self._document.row
        self._rows = index.sequences[index.frame_id(row).sequence]
        self._position = int(np.flatnonzero(self._rows == row)[0])

    def _restart_clock(self) -> None:
        self._first, self._stride = self._position, 1
        self._began_at = self._shown_at = time.perf_counter()

    def _tick(self) -> None:
        if self._document.row != self._rows[self._position]:  # the person went elsewhere
            self._take_sequence()
            self._restart_clock()
        if self._is_waiting():
            return
        elapsed_s = time.perf_counter() - self._began_at
        due = min(self._first + int(elapsed_s * FRAME_RATE), len(self._rows) - 1)
        if due > self._position:
            self._go_towards(due)
        elif self._position == len(self._rows) - 1:
            self.end()

    def _go_towards(self, due: int) -> None:
        following = range(due, self._position, -1)
        place = next((p for p in following if self._is_at_hand(int(self._rows[p]))), None)
        if place is None:
            if self._is_patient():
                return
            place = due
        # As far as this time, or as far as it takes to catch up.
        self._stride = min(max(place - self._position, due - place), LONG_STEP)
        self._position, self._shown_at = place, time.perf_counter()
        self._document.select(int(self._rows[place]))

    def _is_waiting(self) -> bool:
        """Whether the current frame is still to be shown whole."""
        sample = self._document.sample
        if sample is None or sample.row != self._document.row:
            return True
        return self._is_patient() and not self._is_whole(sample)

    def _is_patient(self) -> bool:
        may_come = self._document.engine.phase in ("ready", "busy")
        return may_come and time.perf_counter() - self._shown_at < PATIENCE_S

    def _is_whole(self, sample: Sample) -> bool:
        may_come = self._document.engine.phase in ("ready", "busy")
        return sample.prediction is not None or bool(sample.problem) or not may_come

    def _on_sample(self, sample: Sample | None) -> None:
        if sample is not None and self.is_active and self._is_whole(sample):
            self._frame_times.append(time.perf_counter())
