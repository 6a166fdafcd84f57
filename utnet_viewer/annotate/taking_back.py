"""What an undo or redo took back, or brought again: where it was stored, known a moment later."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Asks the annotations, and tells what it was about when they know."""

    taken = Signal(object)  # Taken

    def __init__(self, annotations: Annotations, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._annotations = annotations
        annotations.taken.connect(self._on_taken)

    def words(self, kind: str) -> str:
        """What would be taken back or brought again; "" for nothing."""
        return self._annotations.undo_words if kind == UNDO else self._annotations.redo_words

    def ask(self, kind: str) -> None:
        """Undo or redo; `taken` follows."""
        (self._annotations.undo if kind == UNDO else self._annotations.redo)()

    def _on_taken(self, kind: str, edits: Sequence[Edit]) -> None:
        if not edits:  # another window was faster
            return
        step = edits[::-1] if kind == UNDO else edits  # an undo goes down through its step
        places = dict.fromkeys((edit.change.split, edit.change.frame) for edit in step)
        self.taken.emit(Taken(kind, step[0].change.words, tuple(places)))
