"""The card with the runs and the log of the chosen one."""

from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QWidget

from core.training.config import differences
from core.training.run_folder import RunFolder, RunSummary
from utnet_viewer.theme import Theme
from utnet_viewer.training.difference_text import difference_lines, difference_text
from utnet_viewer.training.log_view import LogView
from utnet_viewer.training.run_configs import RunConfigs
from utnet_viewer.training.run_table import RunTable
from utnet_viewer.widgets.controls import SegmentedControl
from utnet_viewer.widgets.panel import Panel

RUNS, LOG = "Runs", "Log"


class RunsPanel(Panel):
    """Two faces: the table of runs, and the tail of the log."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(RUNS, theme, parent)
        self.table, self.log = RunTable(theme), LogView(theme)
        self.faces = SegmentedControl((RUNS, LOG), title="Lower right", shortcuts=("", "Ctrl+L"))
        self.add_tool(self.faces)
        self.addActions([*self.table.actions(), *self.log.actions()])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.log)
        self.set_body(self._stack)
        self.faces.changed.connect(self._on_face)
        self._on_face(RUNS)

    def _on_face(self, face: str) -> None:
        is_log = face == LOG
        self._stack.setCurrentWidget(self.log if is_log else self.table)
        self.header.title.setText(face)
        self._say_subtitle()

    def show_runs(self, summaries: list[RunSummary]) -> None:
        """Every run, newest first."""
        self.table.show_runs(summaries)
        self._say_subtitle()

    def show_log(self, path: Path | None) -> None:
        """The log of a run, named by its folder."""
        self.log.show_log(None if path is None else RunFolder(path).log_file)
        self._say_subtitle()

    def _say_subtitle(self) -> None:
        """How many runs there are, or whose log it is."""
        current, count = self.table.current, len(self.table.model.rows)
        if self.faces.value == LOG:
            self.set_subtitle("" if current is None else current.name)
        else:
            self.set_subtitle(f"{count}" if count else "")

    def show_differences(self, configs: RunConfigs, baseline: Path | None) -> None:
        """Against another baseline from now on."""
        self.table.model.set_baseline_name("" if baseline is None else baseline.name)
        for row in list(self.table.model.rows):
            self.show_difference(configs, baseline, row.summary.path)

    def show_difference(self, configs: RunConfigs, baseline: Path | None, path: Path) -> None:
        """One run's configuration against the baseline's, as far as both are known."""
        config, other = configs.get(path), configs.get(baseline) if baseline else None
        if config is None or other is None:
            return
        self.table.set_difference(
            path, difference_text(config, other), difference_lines(differences(config, other))
        )
