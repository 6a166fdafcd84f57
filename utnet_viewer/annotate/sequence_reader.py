"""Reads a sequence's labels, and single photos of it, beside the event loop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QThreadPool, Signal

from core.data.frame_index import FrameIndex
from utnet_viewer.annotate.sequence_plan import LabelledFrame, read_frame
from utnet_viewer.crash_log import log

#: Frames whose labels are read in one go: a photo that is wanted meanwhile waits no longer.
_CHUNK = 24


class SequenceReader(QObject):
    """Ask for the labels once and for photos whenever one is looked at; the newest photo wins."""

    chunk_read = Signal(object)  # list[LabelledFrame]: some more of them
    labels_progressed = Signal(int, int)  # frames read, frames in all
    labels_read = Signal(object)  # list[LabelledFrame], in the order of the rows asked for
    photo_read = Signal(int, object, str)  # row, Frame | None, why there is none

    _chunk_was_read = Signal(int, object)  # serial, list[LabelledFrame]
    _photo_was_read = Signal(int, int, object, str)  # serial, row, Frame | None, why

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._serial = 0  # of what is open: older answers are dropped
        self._index: FrameIndex | None = None
        self._rows: list[int] = []
        self._read: list[LabelledFrame] = []
        self._wanted_row = -1
        self._is_busy = self._is_closed = False
        self._chunk_was_read.connect(self._on_chunk)
        self._photo_was_read.connect(self._on_photo)

    @property
    def is_reading_labels(self) -> bool:
        """Whether labels are still missing."""
        return len(self._read) < len(self._rows)

    def open(self, index: FrameIndex | None, rows: Sequence[int]) -> None:
        """Read the labels of these rows; what was asked for before is forgotten."""
        self._serial += 1
        self._index, self._rows, self._read = index, list(rows), []
        self._wanted_row = -1
        self._next()

    def want_photo(self, row: int) -> None:
        """Read this frame with its photo next."""
        self._wanted_row = row
        self._next()

    def close(self) -> None:
        """Read nothing more; waits for what is being read just now."""
        self._is_closed = True
        self._pool.clear()
        self._pool.waitForDone()

    def _next(self) -> None:
        if self._is_busy or self._is_closed or self._index is None:
            return
        if self._wanted_row >= 0:
            self._begin_photo()
        elif self.is_reading_labels:
            self._begin_chunk()

    def _begin_chunk(self) -> None:
        serial, index = self._serial, self._index
        rows = self._rows[len(self._read) :][:_CHUNK]

        def work() -> None:
            frames = [_read(index, row) for row in rows]
            if not self._is_closed:
                self._chunk_was_read.emit(serial, frames)

        self._is_busy = True
        self._pool.start(work)

    def _begin_photo(self) -> None:
        serial, index, row = self._serial, self._index, self._wanted_row
        self._wanted_row = -1

        def work() -> None:
            frame, why = None, ""
            try:
                frame = index.read(row)
            except (OSError, ValueError) as error:
                why = str(error)
            except Exception as error:  # told in its place; the next one may be whole
                log.exception("row %d of %s", row, index.name)
                why = f"This frame cannot be read: {error!r}"
            if not self._is_closed:
                self._photo_was_read.emit(serial, row, frame, why)

        self._is_busy = True
        self._pool.start(work)

    def _on_chunk(self, serial: int, frames: list[LabelledFrame]) -> None:
        self._is_busy = False
        if serial == self._serial:
            self._read += frames
            self.chunk_read.emit(frames)
            self.labels_progressed.emit(len(self._read), len(self._rows))
            if not self.is_reading_labels:
                self.labels_read.emit(self._read)
        self._next()

    def _on_photo(self, serial: int, row: int, frame: object, why: str) -> None:
        self._is_busy = False
        if serial == self._serial and self._wanted_row < 0:
            self.photo_read.emit(row, frame, why)
        self._next()


def _read(index: FrameIndex, row: int) -> LabelledFrame:
    try:
        return read_frame(index, row)
    except Exception as error:  # one bad frame must not keep the sequence from being fitted
        log.exception("labels of row %d of %s", row, index.name)
        problem = f"Its labels cannot be read: {error!r}"
        return LabelledFrame(row, str(index.frame_id(row)), problem=problem)
