"""The little that lists show of a frame, without its corrected hand."""

from typing import NamedTuple

from core.annotation.records import FrameState, ReviewState


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
