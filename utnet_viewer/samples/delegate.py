"""How a cell of the samples list is painted: figures with a bar behind, a flag for bad rows."""

import numpy as np
from PySide6.QtCore import QModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.samples.table_model import FRAME, PA, PIXELS, STATUS, SamplesModel
from utnet_viewer.theme import Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

#: The PA-MPJPE in mm that fills the cell's bar.
FULL_BAR_MM = 25.0

_PAD = 8


class SamplesDelegate(QStyledItemDelegate):
    """Paints everything itself: a table that is scrolled has no time for style sheets."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme, self._font = theme, ui_font()
        self._strong_font = ui_font(weight=600)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Selection, bar, words or icon."""
        palette, model = self._theme.palette, index.model()
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        rect = QRectF(option.rect)
        if is_selected:
            painter.fillRect(rect, palette.colour("accent_tint"))
            if index.column() == 0:
                edge = QRectF(rect.left(), rect.top(), 2, rect.height())
                painter.fillRect(edge, palette.colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.colour("bg3"))
        if index.column() == STATUS:
            self._paint_status(painter, rect, model, index)
            return
        if index.column() == PA:
            self._paint_bar(painter, rect, model, index)
        quiet = index.column() in (FRAME, PIXELS)
        painter.setFont(self._strong_font if index.column() == PA else self._font)
        painter.setPen(palette.colour("t2" if quiet and not is_selected else "t1"))
        flags = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignLeft if index.column() == 0 else Qt.AlignmentFlag.AlignRight
        )
        words = index.data(Qt.ItemDataRole.DisplayRole)
        left = _PAD + 2 if index.column() == 0 else 0
        inner = rect.adjusted(left, 0, -_PAD if left == 0 else 0, 0)
        words = painter.fontMetrics().elidedText(
            words, Qt.TextElideMode.ElideMiddle, int(inner.width())
        )
        painter.drawText(inner, flags, words)

    def _paint_bar(self, painter: QPainter, rect: QRectF, model: SamplesModel, index) -> None:
        value = model.catalogue.pa_mm[model.row_at(index.row())]
        if np.isnan(value):
            return
        length = (rect.width() - 10) * min(float(value) / FULL_BAR_MM, 1)
        bar = QRectF(rect.right() - 4 - length, rect.top() + 4, length, rect.height() - 8)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.palette.colour("accent", 0.28 if self._theme.is_dark else 0.2))
        painter.drawRoundedRect(bar, 2, 2)

    def _paint_status(self, painter: QPainter, rect: QRectF, model: SamplesModel, index) -> None:
        if model.row_at(index.row()) in model.catalogue.problems:
            scale = painter.device().devicePixelRatioF()
            picture = pixmap("warning", self._theme.palette.warning, scale=scale)
            centre = rect.center()
            painter.drawPixmap(round(centre.x()) - 8, round(centre.y()) - 8, picture)
