"""The Compare tab in the window: made when it is first opened, tied to menus, store and Inspect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction

from core.files.embedded import demo_dataset
from utnet_viewer.docks import COMPARE, INSPECT
from utnet_viewer.opening import Order
from utnet_viewer.session import Session
from utnet_viewer.workspace_entry import AddMenu, WorkspaceEntry

if TYPE_CHECKING:  # imported when the tab is first opened: the window starts without them
    from core.evaluation.store import Evaluation
    from utnet_viewer.compare.listing import Listing
    from utnet_viewer.compare.workspace import CompareWorkspace

#: All that the tab needs: in its own turn, the window would stand still over it.
LIBRARIES = ("utnet_viewer.compare.finding", "utnet_viewer.compare.workspace")

#: Name of the window's action that evaluates the open split.
EVALUATE = "evaluate"

#: Name, words, key, method of the workspace and its values, and what `can` calls it.
ACTIONS = (
    ("compare_side", "Side by side, or the charts", "V", "toggle_sample", (), "open"),
    ("compare_on", "Next of the gains or losses", "Ctrl+Down", "step", (1,), "step"),
    ("compare_back", "Previous of the gains or losses", "Ctrl+Up", "step", (-1,), "step"),
    ("compare_list", "Step through gains or losses", "T", "switch_list", (), "step"),
    ("compare_inspect", "Show the sample in Inspect", "I", "inspect", (), "inspect"),
    ("compare_swap", "Swap A and B", "S", "swap", (), "swap"),
    ("compare_figure", "Compare by the next figure", "K", "next_metric", (), "metric"),
    ("compare_clear", "All frames, no joint", "X", "clear", (), "clear"),
)


class CompareEntry(WorkspaceEntry):
    """The tab where evaluations are compared."""

    workspace: CompareWorkspace | None

    def __init__(self, session: Session, add_menu: AddMenu) -> None:
        """Nothing is made yet."""
        words = "Getting ready to compare…"
        super().__init__(session, add_menu, COMPARE, waiting=words, libraries=LIBRARIES)
        self.view_actions = [self._add(*row) for row in ACTIONS]
        look = "Look for evaluations again"
        self.view_actions.append(self._make_action("compare_look", look, "", self.look_again))
        self._listing: Listing | None = None

    def _add(
        self, name: str, words: str, key: str, method: str, values: tuple[int, ...], _can: str
    ) -> QAction:
        return self._make_action(name, words, key, self._method(method, *values))

    def steps(self) -> list[Callable[[], None]]:
        """One: the whole workspace."""
        return [self._make_workspace]

    @property
    def is_ready(self) -> bool:
        """Whether the tab shows all that it has."""
        return super().is_ready and not self._listing.is_busy

    def _make_workspace(self) -> None:
        from utnet_viewer.compare.finding import find_result
        from utnet_viewer.compare.listing import Listing
        from utnet_viewer.compare.workspace import CompareWorkspace

        window, session = self._window, self._session
        workspace = CompareWorkspace(
            window.theme,
            window.settings,
            session.document.hand_model,
            find=find_result,
            parent=self._page,
        )
        self._show(workspace, focus=workspace.gains.strip)
        self._listing = Listing(workspace)
        self._listing.listed.connect(self._on_listed)
        self._list_keys()
        workspace.inspect_wanted.connect(self._look_at)
        workspace.states_changed.connect(self._enable)
        document = session.document
        document.dataset_changed.connect(self._on_dataset)
        document.hand_model_changed.connect(self._on_dataset)
        window.workspace_changed.connect(self._on_workspace)
        document.evaluation_changed.connect(
            lambda _evaluation: self._on_workspace(window.workspace.name)
        )
        self._enable()
        self._on_dataset()

    def _list_keys(self) -> None:
        from utnet_viewer.compare.plot import PointedPlot
        from utnet_viewer.compare.strip import PairStrip

        self._window.actions_.list_focus_keys("In Compare's charts", PointedPlot.SHEET_KEYS)
        self._window.actions_.list_focus_keys("In gains and losses", PairStrip.SHEET_KEYS)

    def _enable(self) -> None:
        for name, *_, what in ACTIONS:
            self._window.actions_[name].setEnabled(self.workspace.can(what))

    # Which evaluations there are.

    def _on_workspace(self, name: str) -> None:
        """Evaluations may have come while something else was looked at."""
        if name == COMPARE.name:
            self.look_again()

    def _on_dataset(self) -> None:
        document = self._session.document
        self.workspace.use_dataset(document.index, document.hand_model)
        self.look_again()

    def look_again(self) -> None:
        """List the evaluations of the open split anew."""
        if self.workspace is None:
            return
        index = self._session.document.index
        if index is None:
            demo = Order(demo_dataset())
            buttons = [
                ("Open folder…", lambda: self._window.actions_["open"].trigger()),
                ("Open the demo", lambda: self._session.open_dataset(demo)),
            ]
            text = "Open one whose split two checkpoints were evaluated on."
            self.workspace.show_message("database", "No dataset is open", text, buttons)
        else:
            self._listing.list(index)

    def _on_listed(self, evaluations: list[Evaluation], problems: list[str]) -> None:
        if problems:
            title = "An evaluation cannot be read"
            self._session.notice(title, problems[0], details="\n".join(problems), kind="warning")
        if len(evaluations) >= 2:
            self.workspace.offer(evaluations)
            return
        buttons = [("Evaluate this split", self._evaluate), ("Look again", self.look_again)]
        name = self._session.document.index.name
        if evaluations:
            there = evaluations[0].identity.checkpoint_name
            title = "One evaluation is there, two are compared"
            text = f"{name} was evaluated with {there}. Open another checkpoint (Ctrl+Shift+O) and "
            text += "evaluate this split with it: Run ▸ Evaluate this split."
        else:
            title = "Evaluate two checkpoints first"
            text = f"{name} was not evaluated yet: Run ▸ Evaluate this split, then once more "
            text += "with another checkpoint."
        self.workspace.show_message("columns", title, text, buttons)

    def _evaluate(self) -> None:
        """Where the evaluation's progress is seen."""
        window = self._window
        window.show_workspace(INSPECT)
        if window.actions_[EVALUATE].isEnabled():
            window.actions_[EVALUATE].trigger()
        else:
            why = "an evaluation is running, or no checkpoint is open"
            window.status.say(f"This split cannot be evaluated now: {why}.", "warning")

    # Inspect.

    def _look_at(self, row: int) -> None:
        """Show a row of the open dataset in Inspect."""
        self._window.show_workspace(INSPECT)
        self._session.document.select(row)

    def _on_closing(self) -> None:
        if self._listing is not None:
            self._listing.close()
        super()._on_closing()
