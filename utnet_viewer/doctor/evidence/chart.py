"""A chart of evidence: legend, horizontal grid, two axes with their captions, a readout."""

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from utnet_viewer.numbers import compact
from utnet_viewer.theme import SIZE_AXIS, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.charts.scales import linear_ticks, log_ticks

LEFT, RIGHT, TOP, LEGEND, BOTTOM = 58, 16, 6, 22, 40
_GRID_ALPHA = 0.10
#: The pointer means a point that is so near.
NEAR_PX = 14.0

#: Dash patterns by number of the curve, so that colour alone never tells curves apart.
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 3), (1.5, 2.5), (7, 2.5, 1.5, 2.5), (3, 2))


@dataclass(frozen=True)
class Axis:
    """What an axis spans, in log10 where it is logarithmic."""

    low: float
    high: float
    is_log: bool = False
    caption: str = ""

    def place(self, values: np.ndarray) -> np.ndarray:
        """Values to 0…1 along the axis; NaN where a logarithm has no place for them."""
        values = np.asarray(values, dtype=float)
        if self.is_log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.where(values > 0, np.log10(values), np.nan)
        return (values - self.low) / (self.high - self.low)

    def ticks(self, room_px: float, per_px: float) -> list[tuple[float, str]]:
        """Places 0…1 with their texts; `per_px` is the room one tick wants."""
        make = log_ticks if self.is_log else linear_ticks
        found = make(self.low, self.high, height_px=room_px * 25 / per_px)
        span = self.high - self.low
        return [((place - self.low) / span, words) for place, words in found]


