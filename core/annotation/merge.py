"""Taking over what somebody else said of the same frames, with a look at the conflicts first.

A conflict is a field of a frame that both changed, to different values. What only they changed is
taken over, what both changed alike is left alone, and what they never touched is no change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from core.annotation.records import FIELDS, Change, Correction, FrameState

if TYPE_CHECKING:
    from core.annotation.store import AnnotationStore

#: Places that differ by less are the same: files round them.
_SAME_PX, _SAME_MM, _SAME_RAD = 1e-3, 1e-3, 1e-6

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
    splits = {one.split for one in offer.incoming}
    times = {split: edit_times(store, split) for split in splits}
    blank = FrameState()
    additions, conflicts, same = [], [], 0
    for one in offer.incoming:
        mine = getattr(store.state(one.split, one.frame), one.field)
        if is_same(one.field, mine, one.value):
            same += 1
        elif is_same(one.field, mine, getattr(blank, one.field)):
            additions.append(one)
        else:
            at_s = times[one.split].get((one.frame, one.field))
            conflicts.append(Conflict(one, mine, at_s))
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


def offer_of_store(
    theirs: "AnnotationStore", source: str, frames: Mapping[str, Collection[str]]
) -> Offer:
    """What another store says of the frames of this dataset.

    Args:
        theirs: The other store.
        source: Its name, for people.
        frames: The names of this dataset's frames, by split.
    """
    incoming: list[Incoming] = []
    unknown = 0
    blank = FrameState()
    for split, names in frames.items():
        times = edit_times(theirs, split)
        for frame in theirs.overview(split):
            if frame not in names:
                unknown += 1
                continue
            state = theirs.state(split, frame)
            incoming += [
                Incoming(split, frame, field, getattr(state, field), times.get((frame, field)))
                for field in FIELDS
                if not is_same(field, getattr(state, field), getattr(blank, field))
            ]
    notes = (f"{unknown:,} frames of {source} are not in this dataset; left out",)
    return Offer(source, tuple(incoming), notes if unknown else ())


def edit_times(store: "AnnotationStore", split: str) -> dict[tuple[str, str], float]:
    """When every field of a split's frames was last said, by (frame, field); seconds, UTC."""
    return latest((edit.change.frame, edit.change.field, edit.at_s)
                  for edit in store.history(limit=None, split=split))  # fmt: skip


def latest(said: Iterable[tuple[str, str, float]]) -> dict[tuple[str, str], float]:
    """The latest time by frame and field, of (frame, field, seconds)."""
    times: dict[tuple[str, str], float] = {}
    for frame, field, at_s in said:
        times[frame, field] = max(at_s, times.get((frame, field), at_s))
    return times


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
