"""The queue as a Qt model: rows in the order in which they are to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.row_marks import DONE, NEW, REVIEWS

if TYPE_CHECKING:
    from core.annotation.suggestions import Suggestion


class QueueModel(QAbstractTableModel):
    """One column, which the delegate paints."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.catalogue: Catalogue | None = None
        self.rows = np.empty(0, np.int64)
        self.suggestions: Mapping[int, Suggestion] = {}
        self._positions: dict[int, int] | None = None

    def show(
        self,
        catalogue: Catalogue | None,
        rows: np.ndarray,
        suggestions: Mapping[int, Suggestion] | None = None,
    ) -> None:
        """Show other rows (M,) of a list; `suggestions` say why, where somebody suggested them."""
        self.beginResetModel()
        self.catalogue, self.rows = catalogue, rows
        self.suggestions, self._positions = suggestions or {}, None
        self.endResetModel()

    def position_of(self, row: int) -> int:
        """Where a row of the dataset stands, -1 where it is not in the queue."""
        if self._positions is None:
            self._positions = dict(zip(self.rows.tolist(), range(len(self.rows)), strict=True))
        return self._positions.get(row, -1)

    def reviews(self, rows: np.ndarray) -> np.ndarray:
        """How far the reviews of rows (M,) are, by their places in `REVIEWS`."""
        marks = None if self.catalogue is None else self.catalogue.marks
        return np.full(len(rows), NEW) if marks is None else marks.review[rows]

    def review(self, row: int) -> int:
        """The same of one row."""
        return int(self.reviews(np.array([row]))[0])

    def is_flagged(self, row: int) -> bool:
        """Whether a row has flags."""
        marks = None if self.catalogue is None else self.catalogue.marks
        return marks is not None and bool(marks.flag_count[row])

    @property
    def reviewed(self) -> int:
        """How many rows are done or rejected."""
        return int(np.count_nonzero(self.reviews(self.rows) >= DONE))

    def tip(self, row: int) -> str:
        """All that is known of a row, for a tool tip and a screen reader."""
        lines = [f"{self.catalogue.name(row)}, {REVIEWS[self.review(row)]}"]
        marks = self.catalogue.marks
        if marks is not None and (flags := marks.flags_of(row)):
            lines.append(f"flags: {', '.join(flags)}")
        if row in self.suggestions:
            lines += [told.words for told in self.suggestions[row].because]
        return "\n".join(lines)

    # What Qt asks.

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many rows are in the queue."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """One."""
        return 0 if parent is not None and parent.isValid() else 1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words for who cannot see, and tool tips."""
        if self.catalogue is None or not index.isValid():
            return None
        row = int(self.rows[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return self.catalogue.name(row)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.tip(row)
        return row if role == Qt.ItemDataRole.UserRole else None
