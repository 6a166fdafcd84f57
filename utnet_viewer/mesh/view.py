"""The mesh view: paints a scene and lets it be turned, moved, measured and pointed at."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from core.hand.hand_model import HandModel
from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.overlay import paint_skeletons
from utnet_viewer.mesh.picking import Pick, pick_at
from utnet_viewer.mesh.picture import Drawing, Picture
from utnet_viewer.mesh.render_state import Quality, resolution
from utnet_viewer.mesh.scene import MeshScene, ground_under
from utnet_viewer.mesh.sharpening import Sharpening
from utnet_viewer.mesh.stage import Layers, Stage
from utnet_viewer.mesh.subject import SubjectMaker
from utnet_viewer.mesh.view_paint import paint_view
from utnet_viewer.mesh.views import first_view, preset_view
from utnet_viewer.theme import Theme

#: A joint is under the pointer within this distance.
JOINT_REACH_PX = 9.0
EMPTY = ("No sample open", "Open a dataset to see its hands here.")


@dataclass(frozen=True)
class DrawnAhead:
    """The coarse picture of a scene that may come next, good for one look at it."""

    look: tuple
    subjects: SubjectMaker
    picture: Picture


class MeshView(QWidget):
    """Draws one `MeshScene`. Left drag orbits, middle or Shift drag pans, the wheel zooms."""

    #: How joints and bones are painted; another kind of view paints them otherwise.
    paint_skeletons = staticmethod(paint_skeletons)

    joint_hovered = Signal(int)
    camera_changed = Signal()
    ruler_changed = Signal(float)  # mm between the two points; NaN while there are none

    def __init__(self, hand_model: HandModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.camera = first_view(OrbitCamera())
        self.layers = Layers()
        self.scene: MeshScene | None = None
        self.message = EMPTY
        self.notice = ""
        self.ruler_mm: list[np.ndarray] = []
        self.is_measuring = False
        self.is_ready = False
        self.hovered_joint = -1
        self.pick: Pick | None = None
        self.subjects = SubjectMaker(hand_model)
        self._ground_mm: tuple[float, float, float] | None = None
        self._is_fitted = False
        self.card_corner: tuple[int, int] | None = None
        self._drag_from: QPointF | None = None
        self._dragged = False
        self.sharpening = Sharpening(self._begin_drawing, self)
        self.sharpening.changed.connect(self.update)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.sharpening.change)

    # --- what is shown -----------------------------------------------------------------------

    @property
    def quality(self) -> Quality:
        """How finely the surfaces are drawn now."""
        return self.sharpening.quality

    def set_scene(
        self,
        scene: MeshScene | None,
        *,
        is_passing: bool = False,
        ahead: DrawnAhead | None = None,
    ) -> None:
        """Show another scene from where the camera is: coarsely at once, finely when it stays.

        `is_passing` says that it will soon be replaced, and need not become finer before that.
        `ahead` is what `draw_ahead` made of this scene.
        """
        self.scene = scene
        self.ruler_mm, self.pick, self.card_corner, self.notice = [], None, None, ""
        picture = None
        if ahead is not None and ahead.look == self._look:
            self.subjects, picture = ahead.subjects, ahead.picture
        else:
            self.subjects.set_scene(scene)
        if scene is not None and scene.reference is not None:
            self._ground_mm = ground_under(scene, self._ground_mm)
        self._fit_once()
        self.sharpening.move(is_passing=is_passing, picture=picture)

    @property
    def _look(self) -> tuple:
        """All that a coarse picture depends on beside its scene."""
        return self.camera, self.width(), self.height(), self.layers, self.theme.is_dark

    def draw_ahead(self, scene: MeshScene) -> DrawnAhead | None:
        """Draw a scene coarsely that may come next; None while nobody could see it."""
        if not (self.is_ready and self.isVisible()):
            return None
        subjects = self.subjects.for_next(scene)
        drawing = self._drawing(self.width(), self.height(), Quality.MOVING, subjects)
        return DrawnAhead(self._look, subjects, drawing.finish())

    def set_hand_model(self, hand_model: HandModel) -> None:
        """Draw the faces of another hand model."""
        self.subjects = SubjectMaker(hand_model)
        self.subjects.set_scene(self.scene)
        self.sharpening.change()

    def set_layers(self, layers: Layers) -> None:
        """Show other layers."""
        if layers != self.layers:
            self.layers = layers
            self.sharpening.change()

    def set_message(self, title: str, text: str) -> None:
        """What to say in the middle while there is no hand."""
        if (title, text) != self.message:
            self.message = (title, text)
            self.update()

    def set_notice(self, notice: str) -> None:
        """A sentence at the top, until another sample comes."""
        self.notice = notice
        self.update()

    def set_ready(self) -> None:
        """Open3D is there: surfaces can be drawn."""
        self.is_ready = True
        self.sharpening.change()

    def set_hovered_joint(self, joint: int) -> None:
        """Mark a joint (-1: none), pointed at here or in another panel."""
        if joint != self.hovered_joint:
            self.hovered_joint = joint
            self.update()

    def set_measuring(self, is_measuring: bool) -> None:
        """Whether clicks put the ends of the ruler; switching it off takes the ruler away."""
        self.is_measuring = is_measuring
        self.setCursor(Qt.CursorShape.CrossCursor if is_measuring else Qt.CursorShape.ArrowCursor)
        if not is_measuring:
            self.clear_ruler()

    def clear_ruler(self) -> None:
        """Take the ruler away."""
        self._set_ruler([])

    # --- the camera --------------------------------------------------------------------------

    def set_camera(self, camera: OrbitCamera) -> None:
        """Look from elsewhere; coarse at first, fine when it stops."""
        self.camera = camera
        self.pick = None
        self.sharpening.move()
        self.camera_changed.emit()

    def fit(self) -> None:
        """Put the hands into the middle, as large as fits, from the same direction."""
        if self.scene is not None and len(self.scene.points_mm):
            width, height = max(self.width(), 1), max(self.height(), 1)
            self.set_camera(self.camera.fitted(self.scene.points_mm, width, height))

    def show_preset(self, name: str) -> None:
        """Turn to one of `views.PRESETS` and fit."""
        if self.scene is None or self.scene.reference is None:
            return
        joints_mm = self.scene.reference.joints_mm
        is_right = self.scene.is_right
        self.camera = preset_view(
            name, self.camera, joints_mm, self.scene.anchor_mm, is_right=is_right
        )
        self.fit()

    def _fit_once(self) -> None:
        """Fit the first hand ever shown; afterwards the camera stays where the person put it."""
        is_possible = self.scene is not None and len(self.scene.points_mm) and self.height() > 50
        if not self._is_fitted and is_possible:
            self._is_fitted = True
            self.camera = self.camera.fitted(self.scene.points_mm, self.width(), self.height())

    # --- drawing -----------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """As in the mock-up."""
        return QSize(556, 500)

    def minimumSizeHint(self) -> QSize:
        """Smaller than this nothing can be told."""
        return QSize(160, 120)

    def resizeEvent(self, event) -> None:
        """Another size is another picture."""
        super().resizeEvent(event)
        self._fit_once()
        self.sharpening.change()

    def paintEvent(self, event) -> None:
        """Draw what the state asks for, at the screen's own resolution."""
        picture = self.sharpening.current()
        painter = QPainter(self)
        paint_view(painter, self, self._stage(self.width(), self.height(), picture))
        painter.end()

    def render_image(self, width: int, height: int) -> QImage:
        """The view as a supersampled picture of this size, without cards and rings.

        The same code draws the screen. Raises RuntimeError while Open3D is not loaded.
        """
        if not self.is_ready:
            raise RuntimeError("the mesh view cannot draw yet: Open3D is still being loaded")
        image = QImage(width, height, QImage.Format.Format_RGB32)
        picture = self._drawing(width, height, Quality.REFINED).finish()
        painter = QPainter(image)
        paint_view(painter, self, self._stage(width, height, picture), with_pointer=False)
        painter.end()
        return image

    def begin_to_take(self, pixels: float) -> tuple[Stage, Drawing]:
        """What is seen now, and its surfaces for a picture with so many pixels a point.

        Raises ValueError while Open3D is not loaded.
        """
        if not self.is_ready:
            raise ValueError("The mesh view cannot draw yet: Open3D is still being loaded.")
        # With many pixels a point, several rays a pixel show nothing more.
        quality = Quality.REFINED if pixels <= 2 else Quality.STILL
        width, height = self.width(), self.height()
        drawing = self._drawing(width, height, quality, pixels=pixels)
        return self._stage(width, height), drawing

    def paint_taken(self, painter: QPainter, stage: Stage) -> None:
        """What `begin_to_take` began, with its picture, without cards and rings."""
        painter.setClipRect(0, 0, stage.width, stage.height)
        paint_view(painter, self, stage, with_pointer=False)

    def _stage(self, width: int, height: int, picture: Picture | None = None) -> Stage:
        return Stage(
            width=width,
            height=height,
            camera=self.camera,
            palette=self.theme.palette,
            is_dark=self.theme.is_dark,
            layers=self.layers,
            scene=self.scene,
            ground_mm=self._ground_mm or Stage.ground_mm,
            picture=picture or Picture(),
        )

    def _begin_drawing(self, quality: Quality) -> Drawing | None:
        if not self.is_ready:
            return None
        return self._drawing(self.width(), self.height(), quality)

    def _drawing(
        self,
        width: int,
        height: int,
        quality: Quality,
        subjects: SubjectMaker | None = None,
        *,
        pixels: float | None = None,
    ) -> Drawing:
        subjects = subjects or self.subjects
        # In motion a dense screen gets no more pixels than an ordinary one: smooth comes first.
        is_moving = quality is Quality.MOVING
        ratio = 1.0 if is_moving else pixels or self.devicePixelRatioF()
        is_dark = self.theme.is_dark
        front = subjects.front(self.layers, quickly=is_moving)
        behind = subjects.behind(self.layers, is_dark=is_dark, quickly=is_moving)
        size_px = (width * ratio, height * ratio)
        return Drawing(front, behind, self.camera, size_px, resolution(quality, *size_px))

    def hideEvent(self, event) -> None:
        """Nothing is drawn for nobody."""
        super().hideEvent(event)
        self.sharpening.pause()

    def showEvent(self, event) -> None:
        """Come to rest again."""
        super().showEvent(event)
        self.sharpening.resume()

    # --- mouse and keys ----------------------------------------------------------------------

    def mousePressEvent(self, event) -> None:
        """Begin a drag or a click; the right button belongs to the menu."""
        if event.button() == Qt.MouseButton.RightButton:
            event.ignore()
            return
        self._drag_from, self._dragged = event.position(), False
        event.accept()

    def mouseMoveEvent(self, event) -> None:
        """Orbit, pan, or point."""
        if self._drag_from is None:
            self.point_at(event.position())
            return
        step = event.position() - self._drag_from
        if not self._dragged and step.manhattanLength() < 4:
            return
        self._dragged, self._drag_from = True, event.position()
        pans = (
            event.buttons() & Qt.MouseButton.MiddleButton
            or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        )
        if pans:
            self.set_camera(self.camera.pan(step.x(), step.y(), self.height()))
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.set_camera(self.camera.orbit(step.x(), step.y()))

    def mouseReleaseEvent(self, event) -> None:
        """End a drag at full resolution; a click with the ruler puts an end of it."""
        was_click = self._drag_from is not None and not self._dragged
        self._drag_from = None
        if not was_click:
            self.sharpening.settle()
        elif was_click and self.is_measuring and event.button() == Qt.MouseButton.LeftButton:
            self._measure_at(event.position())

    def mouseDoubleClickEvent(self, event) -> None:
        """On a surface: that point comes to the middle. Elsewhere: fit."""
        hit = self._pick(event.position())
        if hit is None:
            self.fit()
        else:
            self.set_camera(self.camera.look_at(hit.point_mm))

    def wheelEvent(self, event) -> None:
        """Zoom towards the pointer."""
        focal_px = self.camera.focal_px(self.height())
        x = (event.position().x() - self.width() / 2) / focal_px
        y = (event.position().y() - self.height() / 2) / focal_px
        self.set_camera(self.camera.zoom(event.angleDelta().y() / 120, toward=(x, y)))
        event.accept()

    def leaveEvent(self, event) -> None:
        """The pointer is elsewhere."""
        super().leaveEvent(event)
        self.pick, self.card_corner = None, None
        self.joint_hovered.emit(-1)
        self.update()

    def point_at(self, position: QPointF) -> None:
        """Show what is under a point of the widget."""
        pick = self._pick(position)
        joint = self._joint_at(position) if self.layers.skeleton else -1
        if joint < 0 and pick is not None:
            joint = pick.joint
        if pick != self.pick:
            self.pick = pick
            self.update()
        self.joint_hovered.emit(joint)

    def _pick(self, position: QPointF) -> Pick | None:
        if self.scene is None or not self.is_ready:
            return None
        ray = self.camera.ray(position.x(), position.y(), self.width(), self.height())
        return pick_at(ray, self.scene, self.subjects, self.layers)

    def _joint_at(self, position: QPointF) -> int:
        """The nearest joint within reach of the pointer, or -1."""
        nearest, reach = -1, JOINT_REACH_PX
        stage = self._stage(self.width(), self.height())
        for hand in (self.scene.truth, self.scene.prediction) if self.scene else ():
            if hand is None:
                continue
            screen = stage.project(hand.joints_mm)[:, :2]
            distance = np.hypot(*(screen - [position.x(), position.y()]).T)
            joint = int(np.nan_to_num(distance, nan=np.inf).argmin())
            if distance[joint] < reach:
                nearest, reach = joint, float(distance[joint])
        return nearest

    def _measure_at(self, position: QPointF) -> None:
        pick = self._pick(position)
        if pick is not None:
            ends = self.ruler_mm if len(self.ruler_mm) < 2 else []
            self._set_ruler([*ends, pick.point_mm])

    def _set_ruler(self, points_mm: list[np.ndarray]) -> None:
        self.ruler_mm = points_mm
        is_whole = len(points_mm) == 2
        length = np.linalg.norm(points_mm[1] - points_mm[0]) if is_whole else np.nan
        self.ruler_changed.emit(float(length))
        self.update()
