"""How much every frame of a sequence would change, as curves over its frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.conventions import JOINT_NAMES
from utnet_viewer.annotate.sequence_plan import Proposal
from utnet_viewer.numbers import fixed
from utnet_viewer.readouts.chart import ChartHead, axis_steps, axis_text, axis_top
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.plot import QuietPlot

PX, MM = "px", "mm"
_MOST_TICKS = 7


class ChangePlot(QWidget):
    """The joint that moves most, and the mean of all; key frames are marked below.

    A click says which frame is meant, pointing names it.
    """

    chosen = Signal(int)  # row of the dataset

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.unit = PX
        self._proposals: tuple[Proposal, ...] = ()
        self._times = np.empty(0)
        self._row = self._pointed = -1
        self.head = ChartHead("Moved against the label", theme)
        self.plot = _Plot(self)
        self.worst, self.mean = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.keys = pg.ScatterPlotItem(symbol="d", size=9)
        self.marker = pg.InfiniteLine(angle=90)
        for item in (self.mean, self.worst, self.keys, self.marker):
            self.plot.addItem(item)
        self.marker.hide()
        self.setMinimumHeight(120)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 10, 4)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.plot, 1)
        theme.changed.connect(self.restyle)
        self.restyle()
        self._show_head()

    def restyle(self) -> None:
        """Take the theme's colours."""
        palette = self._theme.palette
        self.plot.restyle(palette)
        self.worst.setPen(pg.mkPen(palette.series[0], width=1.75))
        self.mean.setPen(pg.mkPen(palette.t3, width=1.5, style=Qt.PenStyle.DashLine))
        self.keys.setBrush(QColor(palette.series[1]))
        self.keys.setPen(QPen(Qt.PenStyle.NoPen))
        self.marker.setPen(pg.mkPen(palette.accent, width=1))

    # What is shown.

    def show_proposals(self, proposals: Sequence[Proposal]) -> None:
        """Show another fit, or none."""
        self._proposals, self._pointed = tuple(proposals), -1
        self._times = np.array([one.time for one in proposals])
        self._redraw()

    def set_unit(self, unit: str) -> None:
        """Pixels in the photo, or millimetres in space."""
        self.unit = unit
        self._redraw()

    def show_row(self, row: int) -> None:
        """Mark the frame that is looked at, -1 for none."""
        self._row = row
        position = self._position_of(row)
        self.marker.setVisible(position >= 0)
        if position >= 0:
            self.marker.setValue(float(self._times[position]))
        self._show_head()

    def _moved(self, proposal: Proposal) -> tuple[float, float, int]:
        """Mean, worst, and which joint that is."""
        moved = proposal.moved
        if self.unit == PX:
            return moved.mean_px, moved.worst_px, moved.joint_px
        return moved.mean_mm, moved.worst_mm, moved.joint

    def _redraw(self) -> None:
        moved = np.array([self._moved(one) for one in self._proposals]).reshape(-1, 3)
        mean, worst, _ = moved.T
        self.worst.setData(self._times, worst)
        self.mean.setData(self._times, mean)
        is_key = np.array([one.is_key for one in self._proposals], bool)
        self.keys.setData(self._times[is_key], np.zeros(int(is_key.sum())))
        self._set_ranges(float(worst.max()) if len(worst) else 1.0)
        self.show_row(self._row)

    def _set_ranges(self, largest: float) -> None:
        left, bottom = self.plot.getAxis("left"), self.plot.getAxis("bottom")
        if not len(self._times):
            left.setTicks([[]])
            bottom.setTicks([[]])
            return
        top = axis_top(largest)
        self.plot.setYRange(-0.07 * top, top * 1.12)
        values = (0.0, *axis_steps(top))
        left.setTicks([[(value, axis_text(value).lstrip("+")) for value in values]])
        low, high = float(self._times[0]), float(self._times[-1])
        pad = max(0.5, 0.03 * (high - low))
        self.plot.setXRange(low - pad, high + pad)
        count = min(_MOST_TICKS, len(self._times))
        shown = sorted({round(n) for n in np.linspace(0, len(self._times) - 1, count)})
        ticks = [(float(self._times[n]), self._proposals[n].frame.name) for n in shown]
        bottom.setTicks([ticks])

    def _show_head(self) -> None:
        """What is drawn how; under the pointer, or where one looks, the figures."""
        position = self._pointed if self._pointed >= 0 else self._position_of(self._row)
        figure = ""
        if position >= 0:
            one = self._proposals[position]
            mean, worst, joint = self._moved(one)
            figure = (
                f"{one.frame.name}: mean {fixed(mean)} {self.unit}, "
                f"{JOINT_NAMES[joint]} {fixed(worst)} {self.unit}"
            )
        unit = (
            ""
            if position < 0 and not self._proposals
            else f"{self.unit} · line: worst joint, dashes: mean of 21 joints, ◆ key frames"
        )
        self.head.show_text(title="Moved against the label", unit=unit, figure=figure)

    # The pointer.

    def _position_of(self, row: int) -> int:
        return next((n for n, one in enumerate(self._proposals) if one.frame.row == row), -1)

    def point(self, time: float | None) -> None:
        """The pointer is over this time, None for nowhere."""
        pointed = -1
        if time is not None and len(self._times):
            pointed = int(np.abs(self._times - time).argmin())
        if pointed != self._pointed:
            self._pointed = pointed
            self._show_head()

    def click(self) -> None:
        """The frame that is pointed at is meant."""
        if self._pointed >= 0:
            self.chosen.emit(self._proposals[self._pointed].frame.row)


class _Plot(QuietPlot):
    """Tells the chart where the pointer is."""

    def __init__(self, chart: ChangePlot) -> None:
        super().__init__(axis_width=34)
        self._chart = chart
        self.setMouseTracking(True)

    def _time_at(self, point: QPointF) -> float:
        return float(self.getViewBox().mapSceneToView(self.mapToScene(point.toPoint())).x())

    def mouseMoveEvent(self, event) -> None:
        """Name the frame under the pointer."""
        super().mouseMoveEvent(event)
        self._chart.point(self._time_at(event.position()))

    def mousePressEvent(self, event) -> None:
        """Look at the frame under the pointer."""
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._chart.point(self._time_at(event.position()))
            self._chart.click()

    def leaveEvent(self, event) -> None:
        """Nothing is pointed at."""
        super().leaveEvent(event)
        self._chart.point(None)
