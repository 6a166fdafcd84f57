"""What is in force once everything that waits for the disk is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.annotation.records import Change, Edit, FrameState
    from utnet_viewer.annotate.writer import Act

Place = tuple[str, str]  # split and frame


@dataclass(frozen=True)
class _Made:
    """A change that waits: what the field was before, and where it stands among the edits."""

    change: Change
    was: object
    at: int


class Waiting:
    """Acts that are not on the disk yet, in their order, and what they come to.

    An undo among them takes back a change among them; one that reaches further back shows when it
    was written, since only the store knows what it takes back. What was written is kept until
    nothing waits any more, so that an undo that still waits finds its change.
    """

    def __init__(self, stored: Callable[[str, str], FrameState]) -> None:
        """`stored` gives what the disk says of a frame of a split."""
        self._stored = stored
        self._acts: list[tuple[Act, float]] = []  # and when they were asked for
        self._begins: list[int] = []  # the place of every act's first edit
        self._written = 0  # acts
        self.states: dict[Place, FrameState] = {}
        self.edits: list[Edit] = []  # oldest first; the id is 0 where it is not on the disk
        self._done: list[list[_Made]] = []  # steps that an undo takes back
        self._undone: list[list[_Made]] = []

    @property
    def count(self) -> int:
        """How many edits people would call what is not on the disk."""
        return sum(act.count for act, _asked_s in self._acts[self._written :])

    @property
    def undo_words(self) -> str:
        """Words of the waiting change that an undo would take back; "" where none is left."""
        return self._done[-1][0].change.words if self._done else ""

    @property
    def redo_words(self) -> str:
        """Words of the waiting change that a redo would bring back; "" where none is left."""
        return self._undone[-1][0].change.words if self._undone else ""

    @property
    def has_changes(self) -> bool:
        """Whether one of them is a change: what the store could redo, it cannot any more."""
        return any(act.changes for act, _asked_s in self._acts)

    def add(self, act: Act) -> set[Place]:
        """One more; returns the frames that it changes."""
        self._acts.append((act, time.time()))
        return self._take(*self._acts[-1])

    @property
    def last_edits(self) -> list[Edit]:
        """What the last one that was added came to."""
        return self.edits[self._begins[-1] :]

    @property
    def shows_first(self) -> bool:
        """Whether it is known what the first one that is not on the disk changes."""
        ends = [*self._begins, len(self.edits)]
        return ends[self._written + 1] > ends[self._written]

    def wrote(self, edits: Sequence[Edit]) -> bool:
        """The first one that waited is on the disk, as these edits; whether nothing waits now."""
        begin = self._begins[self._written]
        self._written += 1
        if self._written == len(self._acts):
            self._clear()
            self._acts.clear()
            return True
        if self._begins[self._written] - begin == len(edits):  # not for an undo that reaches back
            for at, edit in enumerate(edits, start=begin):
                self.edits[at] = replace(self.edits[at], id=edit.id)
        return False

    def refresh(self) -> None:
        """The disk says something else: work out anew what waits."""
        acts = self._acts[self._written :]
        self._clear()
        self._acts = acts
        for act, asked_s in acts:
            self._take(act, asked_s)

    def _clear(self) -> None:
        self._written = 0
        self.states.clear()
        for steps in (self._done, self._undone, self.edits, self._begins):
            steps.clear()

    def _take(self, act: Act, asked_s: float) -> set[Place]:
        self._begins.append(len(self.edits))
        if act.kind == "changes":
            return self._change(act.changes, asked_s)
        is_undo = act.kind == "undo"
        source, target = self._done, self._undone
        if not is_undo:
            source, target = target, source
        if not source:
            return set()
        step = source.pop()
        target.append(step)
        for made in reversed(step) if is_undo else step:
            self.edits[made.at] = replace(self.edits[made.at], is_undone=is_undo)
            value = made.was if is_undo else made.change.value
            self._put(made.change, value, act.kind, asked_s)
        return {(made.change.split, made.change.frame) for made in step}

    def _change(self, changes: Sequence[Change], asked_s: float) -> set[Place]:
        for change in changes:
            was = getattr(self._state((change.split, change.frame)), change.field)
            made = _Made(change, was, len(self.edits))
            if self._goes_on(change):
                self._done[-1].append(made)
            else:
                self._done.append([made])
            self._undone.clear()
            self._put(change, change.value, "change", asked_s)
        return {(change.split, change.frame) for change in changes}

    def _goes_on(self, change: Change) -> bool:
        """Whether it is undone together with the one before it."""
        if not self._done or not change.group:
            return False
        newest = self._done[-1][-1]
        return newest.change.group == change.group and newest.at == len(self.edits) - 1

    def _put(self, change: Change, value: object, kind: str, asked_s: float) -> None:
        from core.annotation.records import Edit

        place = (change.split, change.frame)
        self.states[place] = self._state(place).with_value(change.field, value)
        self.edits.append(Edit(0, asked_s, "", kind, replace(change, value=value)))

    def _state(self, place: Place) -> FrameState:
        return self.states[place] if place in self.states else self._stored(*place)


def newest_after(known: Sequence[Edit], edits: Sequence[Edit]) -> list[Edit]:
    """The newest edits, newest first, after some more, oldest first, were written."""
    last_id = known[0].id if known else 0
    turned = {edit.of: edit.kind == "undo" for edit in edits if edit.of}
    before = [
        replace(edit, is_undone=turned[edit.id]) if edit.id in turned else edit for edit in known
    ]
    return [edit for edit in reversed(edits) if edit.id > last_id] + before
