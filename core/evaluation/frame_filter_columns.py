"""The columns a filter of frames may speak of: their short names, units and meaning."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from core.conventions import JOINT_NAMES


@dataclass(frozen=True, kw_only=True)
class FilterColumn:
    """One column of the table of frames.

    Attributes:
        name: How it is written in a filter, such as ``pa_mpjpe`` or ``joint.thumb_tip``.
        meaning: What it says, in a few words.
        kind: "number" (compared), "words" (matched), or "both" for frame names that are numbers.
        unit: Of its figures: "mm", "px" or "".
        stored: Name of the array in the store of evaluations; "" where it is none of its.
        joint: Which of the array's 21 joints, -1 for an array of one figure a frame.
    """

    name: str
    meaning: str
    kind: Literal["number", "words", "both"] = "number"
    unit: str = ""
    stored: str = ""
    joint: int = -1


def _number(name: str, stored: str, meaning: str, unit: str = "") -> FilterColumn:
    return FilterColumn(name=name, meaning=meaning, unit=unit, stored=stored)


def _words(name: str, meaning: str) -> FilterColumn:
    return FilterColumn(name=name, meaning=meaning, kind="words")


def _joints(prefix: str, stored: str, meaning: str, unit: str) -> tuple[FilterColumn, ...]:
    return tuple(
        FilterColumn(
            name=f"{prefix}.{joint_word(joint)}",
            meaning=f"{meaning} of the {name}",
            unit=unit,
            stored=stored,
            joint=joint,
        )
        for joint, name in enumerate(JOINT_NAMES)
    )


def joint_word(joint: int) -> str:
    """A joint's name as one word: ``thumb_tip``."""
    return JOINT_NAMES[joint].lower().replace(" ", "_")


#: Figures of whole frames, in the order in which they are offered.
FIGURES = (
    _number("pa_mpjpe", "pa_mpjpe_mm", "joint error, Procrustes-aligned", "mm"),
    _number("mpjpe", "mpjpe_mm", "joint error, wrist on wrist", "mm"),
    _number("mpvpe", "mpvpe_mm", "vertex error, wrist on wrist", "mm"),
    _number("pa_mpvpe", "pa_mpvpe_mm", "vertex error, Procrustes-aligned", "mm"),
    _number("f5", "f5", "F-score of the surface at 5 mm, 0 to 1"),
    _number("f15", "f15", "F-score of the surface at 15 mm, 0 to 1"),
    _number("px", "keypoint_error_px", "2D error in the photo", "px"),
    _number("px_crop", "keypoint_error_crop_px", "2D error in the 256×192 crop", "px"),
    _number("wrist", "wrist_error_mm", "distance of the wrists in camera space", "mm"),
    _number("scale", "scale_ratio", "size of the predicted hand over the true one"),
    _number("distance", "distance_mm", "true wrist from the camera", "mm"),
    _number("occlusion", "occlusion", "share of joints with something in front, 0 to 1"),
)

JOINTS = (
    *_joints("joint", "joint_errors_mm", "error, wrist on wrist,", "mm"),
    *_joints("pa_joint", "pa_joint_errors_mm", "error, Procrustes-aligned,", "mm"),
    *_joints("px_joint", "keypoint_errors_px", "2D error in the photo", "px"),
)

NAMES = (
    FilterColumn(name="frame", meaning="the frame's name or number", kind="both"),
    _words("seq", "the sequence's name"),
    _words("state", "measured, root_only, unlabelled, failed or pending"),
    _words("flag", "flags set in Annotate"),
    _words("note", "notes written in Annotate"),
    _words("review", "state of the review in Annotate"),
)

#: Every column by its short name.
COLUMNS = {column.name: column for column in (*FIGURES, *NAMES, *JOINTS)}

#: Other ways to write a name.
ALIASES = {"pa": "pa_mpjpe"}


class MissingColumnError(LookupError):
    """A table has no such column; the text says why, as a sentence without its full stop."""


class Words(Protocol):
    """A column of words; a frame may have one, several or none of `names`."""

    names: tuple[str, ...]

    def rows_with(self, wanted: np.ndarray) -> np.ndarray:
        """The mask (N,) of frames that have one of the names where `wanted` (names,) is true."""


@dataclass(frozen=True)
class OneWord:
    """One word a frame: ``names[codes[row]]``, or none where ``codes[row]`` is -1."""

    names: tuple[str, ...]
    codes: np.ndarray

    def rows_with(self, wanted: np.ndarray) -> np.ndarray:
        """See `Words`."""
        return np.append(np.asarray(wanted, bool), False)[self.codes]


@dataclass(frozen=True)
class ManyWords:
    """Any number of words a frame, such as flags: ``has[name, row]``."""

    names: tuple[str, ...]
    has: np.ndarray

    def rows_with(self, wanted: np.ndarray) -> np.ndarray:
        """See `Words`."""
        return self.has[np.asarray(wanted, bool)].any(axis=0)


class FrameTable(Protocol):
    """What a filter is applied to."""

    def __len__(self) -> int:
        """How many frames there are."""

    def figures(self, name: str) -> np.ndarray:
        """The figures (N,) of a column, NaN where unknown; raises MissingColumnError.

        Beside the columns of kind "number": ``frame``, the frames' numbers.
        """

    def words(self, name: str) -> Words:
        """A column of kind "words" or "both"; raises MissingColumnError."""

    def unreadable(self) -> np.ndarray:
        """The mask (N,) of frames that cannot be read."""

    def containing(self, word: str, *, is_glob: bool) -> np.ndarray:
        """The mask (N,) of frames with this in ``SEQ/ID``; a glob matches the whole of it."""
