"""What a sequence fit is asked, what it proposes, and the changes that come of it. No Qt."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.annotation.marks import Marks
from core.annotation.records import Change, Correction, FrameState, ReviewState
from core.conventions import JOINT_NAMES
from core.data.frame_index import FrameIndex
from core.geometry.camera import Camera
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import Fit
from core.hand.hand_model import ManoParameters

#: A frame whose every joint moves less than both of these is left as it is, unless it is ticked.
LEAST_PX, LEAST_MM = 0.5, 1.0

#: How many times harder than usual a hand must jump for the label's error to begin or end there:
#: what a person chooses. 0 is anywhere, infinity only at key frames.
JUMPS = (0.0, 1.0, 2.5, 5.0, 10.0, math.inf)
USUAL_JUMP = 2.5
#: Labels whose joints lie farther from their own hand than this were made with another hand model.
MOST_DISAGREEMENT_MM = 3.0

_LAST_NUMBER = re.compile(r"(\d+)\D*$")


def smoothness_of(jump: float) -> float:
    """The fitter's smoothness for one of `JUMPS`; it weighs squared accelerations, 1 is usual."""
    return min((jump / USUAL_JUMP) ** 2, 1e6)


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """A frame of the sequence as its dataset has it.

    Attributes:
        row: In the open split.
        frame_id: "SEQ/ID".
        camera: The photo's; None where nothing could be read.
        mano: The label's hand, or None.
        posed_mm: (21, 3) the label's hand posed by the hand model in use, in camera axes: what a
            fit that changes nothing gives back.
        keypoints_px: (21, 2) that hand in the photo.
        disagreement_mm: How far the label's own joints are from that, on average; NaN unknown.
        is_right: Side of the hand.
        problem: Why it takes no part, in a sentence; "" where it does.
    """

    row: int
    frame_id: str
    camera: Camera | None = None
    mano: ManoParameters | None = None
    posed_mm: np.ndarray | None = None
    keypoints_px: np.ndarray | None = None
    disagreement_mm: float = math.nan
    is_right: bool = True
    problem: str = ""

    @property
    def name(self) -> str:
        """The frame's name in its sequence."""
        return self.frame_id.rpartition("/")[2]


def read_frame(index: FrameIndex, row: int) -> LabelledFrame:
    """Read a frame's labels; what is missing becomes its `problem`."""
    frame_id = str(index.frame_id(row))
    try:
        frame = index.read_labels(row)
    except (OSError, ValueError) as error:
        return LabelledFrame(row, frame_id, problem=str(error))
    hand = frame.hand
    if hand is None or not hand.has_all_joints:
        return LabelledFrame(row, frame_id, frame.camera, problem="It has no label.")
    if hand.mano is None:
        return LabelledFrame(row, frame_id, frame.camera, problem="Its label has no hand.")
    posed_mm = index.hand_model.of_side(hand.is_right).pose(hand.mano).joints_mm
    away_mm = float(np.linalg.norm(posed_mm - hand.joints_mm, axis=1).mean())
    return LabelledFrame(
        row,
        frame_id,
        frame.camera,
        hand.mano,
        posed_mm,
        frame.camera.project(posed_mm),
        away_mm,
        is_right=hand.is_right,
    )


def frame_times(names: Sequence[str]) -> list[float]:
    """When frames of a sequence were taken, in frames: by the numbers in their names, where these
    grow; else one after the other."""
    numbers = [_LAST_NUMBER.search(name) for name in names]
    if all(numbers):
        times = [float(number.group(1)) for number in numbers]
        if all(a < b for a, b in itertools.pairwise(times)):
            return times
    return [float(position) for position in range(len(names))]


