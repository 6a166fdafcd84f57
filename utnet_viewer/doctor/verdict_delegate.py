"""How a row of the verdict list is painted: icon, name, and the number beside its threshold."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.doctor.telling import tell_verdict
from utnet_viewer.doctor.verdict_model import RUNNING, WAITING, VerdictRow
from utnet_viewer.theme import (
    CONTROL_RADIUS,
    ICON,
    SIZE_LABEL,
    TABLE_ROW,
    Theme,
    ui_font,
)
from utnet_viewer.training.run_words import TOKENS, Told
from utnet_viewer.widgets.icons import pixmap

TALL_ROW, HEAD_ROW = 46, 27
_PAD, _GAP, _NAME_LEAST = 10, 8, 84
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_PENDING = {
    RUNNING: Told("circle-half", "Running", "accent"),
    WAITING: Told("circle-notch", "Waiting", "plain"),
}


def told_of(row: VerdictRow) -> Told:
    """Icon, word and colour of a check's row."""
    return _PENDING.get(row.verdict) or tell_verdict(row.verdict)


class VerdictDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._body, self._strong = ui_font(), ui_font(weight=600)
        self._small, self._small_strong = ui_font(SIZE_LABEL), ui_font(SIZE_LABEL, 600)

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:
        """What wants attention has two lines."""
        row = index.model().rows[index.row()]
        if not row.check:
            return QSize(0, HEAD_ROW)
        return QSize(0, TALL_ROW if row.is_tall else TABLE_ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        """Ground, then words."""
        row = index.model().rows[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not row.check:
            self._paint_head(painter, option.rect, row)
        else:
            self._paint_ground(painter, option)
            self._paint_icon(painter, option.rect, row)
            inner = option.rect.adjusted(_PAD + ICON + 10, 0, -_PAD - 2, 0)
            paint = self._paint_tall if row.is_tall else self._paint_short
            paint(painter, inner, row)
        painter.restore()

    def _paint_head(self, painter: QPainter, rect: QRect, row: VerdictRow) -> None:
        words, _, count = row.title.partition("\t")
        place = rect.adjusted(_PAD + 2, 4, -_PAD, 0)
        self._words(painter, place, words, "t3", self._small_strong)
        left = QFontMetrics(self._small_strong).horizontalAdvance(words) + 8
        self._words(painter, place.adjusted(left, 0, 0, 0), count, "t3", self._small)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        ground = QRectF(option.rect.adjusted(5, 0, -5, 0))
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(self._theme.palette.colour("accent_tint"))
            painter.drawRoundedRect(ground, CONTROL_RADIUS, CONTROL_RADIUS)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(self._theme.palette.colour("bg3"))
            painter.drawRoundedRect(ground, CONTROL_RADIUS, CONTROL_RADIUS)

    def _paint_icon(self, painter: QPainter, rect: QRect, row: VerdictRow) -> None:
        told = told_of(row)
        colour = getattr(self._theme.palette, TOKENS[told.kind])
        picture = pixmap(told.icon, colour, scale=painter.device().devicePixelRatioF())
        painter.drawPixmap(rect.x() + _PAD + 2, rect.center().y() - ICON // 2 + 1, picture)

    def _paint_tall(self, painter: QPainter, inner: QRect, row: VerdictRow) -> None:
        middle = inner.center().y()
        upper = QRect(inner.x(), middle - 19, inner.width(), 20)
        lower = QRect(inner.x(), middle, inner.width(), 18)
        token = TOKENS[told_of(row).kind]
        taken = self._words(painter, upper, row.number, token, self._small_strong, _RIGHT)
        self._words(painter, upper.adjusted(0, 0, -taken, 0), row.title, "t1", self._strong)
        limit = f"expected {row.limit}" if row.limit else ""
        taken = self._words(painter, lower, limit, "t2", self._small, _RIGHT)
        self._words(painter, lower.adjusted(0, 0, -taken, 0), row.question, "t2", self._small)

    def _paint_short(self, painter: QPainter, inner: QRect, row: VerdictRow) -> None:
        is_pending = row.verdict in (RUNNING, WAITING)
        right = min(96, max(0, inner.width() - _NAME_LEAST) // 2)
        limit = QRect(inner.right() - right, inner.y(), right + 1, inner.height())
        if not is_pending:
            self._words(painter, limit, row.limit, "t3", self._small, _RIGHT)
        number = inner.adjusted(0, 0, 0 if is_pending else -limit.width() - _GAP, 0)
        token = "t1" if row.verdict == "pass" else "t2"
        number.setLeft(min(number.left() + _NAME_LEAST, number.right()))
        taken = self._words(painter, number, row.number, token, self._small, _RIGHT)
        end = number.right() - taken
        name = QRect(inner.x(), inner.y(), max(0, end - inner.x()), inner.height())
        strong = "t1" if row.verdict != WAITING else "t2"
        self._words(painter, name, row.title, strong, self._body)

    def _words(
        self,
        painter: QPainter,
        place: QRect,
        words: str,
        token: str,
        font: QFont,
        align: Qt.AlignmentFlag = _LEFT,
    ) -> int:
        """Paint one line, cut where there is no room; returns the room it took with a gap."""
        if not words or place.width() <= 0:
            return 0
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        painter.setFont(font)
        painter.setPen(self._theme.palette.colour(token))
        painter.drawText(place, int(align), shown)
        return metrics.horizontalAdvance(shown) + _GAP
