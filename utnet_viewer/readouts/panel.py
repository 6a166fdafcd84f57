"""The readouts panel: eight numbers, two charts and the hand's size, all of one frame."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMessageBox, QVBoxLayout, QWidget

from core.conventions import BONES
from core.evaluation.hand_size import HandSize, hand_size
from core.evaluation.metrics import bone_lengths_mm
from core.hand.hand_model import HandModel
from utnet_viewer.document import Document, EngineState, Sample
from utnet_viewer.readouts.bone_chart import BoneLengthChart
from utnet_viewer.readouts.figures import FIGURES, Reading, read
from utnet_viewer.readouts.hand_table import HandSizeTable
from utnet_viewer.readouts.joint_chart import JointErrorChart
from utnet_viewer.readouts.report import readouts_csv
from utnet_viewer.readouts.session import SeenFrames
from utnet_viewer.readouts.strip import ReadoutStrip
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton, SegmentedControl, make_action
from utnet_viewer.widgets.panel import Panel

PROCRUSTES, WRIST_ALIGNED, PIXELS = "PA mm", "wrist mm", "px"


class _Measure:
    """What the joint chart shows under one word of the segment."""

    def __init__(self, errors: str, median: str, title: str, unit: str, subtitle: str) -> None:
        self.errors, self.median, self.title = errors, median, title
        self.unit, self.subtitle = unit, subtitle


_MEASURES = {
    PROCRUSTES: _Measure(
        "pa_joint_errors_mm", "pa_mpjpe_mm", "Per joint, PA-aligned", "mm", "Procrustes-aligned"
    ),
    WRIST_ALIGNED: _Measure(
        "joint_errors_mm", "mpjpe_mm", "Per joint, wrist-aligned", "mm", "wrist-aligned"
    ),
    PIXELS: _Measure(
        "keypoint_errors_px", "keypoint_error_px", "Per joint, in the photo", "px", "in the photo"
    ),
}

#: Below these widths the hand's size, then the bones, fold away; below the height both charts.
_TABLE_FROM, _BONES_FROM, _CHARTS_FROM_HEIGHT = 820, 560, 170
_PATIENCE_MS = 180


class ReadoutsPanel(Panel):
    """Shows the document's sample in numbers, beside the medians of this session."""

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Readouts", theme, parent)
        self.document = document
        self.seen = SeenFrames()
        self._known_sizes: dict[bytes, HandSize] = {}
        self.strip = ReadoutStrip(theme)
        self.joints, self.bones = JointErrorChart(theme), BoneLengthChart(theme)
        self.sizes = HandSizeTable(theme)
        self._lines: list[QFrame] = []
        self._network = document.engine.model
        self._is_patient = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._is_patient.timeout.connect(self._show_state)
        self._add_tools(theme)
        self.set_body(self._build_body(theme))
        self._connect()
        self._show_sample()

    @property
    def panel_actions(self) -> list[QAction]:
        """Everything the panel can do, for the menus."""
        return self.actions()

    def save_state(self) -> str:
        """The unit of the joint errors, to be kept until the next start."""
        return self.measure.value

    def restore_state(self, state: str) -> None:
        """Take back what `save_state` gave; raises ValueError for anything else."""
        if state not in _MEASURES:
            raise ValueError(f"not a state of the readouts panel: {state!r}")
        self.measure.set_value(state)

    # --- building ---------------------------------------------------------------------------

    def _add_tools(self, theme: Theme) -> None:
        self.measure = SegmentedControl(tuple(_MEASURES), title="Joint errors")
        self.measure.changed.connect(lambda _: self._show_joints())
        self.add_tool(self.measure)
        copy = IconButton("copy", "Copy the numbers", theme, shortcut="Ctrl+Shift+C")
        copy.action.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.as_csv()))
        export = IconButton("export", "Export the numbers as CSV…", theme, shortcut="Ctrl+E")
        export.action.triggered.connect(lambda: self._export())
        self.add_tool(copy)
        self.add_tool(export)
        action = make_action(self, "Next unit of the joint errors", shortcut="U")
        action.triggered.connect(lambda: self._next_measure())

    def _build_body(self, theme: Theme) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self._line(is_upright=False))
        self.charts = QWidget()
        # Smaller than its parts ask for: they fold away instead of holding the window open.
        self.charts.setMinimumSize(1, 1)
        row = QHBoxLayout(self.charts)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.joints, 45)
        row.addWidget(self._line(is_upright=True))
        row.addWidget(self.bones, 40)
        row.addWidget(self._line(is_upright=True))
        row.addWidget(self.sizes, 27)
        column.addWidget(self.charts, 1)
        self.theme.changed.connect(self._restyle)
        self._restyle()
        return body

    def _line(self, *, is_upright: bool) -> QFrame:
        line = QFrame()
        (line.setFixedWidth if is_upright else line.setFixedHeight)(1)
        self._lines.append(line)
        return line

    def _restyle(self) -> None:
        for line in self._lines:
            line.setStyleSheet(f"background: {self.theme.palette.line};")

    def _connect(self) -> None:
        document = self.document
        document.sample_changed.connect(lambda _: document.show_later(self._show_sample))
        document.hovered_joint_changed.connect(self._on_hovered_joint)
        document.dataset_changed.connect(self.seen.clear)
        document.hand_model_changed.connect(self._on_hand_model)
        document.engine_changed.connect(self._on_engine)
        for chart in (self.joints, self.bones):
            chart.hovered.connect(document.hover)

    # --- what the document says -------------------------------------------------------------

    def _show_sample(self) -> None:
        sample = self.document.sample
        metrics = None if sample is None else sample.metrics
        if metrics is not None:
            self.seen.forget(sample.row)
        for figure in FIGURES:
            median, frames = self.seen.median(figure.name), self.seen.count(figure.name)
            reading = read(figure, metrics, median=median, frames=frames)
            self.strip.cells[figure.name].show_reading(reading)
        self._say_why_empty(sample)
        self._medians = {f.name: self.seen.median(f.name) for f in FIGURES}
        if metrics is not None:
            self.seen.add(sample.row, metrics)
        self._show_joints()
        self.bones.show_differences(bone_differences_mm(sample))
        self.sizes.show_sizes(*self._hand_sizes(sample))
        if not self._is_patient.isActive():
            self._is_patient.start()
        if self._state() == "" or not self._is_waiting():
            self._is_patient.stop()
            self._show_state()

    def _say_why_empty(self, sample: Sample | None) -> None:
        """A dash without a reason is a riddle: the first cell without a number says why."""
        is_unlabelled = sample is not None and sample.frame is not None and not _has_truth(sample)
        for cell in self.strip.cells.values():
            if cell.reading.notes == ("",) and is_unlabelled:
                cell.show_reading(Reading(notes=("no ground truth", "no GT")))

    def _on_hovered_joint(self, joint: int) -> None:
        self.joints.mark_joint(joint)
        self.bones.mark_joint(joint)

    def _on_hand_model(self) -> None:
        self.seen.clear()
        self._known_sizes.clear()
        self._show_sample()

    def _on_engine(self, state: EngineState) -> None:
        """Medians of one network say nothing of another."""
        if self._network and state.model and state.model != self._network:
            self.seen.clear()
        self._network = state.model or self._network
        self._show_state()

    # --- what is shown ----------------------------------------------------------------------

    def _state(self) -> str:
        """Why there are no numbers, "" where there are."""
        sample = self.document.sample
        if sample is None:
            return "no sample"
        if sample.frame is None:
            return sample.problem or "loading"
        if sample.problem:
            return sample.problem
        if sample.prediction is None:
            return "awaiting prediction"
        return "" if _has_truth(sample) else "no ground truth"

    def _is_waiting(self) -> bool:
        """Whether the state will soon be another one, and is not worth a flicker."""
        return self._state() in ("loading", "awaiting prediction")

    def _show_state(self) -> None:
        sample, words = self.document.sample, self._state()
        if sample is not None and sample.problem:
            # The whole sentence stands in the header.
            words = "no frame" if sample.frame is None else "no prediction"
        words = words[:1].upper() + words[1:]
        self.joints.say(words)
        self.bones.say(words)
        self._show_subtitle()

    def _show_subtitle(self) -> None:
        sample = self.document.sample
        state = self._state() or _MEASURES[self.measure.value].subtitle
        if self._is_waiting() and self._is_patient.isActive():
            state = _MEASURES[self.measure.value].subtitle
        if sample is None or sample.frame is None:
            self.set_subtitle(state)
            return
        frame_id = sample.frame.frame_id
        self.set_subtitle(f"{frame_id.sequence} / {frame_id.frame} · {state}")

    def _show_joints(self) -> None:
        measure = _MEASURES[self.measure.value]
        sample = self.document.sample
        metrics = None if sample is None else sample.metrics
        errors = np.full(21, np.nan) if metrics is None else getattr(metrics, measure.errors)
        self.joints.show_errors(
            errors, median=self._medians[measure.median], title=measure.title, unit=measure.unit
        )
        self._show_subtitle()

    def _hand_sizes(self, sample: Sample | None) -> tuple[HandSize | None, HandSize | None]:
        if sample is None or sample.frame is None:
            return None, None
        model, label = self.document.hand_model, sample.frame.hand
        truth = None if label is None or label.mano is None else label.mano.betas
        prediction = None if sample.prediction is None else sample.prediction.mano.betas
        return self._hand_size(model, truth), self._hand_size(model, prediction)

    def _hand_size(self, model: HandModel, betas: np.ndarray | None) -> HandSize | None:
        """Measured once per shape: within a sequence the true hand is one and the same."""
        if betas is None:
            return None
        key = np.asarray(betas, float).tobytes()
        if key not in self._known_sizes:
            if len(self._known_sizes) > 1000:
                self._known_sizes.clear()
            self._known_sizes[key] = hand_size(model, betas)
        return self._known_sizes[key]

    def _next_measure(self) -> None:
        names = list(_MEASURES)
        self.measure.set_value(names[(names.index(self.measure.value) + 1) % len(names)])

    def resizeEvent(self, event) -> None:
        """Where it is cramped, whole parts fold away rather than all of them shrinking."""
        super().resizeEvent(event)
        self.sizes.setVisible(self.width() >= _TABLE_FROM)
        self._lines[2].setVisible(self.width() >= _TABLE_FROM)
        self.bones.setVisible(self.width() >= _BONES_FROM)
        self._lines[1].setVisible(self.width() >= _BONES_FROM)
        self.charts.setVisible(self.height() >= _CHARTS_FROM_HEIGHT)

    # --- taking the numbers away ------------------------------------------------------------

    def as_csv(self) -> str:
        """All numbers of the sample on screen as CSV; "" where there is none."""
        sample = self.document.sample
        if sample is None:
            return ""
        return readouts_csv(
            sample,
            bone_differences_mm(sample),
            self._hand_sizes(sample),
            hand_model=self.document.hand_model.name,
            network=self.document.engine.model,
        )

    def _export(self) -> None:
        sample = self.document.sample
        if sample is None or sample.frame is None:
            return
        frame_id = sample.frame.frame_id
        name = f"{frame_id.sequence}_{frame_id.frame}.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Export the numbers", name, "CSV (*.csv)")
        if not path:
            return
        try:
            Path(path).write_text(self.as_csv(), encoding="utf-8")
        except OSError as error:
            text = f"{path} was not written: {error.strerror}. Choose another folder."
            QMessageBox.warning(self, "Export the numbers", text)


def bone_differences_mm(sample: Sample | None) -> np.ndarray:
    """Predicted minus true bone lengths (20,) in mm, NaN where one of them is unknown."""
    if sample is None or sample.frame is None or sample.prediction is None:
        return np.full(len(BONES), np.nan)
    if sample.frame.hand is None:
        return np.full(len(BONES), np.nan)
    predicted = bone_lengths_mm(sample.prediction.joints_mm)
    return predicted - bone_lengths_mm(sample.frame.hand.joints_mm)


def _has_truth(sample: Sample) -> bool:
    return sample.frame.hand is not None and sample.frame.hand.has_all_joints
