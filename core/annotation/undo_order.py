"""Which edits the next undo and redo are about: steps, in the order in which they were made.

A step is one change, or a group of changes that follow each other; it is undone as one. Undo takes
the newest step that is in force, redo the step that was undone last, and a new change drops what
could be redone: that stays in the history, undone. Because the order is one for the whole store,
over all frames and windows, an undone field is always what its step had made of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class OrderRow(NamedTuple):
    """What the order is about; `core.annotation.rows.EditRow` has the same and more."""

    id: int
    kind: str
    group: str
    of: int


class StepState(IntEnum):
    """What became of a step; the numbers are those in the file."""

    DONE = 0
    UNDONE = 1
    DROPPED = 2


@dataclass
class Step:
    """The changes with ids from `first` to `last`."""

    first: int
    last: int
    state: StepState = StepState.DONE


def begins_step(edit: OrderRow, previous: OrderRow | None) -> bool:
    """Whether a change begins a step, rather than going on with its group's."""
    return (
        not edit.group
        or previous is None
        or previous.id != edit.id - 1
        or previous.kind != "change"
        or previous.group != edit.group
    )


def steps_of(edits: Iterable[OrderRow]) -> list[Step]:
    """The steps that a history comes to, in their order."""
    steps: list[Step] = []
    step_of: dict[int, Step] = {}
    undone: list[Step] = []
    previous: OrderRow | None = None
    for edit in edits:
        if edit.kind == "change":
            if begins_step(edit, previous):
                for step in undone:
                    step.state = StepState.DROPPED
                undone.clear()
                steps.append(Step(edit.id, edit.id))
            steps[-1].last = edit.id
            step_of[edit.id] = steps[-1]
        elif edit.of in step_of:  # in a damaged history it may be missing
            _turn(step_of[edit.of], edit.kind, undone)
        previous = edit
    return steps


def _turn(step: Step, kind: str, undone: list[Step]) -> None:
    state = StepState.UNDONE if kind == "undo" else StepState.DONE
    if step.state == state:
        return
    step.state = state
    if kind == "undo":
        undone.append(step)
    elif step in undone:
        undone.remove(step)
