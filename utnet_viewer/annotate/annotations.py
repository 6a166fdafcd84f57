"""What people say of frames, as the whole window knows it: read at once, written on a thread."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from utnet_viewer.document import Document

if TYPE_CHECKING:  # the window starts without them
    from core.annotation.records import Change, Edit, FrameState
    from core.data.frame import FrameId
    from core.data.frame_index import FrameIndex


class Annotations(QObject):
    """The annotations of the open dataset; there is one of these in a window.

    Changes are in force at once (`state`, `overview`) and are written behind the window's back:
    `pending` says how many are not on the disk yet.
    """

    opened = Signal()  # a dataset's annotations are there
    changed = Signal(object)  # set[str] of frame names of the split; the empty set: everything
    saved = Signal()  # `pending` or `saved_at_s` is another
    failing = Signal(str)  # why nothing can be written; "" when it works again
    history_changed = Signal()
    refused = Signal(str)  # a change that was not taken: read-only, or nothing is open

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        """Nothing is opened yet."""
        super().__init__(parent)
        self._document = document
        self.path: Path | None = None
        self.is_read_only = False
        self.damage = ""  # what was lost, where the file is damaged
        self.failure = ""
        self.saved_at_s = float("nan")  # seconds since 1970 (UTC)
        self._split = ""
        self._states: dict[tuple[str, str], FrameState] = {}
        self._edits: list[Edit] = []

    # What is open.

    def use_dataset(self, index: FrameIndex | None, *, path: Path | None = None) -> None:
        """Another dataset or split is on screen, or none; `path` is the store to use instead of
        the dataset's own."""
        self._split = "" if index is None else index.split
        self._states.clear()
        self._edits.clear()
        self.opened.emit()
        self.changed.emit(set())
        self.history_changed.emit()

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
        from core.annotation.records import FrameState

        key = (self._split if split is None else split, str(frame))
        return self._states.get(key, FrameState())

    @property
    def overview(self) -> dict[str, object]:
        """Frames of the split that anything was said of, by name: `core.annotation.marks.Marks`
        with review, flags, has_note, has_correction, edit_id."""
        from core.annotation.marks import marks_of

        return {
            frame: marks_of(state, 0)
            for (split, frame), state in self._states.items()
            if split == self._split
        }

    def history(self, *, frame: str = "", limit: int = 200) -> list[Edit]:
        """The newest edits, newest first, of everything or of one frame of the split; those that
        are not on the disk yet have the id 0."""
        found = [e for e in reversed(self._edits) if not frame or e.change.frame == frame]
        return found[:limit]

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
        return self.changes([Change(name, self._split, field, value, words, group)])

    def changes(self, changes: Iterable[Change]) -> bool:
        """Change several fields, of several frames, at once; see `change`."""
        from core.annotation.records import Edit

        changes = list(changes)
        for change in changes:
            key = (change.split, change.frame)
            state = self.state(change.frame, change.split)
            self._states[key] = state.with_value(change.field, change.value)
            self._edits.append(Edit(len(self._edits) + 1, time.time(), "", "change", change))
        self.saved_at_s = time.time()
        self.changed.emit({change.frame for change in changes})
        self.history_changed.emit()
        self.saved.emit()
        return True

    def undo(self) -> None:
        """Take back the newest change, or group of changes, that is in force."""

    def redo(self) -> None:
        """Bring back what was undone last."""

    @property
    def undo_words(self) -> str:
        """Words of what `undo` would take back; "" for nothing."""
        return self._edits[-1].change.words if self._edits else ""

    @property
    def redo_words(self) -> str:
        """Words of what `redo` would bring back; "" for nothing."""
        return ""

    # Saving.

    @property
    def pending(self) -> int:
        """Edits that are not on the disk yet."""
        return 0

    def try_again(self) -> None:
        """Write at once what could not be written."""

    def close(self) -> None:
        """End the threads; what is still pending is not written."""
