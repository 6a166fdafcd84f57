"""Going through the samples: steps, jumps, playing a sequence, and what comes next."""

import time
from collections import deque

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.data.frame import FrameId
from utnet_viewer.document import Document, Sample
from utnet_viewer.samples.panel import SamplesPanel

#: HO-3D's sequences are 30 frames a second.
FRAME_RATE = 30.0

#: While playing, how long a frame may wait for its prediction before it is passed over.
PATIENCE_S = 0.4

LONG_STEP = 10


class Stepper(QObject):
    """Moves the document's row; remembers which way, so that the loader can look ahead."""

    playing_changed = Signal(bool)

    def __init__(self, document: Document, samples: SamplesPanel, parent=None) -> None:
        super().__init__(parent)
        self._document, self._samples = document, samples
        self._stride, self._through_list = 1, False
        self._player = _Player(document, self)
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
    """Shows, of the rows of one sequence, the one that is due; passes over what comes too late."""

    ended = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
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
        return [int(self._rows[p]) for p in ahead if p < len(self._rows)]

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
            self._stride = min(due - self._position, LONG_STEP)
            self._position, self._shown_at = due, time.perf_counter()
            self._document.select(int(self._rows[due]))
        elif self._position == len(self._rows) - 1:
            self.end()

    def _is_waiting(self) -> bool:
        """Whether the current frame is still to be shown whole."""
        sample = self._document.sample
        if sample is None or sample.row != self._document.row:
            return True
        is_patient = time.perf_counter() - self._shown_at < PATIENCE_S
        return is_patient and not self._is_whole(sample)

    def _is_whole(self, sample: Sample) -> bool:
        may_come = self._document.engine.phase in ("ready", "busy")
        return sample.prediction is not None or bool(sample.problem) or not may_come

    def _on_sample(self, sample: Sample | None) -> None:
        if sample is not None and self.is_active and self._is_whole(sample):
            self._frame_times.append(time.perf_counter())
