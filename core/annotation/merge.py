"""Taking over what somebody else said of the same frames, with a look at the conflicts first.

A conflict is a field of a frame that both changed, to different values. What only they changed is
taken over, what both changed alike is left alone, and what they never touched is no change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from core.annotation.records import (
    FLAG_WORDS,
    Change,
    Correction,
    FrameState,
    Visibility,
)

if TYPE_CHECKING:
    from core.annotation.store import AnnotationStore

#: Places that differ by less are the same: files round them.
_SAME_PX, _SAME_MM, _SAME_RAD = 1e-3, 1e-3, 1e-6

#: Edits of one frame that are looked through for when its fields were last said.
_FRAME_EDITS = 10_000

#: What a person reads for a field.
FIELD_WORDS = {
    "correction": "corrected hand",
    "visibility": "visibility of joints",
    "flags": "flags",
    "note": "note",
    "review": "review",
}


class ImportRefusedError(ValueError):
    """A file or store that cannot be taken over; the text names it and says why."""


class Keep(StrEnum):
    """What becomes of a conflict."""

    MINE = "mine"
    THEIRS = "theirs"
    NEWER = "newer"


@dataclass(frozen=True)
class Incoming:
    """One field of one frame as they have it.

    Attributes:
        split: The frame's split.
        frame: "SEQ/ID".
        field: One of `core.annotation.records.FIELDS`.
        value: Of that field's type.
        at_s: When they said it, seconds since 1970 (UTC); None where that is unknown.
    """

    split: str
    frame: str
    field: str
    value: object
    at_s: float | None = None


@dataclass(frozen=True)
class Offer:
    """What a file or another store has for this dataset.

    Attributes:
        source: Its name, for people.
        incoming: Fields of frames of this dataset.
        notes: What of it cannot be used and why, in sentences.
    """

    source: str
    incoming: tuple[Incoming, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """A field that both changed, to different values.

    Attributes:
        incoming: What they have.
        mine: The value here.
        mine_at_s: When it was said here; None where that is unknown.
    """

    incoming: Incoming
    mine: object
    mine_at_s: float | None

    @property
    def newer(self) -> Keep | None:
        """Which of the two was said later; None where that cannot be known."""
        theirs = self.incoming.at_s
        if theirs is None or self.mine_at_s is None:
            return None
        return Keep.THEIRS if theirs > self.mine_at_s else Keep.MINE


@dataclass(frozen=True)
class Merge:
    """What taking an offer over would do.

    Attributes:
        source: As in `Offer`.
        additions: What only they said.
        conflicts: What both said differently.
        same: Number of fields that both said alike.
        notes: As in `Offer`.
    """

    source: str
    additions: tuple[Incoming, ...]
    conflicts: tuple[Conflict, ...]
    same: int
    notes: tuple[str, ...]


def plan(offer: Offer, store: "AnnotationStore") -> Merge:
    """Compare an offer with the store; writes nothing."""
    blank = FrameState()
    frames: dict[tuple[str, str], list[Incoming]] = {}
    for one in offer.incoming:
        frames.setdefault((one.split, one.frame), []).append(one)
    additions, conflicts, same = [], [], 0
    for place, fields in frames.items():
        state, times = store.state(*place), None
        for one in fields:
            mine = getattr(state, one.field)
            if is_same(one.field, mine, one.value):
                same += 1
            elif is_same(one.field, mine, getattr(blank, one.field)):
                additions.append(one)
            else:
                times = field_times(store, *place) if times is None else times
                conflicts.append(Conflict(one, mine, times.get(one.field)))
    return Merge(offer.source, tuple(additions), tuple(conflicts), same, offer.notes)


def changes(merge: Merge, keep: Keep | Sequence[Keep], *, group: str) -> list[Change]:
    """What to write: all additions, and of the conflicts what `keep` says.

    Args:
        merge: The plan.
        keep: One for every conflict, in the plan's order, or one for all of them. "newer" keeps
            mine where it cannot be known which is newer.
        group: All of it is undone as one under this name.

    Raises:
        ValueError: there is not one choice for every conflict.
    """
    choices = [keep] * len(merge.conflicts) if isinstance(keep, Keep) else list(keep)
    if len(choices) != len(merge.conflicts):
        raise ValueError(f"{len(choices)} choices for {len(merge.conflicts)} conflicts")
    taken = [*merge.additions]
    for conflict, choice in zip(merge.conflicts, choices, strict=True):
        if choice is Keep.THEIRS or (choice is Keep.NEWER and conflict.newer is Keep.THEIRS):
            taken.append(conflict.incoming)
    return [
        Change(
            one.frame,
            one.split,
            one.field,
            one.value,
            f"imported the {FIELD_WORDS[one.field]} from {merge.source}",
            group,
        )
        for one in taken
    ]


def field_times(store: "AnnotationStore", split: str, frame: str) -> dict[str, float]:
    """When every field of a frame was last said, seconds since 1970 (UTC)."""
    times: dict[str, float] = {}
    for edit in store.history(limit=_FRAME_EDITS, split=split, frame=frame):
        times.setdefault(edit.change.field, edit.at_s)  # the newest comes first
    return times


def value_words(field: str, value: object) -> str:
    """A field's value for people."""
    if field == "correction":
        if value is None:
            return "no correction"
        kind = "in 3D" if value.joints_mm is not None else "in free 2D"
        return f"{'right' if value.is_right else 'left'} hand {kind}"
    if field == "visibility":
        occluded, outside = value.count(Visibility.OCCLUDED), value.count(Visibility.OUTSIDE)
        return f"{occluded} occluded, {outside} outside"
    if field == "flags":
        return ", ".join(FLAG_WORDS.get(flag, flag) for flag in sorted(value)) or "none"
    return str(value)


def difference_words(conflict: Conflict) -> str:
    """How far two hands are apart; "" for what is no hand."""
    mine, theirs = conflict.mine, conflict.incoming.value
    if not isinstance(mine, Correction) or not isinstance(theirs, Correction):
        return ""
    apart_px = np.linalg.norm(mine.keypoints_px - theirs.keypoints_px, axis=1)
    return f"{apart_px.max():.1f} px apart"


def is_same(field: str, one: object, other: object) -> bool:
    """Whether two values of a field say the same, but for what files round."""
    if field == "correction" and isinstance(one, Correction) and isinstance(other, Correction):
        return _is_same_hand(one, other)
    return one == other


def _is_same_hand(one: Correction, other: Correction) -> bool:
    """The same places in the picture, and in space where both know them."""
    if one.is_right != other.is_right:
        return False
    if not _is_near(one.keypoints_px, other.keypoints_px, _SAME_PX):
        return False
    if one.joints_mm is None or other.joints_mm is None:
        return True
    if not _is_near(one.joints_mm, other.joints_mm, _SAME_MM):
        return False
    if one.mano is None or other.mano is None:
        return one.mano is other.mano
    return _is_near(one.mano.hand_pose_rad, other.mano.hand_pose_rad, _SAME_RAD) and _is_near(
        one.mano.betas, other.mano.betas, _SAME_RAD
    )


def _is_near(one: np.ndarray, other: np.ndarray, most: float) -> bool:
    return bool(np.abs(one - other).max() <= most)
