"""Error of every joint as bars in the finger's colour."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from core.conventions import FINGER_OF_JOINT, JOINT_COUNT, JOINT_NAMES, WRIST
from utnet_viewer.numbers import fixed
from utnet_viewer.readouts.chart import (
    FINGER_X,
    JOINT_X,
    HandChart,
    axis_steps,
    axis_text,
    steady_top,
)
from utnet_viewer.theme import Theme

_X = np.array([JOINT_X[joint] for joint in range(JOINT_COUNT)])


class JointErrorChart(HandChart):
    """Twenty-one bars and the dashed median line; an unknown error is no bar."""

    def __init__(self, theme: Theme, parent=None) -> None:
        groups = {"wrist": JOINT_X[WRIST], **FINGER_X}
        super().__init__("Per joint", theme, groups=groups, parent=parent)
        self.errors = np.full(JOINT_COUNT, np.nan)
        self.median = float("nan")
        self._texts = ("Per joint", "mm")
        self._joint = -1
        self.bars = pg.BarGraphItem(x=_X, height=np.zeros(JOINT_COUNT), width=0.74)
        self.line = pg.InfiniteLine(angle=0)
        self.line.hide()
        self.plot.addItem(self.bars)
        self.plot.addItem(self.line, ignoreBounds=True)
        self.plot.setXRange(-1.9, 24.6)
        theme.changed.connect(self.restyle)
        self.restyle()
        self._set_top(20.0)

    def restyle(self) -> None:
        """Take the theme's colours."""
        super().restyle()
        colours = self.colours()
        wrist = QColor(self.theme.palette.t2)
        brushes = [
            colours[FINGER_OF_JOINT[joint]] if joint != WRIST else wrist
            for joint in range(JOINT_COUNT)
        ]
        self.bars.setOpts(brushes=brushes, pens=[QPen(Qt.PenStyle.NoPen)] * JOINT_COUNT)
        self.line.setPen(pg.mkPen(self.theme.palette.t1, style=Qt.PenStyle.DashLine))

    def show_errors(self, errors: np.ndarray, *, median: float, title: str, unit: str) -> None:
        """Show 21 errors in `unit` beside the session's `median`, NaN for none."""
        self.errors, self.median, self._texts = errors, median, (title, unit)
        heights = np.nan_to_num(errors, nan=0.0, posinf=0.0)
        largest = max(float(heights.max()), median if median == median else 0.0, 4.0)
        self._set_top(steady_top(largest, self.top))
        self.bars.setOpts(height=heights)
        is_compared = median == median and bool(np.isfinite(errors).any())
        self.line.setVisible(is_compared)
        if is_compared:
            self.line.setValue(median)
        self._show_head()
        self.mark_joint(self._joint)

    def mark_joint(self, joint: int) -> None:
        """Mark the joint's bar and say its value in the head."""
        self._joint = joint
        super().mark_joint(joint)
        self._show_head()

    def _show_head(self) -> None:
        title, unit = self._texts
        if 0 <= self._joint < JOINT_COUNT:
            figure = f"{JOINT_NAMES[self._joint]} {fixed(self.errors[self._joint])} {unit}"
            self.head.show_text(title=title, unit=unit, figure=figure)
            return
        figure = f"session median {fixed(self.median)}" if self.median == self.median else ""
        self.head.show_text(title=title, unit=unit, figure=figure, has_dash=bool(figure))

    def _set_top(self, top: float) -> None:
        if top == self.top:
            return
        self.top = top
        # The topmost number would be cut by the plot's edge.
        self.plot.setYRange(0, top * 1.12)
        steps = [(value, axis_text(value).lstrip("+")) for value in axis_steps(top)]
        self.plot.getAxis("left").setTicks([steps])
