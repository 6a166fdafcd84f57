"""A plot that is pointed at, zoomed and panned by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent

from utnet_viewer.widgets.focus_ring import RING_PROPERTY
from utnet_viewer.widgets.own_keys import OwnKeys
from utnet_viewer.widgets.plot import QuietPlot

_AXIS_WIDTH = 34
_DRAG_FROM_PX = 4
_WHEEL_FACTOR = 0.8
_Key = Qt.Key


class PointedPlot(OwnKeys, QuietPlot):
    """Says what is pointed at, clicked and asked for; whoever uses it moves the view."""

    pointed = Signal(object)  # QPointF in view coordinates, None outside
    clicked = Signal(object)  # QPointF in view coordinates
    zoomed = Signal(float, object)  # factor, about (QPointF in view coordinates)
    panned = Signal(object)  # QPointF by which the view moves
    fit_requested = Signal()
    stepped = Signal(int, int)  # right, up: by arrow keys; Shift is ten
    entered = Signal()
    laid_out = Signal()  # the view has another size, and is where it will stay

    #: What the keys do while the plot has the focus, for the shortcut sheet.
    SHEET_KEYS = (
        ("Move the crosshair", "Left or Right"),
        ("Ten times as far", "Shift+Left or Shift+Right"),
        ("Nearer or farther", "+ or -"),
        ("Everything", "0"),
        ("Open the sample under the crosshair", "Return"),
    )

    def __init__(self, *, can_zoom: bool) -> None:
        super().__init__(axis_width=_AXIS_WIDTH)
        self._can_zoom = can_zoom
        self._pressed_at: QPointF | None = None
        self._dragged_from: QPointF | None = None
        # The view says that it was resized before it has its place.
        self._settle = QTimer(self, singleShot=True, interval=0)
        self._settle.timeout.connect(self.laid_out)
        self.getViewBox().sigResized.connect(lambda _box: self._settle.start())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, True)
        self.setMouseTracking(True)

    @property
    def view_px(self) -> QRectF:
        """Where the data is, in the widget's pixels."""
        return self.getViewBox().sceneBoundingRect()

    def to_view(self, place: QPointF) -> QPointF:
        """A point of the widget in the data's coordinates."""
        box, shown = self.view_px, self.getViewBox().viewRect()
        if box.width() <= 0 or box.height() <= 0:
            return QPointF()
        across = (place.x() - box.left()) / box.width()
        up = (box.bottom() - place.y()) / box.height()
        return QPointF(shown.left() + across * shown.width(), shown.top() + up * shown.height())

    def to_widget(self, x: float, y: float) -> QPointF:
        """A point of the data in the widget's pixels: the inverse of `to_view`."""
        box, shown = self.view_px, self.getViewBox().viewRect()
        across = (x - shown.left()) / shown.width()
        up = (y - shown.top()) / shown.height()
        return QPointF(box.left() + across * box.width(), box.bottom() - up * box.height())

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Maybe a click, maybe the begin of a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point, or with the button down pan."""
        place, pressed = event.position(), self._pressed_at
        if pressed is not None and (place - pressed).manhattanLength() >= _DRAG_FROM_PX:
            self._dragged_from = self._dragged_from or pressed
        if self._dragged_from is not None and self._can_zoom:
            self.panned.emit(self.to_view(self._dragged_from) - self.to_view(place))
            self._dragged_from = place
        elif pressed is None:
            is_inside = self.view_px.contains(place)
            self.pointed.emit(self.to_view(place) if is_inside else None)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click, where nothing was dragged."""
        was_click = self._pressed_at is not None and self._dragged_from is None
        self._pressed_at = self._dragged_from = None
        if was_click and self.view_px.contains(event.position()):
            self.clicked.emit(self.to_view(event.position()))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show everything."""
        self._pressed_at = None
        self.fit_requested.emit()
        event.accept()

    def wheelEvent(self, event) -> None:
        """Zoom about the pointer."""
        turns = event.angleDelta().y() / 120
        if turns and self._can_zoom:
            self.zoomed.emit(_WHEEL_FACTOR**turns, self.to_view(event.position()))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    # Keys.

    def focusOutEvent(self, event) -> None:
        """The crosshair that keys moved goes with the focus."""
        super().focusOutEvent(event)
        self.pointed.emit(None)

    def _action(self, event) -> Callable[[], None] | None:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        arrows = {
            _Key.Key_Left: (-1, 0),
            _Key.Key_Right: (1, 0),
            _Key.Key_Up: (0, 1),
            _Key.Key_Down: (0, -1),
        }
        if key in arrows and modifiers in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
        ):
            far = 10 if modifiers else 1
            right, up = arrows[key]
            return lambda: self.stepped.emit(right * far, up * far)
        if self._can_zoom and key in (_Key.Key_Plus, _Key.Key_Equal, _Key.Key_Minus):
            factor = 1 / _WHEEL_FACTOR if key == _Key.Key_Minus else _WHEEL_FACTOR
            return lambda: self.zoomed.emit(factor, self.getViewBox().viewRect().center())
        if modifiers:
            return None
        return {
            _Key.Key_0: self.fit_requested.emit if self._can_zoom else None,
            _Key.Key_Return: self.entered.emit,
            _Key.Key_Enter: self.entered.emit,
        }.get(key)
