"""How much longer or shorter each predicted bone is than the true one."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.conventions import BONES, FINGER_OF_JOINT, FINGERS, JOINT_NAMES
from utnet_viewer.numbers import fixed, signed
from utnet_viewer.readouts.chart import FINGER_X, JOINT_X, HandChart, axis_top
from utnet_viewer.theme import Theme

_CHILDREN = [child for _, child in BONES]
_X = np.array([JOINT_X[child] for child in _CHILDREN])


class BoneLengthChart(HandChart):
    """Twenty stems with diamond heads about a zero line, finger by finger."""

    def __init__(self, theme: Theme, parent=None) -> None:
        super().__init__("Bone lengths", theme, groups=FINGER_X, parent=parent)
        self.differences = np.full(len(BONES), np.nan)
        self._joint = -1
        self._range = (0.0, 0.0)
        self.zero = pg.InfiniteLine(pos=0, angle=0)
        self.stems = {finger: pg.PlotCurveItem(connect="pairs") for finger in FINGERS}
        self.heads = pg.ScatterPlotItem(symbol="d", size=9, pxMode=True)
        for item in (self.zero, *self.stems.values(), self.heads):
            self.plot.addItem(item, ignoreBounds=True)
        self.plot.setXRange(0.0, 24.6)
        theme.changed.connect(self.restyle)
        self.restyle()
        self._set_range(-4.0, 4.0)

    def restyle(self) -> None:
        """Take the theme's colours."""
        super().restyle()
        colours, palette = self.colours(), self.theme.palette
        for finger, stem in self.stems.items():
            stem.setPen(pg.mkPen(colours[finger], width=1.5))
        self._pens = np.array([pg.mkPen(colours[FINGER_OF_JOINT[child]], width=1.5)
                               for child in _CHILDREN])  # fmt: skip
        self.heads.setBrush(QColor(palette.bg2))
        self.zero.setPen(pg.mkPen(palette.colour("t1", 0.75)))
        self._draw()

    def has_joint(self, joint: int) -> bool:
        """The wrist ends no bone."""
        return joint in _CHILDREN

    def show_differences(self, differences_mm: np.ndarray) -> None:
        """Show prediction − truth (20,) in mm, in the order of `core.conventions.BONES`."""
        self.differences = differences_mm
        known = differences_mm[np.isfinite(differences_mm)]
        self._set_range(float(known.min(initial=0.0)), float(known.max(initial=0.0)))
        self._draw()
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

    def _draw(self) -> None:
        for number, finger in enumerate(FINGERS):
            part = slice(4 * number, 4 * number + 4)
            heights = np.zeros(8)
            heights[1::2] = np.nan_to_num(self.differences[part])
            self.stems[finger].setData(np.repeat(_X[part], 2), heights)
        known = np.isfinite(self.differences)
        self.heads.setData(x=_X[known], y=self.differences[known], pen=list(self._pens[known]))

    def _set_range(self, low: float, high: float) -> None:
        """The larger side sets the steps; the other keeps at least a third of it."""
        top = axis_top(max(-low, high, 1.5))
        below = top if -low > top / 3 else top / 3
        above = top if high > top / 3 else top / 3
        if (below, above) == self._range:
            return
        self._range = below, above
        # Heads at the very end are not cut.
        self.plot.setYRange(-below * 1.12, above * 1.12)
        step = top if top <= 2 else top / 2
        decimals = 0 if step == int(step) else 1
        ticks = [(value, signed(value, decimals)) for value in np.arange(-2, 3) * step]
        self.plot.getAxis("left").setTicks([ticks])
