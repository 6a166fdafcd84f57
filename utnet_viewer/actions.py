"""Every action of the window by name: menu entry, key, tool tip, and no two with one key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow

from utnet_viewer.widgets.controls import make_action


@dataclass(frozen=True)
class Entry:
    """One action and the heading under which the shortcut sheet lists it."""

    group: str
    action: QAction
    workspace: str = ""

    @property
    def keys(self) -> list[str]:
        """Its keys as people read them."""
        shape = QKeySequence.SequenceFormat.NativeText
        return [sequence.toString(shape) for sequence in self.action.shortcuts()]

    @property
    def words(self) -> str:
        """What it does, as people read it."""
        return self.action.text().replace("&", "")


@dataclass(frozen=True)
class FocusKey:
    """Keys that a widget hears itself while it has the focus; for the shortcut sheet only."""

    group: str
    words: str
    keys: list[str]


class Actions:
    """The registry; the window adds its own actions and adopts those of the panels."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._named: dict[str, QAction] = {}
        self._entries: list[Entry] = []
        self.focus_keys: list[FocusKey] = []

    def add(
        self,
        name: str,
        text: str,
        run: Callable[[], None],
        *,
        group: str,
        shortcut: str = "",
        more_keys: tuple[str, ...] = (),
        checkable: bool = False,
        workspace: str = "",
    ) -> QAction:
        """Make an action that calls `run`; it works from everywhere in the window.

        One that names a `workspace` is there, with its key, only while that one is shown.
        """
        if name in self._named:
            raise ValueError(f"there is an action named {name!r} already")
        action = make_action(self._window, text, shortcut=shortcut, checkable=checkable)
        if more_keys:
            action.setShortcuts([QKeySequence(key) for key in (shortcut, *more_keys)])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda _checked=False: run())
        self._named[name] = action
        self._entries.append(Entry(group, action, workspace))
        return action

    def adopt(self, group: str, actions: list[QAction], *, workspace: str = "") -> None:
        """List a panel's own actions too; hidden, a panel does not hear its keys."""
        known = {id(entry.action) for entry in self._entries}
        self._entries += [Entry(group, a, workspace) for a in actions if id(a) not in known]

    def list_focus_keys(self, group: str, keys: Sequence[tuple[str, str]]) -> None:
        """List what a widget does with keys while it has the focus: words, and keys as Qt names
        them, with " or " between several and " to " for a row of them."""
        self.focus_keys += [FocusKey(group, words, names.split(" or ")) for words, names in keys]

    def use_workspace(self, workspace: str) -> None:
        """Take away the window's own actions that belong to another workspace, and their keys."""
        named = {id(action) for action in self._named.values()}
        for entry in self._entries:
            if entry.workspace and id(entry.action) in named:
                entry.action.setVisible(entry.workspace == workspace)

    def __getitem__(self, name: str) -> QAction:
        return self._named[name]

    @property
    def entries(self) -> list[Entry]:
        """All of them, in order of registration."""
        return list(self._entries)

    def clashes(self) -> list[str]:
        """Sentences naming actions that would hear one key at once; empty when all is well.

        What belongs to two workspaces is never there together: Annotate's number keys review, while
        Inspect's turn the hands.
        """
        seen: dict[str, list[Entry]] = {}
        problems = []
        for entry in self._entries:
            for sequence in entry.action.shortcuts():
                key = sequence.toString()
                others = seen.setdefault(key, [])
                problems += [
                    f"{key}: {other.action.text()!r} and {entry.action.text()!r}"
                    for other in others
                    if other.action is not entry.action and _are_together(other, entry)
                ]
                others.append(entry)
        return problems


def _are_together(one: Entry, other: Entry) -> bool:
    """Whether both can be there at once; what names no workspace always is."""
    return not one.workspace or not other.workspace or one.workspace == other.workspace
