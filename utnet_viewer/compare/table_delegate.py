"""How a row of differences is painted: name, figures, and a bar that grows from zero."""

from __future__ import annotations

import math

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.compare.rows import OPEN, DifferenceRow
from utnet_viewer.compare.table_model import (
    BAR,
    COUNT,
    DIFFERENCE,
    FIRST,
    INTERVAL,
    NAME,
    DifferenceModel,
    token_of,
)
from utnet_viewer.theme import SIZE_LABEL, Theme, ui_font

_PAD, _SWATCH = 8, 8
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class DifferenceDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._body, self._strong, self._small = ui_font(), ui_font(weight=600), ui_font(SIZE_LABEL)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Ground, then what the column holds."""
        model: DifferenceModel = index.model()
        row, column = model.rows[index.row()], index.column()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option, column)
        if column == BAR:
            self._paint_bar(painter, QRectF(option.rect), row, model.reach)
        else:
            self._paint_words(painter, option.rect, row, column, model.words(row, column))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, column: int) -> None:
        rect, palette = option.rect, self._theme.palette
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, palette.colour("accent_tint"))
            if column == NAME:
                painter.fillRect(rect.x(), rect.y(), 2, rect.height(), palette.colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.colour("bg3"))

    def _paint_words(
        self, painter: QPainter, rect: QRect, row: DifferenceRow, column: int, words: str
    ) -> None:
        palette = self._theme.palette
        if column == NAME:
            left = _PAD + 2
            if row.token:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(palette.colour(row.token))
                top = rect.center().y() - _SWATCH / 2 + 1
                painter.drawRoundedRect(QRectF(rect.x() + left, top, _SWATCH, _SWATCH), 2, 2)
            left += (_SWATCH + 8) if row.token else 0
            inner = rect.adjusted(left, 0, -2, 0)
            painter.setFont(self._body)
            painter.setPen(palette.colour("t1"))
            middle = Qt.TextElideMode.ElideRight
            words = QFontMetricsF(self._body).elidedText(words, middle, inner.width())
            painter.drawText(inner, _LEFT, words)
            return
        is_deciding = column == DIFFERENCE
        painter.setFont(
            self._strong if is_deciding else self._small if column == INTERVAL else self._body
        )
        token = "t2" if column in (COUNT, FIRST, INTERVAL) else "t1"
        if is_deciding and row.outcome == OPEN:
            token = "t2"
        painter.setPen(palette.colour(token))
        painter.drawText(rect.adjusted(0, 0, -_PAD, 0), _RIGHT, words)

    def _paint_bar(self, painter: QPainter, rect: QRectF, row: DifferenceRow, reach: float) -> None:
        """From zero in the middle; its interval as a line with ends."""
        palette, middle = self._theme.palette, rect.center()
        painter.setPen(QPen(palette.colour("line2"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(middle.x(), rect.top()), QPointF(middle.x(), rect.bottom()))
        if not math.isfinite(row.difference) or reach <= 0:
            return
        half = rect.width() / 2 - 3
        end = middle.x() + row.difference / reach * half
        colour = palette.colour(token_of(row), 0.85)
        bar = QRectF(min(end, middle.x()), middle.y() - 4.5, max(1.0, abs(end - middle.x())), 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRect(bar)
        if not (math.isfinite(row.low) and math.isfinite(row.high)):
            return
        low, high = (middle.x() + value / reach * half for value in (row.low, row.high))
        painter.setPen(QPen(palette.colour("t1", 0.85), 1))
        painter.drawLine(QPointF(low, middle.y()), QPointF(high, middle.y()))
        for x in (low, high):
            painter.drawLine(QPointF(x, middle.y() - 3), QPointF(x, middle.y() + 3))
