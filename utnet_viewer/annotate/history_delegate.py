"""How a row of the history is painted: icon, what, where, how long ago."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.annotate.history_model import HistoryRow
from utnet_viewer.annotate.words import ago
from utnet_viewer.theme import ICON, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

ROW = 25
_PAD, _GAP, _FRAME_LEAST = 12, 10, 60
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class HistoryDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours; what was taken back is struck out."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._font, self._small = ui_font(), ui_font(SIZE_LABEL)
        self._struck = QFont(self._font)
        self._struck.setStrikeOut(True)

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:
        """One line."""
        return QSize(80, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        """From both ends; the place gives way to the words."""
        model, rect = index.model(), option.rect
        row: HistoryRow = model.rows[index.row()]
        palette = self._theme.palette
        painter.save()
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(rect, palette.colour("accent_tint"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.colour("bg3"))
        scale = painter.device().devicePixelRatioF()
        colour = palette.t3 if row.is_undone else palette.t2
        picture = pixmap(row.icon, colour, scale=scale)
        painter.drawPixmap(rect.x() + _PAD, rect.center().y() - ICON // 2 + 1, picture)
        inner = rect.adjusted(_PAD + ICON + 7, 0, -_PAD, 0)
        self._paint_words(painter, self._paint_when(painter, inner, row, model.now_s), row, model)
        painter.restore()

    def _paint_when(self, painter: QPainter, inner: QRect, row: HistoryRow, now_s: float) -> QRect:
        """How long ago, and who where that is somebody else; what is left beside it."""
        when = ago(row.at_s, now_s)
        words = f"{row.author} · {when}" if row.author else when
        metrics = QFontMetrics(self._small)
        words = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, inner.width() // 2)
        painter.setFont(self._small)
        painter.setPen(self._theme.palette.colour("t3"))
        painter.drawText(inner, _RIGHT, words)
        return inner.adjusted(0, 0, -metrics.horizontalAdvance(words) - _GAP, 0)

    def _paint_words(self, painter: QPainter, inner: QRect, row: HistoryRow, model) -> None:
        palette = self._theme.palette
        font = self._struck if row.is_undone else self._font
        words = QFontMetrics(font).elidedText(row.words, Qt.TextElideMode.ElideRight, inner.width())
        painter.setFont(font)
        painter.setPen(palette.colour("t3" if row.is_undone else "t1"))
        painter.drawText(inner, _LEFT, words)
        used = QFontMetrics(font).horizontalAdvance(words) + _GAP
        room = inner.width() - used
        needed = QFontMetrics(self._small).horizontalAdvance(row.place)
        if not model.names_frames or room < min(_FRAME_LEAST, needed):
            return
        place = QFontMetrics(self._small).elidedText(row.place, Qt.TextElideMode.ElideRight, room)
        painter.setFont(self._small)
        painter.setPen(palette.colour("t3"))
        painter.drawText(inner.adjusted(used, 0, 0, 0), _LEFT, place)
