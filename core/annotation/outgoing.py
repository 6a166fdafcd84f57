"""What every export has in common: which frames go out, where to, and what is said of it."""

import datetime
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.annotation.records import Correction, FrameState, ReviewState
from core.conventions import MANO_JOINT_COUNT
from core.data.frame import FrameId
from core.data.frame_index import FrameIndex
from core.hand.hand_model import HandModel

if TYPE_CHECKING:
    from core.annotation.store import AnnotationStore

#: Called with (done, total) frames. What it raises ends the export and leaves nothing behind.
Tell = Callable[[int, int], None]

#: Joints of a correction stand off from its own parameters by rounding alone; more than this, and
#: the parameters are another hand model's.
_SAME_MODEL_MM = 0.5

#: Frames that a note names.
_NAMED = 5


class ExportError(ValueError):
    """An export that cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Spoken:
    """A frame that a person said something of.

    Attributes:
        frame: "SEQ/ID".
        state: All that was said.
        edited_at_s: When it was last said, seconds since 1970 (UTC); NaN where unknown.
    """

    frame: str
    state: FrameState
    edited_at_s: float = math.nan


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: The file or folder.
        frames: How many frames are in it.
        notes: What a person should know of it, in sentences.
    """

    path: Path
    frames: int
    notes: tuple[str, ...] = ()


def check_place(path: Path, index: FrameIndex) -> None:
    """Raise ExportError where an export must not or cannot be written."""
    root = index.root.resolve()
    folder = root if root.is_dir() else root.parent
    place = path.resolve()
    if place == folder or folder in place.parents:
        raise ExportError(
            f"{path}: this is in the dataset's own folder, which is never written to. Choose a "
            "place outside of it"
        )
    if not path.absolute().parent.is_dir():
        raise ExportError(f"{path}: there is no folder {path.absolute().parent} to write into")


def spoken_of(store: "AnnotationStore", split: str) -> Iterator[Spoken]:
    """The frames of a split that something is said of now."""
    for frame, state in store.states(split):
        if state != FrameState():
            newest = store.history(limit=1, split=split, frame=frame)
            yield Spoken(frame, state, newest[0].at_s if newest else math.nan)


def with_rows(index: FrameIndex, spoken: Sequence[Spoken]) -> tuple[list[tuple[int, Spoken]], int]:
    """(row, frame) in the split's own order, and how many frames the split does not list."""
    found, unknown = [], 0
    for one in spoken:
        try:
            found.append((index.row_of(FrameId.parse(one.frame)), one))
        except (KeyError, ValueError):
            unknown += 1
    return sorted(found, key=lambda pair: pair[0]), unknown


def of_reviews(spoken: Sequence[Spoken], reviews: Collection[ReviewState]) -> list[Spoken]:
    """Those whose review is one of `reviews`; all of them where none is named."""
    return [one for one in spoken if not reviews or one.state.review in reviews]


def in_turn(rows: Sequence[tuple[int, Spoken]], tell: Tell) -> Iterator[tuple[int, Spoken]]:
    """The rows one after the other, telling how far it is."""
    tell(0, len(rows))
    for done, pair in enumerate(rows, start=1):
        yield pair
        tell(done, len(rows))


def is_in_3d(correction: Correction | None) -> bool:
    """Whether a correction is a hand in space, with its parameters."""
    return (
        correction is not None and correction.mano is not None and correction.joints_mm is not None
    )


def is_of_model(correction: Correction, hand_model: HandModel) -> bool:
    """Whether the parameters of a 3D correction pose this model to the correction's own joints.

    They do not where the correction was made with another hand model: MANO's numbers mean another
    hand to the stand-in. Tips are not looked at: a label may have those of another convention.
    """
    mesh = hand_model.of_side(correction.is_right).pose(correction.mano)
    apart_mm = np.abs(mesh.joints_mm - correction.joints_mm)[:MANO_JOINT_COUNT]
    return bool(apart_mm.max() <= _SAME_MODEL_MM)


def frames_words(count: int) -> str:
    """ "1 frame", "1,200 frames"."""
    return "1 frame" if count == 1 else f"{count:,} frames"


def some_of(frames: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(frames) - _NAMED:,} more" if len(frames) > _NAMED else ""
    return ", ".join(frames[:_NAMED]) + more


def as_time(seconds: float) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None for NaN."""
    if math.isnan(seconds):
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
