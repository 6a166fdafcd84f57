"""Editing the hand on the canvas: joints are dragged, chosen and nudged; what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from core.conventions import JOINT_COUNT, WRIST
from utnet_viewer.annotate import edit_paint
from utnet_viewer.annotate.edit_card import edit_card
from utnet_viewer.annotate.edit_paint import Hint
from utnet_viewer.annotate.editing import FREE_2D, HandEditor
from utnet_viewer.image import canvas_paint, paint
from utnet_viewer.image.hover_card import card_size, paint_card, place_card
from utnet_viewer.image.view import View

#: How near a joint the pointer must be to take it, in canvas points.
REACH = 13.0
#: A movement of less than this, in canvas points, was a click: it chooses a joint, no more.
LEAST_DRAG = 2.0
#: Without an answer of the fitter after this long, the pointer's mark is painted alone.
PATIENCE_MS = 40
LONG_NUDGE_PX = 10.0
#: Kept free at the right of the hints, where the canvas says which pixel the pointer is on.
READOUT_ROOM = 190.0

HINTS = (
    Hint("drag", "move"),
    Hint("V", "visibility"),
    Hint("F", "free 2D"),
    Hint("L", "lock"),
    Hint("R", "reset joint"),
    Hint("Z", "undo"),
    Hint("← ↑", "1 px"),
)
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
#: Finger by finger, from the wrist outwards: the way of Tab through the joints.
JOINT_ORDER = (WRIST, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20)


class EditTool(QObject):
    """The mouse moves joints of the edited hand; beside them it pans, as everywhere."""

    #: What the keys do while the canvas has the focus, for the shortcut sheet.
    SHEET_KEYS = (
        ("Move the joint by 1 px", "Left or Right or Up or Down"),
        ("Move the joint by 10 px", "Shift+Left or Shift+Right or Shift+Up or Shift+Down"),
        ("Next joint, previous joint", "Tab or Shift+Tab"),
        ("Undo", "Z"),
        ("Leave the drag, or the joint", "Esc"),
        ("Pan instead of moving joints, while held", "Space"),
    )

    changed = Signal()
    is_active = False  # a double click fits the hand as everywhere
    undo_wanted = Signal()

    def __init__(self, canvas: QWidget, editor: HandEditor) -> None:
        super().__init__(canvas)
        self._canvas, self._editor = canvas, editor
        self.shows_original = True
        self.shows_names = False
        self._held = -1  # the joint under the pressed button
        self._grip_px = np.zeros(2)  # from the pointer to that joint, in the photo
        self._pressed_at = QPointF()
        self._has_moved = False
        self._pans = False  # Space is down
        self._card_place: tuple[object, QRectF] | None = None
        # As a rule the fitter's answer is there sooner, and painted in one go with the pointer's.
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self.changed)
        editor.changed.connect(self._on_changed)
        canvas.installEventFilter(self)

    @property
    def _view(self) -> View:
        return self._canvas.view

    @property
    def is_dragging(self) -> bool:
        """Whether a joint is held with the mouse."""
        return self._held >= 0

    # The mouse.

    def joint_at(self, at: QPointF) -> int:
        """The joint within reach of a canvas point, -1 for none; the chosen one goes first."""
        points_px = self._points_px()
        if points_px is None:
            return -1
        away = np.hypot(*(self._view.to_canvas(points_px) - (at.x(), at.y())).T)
        if self._editor.selected >= 0:
            away[self._editor.selected] -= REACH / 3
        nearest = int(np.nan_to_num(away, nan=np.inf).argmin())
        return nearest if away[nearest] < REACH else -1

    def press(self, at: QPointF) -> bool:
        """Take a joint."""
        joint = -1 if self._pans else self.joint_at(at)
        if joint < 0 or not self._editor.can_edit:
            return False
        point_px = self._view.to_picture((at.x(), at.y()))
        self._held, self._pressed_at, self._has_moved = joint, at, False
        self._grip_px = self._points_px()[joint] - point_px
        self._editor.select(joint)
        self._canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def move(self, at: QPointF) -> bool:
        """Drag what was taken."""
        if self._held < 0:
            self._show_cursor(at)
            return False
        away = at - self._pressed_at
        self._has_moved = self._has_moved or abs(away.x()) + abs(away.y()) >= LEAST_DRAG
        if self._has_moved:
            wanted = self._view.to_picture((at.x(), at.y())) + self._grip_px
            self._editor.drag_px(self._held, self._to_photo(wanted))
            if self._editor.is_refitting and not self._patience.isActive():
                self._patience.start()
        return True

    def _show_cursor(self, at: QPointF) -> None:
        """A joint can be taken: an open hand."""
        if not self._pans and self._editor.can_edit and self.joint_at(at) >= 0:
            self._canvas.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._canvas.unsetCursor()

    def _on_changed(self) -> None:
        self._patience.stop()
        self.changed.emit()

    def release(self) -> bool:
        """Let go: one change."""
        if self._held < 0:
            return False
        self._held = -1
        self._canvas.unsetCursor()
        self._editor.release()
        return True

    def let_go(self) -> None:
        """The frame is another one: nothing is held any more."""
        if self._held >= 0:
            self._held = -1
            self._canvas.unsetCursor()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Space pans while it is held; losing the keyboard ends that."""
        if event.type() == QEvent.Type.FocusOut or (
            event.type() == QEvent.Type.KeyRelease
            and event.key() == Qt.Key.Key_Space
            and not event.isAutoRepeat()
        ):
            self._pans = False
        return False

    # Keys.

    def wants(self, event: QEvent) -> bool:
        """Whether a key is the tool's."""
        return self._action(event) is not None

    def key(self, event: QEvent) -> bool:
        """Do what a key says."""
        action = self._action(event)
        if action is None:
            return False
        action()
        return True

    def _action(self, event: QEvent) -> Callable[[], object] | None:
        key = event.key()
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ShiftModifier and key in _ARROWS:
            return partial(self._nudge, key, LONG_NUDGE_PX)
        if modifiers:
            return None
        if key in _ARROWS:
            return partial(self._nudge, key, 1.0)
        own = {Qt.Key.Key_Z: self.undo_wanted.emit, Qt.Key.Key_Space: self._pan_while_held}
        if self._editor.selected >= 0:
            own[Qt.Key.Key_Escape] = self._leave
        return own.get(key)

    def _nudge(self, key: int, by_px: float) -> None:
        """Without a joint, the first arrow chooses the wrist."""
        if self._editor.selected < 0:
            self._editor.select(WRIST)
            return
        dx, dy = _ARROWS[Qt.Key(key)]
        self._editor.nudge(self._editor.selected, (dx * by_px, dy * by_px))

    def _pan_while_held(self) -> None:
        self._pans = True

    def _leave(self) -> None:
        """Esc: first out of the drag, then from the joint."""
        if self._editor.is_dragging:
            self._held = -1
            self._canvas.unsetCursor()
            self._editor.cancel()
        else:
            self._editor.select(-1)

    def step(self, by: int) -> bool:
        """To the next joint; False past the last, where the focus goes on."""
        selected = self._editor.selected
        if selected < 0:
            return False
        place = JOINT_ORDER.index(selected) + by
        if not 0 <= place < JOINT_COUNT:
            return False
        self._editor.select(JOINT_ORDER[place])
        return True

    # Where things are.

    def _points_px(self) -> np.ndarray | None:
        """The hand's keypoints (21, 2) in the picture that is shown: the photo, or its crop."""
        points_px = self._editor.keypoints_px
        if points_px is None or self._canvas.picture is None:
            return None
        return self._canvas.place(points_px)

    def _to_photo(self, point: np.ndarray) -> np.ndarray:
        return self._canvas.unplace(point)

    # Painting.

    def paint(self, painter: QPainter) -> None:
        """The original, the edited hand, the chosen joint, its card, and the keys."""
        points_px = self._points_px()
        if points_px is None or not self._canvas.shows_current:
            return
        editor = self._editor
        points = self._view.to_canvas(points_px)
        original = self._original_points()
        painter.setOpacity(self._canvas.opacity)
        if original is not None and self.shows_original:
            edit_paint.paint_original(painter, original)
        edit_paint.paint_edited(painter, points, editor.visibility, editor.locked)
        if self.shows_names:
            paint.paint_names(painter, points)
        painter.setOpacity(1.0)
        self._paint_joints(painter, points, original)
        canvas = QRectF(self._canvas.rect())
        edit_paint.paint_hints(painter, canvas, self._hints(), room=canvas.width() - READOUT_ROOM)

    def _hints(self) -> tuple[Hint, ...]:
        """In free 2D, F leads back."""
        if self._editor.mode == FREE_2D:
            return tuple(Hint("F", "whole hand") if h.key == "F" else h for h in HINTS)
        return HINTS

    def _original_points(self) -> np.ndarray | None:
        original_px = self._editor.original_px
        if original_px is None or not self._editor.is_changed:
            return None
        return self._view.to_canvas(self._canvas.place(original_px))

    def _paint_joints(
        self, painter: QPainter, points: np.ndarray, original: np.ndarray | None
    ) -> None:
        hovered, joint = self._canvas.document.hovered_joint, self._editor.selected
        if hovered >= 0 and hovered != joint:
            paint.paint_focus_ring(painter, QPointF(*points[hovered]))
        if joint < 0:
            return
        at = QPointF(*points[joint])
        was = None
        if original is not None and np.isfinite(original[joint]).all():
            was = QPointF(*original[joint])
        edit_paint.paint_selected(painter, at, was, self._wanted())
        self._paint_card(painter, points, joint)

    def _wanted(self) -> QPointF | None:
        wish = self._editor.wish
        if wish is None:
            return None
        return QPointF(*self._view.to_canvas(self._canvas.place(wish.point_px)))

    def _paint_card(self, painter: QPainter, points: np.ndarray, joint: int) -> None:
        card = edit_card(self._editor, joint)
        size = card_size(card)
        anchor, canvas = QPointF(*points[joint]), QRectF(self._canvas.rect())
        if not canvas.contains(anchor):
            return
        place = self._kept_place(joint, size)
        if place is None:
            taken = [edit_paint.hint_place(canvas), *canvas_paint.fixed_places(self._canvas)]
            hand = self._view.to_canvas(self._canvas.overlay.hand_points_px)
            hand = np.concatenate([hand, points, edit_paint.between(points)])
            place, _ = place_card(size, anchor, canvas, hand, taken)
            self._card_place = (self._card_key(joint), place)
        paint_card(painter, card, place, anchor)

    def _card_key(self, joint: int) -> tuple:
        view = self._view
        size = self._canvas.size()
        return joint, view.scale, *view.offset, size.width(), size.height(), self._editor.row

    def _kept_place(self, joint: int, size) -> QRectF | None:
        """While a hand is edited its card stays where it is, unless the joint comes under it."""
        if self._card_place is None or self._card_place[0] != self._card_key(joint):
            return None
        place = QRectF(self._card_place[1].topLeft(), size)
        points = self._view.to_canvas(self._points_px())
        room = place.adjusted(-8, -8, 8, 8)
        is_covering = any(room.contains(QPointF(*point)) for point in points)
        return None if is_covering else place
