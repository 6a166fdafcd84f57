"""How a cell of the samples list is painted: figures with a bar behind, a flag, a picture."""

from collections.abc import Callable
from functools import cache

import numpy as np
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from utnet_viewer.samples.columns import TABLE_COLUMNS
from utnet_viewer.samples.row_marks import RowMarks
from utnet_viewer.samples.table_model import (
    FLAG,
    NOTE,
    PA,
    REVIEW,
    SEQUENCE,
    STATE,
    STATUS,
    SamplesModel,
)
from utnet_viewer.theme import ICON, Theme, ui_font
from utnet_viewer.widgets.icons import pixmap

_PAD = 8
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
_TOKENS = ("accent_tint", "accent", "bg3", "t1", "t2", "t3")


class SamplesDelegate(QStyledItemDelegate):
    """Paints everything itself, with colours kept at hand: a held key repaints the whole list.

    `picture_of` gives the picture of a row, or None while it is not there; where it is None
    itself, rows have no pictures.
    """

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__(parent)
        self._theme, self._font, self._strong = theme, ui_font(), ui_font(weight=600)
        self._metrics = QFontMetrics(self._font)
        self._colours: dict[str, QColor] = {}
        self.picture_of: Callable[[int], QPixmap | None] | None = None
        self.picture_width = 0
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
            if model.catalogue.is_bad(row):
                self._paint_flag(painter, rect)
        elif column in (REVIEW, FLAG, NOTE):
            self._paint_mark(painter, rect, mark_icon(model.catalogue.marks, row, column))
        elif column == SEQUENCE:
            self._paint_sequence(painter, rect, model, row)
        else:
            self._paint_words(painter, rect, model, row, column, is_selected)

    def _paint_sequence(
        self, painter: QPainter, rect: QRect, model: SamplesModel, row: int
    ) -> None:
        inner = rect.adjusted(_PAD + 2, 0, 0, 0)
        if self.picture_of is not None:
            self._paint_picture(painter, inner, row)
            inner = inner.adjusted(self.picture_width + _PAD, 0, 0, 0)
        middle = Qt.TextElideMode.ElideMiddle
        words = self._metrics.elidedText(model.words(row, SEQUENCE), middle, inner.width())
        painter.setFont(self._font)
        painter.setPen(self._colours["t1"])
        painter.drawText(inner, _LEFT, words)

    def _paint_picture(self, painter: QPainter, rect: QRect, row: int) -> None:
        place = QRect(rect.left(), rect.top() + 2, self.picture_width, rect.height() - 4)
        picture = self.picture_of(row)
        if picture is None:
            painter.fillRect(place, self._colours["bg3"])
        else:
            painter.drawPixmap(place, picture)

    def _paint_words(
        self,
        painter: QPainter,
        rect: QRect,
        model: SamplesModel,
        row: int,
        column: int,
        is_selected: bool,
    ) -> None:
        words = model.words(row, column)
        if not words:
            return
        kind = TABLE_COLUMNS[column]
        if kind.full_bar:
            self._paint_bar(painter, rect, model.figure(row, column) / kind.full_bar)
        painter.setFont(self._strong if column == PA else self._font)
        painter.setPen(self._colours["t1" if is_selected or column == PA else "t2"])
        if column == STATE:
            painter.drawText(rect.adjusted(_PAD, 0, 0, 0), _LEFT, words)
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

    def _paint_bar(self, painter: QPainter, rect: QRect, share: float) -> None:
        if np.isnan(share):
            return
        length = round((rect.width() - 10) * min(share, 1))
        height = min(rect.height() - 8, 20)
        top = rect.top() + (rect.height() - height) // 2
        painter.fillRect(rect.right() - 3 - length, top, length, height, self._colours["bar"])

    def _paint_flag(self, painter: QPainter, rect: QRect) -> None:
        self._paint_mark(painter, rect, ("warning", "warning"))

    def _paint_mark(self, painter: QPainter, rect: QRect, mark: tuple[str, str] | None) -> None:
        """An icon in the middle of its cell: its name, and the palette's name of its colour."""
        if mark is None:
            return
        name, token = mark
        scale = painter.device().devicePixelRatioF()
        picture = pixmap(name, getattr(self._theme.palette, token), scale=scale)
        painter.drawPixmap(rect.center() - QPoint(ICON // 2, ICON // 2), picture)


FLAG_ICON, NOTE_ICON = ("flag", "warning"), ("note-pencil", "t2")


@cache
def review_icons() -> tuple[tuple[str, str], ...]:
    """Icon and colour of every review state, in the order of `row_marks.REVIEWS`."""
    # Here: the window starts without annotations.
    from utnet_viewer.annotate.words import REVIEW as TOLD
    from utnet_viewer.training.run_words import TOKENS

    return tuple((told.icon, TOKENS[told.kind]) for told in TOLD.values())


def mark_icon(marks: RowMarks | None, row: int, column: int) -> tuple[str, str] | None:
    """The icon of a cell of marks; None where it stays empty: new frames have none in the list."""
    if marks is None:
        return None
    if column == REVIEW:
        return review_icons()[marks.review[row]] if marks.review[row] else None
    if column == FLAG:
        return FLAG_ICON if marks.flag_count[row] else None
    return NOTE_ICON if marks.has_note[row] else None
