"""The newest edits as rows: what, which frame, how long ago, by whom, whether it was taken back."""

from __future__ import annotations

import contextlib
import getpass
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt

from core.annotation.records import Edit
from utnet_viewer.annotate.words import ago, edit_icon


@dataclass(frozen=True)
class HistoryRow:
    """One thing that was done; edits that are undone as one are one row.

    Attributes:
        icon: Name of the glyph.
        words: What was done.
        split: Of the frame.
        frame: The one it was done to, the first of several.
        count: Of frames.
        at_s: When, in seconds since 1970.
        author: Who, "" where it was this window.
        is_undone: Whether it was taken back.
    """

    icon: str
    words: str
    split: str
    frame: str
    count: int
    at_s: float
    author: str
    is_undone: bool

    @property
    def place(self) -> str:
        """``MC1/0021``, or how many frames."""
        return f"{self.count:,} frames" if self.count > 1 else self.frame

    def tip(self, now_s: float) -> str:
        """All of it, for a tool tip and a screen reader."""
        when = ago(self.at_s, now_s)
        if when != "now" and "-" not in when:
            when += " ago"
        parts = [self.words, self.place, when]
        parts += [f"by {self.author}"] if self.author else []
        parts += ["taken back"] if self.is_undone else []
        return ", ".join(parts)


def history_rows(edits: Sequence[Edit], *, own_author: str) -> list[HistoryRow]:
    """Rows of edits, newest first as they come; an undo shows in what it took back, not itself."""
    changes = [edit for edit in edits if edit.kind == "change"]

    def author_of(edit: Edit) -> str:
        return "" if edit.author == own_author else edit.author

    def key(numbered: tuple[int, Edit]) -> tuple[str, object]:
        number, edit = numbered
        return (author_of(edit), edit.change.group or number)

    rows = []
    for _key, members in groupby(enumerate(changes), key):
        group = [edit for _number, edit in members][::-1]  # in the order they were made
        # What a person did says more than that the review began with it.
        first = next((edit for edit in group if edit.change.field != "review"), group[0])
        change = first.change
        rows.append(
            HistoryRow(
                edit_icon(first),
                change.words,
                change.split,
                change.frame,
                len({(edit.change.split, edit.change.frame) for edit in group}),
                first.at_s,
                author_of(first),
                all(edit.is_undone for edit in group),
            )
        )
    return rows


def this_author() -> str:
    """The author of this window's edits: the user's name on this computer, "" where it has none."""
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return ""


class HistoryModel(QAbstractListModel):
    """Newest first."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.rows: list[HistoryRow] = []
        self.now_s = time.time()
        self.names_frames = True  # rows of one frame need not say which

    def show(self, rows: Sequence[HistoryRow], *, names_frames: bool) -> None:
        """Other rows."""
        self.tick()
        if list(rows) != self.rows or names_frames != self.names_frames:
            self.beginResetModel()
            self.rows, self.names_frames = list(rows), names_frames
            self.endResetModel()

    def tick(self) -> None:
        """Time passes."""
        self.now_s = time.time()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """As Qt asks for it."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words for screen readers and tool tips; the delegate paints from `rows`."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.tip(self.now_s)
        return None
