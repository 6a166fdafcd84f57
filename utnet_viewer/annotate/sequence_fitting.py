"""A sequence being fitted from its key frames: read, asked for, proposed, accepted. No widgets."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.data.frame_index import FrameIndex
from core.hand.fitting.target import Fit
from utnet_viewer.annotate.sequence_plan import (
    KeyFrame,
    LabelledFrame,
    Proposal,
    frame_times,
    key_frame,
    proposals_of,
    request_of,
)
from utnet_viewer.annotate.sequence_reader import SequenceReader

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations
    from utnet_viewer.processes.fit_client import FitClient


#: So many frames are written in one turn of the event loop: some 5 ms.
PORTION = 50
_TURN_MS = 5


class Phase(Enum):
    """What goes on."""

    NOTHING = "no sequence"
    READING = "labels are being read"
    READY = "can be fitted"
    FITTING = "is being fitted"
    PROPOSED = "was fitted, nothing is written yet"
    WRITING = "what was accepted is being written"


@dataclass
class Writing:
    """Accepted hands on their way into the annotations at `path`; `done` of them are there."""

    taken: list[Proposal]
    words: str
    group: str
    path: Path | None
    done: int = 0


class SequenceFitting(QObject):
    """One sequence of the open split at a time.

    Attributes:
        annotations: Where corrections are, and go.
        phase: What goes on.
        sequence: Its name, "" for none.
        frames, times: Its frames in order, and when they were taken, in frames.
        keys: Its corrected frames.
        problem: Why the last fit did not come to its end; "" where it did.
        proposals: What was fitted.
        is_outdated: Whether corrections changed since they were made.
    """

    changed = Signal()  # any of the above
    keys_changed = Signal()
    said = Signal(str, str)  # a sentence for the status bar, its kind
    progressed = Signal(int, int, float)  # frames done, frames in all, seconds to go (NaN unknown)

    def __init__(
        self,
        annotations: Annotations,
        fitter: FitClient,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.annotations, self._fitter, self._clock = annotations, fitter, clock
        self.reader = SequenceReader(self)
        self.phase = Phase.NOTHING
        self.sequence = self.split = self.problem = ""
        self.frames: list[LabelledFrame] = []
        self.times: list[float] = []
        self.keys: list[KeyFrame] = []
        self.proposals: list[Proposal] = []
        self.is_outdated = False
        self._asked: tuple[list[LabelledFrame], list[float], set[int]] = ([], [], set())
        self._begun_s = 0.0
        self._key_of: dict[str, KeyFrame | None] = {}  # by the frame's name, of those read
        self._changed_meanwhile: list[set[str]] = []  # while labels are read
        self._writing: Writing | None = None
        self._turn = QTimer(self, interval=_TURN_MS)
        self._turn.timeout.connect(self._write_some)
        self.reader.chunk_read.connect(self._find_keys)
        self.reader.labels_progressed.connect(self._on_read)
        self.reader.labels_read.connect(self._on_labels)
        fitter.sequence_progress.connect(self._on_progress)
        fitter.sequence_done.connect(self._on_done)
        fitter.sequence_failed.connect(self._on_failed)
        annotations.changed.connect(self._on_annotations)

    # What is open.

    def open(self, index: FrameIndex | None, sequence: str) -> None:
        """Take another sequence of a split, or none (""); its labels are read beside."""
        self.discard()
        self.sequence, self.split = sequence, "" if index is None else index.split
        self.frames, self.times, self.keys, self.proposals = [], [], [], []
        self.problem, self.is_outdated = "", False
        self._key_of, self._changed_meanwhile = {}, []
        rows = [int(row) for row in index.sequences[sequence]] if sequence else []
        self.phase = Phase.READING if rows else Phase.NOTHING
        self.reader.open(index, rows)
        self.changed.emit()
        self.keys_changed.emit()

    def close(self) -> None:
        """Give up what is under way, and read nothing more; what was accepted is written."""
        self.discard()
        self.reader.close()

    def _on_read(self, done: int, total: int) -> None:
        self.progressed.emit(done, total, float("nan"))

    def _on_labels(self, frames: list[LabelledFrame]) -> None:
        self.frames, self.times = list(frames), frame_times([frame.name for frame in frames])
        self.phase = Phase.READY
        meanwhile, self._changed_meanwhile = self._changed_meanwhile, []
        self._show_keys()
        for names in meanwhile:
            self._on_annotations(names)
        self.changed.emit()

    def _find_keys(self, frames: Iterable[LabelledFrame]) -> None:
        """Which of these frames are key frames; what is known of others stays."""
        annotations = self.annotations
        overview = annotations.overview
        for frame in frames:
            name = frame.frame_id
            self._key_of[name] = key_frame(
                frame, overview.get(name), lambda name: annotations.state(name, self.split)
            )

    def _show_keys(self) -> None:
        known = (self._key_of.get(frame.frame_id) for frame in self.frames)
        self.keys = [key for key in known if key is not None]
        self.keys_changed.emit()

    def _on_annotations(self, names: set[str]) -> None:
        """Somebody corrected or undid something: of this sequence?"""
        if self.phase is Phase.READING:
            self._changed_meanwhile.append(names)
            return
        changed = [frame for frame in self.frames if not names or frame.frame_id in names]
        if not changed:
            return
        before = {key.frame.row: key.correction for key in self.keys}
        self._find_keys(changed)
        self._show_keys()
        now = {key.frame.row: key.correction for key in self.keys}
        if now != before and self.phase is Phase.PROPOSED:
            self.is_outdated = True
            self.changed.emit()

    # Fitting.

    def start(self, first: int, last: int, key_rows: set[int], *, smoothness: float) -> bool:
        """Fit the frames from position `first` to `last` with these rows as key frames.

        Returns False and says `problem` where that cannot be asked.
        """
        if self.phase not in (Phase.READY, Phase.PROPOSED):
            return False
        frames, times = self.frames[first : last + 1], self.times[first : last + 1]
        keys = [key for key in self.keys if key.frame.row in key_rows and not key.problem]
        try:
            asked, is_right = request_of(frames, times, keys)
        except ValueError as error:
            self.problem = str(error)
            self.changed.emit()
            return False
        self._asked = frames, times, {key.frame.row for key in keys}
        self.problem, self.proposals, self.is_outdated = "", [], False
        self.phase, self._begun_s = Phase.FITTING, self._clock()
        self.changed.emit()
        self.progressed.emit(0, len(asked), float("nan"))
        self._fitter.request_sequence(asked, is_right=is_right, smoothness=smoothness)
        return True

    def cancel(self) -> None:
        """Give the fit up; what was proposed before is gone already."""
        if self.phase is Phase.FITTING:
            self._fitter.cancel_sequence()
            self.phase = Phase.READY
            self.changed.emit()

    def discard(self) -> None:
        """Give up what is under way, and what was proposed; what was accepted is written."""
        self.keep()
        self.cancel()
        if self.phase is Phase.PROPOSED:
            self.proposals, self.is_outdated = [], False
            self.phase = Phase.READY
            self.changed.emit()

    def _on_progress(self, done: int, total: int) -> None:
        if self.phase is Phase.FITTING:
            passed_s = self._clock() - self._begun_s
            to_go_s = passed_s / done * (total - done) if done else float("nan")
            self.progressed.emit(done, total, to_go_s)

    def _on_done(self, fits: dict[int, Fit]) -> None:
        if self.phase is not Phase.FITTING:
            return
        frames, times, keys = self._asked
        by_hand = {key.frame.row for key in self.keys if key.correction is not None}
        self.proposals = proposals_of(fits, frames, times, keys=keys, by_hand=by_hand)
        self.phase = Phase.PROPOSED
        self.changed.emit()

    def _on_failed(self, why: str) -> None:
        if self.phase is Phase.FITTING:
            self.phase, self.problem = Phase.READY, why
            self.changed.emit()

    # Accepting.

    def accept(self, rows: set[int]) -> bool:
        """Write the proposed hands of these rows, all as one change that is undone as one.

        Long sequences are written a portion a turn, so that the window goes on. Returns False where
        the annotations did not take it: they say why.
        """
        taken = [one for one in self.proposals if one.frame.row in rows]
        if not taken or self.phase is not Phase.PROPOSED:
            return False
        noun = "frame" if len(taken) == 1 else "frames"
        words = f"fitted {len(taken):,} {noun} of {self.sequence}"
        self._writing = Writing(taken, words, uuid.uuid4().hex, self.annotations.path)
        self.phase = Phase.WRITING
        self.changed.emit()
        return self._write(PORTION)

    def keep(self) -> None:
        """Hand over at once what was accepted and is not in the annotations yet."""
        if self.phase is Phase.WRITING:
            self._write(len(self._writing.taken))

    def _write_some(self) -> None:
        """The next portion, when the one before is on the disk or cannot get there."""
        annotations = self.annotations
        if annotations.pending < PORTION or annotations.failure:
            self._write(PORTION)

    def _write(self, count: int) -> bool:
        writing = self._writing
        if self.annotations.path != writing.path:  # frames of one dataset do not go into another's
            total, done = len(writing.taken), writing.done
            self._end_writing(Phase.NOTHING)
            words = f"Another dataset was opened: {done:,} of {total:,} accepted frames were kept."
            self.said.emit(words, "warning")
            return False
        portion = writing.taken[writing.done : writing.done + count]
        changes = [one.change(self.split, writing.words, writing.group) for one in portion]
        if not self.annotations.changes(changes):
            self._end_writing(Phase.PROPOSED)
            return False
        writing.done += len(portion)
        self.progressed.emit(writing.done, len(writing.taken), float("nan"))
        if writing.done < len(writing.taken):
            self._turn.start()
        else:
            self.proposals, self.is_outdated = [], False
            self._end_writing(Phase.READY)
        return True

    def _end_writing(self, phase: Phase) -> None:
        self._turn.stop()
        self._writing, self.phase = None, phase
        self.changed.emit()
