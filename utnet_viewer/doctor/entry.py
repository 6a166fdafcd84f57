"""The Doctor tab in the window: made when it is first opened, tied to menus, Train and Inspect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from core.files.embedded import DEMO, dataset_folder, demo_dataset
from utnet_viewer.docks import DOCTOR, INSPECT, TRAIN
from utnet_viewer.opening import Order
from utnet_viewer.session import Session
from utnet_viewer.training.entry import TrainEntry
from utnet_viewer.workspace_entry import WorkspaceEntry

if TYPE_CHECKING:  # imported when the tab is first opened: the window starts without them
    from utnet_viewer.doctor.workspace import DoctorWorkspace

#: What takes longest to import of what the tab needs; nothing of Qt.
LIBRARIES = (
    "core.doctor.report.files",
    "core.doctor.diagnosis",
    "core.training.presets",
    "utnet_viewer.doctor.workspace",
)

#: Name, words, key, method of the workspace, and what `can` calls it, of each action.
RUN_ACTIONS = (
    ("doctor_examine", "Examine what stands at the left", "F9", "examine", "examine"),
    ("doctor_cancel", "Cancel the examination", "Shift+F9", "cancel", "cancel"),
    ("doctor_apply", "Apply the remedy to the configuration", "Ctrl+Shift+A", "apply", "apply"),
    ("doctor_undo", "Undo the remedy", "Ctrl+Shift+Z", "undo", "undo"),
)
FILE_ACTIONS = (
    ("doctor_export", "Export the doctor's report…", "Ctrl+Shift+E", "export", "export"),
    ("doctor_open", "Open the doctor's report", "Ctrl+Shift+R", "open_report", "export"),
)


class DoctorEntry(WorkspaceEntry):
    """The tab of the doctor."""

    workspace: DoctorWorkspace | None

    def __init__(
        self, session: Session, train: TrainEntry, add_menu: Callable[[str, list[QAction]], None]
    ) -> None:
        """`command` may be set before the tab is first opened."""
        words = "The doctor is getting ready…"
        super().__init__(session, add_menu, DOCTOR, waiting=words, libraries=LIBRARIES)
        self._train = train
        self.command: tuple[str, ...] | None = None  # stands in for ``utnet``; tests do that
        self._waiting: tuple[Path, str] | None = None  # a run to be asked about
        self.run_actions = [self._add(*row) for row in RUN_ACTIONS]
        self.file_actions = [self._add(*row) for row in FILE_ACTIONS]
        self.file_actions.append(
            self._make_action(
                "doctor_open_zh",
                "Open the doctor's report in Chinese",
                "",
                self._method("open_report", "zh"),
            )
        )
        self.view_actions = [
            self._make_action(name, words, key, self._method("step_picture", by))
            for name, words, key, by in (
                ("doctor_picture_back", "Previous sample of the picture", "Alt+Left", -1),
                ("doctor_picture_on", "Next sample of the picture", "Alt+Right", 1),
            )
        ]
        self.copy_action = self._make_action(
            "doctor_copy",
            "Copy what the doctor says went wrong",
            "",
            self._method("copy_details"),
        )
        train.ask = self.ask_about

    def _add(self, name: str, words: str, key: str, method: str, _can: str) -> QAction:
        return self._make_action(name, words, key, self._method(method))

    def steps(self) -> list[Callable[[], None]]:
        """One: the whole workspace."""
        return [self._make_workspace]

    def _make_workspace(self) -> None:
        from utnet_viewer.doctor.book import examinations_root
        from utnet_viewer.doctor.workspace import DoctorWorkspace

        window, session = self._window, self._session
        workspace = DoctorWorkspace(
            window.theme,
            window.settings,
            root=examinations_root(),
            command=self.command,
            parent=self._page,
        )
        self._show(workspace, focus=workspace.subject.start)
        self._tell_refusals()
        workspace.sample_wanted.connect(self.look_at)
        workspace.states_changed.connect(self._enable)
        session.document.dataset_changed.connect(self._offer_datasets)
        self._offer_datasets()
        self._enable()
        window.make_page(TRAIN)  # its form and its runs can be examined
        self._train.when_made(self._on_train_made)
        if self._waiting is None:
            workspace.show_first()

    def _on_train_made(self) -> None:
        train = self._train.workspace
        self.workspace.use_form(train.form)
        self.workspace.offer_runs([summary.path for summary in train.book.summaries])
        train.monitor.runs_changed.connect(
            lambda summaries: self.workspace.offer_runs([summary.path for summary in summaries])
        )
        if self._waiting is not None:
            (run, dataset), self._waiting = self._waiting, None
            self.workspace.ask_about(run, dataset)

    def _enable(self) -> None:
        for name, _, _, _, what in (*RUN_ACTIONS, *FILE_ACTIONS):
            self._window.actions_[name].setEnabled(self.workspace.can(what))
        self._window.actions_["doctor_open_zh"].setEnabled(self.workspace.can("export"))

    def _offer_datasets(self) -> None:
        index, recent = self._session.document.index, self._window.settings.recent()
        opened = []
        if index is not None:
            opened = [DEMO if index.root == demo_dataset() else str(index.root)]
        others = [folder for folder in recent if folder not in opened]
        self.workspace.offer_datasets([*opened, *others])

    # Train and Inspect.

    def ask_about(self, run: Path, dataset: str) -> None:
        """Show the Doctor and examine what a run was started with, and its own curves."""
        if self.workspace is None or self._train.workspace is None:
            self._waiting = (run, dataset)
            self._window.show_workspace(DOCTOR)
            return
        self._window.show_workspace(DOCTOR)
        self.workspace.ask_about(run, dataset)

    def look_at(self, dataset: str, split: str, sample: str) -> None:
        """Show a sample in Inspect, opening its dataset where another one is open."""
        session, root = self._session, dataset_folder(dataset)
        index = session.document.index
        self._window.show_workspace(INSPECT)
        if index is None or (index.root, index.split) != (root, split):
            session.open_dataset(Order(root, split, sample))
        elif problem := session.stepper.jump(sample):
            session.notice("This sample cannot be shown", f"{sample}: {problem}", kind="warning")
