"""The mesh panel of Annotate: the edited hand in 3D as it is dragged, and dragged here too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from core.hand.hand_model import HandMesh
from utnet_viewer.annotate.editing import HAND
from utnet_viewer.annotate.hand_view import HandView
from utnet_viewer.annotate.mesh_scene import (
    ALIGNMENTS,
    Placement,
    edited_scene,
    moved_hand,
    place_hand,
)
from utnet_viewer.document import Document
from utnet_viewer.mesh.legend import MeshLegend
from utnet_viewer.mesh.open3d_loading import Open3DLoader, is_loaded
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.mesh.scene import Alignment, MeshScene, usable_hand
from utnet_viewer.mesh.taken import taken_mesh
from utnet_viewer.mesh.views import PRESETS
from utnet_viewer.taking.views import View
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton, IconToggle, SegmentedControl, make_action
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.editing import HandEditor

#: Field of `Layers`, icon, text, on at first; in the order of the header.
LAYER_TOGGLES = (
    ("mesh", "cube", "Edited surface", True),
    ("skeleton", "bone", "Edited joints and bones", True),
    ("ghost", "ghost", "Original, outline", True),
)
#: Presses of keys no farther apart than this are one edit.
KEYS_PAUSE_MS = 600

HINT = "Drag a joint: it moves in the plane of the view; with Shift, away and nearer."
NO_HAND = "No hand to show", "Open a dataset: its hands are corrected here."
FREE_2D = "Free 2D", "Joints are moved in the photo alone; no hand is fitted to them."
NO_SURFACE = "No surface yet", "The label gives joints alone. Drag one in the image to fit a hand."


class MeshEditPanel(Panel):
    """Follows the editor: the edited hand solid, the original behind it.

    What it shows is arranged in turns of the event loop of its own, after the photo is painted;
    of several changes before that, only the newest is shown.
    """

    def __init__(self, document: Document, editor: HandEditor, theme: Theme) -> None:
        super().__init__("Mesh", theme)
        self.set_subtitle("follows the drag")
        self.header.setToolTip(HINT)
        self.document, self.editor = document, editor
        self.view = HandView(document.hand_model, theme)
        self.legend = MeshLegend(theme)
        self.alignments = SegmentedControl([a.value for a in ALIGNMENTS], title="Edited hand")
        self.alignments.changed.connect(lambda _: self._show())
        self.add_tool(self.alignments)
        self.toggles = {entry[0]: self._layer_toggle(*entry) for entry in LAYER_TOGGLES}
        self._add_views()
        self.set_legend(self.legend)
        self.set_body(self.view)
        self._placement: Placement | None = None
        self._shown: tuple | None = None  # what the scene was made of
        self._is_new = True  # whether the hand is another one than what the camera was fitted to
        self._ghost: tuple[object, object, HandMesh | None] = (None, None, None)
        self._nudged: object = None  # the wish of the editor that came from keys
        self._keys_pause = QTimer(self, singleShot=True, interval=KEYS_PAUSE_MS)
        self._keys_pause.timeout.connect(self._end_nudging)
        self._connect()
        self._loader = Open3DLoader(self)
        self._loader.finished.connect(self._on_open3d)
        if is_loaded():
            self.view.set_ready()
        self._on_hand_model_changed()

    def _layer_toggle(self, layer: str, icon: str, text: str, is_on: bool) -> IconToggle:
        toggle = IconToggle(icon, text, self.theme, checked=is_on)
        toggle.action.toggled.connect(lambda is_shown: self._set_layer(layer, is_shown))
        self.add_tool(toggle)
        return toggle

    def _add_views(self) -> None:
        self._views_menu = QMenu(self)
        for name in PRESETS:
            action = make_action(self, f"{name} view of the edited hand")
            action.triggered.connect(lambda _=False, name=name: self.view.show_preset(name))
            self._views_menu.addAction(action)
        fit = make_action(self, "Fit the edited hand")
        fit.triggered.connect(lambda: self.view.fit())
        self._views_menu.addAction(fit)
        self._views_menu.addSeparator()
        self.cloud = make_action(self, "Measured depth points", checkable=True)
        self.cloud.toggled.connect(lambda is_shown: self._set_layer("cloud", is_shown))
        self._views_menu.addAction(self.cloud)
        self.views = IconButton("video-camera", "Views of the edited hand", self.theme)
        self.views.action.triggered.connect(self._show_views)
        self.add_tool(self.views)

    def _connect(self) -> None:
        document, editor, view = self.document, self.editor, self.view
        editor.changed.connect(self._show_later)
        editor.loaded.connect(self._on_loaded)
        editor.selected_changed.connect(self._on_selected)
        document.row_changed.connect(lambda _: self._leave_frame())
        document.hand_model_changed.connect(self._on_hand_model_changed)
        document.hovered_joint_changed.connect(view.set_hovered_joint)
        view.joint_hovered.connect(document.hover)
        view.grabbed.connect(self._on_grabbed)
        view.wished.connect(self._on_wished)
        view.dropped.connect(self._on_dropped)
        view.taken_back.connect(self._on_taken_back)
        view.nudged.connect(self._on_nudged)

    # --- what is shown -----------------------------------------------------------------------

    @property
    def alignment(self) -> Alignment:
        """How the edited hand lies to the original."""
        return Alignment(self.alignments.value)

    @property
    def is_settled(self) -> bool:
        """Whether the finest picture of the hand is on screen, if the view is."""
        return self.view.quality is Quality.REFINED or not self.view.isVisible()

    def render_image(self, width: int, height: int) -> QImage:
        """The view as a supersampled picture; RuntimeError while Open3D is not loaded."""
        return self.view.render_image(width, height)

    def taken_view(self) -> View:
        """The hands under what is drawn how."""
        return taken_mesh(self, self.legend, self.view)

    def showEvent(self, event) -> None:
        """Once on screen, bring Open3D in, and show what changed meanwhile."""
        super().showEvent(event)
        if not self.view.is_ready:
            QTimer.singleShot(0, self._loader.start)
        self._show_later()

    def shut_down(self) -> None:
        """End what still runs; for tests and the end of the program."""
        self._keys_pause.stop()
        self._loader.join()

    def _on_open3d(self, problem: str) -> None:
        if problem:
            self.view.set_notice(problem)
        else:
            self.view.set_ready()

    def _on_hand_model_changed(self) -> None:
        self.view.set_hand_model(self.document.hand_model)
        self._shown = None
        name = self.document.hand_model.name
        self.legend.show_hand_model(name)
        if self.document.hand_model.is_stand_in:
            self.legend.hand_model.setText(f"{name} hand, not MANO")
        self._show_later()

    def _show_later(self) -> None:
        if self.isVisible():
            self.document.turns.later(self._show)

    def _show(self) -> None:
        """Show the hand as it is in the editor by now."""
        if not self.isVisible():
            return
        self.view.set_selected(self.editor.selected)
        self.view.set_message(*self._message())
        looks = self._what_it_shows()
        if self._shown is None or any(a is not b for a, b in zip(looks, self._shown, strict=True)):
            self._shown = looks
            self.view.set_scene(self._scene())
        scene = self.view.scene
        can_edit = self.editor.can_edit and self.editor.mode == HAND
        self.view.is_editable = can_edit and scene is not None and scene.prediction is not None
        if self._is_new and self.view.is_editable:
            self._is_new = False
            self.view.fit_by_itself()
        self._update_legend()

    def _what_it_shows(self) -> tuple:
        """All that a scene is made of: the same objects again are the same scene.

        The editor tells of every movement of the pointer, and of much that is seen elsewhere; the
        surface is another one only when the fitter has answered.
        """
        hand, original, view = self.editor.hand, self.editor.original, self.view
        return (
            None if hand is None else hand.mesh,
            None if original is None else original.mesh,
            self.editor.frame,
            self.alignment,
            view.is_dragging,
        )

    def _on_loaded(self) -> None:
        """Another hand, of this frame or the next: it need not stand where the one before did."""
        self._placement, self._shown, self._is_new = None, None, True
        self._show_later()

    def _leave_frame(self) -> None:
        """The editor keeps what was dragged; here nothing of it is held any more."""
        self._forget_nudging()
        self.view.let_go()
        self._placement = None

    def _scene(self) -> MeshScene | None:
        hand, original = self.editor.hand, self.editor.original
        if hand is None or hand.mesh is None:
            return None
        original = None if original is None else original.mesh
        if self._placement is None or not self.view.is_dragging:
            anchor_mm = None if self._placement is None else self._placement.anchor_mm
            self._placement = place_hand(hand.mesh, original, self.alignment, anchor_mm=anchor_mm)
        return edited_scene(
            hand.mesh,
            self._ghost_in_scene(original),
            self._placement,
            is_right=hand.is_right,
            frame=self.editor.frame,
        )

    def _ghost_in_scene(self, original: HandMesh | None) -> HandMesh | None:
        """The original, moved once: the same object as long as nothing about it changes."""
        of, anchor_mm, ghost = self._ghost
        if of is not original or anchor_mm is not self._placement.anchor_mm:
            anchor_mm = self._placement.anchor_mm
            usable = usable_hand(original, "original", [])
            ghost = None if usable is None else moved_hand(usable, -anchor_mm)
            self._ghost = (original, anchor_mm, ghost)
        return ghost

    def _message(self) -> tuple[str, str]:
        sample = self.document.sample
        if sample is None:
            return NO_HAND
        if sample.problem and sample.frame is None:
            return "No hand to show", sample.problem
        if sample.frame is None:
            return "Reading the sample …", ""
        return FREE_2D if self.editor.mode != HAND else NO_SURFACE

    def _update_legend(self) -> None:
        scene, layers = self.view.scene, self.view.layers
        entries = []
        if scene is not None and scene.prediction is not None and (layers.mesh or layers.skeleton):
            entries.append(("cube" if layers.mesh else "bone", "edited"))
        if scene is not None and scene.truth is not None and layers.ghost:
            entries.append(("ghost", "original"))
        self.legend.show_entries(tuple(entries))

    # --- what the person asks for ------------------------------------------------------------

    def _set_layer(self, layer: str, is_shown: bool) -> None:
        self.view.set_layers(replace(self.view.layers, **{layer: is_shown}))
        self._update_legend()

    def _show_views(self) -> None:
        self._views_menu.popup(self.views.mapToGlobal(self.views.rect().bottomLeft()))

    def _on_selected(self, joint: int) -> None:
        self._end_nudging()
        self.view.set_selected(joint)

    def _on_grabbed(self, joint: int) -> None:
        self._end_nudging()
        self.editor.select(joint)

    def _on_wished(self, joint: int, wish_mm: np.ndarray) -> None:
        self.editor.drag_mm(joint, self._placement.to_camera(wish_mm))

    def _on_dropped(self) -> None:
        self.editor.release()
        self._show_later()  # in root alignment the wrist comes back to its place

    def _on_taken_back(self) -> None:
        self._forget_nudging()
        self.editor.cancel()

    # --- keys --------------------------------------------------------------------------------

    def _on_nudged(self, step_mm: np.ndarray) -> None:
        """Keys wish the selected joint a step on from where they wished it before."""
        editor, joint = self.editor, self.editor.selected
        is_on = editor.is_dragging and editor.wish is self._nudged
        at_mm = self._nudged.point_mm if is_on else editor.hand.mesh.joints_mm[joint]
        editor.drag_mm(joint, at_mm + step_mm)
        self._nudged = editor.wish
        self.view.has_open_edit = True
        self._keys_pause.start()

    def _end_nudging(self) -> None:
        """What keys did since the last pause becomes one edit, unless it became one already."""
        is_on = self._nudged is not None and self.editor.wish is self._nudged
        self._forget_nudging()
        if is_on:
            self.editor.release()

    def _forget_nudging(self) -> None:
        self._keys_pause.stop()
        self._nudged = None
        self.view.has_open_edit = False
