"""The samples list: filter, how many pass, the table, and the frames that cannot be read."""

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.document import Document
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.delegate import SamplesDelegate
from utnet_viewer.samples.filtering import FilterError, filter_rows
from utnet_viewer.samples.histogram import Histogram
from utnet_viewer.samples.table_model import FRAME, PA, PIXELS, SEQUENCE, STATUS, SamplesModel
from utnet_viewer.samples.unreadable_dialog import UnreadableDialog
from utnet_viewer.theme import TABLE_HEAD, TABLE_ROW, Theme, mono_font
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.icons import icon
from utnet_viewer.widgets.panel import Panel

COLUMN_WIDTHS = {FRAME: 46, PA: 64, PIXELS: 52, STATUS: 26}


class _Table(QTableView):
    """Keeps the current row in sight when the list gets shorter."""

    def resizeEvent(self, event) -> None:
        """Scroll only where the row was in sight before: who scrolled away stays there."""
        super().resizeEvent(event)
        current = self.currentIndex()
        place = self.visualRect(current)
        if current.isValid() and place.top() >= 0 and place.bottom() <= event.oldSize().height():
            self.scrollTo(current)


class SamplesPanel(Panel):
    """The list follows the document's row, and the document follows the list."""

    filtered = Signal()

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Samples", theme, parent)
        self._document = document
        self.model = SamplesModel(self)
        self.table = self._make_table()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("seq:MC1* frame>100 pa>10")
        self.filter.setFont(mono_font())
        self.filter.setClearButtonEnabled(True)
        self.filter.setToolTip(
            "All words must hold: seq:MC1*  frame>100  pa>10  px<5  unreadable  or any text"
        )
        self._filter_icon = self.filter.addAction(
            icon("funnel-simple", theme.palette.t3), QLineEdit.ActionPosition.LeadingPosition
        )
        self.filter_error, self.count = QLabel(), QLabel()
        self.filter_error.setObjectName("filterError")
        self.filter_error.setWordWrap(True)
        self.filter_error.hide()
        self.count.setObjectName("quiet")
        self.histogram = Histogram(theme)
        self.unreadable = QPushButton()
        self.unreadable.setObjectName("warningLink")
        self.unreadable.clicked.connect(self.show_unreadable)
        self._unsort = IconButton("arrow-counter-clockwise", "Order of the dataset", theme)
        self._unsort.action.triggered.connect(self.unsort)
        self.add_tool(self._unsort)
        self.set_body(self._make_body())
        self._connect()
        self._say_count()

    def _make_table(self) -> QTableView:
        table = _Table()
        table.setModel(self.model)
        table.setItemDelegate(SamplesDelegate(self.theme, table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setMouseTracking(True)
        table.setAccessibleName("Samples")
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = table.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(TABLE_ROW)
        heads = table.horizontalHeader()
        heads.setFixedHeight(TABLE_HEAD)
        heads.setHighlightSections(False)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(SEQUENCE, QHeaderView.ResizeMode.Stretch)
        for column, width in COLUMN_WIDTHS.items():
            table.setColumnWidth(column, width)
        heads.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        heads.setSortIndicatorClearable(True)
        table.setSortingEnabled(True)
        return table

    def _make_body(self) -> QWidget:
        counts = QHBoxLayout()
        counts.setContentsMargins(2, 0, 0, 0)
        counts.addWidget(self.count)
        counts.addStretch(1)
        counts.addWidget(self.unreadable)
        head = QVBoxLayout()
        head.setContentsMargins(10, 0, 10, 2)
        head.setSpacing(4)
        head.addWidget(self.filter)
        head.addWidget(self.filter_error)
        head.addLayout(counts)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 2, 0, 6)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.histogram)
        return body

    def _connect(self) -> None:
        self._filter_delay = QTimer(self, singleShot=True, interval=120)
        self._filter_delay.timeout.connect(self.apply_filter)
        self.filter.textChanged.connect(lambda: self._filter_delay.start())
        self.filter.returnPressed.connect(self._leave_filter)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.model.modelReset.connect(self._follow_document)
        self._document.row_changed.connect(self._follow_document)
        self.theme.changed.connect(self._tint)

    def _tint(self) -> None:
        self._filter_icon.setIcon(icon("funnel-simple", self.theme.palette.t3))
        self.table.viewport().update()

    # What the window tells.

    def set_catalogue(self, catalogue: Catalogue | None) -> None:
        """Show another list; a filter that stands there is applied to it."""
        self.model.set_catalogue(catalogue)
        self.apply_filter()

    def row_known(self, row: int) -> None:
        """A figure or a problem of a row became known."""
        self.model.row_changed(row)
        if self.model.catalogue is not None and row in self.model.catalogue.problems:
            self._say_count()

    def show_spread(self) -> None:
        """Draw the spread of the figures known so far."""
        catalogue, row = self.model.catalogue, self._document.row
        if catalogue is not None:
            current_mm = catalogue.pa_mm[row] if row >= 0 else float("nan")
            self.histogram.show_values(catalogue.pa_mm, float(current_mm))

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

    def unsort(self) -> None:
        """Back to the dataset's own order."""
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def apply_filter(self) -> None:
        """Filter now; an error is shown under the field and the list stays as it was."""
        catalogue = self.model.catalogue
        problem = ""
        if catalogue is not None:
            try:
                self.model.set_mask(filter_rows(self.filter.text(), catalogue))
            except FilterError as error:
                problem = str(error)
        self.filter_error.setText(problem)
        self.filter_error.setVisible(bool(problem))
        self.filter.setProperty("invalid", bool(problem))
        self.filter.style().unpolish(self.filter)
        self.filter.style().polish(self.filter)
        self._say_count()
        self.filtered.emit()

    def show_unreadable(self) -> None:
        """List the frames that cannot be read, and why."""
        catalogue = self.model.catalogue
        if catalogue is not None:
            dialog = UnreadableDialog(catalogue, self.window())
            dialog.row_chosen.connect(self._document.select)
            dialog.open()

    def _say_count(self) -> None:
        catalogue = self.model.catalogue
        total = 0 if catalogue is None else len(catalogue)
        shown = self.model.rowCount()
        strong = f"color:{self.theme.palette.t1}; font-weight:600"
        self.count.setText(f'<span style="{strong}">{shown:,}</span> of {total:,}')
        bad = 0 if catalogue is None else len(catalogue.problems)
        notes = 0 if catalogue is None else len(catalogue.notes)
        words = [f"{bad:,} unreadable"] if bad else []
        words += [f"{notes:,} {'note' if notes == 1 else 'notes'}"] if notes else []
        self.unreadable.setText(" · ".join(words))
        self.unreadable.setToolTip("List what cannot be read, and why")
        self.unreadable.setVisible(bool(words))
        self.table.setColumnHidden(STATUS, bad == 0)

    # Both ways.

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._document.select(self.model.row_at(current.row()))

    def _follow_document(self, _row: int = -1) -> None:
        position = self.model.position_of(self._document.row)
        selection = self.table.selectionModel()
        if position < 0:
            blocked = selection.blockSignals(True)
            selection.clear()
            selection.blockSignals(blocked)
            self.table.viewport().update()
            return
        if self.table.currentIndex().row() == position and selection.hasSelection():
            return
        index = self.model.index(position, 0)
        if not self.table.viewport().rect().contains(self.table.visualRect(index)):
            # To the middle: at the edge, every further step would scroll and repaint all rows.
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        how = (
            QItemSelectionModel.SelectionFlag.ClearAndSelect
            | QItemSelectionModel.SelectionFlag.Rows
        )
        selection.setCurrentIndex(index, how)
