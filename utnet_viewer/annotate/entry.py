"""The Annotate tab in the window: made when it is first opened, tied to menus and session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.files.embedded import demo_dataset
from utnet_viewer.annotate.actions import AnnotateActions
from utnet_viewer.docks import ANNOTATE
from utnet_viewer.opening import Order
from utnet_viewer.session import Session
from utnet_viewer.workspace_entry import AddMenu, WorkspaceEntry

if TYPE_CHECKING:  # imported when the tab is first opened: the window starts without them
    from utnet_viewer.annotate.workspace import AnnotateWorkspace

#: All that the tab needs: in its own turn, the window would stand still over it.
LIBRARIES = (
    "utnet_viewer.annotate.acting",
    "utnet_viewer.annotate.export_dialog",
    "utnet_viewer.annotate.import_dialog",
    "utnet_viewer.annotate.sequence_dialog",
    "utnet_viewer.annotate.workspace",
    "utnet_viewer.processes.fit_client",
)


class AnnotateEntry(WorkspaceEntry):
    """The tab where labels are corrected and judged."""

    workspace: AnnotateWorkspace | None

    def __init__(self, session: Session, add_menu: AddMenu) -> None:
        """Nothing is made yet."""
        words = "Getting ready to annotate…"
        super().__init__(session, add_menu, ANNOTATE, waiting=words, libraries=LIBRARIES)
        self.actions = AnnotateActions(session.window)
        self._made: AnnotateWorkspace | None = None  # shown when it is whole
        self._is_tied = False

    def steps(self) -> list[Callable[[], None]]:
        """The workspace part by part, then what ties it to the window."""
        return [self._make_photo, self._make_left, self._make_right, self._tie]

    @property
    def is_ready(self) -> bool:
        """Whether the tab shows all that it has, and its keys act on it."""
        return self._is_tied and super().is_ready

    def _make_photo(self) -> None:
        from utnet_viewer.annotate.workspace import AnnotateWorkspace
        from utnet_viewer.processes.fit_client import FitClient

        self._fitter = FitClient(self._window)
        self._use_hand_model()
        self._made = AnnotateWorkspace(self._session, self._fitter, parent=self._page)

    def _make_left(self) -> None:
        self._made.make_left()

    def _make_right(self) -> None:
        self._made.make_right()
        self._show(self._made, focus=self._made.image.canvas)

    def _list_keys(self) -> None:
        from utnet_viewer.annotate.edit_tool import EditTool
        from utnet_viewer.annotate.hand_view import HandView
        from utnet_viewer.annotate.sequence_dialog import SequenceDialog

        keys = self._window.actions_
        keys.list_focus_keys("On the photo of Annotate", EditTool.SHEET_KEYS)
        keys.list_focus_keys("On the mesh of Annotate", HandView.SHEET_KEYS)
        keys.list_focus_keys("In “Fit a sequence”", SequenceDialog.SHEET_KEYS)

    def _tie(self) -> None:
        from utnet_viewer.annotate.acting import Acting, Tools
        from utnet_viewer.annotate.export_dialog import open_export
        from utnet_viewer.annotate.import_dialog import open_import

        workspace, session = self._made, self._session
        document = session.document
        self._list_keys()
        tools = Tools(
            document,
            session.annotations,
            workspace.editor,
            workspace.queue,
            workspace.marks,
            export=lambda: open_export(session),
            take_in=lambda: open_import(session),
            fit_sequence=workspace.fit_sequence,
        )
        acting = Acting(tools, workspace)
        self.actions.attach(acting)
        workspace.history.frame_wanted.connect(acting.go)
        self._is_tied = True
        document.hand_model_changed.connect(self._use_hand_model)
        document.dataset_changed.connect(self._on_dataset)
        self._on_dataset()

    def _use_hand_model(self) -> None:
        path = self._session.hand_model_path
        self._fitter.use_hand_model(Path(path) if path else None)

    def _on_dataset(self) -> None:
        if self._session.document.index is not None:
            self.workspace.show_panels()
            return
        demo = Order(demo_dataset())
        buttons = [
            ("Open folder…", lambda: self._window.actions_["open"].trigger()),
            ("Open the demo", lambda: self._session.open_dataset(demo)),
        ]
        text = "Open one whose labels are to be looked at and corrected."
        self.workspace.show_message("database", "No dataset is open", text, buttons)
