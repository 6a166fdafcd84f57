"""Rows of differences as a Qt table, sorted by any column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from utnet_viewer.compare.rows import BETTER, DifferenceRow
from utnet_viewer.numbers import fixed

NAME, COUNT, FIRST, SECOND, BAR, DIFFERENCE, INTERVAL = range(7)
HINTS = (
    "",
    "Frames that both evaluations measured",
    "Mean of A",
    "Mean of B",
    "B − A; the line over the bar is its 95 % interval",
    "B − A: the mean over the frames of both",
    "95 % interval of B − A (bootstrap over sequences and their frames)",
)
#: What the button of a table sorts by, one after the other: words, column, whether descending.
ORDERS = (
    ("as listed", -1, False),
    ("biggest gain first", DIFFERENCE, False),
    ("biggest loss first", DIFFERENCE, True),
)

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class DifferenceModel(QAbstractTableModel):
    """Holds the rows in the order in which they are shown."""

    def __init__(self, what: str, unit: str = "", parent=None) -> None:
        """`what` heads the names; `unit` stands in the heads of A and B where all rows share it."""
        super().__init__(parent)
        self.what, self.unit = what, unit
        self.rows: tuple[DifferenceRow, ...] = ()
        self._listed: tuple[DifferenceRow, ...] = ()
        self.order = (-1, False)  # column, whether descending

    def show(self, rows: Sequence[DifferenceRow], *, unit: str = "") -> None:
        """Show other rows, in the order chosen before."""
        self.unit, self._listed = unit, tuple(rows)
        self._rebuild()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 is as listed. Gains come first in the column of differences."""
        self.order = (column, order == Qt.SortOrder.DescendingOrder)
        self._rebuild()

    def _rebuild(self) -> None:
        self.beginResetModel()
        column, is_descending = self.order
        self.rows = self._listed
        if column >= 0:
            self.rows = tuple(_sorted(self._listed, _KEYS[column], is_descending))
        self.endResetModel()

    @property
    def reach(self) -> float:
        """The largest end of an interval or difference, for the bars; 0 without rows."""
        ends = [abs(v) for row in self.rows for v in (row.difference, row.low, row.high)]
        return max((end for end in ends if math.isfinite(end)), default=0.0)

    def position_of(self, key: str) -> int:
        """Where a row stands now, -1 where it is not there."""
        return next((n for n, row in enumerate(self.rows) if row.key == key), -1)

    def rows_for_export(self) -> tuple[list[str], list[list[object]]]:
        """Heads with units, and every row as listed, with plain numbers."""
        unit = f" ({self.unit})" if self.unit else ""
        heads = [self.what, "unit", "frames", f"A{unit}", f"B{unit}"]
        heads += [f"B - A{unit}", f"95 % low{unit}", f"95 % high{unit}", "outcome"]
        return heads, [
            [
                *(row.name, row.unit, row.count, row.first, row.second),
                *(row.difference, row.low, row.high, row.outcome),
            ]
            for row in self._listed
        ]

    # What Qt asks.

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """The seven columns."""
        return 0 if parent is not None and parent.isValid() else len(HINTS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Heads, their alignment and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            unit = f" {self.unit}" if self.unit else ""
            return (self.what, "frames", f"A{unit}", f"B{unit}", "", "B − A", "95 % interval")[
                section
            ]
        if role == Qt.ItemDataRole.ToolTipRole:
            return HINTS[section] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section == NAME else _RIGHT
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words of a cell; the delegate paints them."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(row, index.column())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return row.hint
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if index.column() == NAME else _RIGHT
        return None

    def words(self, row: DifferenceRow, column: int) -> str:
        """What stands in a cell."""
        if column == NAME:
            return f"{row.name}, {row.unit}" if row.unit and not self.unit else row.name
        if column == COUNT:
            return f"{row.count:,}"
        if column in (FIRST, SECOND):
            return fixed(row.first if column == FIRST else row.second, row.decimals)
        if column == DIFFERENCE:
            return row.difference_words
        return row.interval_words if column == INTERVAL else ""


def _sorted(
    rows: Sequence[DifferenceRow],
    key: Callable[[DifferenceRow], float | str],
    is_descending: bool,
) -> list[DifferenceRow]:
    """Stable; what is not a number comes last either way."""
    known = [row for row in rows if key(row) == key(row)]
    unknown = [row for row in rows if key(row) != key(row)]
    return [*sorted(known, key=key, reverse=is_descending), *unknown]


_KEYS: dict[int, Callable[[DifferenceRow], float | str]] = {
    NAME: lambda row: row.name,
    COUNT: lambda row: float(row.count),
    FIRST: lambda row: row.first,
    SECOND: lambda row: row.second,
    BAR: lambda row: -row.gain,
    DIFFERENCE: lambda row: -row.gain,
    INTERVAL: lambda row: row.high - row.low,
}


def token_of(row: DifferenceRow) -> str:
    """The colour of a row's bar: accent where B is better, warning where it is worse."""
    if row.outcome == BETTER:
        return "accent"
    return "t3" if row.outcome not in (BETTER, "worse") else "warning"
