"""A plot as every chart has it: horizontal grid at 10 %, no frame, no ticks, no menu."""

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QFrame, QGraphicsGridLayout, QGraphicsItem

from utnet_viewer.theme import SIZE_AXIS, Palette, ui_font

AXIS_HEIGHT = 22
_GRID_ALPHA = 26  # of 255
_TOP = 2


class QuietPlot(pg.GraphicsView):
    """A view box between two axes. Nothing moves by itself: whoever uses it sets ranges and ticks.

    It has the methods of `pyqtgraph.PlotWidget` that charts need; that one makes menus, buttons and
    four axes as well and takes four times as long (6 against 26 ms).
    """

    def __init__(self, *, axis_width: int) -> None:
        super().__init__()
        self._view = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self._axes = {side: pg.AxisItem(side) for side in ("left", "bottom")}
        frame, grid = pg.GraphicsWidget(), QGraphicsGridLayout()
        grid.setContentsMargins(0, _TOP, 0, 0)
        grid.setSpacing(0)
        frame.setLayout(grid)
        grid.addItem(self._axes["left"], 0, 0)
        grid.addItem(self._view, 0, 1)
        grid.addItem(self._axes["bottom"], 1, 1)
        self.setCentralItem(frame)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for axis in self._axes.values():
            axis.linkToView(self._view)
            axis.setZValue(0.5)  # its grid over areas, under the crosshair
            axis.setStyle(tickLength=0, tickFont=ui_font(SIZE_AXIS), tickTextOffset=6)
            axis.enableAutoSIPrefix(False)
            # Whoever sets ticks has chosen them; none is left out because the axis is short.
            axis.setStyle(textFillLimits=[(0, 10.0)])
            # Drawn once, not with every frame: numbers and grid hold still while bars change.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._axes["left"].setWidth(axis_width)
        self._axes["left"].setGrid(_GRID_ALPHA)
        self._axes["bottom"].setHeight(AXIS_HEIGHT)

    def getAxis(self, side: str) -> pg.AxisItem:
        """The axis at the "left" or the "bottom"."""
        return self._axes[side]

    def getViewBox(self) -> pg.ViewBox:
        """Where the curves are."""
        return self._view

    def addItem(self, item: QGraphicsItem, *, ignoreBounds: bool = True) -> None:
        """Put an item among the curves; its extent changes no range."""
        self._view.addItem(item, ignoreBounds=ignoreBounds)

    def setXRange(self, low: float, high: float) -> None:
        """What the lower axis spans."""
        self._view.setXRange(low, high, padding=0)

    def setYRange(self, low: float, high: float) -> None:
        """What the left axis spans."""
        self._view.setYRange(low, high, padding=0)

    def restyle(self, palette: Palette) -> None:
        """Take the theme's colours."""
        self.setBackground(QColor(palette.bg2))
        for side, axis in self._axes.items():
            axis.setTextPen(QColor(palette.t2 if side == "bottom" else palette.t3))
        self._axes["bottom"].setPen(pg.mkPen(palette.line2))
        self._axes["left"].setPen(QPen(Qt.PenStyle.NoPen))
        self._axes["left"].setTickPen(pg.mkPen(palette.t1))  # of the grid, at 10 %

    def wheelEvent(self, event) -> None:
        """The chart does not scroll; its surroundings may."""
        event.ignore()
