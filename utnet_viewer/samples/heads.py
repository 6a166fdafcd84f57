"""Heads of a table that say in words' own line which of them orders it, and which way."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QHeaderView

from utnet_viewer.theme import SIZE_AXIS, TABLE_HEAD, Theme, ui_font

_PAD = 8
_ARROWS = {Qt.SortOrder.AscendingOrder: "↑", Qt.SortOrder.DescendingOrder: "↓"}


class SortedHeads(QHeaderView):
    """An arrow before the head, which takes no room from it as Qt's own does."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self._fonts = {False: ui_font(SIZE_AXIS), True: ui_font(SIZE_AXIS, 600)}
        self.setSectionsClickable(True)
        self.setFixedHeight(TABLE_HEAD)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(20)
        theme.changed.connect(self.viewport().update)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        """Ground, line, arrow and words."""
        palette, section = self._theme.palette, logicalIndex
        painter.fillRect(rect, palette.colour("bg2"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, palette.colour("line"))
        words = self.model().headerData(section, self.orientation()) or ""
        is_sorted = section == self.sortIndicatorSection() and self.isSortIndicatorShown()
        if is_sorted:
            words = f"{_ARROWS[self.sortIndicatorOrder()]} {words}"
        role = Qt.ItemDataRole.TextAlignmentRole
        alignment = self.model().headerData(section, self.orientation(), role)
        inner = rect.adjusted(_PAD + 2, 0, -_PAD, -1)
        if alignment is not None and not int(alignment) & int(Qt.AlignmentFlag.AlignLeft):
            inner.setLeft(rect.left())
        font = self._fonts[is_sorted]
        painter.setFont(font)
        painter.setPen(palette.colour("accent_text" if is_sorted else "t2"))
        flags = int(alignment or Qt.AlignmentFlag.AlignCenter)
        metrics = QFontMetrics(font)
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, flags, words)
