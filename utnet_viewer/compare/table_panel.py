"""A panel with a table of differences: sorted by its heads, chosen by click or key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QStackedWidget, QTableView

from utnet_viewer.compare.rows import DifferenceRow
from utnet_viewer.compare.table_delegate import DifferenceDelegate
from utnet_viewer.compare.table_model import (
    BAR,
    COUNT,
    DIFFERENCE,
    FIRST,
    INTERVAL,
    NAME,
    ORDERS,
    SECOND,
    DifferenceModel,
)
from utnet_viewer.taking.tables import Table
from utnet_viewer.theme import TABLE_HEAD, Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.panel import Panel

_ROW = 26
_WIDTHS = {COUNT: 52, FIRST: 46, SECOND: 46, DIFFERENCE: 56, INTERVAL: 114}
_BAR_LEAST = 40


class DifferenceTable(QTableView):
    """Rows of differences; columns without room are left out, the bar first, then the interval."""

    chosen = Signal(str)  # key of the row, "" for none

    def __init__(
        self,
        theme: Theme,
        what: str,
        *,
        name_width: int = 92,
        has_bar: bool = True,
        has_count: bool = False,
    ) -> None:
        """`name_width` is the least room for names, in px."""
        super().__init__()
        self._has_bar, self._has_count, self._name_width = has_bar, has_count, name_width
        self.differences = DifferenceModel(what, parent=self)
        self.setModel(self.differences)
        self.setItemDelegate(DifferenceDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW)
        heads.setFixedHeight(TABLE_HEAD)
        heads.setHighlightSections(False)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setMinimumSectionSize(0)
        heads.setSectionsClickable(True)
        heads.sectionClicked.connect(self._on_head)
        theme.changed.connect(self.viewport().update)

    # What is shown.

    def show_rows(self, rows: Sequence[DifferenceRow], *, unit: str = "") -> None:
        """Show other rows; the chosen one stays where it is still there."""
        kept = self.current_key
        with _Silence(self):
            self.differences.show(rows, unit=unit)
            self.choose(kept)
        if self.current_key != kept:
            self.chosen.emit("")

    @property
    def current_key(self) -> str:
        """Key of the chosen row, "" for none."""
        selected = self.selectionModel().selectedRows()
        return self.differences.rows[selected[0].row()].key if selected else ""

    def choose(self, key: str) -> None:
        """Choose a row ("" for none); one that is not there is none."""
        position = self.differences.position_of(key) if key else -1
        if position < 0:
            self.clearSelection()
            self.selectionModel().clearCurrentIndex()
            return
        flags = QItemSelectionModel.SelectionFlag
        index = self.differences.index(position, NAME)
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def sort_by(self, column: int, *, is_descending: bool) -> None:
        """Sort by a column, -1 for as listed; what is chosen stays chosen."""
        kept = self.current_key
        order = Qt.SortOrder.DescendingOrder if is_descending else Qt.SortOrder.AscendingOrder
        with _Silence(self):
            self.differences.sort(column, order)
            self.choose(kept)
        heads = self.horizontalHeader()
        heads.setSortIndicatorShown(column >= 0)
        if column >= 0:
            heads.setSortIndicator(column, order)

    def _on_head(self, column: int) -> None:
        """Numbers by the largest first, names by the alphabet; again: the other way round."""
        was, was_descending = self.differences.order
        is_descending = column in (FIRST, SECOND, COUNT, INTERVAL)
        if was == column:
            is_descending = not was_descending
        self.sort_by(column, is_descending=is_descending)

    def selectionChanged(self, selected, deselected) -> None:
        """Announce what is chosen."""
        super().selectionChanged(selected, deselected)
        if not self.signalsBlocked():
            self.chosen.emit(self.current_key)

    def mousePressEvent(self, event) -> None:
        """A click on the chosen row lets it go."""
        index = self.indexAt(event.position().toPoint())
        is_chosen = index.isValid() and self.selectionModel().isSelected(index)
        if is_chosen and event.button() == Qt.MouseButton.LeftButton:
            self.choose("")
            return
        super().mousePressEvent(event)

    # Columns.

    def resizeEvent(self, event) -> None:
        """Share the room out again."""
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        room = self.viewport().width()
        shown = {FIRST, SECOND, DIFFERENCE} | ({COUNT} if self._has_count else set())
        used = sum(_WIDTHS[column] for column in shown) + self._name_width
        for column, width, is_wanted in (
            (BAR, _BAR_LEAST, self._has_bar),
            (INTERVAL, _WIDTHS[INTERVAL], True),
        ):
            if is_wanted and used + width <= room:
                shown.add(column)
                used += width
        extra = max(0, room - used)
        name = self._name_width + (extra * 2 // 5 if BAR in shown else extra)
        for column in range(NAME + 1, len(_WIDTHS) + 2):
            self.setColumnHidden(column, column not in shown)
            if column in _WIDTHS:
                self.setColumnWidth(column, _WIDTHS[column])
        self.setColumnWidth(BAR, _BAR_LEAST + extra - extra * 2 // 5)
        self.setColumnWidth(NAME, name)

    def rows_for_export(self) -> tuple[list[str], list[list[object]]]:
        """Heads and rows, for a file; see `DifferenceModel.rows_for_export`."""
        return self.differences.rows_for_export()


class _Silence:
    """While the rows are made anew, the selection comes and goes: nobody hears of it."""

    def __init__(self, table: DifferenceTable) -> None:
        self._table = table

    def __enter__(self) -> None:
        self._was = self._table.blockSignals(True)

    def __exit__(self, *_: object) -> None:
        self._table.blockSignals(self._was)


class TablePanel(Panel):
    """One or more tables behind a title, with a button that changes their order."""

    def __init__(self, title: str, theme: Theme) -> None:
        super().__init__(title, theme)
        self.stack = QStackedWidget()
        self.empty = QLabel()
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.empty.setMargin(20)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack.addWidget(self.empty)
        self.order = IconButton("arrows-down-up", f"Sort {title.lower()}", theme)
        self.order.action.triggered.connect(self.next_order)
        self.set_body(self.stack)

    def add_table(self, table: DifferenceTable, name: str) -> None:
        """Another table; `name` is for who cannot see it."""
        table.setAccessibleName(name)
        self.stack.addWidget(table)

    @property
    def table(self) -> DifferenceTable | None:
        """The table that is shown, None where only words are."""
        shown = self.stack.currentWidget()
        return shown if isinstance(shown, DifferenceTable) else None

    def say(self, words: str) -> None:
        """Words instead of a table."""
        self.empty.setText(words)
        self.stack.setCurrentWidget(self.empty)

    def next_order(self) -> None:
        """As listed, biggest gain first, biggest loss first, and round again."""
        table = self.table
        if table is None:
            return
        orders = [(column, is_descending) for _, column, is_descending in ORDERS]
        now = table.differences.order
        number = (orders.index(now) + 1) % len(orders) if now in orders else 0
        words, column, is_descending = ORDERS[number]
        table.sort_by(column, is_descending=is_descending)
        self.order.setToolTip(f"{self.order.action.text()}: {words}")

    def taken_table(self) -> Table | None:
        """The table that is shown, with its intervals, for CSV."""
        table = self.table
        name = f"{self.title} {table.differences.what}" if table is not None else ""
        return None if table is None else table_of_rows(name, *table.rows_for_export())


def table_of_rows(name: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Rows as the columns that a CSV file is made of."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in heads]
    return Table(name, tuple(heads), lambda: columns)
