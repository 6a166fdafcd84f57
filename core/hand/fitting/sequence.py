"""Corrects a whole sequence from a few corrected frames.

What a person put right in two key frames is the label's error there. Between them the label keeps
its own motion, and the error is taken off it, interpolated. But labels also go wrong and right
again within a frame, and one that is right must stay. So every frame between two key frames has
four choices: the interpolated correction, that of the key frame before, that of the one after, and
none. Chosen is the way through them on which the hand moves most smoothly from key frame to key
frame: a hand does not jump, an error that begins does. Outside the outermost key frames nothing
speaks for a correction, and labels stay as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.conventions import JOINT_COUNT
from core.geometry.camera import Camera
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.fitting.fitter import HandFitter, bone_lengths_mm
from core.hand.fitting.smoothest import smoothest_way
from core.hand.fitting.target import Fit, FitTarget
from core.hand.hand_model import ManoParameters

#: Called with (frames done, frames in all), often, also while no frame gets done; raises to stop.
Progress = Callable[[int, int], None]

_CHOICES = 4  # interpolated, of the key before, of the key after, none
#: Weight (1/mm) of the joints of a hand that is bent back: far less than its limits have.
_KEPT_WEIGHT_MM = 0.1


@dataclass(frozen=True)
class SequenceFrame:
    """A frame of a sequence as its original label has it.

    Attributes:
        row: What the answer calls it, such as its row in the list.
        time: When it was taken, in frames: gaps in a list count.
        camera: The photo's.
        label: The label's hand, camera axes.
        corrected: The hand that a person put right: this is a key frame. A label that is right as
            it is can be a key frame too. None for the others.
    """

    row: int
    time: float
    camera: Camera
    label: ManoParameters
    corrected: ManoParameters | None = None


@dataclass(frozen=True)
class Correction:
    """What was wrong with a label: added to it, it is right.

    Attributes:
        turn_rad: (3,) turn of the whole hand about its own axes.
        pose_rad: (45,) more of each angle.
        betas: (10,) more of each shape coefficient.
        shift_mm: (3,) move of the wrist, camera axes.
    """

    turn_rad: np.ndarray
    pose_rad: np.ndarray
    betas: np.ndarray
    shift_mm: np.ndarray

    @classmethod
    def between(cls, label: ManoParameters, right: ManoParameters) -> "Correction":
        """What makes `right` of `label`."""
        before = matrix_from_axis_angle(label.global_orient_rad)
        after = matrix_from_axis_angle(right.global_orient_rad)
        return cls(
            axis_angle_from_matrix(before.T @ after),
            right.hand_pose_rad - label.hand_pose_rad,
            right.betas - label.betas,
            right.wrist_mm - label.wrist_mm,
        )

    def part_way(self, other: "Correction", share: float) -> "Correction":
        """The correction a share of the way to another one; the turn on the shortest way."""
        here, there = matrix_from_axis_angle(np.stack([self.turn_rad, other.turn_rad]))
        way = matrix_from_axis_angle(share * axis_angle_from_matrix(here.T @ there))
        return Correction(
            axis_angle_from_matrix(here @ way),
            self.pose_rad + share * (other.pose_rad - self.pose_rad),
            self.betas + share * (other.betas - self.betas),
            self.shift_mm + share * (other.shift_mm - self.shift_mm),
        )

    def applied(self, label: ManoParameters) -> ManoParameters:
        """The label put right."""
        turns = matrix_from_axis_angle(np.stack([label.global_orient_rad, self.turn_rad]))
        return ManoParameters(
            axis_angle_from_matrix(turns[0] @ turns[1]),
            label.hand_pose_rad + self.pose_rad,
            label.betas + self.betas,
            label.wrist_mm + self.shift_mm,
        )


def fit_sequence(
    fitter: HandFitter,
    frames: Sequence[SequenceFrame],
    *,
    is_right: bool,
    smoothness: float = 1.0,
    progress: Progress = lambda done, total: None,
) -> dict[int, Fit]:
    """Fit all frames of one sequence (one hand, one side); returns the fit of every row.

    Key frames come back as they were put right, frames that need nothing as their label. A hand
    whose correction bends it further than hands bend is fitted to the nearest that is possible.

    Args:
        fitter: Of the hand model that the labels are of.
        frames: In any order, at least one of them corrected.
        is_right: Side of the hand.
        smoothness: How little the correction may change its kind between frames: 1 is usual, 0
            lets every frame choose, a large number interpolates everywhere.
        progress: Told of every step, several for a frame; what it raises ends the fit.

    Raises:
        ValueError: there is no key frame, or two frames are of one row or time.
    """
    frames = sorted(frames, key=lambda frame: frame.time)
    _check(frames)
    if smoothness < 0:
        raise ValueError(f"smoothness must not be negative, but it is {smoothness}")
    keys = [index for index, frame in enumerate(frames) if frame.corrected is not None]
    fits: dict[int, Fit] = {}

    def step() -> None:
        progress(len(fits), len(frames))

    def keep(stretch: Sequence[SequenceFrame], hands: Sequence[ManoParameters]) -> None:
        for frame, hand in zip(stretch, hands, strict=True):
            fits[frame.row] = _fit(fitter, frame, hand, is_right)
            step()

    outside = [*frames[: keys[0]], *frames[keys[-1] + 1 :]]
    keep(outside, [frame.label for frame in outside])
    keep([frames[key] for key in keys], [frames[key].corrected for key in keys])
    for first, last in pairwise(keys):
        stretch = frames[first : last + 1]
        hands = _between(fitter, stretch, is_right=is_right, smoothness=smoothness, step=step)
        keep(stretch[1:-1], hands)
    return fits


def _check(frames: Sequence[SequenceFrame]) -> None:
    if not any(frame.corrected is not None for frame in frames):
        raise ValueError("a sequence is fitted from corrected frames, and it has none")
    for name in ("row", "time"):
        values = [getattr(frame, name) for frame in frames]
        if len(set(values)) < len(values):
            raise ValueError(f"two frames of the sequence have the same {name}")


def _between(
    fitter: HandFitter,
    frames: Sequence[SequenceFrame],
    *,
    is_right: bool,
    smoothness: float,
    step: Callable[[], None],
) -> list[ManoParameters]:
    """The hands of the frames between the first and the last one, which are key frames."""

    def joints_mm(hands: Sequence[ManoParameters]) -> np.ndarray:
        step()
        return np.array([fitter.joints_mm(hand, is_right=is_right) for hand in hands])

    if len(frames) < 3:
        return []
    times = np.array([frame.time for frame in frames])
    shares = (times - times[0]) / (times[-1] - times[0])
    first, last = frames[0], frames[-1]
    before = Correction.between(first.label, first.corrected)
    after = Correction.between(last.label, last.corrected)
    choices = []
    for frame, share in zip(frames[1:-1], shares[1:-1], strict=True):
        corrections = (before.part_way(after, share), before, after)
        choices.append([one.applied(frame.label) for one in corrections] + [frame.label])
    known = [[key.corrected] * _CHOICES for key in (first, last)]
    ways_mm = np.array([joints_mm(four) for four in (known[0], *choices, known[1])])
    labels_mm = np.concatenate([joints_mm([frame.label]) for frame in frames])
    chosen = smoothest_way(ways_mm, labels_mm, times, smoothness=smoothness)
    return [four[index] for four, index in zip(choices, chosen[1:-1], strict=True)]


def _fit(fitter: HandFitter, frame: SequenceFrame, mano: ManoParameters, is_right: bool) -> Fit:
    """The fit of a frame: the hand as it is, or bent back to what hands can do.

    What a person or the label says stands, be it possible or not.
    """
    is_made_up = mano is not frame.label and mano is not frame.corrected
    is_bent = is_made_up and fitter.bends_too_far(mano, is_right=is_right)
    if is_bent and not fitter.bends_too_far(frame.label, is_right=is_right):
        joints_mm = fitter.joints_mm(mano, is_right=is_right)
        target = FitTarget(
            camera=frame.camera,
            keypoints_px=np.zeros((JOINT_COUNT, 2)),
            weights_px=np.zeros(JOINT_COUNT),
            joints_mm=joints_mm,
            weights_mm=np.full(JOINT_COUNT, _KEPT_WEIGHT_MM),
            betas=mano.betas,
            anchor=mano,
        )
        return fitter.fit(target, mano, is_right=is_right)
    mesh = fitter.posed(mano, is_right=is_right)
    label_bones_mm = bone_lengths_mm(fitter.joints_mm(frame.label, is_right=is_right))
    return Fit(
        mano=mano,
        mesh=mesh,
        keypoints_px=frame.camera.project(mesh.joints_mm),
        residuals_px=np.full(JOINT_COUNT, np.nan),
        residuals_mm=np.full(JOINT_COUNT, np.nan),
        bone_change=bone_lengths_mm(mesh.joints_mm) / label_bones_mm - 1,
        iterations=0,
        milliseconds=0.0,
        is_converged=True,
    )