@dataclass(frozen=True, eq=False)
class KeyFrame:
    """A frame that is right: a person corrected it, or marked it as done as it is.

    Attributes:
        frame: As its dataset has it.
        mano: The right hand; None where a problem says why there is none.
        correction: What a person made of it; None where the label is right.
        problem: Why it cannot be a key frame; "" where it can.
        note: What is special about it, in two words.
    """

    frame: LabelledFrame
    mano: ManoParameters | None
    correction: Correction | None
    problem: str = ""
    note: str = ""

    @cached_property
    def most_moved_px(self) -> float:
        """How far the joint that was moved most is from the label; NaN without a label."""
        if self.correction is None:
            return 0.0
        if self.frame.posed_mm is None:
            return math.nan
        moved_px = self.correction.keypoints_px - self.frame.keypoints_px
        return float(np.linalg.norm(moved_px, axis=1).max())


def key_frame(
    frame: LabelledFrame, marks: Marks | None, state_of: Callable[[str], FrameState]
) -> KeyFrame | None:
    """The frame as a key frame, where a person corrected it or marked it as done.

    What a fit made earlier is none. `marks` is what is said of the frame in short: its state is
    asked for, from the disk perhaps, only where that lets it be one.
    """
    if marks is None or not (marks.has_correction or marks.review is ReviewState.DONE):
        return None
    state = state_of(frame.frame_id)
    if state.correction is not None:
        is_by_hand = state.correction.source != "sequence"
        return _corrected_key(frame, state.correction) if is_by_hand else None
    if state.review is ReviewState.DONE and not frame.problem:
        return KeyFrame(frame, frame.mano, None, note="label is right")
    return None


def _corrected_key(frame: LabelledFrame, correction: Correction) -> KeyFrame:
    problem, note = frame.problem, "no label" if frame.problem else ""
    if correction.mano is None:
        problem, note = "Corrected in free 2D: there is no hand to carry on.", "free 2D"
    elif not problem and correction.is_right != frame.is_right:
        problem, note = "The correction is of the other hand than the label.", "other hand"
    return KeyFrame(frame, correction.mano, correction, problem, note)


def disagreement_mm(frames: Iterable[LabelledFrame]) -> float:
    """How far labelled joints are from their own hands as they are posed here: the median."""
    known = [frame.disagreement_mm for frame in frames if math.isfinite(frame.disagreement_mm)]
    return float(np.median(known)) if known else math.nan


def request_of(
    frames: Sequence[LabelledFrame], times: Sequence[float], keys: Sequence[KeyFrame]
) -> tuple[list[SequenceFrame], bool]:
    """What the fitter is asked: the frames that take part, and the side of the hand.

    Only frames of the key frames' side take part. Raises ValueError, as a sentence for people,
    where nothing would come of it.
    """
    rows = {frame.row for frame in frames}
    keys = [key for key in keys if key.frame.row in rows]
    if len(keys) < 2:
        raise ValueError("Two key frames are needed: the frames between them are fitted.")
    if all(key.correction is None for key in keys):
        raise ValueError("The labels of all key frames are right: nothing would change.")
    sides = {key.frame.is_right for key in keys}
    if len(sides) > 1:
        raise ValueError("Key frames of a left and of a right hand: untick those of one side.")
    is_right = sides.pop()
    corrected = {key.frame.row: key.mano for key in keys}
    asked = [
        SequenceFrame(frame.row, time, frame.camera, frame.mano, corrected.get(frame.row))
        for frame, time in zip(frames, times, strict=True)
        if not frame.problem and frame.is_right == is_right
    ]
    return asked, is_right


@dataclass(frozen=True)
class Moved:
    """How far 21 joints move from the labelled hand to the proposed one.

    Attributes:
        mean_px, mean_mm: On average, in the photo and in space.
        worst_px, worst_mm: The joint that moves most there.
        joint_px, joint: Which joint that is in the photo, and in space.
    """

    mean_px: float
    worst_px: float
    joint_px: int
    mean_mm: float
    worst_mm: float
    joint: int


