"""A box to choose one of several words from."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from utnet_viewer.theme import ICON, Theme
from utnet_viewer.widgets.focus_ring import RING_PROPERTY
from utnet_viewer.widgets.icons import pixmap

_CARET = 12


class Choice(QComboBox):
    """A combo box with the theme's caret; the wheel scrolls past it instead of changing it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, True)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        theme.changed.connect(self.update)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to whatever scrolls around the box."""
        event.ignore()

    def paintEvent(self, event) -> None:
        """The box, and the caret that the style sheet cannot tint."""
        super().paintEvent(event)
        palette = self._theme.palette
        colour = palette.t2 if self.isEnabled() else palette.line2
        picture = pixmap("caret-down", colour, size_px=_CARET, scale=self.devicePixelRatioF())
        place = QPoint(self.width() - _CARET - ICON // 2, (self.height() - _CARET) // 2)
        QPainter(self).drawPixmap(place, picture)
