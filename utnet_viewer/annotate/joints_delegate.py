"""How a joint's row is painted: swatch and name, icon and word, lock, pixels."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.conventions import FINGER_OF_JOINT
from utnet_viewer.annotate.joints_model import LOCK, MOVED, NAME, SEEN, JointRow
from utnet_viewer.annotate.words import VISIBILITY
from utnet_viewer.theme import ICON, Theme, ui_font
from utnet_viewer.training.run_words import TOKENS
from utnet_viewer.widgets.icons import pixmap

_PAD, _SWATCH, _GAP = 10, 8, 8
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class JointsDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme, self._font, self._strong = theme, ui_font(), ui_font(weight=600)
        self.hovered_joint = -1

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        """Ground, then what the column holds."""
        row: JointRow = index.model().rows[index.row()]
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_pointed_at = row.joint == self.hovered_joint
        is_enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        painter.save()
        self._paint_ground(painter, option.rect, index.column(), is_selected, is_pointed_at)
        if index.column() == NAME:
            self._paint_name(painter, option.rect, row, index.data(), is_selected, is_enabled)
        elif index.column() == SEEN:
            self._paint_seen(painter, option.rect, row)
        elif index.column() == LOCK:
            shows_open = is_enabled and (is_selected or is_pointed_at)
            self._paint_lock(painter, option.rect, row.is_locked, shows_open)
        elif index.column() == MOVED:
            self._paint_moved(painter, option.rect, row, index.data())
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, rect: QRect, column: int, is_selected: bool, is_pointed_at: bool
    ) -> None:
        palette = self._theme.palette
        if is_selected:
            painter.fillRect(rect, palette.colour("accent_tint"))
            if column == NAME:
                painter.fillRect(rect.x(), rect.y(), 2, rect.height(), palette.colour("accent"))
        elif is_pointed_at:
            painter.fillRect(rect, palette.colour("bg3"))

    def _paint_name(
        self,
        painter: QPainter,
        rect: QRect,
        row: JointRow,
        name: str,
        is_selected: bool,
        is_enabled: bool,
    ) -> None:
        palette = self._theme.palette
        swatch = QRectF(rect.x() + _PAD, rect.center().y() - _SWATCH / 2 + 1, _SWATCH, _SWATCH)
        finger = FINGER_OF_JOINT.get(row.joint)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour(finger if finger is not None else "t2"))
        painter.drawRoundedRect(swatch, 2, 2)
        font = self._strong if is_selected else self._font
        painter.setFont(font)
        painter.setPen(palette.colour("t1" if is_enabled else "t3"))
        inner = rect.adjusted(_PAD + _SWATCH + _GAP, 0, -2, 0)
        painter.drawText(inner, _LEFT, _elided(font, name, inner.width()))

    def _paint_seen(self, painter: QPainter, rect: QRect, row: JointRow) -> None:
        told = VISIBILITY[row.visibility]
        self._paint_icon(painter, rect.x() + 4, rect, told.icon, TOKENS[told.kind])
        inner = rect.adjusted(4 + ICON + 6, 0, -2, 0)
        painter.setFont(self._font)
        painter.setPen(self._theme.palette.colour("t2"))
        painter.drawText(inner, _LEFT, _elided(self._font, told.word, inner.width()))

    def _paint_lock(
        self, painter: QPainter, rect: QRect, is_locked: bool, shows_open: bool
    ) -> None:
        x = rect.center().x() - ICON // 2
        if is_locked:
            self._paint_icon(painter, x, rect, "lock-simple", "accent_text")
        elif shows_open:
            self._paint_icon(painter, x, rect, "lock-simple-open", "t3")

    def _paint_moved(self, painter: QPainter, rect: QRect, row: JointRow, text: str) -> None:
        painter.setFont(self._strong if row.is_moved else self._font)
        painter.setPen(self._theme.palette.colour("t1" if row.is_moved else "t3"))
        painter.drawText(rect.adjusted(0, 0, -_PAD, 0), _RIGHT, text)

    def _paint_icon(self, painter: QPainter, x: int, rect: QRect, name: str, token: str) -> None:
        scale = painter.device().devicePixelRatioF()
        picture = pixmap(name, getattr(self._theme.palette, token), scale=scale)
        painter.drawPixmap(x, rect.center().y() - ICON // 2 + 1, picture)


def _elided(font, words: str, width: int) -> str:
    return QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, width)
