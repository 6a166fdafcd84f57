"""A frame side by side: A and B, each with its picture and its mesh, moved together."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.hand.hand_model import HandModel
from utnet_viewer.compare.pairs import Pair
from utnet_viewer.compare.side import Side
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.image.picture import CROP, FRAME
from utnet_viewer.mesh.open3d_loading import Open3DLoader, is_loaded
from utnet_viewer.mesh.scene import Alignment
from utnet_viewer.mesh.view import MeshView
from utnet_viewer.reading import Index
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.turns import Turns
from utnet_viewer.widgets.controls import IconButton, SegmentedControl
from utnet_viewer.widgets.panel import Panel


class SamplePanel(Panel):
    """What is turned, zoomed or pointed at on one side is so on the other."""

    leave_wanted = Signal()
    inspect_wanted = Signal()
    stepped = Signal(int)

    def __init__(self, theme: Theme, hand_model: HandModel) -> None:
        super().__init__("No sample", theme)
        # Both sides' pictures and meshes at once would hold up keys and pointer.
        self.turns = Turns(self)
        self.sides = tuple(Side(name, theme, hand_model, self.turns.later) for name in "AB")
        self.row = -1
        self._pair: Pair | None = None
        self._is_fitted = False
        self._following: tuple[MeshView, MeshView] | None = None
        self.modes = SegmentedControl((FRAME, CROP), title="Picture of both")
        self.alignments = SegmentedControl([a.value for a in Alignment], title="Hands of both")
        self.alignments.set_value(Alignment.PROCRUSTES.value)
        self._add_tools(theme)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GUTTER)
        for side in self.sides:
            row.addWidget(side, 1)
        self.set_body(body)
        self._loader = Open3DLoader(self)
        self._loader.finished.connect(self._on_open3d)
        self._connect()

    def _add_tools(self, theme: Theme) -> None:
        self.add_tool(self.modes)
        self.add_tool(self.alignments)
        for icon, words, run in (
            ("caret-left", "Sample before", lambda: self.stepped.emit(-1)),
            ("caret-right", "Sample after", lambda: self.stepped.emit(1)),
            ("eye", "Show this sample in Inspect", self.inspect_wanted.emit),
            ("x", "Back to the charts", self.leave_wanted.emit),
        ):
            button = IconButton(icon, words, theme)
            button.action.triggered.connect(lambda _=False, run=run: run())
            self.header.add_tool(button)  # the window's actions do the same, with keys

    def _connect(self) -> None:
        first, second = self.sides
        self.modes.changed.connect(self._set_mode)
        self.alignments.changed.connect(self._set_alignment)
        for one, other in ((first, second), (second, first)):
            one.canvas.view_changed.connect(
                lambda one=one, other=other: _same_place(one.canvas, other.canvas)
            )
            one.mesh.camera_changed.connect(
                lambda one=one, other=other: self._on_camera(one.mesh, other.mesh)
            )
            one.document.hovered_joint_changed.connect(other.document.hover)

    # What is shown.

    def use(self, index: Index | None, hand_model: HandModel) -> None:
        """Samples come from another dataset, or are posed by another hand."""
        self.row = -1
        self.header.title.setText("No sample")
        self.set_subtitle("")
        for side in self.sides:
            side.use(index, hand_model)

    def show_names(self, first: str, second: str) -> None:
        """Of the two checkpoints."""
        for side, name in zip(self.sides, (first, second), strict=True):
            side.name.setText(name)

    def select(self, row: int, *, name: str, figures: tuple[str, str], difference: str) -> None:
        """Announce a frame by name and figures; its pictures follow by `show_pair`."""
        self.row = row
        self.header.title.setText(name)
        self.set_subtitle(f"B − A  {difference}")
        for side, figure in zip(self.sides, figures, strict=True):
            side.select(row)
            side.figure.setText(figure)

    def show_pair(self, pair: Pair) -> None:
        """Show the frame, where it is still the one that is wanted."""
        if pair.row == self.row:
            self._pair = pair
            self.turns.later(self._show_first)
            self.turns.later(self._show_second)

    def _show_first(self) -> None:
        self.sides[0].show_sample(self._pair.first)

    def _show_second(self) -> None:
        self.sides[1].show_sample(self._pair.second)
        if not self._is_fitted:
            self.turns.later(self._fit_both)

    def _fit_both(self) -> None:
        """The first time: as large as all hands of both sides have room; later it stays."""
        meshes = [side.mesh for side in self.sides]
        points_mm = [mesh.scene.points_mm for mesh in meshes if mesh.scene is not None]
        if sum(map(len, points_mm)):
            self._is_fitted = True
            width, height = max(meshes[0].width(), 1), max(meshes[0].height(), 1)
            camera = meshes[0].camera.fitted(np.concatenate(points_mm), width, height)
            for mesh in meshes:
                mesh.set_camera(camera)

    def _on_camera(self, moved: MeshView, other: MeshView) -> None:
        if other.camera != moved.camera:
            self._following = (moved, other)
            self.turns.later(self._follow)

    def _follow(self) -> None:
        """The other mesh is drawn in a turn of its own."""
        moved, other = self._following
        other.set_camera(moved.camera)

    def _set_mode(self, mode: str) -> None:
        for side in self.sides:
            side.canvas.set_mode(mode)

    def _set_alignment(self, name: str) -> None:
        for side in self.sides:
            side.set_alignment(Alignment(name))

    # Open3D.

    def showEvent(self, event) -> None:
        """Bring Open3D in, where Inspect has not done that."""
        super().showEvent(event)
        if is_loaded():
            self._on_open3d("")
        else:
            QTimer.singleShot(0, self._loader.start)

    def _on_open3d(self, problem: str) -> None:
        for side in self.sides:
            if problem:
                side.mesh.set_notice(problem)
            elif not side.mesh.is_ready:
                side.mesh.set_ready()

    @property
    def is_settled(self) -> bool:
        """Whether both sides show the sample as finely as they will."""
        return not self.turns.is_busy and not any(
            side.mesh.isVisible() and side.mesh.sharpening.is_active for side in self.sides
        )

    def shut_down(self) -> None:
        """Show nothing more; wait for the import."""
        self.turns.forget()
        self._loader.join()

    def keyPressEvent(self, event) -> None:
        """Left and Right step, where neither picture nor mesh wants them."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.stepped.emit(steps[event.key()])
        else:
            super().keyPressEvent(event)


def _same_place(one: ImageCanvas, other: ImageCanvas) -> None:
    """The same part of the picture; not while only one of them has its new size."""
    is_possible = one.size() == other.size() and one.in_crop == other.in_crop
    if is_possible and other.view.follow(one.view):
        other.update()
