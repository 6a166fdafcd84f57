"""The image panel: the photo, its crop or its depth under both hands' keypoints."""

import json

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from core.conventions import JOINT_COUNT
from utnet_viewer.document import Document, Sample
from utnet_viewer.image.box_drawing import BoxDrawing
from utnet_viewer.image.canvas import ZOOM_STEP, ImageCanvas
from utnet_viewer.image.canvas_paint import paint_taken
from utnet_viewer.image.layers import LAYERS
from utnet_viewer.image.legend import LegendRow
from utnet_viewer.image.picture import DEPTH, MODES
from utnet_viewer.image.view import Fit
from utnet_viewer.taking.views import View, legend_and_body
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton, IconToggle, SegmentedControl, make_action
from utnet_viewer.widgets.panel import Panel

_OPACITY_STEP = 10


class ImagePanel(Panel):
    """Shows the document's sample as a picture; every layer has an icon and a key."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Image", theme, parent)
        self.document = document
        self.canvas = ImageCanvas(document, theme)
        self.legend = LegendRow(theme)
        self.modes = SegmentedControl(MODES, title="Image")
        self.modes.changed.connect(self.canvas.set_mode)
        self.add_tool(self.modes)
        self.toggles = {layer.name: self._layer_toggle(layer, theme) for layer in LAYERS}
        fit = IconButton("corners-out", "Fit the hand, or the whole picture", theme, shortcut="Z")
        fit.action.triggered.connect(lambda: self.canvas.toggle_fit())
        self.add_tool(fit)
        self.box_drawing = BoxDrawing(self, self.canvas, self.modes)
        self.set_legend(self.legend)
        self.set_body(self.canvas)
        self._add_key_actions()
        self.legend.opacity_changed.connect(self.canvas.set_opacity)
        self.canvas.view_changed.connect(self._on_view_changed)
        document.sample_changed.connect(self._on_sample_changed)
        self._on_sample_changed(document.sample)
        self._on_view_changed()

    @property
    def panel_actions(self) -> list[QAction]:
        """Everything the panel can do, for the menus."""
        return self.actions()

    def save_state(self) -> str:
        """View, layers and opacity as JSON, to be kept until the next start."""
        layers = {name: toggle.isChecked() for name, toggle in self.toggles.items()}
        opacity = self.legend.opacity.value()
        return json.dumps({"view": self.modes.value, "layers": layers, "opacity": opacity})

    def restore_state(self, state: str) -> None:
        """Take back what `save_state` gave; raises ValueError for anything else.

        Layers that this version does not have are left out, new ones keep their default.
        """
        kept = json.loads(state)
        is_state = (
            isinstance(kept, dict)
            and kept.get("view") in MODES
            and isinstance(kept.get("opacity"), int)
            and isinstance(kept.get("layers"), dict)
        )
        if not is_state:
            raise ValueError(f"not a state of the image panel: {state!r}")
        self.modes.set_value(kept["view"])
        self.legend.opacity.setValue(kept["opacity"])
        for name, is_shown in kept["layers"].items():
            if name in self.toggles:
                self.toggles[name].setChecked(bool(is_shown))

    def taken_view(self) -> View:
        """The picture with its overlays under what the marks mean."""
        return legend_and_body(
            self,
            self.legend.marks,
            self.canvas,
            lambda painter, pixels: paint_taken(painter, self.canvas, pixels),
        )

    def _layer_toggle(self, layer, theme: Theme) -> IconToggle:
        toggle = IconToggle(layer.icon, layer.text, theme, shortcut=layer.key, checked=layer.is_on)
        toggle.action.toggled.connect(
            lambda is_shown, name=layer.name: self.canvas.set_layer(name, is_shown)
        )
        self.add_tool(toggle)
        return toggle

    def _add_key_actions(self) -> None:
        """What has a key and a menu entry, but no button of its own."""
        slider = self.legend.opacity
        entries = (
            ("Next image view: frame, crop, depth", ["F"], self._next_mode),
            ("Zoom in", ["+", "="], lambda: self.canvas.zoom(ZOOM_STEP)),
            ("Zoom out", ["-"], lambda: self.canvas.zoom(1 / ZOOM_STEP)),
            ("Fainter overlays", ["["], lambda: slider.setValue(slider.value() - _OPACITY_STEP)),
            ("Stronger overlays", ["]"], lambda: slider.setValue(slider.value() + _OPACITY_STEP)),
            ("Next joint", ["."], lambda: self._step_joint(1)),
            ("Previous joint", [","], lambda: self._step_joint(-1)),
        )
        for text, keys, do in entries:
            action = make_action(self, text, shortcut=keys[0])
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.triggered.connect(lambda _=False, do=do: do())

    def _next_mode(self) -> None:
        enabled = [mode for mode in MODES if self._is_possible(mode)]
        position = enabled.index(self.modes.value) if self.modes.value in enabled else -1
        self.modes.set_value(enabled[(position + 1) % len(enabled)])

    def _is_possible(self, mode: str) -> bool:
        sample = self.document.sample
        if mode != DEPTH or sample is None or sample.frame is None:
            return True
        return sample.frame.depth_mm is not None

    def _step_joint(self, step: int) -> None:
        """Walk through the joints by key; one past the last is none."""
        joint = self.document.hovered_joint + 1 + step
        self.document.hover(joint % (JOINT_COUNT + 1) - 1)

    def _on_sample_changed(self, sample: Sample | None) -> None:
        self.modes.set_option_enabled(DEPTH, self._is_possible(DEPTH))

    def _on_view_changed(self) -> None:
        view = self.canvas.view
        self.legend.set_zoom(view.scale, is_whole=view.fit is Fit.WHOLE)
        self.legend.zoom.setVisible(self.canvas.picture is not None)
