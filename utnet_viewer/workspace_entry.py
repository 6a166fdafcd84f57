"""A tab's way into the window: made when it is first opened, with its actions and its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from utnet_viewer.docks import Workspace
from utnet_viewer.session import Session
from utnet_viewer.training.preparing import Preparation, WaitingPage

#: Puts a panel's actions into a menu of their own.
AddMenu = Callable[[str, list[QAction]], None]


class WorkspaceEntry:
    """Owns a workspace without docks; nothing of it is made before somebody looks.

    A subclass gives `steps`, makes the workspace in one of them, and hands it to `_show`.
    """

    def __init__(
        self,
        session: Session,
        add_menu: AddMenu,
        shown: Workspace,
        *,
        waiting: str,
        libraries: Sequence[str] | None = None,
    ) -> None:
        """`waiting` stands there meanwhile; `libraries` are imported in a thread before that,
        those of Train where none are named."""
        self._session, self._window = session, session.window
        self._add_menu, self._shown, self._waiting_words = add_menu, shown, waiting
        self._libraries = {} if libraries is None else {"libraries": libraries}
        self.workspace: Any = None
        self._preparation: Preparation | None = None
        self._is_over = False
        self._window.set_page(shown, self._make_page)
        self._window.closing.connect(self._on_closing)
        # However the application ends: threads and processes of a tab must not outlive it.
        QCoreApplication.instance().aboutToQuit.connect(self._on_closing)

    def steps(self) -> list[Callable[[], None]]:
        """What makes the workspace, one step a turn of the event loop."""
        raise NotImplementedError

    @property
    def is_ready(self) -> bool:
        """Whether the tab shows all that it has."""
        return self.workspace is not None and self.workspace.is_settled

    # Actions.

    def _make_action(self, name: str, words: str, key: str, run: Callable[[], None]) -> QAction:
        """One that is there, with its key, only while the tab is shown."""
        return self._window.actions_.add(
            name, words, run, group=self._shown.name, shortcut=key, workspace=self._shown.name
        )

    def _call(self, method: str, *values: object) -> None:
        """Ask the workspace for something, once it is there."""
        if self.workspace is not None:
            getattr(self.workspace, method)(*values)

    def _method(self, method: str, *values: object) -> Callable[[], None]:
        return partial(self._call, method, *values)

    # The page.

    def _make_page(self) -> QWidget:
        """A page that says what it waits for, and becomes the workspace."""
        self._page = WaitingPage(self._waiting_words)
        self._preparation = Preparation(self.steps(), self._window, **self._libraries)
        self._preparation.failed.connect(self._page.words.setText)
        self._preparation.start()
        return self._page

    def _show(self, workspace: QWidget, *, focus: QWidget) -> None:
        """The workspace is there: show it, list its actions."""
        window = self._window
        self.workspace = workspace
        self._page.show_instead(workspace)
        if window.workspace == self._shown:
            focus.setFocus()
        workspace.said.connect(window.status.say)
        window.page_reset_wanted.connect(workspace.reset_layout)
        for title, actions in workspace.actions_of_panels().items():
            window.actions_.adopt(title, actions, workspace=self._shown.name)
            self._add_menu(title, actions)

    def _tell_refusals(self) -> None:
        """What a workspace refuses becomes a notice."""
        self.workspace.refused.connect(
            lambda title, text, details: self._session.notice(title, text, details=details)
        )

    # The end.

    def _on_closing(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        QCoreApplication.instance().aboutToQuit.disconnect(self._on_closing)
        if self._preparation is not None:
            self._preparation.end()
        if self.workspace is not None:
            self.workspace.shut_down()
