"""Paints a chart's lines, areas, dots and marks as one item, in device pixels.

One item and one cached picture a chart: the crosshair moves over it without drawing a line again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem
from shiboken6 import wrapInstance

from utnet_viewer.theme import DARK, SIZE_AXIS, Palette, ui_font
from utnet_viewer.training.charts.axis_marks import MarkGroup, paint_marks
from utnet_viewer.training.charts.content import Ink

RAW_ALPHA = 0.18
_MARKER_RADIUS = 3.2
_LABEL_HEIGHT = 13.0
_CROSS_WIDTH = 8.0


@dataclass(frozen=True, eq=False)
class Trace:
    """What is left of a series for the view: both (m,) in view coordinates, NaN where it breaks.

    Attributes:
        x: Steps.
        y: Values, log10 of them on a log axis.
        ink: How it is drawn.
        floor: (m,) for an area.
        is_raw: The faint trace under a smoothed line.
        only_dots: Not connected.
        label: Words at its end.
    """

    key: str
    x: np.ndarray
    y: np.ndarray
    ink: Ink
    floor: np.ndarray | None = None
    is_raw: bool = False
    only_dots: bool = False
    label: str = ""


@dataclass(frozen=True)
class HorizontalLine:
    """A level in view coordinates."""

    y: float
    ink: Ink


@dataclass(frozen=True, eq=False)
class Drawing:
    """All that is painted.

    Attributes:
        band: Lower and upper edge of the healthy range and its colour.
        not_finite: Steps where a value is not finite.
        marks: On the step axis.
        palette: Of the marks and seams.
    """

    traces: tuple[Trace, ...] = ()
    lines: tuple[HorizontalLine, ...] = ()
    band: tuple[float, float, QColor] | None = None
    not_finite: np.ndarray = field(default_factory=lambda: np.empty(0))
    marks: tuple[MarkGroup, ...] = ()
    palette: Palette = DARK


class TracesItem(pg.GraphicsObject):
    """Shows a `Drawing`."""

    def __init__(self) -> None:
        super().__init__()
        self.drawing = Drawing()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def show_drawing(self, drawing: Drawing) -> None:
        """Draw this instead."""
        self.drawing = drawing
        self.prepareGeometryChange()
        self.update()

    def viewRangeChanged(self) -> None:
        """What is drawn follows the view's range."""
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return self.viewRect()

    def paint(self, painter: QPainter, *args) -> None:
        """Band, areas, faint traces, lines, dots, marks; in device pixels."""
        to_device = painter.transform()
        view = to_device.mapRect(self.viewRect())
        painter.save()
        painter.resetTransform()
        painter.setClipRect(view)
        drawing = self.drawing
        if drawing.band is not None:
            low, high, colour = drawing.band
            top, bottom = _y(to_device, high), _y(to_device, low)
            painter.fillRect(QRectF(view.left(), top, view.width(), bottom - top), colour)
        for trace in (t for t in drawing.traces if t.floor is not None):
            _paint_area(painter, trace, to_device, drawing.palette.colour("bg2"))
        for trace in (t for t in drawing.traces if t.is_raw):
            _paint_raw(painter, trace, to_device)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in drawing.lines:
            y = round(_y(to_device, line.y)) + 0.5
            painter.setPen(pen_of(line.ink))
            painter.drawLine(QPointF(view.left(), y), QPointF(view.right(), y))
        for trace in (t for t in drawing.traces if t.floor is None and not t.is_raw):
            _paint_line(painter, trace, to_device)
        _paint_labels(painter, drawing, to_device, view)
        _paint_not_finite(painter, drawing, to_device, view)
        paint_marks(painter, drawing.marks, view, drawing.palette)
        painter.restore()


