"""How a cell of the samples list is painted: figures with a bar behind, a flag for bad rows."""

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.samples.table_model import PA, SEQUENCE, STATUS, SamplesModel
from utnet_viewer.theme import ICON, Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

#: The PA-MPJPE in mm that fills the cell's bar.
FULL_BAR_MM = 25.0

_PAD = 8
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
_TOKENS = ("accent_tint", "accent", "bg3", "t1", "t2")


class SamplesDelegate(QStyledItemDelegate):
    """Paints everything itself, with colours kept at hand: a held key repaints the whole list."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme, self._font, self._strong = theme, ui_font(), ui_font(weight=600)
        self._metrics = QFontMetrics(self._font)
        self._colours: dict[str, QColor] = {}
        theme.changed.connect(self._take_colours)
        self._take_colours()

    def _take_colours(self) -> None:
        palette = self._theme.palette
        self._colours = {token: palette.colour(token) for token in _TOKENS}
        self._colours["bar"] = palette.colour("accent", 0.28 if self._theme.is_dark else 0.2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Selection, bar, words or icon."""
        model, column, rect = index.model(), index.column(), option.rect
        row = model.row_at(index.row())
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._paint_ground(painter, option, is_selected, column)
        if column == STATUS:
            if row in model.catalogue.problems:
                self._paint_flag(painter, rect)
            return
        if column == PA:
            self._paint_bar(painter, rect, model, row)
        words = model.words(row, column)
        if not words:
            return
        is_strong = is_selected or column in (SEQUENCE, PA)
        painter.setFont(self._strong if column == PA else self._font)
        painter.setPen(self._colours["t1" if is_strong else "t2"])
        if column == SEQUENCE:
            inner = rect.adjusted(_PAD + 2, 0, 0, 0)
            middle = Qt.TextElideMode.ElideMiddle
            words = self._metrics.elidedText(words, middle, inner.width())
            painter.drawText(inner, _LEFT, words)
        else:
            painter.drawText(rect.adjusted(0, 0, -_PAD, 0), _RIGHT, words)

    def _paint_ground(self, painter: QPainter, option, is_selected: bool, column: int) -> None:
        rect = option.rect
        if is_selected:
            painter.fillRect(rect, self._colours["accent_tint"])
            if column == SEQUENCE:
                painter.fillRect(rect.x(), rect.y(), 2, rect.height(), self._colours["accent"])
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, self._colours["bg3"])

    def _paint_bar(self, painter: QPainter, rect: QRect, model: SamplesModel, row: int) -> None:
        value = model.catalogue.pa_mm[row]
        if np.isnan(value):
            return
        length = round((rect.width() - 10) * min(float(value) / FULL_BAR_MM, 1))
        bar = QRect(rect.right() - 3 - length, rect.top() + 4, length, rect.height() - 8)
        painter.fillRect(bar, self._colours["bar"])

    def _paint_flag(self, painter: QPainter, rect: QRect) -> None:
        scale = painter.device().devicePixelRatioF()
        picture = pixmap("warning", self._theme.palette.warning, scale=scale)
        painter.drawPixmap(rect.center() - QPoint(ICON // 2, ICON // 2), picture)
