"""What people say of frames, as the whole window knows it: read at once, written on a thread."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from utnet_viewer.annotate.waiting import Place, Waiting, newest_after
from utnet_viewer.annotate.writer import NEWEST, Act, News, Opened, Writer
from utnet_viewer.document import Document

if TYPE_CHECKING:  # the window starts without them
    from core.annotation.marks import Overview
    from core.annotation.records import Change, Edit, FrameState
    from core.annotation.store import AnnotationStore
    from core.data.frame import FrameId
    from core.data.frame_index import FrameIndex

#: States of frames that are kept after they were read.
MOST_KEPT = 500

NOTHING_OPEN = "No dataset is open, so there is nothing to annotate."


class Annotations(QObject):
    """The annotations of the open dataset; there is one of these in a window.

    Changes are in force at once (`state`, `overview`) and are written behind the window's back:
    `pending` says how many are not on the disk yet. Another dataset may be opened while some are
    not: they go on being tried.
    """

    opened = Signal()  # a dataset's annotations are there
    changed = Signal(object)  # set[str] of frame names of the split; the empty set: everything
    saved = Signal()  # `pending` or `saved_at_s` is another
    failing = Signal(str)  # why nothing can be written; "" when it works again
    history_changed = Signal()
    taken = Signal(str, object)  # "undo" or "redo" of this window, and the edits it came to
    refused = Signal(str)  # a change that was not taken: read-only, or nothing is open

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        """Nothing is opened yet."""
        super().__init__(parent)
        self._document = document
        self.path: Path | None = None
        self.is_read_only = False
        self.damage = ""  # what was lost, where the file is damaged
        self.failure = ""
        self.saved_at_s = float("nan")  # seconds since 1970 (UTC), of this window's last edit
        self._split = ""
        self._writer: Writer | None = None
        self._former: dict[Writer, Waiting] = {}  # of other datasets, with edits that wait
        self._failures: dict[Writer, str] = {}
        self._reader: AnnotationStore | None = None
        self._overview: Overview = {}  # without what waits
        self._listed: str | None = None  # the split that it is of; None until it is there
        self._kept: dict[Place, FrameState] = {}  # as stored
        self._undo_words = self._redo_words = ""
        self._newest: list[Edit] = []  # of what the thread has told, the newest first
        self._waiting = Waiting(self._stored)
        self._is_closed = self._is_asked = False  # to try again: the answer is told

    # What is open.

    def use_dataset(self, index: FrameIndex | None, *, path: Path | None = None) -> None:
        """Another dataset or split is on screen, or none; `path` is the store to use instead of
        the dataset's own."""
        from core.annotation.places import dataset_identity, default_store_path

        if self._is_closed:
            return
        if index is None:
            self._leave("")
        else:
            place = path or default_store_path(index.root)
            if self._writer is not None and place == self.path:
                self._split, self._overview, self._listed = index.split, {}, None
                self._writer.read_overview(index.split)
            else:
                self._leave(index.split)
                self._enter(place, dataset_identity(index))
        self.changed.emit(set())
        self.history_changed.emit()

    def _leave(self, split: str) -> None:
        """Let go of the dataset; edits that wait are still written."""
        writer, self._writer = self._writer, None
        if writer is not None and self._waiting.count:
            self._former[writer] = self._waiting
        elif writer is not None:
            self._end(writer)
        self._close_reader()
        self._waiting = Waiting(self._stored)
        self._overview, self._listed, self._split, self.path = {}, None, split, None
        self._undo_words = self._redo_words = self.damage = ""
        self.is_read_only, self.saved_at_s = False, float("nan")

    def _enter(self, path: Path, dataset: str) -> None:
        self.path = path
        former = next((writer for writer in self._former if writer.path == path), None)
        if former is None:
            self._writer = self._new_writer(path, dataset)
            # Its imports are left until the photo is painted.
            self._document.turns.later(self._start)
        else:
            self._writer, self._waiting = former, self._former.pop(former)
            former.open_again(self._split)

    def _new_writer(self, path: Path, dataset: str) -> Writer:
        writer = Writer(path, dataset, self._split, self)
        writer.opened.connect(self._on_opened)
        writer.overview_read.connect(self._on_overview)
        writer.wrote.connect(self._on_wrote)
        writer.failing.connect(self._on_failing)
        return writer

    def _end(self, writer: Writer) -> None:
        writer.close()
        writer.deleteLater()
        self._failures.pop(writer, None)
        self._tell_failure()

    def _start(self) -> None:
        if self._writer is not None and not self._writer.has_begun:
            self._writer.start()

    @property
    def split(self) -> str:
        """The split on screen; "" where nothing is open."""
        return self._split

    @property
    def current_frame(self) -> str:
        """Name of the frame on screen, "SEQ/ID"; "" where there is none."""
        index, row = self._document.index, self._document.row
        return "" if index is None or row < 0 else str(index.frame_id(row))

    # What is known.

    def state(self, frame: FrameId | str, split: str | None = None) -> FrameState:
        """What was said of a frame, changes that wait for the disk included."""
        place = (self._split if split is None else split, str(frame))
        waiting = self._waiting.states.get(place)
        return self._stored(*place) if waiting is None else waiting

    def _stored(self, split: str, frame: str) -> FrameState:
        """What the disk says of a frame."""
        from core.annotation.records import FrameState

        is_new = split == self._listed and frame not in self._overview
        if self._reader is None or is_new or not frame:
            return FrameState()
        if (split, frame) not in self._kept:
            try:
                state = self._reader.state(split, frame)
            except ValueError as error:  # it is opened anew, with what can be saved
                self._report(error)
                return FrameState()
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[split, frame] = state
        return self._kept[split, frame]

    def _report(self, error: ValueError) -> None:
        if self._writer is not None:
            self._writer.report_damage(getattr(error, "problem", str(error)))

    @property
    def overview(self) -> Overview:
        """Frames of the split that anything was said of, by name, in short."""
        from core.annotation.marks import marks_of

        if not self._waiting.states:
            return self._overview
        waiting = {
            frame: marks_of(state, 0)
            for (split, frame), state in self._waiting.states.items()
            if split == self._split
        }
        return self._overview | waiting

    def history(self, *, frame: str = "", limit: int = 200) -> list[Edit]:
        """The newest edits, newest first, of everything or of one frame of the split; those that
        are not on the disk yet have the id 0."""
        here = (self._split, frame)
        waiting = [
            edit
            for edit in reversed(self._waiting.edits)
            if not frame or (edit.change.split, edit.change.frame) == here
        ]
        known = {edit.id for edit in waiting}
        stored = self._stored_edits(frame, limit)
        return (waiting + [edit for edit in stored if edit.id not in known])[:limit]

    def _stored_edits(self, frame: str, limit: int) -> list[Edit]:
        if not frame and limit <= NEWEST:
            return self._newest
        # What the thread has written by now, but not told yet, is among what waits.
        asked = {"limit": limit, "up_to": self._newest[0].id if self._newest else 0}
        if frame:
            asked |= {"split": self._split, "frame": frame}
        try:
            return [] if self._reader is None else self._reader.history(**asked)
        except ValueError as error:  # it is opened anew, with what can be saved
            self._report(error)
            return []

    # Changing.

    def change(
        self, field: str, value: object, words: str, *, frame: str | None = None, group: str = ""
    ) -> bool:
        """Change a field of a frame (the one on screen where none is named); see `Change`.

        Returns False, and tells `refused`, where it cannot be taken. A value that is there already
        changes nothing.
        """
        from core.annotation.records import Change

        name = self.current_frame if frame is None else frame
        if not name:
            return self._refuse(NOTHING_OPEN)
        return self.changes([Change(name, self._split, field, value, words, group)])

    def changes(self, changes: Iterable[Change]) -> bool:
        """Change several fields, of several frames, at once; see `change`."""
        new = tuple(change for change in changes if self._is_new(change))
        return not new or self._do(Act("changes", new))

    def _is_new(self, change: Change) -> bool:
        state = self.state(change.frame, change.split)
        return getattr(state, change.field) != change.value

    def undo(self) -> None:
        """Take back the newest change, or group of changes, that is in force."""
        self._do(Act("undo"))

    def redo(self) -> None:
        """Bring back what was undone last."""
        self._do(Act("redo"))

    def _do(self, act: Act) -> bool:
        if self._writer is None:
            return self._refuse(NOTHING_OPEN)
        if self.is_read_only:
            return self._refuse(f"{self.path}: {self.damage or 'it cannot be written by you.'}")
        places = self._waiting.add(act)
        self._writer.put(act)
        self._start()
        self._tell(places)
        if places and act.kind != "changes":
            self.taken.emit(act.kind, self._waiting.last_edits)
        return True

    def _refuse(self, why: str) -> bool:
        self.refused.emit(why)
        return False

    @property
    def undo_words(self) -> str:
        """Words of what `undo` would take back; "" for nothing."""
        return self._waiting.undo_words or self._undo_words

    @property
    def redo_words(self) -> str:
        """Words of what `redo` would bring back; "" for nothing."""
        if self._waiting.has_changes:
            return self._waiting.redo_words
        return self._redo_words

    # Saving.

    @property
    def pending(self) -> int:
        """Edits that are not on the disk yet."""
        return self._waiting.count + sum(waiting.count for waiting in self._former.values())

    def try_again(self) -> None:
        """Write at once what could not be written, and open what could not be opened."""
        self._is_asked = True
        for writer in self._writers():
            writer.try_again()

    def wait_saved(self, timeout_s: float) -> bool:
        """Wait until all edits are on the disk; whether they are."""
        for writer in self._writers():
            if writer.pending:
                self._start()
        return all(writer.wait_saved(timeout_s) for writer in self._writers())

    def close(self) -> None:
        """End the threads; what cannot be written at once is given up."""
        if self._is_closed:
            return
        self._is_closed = True
        for writer in self._writers():
            if writer.pending:
                self._start()
            writer.close()
        self._close_reader()

    def _writers(self) -> Sequence[Writer]:
        return [*self._former, *([self._writer] if self._writer is not None else [])]

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        self._kept.clear()
        if reader is not None:
            reader.close()

    # What the threads tell. What one has told may come when another dataset is open by now.

    @property
    def _is_of_the_open_one(self) -> bool:
        return not self._is_closed and self.sender() is self._writer

    def _on_opened(self, opened: Opened) -> None:
        if not self._is_of_the_open_one:
            if opened.reader is not None:
                opened.reader.close()
            return
        self._close_reader()
        self._reader = opened.reader
        if opened.split == self._split:
            self._overview, self._listed = opened.overview, opened.split
        self._undo_words, self._redo_words = opened.undo_words, opened.redo_words
        self._newest = list(opened.newest)
        self.is_read_only, self.damage = opened.is_read_only, opened.damage
        self._waiting.refresh()
        self.opened.emit()
        self.changed.emit(set())
        self.history_changed.emit()

    def _on_overview(self, split: str, overview: Overview) -> None:
        if self._is_of_the_open_one and split == self._split:
            self._overview, self._listed = overview, split
            self.opened.emit()
            self.changed.emit(set())

    def _on_wrote(self, news: News) -> None:
        if not self._is_of_the_open_one:
            self._on_former(self.sender(), news)
            return
        self._take(news.edits)
        is_done, is_told = not self._waiting.count, True
        if news.act is not None:
            is_told = self._waiting.shows_first
            is_done = self._waiting.wrote(news.edits)
            self.saved_at_s = time.time()
        if is_done:
            self._undo_words, self._redo_words = news.undo_words, news.redo_words
        self._tell({(edit.change.split, edit.change.frame) for edit in news.edits})
        if not is_told:  # an undo of what was on the disk: only the store knew what it takes back
            self.taken.emit(news.act.kind, news.edits)

    def _take(self, edits: Sequence[Edit]) -> None:
        """These are on the disk."""
        from core.annotation.marks import marks_after

        self._newest = newest_after(self._newest, edits)[:NEWEST]
        here: Overview = {}
        for edit in edits:
            change = edit.change
            place = (change.split, change.frame)
            if place in self._kept:
                self._kept[place] = self._kept[place].with_value(change.field, change.value)
            if change.split == self._split:
                marks = here.get(change.frame) or self._overview.get(change.frame)
                here[change.frame] = marks_after(marks, edit)
        # Not the same dictionary: whoever was given it may still be reading.
        self._overview = self._overview | here

    def _tell(self, places: set[Place]) -> None:
        frames = {frame for split, frame in places if split == self._split}
        if frames:
            self.changed.emit(frames)
        self.history_changed.emit()
        self.saved.emit()

    def _on_former(self, writer: Writer, news: News) -> None:
        waiting = self._former.get(writer)
        if waiting is not None and news.act is not None and waiting.wrote(news.edits):
            del self._former[writer]
            self._end(writer)
        self.saved.emit()

    def _on_failing(self, why: str) -> None:
        writer = self.sender()
        if writer is self._writer or writer in self._former:
            self._failures[writer] = why
            self._tell_failure()

    def _tell_failure(self) -> None:
        why = next(filter(None, self._failures.values()), "")
        if why != self.failure or (why and self._is_asked):
            self.failure, self._is_asked = why, False
            self.failing.emit(why)
