"""The Train tab in the window: made when it is first opened, tied to menus, session and closing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction

from core.files.embedded import DEMO, demo_dataset
from utnet_viewer.crash_log import log
from utnet_viewer.docks import INSPECT, TRAIN
from utnet_viewer.session import Session
from utnet_viewer.workspace_entry import WorkspaceEntry

if TYPE_CHECKING:  # imported when the tab is first opened: the window starts without them
    from core.training.run_folder import RunSummary
    from utnet_viewer.training.close_question import CloseQuestion
    from utnet_viewer.training.workspace import TrainWorkspace

#: Between two looks whether the runs have stopped that the window waits for.
_LOOK_MS = 300
#: Name, words and key of each action, and what it does to the current run.
RUN_ACTIONS = (
    ("run_pause", "Pause or resume the run", "Ctrl+P", "toggle"),
    ("run_stop", "Stop the run…", "Ctrl+.", "stop"),
    ("run_terminate", "Terminate the run…", "", "terminate"),
    ("run_checkpoint", "Save a checkpoint now", "Ctrl+Shift+K", "checkpoint"),
    ("run_validate", "Validate now", "Ctrl+Shift+V", "validate"),
)


class TrainEntry(WorkspaceEntry):
    """The tab where runs are started and watched."""

    workspace: TrainWorkspace | None

    def __init__(self, session: Session, add_menu: Callable[[str, list[QAction]], None]) -> None:
        """Nothing is made yet; `add_menu` puts a panel's actions into a menu when it is there.

        `command` may be set before the tab is first opened.
        """
        super().__init__(session, add_menu, TRAIN, waiting="Getting ready to train…")
        self.command: tuple[str, ...] | None = None  # stands in for ``utnet``; tests do that
        self.ask: Callable[[Path, str], None] = _nobody  # the doctor, about a run and its dataset
        self._on_made: list[Callable[[], None]] = []
        self.question: CloseQuestion | None = None
        self._may_close = False
        self._waiting = QTimer(self._window, interval=_LOOK_MS)
        self._waiting.timeout.connect(self._close_when_stopped)
        self.form_actions, self.run_actions = self._make_actions()
        self._window.ask_before_closing(self.may_close)

    def _make_actions(self) -> tuple[list[QAction], list[QAction]]:
        add = self._make_action
        form = (
            ("config_open", "Open a configuration…", "", "ask_to_open"),
            ("config_save", "Save the configuration…", "Ctrl+S", "ask_to_save"),
            ("config_import", "Import an original config.yaml…", "", "ask_to_import"),
            ("config_wrong", "Go to the first wrong value", "F8", "go_to_first_problem"),
        )
        of_form = [
            add(name, words, key, lambda method=method: self._of_form(method))
            for name, words, key, method in form
        ]
        start = add("run_start", "Start a run", "Ctrl+Return", lambda: self._of_form("start_run"))
        of_run = [
            add(name, words, key, lambda what=what: self._act(what))
            for name, words, key, what in RUN_ACTIONS
        ]
        return of_form, [start, *of_run]

    def steps(self) -> list[Callable[[], None]]:
        """Form, charts, what holds them, and showing it: each takes long, and has its own turn."""
        return [self._make_form, self._make_charts, self._make_workspace, self._show_workspace]

    def _make_form(self) -> None:
        from utnet_viewer.training.configuration_panel import ConfigurationPanel

        self._form = ConfigurationPanel(self._window.theme)

    def _make_charts(self) -> None:
        from utnet_viewer.training.charts.panel import ChartsPanel

        self._charts = ChartsPanel(self._window.theme)

    def _make_workspace(self) -> None:
        from core.training.run_folder import default_runs_root
        from utnet_viewer.training.workspace import TrainWorkspace

        self._made = TrainWorkspace(
            self._window.theme,
            self._window.settings,
            runs_root=default_runs_root(),
            form=self._form,
            charts=self._charts,
            command=self.command,
            parent=self._page,
        )

    def _show_workspace(self) -> None:
        workspace, session = self._made, self._session
        self._show(workspace, focus=workspace.runs.table.table)
        self._tell_refusals()
        workspace.checkpoint_wanted.connect(self._open_checkpoint)
        workspace.states_changed.connect(self._enable)
        session.document.dataset_changed.connect(self._offer_datasets)
        self._list_keys()
        workspace.ask_wanted.connect(lambda run, dataset: self.ask(run, dataset))
        self._offer_datasets()
        self._enable()
        for tell in self._on_made:
            tell()

    def _list_keys(self) -> None:
        """What panels hear while they have the focus, on the shortcut sheet."""
        from utnet_viewer.training.charts.step_plot import StepPlot
        from utnet_viewer.training.fixed_samples import SampleTable
        from utnet_viewer.training.run_table import RunTable

        actions = self._window.actions_
        actions.list_focus_keys("In a chart", StepPlot.SHEET_KEYS)
        actions.list_focus_keys("In the fixed samples", SampleTable.SHEET_KEYS)
        actions.list_focus_keys("In the list of runs", RunTable.SHEET_KEYS)

    def when_made(self, tell: Callable[[], None]) -> None:
        """Tell as soon as the workspace is there, at once where it is already."""
        if self.workspace is None:
            self._on_made.append(tell)
        else:
            tell()

    def _of_form(self, method: str) -> None:
        if self.workspace is not None:
            getattr(self.workspace.form, method)()

    def _act(self, what: str) -> None:
        if self.workspace is None:
            return
        if what == "toggle":
            self.workspace.toggle_pause()
        else:
            self.workspace.act(what)

    def _enable(self) -> None:
        for name, _, _, what in RUN_ACTIONS:
            self._window.actions_[name].setEnabled(self.workspace.can(what))

    def _offer_datasets(self) -> None:
        index, recent = self._session.document.index, self._window.settings.recent()
        is_own = index is not None and index.root != demo_dataset()
        opened = [str(index.root)] if is_own else []
        folders = [*opened, *[folder for folder in recent if folder not in opened]]
        self.workspace.offer_datasets([folder for folder in folders if folder != DEMO])

    def _open_checkpoint(self, path: str) -> None:
        self._session.use_checkpoint(path)
        self._window.show_workspace(INSPECT)
        self._window.status.say(f"Predicting with {path}", "success")

    # Closing.

    def may_close(self) -> bool:
        """Whether the window may close now; with runs at work the person is asked first.

        Whether or not Train was opened in this window: a run may be another window's.
        """
        live = [] if self._may_close else self._live()
        if not live:
            return True
        if self.question is None:
            from utnet_viewer.training.close_question import CloseQuestion

            self.question = CloseQuestion(live, self._window)
            self.question.answered.connect(self._on_answer)
            self.question.finished.connect(self._forget_question)
            self.question.open()
        return False

    def _live(self) -> list[RunSummary]:
        """Runs with a process at work."""
        from core.training.run_folder import RunFolderError, default_runs_root
        from core.training.run_list import list_runs

        if self.workspace is not None:
            return self.workspace.live
        try:
            return [run for run in list_runs(default_runs_root()) if run.state.is_alive]
        except RunFolderError as error:
            log.warning("closing without a look at the runs: %s", error)
            return []

    def _forget_question(self) -> None:
        self._waiting.stop()
        self.question.deleteLater()
        self.question = None

    def _on_answer(self, answer: str) -> None:
        if answer == "keep":
            self._close()
            return
        stop = self._stop_unseen if self.workspace is None else self.workspace.controls.stop
        for summary in self._live():
            stop(summary)
        self._waiting.start()

    def _stop_unseen(self, summary: RunSummary) -> None:
        from core.training.run_folder import RunFolder, RunFolderError

        try:
            RunFolder(summary.path).request("stop")
        except RunFolderError as error:
            title = f"{summary.name} cannot be asked to stop"
            self._session.notice(title, str(error), details=str(error))

    def _close_when_stopped(self) -> None:
        if not self._live():
            self._close()

    def _close(self) -> None:
        self._may_close = True
        if self.question is not None:
            self.question.close()
        self._window.close()

    def _on_closing(self) -> None:
        self._waiting.stop()
        super()._on_closing()


def _nobody(_run: Path, _dataset: str) -> None:
    """There is no doctor in this window."""
