"""How a cell of the run table is painted: tick, icon and word, figure over its bar."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.theme import ICON, Theme, ui_font
from utnet_viewer.training.run_model import BEST, NAME, STATUS, TICK
from utnet_viewer.training.run_words import TOKENS, tell
from utnet_viewer.widgets.icons import pixmap
from utnet_viewer.widgets.tick_box import TICK as TICK_MARK

_PAD, _TICK = 8, 14
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class RunDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme, self._font, self._strong = theme, ui_font(), ui_font(weight=600)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        """Ground, then what the column holds."""
        model, column, rect = index.model(), index.column(), option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        self._paint_ground(painter, option, is_selected, column)
        if column == TICK:
            self._paint_tick(painter, rect, model.rows[index.row()].summary.path in model.ticked)
        else:
            if column == BEST:
                self._paint_bar(painter, rect, model.share(index.row()))
            is_strong = column == BEST or (column == NAME and is_selected)
            self._paint_words(painter, rect, index, is_strong=is_strong)
        painter.restore()

    def _paint_ground(self, painter, option, is_selected: bool, column: int) -> None:
        palette, rect = self._theme.palette, option.rect
        if is_selected:
            painter.fillRect(rect, palette.colour("accent_tint"))
            if column == TICK:
                painter.fillRect(rect.x(), rect.y(), 2, rect.height(), palette.colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.colour("bg3"))

    def _paint_tick(self, painter: QPainter, rect: QRect, is_ticked: bool) -> None:
        palette = self._theme.palette
        box = QRectF(0, 0, _TICK, _TICK)
        box.moveCenter(rect.toRectF().center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(palette.colour("accent" if is_ticked else "line2"), 1))
        painter.setBrush(palette.colour("accent" if is_ticked else "field"))
        painter.drawRoundedRect(box, 3, 3)
        if is_ticked:
            painter.setPen(QPen(palette.colour("on_accent"), 1.8))
            painter.drawPolyline([box.topLeft() + point for point in TICK_MARK])

    def _paint_bar(self, painter: QPainter, rect: QRect, share: float) -> None:
        length = round((rect.width() - 10) * share)
        bar = QRect(rect.right() - 3 - length, rect.top() + 4, length, rect.height() - 8)
        alpha = 0.28 if self._theme.is_dark else 0.2
        painter.fillRect(bar, self._theme.palette.colour("accent", alpha))

    def _paint_words(self, painter: QPainter, rect: QRect, index, *, is_strong: bool) -> None:
        palette, column = self._theme.palette, index.column()
        inner = rect.adjusted(_PAD, 0, -_PAD, 0)
        if column == STATUS:
            told = tell(index.model().rows[index.row()].summary)
            scale = painter.device().devicePixelRatioF()
            colour = getattr(palette, TOKENS[told.kind])
            picture = pixmap(told.icon, colour, scale=scale)
            painter.drawPixmap(inner.x(), inner.center().y() - ICON // 2 + 1, picture)
            inner.adjust(ICON + 6, 0, 0, 0)
        font = self._strong if is_strong else self._font
        painter.setFont(font)
        painter.setPen(palette.colour("t1" if column in (NAME, BEST) else "t2"))
        words = QFontMetrics(font).elidedText(
            index.data() or "", Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, _RIGHT if column == BEST else _LEFT, words)
