"""What a person said of a frame: the corrected hand, its joints' visibility, flags, note, review.

Originals are never written; these records lie beside them. A *correction* is a changed label of a
frame's hand, *marks* are flags, note and review state. Every record checks itself when it is made:
arrays have their shapes and are finite, words are known ones; what is wrong raises ValueError.
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

import numpy as np

from core.conventions import JOINT_COUNT
from core.hand.hand_model import ManoParameters

STARTS = ("label", "mano", "prediction", "mean")
SOURCES = ("hand", "sequence", "import")

#: Flags that the window offers, as filters name them (`flag = bad`), and their words for people.
FLAG_WORDS = {
    "bad": "bad GT",
    "blur": "blur",
    "occluded": "heavy occlusion",
    "crop": "crop wrong",
}
FLAGS = tuple(FLAG_WORDS)

LONGEST_NOTE = 10_000
_FLAG = re.compile(r"[a-z0-9-]{1,24}")
_MANO_SHAPES = {
    "global_orient_rad": (3,),
    "hand_pose_rad": (45,),
    "betas": (10,),
    "wrist_mm": (3,),
}


class ReviewState(StrEnum):
    """How far a frame's review is; independent of its correction."""

    NEW = "new"
    IN_REVIEW = "in review"
    DONE = "done"
    REJECTED = "rejected"


class Visibility(IntEnum):
    """How a joint is seen: where it is in the picture, behind something, outside of the picture."""

    LABELLED = 0
    OCCLUDED = 1
    OUTSIDE = 2


LABELLED_EVERYWHERE = (0,) * JOINT_COUNT


@dataclass(frozen=True, eq=False)
class Correction:
    """A corrected hand.

    Attributes:
        keypoints_px: (21, 2) in the photo's pixels; never None.
        joints_mm: (21, 3) in camera axes; None in free 2D.
        mano: In camera axes; None in free 2D.
        is_right: Side of the hand.
        start: What the correction began with, one of `STARTS`.
        locked: Joints that stay where they are while others are dragged.
        placed: Joints that a person put where they are.
        source: Who made it, one of `SOURCES`: dragged, fitted between key frames, or imported.
    """

    keypoints_px: np.ndarray
    joints_mm: np.ndarray | None
    mano: ManoParameters | None
    is_right: bool
    start: str
    locked: tuple[int, ...] = ()
    placed: tuple[int, ...] = ()
    source: str = "hand"

    def __post_init__(self) -> None:
        _check_array("keypoints_px", self.keypoints_px, (JOINT_COUNT, 2))
        if self.joints_mm is not None:
            _check_array("joints_mm", self.joints_mm, (JOINT_COUNT, 3))
        if self.mano is not None:
            for name, shape in _MANO_SHAPES.items():
                _check_array(name, getattr(self.mano, name), shape)
        if not isinstance(self.is_right, bool):
            raise ValueError(f"is_right is {self.is_right!r}, not true or false")
        _check_one_of("start", self.start, STARTS)
        _check_one_of("source", self.source, SOURCES)
        _check_joint_ids("locked", self.locked)
        _check_joint_ids("placed", self.placed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Correction):
            return NotImplemented
        return (
            _words_of(self) == _words_of(other)
            and _is_same_array(self.keypoints_px, other.keypoints_px)
            and _is_same_array(self.joints_mm, other.joints_mm)
            and _is_same_mano(self.mano, other.mano)
        )

    def __hash__(self) -> int:
        return hash(_words_of(self))


@dataclass(frozen=True)
class FrameState:
    """Everything a person said of a frame; ``FrameState()`` is a frame nobody spoke of.

    Attributes:
        correction: The corrected hand, or None.
        visibility: 21 values of `Visibility`.
        flags: Of `FLAGS` or own ones: 1 to 24 characters of a-z, 0-9 and "-".
        note: Any text up to `LONGEST_NOTE` characters.
        review: How far the review is.
    """

    correction: Correction | None = None
    visibility: tuple[int, ...] = LABELLED_EVERYWHERE
    flags: frozenset[str] = frozenset()
    note: str = ""
    review: ReviewState = ReviewState.NEW

    def __post_init__(self) -> None:
        for field in FIELDS:
            check_value(field, getattr(self, field))

    def with_value(self, field: str, value: object) -> "FrameState":
        """This state with one of `FIELDS` replaced; raises ValueError for what cannot be one."""
        check_field(field)
        return replace(self, **{field: value})


