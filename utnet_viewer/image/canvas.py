"""The canvas: the picture with its overlays, zoomed and panned, and what the pointer touches."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from utnet_viewer.document import Document, Sample
from utnet_viewer.image import canvas_paint, layers
from utnet_viewer.image.box_tool import BoxTool
from utnet_viewer.image.hover_card import card_size, joint_card, place_card
from utnet_viewer.image.overlay import (
    Overlay,
    build_overlay,
    faces_by_part,
    shown_crop,
    surface_outline_px,
)
from utnet_viewer.image.picture import CROP, FRAME, MODES, Picture
from utnet_viewer.image.states import Note, message_for, notes_for
from utnet_viewer.image.tool import Tool
from utnet_viewer.image.view import View
from utnet_viewer.theme import Theme

#: How near a joint the pointer must be, in canvas points.
HOVER_REACH = 13.0
#: A state that lasts no longer than this is not worth a flicker.
PATIENCE_MS = 180
ZOOM_STEP = 1.25


class ImageCanvas(QWidget):
    """Paints the document's sample; hovering a joint tells the document."""

    view_changed = Signal()

    def __init__(
        self,
        document: Document,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        make_tool: Callable[[QWidget], Tool] = BoxTool,
    ) -> None:
        """`make_tool` makes what the mouse can do here besides looking."""
        super().__init__(parent)
        self.setObjectName("imageCanvas")
        self.setAccessibleName("Image with keypoints")
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.document, self.theme = document, theme
        self.mode = FRAME
        self.opacity = 1.0
        self.shown_layers = {layer.name for layer in layers.LAYERS if layer.is_on}
        self.sample: Sample | None = None
        self.picture: Picture | None = None
        self.overlay: Overlay | None = None
        self.pointer: QPointF | None = None
        self.note_places: list[tuple[QRectF, Note]] = []
        self._views = {False: View(), True: View()}  # by "in the crop"
        self._hand_parts = faces_by_part(document.hand_model)
        self._outlines: dict[bool, list[np.ndarray]] | None = None
        self.tool = make_tool(self)
        self.tool.changed.connect(self.update)
        self._drag_from: QPointF | None = None
        self._drags_overview = False
        self._is_patient = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._is_patient.timeout.connect(self._lose_patience)
        self.is_late = False
        document.sample_changed.connect(self._on_sample)
        document.hovered_joint_changed.connect(self.update)
        document.engine_changed.connect(self.update)
        document.hand_model_changed.connect(self._on_hand_model)
        theme.changed.connect(self.update)
        self._on_sample(document.sample)

    # --- what is shown ----------------------------------------------------------------------

    @property
    def in_crop(self) -> bool:
        """Whether coordinates are the crop's; a frame without a hand box has no crop."""
        return self.mode == CROP and self.sample is not None and self._crop() is not None

    @property
    def view(self) -> View:
        """Where the picture lies; photo and crop remember their own zoom."""
        return self._views[self.in_crop]

    @property
    def notes(self) -> list[Note]:
        """Tags over the picture; an awaited prediction is mentioned when it takes its time."""
        if self.sample is None or self.sample.frame is None:
            return []
        notes = notes_for(self.document, self.sample)
        if self.mode == CROP and not self.in_crop:
            notes.append(Note("no crop", "Nothing says where the hand is: no box, no joints."))
        return [note for note in notes if self.is_late or note.kind != "plain"]

    def _crop(self):
        return None if self.sample.frame is None else shown_crop(self.sample)

    def _on_sample(self, sample: Sample | None) -> None:
        is_next = sample is None or self.sample is None or sample.row != self.sample.row
        if is_next or (sample.frame is not None and sample.prediction is not None):
            self.is_late = False
        is_waiting = (
            sample is not None
            and not sample.problem
            and (sample.frame is None or sample.prediction is None)
        )
        if not is_waiting:
            self._is_patient.stop()
        elif not self._is_patient.isActive() and not self.is_late:
            self._is_patient.start()
        if is_waiting and sample.frame is None and self.picture is not None and not self.is_late:
            return  # the last picture stays for a moment: no flicker while stepping
        old, self.sample = self.sample, sample
        old_frame = None if old is None else old.frame
        self._show_parts(is_new_frame=sample is None or sample.frame is not old_frame)

    def _lose_patience(self) -> None:
        self.is_late = True
        self.sample = self.document.sample
        self._show_parts(is_new_frame=False)

    def _on_hand_model(self) -> None:
        self._hand_parts = faces_by_part(self.document.hand_model)
        self._show_parts(is_new_frame=False)

    def _show_parts(self, *, is_new_frame: bool) -> None:
        self._outlines = None
        if self.sample is None or self.sample.frame is None:
            self.picture = self.overlay = None
        else:
            crop = self._crop()
            key = (self.mode, crop if self.in_crop else None)
            if is_new_frame or self.picture is None or key != self._picture_key:
                self.picture = Picture(self.sample.frame, self.mode, crop)
                self._picture_key = key
            self.overlay = build_overlay(self.sample, in_crop=self.in_crop)
            self.view.set_picture(*self.picture.size)
            self.view.set_hand(None if self.in_crop else self.overlay.crop_px)
            self.view_changed.emit()
        self.update()

    def set_mode(self, mode: str) -> None:
        """Show the frame, the network's crop, or the depth."""
        if mode not in MODES:
            raise ValueError(f"no such view of an image: {mode!r}")
        self.mode = mode
        self._show_parts(is_new_frame=True)
        self.view_changed.emit()

    def set_layer(self, name: str, is_shown: bool) -> None:
        """Show or hide one of `layers.LAYERS`."""
        (self.shown_layers.add if is_shown else self.shown_layers.discard)(name)
        self.update()

    def set_opacity(self, opacity: float) -> None:
        """Opacity of all overlays, from 0 to 1."""
        self.opacity = min(max(opacity, 0.0), 1.0)
        self.update()

    def outlines(self) -> dict[bool, list[np.ndarray]]:
        """Silhouettes of prediction (True) and truth (False) in the picture's pixels."""
        if self._outlines is None:
            sample = self.sample
            place = self._crop().keypoints if self.in_crop else np.asarray
            surfaces = {}
            if sample.truth is not None:
                surfaces[False] = sample.truth.vertices_mm
            if sample.prediction is not None:
                surfaces[True] = sample.prediction.vertices_mm
            self._outlines = {
                is_prediction: surface_outline_px(
                    place(sample.frame.camera.project(vertices_mm)), self._hand_parts
                )
                for is_prediction, vertices_mm in surfaces.items()
            }
        return self._outlines

    # --- zoom and pan -----------------------------------------------------------------------

    def toggle_fit(self) -> None:
        """Show the hand, or the whole picture when the hand is what is shown."""
        self.view.toggle_fit()
        self._view_moved()

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom about a canvas point, or about the middle."""
        self.view.zoom(factor, None if about is None else (about.x(), about.y()))
        self._view_moved()

    def _view_moved(self) -> None:
        self.view_changed.emit()
        self.update()

    # --- what the pointer does --------------------------------------------------------------

    def joint_at(self, at: QPointF) -> int:
        """The nearest visible joint within reach of a canvas point, -1 for none."""
        best, best_distance = -1, HOVER_REACH
        for name, points_px in self.joint_layers():
            if name not in self.shown_layers or points_px is None:
                continue
            away = self.view.to_canvas(points_px) - (at.x(), at.y())
            distance = np.nan_to_num(np.hypot(*away.T), nan=np.inf)
            if distance.min() < best_distance:
                best, best_distance = int(distance.argmin()), float(distance.min())
        return best

    def joint_layers(self) -> list[tuple[str, np.ndarray | None]]:
        """Both sets of keypoints with the layers they are drawn in."""
        if self.overlay is None:
            return []
        return [
            (layers.TRUTH, self.overlay.truth_px),
            (layers.PREDICTION, self.overlay.prediction_px),
        ]

    def card(self):
        """The card of the hovered joint with its place and its joint on the canvas, or None."""
        joint = self.document.hovered_joint
        if joint < 0 or self.overlay is None:
            return None
        known = [p[joint] for _, p in self.joint_layers() if p is not None]
        known = [point for point in known if np.isfinite(point).all()]
        if not known:
            return None
        anchor = QPointF(*self.view.to_canvas(known[0]))
        canvas = QRectF(self.rect())
        if not canvas.contains(anchor):
            anchor = QPointF(
                min(max(anchor.x(), 0.0), canvas.width()),
                min(max(anchor.y(), 0.0), canvas.height()),
            )
        card = joint_card(self.sample, self.overlay, joint, in_crop=self.in_crop)
        hand = self.view.to_canvas(self.overlay.hand_points_px)
        taken = [place for place, _ in self.note_places] + canvas_paint.fixed_places(self)
        place, covered = place_card(card_size(card), anchor, canvas, hand, taken)
        if covered:
            card = card.shortened()
            place, _ = place_card(card_size(card), anchor, canvas, hand, taken)
        return card, place, anchor

    def wheelEvent(self, event) -> None:
        """Zoom about the pointer."""
        steps = event.angleDelta().y() / 120
        if steps and self.picture is not None:
            self.zoom(ZOOM_STEP**steps, event.position())
        event.accept()

    def mousePressEvent(self, event) -> None:
        """Start to pan, or jump by the overview."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            super().mousePressEvent(event)
            return
        is_left = event.button() == Qt.MouseButton.LeftButton
        if self.picture is not None and is_left and self.tool.press(event.position()):
            return
        place = canvas_paint.overview_place(self)
        self._drags_overview = place is not None and place.contains(event.position())
        self._drag_from = event.position()
        if self._drags_overview:
            self._jump_by_overview(event.position())

    def mouseMoveEvent(self, event) -> None:
        """Pan while a button is down; else say which joint the pointer is on."""
        at = event.position()
        self.pointer = at
        if self.picture is not None and self.tool.move(at):
            return
        if self._drag_from is None:
            self.document.hover(self.joint_at(at))
            self.update()
        elif self._drags_overview:
            self._jump_by_overview(at)
        elif self.picture is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.view.pan(at.x() - self._drag_from.x(), at.y() - self._drag_from.y())
            self._drag_from = at
            self._view_moved()

    def mouseReleaseEvent(self, event) -> None:
        """Stop panning."""
        if self.tool.release():
            return
        self._drag_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event) -> None:
        """Fit the hand, or the whole picture."""
        if event.button() == Qt.MouseButton.LeftButton and not self.tool.is_active:
            self.toggle_fit()

    def leaveEvent(self, event) -> None:
        """No joint is hovered any more."""
        self.pointer = None
        self.document.hover(-1)
        self.update()

    def _jump_by_overview(self, at: QPointF) -> None:
        place = canvas_paint.overview_place(self)
        if place is None:
            return
        share = ((at.x() - place.x()) / place.width(), (at.y() - place.y()) / place.height())
        self.view.centre_on(np.array(share) * self.picture.size - 0.5)
        self._view_moved()

    # --- Qt ---------------------------------------------------------------------------------

    def event(self, event) -> bool:
        """A tag's whole story is its tool tip."""
        if event.type() == QEvent.Type.ToolTip:
            story = [
                note.details for place, note in self.note_places if place.contains(event.pos())
            ]
            QToolTip.showText(event.globalPos(), story[0] if story else "", self)
            return True
        if event.type() == QEvent.Type.ShortcutOverride and self.tool.wants(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event) -> None:
        """Keys of the tool, such as those of a box that is being drawn."""
        if not self.tool.key(event):
            super().keyPressEvent(event)

    def resizeEvent(self, event) -> None:
        """Fit again, or keep the middle in the middle."""
        for view in self._views.values():
            view.set_canvas(self.width(), self.height())
        self.view_changed.emit()

    def paintEvent(self, event) -> None:
        """Everything, in one go: a millisecond or two."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.palette.bg1))
        message = None
        if self.picture is None:
            message = message_for(self.document, self.sample)
        if message is not None:
            canvas_paint.paint_message(painter, QRectF(self.rect()), message, self.theme.palette)
        elif self.picture is not None:
            canvas_paint.paint_canvas(painter, self)
        if self.hasFocus():
            canvas_paint.paint_focus(painter, self)
