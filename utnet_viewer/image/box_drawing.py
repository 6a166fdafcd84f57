"""The hand's box of own pictures: from the drawing on the canvas to where boxes are kept.

Esc leaves everything as it was; Enter keeps the box, and the prediction follows.
"""

import numpy as np
from PySide6.QtCore import QObject

from core.data.own_pictures.boxes import HandBox
from utnet_viewer.document import Document, Sample
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.image.picture import FRAME
from utnet_viewer.widgets.controls import SegmentedControl, make_action
from utnet_viewer.widgets.panel import Panel

DRAW_KEY, SIDE_KEY = "D", "L"


class BoxDrawing(QObject):
    """Two actions of the image panel: draw the hand's box, and say that it is a left hand."""

    def __init__(self, panel: Panel, canvas: ImageCanvas, modes: SegmentedControl) -> None:
        super().__init__(panel)
        self._canvas, self._tool, self._modes = canvas, canvas.tool, modes
        self._document: Document = canvas.document
        self._row, self._is_right = -1, True
        text = "Draw the hand box"
        self.draw = make_action(panel, text, shortcut=DRAW_KEY, checkable=True)
        self.draw.triggered.connect(self._on_draw)
        self.left = make_action(panel, "Left hand", shortcut=SIDE_KEY, checkable=True)
        self.left.triggered.connect(self._on_left)
        self._tool.asked.connect(self._begin)
        self._tool.kept.connect(self._keep)
        self._tool.left.connect(self._leave)
        self._tool.forgotten.connect(lambda: self._write(None))
        self._tool.changed.connect(self._show)
        self._document.sample_changed.connect(self._on_sample)
        self._on_sample(self._document.sample)

    @property
    def _box(self) -> HandBox | None:
        """What is kept for the row on screen."""
        return self._document.index.hand_box(self._document.row) if self._is_possible else None

    @property
    def _is_possible(self) -> bool:
        sample = self._document.sample
        takes_boxes = getattr(self._document.index, "takes_boxes", False)  # None has no such thing
        return takes_boxes and sample is not None and sample.frame is not None

    def _on_sample(self, sample: Sample | None) -> None:
        if self._tool.is_active and (sample is None or sample.row != self._row):
            self._tool.stop()
        self.draw.setEnabled(self._is_possible)
        if not self._tool.is_active:
            box = self._box
            self._is_right = box is None or box.is_right
        self._show()

    def _on_draw(self) -> None:
        self._begin() if not self._tool.is_active else self._leave()

    def _begin(self) -> None:
        if not self._is_possible:
            return
        self._modes.set_value(FRAME)
        self._canvas.view.fit_whole()
        self._canvas.view_changed.emit()
        self._row, box = self._document.row, self._box
        self._is_right = box is None or box.is_right
        self._tool.start(None if box is None else np.array(box.box_px))

    def _leave(self) -> None:
        box = self._box
        self._is_right = box is None or box.is_right
        self._tool.stop()
        self._fit_hand()

    def _fit_hand(self) -> None:
        self._canvas.view.fit_hand()
        self._canvas.view_changed.emit()
        self._canvas.update()

    def _keep(self) -> None:
        self._write(HandBox(tuple(self._tool.box_px.tolist()), self._is_right))

    def _on_left(self, is_left: bool) -> None:
        self._is_right = not is_left
        box = self._box
        if self._tool.is_active or box is None:
            self._show()
        else:
            self._write(HandBox(box.box_px, self._is_right))

    def _write(self, box: HandBox | None) -> None:
        try:
            self._document.index.keep_hand_box(self._document.row, box)
        except OSError as error:
            why = error.strerror or error
            self._tool.say(f"The box cannot be kept: {why}", is_fault=True)
            return
        self._tool.stop()
        self._fit_hand()
        self._document.labels_changed.emit()

    def _show(self) -> None:
        """Words and actions as things stand."""
        is_possible, is_active = self._is_possible, self._tool.is_active
        self.draw.setChecked(is_active)
        self.left.setEnabled(is_possible and (is_active or self._box is not None))
        self.left.setChecked(is_possible and not self._is_right)
        self._tool.say(self._words(is_possible))

    def _words(self, is_possible: bool) -> str:
        if not is_possible:
            return ""
        if not self._tool.is_active:
            return "" if self._box else f"Draw a box round the hand: key {DRAW_KEY}"
        side, other = ("right", "left") if self._is_right else ("left", "right")
        if self._tool.box_px is None:
            return "Drag a box round the hand. Esc: leave it"
        return f"Enter: keep as a {side} hand · {SIDE_KEY}: {other} hand · Esc: leave it"
