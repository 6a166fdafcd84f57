"""What an undo or redo took back, or brought again: known when the history says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from core.annotation.records import Edit
    from utnet_viewer.annotate.annotations import Annotations

UNDO, REDO = "undo", "redo"


@dataclass(frozen=True)
class Taken:
    """One step that was undone or done again.

    Attributes:
        kind: `UNDO` or `REDO`.
        words: What had been done.
        places: Split and name of its frames, in the order of the edits.
    """

    kind: str
    words: str
    places: tuple[tuple[str, str], ...]


class TakingBack(QObject):
    """Asks the annotations, and finds out which edits it was about.

    Edits that still wait for the disk are taken back at once; of those that are stored only the
    store knows the order, which other windows share: they are the ones that changed their state.
    """

    taken = Signal(object)  # Taken

    def __init__(self, annotations: Annotations, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._annotations = annotations
        self._awaited = ""
        self._due = 0  # how many edits will have been written when it is done
        self._written = self._pending = 0
        self._was_undone: dict[int, bool] = {}
        annotations.history_changed.connect(self._look)

    def words(self, kind: str) -> str:
        """What would be taken back or brought again; "" for nothing."""
        return self._annotations.undo_words if kind == UNDO else self._annotations.redo_words

    def ask(self, kind: str) -> None:
        """Undo or redo; `taken` follows. Of several that are asked for fast, the last one's."""
        annotations = self._annotations
        before = annotations.history()
        if not self._awaited:
            self._was_undone = {edit.id: edit.is_undone for edit in before if edit.id}
        (annotations.undo if kind == UNDO else annotations.redo)()
        after = _waiting(annotations.history(), kind)
        count = len(after) - len(_waiting(before, kind))
        if count > 0:
            self._tell(kind, after[:count])
        else:
            self._awaited, self._due = kind, self._written + annotations.pending

    def _look(self) -> None:
        """Whether stored edits have another state than before, once everything was written.

        The history is read from the disk, which may be ahead of what the window was told.
        """
        pending = self._annotations.pending
        self._written += max(0, self._pending - pending)
        self._pending = pending
        if not self._awaited or self._written < self._due:
            return
        kind, self._awaited = self._awaited, ""
        turned = [
            edit
            for edit in self._annotations.history()
            if self._was_undone.get(edit.id, edit.is_undone) != edit.is_undone
            and edit.is_undone == (kind == UNDO)
        ]
        if turned:
            self._tell(kind, turned)

    def _tell(self, kind: str, edits: list[Edit]) -> None:
        """Of several steps the last one, as it is the one that is on top now.

        `edits` are the newest first; an undo goes down through them, a redo up.
        """
        edits = edits[::-1]
        end = edits[0] if kind == UNDO else edits[-1]
        group = end.change.group
        step = [edit for edit in edits if group and edit.change.group == group] or [end]
        places = dict.fromkeys((edit.change.split, edit.change.frame) for edit in step)
        self.taken.emit(Taken(kind, step[0].change.words, tuple(places)))


def _waiting(edits: list[Edit], kind: str) -> list[Edit]:
    """Those of a kind that are not on the disk yet, newest first."""
    return [edit for edit in edits if not edit.id and edit.kind == kind]
