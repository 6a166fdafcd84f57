"""Whoever works on a new frame has begun its review: both are one change, and undone as one."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from core.annotation.records import Change, FrameState, ReviewState

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

WORDS = "in review"


def begun(state: FrameState, change: Change) -> list[Change]:
    """A change of a frame in `state`; with the first work on a new frame its review begins.

    What takes something back, such as a note that is emptied, is work too. A change of the review
    itself stays alone.
    """
    if state.review != ReviewState.NEW or change.field == "review":
        return [change]
    group = change.group or uuid.uuid4().hex
    review = Change(change.frame, change.split, "review", ReviewState.IN_REVIEW, WORDS, group)
    return [replace(change, group=group), review]


def write(
    annotations: Annotations,
    field: str,
    value: object,
    words: str,
    *,
    frame: str,
    group: str = "",
) -> bool:
    """Change a field of a frame of the split on screen; see `begun`."""
    state = annotations.state(frame)
    if getattr(state, field) == value:
        return True
    change = Change(frame, annotations.split, field, value, words, group)
    return annotations.changes(begun(state, change))
