"""The little that lists show of a frame, without its corrected hand."""

from typing import NamedTuple

from core.annotation.records import Edit, FrameState, ReviewState


class Marks(NamedTuple):
    """What was said of a frame, in short.

    Attributes:
        review: How far its review is.
        flags: Its flags.
        has_note: Whether there is a note.
        has_correction: Whether the hand was corrected.
        edit_id: The newest edit of the frame; 0 where it is not on the disk yet.
    """

    review: ReviewState
    flags: frozenset[str]
    has_note: bool
    has_correction: bool
    edit_id: int


#: Marks by the frame's name, "SEQ/ID", of one split; frames nobody spoke of are not in it.
Overview = dict[str, Marks]


def marks_of(state: FrameState, edit_id: int) -> Marks:
    """The short form of a state."""
    return Marks(state.review, state.flags, bool(state.note), state.correction is not None, edit_id)


def marks_after(marks: Marks | None, edit: Edit) -> Marks:
    """The short form after an edit of the frame; None is that of a frame nobody spoke of."""
    marks = marks_of(FrameState(), 0) if marks is None else marks
    field, value = edit.change.field, edit.change.value
    if field in ("review", "flags"):
        marks = marks._replace(**{field: value})
    elif field == "note":
        marks = marks._replace(has_note=bool(value))
    elif field == "correction":
        marks = marks._replace(has_correction=value is not None)
    return marks._replace(edit_id=edit.id)
