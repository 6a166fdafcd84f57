"""The Train workspace: configure, launch, watch, stop, resume, compare."""

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from core.training.config import TrainingConfig
from core.training.presets import preset_description, preset_names
from core.training.run_folder import RunFolder, RunState, RunSummary
from core.training.run_history import RunView
from utnet_viewer.crash_log import log
from utnet_viewer.settings import Settings
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.training.charts.panel import ChartsPanel
from utnet_viewer.training.configuration_panel import ConfigurationPanel
from utnet_viewer.training.fixed_samples import FixedSamplesPanel
from utnet_viewer.training.monitor import RunMonitor
from utnet_viewer.training.run_configs import RunConfigs
from utnet_viewer.training.run_controls import RunControls
from utnet_viewer.training.run_header import RunHeader, Shown, remedy_of
from utnet_viewer.training.run_words import tell
from utnet_viewer.training.runs_book import RunsBook
from utnet_viewer.training.runs_panel import RunsPanel

#: What is remembered under which name.
KEEP = "train"

#: The mock-up's sizes at 1600x1000; smaller windows keep the proportions.
FORM_WIDTH, CHARTS_HEIGHT, LOWER_HEIGHT = 348, 540, 280
SAMPLES_WIDTH, RUNS_WIDTH = 600, 640


#: So long a warning stands in the header; the log and the charts keep it.
WARNING_S = 120.0