def pen_of(ink: Ink) -> QPen:
    """The pen of an ink; flat ends and bevelled joins take Qt's short way."""
    colour = QColor(ink.colour)
    colour.setAlphaF(ink.alpha)
    pen = QPen(colour, ink.width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    if ink.dashes:
        pen.setDashPattern(list(ink.dashes))
    return pen


def paint_marker(painter: QPainter, marker: str, at: QPointF, radius: float = _MARKER_RADIUS):
    """A filled circle, diamond or triangle in the painter's brush."""
    if marker == "circle":
        painter.drawEllipse(at, radius, radius)
        return
    r = radius * 1.25
    corners = ((0, -r), (r, 0), (0, r), (-r, 0))
    if marker == "triangle":
        corners = ((0, -r), (r, r * 0.8), (-r, r * 0.8))
    painter.drawConvexPolygon(QPolygonF([at + QPointF(x, y) for x, y in corners]))


def _y(to_device: QTransform, y: float) -> float:
    return to_device.m22() * y + to_device.dy()


def _device(trace: Trace, y: np.ndarray, to_device: QTransform) -> tuple[np.ndarray, np.ndarray]:
    # Far outside values would overflow the rasteriser's integers.
    x = np.clip(to_device.m11() * trace.x + to_device.dx(), -30_000, 30_000)
    return x, np.clip(to_device.m22() * y + to_device.dy(), -30_000, 30_000)


def segments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Lines (n, 4) between neighbours, x and y of both ends; none to or from NaN."""
    connected = np.isfinite(y[:-1]) & np.isfinite(y[1:]) & np.isfinite(x[:-1]) & np.isfinite(x[1:])
    return np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1)[connected]


def dashed(x: np.ndarray, y: np.ndarray, pattern_px: Sequence[float]) -> np.ndarray:
    """The dashes (n, 4) of a line through points; `pattern_px` is dash, gap, dash, gap … in px.

    Qt's own dashes cost ten times as much on lines of many points that are wider than a pixel.
    """
    ends = segments(x, y)
    lengths = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    ends = ends[lengths > 0]
    if not len(ends):
        return ends
    away = np.concatenate([[0.0], np.cumsum(lengths[lengths > 0])])  # along the line
    marks = np.cumsum(pattern_px)
    starts = np.arange(0.0, away[-1], marks[-1])[:, None]
    cuts = np.union1d(away, (starts + marks).ravel())
    cuts = cuts[cuts <= away[-1]]
    middles = (cuts[:-1] + cuts[1:]) / 2
    is_dash = np.searchsorted(marks, middles % marks[-1], side="right") % 2 == 0
    row = np.searchsorted(away, middles, side="right") - 1
    pieces = np.empty((len(middles), 4))
    for place, at in ((0, cuts[:-1]), (2, cuts[1:])):
        share = ((at - away[row]) / (away[row + 1] - away[row]))[:, None]
        pieces[:, place : place + 2] = ends[row, :2] * (1 - share) + ends[row, 2:] * share
    return pieces[is_dash]


def _draw_segments(painter: QPainter, ends: np.ndarray) -> None:
    """Separate lines, because Qt takes twenty times as long for a noisy polyline that is wider
    than a pixel; handed over as one array, because making 600 QLineF costs more than drawing."""
    ends = np.ascontiguousarray(ends, np.float64)  # four doubles each: what a QLineF is
    if len(ends):
        painter.drawLines(wrapInstance(ends.ctypes.data, QLineF), len(ends))


def _draw_dots(painter: QPainter, points: np.ndarray, colour: QColor, radius: float) -> None:
    pen = QPen(colour, 2 * radius)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawPoints(QPolygonF([QPointF(*point) for point in points.tolist()]))


def _lonely(y: np.ndarray) -> np.ndarray:
    """Points without a neighbour to be connected with: they are drawn as dots."""
    there = np.isfinite(y)
    before = np.concatenate([[False], there[:-1]])
    after = np.concatenate([there[1:], [False]])
    return there & ~before & ~after


def _paint_raw(painter: QPainter, trace: Trace, to_device: QTransform) -> None:
    x, y = _device(trace, trace.y, to_device)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pen_of(trace.ink))
    _draw_segments(painter, segments(x, y))


def _paint_area(painter: QPainter, trace: Trace, to_device: QTransform, paper: QColor) -> None:
    x, top = _device(trace, trace.y, to_device)
    _, bottom = _device(trace, trace.floor, to_device)
    if len(x) == 1:  # a single measurement is a narrow bar
        x, top, bottom = x[0] + np.array([-3.0, 3.0]), np.repeat(top, 2), np.repeat(bottom, 2)
    whole = np.isfinite(x) & np.isfinite(top) & np.isfinite(bottom)
    x, top, bottom = x[whole], top[whole], bottom[whole]
    outline = np.concatenate([x, x[::-1]]), np.concatenate([top, bottom[::-1]])
    colour = QColor(trace.ink.colour)
    colour.setAlphaF(trace.ink.alpha)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPath(pg.functions.arrayToQPath(*outline))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(paper, 1))  # a seam between neighbours
    _draw_segments(painter, segments(x, top))


def _paint_line(painter: QPainter, trace: Trace, to_device: QTransform) -> None:
    x, y = _device(trace, trace.y, to_device)
    ink = trace.ink
    colour = QColor(ink.colour)
    colour.setAlphaF(ink.alpha)
    if not trace.only_dots:
        painter.setPen(pen_of(replace(ink, dashes=())))
        pattern = [length * ink.width for length in ink.dashes]
        _draw_segments(painter, dashed(x, y, pattern) if pattern else segments(x, y))
    is_dot = np.isfinite(y) if ink.marker or trace.only_dots else _lonely(y)
    points = np.stack([x, y], axis=1)[is_dot]
    if not ink.marker:
        _draw_dots(painter, points, colour, 1.7 if trace.only_dots else _MARKER_RADIUS)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for point in points.tolist():
        paint_marker(painter, ink.marker, QPointF(*point))


def _paint_labels(painter: QPainter, drawing: Drawing, to_device: QTransform, view: QRectF):
    """Names at the ends of lines, none over another."""
    font = ui_font(SIZE_AXIS)
    painter.setFont(font)
    advance = QFontMetricsF(font).horizontalAdvance
    taken: list[QRectF] = []
    for trace in (t for t in drawing.traces if t.label):
        x, y = _device(trace, trace.y, to_device)
        is_inside = (x >= view.left()) & (x <= view.right())
        inside = np.flatnonzero(is_inside & (y >= view.top()) & (y <= view.bottom()))
        if not len(inside):
            continue
        end_x, end_y = float(x[inside[-1]]), float(y[inside[-1]])
        width = advance(trace.label)
        left = min(end_x - width, view.right() - width - 4)
        for above in (True, False):
            top = end_y - _LABEL_HEIGHT - 2 if above else end_y + 2
            box = QRectF(left, top, width, _LABEL_HEIGHT)
            if not view.contains(box) or any(box.intersects(other) for other in taken):
                continue
            taken.append(box)
            painter.fillRect(box.adjusted(-2, 0, 2, 0), drawing.palette.colour("bg2", 0.8))
            painter.setPen(QColor(trace.ink.colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, trace.label)
            break


def _paint_not_finite(painter: QPainter, drawing: Drawing, to_device: QTransform, view: QRectF):
    """Crosses at the top edge; where they would run together a line goes on from the first."""
    x = to_device.m11() * drawing.not_finite + to_device.dx()
    x = np.unique(np.round(x[(x >= view.left() - 1) & (x <= view.right() + 1)]))
    if not len(x):
        return
    y = view.top() + 5
    ends = np.flatnonzero(np.append(np.diff(x) > _CROSS_WIDTH, True))
    starts = np.concatenate([[0], ends[:-1] + 1])
    for first, last in zip(x[starts].tolist(), x[ends].tolist(), strict=True):
        painter.setPen(QPen(drawing.palette.colour("fault"), 1.75))
        painter.drawLine(QPointF(first - 3, y - 3), QPointF(first + 3, y + 3))
        painter.drawLine(QPointF(first - 3, y + 3), QPointF(first + 3, y - 3))
        if last > first:
            painter.drawLine(QPointF(first, y), QPointF(last, y))
