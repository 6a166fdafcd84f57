"""The Doctor tab in the window: made when it is first opened, tied to menus, Train and Inspect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from core.files.embedded import DEMO, dataset_folder, demo_dataset
from utnet_viewer.docks import DOCTOR, INSPECT, TRAIN
from utnet_viewer.opening import Order
from utnet_viewer.session import Session
from utnet_viewer.training.entry import TrainEntry
from utnet_viewer.training.preparing import Preparation, WaitingPage

if TYPE_CHECKING:  # imported when the tab is first opened: the window starts without them
    from utnet_viewer.doctor.workspace import DoctorWorkspace

#: What takes longest to import of what the tab needs; nothing of Qt.
LIBRARIES = ("core.doctor.report.files", "core.doctor.diagnosis", "core.training.presets")

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


class DoctorEntry:
    """Owns the workspace; nothing of it is made before somebody looks or asks."""

    def __init__(
        self, session: Session, train: TrainEntry, add_menu: Callable[[str, list[QAction]], None]
    ) -> None:
        """`command` may be set before the tab is first opened."""
        self._session, self._window, self._train = session, session.window, train
        self._add_menu = add_menu
        self.command: tuple[str, ...] | None = None  # stands in for ``utnet``; tests do that
        self.workspace: DoctorWorkspace | None = None
        self._preparation: Preparation | None = None
        self._waiting: tuple[Path, str] | None = None  # a run to be asked about
        self._is_over = False
        self.run_actions = [self._add(*row) for row in RUN_ACTIONS]
        self.file_actions = [self._add(*row) for row in FILE_ACTIONS]
        chinese = partial(self._call, "open_report", "zh")
        self.file_actions.append(
            self._make("doctor_open_zh", "Open the doctor's report in Chinese", "", chinese)
        )
        self.view_actions = [
            self._make(name, words, key, partial(self._call, "step_picture", by))
            for name, words, key, by in (
                ("doctor_picture_back", "Previous sample of the picture", "Alt+Left", -1),
                ("doctor_picture_on", "Next sample of the picture", "Alt+Right", 1),
            )
        ]
        self.copy_action = self._make(
            "doctor_copy",
            "Copy what the doctor says went wrong",
            "",
            partial(self._call, "copy_details"),
        )
        self._window.set_page(DOCTOR, self._make_page)
        self._window.closing.connect(self._on_closing)
        train.ask = self.ask_about
        # However the application ends: the examination's process must not outlive it.
        QCoreApplication.instance().aboutToQuit.connect(self._on_closing)

    def _add(self, name: str, words: str, key: str, method: str, _can: str) -> QAction:
        return self._make(name, words, key, partial(self._call, method))

    def _make(self, name: str, words: str, key: str, run: Callable[[], None]) -> QAction:
        return self._window.actions_.add(
            name, words, run, group="Doctor", shortcut=key, workspace=DOCTOR.name
        )

    def _call(self, method: str, *values: object) -> None:
        if self.workspace is not None:
            getattr(self.workspace, method)(*values)

    @property
    def is_ready(self) -> bool:
        """Whether the tab shows all that it has."""
        return self.workspace is not None and self.workspace.is_settled

    def _make_page(self) -> QWidget:
        """A page that says what it waits for, and becomes the workspace."""
        self._page = WaitingPage("The doctor is getting ready…")
        self._preparation = Preparation([self._make_workspace], self._window, libraries=LIBRARIES)
        self._preparation.failed.connect(self._page.words.setText)
        self._preparation.start()
        return self._page

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
        self.workspace = workspace
        self._page.show_instead(workspace)
        if window.workspace == DOCTOR:
            workspace.subject.start.setFocus()
        workspace.sample_wanted.connect(self.look_at)
        workspace.said.connect(window.status.say)
        workspace.refused.connect(
            lambda title, text, details: session.notice(title, text, details=details)
        )
        workspace.states_changed.connect(self._enable)
        window.page_reset_wanted.connect(workspace.reset_layout)
        session.document.dataset_changed.connect(self._offer_datasets)
        for title, actions in workspace.actions_of_panels().items():
            window.actions_.adopt(title, actions, workspace=DOCTOR.name)
            self._add_menu(title, actions)
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

    def _on_closing(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        QCoreApplication.instance().aboutToQuit.disconnect(self._on_closing)
        if self._preparation is not None:
            self._preparation.end()
        if self.workspace is not None:
            self.workspace.shut_down()
