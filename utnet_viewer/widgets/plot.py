"""A plot as every chart has it: horizontal grid at 10 %, no frame, no ticks, no menu."""

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QFrame, QGraphicsItem

from utnet_viewer.theme import SIZE_AXIS, Palette, ui_font

AXIS_HEIGHT = 22
_GRID_ALPHA = 26  # of 255


class QuietPlot(pg.PlotWidget):
    """Nothing moves by itself: whoever uses it sets ranges and ticks."""

    def __init__(self, *, axis_width: int) -> None:
        super().__init__()
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.getViewBox().setDefaultPadding(0)
        self.getPlotItem().setContentsMargins(0, 2, 0, 0)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setStyle(tickLength=0, tickFont=ui_font(SIZE_AXIS), tickTextOffset=6)
            axis.enableAutoSIPrefix(False)
            # Drawn once, not with every frame: numbers and grid hold still while bars change.
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.getAxis("left").setWidth(axis_width)
        self.getAxis("left").setGrid(_GRID_ALPHA)
        self.getAxis("left").setStyle(showValues=True)
        self.getAxis("bottom").setHeight(AXIS_HEIGHT)

    def restyle(self, palette: Palette) -> None:
        """Take the theme's colours."""
        self.setBackground(QColor(palette.bg2))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setTextPen(QColor(palette.t2 if side == "bottom" else palette.t3))
        self.getAxis("bottom").setPen(pg.mkPen(palette.line2))
        self.getAxis("left").setPen(QPen(Qt.PenStyle.NoPen))
        self.getAxis("left").setTickPen(pg.mkPen(palette.t1))  # of the grid, at 10 %

    def wheelEvent(self, event) -> None:
        """The chart does not scroll; its surroundings may."""
        event.ignore()
