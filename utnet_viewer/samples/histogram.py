"""How the figures of one column are spread, where the current sample stands, and what is brushed.

Dragging over a range picks the frames in it; a double click, or Escape in the panel, lets all pass
again.
"""

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from utnet_viewer.samples.columns import FIRST_METRIC, TableColumn, column_named
from utnet_viewer.theme import SIZE_AXIS, SIZE_LABEL, Theme, ui_font

#: Fewer frames than this say nothing about a spread.
LEAST_COUNT = 8
HEIGHT, _BAR, _GAP, _SIDE, _TOP, _BOTTOM = 124, 5, 1, 12, 28, 18

#: A drag shorter than this is a click, and this near to an end of the brush the end is taken.
_DRAG_PX, _GRIP_PX = 4, 5
_MARKS = 6


@dataclass(frozen=True)
class Brush:
    """A range of a column's figures; an end may be infinite."""

    column: TableColumn
    low: float
    high: float

    def mask(self, values: np.ndarray) -> np.ndarray:
        """The mask (N,) of figures within; the unknown are not."""
        return (values >= np.float64(self.low)) & (values <= np.float64(self.high))

    @property
    def words(self) -> str:
        """For people, without the unit."""
        digits = max(self.column.decimals, 1)
        if math.isinf(self.low) and math.isinf(self.high):
            return "all known"
        if math.isinf(self.high):
            return f"≥ {self.low:.{digits}f}"
        if math.isinf(self.low):
            return f"≤ {self.high:.{digits}f}"
        return f"{self.low:.{digits}f} – {self.high:.{digits}f}"

    @property
    def filter_text(self) -> str:
        """The same as terms of a filter."""
        terms = []
        if not math.isinf(self.low):
            terms.append(f"{self.column.key} >= {self.low:.6g}")
        if not math.isinf(self.high):
            terms.append(f"{self.column.key} <= {self.high:.6g}")
        return " and ".join(terms)


