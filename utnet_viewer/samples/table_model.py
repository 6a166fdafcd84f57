"""The samples as a Qt table: only the rows that pass the filter, in the order asked for."""

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt

from utnet_viewer.samples.catalogue import Catalogue

SEQUENCE, FRAME, PA, PIXELS, STATUS = range(5)
HEADS = ("sequence", "frame", "PA mm", "2D px", "")
HINTS = (
    "Sequence",
    "Frame",
    "PA-MPJPE in mm, known once the frame was predicted",
    "Mean 2D keypoint error in pixels of the photo, known once the frame was predicted",
    "Flagged where the frame cannot be read",
)

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
        self._rebuild()

    def set_mask(self, mask: np.ndarray) -> None:
        """Show the rows where `mask` (N,) is true."""
        self._mask = mask
        self._rebuild()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; -1 is the dataset's own order. Unknown figures come last."""
        self._sort_column = column
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._rebuild()

    def _rebuild(self) -> None:
        self.beginResetModel()
        rows = np.flatnonzero(self._mask)
        if self.catalogue is not None and self._sort_column >= 0:
            rows = rows[self._order(rows)]
        self._rows = rows
        self._positions = np.full(len(self._mask), -1, np.int64)
        self._positions[rows] = np.arange(len(rows))
        self.endResetModel()

    def _order(self, rows: np.ndarray) -> np.ndarray:
        """A stable order, so that equal rows keep the dataset's."""
        keys = self._keys(rows)
        if not self._descending:
            return np.argsort(keys, kind="stable")
        if keys.dtype.kind == "f":
            return np.argsort(-keys, kind="stable")  # NaN stays last
        _, ranks = np.unique(keys, return_inverse=True)
        return np.argsort(-ranks, kind="stable")

    def _keys(self, rows: np.ndarray) -> np.ndarray:
        catalogue = self.catalogue
        if self._sort_column == SEQUENCE:
            return catalogue.sequences[rows]
        if self._sort_column == FRAME:
            numbers = catalogue.frame_numbers[rows]
            return catalogue.frames[rows] if (numbers < 0).any() else numbers
        if self._sort_column == STATUS:
            return np.array([row not in catalogue.problems for row in rows.tolist()])
        return (catalogue.pa_mm if self._sort_column == PA else catalogue.error_px)[rows]

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
        """The five columns."""
        return 0 if parent is not None and parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Heads, their alignment and what they mean."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return HINTS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section == SEQUENCE else _RIGHT
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words for a cell; the figures' bars are painted by the delegate."""
        if self.catalogue is None or not index.isValid():
            return None
        row, column = self.row_at(index.row()), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if column == SEQUENCE else _RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.catalogue.problems.get(row) or self.catalogue.name(row)
        if role == Qt.ItemDataRole.UserRole:
            return row
        return None

    def words(self, row: int, column: int) -> str:
        """What stands in a cell."""
        catalogue = self.catalogue
        if column == SEQUENCE:
            return str(catalogue.sequences[row])
        if column == FRAME:
            return str(catalogue.frames[row])
        if column == STATUS:
            return ""
        value = catalogue.pa_mm[row] if column == PA else catalogue.error_px[row]
        return "" if np.isnan(value) else f"{value:.1f}"
