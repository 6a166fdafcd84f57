"""Labels spoilt in known ways, on the fly: files stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.conventions import FINGER_JOINTS, WRIST
from core.data.frame import Frame, HandLabel
from core.data.frame_index import FrameIndex
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.hand_model import HandModel

#: MANO's joints (1 to 15) of the fingers that bend, from the knuckle.
_FINGERS = tuple(FINGER_JOINTS.values())


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(3)
    return vector / np.linalg.norm(vector)


def _moved(hand: HandLabel, by_mm: np.ndarray) -> HandLabel:
    """Everything that a label says, moved by (3,)."""
    return replace(
        hand,
        joints_mm=hand.joints_mm + by_mm,
        vertices_mm=None if hand.vertices_mm is None else hand.vertices_mm + by_mm,
        mano=None if hand.mano is None else replace(hand.mano, wrist_mm=hand.mano.wrist_mm + by_mm),
    )


def one_joint_off(hand: HandLabel, _other, _model, rng) -> HandLabel:
    """One joint is 20 to 50 mm off; surface and parameters stay."""
    joints_mm = hand.joints_mm.copy()
    joints_mm[rng.integers(1, 21)] += _direction(rng) * rng.uniform(20, 50)
    return replace(hand, joints_mm=joints_mm)


def hand_shifted(hand: HandLabel, _other, _model, rng) -> HandLabel:
    """The whole label is 30 to 80 mm aside."""
    angle = rng.uniform(0, 2 * np.pi)
    return _moved(hand, np.array([np.cos(angle), np.sin(angle), 0]) * rng.uniform(30, 80))


def wrong_depth(hand: HandLabel, _other, _model, rng) -> HandLabel:
    """The whole label is 40 to 120 mm too near or too far, where the photo does not show it."""
    ray = hand.joints_mm[WRIST] / np.linalg.norm(hand.joints_mm[WRIST])
    return _moved(hand, ray * rng.uniform(40, 120) * rng.choice([-1, 1]))


def other_mano(hand: HandLabel, other: HandLabel, _model, _rng) -> HandLabel:
    """Parameters (or the surface) are those of another frame's hand, at this one's wrist."""
    moved = _moved(other, hand.joints_mm[WRIST] - other.joints_mm[WRIST])
    return replace(hand, mano=moved.mano, vertices_mm=moved.vertices_mm)


def swapped_fingers(hand: HandLabel, _other, _model, rng) -> HandLabel:
    """Two fingers' joints have each other's names; surface and parameters stay."""
    first, second = rng.permutation(len(_FINGERS))[:2]
    joints_mm = hand.joints_mm.copy()
    joints_mm[list(_FINGERS[first])] = hand.joints_mm[list(_FINGERS[second])]
    joints_mm[list(_FINGERS[second])] = hand.joints_mm[list(_FINGERS[first])]
    return replace(hand, joints_mm=joints_mm)


def other_pose(hand: HandLabel, other: HandLabel, _model, _rng) -> HandLabel:
    """All that the label says is another frame's, at this one's wrist."""
    return _moved(other, hand.joints_mm[WRIST] - other.joints_mm[WRIST])


def bent_finger(hand: HandLabel, _other, model: HandModel, rng) -> HandLabel:
    """One finger is bent by 40 to 70 degrees more at two joints, in parameters and joints alike."""
    turns = matrix_from_axis_angle(hand.mano.hand_pose_rad.reshape(15, 3))
    knuckle = 3 * rng.integers(0, 5)
    axis, angle = _direction(rng), np.radians(rng.uniform(40, 70))
    for joint in (knuckle, knuckle + 1):
        turns[joint] = turns[joint] @ matrix_from_axis_angle(axis * angle)
    mano = replace(hand.mano, hand_pose_rad=axis_angle_from_matrix(turns).ravel())
    mesh = model.of_side(hand.is_right).pose(mano)
    return replace(hand, mano=mano, joints_mm=mesh.joints_mm, vertices_mm=None)


Spoiler = Callable[[HandLabel, HandLabel, HandModel, np.random.Generator], HandLabel]
KINDS: Mapping[str, Spoiler] = {
    "one joint off": one_joint_off,
    "hand shifted": hand_shifted,
    "wrong depth": wrong_depth,
    "MANO of another frame": other_mano,
    "fingers swapped": swapped_fingers,
    "label of another frame": other_pose,
    "finger bent": bent_finger,
}


@dataclass(frozen=True)
class Plant:
    """A spoilt row: how, and what its label became."""

    row: int
    kind: str
    hand: HandLabel


def plant(
    index: FrameIndex,
    hand_model: HandModel,
    *,
    share: float,
    seed: int,
    kinds: Sequence[str] = tuple(KINDS),
) -> list[Plant]:
    """Spoil a share of the rows, of every kind as many as of the others."""
    rng = np.random.default_rng(seed)
    count = round(share * len(index))
    rows = rng.permutation(len(index))
    plants = []
    for number, row in enumerate(rows[:count].tolist()):
        kind = kinds[number % len(kinds)]
        hand = index.read_labels(row).hand
        other = index.read_labels(int(rows[-1 - number])).hand
        spoilt = KINDS[kind](hand, other, hand_model, rng)
        plants.append(Plant(row, kind, _boxed(spoilt, index.read_labels(row))))
    return plants


def _boxed(hand: HandLabel, frame: Frame) -> HandLabel:
    """With the box round its joints, where labels have boxes: HO-3D's are made so too."""
    if hand.box_px is None:
        return hand
    keypoints_px = frame.camera.project(hand.joints_mm)
    return replace(hand, box_px=np.append(keypoints_px.min(0), keypoints_px.max(0)))


class NoisyIndex:
    """An index whose labels all have noise of their own: the hand in place, the joints beside it.

    Synthetic labels are exact; a person's, or a fit's, are some millimetres off, from frame to
    frame anew (HO-3D's own: 4 to 8 mm).
    """

    def __init__(self, index: FrameIndex, *, hand_mm: float, joints_mm: float, seed: int) -> None:
        self._index = index
        rng = np.random.default_rng(seed)
        self._hand_mm = rng.normal(0, hand_mm, (len(index), 3))
        self._joints_mm = rng.normal(0, joints_mm, (len(index), 21, 3))

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def __len__(self) -> int:
        return len(self._index)

    def read_labels(self, row: int) -> Frame:
        """With the noisy label."""
        return self._with_noise(row, self._index.read_labels(row))

    def read(self, row: int) -> Frame:
        """With the noisy label."""
        return self._with_noise(row, self._index.read(row))

    def _with_noise(self, row: int, frame: Frame) -> Frame:
        hand = _moved(frame.hand, self._hand_mm[row])
        hand = replace(hand, joints_mm=hand.joints_mm + self._joints_mm[row])
        return replace(frame, hand=hand)


class SpoiltIndex:
    """An index of which some rows have spoilt labels; everything else is as it was."""

    def __init__(self, index: FrameIndex, plants: Sequence[Plant]) -> None:
        self._index = index
        self._hands = {one.row: one.hand for one in plants}

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def __len__(self) -> int:
        return len(self._index)

    def read_labels(self, row: int) -> Frame:
        """With the spoilt label."""
        return self._with_label(row, self._index.read_labels(row))

    def read(self, row: int) -> Frame:
        """With the spoilt label."""
        return self._with_label(row, self._index.read(row))

    def _with_label(self, row: int, frame: Frame) -> Frame:
        return replace(frame, hand=self._hands[row]) if row in self._hands else frame