def axis_over(values: np.ndarray, *, is_log: bool, caption: str, from_zero: bool = False) -> Axis:
    """An axis with headroom over every finite value."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if is_log:
        values = np.log10(values[values > 0]) if (values > 0).any() else np.zeros(1)
    if not len(values):
        values = np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if from_zero and not is_log and low >= 0:
        return Axis(0.0, high * 1.08 or 1.0, False, caption)
    room = high - low or (0.5 if is_log else abs(high) * 0.1 or 1.0)
    return Axis(low - 0.06 * room, high + 0.08 * room, is_log, caption)


@dataclass(frozen=True)
class Key:
    """An entry of the legend: a stroke, a dot or a box, and its name."""

    name: str
    colour: QColor
    shape: str = "line"
    dashes: tuple[float, ...] = ()


class Chart(QWidget):
    """Subclasses say what the axes span, what the legend names, and paint the data."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.x_axis, self.y_axis = Axis(0, 1), Axis(0, 1)
        self.setMinimumSize(220, 170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(420, 240)

    def keys(self) -> list[Key]:
        """What the legend names."""
        return []

    def paint_data(self, painter: QPainter, place: QRectF) -> None:
        """Whatever is drawn."""

    def words_at(self, point: QPointF) -> str:
        """What the pointer is on, for the readout; "" for nothing."""
        return ""

    @property
    def plot_place(self) -> QRectF:
        """Where data is painted."""
        top = TOP + (LEGEND if self.keys() else 0)
        bottom = BOTTOM if self.x_axis.caption else BOTTOM - 16
        return QRectF(
            LEFT, top, max(1, self.width() - LEFT - RIGHT), max(1, self.height() - top - bottom)
        )

    def on_screen(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Points (N, 2) on the widget; NaN where an axis has no place for them."""
        place = self.plot_place
        columns = place.left() + self.x_axis.place(x) * place.width()
        rows = place.bottom() - self.y_axis.place(y) * place.height()
        return np.stack([columns, rows], axis=-1)

    def paintEvent(self, event) -> None:
        """Legend, grid, data, captions."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.theme.palette.colour("bg2"))
        place = self.plot_place
        self._paint_legend(painter)
        self._paint_axes(painter, place)
        painter.save()
        painter.setClipRect(place.adjusted(-6, -6, 6, 6))
        self.paint_data(painter, place)
        painter.restore()

    def _paint_legend(self, painter: QPainter) -> None:
        x, font = float(LEFT - 46), ui_font(SIZE_LABEL)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        for key in self.keys():
            width = metrics.horizontalAdvance(key.name)
            if x + 26 + width > self.width():
                break
            self._paint_key(painter, key, QPointF(x, TOP + LEGEND / 2 - 2))
            painter.setPen(self.theme.palette.colour("t2"))
            place = QRectF(x + 24, TOP - 2, width + 2, LEGEND)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, key.name)
            x += 24 + width + 16

    def _paint_key(self, painter: QPainter, key: Key, at: QPointF) -> None:
        if key.shape == "line":
            painter.setPen(line_pen(key.colour, 1.75, key.dashes))
            painter.drawLine(at, at + QPointF(18, 0))
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(key.colour)
        if key.shape == "dot":
            painter.drawEllipse(at + QPointF(9, 0), 4, 4)
        else:
            painter.drawRoundedRect(QRectF(at.x() + 4, at.y() - 5, 10, 10), 2, 2)

    def _paint_axes(self, painter: QPainter, place: QRectF) -> None:
        palette, font = self.theme.palette, ui_font(SIZE_AXIS)
        painter.setFont(font)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share, words in self.y_axis.ticks(place.height(), 34):
            y = place.bottom() - share * place.height()
            painter.setPen(QPen(palette.colour("t1", _GRID_ALPHA), 1))
            painter.drawLine(QPointF(place.left(), y), QPointF(place.right(), y))
            painter.setPen(palette.colour("t3"))
            painter.drawText(QRectF(0, y - 9, LEFT - 8, 18), right, words)
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.setPen(palette.colour("t3"))
        for share, words in self.x_axis.ticks(place.width(), 66):
            x = place.left() + share * place.width()
            painter.drawText(QRectF(x - 40, place.bottom() + 5, 80, 16), middle, words)
        painter.setPen(QPen(palette.colour("line2"), 1))
        painter.drawLine(place.bottomLeft(), place.bottomRight())
        self._paint_captions(painter, place)

    def _paint_captions(self, painter: QPainter, place: QRectF) -> None:
        painter.setPen(self.theme.palette.colour("t2"))
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        caption = self._with_scale(self.x_axis)
        painter.drawText(
            QRectF(place.left(), place.bottom() + 21, place.width(), 16), middle, caption
        )
        caption = self._with_scale(self.y_axis)
        if not caption:
            return
        painter.save()
        painter.translate(11, place.center().y())
        painter.rotate(-90)
        words = elide(caption, ui_font(SIZE_AXIS), place.height())
        painter.drawText(
            QRectF(-place.height() / 2, -8, place.height(), 16), Qt.AlignmentFlag.AlignCenter, words
        )
        painter.restore()

    @staticmethod
    def _with_scale(axis: Axis) -> str:
        return f"{axis.caption}, log axis" if axis.is_log and axis.caption else axis.caption

    def mouseMoveEvent(self, event) -> None:
        """Tell what the pointer is on."""
        super().mouseMoveEvent(event)
        words = self.words_at(event.position())
        if words:
            QToolTip.showText(event.globalPosition().toPoint(), words, self)
        else:
            QToolTip.hideText()


def line_pen(colour: QColor, width: float, dashes: tuple[float, ...] = ()) -> QPen:
    """A pen with the dashes of a curve."""
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def elide(words: str, font: QFont, room: float) -> str:
    """Cut at the end where there is no room."""
    return QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, room)


def nearest(points: np.ndarray, at: QPointF) -> int:
    """Row of the nearest of (N, 2) points within `NEAR_PX` px, else -1."""
    if not len(points):
        return -1
    distance = np.hypot(points[:, 0] - at.x(), points[:, 1] - at.y())
    distance = np.where(np.isfinite(distance), distance, math.inf)
    row = int(distance.argmin())
    return row if distance[row] <= NEAR_PX else -1


def pair(x: float, y: float) -> str:
    """Two numbers for a readout."""
    return f"{compact(x)}, {compact(y)}"
