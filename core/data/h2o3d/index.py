"""H2O-3D: two hands holding an object, in HO-3D's layout.

Hampali et al., "Keypoint Transformer", 2022. A label file has ``rightHandJoints3D``,
``rightHandPose`` and ``rightHandTrans``, the same for the left, one ``handBeta`` for both, and
which of them are valid; units, axes, joint order and tips are HO-3D's.

Every listed frame gives two rows, "SEQ/0012@right" and "SEQ/0012@left", whether or not the labels
know both hands: to know that, every label file would have to be read on opening. A hand that is not
labelled is a row without labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from core.data.frame import Frame, FrameId, HandLabel
from core.data.frame_index import CropPixels
from core.data.frame_list import FrameList
from core.data.ho3d import layout
from core.data.ho3d.index import Ho3dIndex
from core.data.ho3d.index import open_index as open_ho3d
from core.data.ho3d.labels import HandMembers, LabelReader
from core.data.ho3d.listing import available_splits as ho3d_splits
from core.data.ho3d.reader import ReleasedLabels, read_frame, read_labels
from core.data.problems import Progress
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel
from core.pickles import PickleFileError, load_pickle

SIDES = ("right", "left")
_MEMBERS = {
    side: HandMembers(
        joints=f"{side}HandJoints3D",
        pose=f"{side}HandPose",
        betas="handBeta",
        translation=f"{side}HandTrans",
        box=f"{side}HandBoundingBox",
        is_right=side == "right",
    )
    for side in SIDES
}


@dataclass(frozen=True)
class H2o3dIndex(FrameList):
    """Hands by row: of frame n of the list the right hand is row 2 n, the left one 2 n + 1.

    Attributes:
        scenes: The listed frames.
    """

    kind: ClassVar[str] = "H2O-3D"

    scenes: Ho3dIndex

    @property
    def unreadable_rows(self) -> np.ndarray:
        """Rows whose picture was missing when the folder was looked through."""
        return _both(self.scenes.unreadable_rows)

    @property
    def rows_without_depth(self) -> np.ndarray:
        """Rows that had no depth picture when the folder was looked through."""
        return _both(self.scenes.rows_without_depth)

    def recording_of(self, sequence: str) -> str:
        """What several cameras recorded at once."""
        return self.scenes.recording_of(sequence)

    def with_hand_model(self, hand_model: HandModel) -> Self:
        """The same frames, read with another hand model."""
        return replace(self, hand_model=hand_model, scenes=self.scenes.with_hand_model(hand_model))

    def picture_path(self, row: int) -> Path:
        """A row's picture, which it shares with the other hand's row."""
        self.frame_id(row)  # refuses rows outside
        return self.scenes.picture_path(row // 2)

    def read(self, row: int) -> Frame:
        """Read a hand's frame; see `core.data.frame_index.FrameIndex.read`."""
        scene_id, members = self._place(row)
        frame = read_frame(
            self.root,
            self.split,
            scene_id,
            image_path=self.scenes.picture_path(row // 2),
            hand_model=self.hand_model,
            released=ReleasedLabels(),
            row=row,
            members=members,
        )
        return self._as_row(frame, row, scene_id)

    def read_labels(self, row: int) -> Frame:
        """Read a hand's labels without its pictures."""
        scene_id, members = self._place(row)
        frame = read_labels(
            self.root,
            self.split,
            scene_id,
            hand_model=self.hand_model,
            released=ReleasedLabels(),
            row=row,
            members=members,
        )
        return self._as_row(frame, row, scene_id)

    def read_crops(
        self, rows: Sequence[int], transforms: Sequence[CropTransform]
    ) -> list[CropPixels]:
        """Read crops of frames' images and depth; raises UnreadableFrameError."""
        return self.scenes.read_crops([row // 2 for row in rows], transforms)

    def _place(self, row: int) -> tuple[FrameId, HandMembers]:
        self.frame_id(row)  # refuses rows outside
        return self.scenes.frame_id(row // 2), _MEMBERS[SIDES[row % 2]]

    def _as_row(self, frame: Frame, row: int, scene_id: FrameId) -> Frame:
        labels = LabelReader(layout.meta_path(self.root, self.split, scene_id))
        hand = _valid(frame.hand, labels, SIDES[row % 2])
        return replace(frame, frame_id=self.frame_id(row), hand=hand)


def _valid(hand: HandLabel | None, labels: LabelReader, side: str) -> HandLabel | None:
    """What of a hand the labels themselves call valid; None where that is nothing."""
    if hand is None:
        return None
    joints, pose = (labels.flags(f"{part}Valid{side.capitalize()}") for part in ("joint", "pose"))
    if joints is not None and not joints.any():
        return None
    if joints is not None and joints.shape == (len(hand.joints_mm),):
        joints_mm = np.where(joints[:, None], hand.joints_mm, np.nan)
        hand = replace(hand, joints_mm=joints_mm)
    if pose is not None and not pose.all():
        hand = replace(hand, mano=None)
    return hand


def _both(scene_rows: np.ndarray) -> np.ndarray:
    return np.stack([2 * scene_rows, 2 * scene_rows + 1], axis=1).ravel()


def available_splits(root: Path) -> tuple[str, ...]:
    """HO-3D's splits where a label file has two hands; none elsewhere."""
    splits = ho3d_splits(root)
    return splits if any(_has_two_hands(root / split) for split in splits) else ()


def _has_two_hands(folder: Path) -> bool:
    path = next(folder.glob("*/meta/*.pkl"), None)
    if path is None:
        return False
    try:
        members = load_pickle(path)
    except (PickleFileError, OSError):  # HO-3D's reader names it
        return False
    return isinstance(members, dict) and any(m.joints in members for m in _MEMBERS.values())


def open_index(
    root: Path,
    split: str,
    *,
    hand_model: HandModel,
    allow_missing_list: bool = False,
    progress: Progress | None = None,
    cache_dir: Path | None = None,
) -> H2o3dIndex:
    """Open "train" or "evaluation"; see `core.data.ho3d.index.open_index`."""
    scenes = open_ho3d(
        root,
        split,
        hand_model=hand_model,
        allow_missing_list=allow_missing_list,
        progress=progress,
        cache_dir=cache_dir,
    )
    names = np.repeat(scenes.frames, 2)
    sides = np.tile(np.array([f"@{side}" for side in SIDES]), len(scenes))
    return H2o3dIndex(
        root=root,
        split=split,
        hand_model=hand_model,
        sequence_names=scenes.sequence_names,
        sequence_codes=np.repeat(scenes.sequence_codes, 2),
        frames=np.char.add(names, sides),
        problems=scenes.problems,
        scenes=scenes,
    )
