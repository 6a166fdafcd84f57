"""The mesh panel: both hands in 3D, listening to the document."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QMenu, QWidget

from utnet_viewer.document import Document, Sample
from utnet_viewer.mesh.external_viewer import ExternalViewer
from utnet_viewer.mesh.legend import MeshLegend
from utnet_viewer.mesh.open3d_loading import Open3DLoader, is_loaded
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.mesh.scene import Alignment, MeshScene, build_scene
from utnet_viewer.mesh.taken import taken_mesh
from utnet_viewer.mesh.view import DrawnAhead, MeshView
from utnet_viewer.mesh.views import PRESETS
from utnet_viewer.taking.views import View
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton, IconToggle, SegmentedControl, make_action
from utnet_viewer.widgets.panel import Panel

#: Field of `Layers`, icon, text, key, on at first; in the order of the header.
LAYER_TOGGLES = (
    ("mesh", "cube", "Surface", "Shift+M", True),
    ("ghost", "ghost", "Ground truth outline", "Shift+G", True),
    ("wire", "grid-four", "Wireframe", "Shift+W", False),
    ("errors", "palette", "Error colours", "Shift+E", True),
    ("skeleton", "bone", "Joints and bones", "Shift+S", False),
    ("cloud", "dots-nine", "Depth points", "Shift+D", False),
)
ORBIT_STEP_PX, ZOOM_STEPS = 25, 2.0


#: So long after the last step, the next sample is drawn ahead.
IDLE_MS = 30


@dataclass(frozen=True)
class _Ahead:
    """A sample that may come next, arranged and drawn."""

    sample: Sample | None = None
    alignment: Alignment | None = None
    scene: MeshScene | None = None
    drawn: DrawnAhead | None = None

    def is_of(self, sample: Sample | None, alignment: Alignment) -> bool:
        """Whether this is what is to be shown."""
        return sample is not None and sample is self.sample and alignment is self.alignment


class MeshPanel(Panel):
    """Shows the document's sample as surfaces; the camera stays when stepping."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Mesh", theme, parent)
        self.document = document
        self.view = MeshView(document.hand_model, theme)
        self.legend = MeshLegend(theme)
        self.alignments = SegmentedControl([a.value for a in Alignment], title="Alignment")
        self.alignments.set_value(Alignment.PROCRUSTES.value)
        self.alignments.changed.connect(lambda _: self._show_sample())
        self.add_tool(self.alignments)
        self.toggles = {entry[0]: self._layer_toggle(*entry) for entry in LAYER_TOGGLES}
        self.object_box = make_action(self, "Object box", shortcut="Shift+O", checkable=True)
        self.object_box.toggled.connect(lambda is_shown: self._set_layer("object_box", is_shown))
        self._add_ruler_and_views()
        self._add_key_actions()
        self.set_legend(self.legend)
        self.set_body(self.view)
        self._outside = ExternalViewer(self)
        self._outside.failed.connect(self.view.set_notice)
        self._ahead, self._neighbour = _Ahead(), None
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._draw_ahead)
        self._connect_document()
        self._loader = Open3DLoader(self)
        self._loader.finished.connect(self._on_open3d)
        if is_loaded():
            self.view.set_ready()
        QCoreApplication.instance().aboutToQuit.connect(self.shut_down)
        self._on_hand_model_changed()

    @property
    def panel_actions(self) -> list[QAction]:
        """Everything the panel can do, for the menus."""
        return self.actions()

    @property
    def alignment(self) -> Alignment:
        """How the prediction is moved onto the truth."""
        return Alignment(self.alignments.value)

    @property
    def is_settled(self) -> bool:
        """Whether the finest picture of the current sample is on screen, if the view is."""
        return self.view.quality is Quality.REFINED or not self.view.isVisible()

    def render_image(self, width: int, height: int) -> QImage:
        """The view as a supersampled picture; RuntimeError while Open3D is not loaded."""
        return self.view.render_image(width, height)

    def taken_view(self) -> View:
        """The hands under what is drawn how."""
        return taken_mesh(self, self.legend, self.view)

    def showEvent(self, event) -> None:
        """Once on screen, bring Open3D in."""
        super().showEvent(event)
        if not self.view.is_ready:
            QTimer.singleShot(0, self._loader.start)

    def shut_down(self) -> None:
        """End what still runs; for tests and the end of the program."""
        self._idle.stop()
        self._loader.join()
        self._outside.close()

    # --- construction ------------------------------------------------------------------------

    def _layer_toggle(self, layer: str, icon: str, text: str, key: str, is_on: bool) -> IconToggle:
        toggle = IconToggle(icon, text, self.theme, shortcut=key, checked=is_on)
        toggle.action.toggled.connect(lambda is_shown: self._set_layer(layer, is_shown))
        self.add_tool(toggle)
        return toggle

    def _add_ruler_and_views(self) -> None:
        self.ruler = IconToggle("ruler", "Ruler: click two points", self.theme, shortcut="Shift+R")
        self.ruler.action.toggled.connect(self.view.set_measuring)
        self.add_tool(self.ruler)
        clear = make_action(self, "Take the ruler away", shortcut="Esc")
        clear.triggered.connect(self.view.clear_ruler)
        clear.setEnabled(False)  # Esc belongs to others while there is no ruler
        self.ruler.action.toggled.connect(clear.setEnabled)
        self._views_menu = QMenu(self)
        for number, name in enumerate(PRESETS, start=1):
            action = make_action(self, f"{name} view", shortcut=str(number))
            action.triggered.connect(lambda _=False, name=name: self.view.show_preset(name))
            self._views_menu.addAction(action)
        fit = make_action(self, "Fit the hands", shortcut="0")
        fit.triggered.connect(lambda: self.view.fit())
        self._views_menu.addAction(fit)
        self.views = IconButton("video-camera", "Views", self.theme)
        self.views.action.triggered.connect(self._show_views)
        self.add_tool(self.views)

    def _add_key_actions(self) -> None:
        step = ORBIT_STEP_PX
        entries = (
            ("Next alignment", "Shift+A", self._next_alignment),
            ("Come closer to the hands", "Ctrl+Alt++", lambda: self._zoom(ZOOM_STEPS)),
            ("Step back from the hands", "Ctrl+Alt+-", lambda: self._zoom(-ZOOM_STEPS)),
            ("Turn the hands left", "Ctrl+Alt+Left", lambda: self._orbit(-step, 0)),
            ("Turn the hands right", "Ctrl+Alt+Right", lambda: self._orbit(step, 0)),
            ("Turn the hands up", "Ctrl+Alt+Up", lambda: self._orbit(0, -step)),
            ("Turn the hands down", "Ctrl+Alt+Down", lambda: self._orbit(0, step)),
            ("Open in Open3D's viewer (needs a GPU)", "Shift+V", self._open_outside),
        )
        for text, key, do in entries:
            action = make_action(self, text, shortcut=key)
            action.triggered.connect(lambda _=False, do=do: do())

    def _connect_document(self) -> None:
        document = self.document
        document.sample_changed.connect(lambda _: document.show_later(self._show_sample))
        document.row_changed.connect(lambda _: self._on_row_changed())
        document.neighbour_ready.connect(self._on_neighbour)
        document.hand_model_changed.connect(self._on_hand_model_changed)
        document.hovered_joint_changed.connect(self.view.set_hovered_joint)
        self.view.joint_hovered.connect(document.hover)

    # --- what the document says --------------------------------------------------------------

    def _on_hand_model_changed(self) -> None:
        self._ahead = _Ahead()
        self._idle.stop()
        self.view.set_hand_model(self.document.hand_model)
        self.legend.show_hand_model(self.document.hand_model.name)
        self._show_sample()

    def _on_open3d(self, problem: str) -> None:
        if problem:
            self.view.set_notice(problem)
        else:
            self.view.set_ready()

    def _show_sample(self) -> None:
        sample = self.document.sample
        scene = drawn = None
        if self._ahead.is_of(sample, self.alignment):
            scene, drawn = self._ahead.scene, self._ahead.drawn
        elif sample is not None:
            scene = self._scene_of(sample)
        self._ahead = _Ahead()
        self.view.set_message(*_message(sample))
        self.view.set_scene(scene, is_passing=self.document.awaits_prediction, ahead=drawn)
        self._update_legend()

    def _scene_of(self, sample: Sample) -> MeshScene | None:
        is_right = self.document.hand_model.is_right
        return build_scene(sample, self.alignment, is_right=is_right)

    def _on_row_changed(self) -> None:
        self._idle.stop()
        self.view.sharpening.hold()

    def _on_neighbour(self, sample: Sample) -> None:
        self._neighbour = sample
        self._idle.start()

    def _draw_ahead(self) -> None:
        """While nothing else is to do: a step to this sample has then nothing left but to paint."""
        scene = self._scene_of(self._neighbour)
        drawn = None if scene is None else self.view.draw_ahead(scene)
        self._ahead = _Ahead(self._neighbour, self.alignment, scene, drawn)

    def _update_legend(self) -> None:
        scene = self.view.scene
        has_truth = scene is not None and scene.truth is not None
        self.legend.show_hands(
            has_prediction=scene is not None and scene.prediction is not None,
            has_truth=has_truth,
            ghost_only=not self.view.layers.mesh,
        )

    # --- what the person asks for ------------------------------------------------------------

    def _set_layer(self, layer: str, is_shown: bool) -> None:
        self.view.set_layers(replace(self.view.layers, **{layer: is_shown}))
        self._update_legend()

    def _next_alignment(self) -> None:
        alignments = list(Alignment)
        following = (alignments.index(self.alignment) + 1) % len(alignments)
        self.alignments.set_value(alignments[following].value)

    def _show_views(self) -> None:
        self._views_menu.popup(self.views.mapToGlobal(self.views.rect().bottomLeft()))

    def _open_outside(self) -> None:
        scene = self.view.scene
        if scene is None or scene.reference is None:
            self.view.set_notice("There is no hand to open in Open3D's viewer.")
        else:
            self._outside.open(scene, self.document.hand_model.of_side(scene.is_right).faces)

    def _zoom(self, steps: float) -> None:
        self.view.set_camera(self.view.camera.zoom(steps))

    def _orbit(self, right_px: float, down_px: float) -> None:
        self.view.set_camera(self.view.camera.orbit(right_px, down_px))


def _message(sample: Sample | None) -> tuple[str, str]:
    """What to say while there is no hand: title and what to do."""
    if sample is None:
        return "No sample open", "Open a dataset to see its hands here."
    if sample.problem:
        return "No hand to show", sample.problem
    if sample.frame is None:
        return "Reading the sample …", ""
    return "No hand to show yet", "This frame has no labelled surface; a prediction would be drawn."
