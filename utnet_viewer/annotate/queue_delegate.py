"""How a row of the queue is painted: name, review, flag; under it why it was suggested."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.annotate.queue_model import QueueModel
from utnet_viewer.samples.delegate import FLAG_ICON, review_icons
from utnet_viewer.samples.row_marks import REVIEWS
from utnet_viewer.theme import ICON, SIZE_LABEL, TABLE_ROW, Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

#: Heights of a row, and of one that says why it was suggested.
ROW, TOLD_ROW = TABLE_ROW, 46
_PAD, _GAP = 10, 5
#: The frame's name ends here, as a share of the width, and at least in px.
_FRAME_SHARE, _FRAME_LEAST = 0.46, 108
_FRAME_MOST = 96
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


@dataclass(frozen=True)
class Places:
    """Where the parts of a row of some width stand, in px from its left."""

    sequence: tuple[int, int]
    frame: tuple[int, int]
    review: int
    flag: int

    @classmethod
    def of(cls, width: int, frame_width: int) -> Places:
        """`frame_width` is what the longest frame name needs."""
        end = max(_FRAME_LEAST, round(width * _FRAME_SHARE))
        begin = end - min(frame_width, _FRAME_MOST)
        return cls((_PAD, begin - 6), (begin, end), end + 2 * _GAP, width - _PAD - ICON)


class QueueDelegate(QStyledItemDelegate):
    """Paints everything itself, in the theme's colours."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._font, self._strong, self._small = ui_font(), ui_font(weight=600), ui_font(SIZE_LABEL)
        self.frame_width = 40

    def fit_frames(self, longest: int) -> None:
        """Make room for frame names of so many letters."""
        self.frame_width = QFontMetrics(self._strong).horizontalAdvance("0" * longest) + 2

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Ground, name, review, flag, reason."""
        model: QueueModel = index.model()
        row, rect = int(model.rows[index.row()]), option.rect
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = self._theme.palette
        if is_selected:
            painter.fillRect(rect, palette.colour("accent_tint"))
            painter.fillRect(rect.x(), rect.y(), 2, rect.height(), palette.colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.colour("bg3"))
        suggestion = model.suggestions.get(row)
        line = QRect(rect)
        if suggestion is not None:
            line = QRect(rect.x(), rect.y() + 3, rect.width(), rect.height() // 2 - 2)
            under = QRect(rect.x(), line.bottom() - 1, rect.width(), rect.height() // 2)
            self._words(
                painter, under, suggestion.words, (_PAD, rect.width() - _PAD), "t2", small=True
            )
        self._paint_line(painter, line, model, row, is_selected)

    def _paint_line(
        self, painter: QPainter, line: QRect, model: QueueModel, row: int, is_selected: bool
    ) -> None:
        places = Places.of(line.width(), self.frame_width)
        font = self._strong if is_selected else self._font
        catalogue = model.catalogue
        self._words(painter, line, catalogue.sequence(row), places.sequence, "t1", font=font)
        frame = str(catalogue.frames[row])
        self._words(painter, line, frame, places.frame, "t1" if is_selected else "t2", flags=_RIGHT)
        review = model.review(row)
        self._icon(painter, line, places.review, review_icons()[review])
        end = places.flag - 2 if model.is_flagged(row) else line.width() - _PAD
        words = places.review + ICON + _GAP
        self._words(painter, line, REVIEWS[review], (words, end), "t2")
        if model.is_flagged(row):
            self._icon(painter, line, places.flag, FLAG_ICON)

    def _words(
        self,
        painter: QPainter,
        line: QRect,
        words: str,
        between: tuple[int, int],
        token: str,
        *,
        font: QFont | None = None,
        flags: int = _LEFT,
        small: bool = False,
    ) -> None:
        font = self._small if small else font or self._font
        inner = QRect(line.x() + between[0], line.y(), between[1] - between[0], line.height())
        how = Qt.TextElideMode.ElideRight if small else Qt.TextElideMode.ElideMiddle
        painter.setFont(font)
        painter.setPen(self._theme.palette.colour(token))
        painter.drawText(inner, flags, QFontMetrics(font).elidedText(words, how, inner.width()))

    def _icon(self, painter: QPainter, line: QRect, x: int, mark: tuple[str, str]) -> None:
        name, token = mark
        scale = painter.device().devicePixelRatioF()
        picture = pixmap(name, getattr(self._theme.palette, token), scale=scale)
        painter.drawPixmap(line.x() + x, line.center().y() - ICON // 2 + 1, picture)
