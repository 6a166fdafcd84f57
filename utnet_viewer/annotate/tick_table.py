"""A table whose rows are ticked: by the mouse in the box, by Space for the row that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QTableView

from utnet_viewer.samples.heads import SortedHeads
from utnet_viewer.theme import SIZE_BODY, Theme, ui_font
from utnet_viewer.widgets.tick_box import TICK

TICK_COLUMN = 0
_ROW, _TICK_WIDTH, _PAD, _BOX = 26, 30, 8, 14.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Column:
    """One column after the ticks.

    Attributes:
        head: Its words, with the unit.
        width: In px; 0 for what is left over.
        words: What stands in a cell.
        order: By what rows are ordered.
        hint: What the head means, longer.
        is_number: Whether it stands at the right, and the largest comes first.
    """

    head: str
    width: int
    words: Callable[[Any], str]
    order: Callable[[Any], Any]
    hint: str = ""
    is_number: bool = False


class TickModel(QAbstractTableModel):
    """Rows of any kind in the order chosen; ticks belong to what `key_of` gives."""

    ticked_changed = Signal()

    def __init__(self, columns: Sequence[Column], key_of: Callable[[Any], int]) -> None:
        super().__init__()
        self.columns, self._key_of = tuple(columns), key_of
        self.rows: list[Any] = []
        self.ticked: set[int] = set()
        self.fixed: dict[int, str] = {}  # keys that cannot be ticked, and why
        self._listed: list[Any] = []
        self.order = (-1, Qt.SortOrder.AscendingOrder)  # section, which way

    def show(self, rows: Sequence[Any], ticked: set[int], fixed: dict[int, str]) -> None:
        """Show other rows, in the order chosen before."""
        self._listed, self.ticked, self.fixed = list(rows), set(ticked), dict(fixed)
        self._rebuild()
        self.ticked_changed.emit()

    def key_at(self, position: int) -> int:
        """Key of the row that stands there."""
        return self._key_of(self.rows[position])

    def position_of(self, key: int) -> int:
        """Where a row stands, -1 where it is not there."""
        return next((n for n, row in enumerate(self.rows) if self._key_of(row) == key), -1)

    def tick(self, keys: set[int], is_ticked: bool) -> None:
        """Tick or untick several rows at once."""
        keys = keys - set(self.fixed)
        self.ticked = self.ticked | keys if is_ticked else self.ticked - keys
        if self.rows:
            last = self.index(len(self.rows) - 1, TICK_COLUMN)
            self.dataChanged.emit(self.index(0, TICK_COLUMN), last)
        self.ticked_changed.emit()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; by that of the ticks, as listed."""
        self.order = (column, order)
        self._rebuild()

    def _rebuild(self) -> None:
        self.beginResetModel()
        column, order = self.order
        self.rows = list(self._listed)
        if column > TICK_COLUMN:
            is_descending = order == Qt.SortOrder.DescendingOrder
            self.rows.sort(key=self.columns[column - 1].order, reverse=is_descending)
        self.endResetModel()

    # What Qt asks.

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """The ticks and the columns."""
        return 0 if parent is not None and parent.isValid() else 1 + len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0):
        """Heads, what they mean, and their alignment."""
        if orientation != Qt.Orientation.Horizontal or section == TICK_COLUMN:
            return None
        column = self.columns[section - 1]
        return {
            Qt.ItemDataRole.DisplayRole: column.head,
            Qt.ItemDataRole.ToolTipRole: column.hint or None,
            Qt.ItemDataRole.TextAlignmentRole: int(_RIGHT if column.is_number else _LEFT),
        }.get(role)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole):
        """Words and ticks; why a row cannot be ticked is its tool tip."""
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        key = self._key_of(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.fixed.get(key)
        if index.column() == TICK_COLUMN:
            is_box = role == Qt.ItemDataRole.CheckStateRole and key not in self.fixed
            states = Qt.CheckState.Unchecked, Qt.CheckState.Checked
            return states[key in self.ticked] if is_box else None
        column = self.columns[index.column() - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.words(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_RIGHT if column.is_number else _LEFT)
        return None


class _Delegate(QStyledItemDelegate):
    """Paints ticks as `TickBox` does, and words quietly."""

    def __init__(self, theme: Theme, table: TickTable) -> None:
        super().__init__(table)
        self._theme, self._table = theme, table

    def paint(self, painter: QPainter, option, index: QModelIndex) -> None:
        """Ground, then the box or the words."""
        palette, rect = self._theme.palette, option.rect
        painter.save()
        if self._table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(rect, palette.colour("accent_tint"))
        state = index.data(Qt.ItemDataRole.CheckStateRole)
        if index.column() != TICK_COLUMN:
            self._paint_words(painter, rect, index)
        elif state is not None:
            self._paint_box(painter, rect, Qt.CheckState(state) == Qt.CheckState.Checked)
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:
        model = index.model()
        is_fixed = model.key_at(index.row()) in model.fixed
        painter.setFont(ui_font(SIZE_BODY))
        painter.setPen(self._theme.palette.colour("t3" if is_fixed else "t1"))
        inner = rect.adjusted(_PAD, 0, -_PAD, 0)
        words = painter.fontMetrics().elidedText(
            str(index.data() or ""), Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, index.data(Qt.ItemDataRole.TextAlignmentRole), words)

    def _paint_box(self, painter: QPainter, rect: QRect, is_ticked: bool) -> None:
        palette = self._theme.palette
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        corner = QRectF(rect).center() - QPointF(_BOX / 2, _BOX / 2)
        painter.setPen(QPen(palette.colour("accent" if is_ticked else "line2"), 1))
        painter.setBrush(palette.colour("accent" if is_ticked else "field"))
        painter.drawRoundedRect(QRectF(corner.x(), corner.y(), _BOX, _BOX), 4, 4)
        if is_ticked:
            painter.setPen(QPen(palette.colour("on_accent"), 1.8))
            painter.drawPolyline([corner + point for point in TICK])


class TickTable(QTableView):
    """The table. A click in the box ticks, elsewhere chooses; Enter opens."""

    chosen = Signal(int)  # key of the row that is looked at
    opened = Signal(int)  # Enter or a double click

    def __init__(self, theme: Theme, name: str, model: TickModel) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.ticks = model
        self.setModel(model)
        self.setItemDelegate(_Delegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        heads = SortedHeads(theme)
        self.setHorizontalHeader(heads)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.sectionClicked.connect(self._on_head)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        theme.changed.connect(self.viewport().update)

    def choose(self, key: int) -> None:
        """Look at a row; one that is not there changes nothing."""
        position = self.ticks.position_of(key)
        if position >= 0:
            flags = QItemSelectionModel.SelectionFlag
            index = self.ticks.index(position, TICK_COLUMN + 1)
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)

    @property
    def chosen_keys(self) -> set[int]:
        """Keys of the rows that are chosen."""
        return {self.ticks.key_at(index.row()) for index in self.selectionModel().selectedRows()}

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Say which row is looked at now."""
        super().currentChanged(current, previous)
        if current.isValid() and current.row() != previous.row():
            self.chosen.emit(self.ticks.key_at(current.row()))

    def mousePressEvent(self, event) -> None:
        """In the box, tick; a range that is chosen is ticked as a whole."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == TICK_COLUMN:
            key = self.ticks.key_at(index.row())
            keys = self.chosen_keys
            self._toggle(key, keys if key in keys else {key})
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event) -> None:
        """Open; two clicks in the box are two clicks."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == TICK_COLUMN:
            self.mousePressEvent(event)
        elif index.isValid():
            self.opened.emit(self.ticks.key_at(index.row()))

    def keyPressEvent(self, event) -> None:
        """Space ticks what is chosen, Enter opens."""
        current = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and current.isValid():
            self._toggle(self.ticks.key_at(current.row()), self.chosen_keys)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.opened.emit(self.ticks.key_at(current.row()))
        else:
            super().keyPressEvent(event)

    def _toggle(self, key: int, keys: set[int]) -> None:
        self.ticks.tick(keys | {key}, key not in self.ticks.ticked)

    def _on_head(self, section: int) -> None:
        """Numbers by the largest first; again: the other way round; by the ticks: as listed."""
        heads, orders = self.horizontalHeader(), Qt.SortOrder
        if section == TICK_COLUMN:
            heads.setSortIndicator(-1, orders.AscendingOrder)
            heads.setSortIndicatorShown(False)
            self.ticks.sort(-1)
            return
        column = self.ticks.columns[section - 1]
        order = orders.DescendingOrder if column.is_number else orders.AscendingOrder
        was, was_order = self.ticks.order
        if was == section:
            was_down = was_order == orders.DescendingOrder
            order = orders.AscendingOrder if was_down else orders.DescendingOrder
        heads.setSortIndicator(section, order)
        heads.setSortIndicatorShown(True)
        self.ticks.sort(section, order)

    def resizeEvent(self, event) -> None:
        """What is left over goes to the columns without a width."""
        super().resizeEvent(event)
        widths = [_TICK_WIDTH, *(column.width for column in self.ticks.columns)]
        free = max(0, self.viewport().width() - sum(widths))
        open_columns = max(1, widths.count(0))
        for section, width in enumerate(widths):
            self.setColumnWidth(section, width or max(60, free // open_columns))