FIELDS = ("correction", "visibility", "flags", "note", "review")


@dataclass(frozen=True)
class Change:
    """One field of one frame takes a new value.

    Attributes:
        frame: "SEQ/ID".
        split: The dataset's split that the frame is of.
        field: One of `FIELDS`.
        value: Of that field's type in `FrameState`.
        words: What was done, for the history and for "Undo …": "moved index PIP".
        group: Changes that share a group, and follow each other, are undone as one; "" stands
            alone.
    """

    frame: str
    split: str
    field: str
    value: object
    words: str
    group: str = ""

    def __post_init__(self) -> None:
        if not self.frame:
            raise ValueError("a change needs the name of a frame")
        for text in (self.frame, self.split, self.words, self.group):
            _check_text(text)
        check_field(self.field)
        check_value(self.field, self.value)


@dataclass(frozen=True)
class Edit:
    """One entry of the history; nothing is ever taken out of it.

    Attributes:
        id: Counts up from 1 over the whole store.
        at_s: When, in seconds since 1970 (UTC).
        author: Who.
        kind: "change", "undo" or "redo".
        change: What the frame's field became by this edit. An undo's holds the value from before.
        of: The edit that was undone or redone; 0 for a change.
        is_undone: Whether this change is not in force now.
    """

    id: int
    at_s: float
    author: str
    kind: str
    change: Change
    of: int = 0
    is_undone: bool = False


def check_field(field: str) -> None:
    """Raise ValueError unless it is one of `FIELDS`."""
    _check_one_of("field", field, FIELDS)


def check_value(field: str, value: object) -> None:
    """Raise ValueError unless `value` is of the field's type and sense."""
    _CHECKS[field](value)


def _check_correction(value: object) -> None:
    if value is not None and not isinstance(value, Correction):
        raise ValueError(f"a correction is a Correction or None, not a {type(value).__name__}")


def _check_visibility(value: object) -> None:
    if not (
        isinstance(value, tuple)
        and len(value) == JOINT_COUNT
        and all(type(one) in (int, Visibility) and 0 <= one <= 2 for one in value)
    ):
        raise ValueError(f"visibility is {JOINT_COUNT} values of 0, 1 and 2")


def _check_flags(value: object) -> None:
    if not isinstance(value, frozenset):
        raise ValueError(f"flags are a frozenset of words, not a {type(value).__name__}")
    for flag in value:
        if not isinstance(flag, str) or not _FLAG.fullmatch(flag):
            raise ValueError(f"a flag is 1 to 24 characters of a-z, 0-9 and -, not {flag!r}")


def _check_note(value: object) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_NOTE:
        raise ValueError(f"a note is a text of at most {LONGEST_NOTE:,} characters")
    _check_text(value)


def _check_review(value: object) -> None:
    if not isinstance(value, ReviewState):
        raise ValueError(f"{value!r} is none of {', '.join(ReviewState)}")


_CHECKS = {
    "correction": _check_correction,
    "visibility": _check_visibility,
    "flags": _check_flags,
    "note": _check_note,
    "review": _check_review,
}


def _check_text(text: str) -> None:
    """Names of files may hold bytes that are no text; a store keeps text only."""
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise ValueError(f"{text[:40]!r} is too long, or has a character of no meaning")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{text[:40]!r} is no text: {error.reason}") from error


def _check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is {value!r}, none of {', '.join(known)}")


def _check_array(name: str, values: object, shape: tuple[int, ...]) -> None:
    if not isinstance(values, np.ndarray) or values.shape != shape or values.dtype.kind != "f":
        raise ValueError(f"{name} is not an array of {shape} floats")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} is not finite everywhere")


def _check_joint_ids(name: str, joints: object) -> None:
    if not isinstance(joints, tuple) or any(
        not isinstance(joint, int) or not 0 <= joint < JOINT_COUNT for joint in joints
    ):
        raise ValueError(f"{name} are ids of joints, 0 to {JOINT_COUNT - 1}, in a tuple")
    if len(set(joints)) != len(joints):
        raise ValueError(f"{name} names a joint twice")


def _words_of(correction: Correction) -> tuple:
    return (
        correction.is_right,
        correction.start,
        correction.locked,
        correction.placed,
        correction.source,
    )


def _is_same_array(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _is_same_mano(one: ManoParameters | None, other: ManoParameters | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in _MANO_SHAPES)