def moves_between(before: Sequence[LabelledFrame], after: Sequence[Fit]) -> list[Moved]:
    """How far the joints of every frame move; all at once, which takes a fiftieth of one by one."""
    if not before:
        return []
    labelled_px = np.array([frame.keypoints_px for frame in before])
    labelled_mm = np.array([frame.posed_mm for frame in before])
    px = np.linalg.norm(np.array([fit.keypoints_px for fit in after]) - labelled_px, axis=2)
    mm = np.linalg.norm(np.array([fit.mesh.joints_mm for fit in after]) - labelled_mm, axis=2)
    columns = (px.mean(1), px.max(1), px.argmax(1), mm.mean(1), mm.max(1), mm.argmax(1))
    return [Moved(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


@dataclass(frozen=True, eq=False)
class Proposal:
    """A frame with the hand that is proposed for it.

    Attributes:
        frame: As its dataset has it.
        time: When it was taken, in frames.
        fit: The proposed hand.
        moved: How far its joints move.
        is_key: Whether it is a key frame of this fit.
        is_by_hand: Whether a person corrected it; that correction stays unless it is ticked.
    """

    frame: LabelledFrame
    time: float
    fit: Fit
    moved: Moved
    is_key: bool = False
    is_by_hand: bool = False

    @property
    def hardly_changes(self) -> bool:
        """Whether no joint moves enough to be worth a correction."""
        return self.moved.worst_px < LEAST_PX and self.moved.worst_mm < LEAST_MM

    @property
    def is_taken_at_first(self) -> bool:
        """Whether it is accepted unless somebody unticks it."""
        return not (self.is_key or self.is_by_hand or self.hardly_changes)

    @property
    def note(self) -> str:
        """What is special about it, in a few words."""
        if self.is_key:
            return "key frame"
        if self.is_by_hand:
            return "corrected by hand"
        if self.hardly_changes:
            return "hardly changes"
        return "" if self.fit.is_converged else "not settled"

    def change(self, split: str, words: str, group: str) -> Change:
        """Its correction, as one of a group."""
        correction = Correction(
            keypoints_px=np.asarray(self.fit.keypoints_px, float),
            joints_mm=np.asarray(self.fit.mesh.joints_mm, float),
            mano=self.fit.mano,
            is_right=self.frame.is_right,
            start="label",
            source="sequence",
        )
        return Change(self.frame.frame_id, split, "correction", correction, words, group)


def proposals_of(
    fits: Mapping[int, Fit],
    frames: Sequence[LabelledFrame],
    times: Sequence[float],
    *,
    keys: Iterable[int],
    by_hand: Iterable[int],
) -> list[Proposal]:
    """What was fitted, in the order of the sequence; rows of `keys` and `by_hand` are marked.

    Hands that are not finite (behind the camera, say) are left out.
    """
    keys, by_hand = set(keys), set(by_hand)
    known = [
        (frame, time, fits[frame.row])
        for frame, time in zip(frames, times, strict=True)
        if frame.row in fits and np.isfinite(fits[frame.row].keypoints_px).all()
    ]
    moves = moves_between([frame for frame, _, _ in known], [fit for _, _, fit in known])
    return [
        Proposal(frame, time, fit, moved, frame.row in keys, frame.row in by_hand)
        for (frame, time, fit), moved in zip(known, moves, strict=True)
    ]


def summary(proposals: Sequence[Proposal]) -> str:
    """How much changes, over all frames that are proposed."""
    if not proposals:
        return ""
    worst = max(proposals, key=lambda one: one.moved.worst_mm)
    mean_px = math.fsum(one.moved.mean_px for one in proposals) / len(proposals)
    mean_mm = math.fsum(one.moved.mean_mm for one in proposals) / len(proposals)
    return (
        f"{len(proposals):,} frames, on average {mean_px:.1f} px and {mean_mm:.1f} mm; most in "
        f"{worst.frame.name}: {JOINT_NAMES[worst.moved.joint]} {worst.moved.worst_mm:.1f} mm"
    )
