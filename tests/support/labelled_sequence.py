"""A sequence of one moving hand in memory, a person's corrections of it, and a fitter at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from support_samples import INTRINSICS, stand_in_hand

from core.annotation.marks import Marks, marks_of
from core.annotation.records import Change, Correction, FrameState, ReviewState
from core.data.frame import Frame, FrameId, HandLabel
from core.geometry.camera import Camera
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import Fit
from core.hand.hand_model import HandModel, ManoParameters

#: Index finger bent at its knuckle by this much more in the corrections: about 20 mm at the tip.
BENT_RAD = 0.3
INDEX_MCP_FLEXION = 2  # in `hand_pose_rad`


def hand_at(step: int) -> ManoParameters:
    """The labelled hand of a frame: it moves to the right, and a finger closes."""
    pose = np.zeros((15, 3))
    pose[:, 2] = 0.3 + 0.02 * step
    return ManoParameters(
        global_orient_rad=np.array([0.0, 0.0, 0.3]),
        hand_pose_rad=pose.ravel(),
        betas=np.zeros(10),
        wrist_mm=np.array([-40.0 + 4.0 * step, 60.0, 620.0]),
    )


def bent(mano: ManoParameters, by_rad: float = BENT_RAD) -> ManoParameters:
    """The same hand as a person corrected it."""
    pose = np.array(mano.hand_pose_rad, float)
    pose[INDEX_MCP_FLEXION] += by_rad
    return replace(mano, hand_pose_rad=pose)


def fit_of(mano: ManoParameters, camera: Camera) -> Fit:
    """A fit that is exactly this hand."""
    mesh = stand_in_hand().pose(mano)
    nothing = np.full(21, np.nan)
    keypoints_px = camera.project(mesh.joints_mm)
    return Fit(mano, mesh, keypoints_px, nothing, nothing, np.zeros(20), 3, 1.0, True)


def correction_of(mano: ManoParameters, /, **changes: object) -> Correction:
    """What is kept of a corrected hand."""
    fit = fit_of(mano, Camera(INTRINSICS))
    correction = Correction(fit.keypoints_px, fit.mesh.joints_mm, mano, True, "label")
    return replace(correction, **changes)


@dataclass
class SequenceIndex:
    """An index of one sequence; `unlabelled` rows have no label, `broken` ones cannot be read."""

    count: int = 12
    sequence: str = "MC1"
    unlabelled: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    name: str = "made up / train"
    split: str = "train"
    away_mm: float = 0.0  # of the labelled joints from the labelled hand
    read_rows: list[int] = field(default_factory=list)

    @property
    def hand_model(self) -> HandModel:
        return stand_in_hand()

    def __len__(self) -> int:
        return self.count

    @property
    def sequences(self) -> dict[str, np.ndarray]:
        return {self.sequence: np.arange(self.count)}

    def frame_id(self, row: int) -> FrameId:
        return FrameId(self.sequence, f"{row * 2:04d}")

    def read_labels(self, row: int) -> Frame:
        if row in self.broken:
            raise ValueError(f"meta/{row:04d}.pkl is damaged")
        mano = hand_at(row)
        joints_mm = stand_in_hand().pose(mano).joints_mm + [self.away_mm, 0.0, 0.0]
        label = HandLabel(joints_mm=joints_mm, mano=mano)
        empty = np.zeros((0, 0, 3), np.uint8)
        hand = None if row in self.unlabelled else label
        return Frame(self.frame_id(row), empty, Camera(INTRINSICS), hand=hand)

    def read(self, row: int) -> Frame:
        self.read_rows.append(row)
        image = np.full((480, 640, 3), 60 + 8 * (row % 12), np.uint8)
        return replace(self.read_labels(row), image=image)


class FakeSequenceFitter(QObject):
    """Has what sequence fits use of `FitClient`; a test says when it answers."""

    sequence_progress = Signal(int, int)
    sequence_done = Signal(object)
    sequence_failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[list[SequenceFrame], bool, float]] = []
        self.cancelled = 0

    def request_sequence(
        self, frames: Sequence[SequenceFrame], *, is_right: bool, smoothness: float = 1.0
    ) -> None:
        self.asked.append((list(frames), is_right, smoothness))

    def cancel_sequence(self) -> None:
        self.cancelled += 1

    def answer(self, share: Callable[[int], float] = lambda row: 1.0) -> None:
        """Bend every frame's finger by a share of what key frames have."""
        frames, *_ = self.asked[-1]
        self.sequence_done.emit(
            {
                frame.row: fit_of(bent(frame.label, BENT_RAD * share(frame.row)), frame.camera)
                for frame in frames
            }
        )


class FakeAnnotations(QObject):
    """Has what panels use of `Annotations`, in memory, and remembers every call."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[Change]] = []
        self.takes_changes, self.is_read_only = True, False
        self.pending, self.failure = 0, ""
        self.path = Path("made-up.sqlite")
        self.states: dict[tuple[str, str], FrameState] = {}

    def state(self, frame: object, split: str | None = None) -> FrameState:
        return self.states.get((split or "train", str(frame)), FrameState())

    @property
    def overview(self) -> dict[str, Marks]:
        return {name: marks_of(state, 0) for (_, name), state in self.states.items()}

    def changes(self, changes: Sequence[Change]) -> bool:
        if not self.takes_changes:
            return False
        self.calls.append(list(changes))
        for change in changes:
            key = (change.split, change.frame)
            state = self.states.get(key, FrameState())
            self.states[key] = state.with_value(change.field, change.value)
        self.changed.emit({change.frame for change in changes})
        return True

    def mark_done(self, index: SequenceIndex, row: int) -> None:
        """A person says that a frame is right as it is now."""
        name = str(index.frame_id(row))
        done = ReviewState.DONE
        self.changes([Change(name, index.split, "review", done, "marked done")])
        self.calls.pop()

    def correct(self, index: SequenceIndex, row: int, correction: Correction | None) -> None:
        """A person corrects a frame."""
        name = str(index.frame_id(row))
        self.changes([Change(name, index.split, "correction", correction, "moved index tip")])
        self.calls.pop()
