"""What a sequence fit is asked, what it proposes, and the changes that come of it. No Qt."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.annotation.records import Change, Correction, FrameState
from core.conventions import JOINT_NAMES
from core.data.frame_index import FrameIndex
from core.geometry.camera import Camera
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import Fit
from core.hand.hand_model import ManoParameters

#: A frame whose every joint moves less than both of these is left as it is, unless it is ticked.
LEAST_PX, LEAST_MM = 0.5, 1.0

#: Frames over which a correction fades to half, as a person chooses it; 0 is "each on its own".
REACHES = (0, 2, 5, 10, 20, 50, 100)

_LAST_NUMBER = re.compile(r"(\d+)\D*$")


def smoothness_of(reach_frames: int) -> float:
    """The fitter's smoothness at which a correction fades to half over so many frames."""
    return (reach_frames / 10) ** 2


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """A frame of the sequence as its dataset has it.

    Attributes:
        row: In the open split.
        frame_id: "SEQ/ID".
        camera: The photo's; None where nothing could be read.
        joints_mm: (21, 3) the label's joints in camera axes, or None.
        mano: The label's hand, or None.
        is_right: Side of the hand.
        problem: Why it takes no part, in a sentence; "" where it does.
    """

    row: int
    frame_id: str
    camera: Camera | None = None
    joints_mm: np.ndarray | None = None
    mano: ManoParameters | None = None
    is_right: bool = True
    problem: str = ""

    @property
    def name(self) -> str:
        """The frame's name in its sequence."""
        return self.frame_id.rpartition("/")[2]

    @cached_property
    def keypoints_px(self) -> np.ndarray:
        """(21, 2) the label's joints in the photo."""
        return self.camera.project(self.joints_mm)


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
    problem = "" if hand.mano is not None else "Its label has no hand parameters."
    return LabelledFrame(
        row, frame_id, frame.camera, hand.joints_mm, hand.mano, hand.is_right, problem
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
    """A frame that a person corrected.

    Attributes:
        frame: As its dataset has it.
        correction: What a person made of it.
        problem: Why it cannot be a key frame; "" where it can. `note` says that in two words.
    """

    frame: LabelledFrame
    correction: Correction
    problem: str = ""
    note: str = ""

    @cached_property
    def moved_px(self) -> np.ndarray:
        """(21,) how far its joints are from the label's; NaN without a label."""
        if self.frame.joints_mm is None:
            return np.full(len(JOINT_NAMES), np.nan)
        return np.linalg.norm(self.correction.keypoints_px - self.frame.keypoints_px, axis=1)


def key_frames(
    frames: Iterable[LabelledFrame], state_of: Callable[[str], FrameState]
) -> list[KeyFrame]:
    """Frames that a person corrected, or brought in; what a fit made earlier is none of them."""
    found = []
    for frame in frames:
        correction = state_of(frame.frame_id).correction
        if correction is None or correction.source == "sequence":
            continue
        problem, note = frame.problem, "no label" if frame.problem else ""
        if correction.mano is None:
            problem, note = "Corrected in free 2D: there is no hand to carry on.", "free 2D"
        elif not problem and correction.is_right != frame.is_right:
            problem, note = "The correction is of the other hand than the label.", "other hand"
        found.append(KeyFrame(frame, correction, problem, note))
    return found


def request_of(
    frames: Sequence[LabelledFrame], times: Sequence[float], keys: Mapping[int, Correction]
) -> tuple[list[SequenceFrame], bool]:
    """What the fitter is asked: the frames that take part, and the side of the hand.

    `keys` are the corrections of the key frames by row. Only frames of their side take part.
    Raises ValueError, as a sentence for people, where nothing can be asked.
    """
    sides = {keys[frame.row].is_right for frame in frames if frame.row in keys}
    if not sides:
        raise ValueError("No key frame lies in the range: tick one, or widen the range.")
    if len(sides) > 1:
        raise ValueError("Key frames of a left and of a right hand: untick those of one side.")
    is_right = sides.pop()
    asked = []
    for frame, time in zip(frames, times, strict=True):
        if frame.problem or frame.is_right != is_right:
            continue
        correction = keys.get(frame.row)
        corrected = None if correction is None else correction.mano
        asked.append(SequenceFrame(frame.row, time, frame.camera, frame.mano, corrected))
    return asked, is_right


@dataclass(frozen=True, eq=False)
class Proposal:
    """A frame with the hand that is proposed for it.

    Attributes:
        frame: As its dataset has it.
        time: When it was taken, in frames.
        fit: The proposed hand.
        is_key: Whether it is a key frame of this fit.
        is_by_hand: Whether a person corrected it; that correction stays unless it is ticked.
    """

    frame: LabelledFrame
    time: float
    fit: Fit
    is_key: bool = False
    is_by_hand: bool = False

    @cached_property
    def moved_px(self) -> np.ndarray:
        """(21,) from the label's joints to the proposed ones, in the photo."""
        return np.linalg.norm(self.fit.keypoints_px - self.frame.keypoints_px, axis=1)

    @cached_property
    def moved_mm(self) -> np.ndarray:
        """(21,) the same in space."""
        return np.linalg.norm(self.fit.mesh.joints_mm - self.frame.joints_mm, axis=1)

    @property
    def worst_joint(self) -> int:
        """The joint that moves most in space."""
        return int(self.moved_mm.argmax())

    @property
    def hardly_changes(self) -> bool:
        """Whether no joint moves enough to be worth a correction."""
        return self.moved_px.max() < LEAST_PX and self.moved_mm.max() < LEAST_MM

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
    return [
        Proposal(frame, time, fits[frame.row], frame.row in keys, frame.row in by_hand)
        for frame, time in zip(frames, times, strict=True)
        if frame.row in fits and np.isfinite(fits[frame.row].keypoints_px).all()
    ]


def summary(proposals: Sequence[Proposal]) -> str:
    """How much changes, over all frames that are proposed."""
    if not proposals:
        return ""
    worst = max(proposals, key=lambda one: one.moved_mm.max())
    mean_px = math.fsum(float(one.moved_px.mean()) for one in proposals) / len(proposals)
    mean_mm = math.fsum(float(one.moved_mm.mean()) for one in proposals) / len(proposals)
    return (
        f"{len(proposals):,} frames, on average {mean_px:.1f} px and {mean_mm:.1f} mm; most in "
        f"{worst.frame.name}: {JOINT_NAMES[worst.worst_joint]} {worst.moved_mm.max():.1f} mm"
    )