@dataclass(frozen=True)
class _Axis:
    """From `low` to `high` in steps of `step`; what lies outside stands in the last bars."""

    low: float
    high: float
    step: float

    @classmethod
    def of(cls, values: np.ndarray) -> "_Axis":
        first, last = np.quantile(values, (0.01, 0.99)).tolist()
        if first < 0.4 * last:
            first = min(first, 0.0)  # from zero, unless that wastes the room
        spread = max(last - first, 1e-6)
        size = 10.0 ** math.floor(math.log10(spread / _MARKS))
        step = next(size * by for by in (1, 2, 5, 10) if spread / (size * by) <= _MARKS)
        return cls(math.floor(first / step) * step, math.ceil(last / step + 1e-9) * step, step)

    @property
    def marks(self) -> list[float]:
        """Where figures stand under the axis."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * number for number in range(count + 1)]


class Histogram(QWidget):
    """One column's figures of the rows that pass the filter; hidden until there are some."""

    brushed = Signal(object)  # Brush, or None where it was cleared

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = column_named(FIRST_METRIC)
        self._values, self._current = np.empty(0), float("nan")
        self._axis = _Axis(0.0, 1.0, 1.0)
        self._counts: np.ndarray | None = None
        self._brush: Brush | None = None
        self._drag: tuple[float, bool] | None = None  # x of its fixed end, whether it has moved
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # It fills itself: the styled backgrounds below it need not be painted each time.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setToolTip("Drag over a range to see these frames only; a double click shows all")
        self.choice = QToolButton(self)
        self.choice.setObjectName("metricChoice")
        self.choice.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.choice.setMenu(QMenu(self))
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choice.setToolTip("What is spread out here")
        self.choice.move(_SIDE - 4, 4)
        theme.changed.connect(self.update)
        self._name_column()
        self.hide()

    # What is shown.

    def show_values(self, column: TableColumn, values: np.ndarray, current: float) -> None:
        """`values` (M,) with NaN where nothing is known; `current` is this frame's, likewise."""
        if column != self._column:
            self._column = column
            self._name_column()
        self._values = values[np.isfinite(values)].astype(float)
        self._current = current
        self._counts = None
        is_shown = len(self._values) >= LEAST_COUNT or self._brush is not None
        if is_shown and len(self._values) and self._drag is None:
            self._axis = _Axis.of(self._values)
        self.setVisible(is_shown)
        self.update()

    def show_current(self, current: float) -> None:
        """Another frame is looked at."""
        if current != self._current:
            self._current = current
            self.update()

    def set_brush(self, brush: Brush | None) -> None:
        """Show a brush; nothing is told."""
        self._brush = brush
        self.update()

    @property
    def brush(self) -> Brush | None:
        """What is brushed."""
        return self._brush

    def _name_column(self) -> None:
        self.choice.setText(f"{self._column.title} ▾")
        self.choice.setAccessibleName(f"Histogram of {self._column.title}")
        self.choice.adjustSize()

    # Brushing.

    def _inner(self) -> QRectF:
        return QRectF(_SIDE, _TOP, self.width() - 2 * _SIDE, self.height() - _TOP - _BOTTOM)

    def x_of(self, value: float) -> float:
        """Where a figure stands, in pixels; kept inside of the axis."""
        inner, axis = self._inner(), self._axis
        share = (value - axis.low) / (axis.high - axis.low)
        return inner.left() + inner.width() * min(max(share, 0.0), 1.0)

    def _value_at(self, x: float) -> float:
        """The figure at a place; at the ends everything beyond."""
        inner, axis = self._inner(), self._axis
        share = (x - inner.left()) / inner.width()
        if share <= 0:
            return -math.inf
        return math.inf if share >= 1 else axis.low + share * (axis.high - axis.low)

    def _grip_at(self, x: float) -> float | None:
        """The other end of the brush, where the pointer is on one of its ends."""
        if self._brush is None:
            return None
        low, high = self.x_of(self._brush.low), self.x_of(self._brush.high)
        if abs(x - low) <= _GRIP_PX:
            return high
        return low if abs(x - high) <= _GRIP_PX else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a brush, or take one of its ends."""
        if event.button() == Qt.MouseButton.LeftButton and len(self._values):
            x = event.position().x()
            grip = self._grip_at(x)
            self._drag = (x, False) if grip is None else (grip, True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Brush from where the drag began to here."""
        x = event.position().x()
        if self._drag is None:
            on_grip = self._grip_at(x) is not None
            shape = Qt.CursorShape.SplitHCursor if on_grip else Qt.CursorShape.CrossCursor
            self.setCursor(shape)
            return
        start, has_moved = self._drag
        if not has_moved and abs(x - start) < _DRAG_PX:
            return
        self._drag = (start, True)
        low, high = sorted((self._value_at(start), self._value_at(x)))
        self._brush = Brush(self._column, low, high)
        self.update()
        self.brushed.emit(self._brush)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The brush stays."""
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Clear the brush."""
        self._drag = None
        if self._brush is not None:
            self._brush = None
            self.update()
            self.brushed.emit(None)

    # Painting.

    def paintEvent(self, event) -> None:
        """Bars from zero, the brush, the current frame's line, the axis."""
        painter, palette = QPainter(self), self._theme.palette
        painter.fillRect(self.rect(), palette.colour("bg2"))
        painter.fillRect(0, 0, self.width(), 1, palette.colour("line"))
        inner = self._inner()
        self._paint_brush(painter, inner)
        self._paint_bars(painter, inner)
        if np.isfinite(self._current):
            line = QRectF(self.x_of(self._current), inner.top() - 2, 1.4, inner.height() + 2)
            painter.fillRect(line, palette.colour("t1"))
        self._paint_words(painter, inner)

    def _paint_brush(self, painter: QPainter, inner: QRectF) -> None:
        brush = self._brush
        if brush is None or brush.column != self._column:
            return
        low, high = self.x_of(brush.low), self.x_of(brush.high)
        accent = self._theme.palette
        ground = QRectF(low, inner.top() - 2, max(high - low, 1.0), inner.height() + 2)
        painter.fillRect(ground, accent.colour("accent", 0.14))
        painter.setPen(QPen(accent.colour("accent"), 1))
        for x in (low, high):
            painter.drawLine(QPointF(x, ground.top()), QPointF(x, ground.bottom()))

    def _paint_bars(self, painter: QPainter, inner: QRectF) -> None:
        bins = max(8, int(inner.width() // (_BAR + _GAP)))
        axis = self._axis
        if self._counts is None or len(self._counts) != bins:
            clamped = np.clip(self._values, axis.low, axis.high)
            self._counts, _ = np.histogram(clamped, bins, (axis.low, axis.high))
        step, highest = inner.width() / bins, max(int(self._counts.max()), 1)
        palette, brush = self._theme.palette, self._brush
        inside, outside = palette.colour("accent"), palette.colour("t3", 0.45)
        width = (axis.high - axis.low) / bins
        for position, count in enumerate(self._counts.tolist()):
            if not count:
                continue
            height = max(1.5, inner.height() * count / highest)
            left = inner.left() + position * step
            middle = axis.low + (position + 0.5) * width
            is_in = brush is None or brush.column != self._column
            is_in = is_in or brush.low <= middle <= brush.high
            bar = QRectF(left, inner.bottom() - height, step - _GAP, height)
            painter.fillRect(bar, inside if is_in else outside)
        painter.setPen(QPen(palette.colour("line2"), 1))
        painter.drawLine(inner.bottomLeft(), inner.bottomRight())

    def _paint_words(self, painter: QPainter, inner: QRectF) -> None:
        palette, brush = self._theme.palette, self._brush
        head = QRectF(_SIDE, 6, inner.width(), 18)
        painter.setFont(ui_font(SIZE_LABEL, 400 if brush is None else 500))
        painter.setPen(palette.colour("t3" if brush is None else "accent_text"))
        count = len(self._values)
        words = f"{count:,} {'frame' if count == 1 else 'frames'}"
        if brush is not None:
            words = f"brushed {brush.words}"
        painter.drawText(head, int(Qt.AlignmentFlag.AlignRight), words)
        painter.setFont(ui_font(SIZE_AXIS))
        painter.setPen(palette.colour("t3"))
        for mark in self._axis.marks:
            x = self.x_of(mark)
            place = QRectF(x - 30, inner.bottom() + 3, 60, 14)
            if mark == self._axis.low:
                place, flag = QRectF(inner.left(), place.top(), 60, 14), Qt.AlignmentFlag.AlignLeft
            elif x > inner.right() - 2:
                right = QRectF(inner.right() - 60, place.top(), 60, 14)
                place, flag = right, Qt.AlignmentFlag.AlignRight
            else:
                flag = Qt.AlignmentFlag.AlignHCenter
            painter.drawText(place, int(flag), f"{mark:.10g}")
