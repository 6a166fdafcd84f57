"""The samples list: filter, how many pass, the table, the spread, and what cannot be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.evaluation.frame_filter import FilterError
from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.columns import FIRST_METRIC, POSITIONS, TableColumn, column_named
from utnet_viewer.samples.counting import count_words, problem_words
from utnet_viewer.samples.filter_field import FilterField
from utnet_viewer.samples.filter_menu import FilterMenu
from utnet_viewer.samples.histogram import Brush, Histogram
from utnet_viewer.samples.list_view import SamplesTable
from utnet_viewer.samples.metric_menu import fill_metric_menu
from utnet_viewer.samples.row_choice import RowChoice
from utnet_viewer.samples.saved_filters import SavedFilters
from utnet_viewer.samples.summary_dialog import SummaryDialog
from utnet_viewer.samples.table_model import SamplesModel
from utnet_viewer.samples.taken import samples_table
from utnet_viewer.samples.thumbnails import Thumbnails
from utnet_viewer.samples.tools import add_tools
from utnet_viewer.samples.unreadable_dialog import UnreadableDialog
from utnet_viewer.samples.worst_walk import WorstWalk
from utnet_viewer.settings import Settings
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from core.evaluation.store import Evaluation
    from utnet_viewer.taking.tables import Table

#: While an evaluation runs, the list is filtered and ordered anew no more often.
REFRESH_MS = 1200


class SamplesPanel(Panel):
    """The list follows the document's row, and the document follows the list."""

    filtered = Signal()
    listed = Signal()  # another list is open, and not filtered yet
    grown = Signal()  # an evaluation brought figures, or took them away
    said = Signal(str)  # a short sentence for the status bar

    def __init__(
        self,
        document: Document,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        """`settings` keeps the saved filters."""
        super().__init__("Samples", theme, parent)
        self._document = document
        self.model = SamplesModel(self)
        self.table = SamplesTable(self.model, theme)
        self.filter_field = FilterField(theme)
        self.filter, self.filter_error = self.filter_field.edit, self.filter_field.error
        self.filter_problem: FilterError | None = None
        self.saved = SavedFilters(settings)
        self.count = QLabel()
        self.count.setObjectName("quiet")
        self.histogram = Histogram(theme)
        self.unreadable = QPushButton()
        self.unreadable.setObjectName("warningLink")
        self.unreadable.clicked.connect(self.show_unreadable)
        self.thumbnails = Thumbnails(
            document, is_in_sight=lambda row: self._is_in_sight(row), parent=self
        )
        self.worst = WorstWalk(self)
        self.spread_of: TableColumn = column_named(FIRST_METRIC)
        self.choice = RowChoice()
        self._is_spread_old, self._is_refreshing = True, False
        self._summary: SummaryDialog | None = None
        self.filter_menu = FilterMenu(self)
        self.pictures = add_tools(self)
        self.set_body(self._make_body())
        self._connect()
        self._say_count()

    def _make_body(self) -> QWidget:
        counts = QHBoxLayout()
        counts.setContentsMargins(2, 0, 0, 0)
        counts.addWidget(self.count)
        counts.addStretch(1)
        counts.addWidget(self.unreadable)
        self._head = QVBoxLayout()
        self._head.setContentsMargins(10, 0, 10, 0)
        self._head.setSpacing(5)
        self._head.addWidget(self.filter_field)
        self._head.addLayout(counts)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 2, 0, 6)
        layout.setSpacing(2)
        layout.addLayout(self._head)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.histogram)
        return body

    def add_strip(self, strip: QWidget) -> None:
        """Put a line between the filter and the count, such as how far an evaluation is."""
        self._head.insertWidget(1, strip)

    def _connect(self) -> None:
        self._filter_delay = QTimer(self, singleShot=True, interval=120)
        self._filter_delay.timeout.connect(self.apply_filter)
        self._growth = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._growth.timeout.connect(self.refresh)
        self.filter_field.changed.connect(self._filter_delay.start)
        self.filter_field.entered.connect(self._leave_filter)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._on_sorted)
        self.histogram.brushed.connect(self._on_brushed)
        menu = self.histogram.choice.menu()
        menu.aboutToShow.connect(lambda: fill_metric_menu(menu, self))
        self.thumbnails.ready.connect(self._on_picture)
        self.model.modelReset.connect(self._follow_document)
        self._document.row_changed.connect(self._follow_document)
        self._document.row_changed.connect(self._mark_current)
        self.theme.changed.connect(self._say_count)  # it has a colour of its own

    # What the window tells.

    def set_catalogue(self, catalogue: Catalogue | None) -> None:
        """Show another list; a filter that stands there is applied to it."""
        self._growth.stop()
        self.histogram.set_brush(None)
        self.choice.forget_rows()
        self.filter_field.table = catalogue
        if catalogue is not None:
            # A numpy string array has room for its longest name, four bytes a character.
            self.table.fit_frames(catalogue.frames.dtype.itemsize // 4)
            self.table.fit_sequences(catalogue.sequence_names)
        self.model.set_catalogue(catalogue)
        self.listed.emit()
        self.apply_filter()

    def row_known(self, row: int) -> None:
        """A figure or a problem of a row became known."""
        self._is_spread_old = True
        self.worst.forget()
        self.model.row_changed(row)
        if self.model.catalogue is not None and row in self.model.catalogue.problems:
            self._say_count()

    def show_spread(self) -> None:
        """Draw the spread of the figures known so far."""
        catalogue = self.model.catalogue
        if catalogue is None or not self._is_spread_old:
            return
        values = np.empty(0)
        if catalogue.has_figures(self.spread_of.key):
            values = self.choice.filtered(catalogue.figures(self.spread_of.key))
        self.histogram.show_values(self.spread_of, values, self._current_figure())
        self._is_spread_old = False

    def _current_figure(self) -> float:
        row, catalogue = self._document.row, self.model.catalogue
        known = catalogue is not None and 0 <= row < len(catalogue)
        return self.model.figure(row, POSITIONS[self.spread_of.key]) if known else float("nan")

    def _mark_current(self, _row: int) -> None:
        self.histogram.show_current(self._current_figure())

    def show_evaluation(self, evaluation: Evaluation | None) -> None:
        """Take the figures of a whole split; None forgets them."""
        catalogue = self.model.catalogue
        if catalogue is None:
            return
        if evaluation is None:
            catalogue.forget_scores()
        else:
            catalogue.set_evaluation(evaluation)
        self.refresh()
        self.grown.emit()

    def look_again(self) -> None:
        """Take what an evaluation under way has written meanwhile."""
        catalogue = self.model.catalogue
        if catalogue is not None and len(catalogue.look_again()):
            self._say_count()
            self.table.viewport().update()
            self.grown.emit()
            if not self._growth.isActive():
                self._growth.start()

    def refresh(self) -> None:
        """Filter, order and spread with what is known now; who scrolled away stays there."""
        bars = self.table.verticalScrollBar(), self.table.horizontalScrollBar()
        before = [bar.value() for bar in bars]
        self._is_refreshing = True
        self.apply_filter()
        self._is_refreshing = False
        for bar, value in zip(bars, before, strict=True):
            bar.setValue(value)
        if self._summary is not None:
            self._summary.show_rows(self.model.catalogue, self.model.rows)

    def go_to(self, row: int) -> None:
        """Look at a row of the dataset."""
        self._document.select(row)

    def neighbour(self, row: int, step: int) -> int | None:
        """The row `step` after `row` in the order and filter on screen."""
        return self.model.neighbour(row, step)

    # What the person does.

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def _leave_filter(self) -> None:
        self._filter_delay.stop()
        self.apply_filter()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def use_filter(self, text: str) -> None:
        """Filter by this from now on; Ctrl+Z in the field takes it back."""
        self.filter_field.set_text(text)
        self._filter_delay.stop()
        self.apply_filter()

    def unsort(self) -> None:
        """Back to the dataset's own order."""
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def apply_filter(self) -> None:
        """Filter now; an error is shown under the field and the list stays as it was."""
        problem = None
        try:
            self.choice.use_filter(self.filter.text(), self.model.catalogue)
        except FilterError as error:
            problem = error
        self.filter_problem = problem
        self.filter_field.show_error(problem)
        self._show_rows()
        self.filtered.emit()

    def _show_rows(self) -> None:
        if self.model.catalogue is not None:
            self.model.set_mask(self.choice.mask(self.model.catalogue))
        self.worst.forget()
        self._is_spread_old = True
        self.show_spread()
        self._say_count()

    # Brush, order, and what is spread out.

    def _on_brushed(self, brush: Brush | None) -> None:
        self.choice.brush = brush
        self._show_rows()
        self.filtered.emit()

    def clear_brush(self) -> None:
        """All figures pass again."""
        if self.histogram.brush is not None:
            self.histogram.set_brush(None)
            self._on_brushed(None)

    def keyPressEvent(self, event) -> None:
        """Escape clears the brush."""
        if event.key() == Qt.Key.Key_Escape and self.histogram.brush is not None:
            self.clear_brush()
            return
        super().keyPressEvent(event)

    def use_metric(self, key: str) -> None:
        """Spread out another column; a brush over the one before becomes part of the filter."""
        column = column_named(key)
        if column == self.spread_of:
            return
        text = self.choice.text if self.histogram.brush is not None else ""
        self.spread_of = column
        self.worst.forget()
        self.choice.brush = None
        self.histogram.set_brush(None)
        if text:
            self.use_filter(text)
        self._is_spread_old = True
        self.show_spread()

    def _on_sorted(self, section: int, _order: Qt.SortOrder) -> None:
        """The spread is of what the list is ordered by, and the first rows come into sight."""
        column = self.model.sort_column if section >= 0 else None
        if column is not None and column.is_figure:
            self.use_metric(column.key)
        if section >= 0:
            self.table.verticalScrollBar().setValue(0)

    def sort_by(self, key: str, order: Qt.SortOrder = Qt.SortOrder.DescendingOrder) -> None:
        """Order by a column, which is shown from now on."""
        self.table.sort_by(key, order)

    def show_summary(self) -> None:
        """Summaries by sequence and by joint of the rows that pass."""
        if self._summary is None:
            self._summary = SummaryDialog(self.theme, self.window())
            self._summary.sequence_chosen.connect(self.use_filter)
            self._summary.joint_chosen.connect(self.sort_by)
            self.filtered.connect(self._sum_up)
        self._summary.show()
        self._summary.raise_()
        self._summary.activateWindow()
        self._sum_up()

    def _sum_up(self) -> None:
        if self._summary.isVisible():
            self._summary.show_rows(self.model.catalogue, self.model.rows)

    def show_unreadable(self) -> None:
        """List the frames that cannot be read, and why."""
        catalogue = self.model.catalogue
        if catalogue is not None:
            dialog = UnreadableDialog(catalogue, self.window())
            dialog.row_chosen.connect(self._document.select)
            dialog.open()

    def _say_count(self) -> None:
        catalogue = self.model.catalogue
        strong = f"color:{self.theme.palette.t1}; font-weight:600"
        self.count.setText(count_words(catalogue, self.model.rowCount(), strong=strong))
        words = problem_words(catalogue)
        self.unreadable.setText(words)
        self.unreadable.setToolTip("List what cannot be read, and why")
        self.unreadable.setVisible(bool(words))
        self.table.show_status(catalogue is not None and bool(catalogue.bad_rows.any()))

    # Pictures.

    def show_pictures(self, is_shown: bool) -> None:
        """With a small picture of the hand in each row, or without."""
        delegate = self.table.itemDelegate()
        delegate.picture_of = self.thumbnails.picture if is_shown else None
        self.table.show_pictures(is_shown)
        self._follow_document()

    def _is_in_sight(self, row: int) -> bool:
        return self.model.position_of(row) in self.table.rows_in_sight()

    def _on_picture(self, row: int) -> None:
        position = self.model.position_of(row)
        if position in self.table.rows_in_sight():
            self.table.update(self.model.index(position, 0))

    def close_threads(self) -> None:
        """Read no more pictures, and wait for the one that is being read."""
        self._growth.stop()
        self.thumbnails.close()

    # What is remembered.

    def taken_table(self) -> Table | None:
        """The list as it stands, with all that is known of its rows."""
        return samples_table(self.model)

    def save_state(self) -> str:
        """Also which columns were chosen."""
        kept = json.loads(super().save_state())
        return json.dumps({**kept, "columns": list(self.table.columns)})

    def restore_state(self, state: str) -> None:
        """See `Panel`; columns that this version does not have are left out."""
        super().restore_state(state)
        columns = json.loads(state).get("columns")
        if isinstance(columns, list):
            self.table.set_columns([key for key in columns if isinstance(key, str)])

    # Both ways.

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._document.select(self.model.row_at(current.row()))

    def _follow_document(self, _row: int = -1) -> None:
        """Mark the document's row, and bring it into sight; where it is hidden, the first rows."""
        position = self.model.position_of(self._document.row)
        selection = self.table.selectionModel()
        if not self._is_refreshing:
            self.table.bring_into_sight(position)
        if position < 0:
            blocked = selection.blockSignals(True)
            selection.clear()
            selection.blockSignals(blocked)
            self.table.viewport().update()
        elif self.table.currentIndex().row() != position or not selection.hasSelection():
            how = (
                QItemSelectionModel.SelectionFlag.ClearAndSelect
                | QItemSelectionModel.SelectionFlag.Rows
            )
            selection.setCurrentIndex(self.model.index(position, 0), how)
