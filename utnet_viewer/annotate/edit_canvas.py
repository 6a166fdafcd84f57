"""The canvas of Annotate: the photo with the edited hand over it instead of the label."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget

from utnet_viewer.annotate.edit_tool import EditTool
from utnet_viewer.annotate.editing import HandEditor
from utnet_viewer.document import Document
from utnet_viewer.image import layers
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.image.states import Note
from utnet_viewer.theme import Theme

#: What is laid under the edited hand at first: the photo alone.
FIRST_LAYERS = frozenset()


class EditCanvas(ImageCanvas):
    """The edited hand is the tool's to paint and to move; the rest is the canvas as in Inspect."""

    tool: EditTool

    def __init__(
        self,
        document: Document,
        theme: Theme,
        editor: HandEditor,
        parent: QWidget | None = None,
    ) -> None:
        self._editor = editor
        super().__init__(document, theme, parent, make_tool=lambda canvas: EditTool(canvas, editor))
        self.setObjectName("editCanvas")
        self.setAccessibleName("Photo with the edited hand")
        self.shown_layers = set(FIRST_LAYERS)
        editor.loaded.connect(self.tool.let_go)

    @property
    def shows_current(self) -> bool:
        """Whether the picture is that of the frame that is edited."""
        return self.sample is not None and self.sample.row == self._editor.row

    def place(self, points_px: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the photo in the picture that is shown."""
        return self._crop().keypoints(points_px) if self.in_crop else np.asarray(points_px)

    def unplace(self, points: np.ndarray) -> np.ndarray:
        """The inverse of `place`."""
        return self._crop().keypoints_to_photo(points) if self.in_crop else np.asarray(points)

    @property
    def notes(self) -> list[Note]:
        """None: what is missing for a correction is said in the panel's legend."""
        return []

    def joint_at(self, at: QPointF) -> int:
        """The joint of the edited hand under the pointer."""
        return self.tool.joint_at(at)

    def card(self):
        """None: the tool paints the chosen joint's."""
        return None

    def joint_layers(self) -> list[tuple[str, np.ndarray | None]]:
        """The predicted keypoints, where they are shown."""
        if self.overlay is None:
            return []
        return [(layers.PREDICTION, self.overlay.prediction_px)]

    def mouseDoubleClickEvent(self, event) -> None:
        """Two quick drags of a joint are two drags; beside the hand a double click fits it."""
        is_left = event.button() == Qt.MouseButton.LeftButton
        if self.picture is None or not is_left or not self.tool.press(event.position()):
            super().mouseDoubleClickEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Tab goes from joint to joint; without one, and past the last, out of the canvas."""
        if self.tool.step(1 if is_next else -1):
            return True
        return super().focusNextPrevChild(is_next)
