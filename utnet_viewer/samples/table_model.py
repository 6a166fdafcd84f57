"""The samples as a Qt table: only the rows that pass the filter, in the order asked for."""

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from core.evaluation.columns import FrameState
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.columns import POSITIONS, TABLE_COLUMNS, TableColumn
from utnet_viewer.samples.row_marks import REVIEWS

SEQUENCE, FRAME, STATE, STATUS = (POSITIONS[key] for key in ("seq", "frame", "state", "status"))
REVIEW, FLAG, NOTE = (POSITIONS[key] for key in ("review", "flag", "note"))
PA, PIXELS = POSITIONS["pa_mpjpe"], POSITIONS["px"]

STATE_WORDS = {
    FrameState.PENDING: "",
    FrameState.MEASURED: "measured",
    FrameState.ROOT_ONLY: "wrist only",
    FrameState.UNLABELLED: "no labels",
    FrameState.FAILED: "failed",
}

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class SamplesModel(QAbstractTableModel):
    """Positions in the table stand for rows of the dataset; `row_at` and `position_of` convert."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.catalogue: Catalogue | None = None
        self._rows = np.empty(0, np.int64)
        self._positions = np.empty(0, np.int64)
        self._mask = np.empty(0, bool)
        self._sort_column, self._descending = -1, False

    def set_catalogue(self, catalogue: Catalogue | None) -> None:
        """Show another list, unfiltered; the sorting stays."""
        self.catalogue = catalogue
        self._mask = np.ones(0 if catalogue is None else len(catalogue), bool)
        self.rebuild()

    def set_mask(self, mask: np.ndarray) -> None:
        """Show the rows where `mask` (N,) is true."""
        self._mask = mask
        self.rebuild()

    @property
    def rows(self) -> np.ndarray:
        """The dataset's rows (M,) that pass the filter, in the order on screen."""
        return self._rows

    @property
    def sort_column(self) -> TableColumn | None:
        """By which the list is ordered; None for the dataset's own order."""
        return None if self._sort_column < 0 else TABLE_COLUMNS[self._sort_column]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; -1 is the dataset's own order. Unknown figures come last."""
        wanted = column, order == Qt.SortOrder.DescendingOrder
        if wanted == (self._sort_column, self._descending):
            return  # Qt's table asks twice
        self._sort_column, self._descending = wanted
        self.rebuild()

    def rebuild(self) -> None:
        """Filter and order anew: figures changed."""
        self.beginResetModel()
        rows = np.flatnonzero(self._mask)
        if self.catalogue is not None and self._sort_column >= 0:
            rows = rows[self._order(rows)]
        self._rows = rows
        self._positions = np.full(len(self._mask), -1, np.int64)
        self._positions[rows] = np.arange(len(rows))
        self.endResetModel()

    def _order(self, rows: np.ndarray) -> np.ndarray:
        """A stable order, so that equal rows keep the dataset's; NaN comes last either way."""
        keys = self._keys(rows)
        return np.argsort(-keys if self._descending else keys, kind="stable")

    def _keys(self, rows: np.ndarray) -> np.ndarray:
        catalogue = self.catalogue
        if self._sort_column == SEQUENCE:
            return catalogue.sequence_ranks[rows]
        if self._sort_column == FRAME:
            numbers = catalogue.frame_numbers[rows]
            return catalogue.frame_words.codes[rows] if (numbers < 0).any() else numbers
        if self._sort_column == STATE:
            return catalogue.state[rows].astype(np.int64)
        if self._sort_column == STATUS:
            return 1 - catalogue.bad_rows[rows].astype(np.int64)
        key = TABLE_COLUMNS[self._sort_column].key
        if self._sort_column in (REVIEW, FLAG, NOTE):
            return self._mark_keys(rows)
        if not catalogue.has_figures(key):
            return np.zeros(len(rows))
        return catalogue.figures(key)[rows]

    def _mark_keys(self, rows: np.ndarray) -> np.ndarray:
        """What was said first, as figures: reviews in their order, most flags, notes."""
        marks = self.catalogue.marks
        if marks is None:
            return np.zeros(len(rows))
        if self._sort_column == REVIEW:
            return marks.review[rows].astype(np.int64)
        said = marks.flag_count if self._sort_column == FLAG else marks.has_note
        return -said[rows].astype(np.int64)

    def row_at(self, position: int) -> int:
        """The dataset's row at a position of the table."""
        return int(self._rows[position])

    def position_of(self, row: int) -> int:
        """Where a row of the dataset stands in the table, -1 when the filter hides it."""
        return int(self._positions[row]) if 0 <= row < len(self._positions) else -1

    def neighbour(self, row: int, step: int) -> int | None:
        """The row `step` positions after `row`; a hidden row counts as standing at the top."""
        if not len(self._rows):
            return None
        position = self.position_of(row)
        position = 0 if position < 0 else position + step
        return self.row_at(min(max(position, 0), len(self._rows) - 1))

    def row_changed(self, row: int) -> None:
        """A figure or the status of a row became known."""
        position = self.position_of(row)
        if position >= 0:
            self.dataChanged.emit(self.index(position, 0), self.index(position, STATUS))

    # What Qt asks.

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many rows pass the filter."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """All columns; the table hides those that nobody chose."""
        return 0 if parent is not None and parent.isValid() else len(TABLE_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Heads, their alignment, what they mean, and that the worst comes first."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(TABLE_COLUMNS):
            return None
        column = TABLE_COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.head
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.hint
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section in (SEQUENCE, STATE) else _RIGHT
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            worst_is_large = column.worse in ("large", "off one")
            return Qt.SortOrder.DescendingOrder if worst_is_large else Qt.SortOrder.AscendingOrder
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words for a cell; the figures' bars are painted by the delegate."""
        if self.catalogue is None or not index.isValid():
            return None
        row, column = self.row_at(index.row()), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column in (SEQUENCE, STATE) else _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            said = self._said(row, column)
            return said or self.catalogue.problem(row) or self.catalogue.name(row)
        if role == Qt.ItemDataRole.UserRole:
            return row
        return None

    def words(self, row: int, column: int) -> str:
        """What stands in a cell."""
        catalogue = self.catalogue
        if column == SEQUENCE:
            return catalogue.sequence(row)
        if column == FRAME:
            return str(catalogue.frames[row])
        if column in (STATUS, REVIEW, FLAG, NOTE):
            return ""
        if column == STATE:
            return STATE_WORDS[FrameState(catalogue.state[row])]
        value = self.figure(row, column)
        return TABLE_COLUMNS[column].write(value)

    def _said(self, row: int, column: int) -> str:
        """What an icon of the marks stands for, in words; "" where there is none."""
        marks = self.catalogue.marks
        if marks is None:
            return ""
        if column == REVIEW:
            return f"Review: {REVIEWS[marks.review[row]]}"
        if column == FLAG:
            return ", ".join(marks.flags_of(row))
        return marks.note(row) if column == NOTE else ""

    def figure(self, row: int, column: int) -> float:
        """What a cell's words are made of, NaN where it is unknown."""
        key = TABLE_COLUMNS[column].key
        if not self.catalogue.has_figures(key):
            return float("nan")
        return float(self.catalogue.figures(key)[row])
