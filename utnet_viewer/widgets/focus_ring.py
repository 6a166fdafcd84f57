"""A ring around whatever has the keyboard's focus."""

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QLineEdit,
    QWidget,
)
from shiboken6 import isValid

from utnet_viewer.theme import CONTROL_RADIUS, Theme

#: How far the ring reaches outside the widget.
OUTSET = 3


#: A widget of another kind that wants the ring sets this property.
RING_PROPERTY = "focusRing"


def _takes_ring(widget: QWidget) -> bool:
    usual = (QAbstractButton, QAbstractItemView, QAbstractSlider, QLineEdit)
    return isinstance(widget, usual) or bool(widget.property(RING_PROPERTY))


class FocusRing(QWidget):
    """Paints over the window: 1 px accent border and a 2 px ring outside it.

    Only after the keyboard moved the focus, so that the mouse leaves no rings behind.
    """

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._theme = theme
        self._target: QWidget | None = None
        self._by_keyboard = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        theme.changed.connect(self.update)
        application = QApplication.instance()
        application.focusChanged.connect(self._on_focus_changed)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the widget and the window around; a click hides the ring."""
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress:
            self._by_keyboard = False
            self._follow()
        elif kind in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._follow()
        elif kind == QEvent.Type.ShortcutOverride and isinstance(watched, QAbstractButton):
            # Space presses the button that has the focus; elsewhere it plays.
            event.setAccepted(event.key() == Qt.Key.Key_Space)
            return event.isAccepted()
        return False

    def begin(self) -> None:
        """Tab was pressed: from now on show where the focus is."""
        self._by_keyboard = True

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._by_keyboard = False
        # A button that is deleted because it was pressed loses the focus while it goes.
        if self._target is not None and isValid(self._target):
            self._target.removeEventFilter(self)
        belongs = new is not None and _takes_ring(new) and new.window() is self.window()
        self._target = new if belongs else None
        if self._target is not None:
            self._target.installEventFilter(self)
        self._follow()

    def _follow(self) -> None:
        target = self._target
        is_there = target is not None and isValid(target)
        if not is_there or not self._by_keyboard or not target.isVisible():
            self.hide()
            return
        corner = target.mapTo(self.window(), target.rect().topLeft())
        self.setGeometry(QRect(corner, target.size()).adjusted(-OUTSET, -OUTSET, OUTSET, OUTSET))
        self.show()
        self.raise_()

    def paintEvent(self, event) -> None:
        """Two strokes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, inner = self._theme.palette, QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5)
        painter.setPen(QPen(palette.colour("accent"), 1))
        painter.drawRoundedRect(inner, CONTROL_RADIUS, CONTROL_RADIUS)
        painter.setPen(QPen(palette.colour("accent", 0.4), 2))
        painter.drawRoundedRect(
            inner.adjusted(-1.5, -1.5, 1.5, 1.5), CONTROL_RADIUS + 1.5, CONTROL_RADIUS + 1.5
        )
