"""The panel that says what is examined: data, configuration, checkpoint, run, adapter, time."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.files.embedded import DEMO
from core.training.presets import preset_description, preset_names
from utnet_viewer.doctor.place_choice import Entry, PlaceChoice
from utnet_viewer.doctor.request import ConfigChoice, Request
from utnet_viewer.doctor.telling import TIERS
from utnet_viewer.theme import CONTROL, PADDING, Theme
from utnet_viewer.training.configuration_panel import FILES
from utnet_viewer.widgets.controls import IconButton, SegmentedControl
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.panel import Panel

CHECKPOINTS = "Checkpoints (*.safetensors *.pt *.pth *.ckpt);;All files (*)"
_LABEL_WIDTH = 96
_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_TIER_NAMES = {words: tier for tier, (words, _) in TIERS.items()}


class SubjectPanel(Panel):
    """`request` is what stands here; `run_wanted` asks for its examination."""

    changed = Signal()  # another subject: the last examination of it can be shown
    run_wanted = Signal()
    folded_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("What is examined", theme, parent)
        self.request = Request()
        self._datasets: Sequence[str] = ()
        self._runs: Sequence[Path] = ()
        self._is_running = self._has_result = self._is_folded = False
        self.dataset = PlaceChoice("Dataset", theme, other="Another folder…")
        self.config = PlaceChoice("Configuration", theme, other="Another file…")
        self.checkpoint = PlaceChoice("Checkpoint", theme, other="Another file…")
        self.run = PlaceChoice("Run", theme, other="Another run's folder…")
        self.adapter = QLineEdit()
        self.adapter.setPlaceholderText("package.module:factory")
        self.adapter.setToolTip(
            "Somebody else's pipeline instead of this project's: a function that returns it "
            "(docs/doctor_adapter.md)"
        )
        self.adapter.setAccessibleName("Adapter")
        self.tier = SegmentedControl(list(_TIER_NAMES), title="Time it may take")
        self.cost, self.summary, self.problem = QLabel(), ElidedLabel(), QLabel()
        self.start = QPushButton("Examine")
        self.start.setObjectName("primary")
        self.fold = IconButton("caret-up", "Fold what is examined", theme, shortcut="Ctrl+Shift+W")
        self.fold.action.triggered.connect(lambda: self.set_folded(not self._is_folded))
        self.add_tool(self.fold)
        self.set_body(self._make_body())
        self._connect()
        self.show_request(self.request)

    def _make_body(self) -> QWidget:
        self._form = QWidget()
        grid = QGridLayout(self._form)
        grid.setContentsMargins(PADDING, 0, PADDING, 2)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(5)
        rows = {
            "Dataset": self.dataset,
            "Configuration": self.config,
            "Checkpoint": self.checkpoint,
            "Run": self.run,
            "Adapter": self.adapter,
        }
        self.adapter.setFixedHeight(CONTROL)
        for number, (name, control) in enumerate(rows.items()):
            label = QLabel(name)
            label.setObjectName("quiet")
            label.setFixedWidth(_LABEL_WIDTH)
            label.setBuddy(control)
            grid.addWidget(label, number, 0)
            grid.addWidget(control, number, 1)
        grid.setColumnStretch(1, 1)
        label = QLabel("Time")
        label.setObjectName("quiet")
        grid.addWidget(label, len(rows), 0)
        grid.addWidget(self.tier, len(rows), 1, Qt.AlignmentFlag.AlignLeft)
        for words in (self.cost, self.problem):
            words.setWordWrap(True)
        self.cost.setObjectName("hint")
        # Room for the longest of its texts: the button below must not move from under the pointer.
        self.cost.setMinimumHeight(2 * self.cost.fontMetrics().lineSpacing())
        self.cost.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.problem.setObjectName("fieldProblem")
        self.summary.setObjectName("quiet")
        grid.addWidget(self.cost, len(rows) + 1, 0, 1, 2)
        foot = QHBoxLayout()
        foot.setContentsMargins(PADDING, 4, PADDING, 10)
        foot.setSpacing(8)
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.problem, 1)
        foot.addWidget(self.start)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._form)
        layout.addLayout(foot)
        return body

    def _connect(self) -> None:
        self.dataset.chosen.connect(lambda value: self._change(dataset=value))
        self.dataset.other_wanted.connect(self._ask_for_dataset)
        self.config.chosen.connect(self._on_config)
        self.config.other_wanted.connect(self._ask_for_config)
        self.checkpoint.chosen.connect(lambda value: self._change(checkpoint=value))
        self.checkpoint.other_wanted.connect(self._ask_for_checkpoint)
        self.run.chosen.connect(lambda value: self._change(run=value))
        self.run.other_wanted.connect(self._ask_for_run)
        self.adapter.textEdited.connect(lambda text: self._change(adapter=text.strip()))
        self.tier.changed.connect(lambda words: self._change(tier=_TIER_NAMES[words]))
        self.start.clicked.connect(self.run_wanted)

    # What the window tells.

    def offer_datasets(self, folders: Sequence[str]) -> None:
        """Datasets that are known, the open one first."""
        self._datasets = folders
        self._show()

    def offer_runs(self, runs: Sequence[Path]) -> None:
        """Runs that are known, newest first."""
        if list(runs) != list(self._runs):
            self._runs = runs
            self._show()

    def show_request(self, request: Request) -> None:
        """Let this stand here, without a word."""
        self.request = request.whole
        self.adapter.setText(request.adapter)
        words = next(words for words, tier in _TIER_NAMES.items() if tier is request.tier)
        self.tier.set_value(words)
        self._show()

    def say_running(self, is_running: bool, *, has_result: bool) -> None:
        """While one runs there is no second one; afterwards it is another time."""
        self._is_running, self._has_result = is_running, has_result
        self._show_start()

    def set_folded(self, is_folded: bool) -> None:
        """Show one line instead of the form."""
        self._is_folded = is_folded
        self._form.setVisible(not is_folded)
        self.fold.set_icon("sliders-horizontal" if is_folded else "caret-up")
        words = "Show what is examined" if is_folded else "Fold what is examined"
        self.fold.action.setText(words)
        self.fold.action.setToolTip(f"{words}  (Ctrl+Shift+W)")
        self._show_start()
        self.folded_changed.emit(is_folded)

    @property
    def is_folded(self) -> bool:
        """Whether one line stands for the form."""
        return self._is_folded

    @property
    def trouble(self) -> str:
        """What has to be corrected before anything can be examined; "" for nothing."""
        adapter = self.request.adapter
        if adapter and not _FACTORY.fullmatch(adapter):
            return "An adapter is package.module:factory"
        return ""

    # What the person does.

    def _change(self, **values: object) -> None:
        self.request = replace(self.request, **values)
        self._show()
        self.changed.emit()

    def _on_config(self, value: str) -> None:
        kind, _, name = value.partition("/")
        self._change(config=ConfigChoice(kind, name))

    def _ask_for_dataset(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.window(), "Examine a dataset")
        if folder:
            self._change(dataset=folder)

    def _ask_for_config(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.window(), "Examine a configuration", "", FILES)
        if path:
            self._change(config=ConfigChoice("file", path))

    def _ask_for_checkpoint(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self.window(), "Examine a checkpoint", "", CHECKPOINTS
        )
        if path:
            self._change(checkpoint=path)

    def _ask_for_run(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.window(), "Examine a run")
        if folder:
            self._change(run=folder)

    # How it looks.

    def _show(self) -> None:
        request = self.request
        folders = [DEMO, *(folder for folder in self._datasets if folder != DEMO)]
        if self._datasets and self._datasets[0] != DEMO:
            folders = [*self._datasets, DEMO]
        entries = [_folder_entry(folder) for folder in folders]
        if request.dataset not in folders:
            entries.append(_folder_entry(request.dataset))
        self.dataset.offer(entries, request.dataset)
        self.config.offer(_config_entries(request.config), _config_value(request.config))
        none = [Entry("", "None: fresh weights", "The network as a run starts with it")]
        self.checkpoint.offer(none + _path_entries([request.checkpoint]), request.checkpoint)
        runs = [str(run) for run in self._runs]
        if request.run and request.run not in runs:
            runs.insert(0, request.run)
        self.run.offer([Entry("", "None"), *_path_entries(runs)], request.run)
        self.cost.setText(TIERS[request.tier][1])
        self._show_start()

    def _show_start(self) -> None:
        trouble = self.trouble
        self.start.setEnabled(not self._is_running and not trouble)
        again = "Examine again" if self._has_result else "Examine"
        self.start.setText("Examining…" if self._is_running else again)
        self.start.setToolTip(trouble or "Examine what stands here  (F9)")
        self.problem.setText(trouble)
        self.problem.setVisible(bool(trouble))
        tier = TIERS[self.request.tier][0].lower()
        self.summary.setText(f"{self.request.words} · {tier}" if self._is_folded else "")
        self.summary.setVisible(not trouble)


def _folder_entry(folder: str) -> Entry:
    if folder == DEMO:
        return Entry(DEMO, "demo", "The samples that come with the program")
    return Entry(folder, Path(folder).name or folder, folder)


def _path_entries(paths: Sequence[str]) -> list[Entry]:
    return [Entry(path, Path(path).name, path) for path in paths if path]


def _config_value(choice: ConfigChoice) -> str:
    return f"{choice.kind}/{choice.value}"


def _config_entries(chosen: ConfigChoice) -> list[Entry]:
    entries = [Entry("form/", "Form in Train", "What stands in the form of the Train workspace")]
    entries += [
        Entry(f"preset/{name}", f"preset {name}", preset_description(name))
        for name in preset_names()
    ]
    if chosen.kind in ("file", "run"):
        entries.append(Entry(_config_value(chosen), chosen.words, str(chosen.file)))
    return entries
