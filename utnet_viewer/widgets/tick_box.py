"""A box that is ticked or not."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton, QWidget

from utnet_viewer.theme import Theme

#: The tick's corners in a box of 14 px.
TICK = (QPointF(3.2, 7.4), QPointF(6, 10.2), QPointF(11, 4.4))


class TickBox(QCheckBox):
    """A check box with a tick in the theme's colour, which no style sheet can give it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self.update)

    def paintEvent(self, event) -> None:
        """The box, and the tick."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        element = QStyle.SubElement.SE_CheckBoxIndicator
        box = QRectF(self.style().subElementRect(element, option, self))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.palette.colour("on_accent"), 1.8))
        corner = box.center() - QPointF(7, 7)
        painter.drawPolyline([corner + point for point in TICK])
