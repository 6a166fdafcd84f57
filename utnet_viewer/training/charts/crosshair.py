"""The vertical line through all charts, with a dot on every curve."""

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen


@dataclass(frozen=True)
class Dot:
    """A point on a curve in view coordinates."""

    x: float
    y: float
    colour: str


class Crosshair(pg.GraphicsObject):
    """Drawn over everything else; hidden while `step` is None."""

    def __init__(self) -> None:
        super().__init__()
        self.step: float | None = None
        self.dots: tuple[Dot, ...] = ()
        self._line, self._rim = QColor(), QColor()
        self.setZValue(10)

    def set_colours(self, line: QColor, rim: QColor) -> None:
        """Of the line, and around the dots."""
        self._line, self._rim = line, rim
        self.update()

    def show_at(self, step: float | None, dots: tuple[Dot, ...]) -> None:
        """Move there; None hides the line, and the dots alone tell the last values."""
        if (step, dots) != (self.step, self.dots):
            self.step, self.dots = step, dots
            self.update()

    def viewRangeChanged(self) -> None:
        """What is drawn follows the view's range."""
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """The whole view."""
        return self.viewRect()

    def paint(self, painter: QPainter, *args) -> None:
        """In device pixels, so that dots are round."""
        to_device = painter.transform()
        view = to_device.mapRect(self.viewRect())
        painter.save()
        painter.resetTransform()
        if self.step is not None:
            x = round(to_device.m11() * self.step + to_device.dx()) + 0.5
            painter.setPen(QPen(self._line, 1))
            painter.drawLine(QPointF(x, view.top()), QPointF(x, view.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for dot in self.dots:
            at = QPointF(
                to_device.m11() * dot.x + to_device.dx(), to_device.m22() * dot.y + to_device.dy()
            )
            painter.setPen(QPen(self._rim, 1.5))
            painter.setBrush(QColor(dot.colour))
            if view.adjusted(-2, -2, 2, 2).contains(at):
                painter.drawEllipse(at, 3.8, 3.8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.restore()
