"""One model's prediction of a frame: picture and hands, as the panels of Inspect paint them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from core.hand.hand_model import HandModel
from utnet_viewer.document import Document, Sample
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.mesh.scene import Alignment, build_scene
from utnet_viewer.mesh.view import MeshView
from utnet_viewer.reading import Index
from utnet_viewer.theme import GUTTER, PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.elided_label import ElidedLabel

_HEAD = 26
Work = Callable[[], None]


class Letter(QLabel):
    """The letter of a model on its colour: A on grey, B on the accent."""

    def __init__(self, letter: str, theme: Theme, *, size_px: int = 20) -> None:
        super().__init__(letter)
        self._theme = theme
        self.setFixedSize(size_px, size_px)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(ui_font(SIZE_LABEL if size_px < 24 else 13, 600))
        theme.changed.connect(self._tint)
        self._tint()

    def _tint(self) -> None:
        palette, is_first = self._theme.palette, self.text() == "A"
        ground = palette.t2 if is_first else palette.accent
        ink = palette.bg2 if is_first else palette.on_accent
        self.setStyleSheet(f"background: {ground}; color: {ink}; border-radius: 5px;")


class Side(QWidget):
    """Letter, name and figure over the picture and the mesh; a document of its own behind both."""

    def __init__(
        self, letter: str, theme: Theme, hand_model: HandModel, turns: Callable[[Work], None]
    ) -> None:
        """`turns` does a piece of work in a turn of the event loop of its own."""
        super().__init__()
        self.document = Document(hand_model)
        self.alignment = Alignment.PROCRUSTES
        self.canvas = ImageCanvas(self.document, theme)
        self.canvas.setAccessibleName(f"Picture with the prediction of {letter}")
        self.mesh = MeshView(hand_model, theme)
        self.mesh.setAccessibleName(f"Hands of {letter} in 3D")
        self.name, self.figure = ElidedLabel(), QLabel()
        self.name.setObjectName("quiet")
        self.figure.setFont(ui_font(13, 600))
        head = QHBoxLayout()
        head.setContentsMargins(PADDING, 0, PADDING, 0)
        head.setSpacing(8)
        head.addWidget(Letter(letter, theme))
        head.addWidget(self.name, 1)
        head.addWidget(self.figure)
        bar = QWidget()
        bar.setFixedHeight(_HEAD)
        bar.setLayout(head)
        views = QSplitter(Qt.Orientation.Horizontal)
        views.setHandleWidth(GUTTER)
        views.setChildrenCollapsible(False)
        views.addWidget(self.canvas)
        views.addWidget(self.mesh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(bar)
        layout.addWidget(views, 1)
        self.document.hovered_joint_changed.connect(self.mesh.set_hovered_joint)
        self.mesh.joint_hovered.connect(self.document.hover)
        self.document.sample_changed.connect(lambda _sample: turns(self._show_scene))

    def use(self, index: Index | None, hand_model: HandModel) -> None:
        """Samples come from another dataset, or are posed by another hand."""
        if self.document.hand_model is not hand_model:
            self.document.hand_model = hand_model
            self.mesh.set_hand_model(hand_model)
            self.document.hand_model_changed.emit()
        if self.document.index is not index:
            self.document.set_index(index)

    def select(self, row: int) -> None:
        """Wait for a row; what is shown stays for a moment."""
        self.document.select(row)

    def show_sample(self, sample: Sample) -> None:
        """Show a sample of the selected row."""
        self.document.set_sample(sample)

    def set_alignment(self, alignment: Alignment) -> None:
        """Move the prediction onto the truth otherwise."""
        self.alignment = alignment
        self._show_scene()

    def set_wire(self, is_shown: bool) -> None:
        """Show or hide the edges of the surface."""
        self.mesh.set_layers(replace(self.mesh.layers, wire=is_shown))

    def _show_scene(self) -> None:
        sample = self.document.sample
        is_right = self.document.hand_model.is_right
        scene = None if sample is None else build_scene(sample, self.alignment, is_right=is_right)
        problem = "" if sample is None else sample.problem
        self.mesh.set_message("No hand to show", problem or "Choose a sample below.")
        self.mesh.set_scene(scene)
