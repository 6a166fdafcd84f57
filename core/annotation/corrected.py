"""A dataset seen through its annotations: corrected labels in the place of the original ones."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.annotation.outgoing import is_in_3d, is_of_model
from core.annotation.records import Correction, ReviewState
from core.annotation.store import AnnotationStore, dataset_identity, open_store
from core.data.frame import Frame, FrameId, HandLabel
from core.data.frame_index import CropPixels, FrameIndex
from core.data.problems import Problem
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel, ManoParameters


@dataclass(frozen=True)
class CorrectedIndex:
    """A `FrameIndex` whose corrected frames have the corrections as labels.

    It holds what the store said when it was made, so that worker processes see one state and a
    training set does not change under a person's hands. A correction in free 2D says nothing of the
    hand in space: its frame keeps the original label, and is counted. Of a correction that was made
    with another hand model the joints are taken and the parameters left, which would be another
    hand.

    Attributes:
        index: The dataset.
        corrections: In 3D, by "SEQ/ID".
        rejected: Names of the frames that were rejected in review.
        free_2d: Number of frames with a correction in free 2D.
        store: Where the annotations lie.
        last_edit: Id of the newest edit that is in it.
        damage: What was lost of a damaged store, a sentence; "" for a whole one.
    """

    index: FrameIndex
    corrections: Mapping[str, Correction] = field(repr=False)
    rejected: frozenset[str] = field(repr=False)
    free_2d: int
    store: Path
    last_edit: int
    damage: str = ""

    # What a person should know.

    @property
    def summary(self) -> str:
        """How many labels come from where, in a sentence."""
        count = len(self.corrections)
        labels = {0: "no label comes", 1: "the label of 1 frame comes"}.get(
            count, f"labels of {count:,} frames come"
        )
        where = f"{self.store} ({self.name}, edit {self.last_edit:,})"
        return f"{labels} from corrections in {where}"

    @property
    def notes(self) -> list[str]:
        """`summary`, and what of the annotations is not used and why."""
        notes = [self.summary]
        if self.damage:
            notes.append(f"{self.store}: {self.damage}")
        if self.free_2d:
            notes.append(
                f"{_were(self.free_2d)} corrected in free 2D, which cannot become a 3D label: "
                "the original one is used"
            )
        foreign = len(self.corrections) - len(self._own)
        if foreign:
            notes.append(
                f"{_were(foreign)} corrected with another hand model than "
                f"{self.hand_model.name}: the joints are used, the parameters are not"
            )
        return notes

    @cached_property
    def rejected_rows(self) -> np.ndarray:
        """Rows of the frames that were rejected in review."""
        rows = [rows_of(self.index, FrameId.parse(frame)) for frame in self.rejected]
        return np.unique(np.concatenate([np.empty(0, int), *rows]))

    @cached_property
    def _own(self) -> frozenset[str]:
        """Frames whose corrections were made with the hand model in use."""
        return frozenset(
            frame
            for frame, correction in self.corrections.items()
            if is_of_model(correction, self.hand_model)
        )

    # Frames.

    def read(self, row: int) -> Frame:
        """See `FrameIndex.read`."""
        return self._corrected(self.index.read(row))

    def read_labels(self, row: int) -> Frame:
        """See `FrameIndex.read_labels`."""
        return self._corrected(self.index.read_labels(row))

    def _corrected(self, frame: Frame) -> Frame:
        name = str(frame.frame_id)
        correction = self.corrections.get(name)
        if correction is None:
            return frame
        mano: ManoParameters | None = correction.mano if name in self._own else None
        hand = HandLabel(
            joints_mm=correction.joints_mm,
            mano=mano,
            box_px=_box_px(frame, correction),
            is_right=correction.is_right,
        )
        return replace(frame, hand=hand)

    def read_crops(
        self, rows: Sequence[int], transforms: Sequence[CropTransform]
    ) -> list[CropPixels]:
        """See `FrameIndex.read_crops`."""
        return self.index.read_crops(rows, transforms)

    def with_hand_model(self, hand_model: HandModel) -> "CorrectedIndex":
        """The same frames, read with another hand model."""
        return replace(self, index=self.index.with_hand_model(hand_model))

    # The rest is the dataset's.

    def __len__(self) -> int:
        return len(self.index)

    @property
    def kind(self) -> str:
        """See `FrameIndex`, as for what follows."""
        return self.index.kind

    @property
    def root(self) -> Path:
        """See there."""
        return self.index.root

    @property
    def split(self) -> str:
        """See there."""
        return self.index.split

    @property
    def hand_model(self) -> HandModel:
        """See there."""
        return self.index.hand_model

    @property
    def sequence_names(self) -> tuple[str, ...]:
        """See there."""
        return self.index.sequence_names

    @property
    def sequence_codes(self) -> np.ndarray:
        """See there."""
        return self.index.sequence_codes

    @property
    def frames(self) -> np.ndarray:
        """See there."""
        return self.index.frames

    @property
    def problems(self) -> tuple[Problem, ...]:
        """See there."""
        return self.index.problems

    @property
    def takes_boxes(self) -> bool:
        """No: what is drawn belongs to the dataset, and this is a look at it."""
        return False

    @property
    def name(self) -> str:
        """See there."""
        return self.index.name

    @property
    def drawn_labels(self) -> str:
        """What a person drew or corrected: an evaluation with corrections is another one."""
        digest = hashlib.sha256()
        for frame in sorted(self.corrections):
            digest.update(frame.encode())
            digest.update(np.ascontiguousarray(self.corrections[frame].joints_mm, float))
        return f"{self.index.drawn_labels}\ncorrections {digest.hexdigest()}"

    @property
    def sequences(self) -> Mapping[str, np.ndarray]:
        """See there."""
        return self.index.sequences

    @property
    def unreadable_rows(self) -> np.ndarray:
        """See there."""
        return self.index.unreadable_rows

    @property
    def rows_without_depth(self) -> np.ndarray:
        """See there."""
        return self.index.rows_without_depth

    def recording_of(self, sequence: str) -> str:
        """See there."""
        return self.index.recording_of(sequence)

    def frame_id(self, row: int) -> FrameId:
        """See there."""
        return self.index.frame_id(row)

    def row_of(self, frame_id: FrameId) -> int:
        """See there."""
        return self.index.row_of(frame_id)

    def picture_path(self, row: int) -> Path:
        """See there."""
        return self.index.picture_path(row)


def with_corrections(index: FrameIndex, store: AnnotationStore) -> CorrectedIndex:
    """The split with what the store says of it now; frames that it does not list are left out."""
    corrections, rejected, free_2d = {}, set(), 0
    last_edit = store.last_id
    for frame, state in store.states(index.split):
        if not len(rows_of(index, FrameId.parse(frame))):
            continue
        if state.review is ReviewState.REJECTED:
            rejected.add(frame)
        if is_in_3d(state.correction):
            corrections[frame] = state.correction
        elif state.correction is not None:
            free_2d += 1
    return CorrectedIndex(
        index,
        corrections,
        frozenset(rejected),
        free_2d,
        store=Path(store.path),
        last_edit=last_edit,
        damage=store.damage,
    )


def read_corrected(index: FrameIndex, path: Path) -> CorrectedIndex:
    """The split with what a file of annotations says of it now.

    Raises:
        FileNotFoundError: there is no such file.
        StoreError: it is no file of annotations, or another dataset's.
    """
    with open_store(path, dataset=dataset_identity(index), creates=False) as store:
        return with_corrections(index, store)


def rows_of(index: FrameIndex, frame_id: FrameId) -> np.ndarray:
    """Every row of a frame, which a list may name more than once; none where it is not listed."""
    rows = index.sequences.get(frame_id.sequence, np.empty(0, int))
    return rows[index.frames[rows] == frame_id.frame]


def _box_px(frame: Frame, correction: Correction) -> np.ndarray | None:
    """The dataset's box where it holds the corrected joints; None leaves it to the joints."""
    box_px = None if frame.hand is None else frame.hand.box_px
    if box_px is None:
        return None
    keypoints_px = frame.camera.project(correction.joints_mm)
    is_inside = (keypoints_px >= box_px[:2]).all() and (keypoints_px <= box_px[2:]).all()
    return box_px if is_inside else None


def _were(count: int) -> str:
    return "1 frame was" if count == 1 else f"{count:,} frames were"
