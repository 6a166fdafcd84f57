"""A plot over steps: the mouse and the keys move the crosshair and the range."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QToolTip

from utnet_viewer.training.charts.shared_axis import SharedAxis
from utnet_viewer.widgets.focus_ring import RING_PROPERTY
from utnet_viewer.widgets.own_keys import OwnKeys
from utnet_viewer.widgets.plot import QuietPlot

AXIS_WIDTH = 38
_WHEEL_FACTOR = 0.8
_DRAG_FROM_PX = 4
#: Share of the view that a key moves it.
_PAN_SHARE = 0.2

_Key = Qt.Key


class StepPlot(OwnKeys, QuietPlot):
    """Wheel: zoom in steps (over the value axis or with Ctrl: in values). Drag: pan. Double click:
    fit. Keys, while it has the focus: see `KEYS`."""

    values_zoomed = Signal(float, float)  # factor, about (view coordinates)
    values_panned = Signal(float)  # view coordinates
    fit_requested = Signal()
    expand_requested = Signal()
    leave_requested = Signal()
    log_requested = Signal()
    series_requested = Signal(int)  # position in the legend

    KEYS = (
        "Left, Right: crosshair (Shift: ten times as far; Ctrl: move the view)\n"
        "Home, End: first and last step   +, −: zoom   0 or double click: fit\n"
        "L: log or linear   1 – 9: hide and show a series   Enter: expand, Esc: back"
    )

    def __init__(self, axis: SharedAxis, *, next_step: Callable[[float | None, int], float | None]):
        """`next_step` gives the step so many points after the one given, None with nothing."""
        super().__init__(axis_width=AXIS_WIDTH)
        self._axis, self._next_step = axis, next_step
        self._pressed_at: QPointF | None = None
        self._dragged_from: QPointF | None = None
        self.tip_at: Callable[[QPointF], str] = lambda place: ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, True)
        self.setMouseTracking(True)

    @property
    def shown(self) -> tuple[float, float]:
        """First and last step in view."""
        (left, right), _ = self.getViewBox().viewRange()
        return left, right

    @property
    def view_px(self) -> QRectF:
        """Where the curves are, in the widget's pixels."""
        return self.getViewBox().sceneBoundingRect()

    # Mouse.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Maybe the begin of a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The crosshair, or with the button down a pan."""
        place = event.position()
        pressed = self._pressed_at
        is_drag = pressed is not None and (place - pressed).manhattanLength() >= _DRAG_FROM_PX
        if is_drag and self._dragged_from is None:
            self._dragged_from = pressed
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragged_from is not None:
            self._drag(self._dragged_from, place)
            self._dragged_from = place
        elif self._pressed_at is None:
            is_inside = self.view_px.contains(place)
            self._axis.set_cursor(self._to_view(place).x() if is_inside else None)
            QToolTip.showText(event.globalPosition().toPoint(), self.tip_at(place), self)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a drag."""
        self._pressed_at = self._dragged_from = None
        self.unsetCursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        self._pressed_at = None
        self.fit_requested.emit()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """No crosshair without the pointer."""
        super().leaveEvent(event)
        self._axis.set_cursor(None)

    def wheelEvent(self, event) -> None:
        """Zoom about the pointer."""
        turns = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if turns:
            factor, at = _WHEEL_FACTOR**turns, self._to_view(event.position())
            wants_values = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if wants_values or event.position().x() < self.view_px.left():
                self.values_zoomed.emit(factor, at.y())
            else:
                self._axis.zoom(factor, at.x(), self.shown)
        event.accept()

    def _to_view(self, place: QPointF) -> QPointF:
        return self.getViewBox().mapSceneToView(self.mapToScene(place.toPoint()))

    def _drag(self, start: QPointF, end: QPointF) -> None:
        moved = self._to_view(start) - self._to_view(end)
        if moved.x():
            self._axis.pan(moved.x(), self.shown)
        if moved.y():
            self.values_panned.emit(moved.y())

    # Keys.

    def focusOutEvent(self, event) -> None:
        """The crosshair that keys moved goes with the focus."""
        super().focusOutEvent(event)
        self._axis.set_cursor(None)

    #: What `_action` knows, in words and in Qt's names, for the shortcut sheet.
    SHEET_KEYS = (
        ("Crosshair to the step before or after", "Left or Right"),
        ("Ten steps at once", "Shift+Left or Shift+Right"),
        ("Crosshair to the first or last step", "Home or End"),
        ("Show what was before or comes after", "Ctrl+Left or Ctrl+Right"),
        ("Nearer or farther", "+ or -"),
        ("Everything", "0"),
        ("Logarithmic values", "L"),
        ("Show or hide a curve of the legend", "1 to 9"),
        ("This chart alone, and back", "Return or Esc"),
    )

    def _action(self, event) -> Callable[[], None] | None:
        """What a key does here; None for keys of others."""
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        sign = {_Key.Key_Left: -1, _Key.Key_Right: 1}.get(key)
        if sign is not None:
            if modifiers == Qt.KeyboardModifier.ControlModifier:
                return lambda: self._pan_by(sign)
            if modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
                return lambda: self._move_cursor(sign * (10 if modifiers else 1))
        if key in (_Key.Key_Plus, _Key.Key_Minus, _Key.Key_Equal):
            return lambda: self._zoom_by_key(-1 if key == _Key.Key_Minus else 1)
        if modifiers:
            return None
        if _Key.Key_1 <= key <= _Key.Key_9:
            return lambda: self.series_requested.emit(key - _Key.Key_1)
        return {
            _Key.Key_Home: lambda: self._axis.set_cursor(self._next_step(float("-inf"), 0)),
            _Key.Key_End: lambda: self._axis.set_cursor(self._next_step(None, 0)),
            _Key.Key_0: self.fit_requested.emit,
            _Key.Key_L: self.log_requested.emit,
            _Key.Key_Return: self.expand_requested.emit,
            _Key.Key_Enter: self.expand_requested.emit,
            _Key.Key_Escape: self.leave_requested.emit,
        }.get(key)

    def _pan_by(self, sign: int) -> None:
        left, right = self.shown
        self._axis.pan(sign * _PAN_SHARE * (right - left), self.shown)

    def _move_cursor(self, points: int) -> None:
        step = self._next_step(self._axis.cursor, points)
        self._axis.set_cursor(step)
        left, right = self.shown
        if step is not None and not left <= step <= right:
            self._axis.pan(step - (left + right) / 2, self.shown)

    def _zoom_by_key(self, turns: int) -> None:
        left, right = self.shown
        about = self._axis.cursor if self._axis.cursor is not None else (left + right) / 2
        self._axis.zoom(_WHEEL_FACTOR**turns, about, self.shown)
