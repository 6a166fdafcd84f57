"""The mesh view with joints that can be dragged: what it draws, and what mouse and keys ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from core.hand.hand_model import HandModel
from utnet_viewer.annotate.hand_paint import (
    paint_edited_skeleton,
    paint_joint_ring,
    paint_wish,
)
from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.stage import Layers, Stage
from utnet_viewer.mesh.view import MeshView
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.own_keys import OwnKeys

#: How near the pointer must come to a joint to take it, in points.
REACH_PX = 11.0
#: What a key moves the selected joint by, and what it does with Shift.
STEP_MM, LONG_STEP_MM = 1.0, 5.0
ORBIT_STEP_PX, ZOOM_STEPS = 25.0, 2.0

_SHIFT, _NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
_TURN = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
#: Directions in view axes (right, down, away) of the keys that move a joint.
_WAYS = {
    Qt.Key.Key_Left: (-1.0, 0.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0, 0.0),
    Qt.Key.Key_Down: (0.0, 1.0, 0.0),
    Qt.Key.Key_PageUp: (0.0, 0.0, 1.0),
    Qt.Key.Key_PageDown: (0.0, 0.0, -1.0),
}


def _first_view() -> OrbitCamera:
    """As the photo sees the hand, but a little from above: left is left, and depth is seen."""
    level = OrbitCamera().facing(np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]))
    return level.orbit(0.0, 40.0)


@dataclass(eq=False)
class _Drag:
    """A joint on its way: where it is wanted, in the scene, and where the pointer was last."""

    joint: int
    wish_mm: np.ndarray
    pointer: QPointF
    has_moved: bool = False


class HandView(OwnKeys, MeshView):
    """A `MeshView` whose shaded hand's joints are taken by the mouse.

    A drag moves the joint in the plane through it that is parallel to the picture; with Shift, up
    and down move it away and nearer, along the view axis. Elsewhere the mouse turns the view.
    Nothing moves here by itself: signals say what is wished, in the scene's millimetres.
    """

    grabbed = Signal(int)  # joint: the mouse took it
    wished = Signal(int, object)  # joint, (3,) where it is wanted
    dropped = Signal()  # the mouse let go of it
    taken_back = Signal()  # Esc
    nudged = Signal(object)  # (3,) mm by which a key moves the selected joint

    SHEET_KEYS = (
        ("Move the selected joint by 1 mm, across", "Left or Right or Up or Down"),
        ("Move it by 5 mm, across", "Shift+Left or Shift+Right or Shift+Up or Shift+Down"),
        ("Move it by 1 mm, away or nearer", "PgUp or PgDown"),
        ("Move it by 5 mm, away or nearer", "Shift+PgUp or Shift+PgDown"),
        ("Take the drag back", "Esc"),
        ("Turn the hand", "Ctrl+Alt+Left or Ctrl+Alt+Right or Ctrl+Alt+Up or Ctrl+Alt+Down"),
        ("Closer or farther", "Ctrl+Alt++ or Ctrl+Alt+-"),
        ("Fit the hand", "0"),
    )

    def __init__(self, hand_model: HandModel, theme: Theme) -> None:
        super().__init__(hand_model, theme)
        self.setAccessibleName("Edited hand in 3D")
        self.layers = Layers(errors=False, skeleton=True)
        self.camera = _first_view()
        self._is_own_camera = False  # whether a person turned it: else it fits the hand by itself
        self.selected = -1
        self._pointed = -1
        self.is_editable = False
        self.has_open_edit = False  # something that Esc takes back
        self._drag: _Drag | None = None

    # --- what is shown -----------------------------------------------------------------------

    @property
    def is_dragging(self) -> bool:
        """Whether the mouse holds a joint."""
        return self._drag is not None

    def set_selected(self, joint: int) -> None:
        """Ring another joint, -1 for none."""
        if joint != self.selected:
            self.selected = joint
            self.update()

    def let_go(self) -> None:
        """End a drag without a word: the hand that was dragged is not there any more."""
        self._drag = None
        self.unsetCursor()
        self.update()

    def set_hovered_joint(self, joint: int) -> None:
        """Mark a joint (-1: none), pointed at here or in another panel."""
        if joint != self._pointed:
            self._pointed = joint
            self.update()

    def paint_skeletons(self, painter: QPainter, stage: Stage) -> None:
        """Bones and joints of the edited hand alone; see `MeshView`."""
        if stage.scene.prediction is not None:
            paint_edited_skeleton(painter, stage, stage.scene.prediction.joints_mm)

    def paintEvent(self, event) -> None:
        """The picture; over it what is selected, pointed at and wished; a line with the focus."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.scene is not None and self.scene.prediction is not None:
            self._paint_marks(painter, self._stage(self.width(), self.height()))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.theme.palette.colour("accent", 0.8), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_marks(self, painter: QPainter, stage: Stage) -> None:
        joints_mm = self.scene.prediction.joints_mm
        if self._drag is not None:
            paint_wish(painter, stage, joints_mm[self._drag.joint], self._drag.wish_mm)
        for joint, is_selected in ((self._pointed, False), (self.selected, True)):
            centre = stage.point(joints_mm[joint]) if joint >= 0 else None
            if centre is not None:
                paint_joint_ring(painter, centre, is_selected=is_selected)

    def set_camera(self, camera: OrbitCamera) -> None:
        """Look from elsewhere; from now on the camera stays where it is."""
        self._is_own_camera = True
        super().set_camera(camera)

    def fit(self) -> None:
        """Put the hands into the middle, as large as fits, here and in every other size."""
        super().fit()
        self._is_own_camera = False

    def resizeEvent(self, event) -> None:
        """Fit again, unless a person looks from a place of their own."""
        super().resizeEvent(event)
        self.fit_by_itself()

    def fit_by_itself(self) -> None:
        """Fit, unless a person looks from a place of their own."""
        if not self._is_own_camera:
            self.fit()

    def minimumSizeHint(self) -> QSize:
        """Joints of a smaller hand could not be told apart."""
        return QSize(220, 170)

    # --- the mouse ---------------------------------------------------------------------------

    def joint_at(self, position: QPointF) -> int:
        """The edited hand's joint nearest to a point of the widget within reach, or -1."""
        hand = None if self.scene is None else self.scene.prediction
        if hand is None or not self.is_editable:
            return -1
        screen = self.camera.project(hand.joints_mm, self.width(), self.height())[:, :2]
        distance = np.hypot(*(screen - [position.x(), position.y()]).T)
        joint = int(np.nan_to_num(distance, nan=np.inf).argmin())
        return joint if distance[joint] < REACH_PX else -1

    def mousePressEvent(self, event) -> None:
        """Take the joint under the pointer; else begin to turn the view."""
        joint = -1
        if event.button() == Qt.MouseButton.LeftButton and self._drag is None:
            joint = self.joint_at(event.position())
        if joint < 0:
            super().mousePressEvent(event)
            return
        wish_mm = self.scene.prediction.joints_mm[joint].copy()
        self._drag = _Drag(joint, wish_mm, event.position())
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()
        self.grabbed.emit(joint)

    def mouseMoveEvent(self, event) -> None:
        """Wish the joint elsewhere, turn the view, or point."""
        if self._drag is None:
            super().mouseMoveEvent(event)
            return
        drag, step = self._drag, event.position() - self._drag.pointer
        if not drag.has_moved and step.manhattanLength() < 3:
            return
        drag.has_moved, drag.pointer = True, event.position()
        along_axis = bool(event.modifiers() & _SHIFT)
        drag.wish_mm = drag.wish_mm + self._scene_step_mm(step, drag.wish_mm, along_axis)
        self.wished.emit(drag.joint, drag.wish_mm)
        self.update()  # the wish is marked before the fitter has answered

    def _scene_step_mm(self, step: QPointF, at_mm: np.ndarray, along_axis: bool) -> np.ndarray:
        """A movement of the pointer as millimetres (3,) at the depth of a point."""
        depth_mm = max(float(self.camera.to_view(at_mm)[2]), 1.0)
        mm_per_px = depth_mm / self.camera.focal_px(self.height())
        way = (0.0, 0.0, -step.y()) if along_axis else (step.x(), step.y(), 0.0)
        return np.array(way) * mm_per_px @ self.camera.rotation

    def mouseReleaseEvent(self, event) -> None:
        """Let the joint go where it is; else end the turning."""
        if self._drag is None:
            super().mouseReleaseEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.let_go()
            self.dropped.emit()
            self.sharpening.settle()

    def mouseDoubleClickEvent(self, event) -> None:
        """Fit, but on a joint: a second click there only takes it again."""
        if self.joint_at(event.position()) >= 0:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def point_at(self, position: QPointF) -> None:
        """Say which joint the pointer is on."""
        joint = self.joint_at(position)
        over = Qt.CursorShape.OpenHandCursor if joint >= 0 else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != over:
            self.setCursor(over)
        self.joint_hovered.emit(joint)

    # --- keys --------------------------------------------------------------------------------

    def _action(self, event: QKeyEvent) -> Callable[[], object] | None:
        keys = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() == Qt.Key.Key_Escape and keys == _NONE:
            return self._take_back if self.is_dragging or self.has_open_edit else None
        if keys == _TURN:
            return self._turn(event.key())
        if event.key() == Qt.Key.Key_0 and keys == _NONE:
            return self.fit
        way = _WAYS.get(event.key())
        if way is None or keys not in (_NONE, _SHIFT):
            return None
        if not self.is_editable or self.selected < 0 or self.is_dragging:
            return None
        length_mm = LONG_STEP_MM if keys == _SHIFT else STEP_MM
        step_mm = np.array(way) * length_mm @ self.camera.rotation
        return lambda: self.nudged.emit(step_mm)

    def _turn(self, key: int) -> Callable[[], object] | None:
        step = ORBIT_STEP_PX
        orbits = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Up: (0.0, -step),
            Qt.Key.Key_Down: (0.0, step),
        }
        if key in orbits:
            return lambda: self.set_camera(self.camera.orbit(*orbits[key]))
        zooms = {Qt.Key.Key_Plus: ZOOM_STEPS, Qt.Key.Key_Equal: ZOOM_STEPS}
        zooms[Qt.Key.Key_Minus] = -ZOOM_STEPS
        if key in zooms:
            return lambda: self.set_camera(self.camera.zoom(zooms[key]))
        return None

    def _take_back(self) -> None:
        self.let_go()
        self.taken_back.emit()

    def event(self, event: QEvent) -> bool:
        """A window that opens over a drag ends it."""
        if event.type() == QEvent.Type.WindowDeactivate and self.is_dragging:
            self.let_go()
            self.dropped.emit()
        return super().event(event)

    def focusInEvent(self, event) -> None:
        """The line round it appears."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event) -> None:
        """The line round it goes."""
        super().focusOutEvent(event)
        self.update()
