"""Stands in for the hand editor where a panel is tested alone: a drag moves the hand as a whole."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.hand.hand_model import HandMesh
from utnet_viewer.annotate.edited_hand import EditedHand, of_label
from utnet_viewer.annotate.editing import HAND
from utnet_viewer.annotate.fit_request import Wish
from utnet_viewer.document import Document


class FakeHandEditor(QObject):
    """Has what panels use of `HandEditor`, and remembers what was asked."""

    changed, loaded = Signal(), Signal()
    selected_changed = Signal(int)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.frame = document.sample.frame
        self.original = of_label(self.frame, document.sample.truth)
        self.hand: EditedHand | None = self.original
        self.mode, self.can_edit = HAND, True
        self.selected = -1
        self.wish: Wish | None = None
        self.asked: list[tuple] = []
        self._before = self.hand

    @property
    def is_dragging(self) -> bool:
        return self.wish is not None

    def select(self, joint: int) -> None:
        self.selected = joint
        self.selected_changed.emit(joint)

    def drag_mm(self, joint: int, point_mm: np.ndarray) -> None:
        self.asked.append(("drag_mm", joint, point_mm))
        self.wish = Wish(joint, self.frame.camera.project(point_mm), point_mm)
        mesh = self.hand.mesh
        step_mm = point_mm - mesh.joints_mm[joint]
        moved = HandMesh(mesh.vertices_mm + step_mm, mesh.joints_mm + step_mm)
        self.show(replace(self.hand, mesh=moved, joints_mm=moved.joints_mm))

    def show(self, hand: EditedHand | None) -> None:
        self.hand = hand
        self.changed.emit()

    def release(self) -> None:
        self.asked.append(("release",))
        self._before, self.wish = self.hand, None

    def cancel(self) -> None:
        self.asked.append(("cancel",))
        self.wish = None
        self.show(self._before)
