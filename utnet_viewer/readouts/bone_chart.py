"""How much longer or shorter each predicted bone is than the true one."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from core.conventions import BONES, FINGER_OF_JOINT, JOINT_NAMES
from utnet_viewer.numbers import fixed, signed
from utnet_viewer.readouts.chart import (
    FINGER_X,
    JOINT_X,
    HandChart,
    axis_steps,
    axis_text,
    steady_top,
)
from utnet_viewer.theme import Theme

_CHILDREN = [child for _, child in BONES]
_HEAD = QPolygonF([QPointF(0, -4.6), QPointF(4.6, 0), QPointF(0, 4.6), QPointF(-4.6, 0)])
_X = np.array([JOINT_X[child] for child in _CHILDREN])


class _Lollipops(pg.GraphicsObject):
    """Stems from zero with diamond heads: one item, because seven cost four times as much."""

    def __init__(self) -> None:
        super().__init__()
        self._heights = np.full(len(BONES), np.nan)
        self._stem_pens: list[QPen] = []
        self._inside = QColor()

    def set_heights(self, heights: np.ndarray) -> None:
        """Show other values (20,); NaN shows nothing."""
        self._heights = heights
        self.update()

    def set_colours(self, colours: list[QColor], inside: QColor) -> None:
        """One colour a bone, and what fills the heads."""
        self._stem_pens = [pg.mkPen(colour, width=1.5) for colour in colours]
        self._inside = inside
        self.update()

    def boundingRect(self) -> QRectF:
        """The whole view: what is drawn follows its range."""
        return self.viewRect()

    def paint(self, painter: QPainter, *args) -> None:
        """In device pixels, so that heads are square whatever the axes' ranges."""
        to_device = painter.transform()
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._inside)
        for x, height, pen in zip(_X, self._heights, self._stem_pens, strict=True):
            if np.isfinite(height):
                foot, head = to_device.map(QPointF(x, 0)), to_device.map(QPointF(x, height))
                painter.setPen(pen)
                painter.drawLine(foot, head)
                painter.drawConvexPolygon(_HEAD.translated(head))
        painter.restore()


class BoneLengthChart(HandChart):
    """Twenty stems with diamond heads about a zero line, finger by finger."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__("Bone lengths", theme, groups=FINGER_X, parent=parent)
        self.differences = np.full(len(BONES), np.nan)
        self._joint = -1
        self._range = (0.0, 0.0)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.stems = _Lollipops()
        self.plot.addItem(self.zero, ignoreBounds=True)
        self.plot.addItem(self.stems, ignoreBounds=True)
        self.plot.setXRange(0.0, 24.6)
        theme.changed.connect(self.restyle)
        self.restyle()
        self._set_range(-4.0, 4.0)

    def restyle(self) -> None:
        """Take the theme's colours."""
        super().restyle()
        colours, palette = self.colours(), self.theme.palette
        fingers = [colours[FINGER_OF_JOINT[child]] for child in _CHILDREN]
        self.stems.set_colours(fingers, QColor(palette.bg2))
        self.zero.setPen(pg.mkPen(palette.colour("t1", 0.75)))

    def has_joint(self, joint: int) -> bool:
        """The wrist ends no bone."""
        return joint in _CHILDREN

    def show_differences(self, differences_mm: np.ndarray) -> None:
        """Show prediction − truth (20,) in mm, in the order of `core.conventions.BONES`."""
        self.differences = differences_mm
        known = differences_mm[np.isfinite(differences_mm)]
        self._set_range(float(known.min(initial=0.0)), float(known.max(initial=0.0)))
        self.stems.set_heights(differences_mm)
        self.mark_joint(self._joint)

    def mark_joint(self, joint: int) -> None:
        """Mark the bone that ends in the joint and say its difference in the head."""
        self._joint = joint
        super().mark_joint(joint)
        if self.has_joint(joint):
            value = signed(self.differences[_CHILDREN.index(joint)])
            figure = f"to {JOINT_NAMES[joint]} {value} mm"
        else:
            total = np.abs(self.differences).sum()
            figure = f"sum |Δ| {fixed(total)}" if np.isfinite(total) else ""
        self.head.show_text(title="Bone lengths", unit="prediction − GT, mm", figure=figure)

    def _set_range(self, low: float, high: float) -> None:
        """The larger side sets the steps; the other keeps at least a third of it."""
        top = steady_top(max(-low, high, 1.5), max(self._range))
        was_below, was_above = self._range
        below = top if -low > top / 3 or was_below == top else top / 3
        above = top if high > top / 3 or was_above == top else top / 3
        if (below, above) == self._range:
            return
        self._range = below, above
        # Heads and numbers at the very end are not cut.
        self.plot.setYRange(-below * 1.13, above * 1.13)
        steps = axis_steps(top)
        values = [*(-step for step in reversed(steps)), 0.0, *steps]
        self.plot.getAxis("left").setTicks([[(value, axis_text(value)) for value in values]])
