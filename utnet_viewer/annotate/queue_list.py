"""The queue's table: one column, the row of the document marked, and heads over it."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from utnet_viewer.annotate.queue_delegate import ROW, TOLD_ROW, Places, QueueDelegate
from utnet_viewer.annotate.queue_model import QueueModel
from utnet_viewer.theme import SIZE_AXIS, TABLE_HEAD, Theme, ui_font


class QueueList(QTableView):
    """A click, Up and Down choose a row of the dataset."""

    chosen = Signal(int)  # row of the dataset

    def __init__(self, model: QueueModel, theme: Theme) -> None:
        super().__init__()
        self.queue = model
        self.setModel(model)
        self.delegate = QueueDelegate(theme, self)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Queue")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setAutoScroll(False)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setWordWrap(False)
        heads = self.horizontalHeader()
        heads.hide()
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW)
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.clicked.connect(self._on_current)
        theme.changed.connect(self.viewport().update)

    def _on_current(self, current: QModelIndex, _previous: QModelIndex | None = None) -> None:
        if current.isValid():
            self.chosen.emit(int(self.queue.rows[current.row()]))

    def tell_reasons(self, is_told: bool) -> None:
        """Rows are high enough for a reason, or not."""
        height = TOLD_ROW if is_told else ROW
        if height != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(height)

    def mark(self, row: int) -> None:
        """Mark a row of the dataset and bring it into sight; one that is not here marks none."""
        position = self.queue.position_of(row)
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)
        if position < 0:
            selection.clear()
        else:
            flags = QItemSelectionModel.SelectionFlag
            index = self.queue.index(position, 0)
            selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            place = self.visualRect(index)
            if place.top() < 0 or place.bottom() >= self.viewport().height():
                self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        selection.blockSignals(blocked)
        self.viewport().update()


class QueueHeads(QWidget):
    """What the parts of a row are called."""

    def __init__(self, theme: Theme, rows: QueueList) -> None:
        super().__init__()
        self._theme, self._rows = theme, rows
        self.setFixedHeight(TABLE_HEAD)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As the heads of other tables."""
        return QSize(120, TABLE_HEAD)

    def paintEvent(self, event) -> None:
        """Words over their parts, a line under them."""
        painter, palette = QPainter(self), self._theme.palette
        font = ui_font(SIZE_AXIS)
        painter.setFont(font)
        painter.setPen(palette.colour("t2"))
        places = Places.of(self._rows.viewport().width(), self._rows.delegate.frame_width)
        middle = (self.height() + QFontMetrics(font).ascent()) // 2 - 1
        painter.drawText(places.sequence[0], middle, "sequence")
        width = QFontMetrics(font).horizontalAdvance("frame")
        painter.drawText(places.frame[1] - width, middle, "frame")
        painter.drawText(places.review, middle, "review")
        painter.fillRect(0, self.height() - 1, self.width(), 1, palette.colour("line"))
