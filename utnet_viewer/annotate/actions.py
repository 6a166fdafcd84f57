"""Every action of Annotate in the window: words, key, menu; what each does is in `acting`.

The keys are the design's: number keys review, V, L and R act on the selected joint. In Inspect and
Compare some of them do other things; never two in one workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:  # made when the tab is first opened: the window starts without them
    from utnet_viewer.actions import Actions
    from utnet_viewer.annotate.acting import Acting
    from utnet_viewer.main_window import MainWindow

#: Name of the workspace, as in `utnet_viewer.docks`.
WORKSPACE = "Annotate"

#: The window's action of every review state, by the state's value.
REVIEWS = {
    "new": "annotate_new",
    "in review": "annotate_in_review",
    "done": "annotate_done",
    "rejected": "annotate_rejected",
}

#: So many own flags have keys.
OWN_FLAGS = 5


@dataclass(frozen=True)
class Row:
    """One action.

    Attributes:
        name: In the window's registry.
        words: In menus and tool tips.
        key: Its key, "" for none.
        method: Of `Acting`.
        values: What that is called with.
        can: What `Acting.can` calls it.
        more_keys: Keys that do the same.
    """

    name: str
    words: str
    key: str
    method: str
    values: tuple = ()
    can: str = "write"
    more_keys: tuple[str, ...] = ()


#: The menu, part by part; a part with a name is a menu of its own.
PARTS = (
    (
        "",
        (
            Row("annotate_undo", "Undo", "Ctrl+Z", "undo", can="undo"),
            Row("annotate_redo", "Redo", "Ctrl+Shift+Z", "redo", can="redo", more_keys=("Ctrl+Y",)),
        ),
    ),
    (
        "",
        (
            Row("annotate_done_next", "Done, next of the queue", "Ctrl+Return", "done_next"),
            Row("annotate_next", "Next of the queue", "N", "step", (1,), "step", ("Ctrl+Down",)),
            Row(
                "annotate_previous",
                "Previous of the queue",
                "B",
                "step",
                (-1,),
                "step",
                ("Ctrl+Up",),
            ),
        ),
    ),
    (
        "Review",
        (
            Row("annotate_new", "Review: new", "1", "review", ("new",)),
            Row("annotate_in_review", "Review: in review", "2", "review", ("in review",)),
            Row("annotate_done", "Review: done", "3", "review", ("done",)),
            Row("annotate_rejected", "Review: rejected", "4", "review", ("rejected",)),
        ),
    ),
    (
        "Flags and note",
        (
            Row("annotate_bad", "Flag: bad GT", "Alt+1", "flag", ("bad",)),
            Row("annotate_blur", "Flag: blur", "Alt+2", "flag", ("blur",)),
            Row("annotate_heavy", "Flag: heavy occlusion", "Alt+3", "flag", ("occluded",)),
            Row("annotate_crop", "Flag: crop wrong", "Alt+4", "flag", ("crop",)),
            *(
                Row(
                    f"annotate_own_{n}",
                    f"Own flag {n + 1}",
                    f"Alt+{n + 5}",
                    "own_flag",
                    (n,),
                    f"own{n}",
                )
                for n in range(OWN_FLAGS)
            ),
            Row("annotate_new_flag", "Add a flag of your own…", "Alt+0", "new_flag"),
            Row("annotate_note", "Write the note", "W", "write_note"),
        ),
    ),
    (
        "Joint",
        (
            Row(
                "annotate_visibility",
                "Visibility of the joint",
                "V",
                "visibility",
                can="mark_joint",
            ),
            Row("annotate_lock", "Lock the joint, or let it go", "L", "lock", can="joint"),
            Row("annotate_reset_joint", "Reset the joint", "R", "reset_joint", can="reset_joint"),
            Row("annotate_joint_on", "Next joint", ".", "select_next", (1,), "hand"),
            Row("annotate_joint_back", "Previous joint", ",", "select_next", (-1,), "hand"),
        ),
    ),
    (
        "Hand",
        (
            Row(
                "annotate_mode",
                "Keep the hand possible, or free 2D",
                "F",
                "switch_mode",
                can="hand",
            ),
            Row("annotate_reset", "Reset the hand", "Shift+R", "reset", can="reset"),
            Row("annotate_label", "Start from the label", "Alt+L", "start", ("label",), "label"),
            Row(
                "annotate_mano",
                "Start from the label's MANO",
                "Alt+Shift+L",
                "start",
                ("mano",),
                "mano",
            ),
            Row(
                "annotate_prediction",
                "Start from the prediction",
                "Alt+P",
                "start",
                ("prediction",),
                "prediction",
            ),
            Row("annotate_mean", "Start from the mean hand", "Alt+M", "start", ("mean",), "mean"),
        ),
    ),
    (
        "",
        (
            Row(
                "annotate_sequence",
                "Fit the sequence from its corrected frames…",
                "S",
                "fit_sequence",
                can="write_any",
            ),
            Row("annotate_export", "Export annotations…", "Ctrl+Shift+E", "export", can="export"),
            Row(
                "annotate_import", "Import annotations…", "Ctrl+Shift+I", "take_in", can="write_any"
            ),
        ),
    ),
)
ROWS = tuple(row for _title, part in PARTS for row in part)


class AnnotateActions(QObject):
    """The actions of the tab, there from the window's start and asleep until it is opened."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._actions: Actions = window.actions_
        self._acting: Acting | None = None
        for row in ROWS:
            self._actions.add(
                row.name,
                row.words,
                partial(self._run, row),
                group=WORKSPACE,
                shortcut=row.key,
                more_keys=row.more_keys,
                workspace=WORKSPACE,
            ).setEnabled(False)

    def fill(self, menu: QMenu) -> None:
        """Put them into a menu, some in menus of their own."""
        for title, part in PARTS:
            into = menu.addMenu(title) if title else menu
            into.addActions([self._actions[row.name] for row in part])
            if not title:
                menu.addSeparator()

    def attach(self, acting: Acting) -> None:
        """The tab is there: from now on they do something."""
        self._acting = acting
        acting.said.connect(self._window.status.say)
        acting.states_changed.connect(self._follow)
        # Before it closes: the annotations end before the tab does.
        self._window.ask_before_closing(acting.keep)
        self._follow()

    def _run(self, row: Row) -> None:
        if self._acting is not None:
            getattr(self._acting, row.method)(*row.values)

    def _follow(self) -> None:
        """What can be done now, and what undo and redo would do."""
        acting = self._acting
        for row in ROWS:
            self._actions[row.name].setEnabled(acting.can(row.can))
        undo, redo = acting.undo_words, acting.redo_words
        name_action(self._actions["annotate_undo"], f"Undo: {undo}" if undo else "Undo")
        name_action(self._actions["annotate_redo"], f"Redo: {redo}" if redo else "Redo")
        for number in range(OWN_FLAGS):
            words = acting.own_flag_words(number) or f"Own flag {number + 1}: none yet"
            name_action(self._actions[f"annotate_own_{number}"], words)


def name_action(action: QAction, words: str) -> None:
    """Call an action something else, its tool tip with its key too."""
    if action.text() != words:
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setText(words)
        action.setToolTip(f"{words}  ({keys})" if keys else words)
