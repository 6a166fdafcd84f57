"""The parts of the scatter: the points as one picture, and the marks over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QTransform

from utnet_viewer.compare.cloud import POINT_ALPHA, paint_points
from utnet_viewer.theme import SIZE_LABEL, Palette, ui_font

#: Up to so many points are drawn large, more of them smaller.
_FEW, _MANY = 3_000, 30_000
#: Opacity of points that a filter dims.
_DIMMED_ALPHA = 0.10


class _InView(pg.GraphicsObject):
    """Painted in device pixels over the whole view."""

    def viewRangeChanged(self) -> None:
        """What is drawn follows the view's range."""
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return self.viewRect()


class CloudItem(_InView):
    """The points; drawn anew only where range, size, points or colours are others."""

    def __init__(self) -> None:
        super().__init__()
        self._x = self._y = np.empty(0)
        self._kinds = np.empty(0, np.int8)
        self._colours: tuple[tuple[int, int, int], ...] = ()
        self._equal, self._drawn, self._image = QColor(), None, QImage()

    def show_points(self, x: np.ndarray, y: np.ndarray, kinds: np.ndarray) -> None:
        """Points in view coordinates (N,), (N,) and their kinds (N,)."""
        self._x, self._y, self._kinds, self._drawn = x, y, kinds, None
        self.update()

    def set_palette(self, palette: Palette) -> None:
        """Grey for dimmed and equal points, accent for gains, warning for losses."""
        tokens = ("t3", "t3", "accent", "warning")
        self._colours = tuple(palette.colour(token).getRgb()[:3] for token in tokens)
        self._equal, self._drawn = palette.colour("t2"), None
        self.update()

    def paint(self, painter: QPainter, *args) -> None:
        """The diagonal, then the points."""
        to_device = painter.transform()
        view = to_device.mapRect(self.viewRect())
        painter.save()
        painter.resetTransform()
        painter.setClipRect(view)
        self._paint_diagonal(painter, to_device)
        if len(self._x):
            painter.drawImage(view.topLeft(), self._picture(to_device, view))
        painter.restore()

    def _paint_diagonal(self, painter: QPainter, to_device: QTransform) -> None:
        shown = self.viewRect()
        low = min(shown.left(), shown.top())
        high = max(shown.right(), shown.bottom())
        pen = QPen(self._equal, 1)
        pen.setDashPattern([4, 3])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.drawLine(to_device.map(QPointF(low, low)), to_device.map(QPointF(high, high)))

    def _picture(self, to_device: QTransform, view: QRectF) -> QImage:
        key = (to_device.m11(), to_device.m22(), to_device.dx(), to_device.dy(), view.getRect())
        if self._drawn != key:
            size = max(1, round(view.width())), max(1, round(view.height()))
            x = self._x * to_device.m11() + (to_device.dx() - view.left())
            y = self._y * to_device.m22() + (to_device.dy() - view.top())
            count = len(self._x)
            radius = 2.4 if count < _FEW else 1.7 if count < _MANY else 1.1
            once = POINT_ALPHA if count < _MANY else POINT_ALPHA / 2
            pixels = paint_points(
                x,
                y,
                self._kinds,
                size_px=size,
                colours=self._colours,
                radius_px=radius,
                alphas=(_DIMMED_ALPHA, once * 0.7, once, once),
            )
            form = QImage.Format.Format_RGBA8888_Premultiplied
            self._image = QImage(pixels.data, *size, 4 * size[0], form)
            self._image.pixels = pixels  # the image shares the array's memory
            self._drawn = key
        return self._image


@dataclass(frozen=True)
class Mark:
    """A point with its name and figures."""

    at: QPointF
    words: tuple[str, str]


class MarkItem(_InView):
    """A ring and a card at the point that is meant, thin lines to the axes, a ring at the sample
    that is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.mark: Mark | None = None
        self.current: QPointF | None = None
        self.cross: QPointF | None = None
        self._palette: Palette | None = None
        self.setZValue(10)

    def set_palette(self, palette: Palette) -> None:
        """Colours of ring and card."""
        self._palette = palette
        self.update()

    def show_marks(self, mark: Mark | None, current: QPointF | None) -> None:
        """Mark a point (None: none), and the sample that is looked at."""
        self.mark, self.current = mark, current
        self.update()

    def show_cross(self, place: QPointF | None) -> None:
        """Lines through a place to both axes; None takes them away."""
        self.cross = place
        self.update()

    def paint(self, painter: QPainter, *args) -> None:
        """In device pixels."""
        if self._palette is None:
            return
        to_device = painter.transform()
        view = to_device.mapRect(self.viewRect())
        painter.save()
        painter.resetTransform()
        painter.setClipRect(view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.cross is not None:
            at = to_device.map(self.cross)
            painter.setPen(QPen(self._palette.colour("t1", 0.35), 1))
            painter.drawLine(QPointF(at.x(), view.top()), QPointF(at.x(), view.bottom()))
            painter.drawLine(QPointF(view.left(), at.y()), QPointF(view.right(), at.y()))
        if self.current is not None:
            self._paint_ring(painter, to_device.map(self.current))
        if self.mark is not None:
            at = to_device.map(self.mark.at)
            self._paint_ring(painter, at)
            self._paint_card(painter, at, view)
        painter.restore()

    def _paint_ring(self, painter: QPainter, at: QPointF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, token in ((3.4, "bg2"), (1.6, "t1")):
            painter.setPen(QPen(self._palette.colour(token), width))
            painter.drawEllipse(at, 6.0, 6.0)

    def _paint_card(self, painter: QPainter, at: QPointF, view: QRectF) -> None:
        name, figures = self.mark.words
        bold, plain = ui_font(SIZE_LABEL, 600), ui_font(SIZE_LABEL)
        widest = max(
            QFontMetricsF(bold).horizontalAdvance(name),
            QFontMetricsF(plain).horizontalAdvance(figures),
        )
        width, height, gap = widest + 16, 40.0, 12.0
        x = at.x() - gap - width if at.x() - gap - width > view.left() else at.x() + gap
        x = min(x, view.right() - width - 2)
        y = min(max(at.y() - height / 2, view.top() + 2), view.bottom() - height - 2)
        card = QRectF(x, y, width, height)
        painter.setPen(QPen(self._palette.colour("line2"), 1))
        painter.setBrush(self._palette.colour("bg4", 0.94))
        painter.drawRoundedRect(card, 5, 5)
        painter.setPen(self._palette.colour("t1"))
        painter.setFont(bold)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x + 8, y + 3, width, 17), middle, name)
        painter.setFont(plain)
        painter.drawText(QRectF(x + 8, y + 20, width, 17), middle, figures)
