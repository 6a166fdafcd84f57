"""How the errors known so far are spread, and where the current sample stands among them."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from utnet_viewer.theme import SIZE_AXIS, SIZE_LABEL, Theme, ui_font

#: Fewer frames than this say nothing about a spread.
LEAST_COUNT = 8
HEIGHT, _BAR, _GAP, _SIDE, _TOP, _BOTTOM = 124, 5, 1, 12, 28, 18


class Histogram(QWidget):
    """PA-MPJPE of the frames predicted in this session; hidden until there are some."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._values_mm, self._current_mm = np.empty(0), float("nan")
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # It fills itself: the styled backgrounds below it need not be painted each time.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip("PA-MPJPE of the frames predicted so far; the line is the current frame")
        theme.changed.connect(self.update)
        self.hide()

    def show_values(self, pa_mm: np.ndarray, current_mm: float) -> None:
        """`pa_mm` (N,) with NaN where nothing is known; `current_mm` likewise."""
        self._values_mm = pa_mm[np.isfinite(pa_mm)]
        self._current_mm = current_mm
        self.setVisible(len(self._values_mm) >= LEAST_COUNT)
        self.update()

    def paintEvent(self, event) -> None:
        """Title, bars from zero, the current frame's line, the ends of the axis."""
        painter, palette = QPainter(self), self._theme.palette
        painter.fillRect(self.rect(), palette.colour("bg2"))
        if len(self._values_mm) < LEAST_COUNT:
            return
        painter.fillRect(0, 0, self.width(), 1, palette.colour("line"))
        inner = QRectF(_SIDE, _TOP, self.width() - 2 * _SIDE, self.height() - _TOP - _BOTTOM)
        # Up to a round figure, so that the axis stays while single frames come in.
        end_mm = float(np.ceil(np.quantile(self._values_mm, 0.99) / 5) * 5) or 5.0
        self._paint_bars(painter, inner, end_mm)
        if np.isfinite(self._current_mm):
            x = inner.left() + inner.width() * min(self._current_mm / end_mm, 1.0)
            painter.fillRect(
                QRectF(x, inner.top() - 2, 1.4, inner.height() + 2), palette.colour("t1")
            )
        self._paint_words(painter, inner, end_mm)

    def _paint_bars(self, painter: QPainter, inner: QRectF, end_mm: float) -> None:
        bins = max(8, int(inner.width() // (_BAR + _GAP)))
        counts, _ = np.histogram(np.minimum(self._values_mm, end_mm), bins, (0.0, end_mm))
        step = inner.width() / bins
        colour = self._theme.palette.colour("accent")
        for position, count in enumerate(counts.tolist()):
            if count:
                height = max(1.5, inner.height() * count / counts.max())
                bar = QRectF(
                    inner.left() + position * step, inner.bottom() - height, step - _GAP, height
                )
                painter.fillRect(bar, colour)
        painter.setPen(QPen(self._theme.palette.colour("line2"), 1))
        painter.drawLine(inner.bottomLeft(), inner.bottomRight())

    def _paint_words(self, painter: QPainter, inner: QRectF, end_mm: float) -> None:
        palette = self._theme.palette
        head = QRectF(_SIDE, 6, inner.width(), 18)
        painter.setFont(ui_font(SIZE_LABEL, 500))
        painter.setPen(palette.colour("t2"))
        painter.drawText(head, int(Qt.AlignmentFlag.AlignLeft), "PA-MPJPE, mm")
        painter.setPen(palette.colour("t3"))
        painter.setFont(ui_font(SIZE_LABEL))
        painter.drawText(
            head, int(Qt.AlignmentFlag.AlignRight), f"{len(self._values_mm):,} predicted"
        )
        painter.setFont(ui_font(SIZE_AXIS))
        axis = QRectF(inner.left(), inner.bottom() + 3, inner.width(), 14)
        for share, flag in ((0.0, "AlignLeft"), (0.5, "AlignHCenter"), (1.0, "AlignRight")):
            alignment = int(getattr(Qt.AlignmentFlag, flag))
            painter.drawText(axis, alignment, f"{share * end_mm:g}")