class TrainWorkspace(QWidget):
    """Everything of the tab; what leaves it goes out as signals."""

    checkpoint_wanted = Signal(str)  # a checkpoint to predict with in Inspect
    said = Signal(str, str)  # sentence for the status bar, its kind
    refused = Signal(str, str, str)  # title, text, details: a notice
    ask_wanted = Signal(object, str)  # run and its dataset, for the doctor
    states_changed = Signal()  # what can be done to the current run is something else now

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        *,
        runs_root: Path,
        form: ConfigurationPanel,
        charts: ChartsPanel,
        command: tuple[str, ...] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`form` and `charts` take a while to make, so they are made before, one at a time;
        `command` stands in for ``utnet``."""
        super().__init__(parent)
        self.theme, self.settings, self.runs_root = theme, settings, runs_root
        self.book, self.configs = RunsBook(), RunConfigs(self)
        self._baseline: Path | None = None
        self._has_list = False
        self._wanted: Path | None = None  # to be shown as soon as it is in the list
        self.form, self.charts = form, charts
        self.header, self.runs = RunHeader(theme), RunsPanel(theme)
        self.samples = FixedSamplesPanel(theme)
        self.controls = RunControls(runs_root, command=command, parent=self)
        self.monitor = RunMonitor(runs_root, parent=self)
        self._tick = QTimer(self, interval=1000)
        self._arrange()
        self._restore()
        self._connect()
        self._show_current()

    def _arrange(self) -> None:
        """From the outside in: what is put elsewhere later is styled twice."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._whole = QSplitter(Qt.Orientation.Horizontal)
        layout.addWidget(self._whole)
        right = QWidget(self._whole)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GUTTER)
        self._right = QSplitter(Qt.Orientation.Vertical)
        column.addWidget(self.header)
        column.addWidget(self._right, 1)
        self._whole.insertWidget(0, self.form)
        self._right.addWidget(self.charts)
        self._lower = QSplitter(Qt.Orientation.Horizontal)
        self._right.addWidget(self._lower)
        self._lower.addWidget(self.samples)
        self._lower.addWidget(self.runs)
        self._splitters = {"whole": self._whole, "right": self._right, "lower": self._lower}
        for splitter in self._splitters.values():
            splitter.setHandleWidth(GUTTER)
            splitter.setChildrenCollapsible(False)
        self.form.setMinimumWidth(290)
        self.samples.setMinimumWidth(220)
        self.runs.setMinimumWidth(320)
        self._lower.setMinimumHeight(170)
        self.charts.setMinimumHeight(200)
        self._whole.setStretchFactor(1, 1)
        self._right.setStretchFactor(0, 1)
        self.reset_layout()

    def reset_layout(self) -> None:
        """As at the very first start."""
        self._whole.setSizes([FORM_WIDTH, 1600 - FORM_WIDTH])
        self._right.setSizes([CHARTS_HEIGHT, LOWER_HEIGHT])
        self._lower.setSizes([SAMPLES_WIDTH, RUNS_WIDTH])

    def _connect(self) -> None:
        table, form = self.runs.table, self.form
        form.start_wanted.connect(self.controls.start)
        form.refused.connect(lambda title, text: self.refused.emit(title, text, ""))
        form.changed.connect(self._keep_form)
        self.header.wanted.connect(self.act)
        table.current_changed.connect(self._on_current)
        table.ticked_changed.connect(self._on_ticked)
        table.hidden_changed.connect(self._keep_hidden)
        table.baseline_wanted.connect(self._use_baseline)
        table.configuration_wanted.connect(self._use_configuration)
        table.open_best_wanted.connect(self._open_best)
        table.folder_wanted.connect(_show_folder)
        table.ask_wanted.connect(self._ask)
        self.configs.arrived.connect(self._on_config)
        self.controls.began.connect(self._on_began)
        self.controls.refused.connect(self.refused)
        self.controls.asked_changed.connect(self._show_header)
        self.controls.starting_changed.connect(form.say_starting)
        self.monitor.runs_changed.connect(self._on_runs)
        self.monitor.run_updated.connect(self._on_view)
        self.monitor.problem_changed.connect(self._on_problem)
        self._tick.timeout.connect(self._show_header)

    # What the window does with it.

    def act(self, what: str) -> None:
        """Do something to the current run: "pause", "resume", "stop", "terminate", "continue",
        "checkpoint", "validate", "ask", "apply" (its failure's remedy, to the form), "folder",
        "details"; what does not fit its state is left."""
        summary = self.book.summary(self.book.current)
        if summary is None:
            return
        if what == "ask":
            self._ask(summary.path)
        elif what == "apply":
            self._apply_remedy(summary)
        elif what == "folder":
            _show_folder(summary.path)
        elif what == "details":
            self.header.copy_details()
        else:
            self.controls.act(what, summary, self.window())

    @property
    def is_settled(self) -> bool:
        """Whether the list was read, and the current run's history with it."""
        is_read = self._has_list and self.book.current in (None, *self.book.views)
        return is_read and not self.form.form.is_unfolding

    def can(self, what: str) -> bool:
        """Whether `act` (or "toggle": pause and go on) would do something now."""
        summary = self.book.summary(self.book.current)
        if summary is None:
            return False
        return summary.state.is_alive or (what == "toggle" and summary.state != RunState.FINISHED)

    def toggle_pause(self) -> None:
        """Pause what goes on, go on with what is paused or over."""
        self.header.pause.click()

    @property
    def live(self) -> list[RunSummary]:
        """Runs with a process at work."""
        return self.book.live

    def actions_of_panels(self) -> dict[str, list[QAction]]:
        """What the panels can do by their titles, for menus and the shortcut sheet."""
        return {"Charts": self.charts.actions(), "Runs and log": self.runs.actions()}

    def offer_datasets(self, folders: list[str]) -> None:
        """Datasets that the form offers, the open one first."""
        self.form.form.offer_datasets(folders)

    def shut_down(self) -> None:
        """Stop following; the runs themselves go on."""
        self._tick.stop()
        self._keep_form()
        self._keep_splitters()
        self.monitor.close()
        self.controls.close()

    # What the monitor tells.

    def _on_runs(self, summaries: list[RunSummary]) -> None:
        book, self._has_list = self.book, True
        self._tell_of_ends(summaries)
        book.summaries = summaries
        paths = [summary.path for summary in summaries]
        self.form.set_taken([path.name for path in paths])
        self.form.say_live(bool(book.live))
        if self._baseline not in paths:
            self._baseline = self._remembered_baseline(paths)
        self.configs.want(paths)
        self.runs.show_runs(summaries)
        self._choose(paths)
        self._show_header()

    def _choose(self, paths: list[Path]) -> None:
        """The run that was just started, or another one where the shown one is gone."""
        table, book = self.runs.table, self.book
        if self._wanted in paths:
            table.select(self._wanted)
            self._wanted = None
        if book.current is not None and book.current not in paths:
            book.current = None
            self._show_current()
        if book.current is None:
            table.select(book.first_choice(self.settings.text(f"{KEEP}/run"), table.shown))

    def _tell_of_ends(self, summaries: list[RunSummary]) -> None:
        """Say in the status bar, also to who looks at Inspect, that a run came to its end."""
        was_live = {summary.path for summary in self.book.live}
        for summary in summaries:
            if summary.path in was_live and not summary.state.is_alive:
                told = tell(summary)
                kind = "info" if told.kind == "plain" else told.kind
                words = f"{summary.name}: {told.word.lower()}. {summary.reason}".rstrip()
                self.said.emit(words, kind)

    def _on_view(self, view: RunView) -> None:
        if view.path not in self.book.followed:
            return
        self.book.views[view.path] = view
        self.charts.show_runs(self.book.drawn(), current=self.book.current)
        if view.path == self.book.current:
            self.samples.show_run(view)
            self._show_header()

    def _on_problem(self, problem: str) -> None:
        if problem:
            self.refused.emit("The runs cannot be read", problem, problem)

    def _on_began(self, path: Path) -> None:
        self._wanted = path
        self.configs.read_again(path)
        self.said.emit(f"{path.name} was started. It goes on when the window is closed.", "busy")

    # What the table tells.

    def _on_current(self, path: Path | None) -> None:
        if path is None or path == self.book.current:
            return
        self.book.current = path
        self.settings.put(f"{KEEP}/run", path.name)
        self._show_current()

    def _on_ticked(self, ticked: frozenset[Path]) -> None:
        self.book.ticked = ticked
        self._follow()

    def _show_current(self) -> None:
        path = self.book.current
        self.runs.show_log(path)
        self.samples.show_run(self.book.views.get(path))
        self._follow()
        self._show_header()

    def _follow(self) -> None:
        self.book.forget_unfollowed()
        self.monitor.follow(self.book.followed)
        self.charts.show_runs(self.book.drawn(), current=self.book.current)

    def _show_header(self) -> None:
        summary = self.book.summary(self.book.current)
        if summary is None:
            self.header.show_nothing(first_words(self.form.draft.baseline_name))
            return
        asked, asked_s = self.controls.asked(summary)
        config = self.configs.get(summary.path)
        view = self.book.views.get(summary.path)
        recent = time.time() - WARNING_S
        warnings = [w for w in view.warnings[-1:] if w.time > recent] if view is not None else []
        self.header.show_run(
            Shown(
                summary,
                epochs=None if config is None else config.run.epochs,
                asked=asked,
                asked_s=asked_s,
                warning=warnings[-1].message if warnings else "",
            )
        )
        self._tick.start() if asked else self._tick.stop()
        self.states_changed.emit()

    # Configurations of runs.

    def _on_config(self, path: Path) -> None:
        self.charts.set_config(path, self.configs.get(path))
        if path == self._baseline:
            self.runs.show_differences(self.configs, self._baseline)
        else:
            self.runs.show_difference(self.configs, self._baseline, path)
        if path == self.book.current:
            self._show_header()

    def _remembered_baseline(self, paths: list[Path]) -> Path | None:
        name = self.settings.text(f"{KEEP}/baseline")
        found = next((path for path in paths if path.name == name), paths[-1] if paths else None)
        self.runs.show_differences(self.configs, found)
        return found

    def _use_baseline(self, path: Path) -> None:
        self._baseline = path
        self.settings.put(f"{KEEP}/baseline", path.name)
        self.runs.show_differences(self.configs, path)

    def _use_configuration(self, path: Path) -> None:
        config: TrainingConfig | None = self.configs.get(path)
        if config is not None:
            self.form.replace_by(config, path.name)

    def _apply_remedy(self, summary: RunSummary) -> None:
        """The run's configuration into the form, with what its failure says is to be changed."""
        changes = remedy_of(summary)
        if not changes or self.configs.get(summary.path) is None:
            return
        self._use_configuration(summary.path)
        self.form.set_values(changes)
        values = ", ".join(f"{key} {value}" for key, value in changes.items())
        self.said.emit(f"The form has {summary.name}'s configuration with {values}.", "success")

    def _open_best(self, path: Path) -> None:
        best = RunFolder(path).checkpoint("best")
        if best.is_file():
            self.checkpoint_wanted.emit(str(best))
        else:
            self.refused.emit("There is no best checkpoint", f"{best} is not there.", "")

    def _ask(self, path: Path) -> None:
        config: TrainingConfig | None = self.configs.get(path)
        if config is None:
            title = "The doctor cannot be asked about this run"
            self.refused.emit(title, f"{path}: its configuration cannot be read.", "")
        else:
            self.ask_wanted.emit(path, config.data.dataset)

    # What is remembered.

    def _keep_form(self) -> None:
        self.settings.put(f"{KEEP}/form", self.form.keep())

    def _keep_hidden(self, names: frozenset[str]) -> None:
        self.settings.put(f"{KEEP}/hidden", "\n".join(sorted(names)))

    def _keep_splitters(self) -> None:
        for name, splitter in self._splitters.items():
            self.settings.put(f"{KEEP}/splitter_{name}", splitter.saveState())

    def _restore(self) -> None:
        kept = self.settings.text(f"{KEEP}/form")
        try:
            if kept:
                self.form.restore(kept)
        except ValueError as error:
            log.warning("the form as it was last time is not used: %s", error)
        hidden = self.settings.text(f"{KEEP}/hidden")
        self.runs.table.say_empty(first_words(self.form.draft.baseline_name))
        self.runs.table.set_hidden(frozenset(name for name in hidden.split("\n") if name))
        for name, splitter in self._splitters.items():
            state = self.settings.bytes(f"{KEEP}/splitter_{name}")
            if not state.isEmpty():
                splitter.restoreState(state)


def first_words(preset: str) -> str:
    """What to do while there is no run."""
    if preset not in preset_names():
        return f"Press Start to train with the values of {preset}, as they stand at the left."
    return f"Press Start to train the preset {preset}. {preset_description(preset)}"


def _show_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
