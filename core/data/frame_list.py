"""The listed frames of a split: what every reader's index has in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from core.data.frame import Frame, FrameId
from core.data.frame_index import CropPixels
from core.data.problems import Problem
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel


@dataclass(frozen=True)
class FrameList:
    """Frames by row, with their names; see `core.data.frame_index.FrameIndex` for the fields.

    A reader adds `read` and `read_labels`, and what it needs for them.
    """

    kind: ClassVar[str] = ""
    takes_boxes: ClassVar[bool] = False

    root: Path
    split: str
    hand_model: HandModel
    sequence_names: tuple[str, ...]
    sequence_codes: np.ndarray
    frames: np.ndarray
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def name(self) -> str:
        """What people read: "HO3D_v3 / train"."""
        return f"{self.root.resolve().name} / {self.split}"

    @property
    def drawn_labels(self) -> str:
        """Nothing: labels are the dataset's."""
        return ""

    @cached_property
    def sequences(self) -> Mapping[str, np.ndarray]:
        """Rows of every sequence, sorted by frame name, so that they can be played.

        The list's own order may be shuffled (the training list of HO-3D's version 2 is).
        """
        order = np.lexsort((self.frames, self.sequence_codes))
        counts = np.bincount(self.sequence_codes, minlength=len(self.sequence_names))
        rows = np.split(order, np.cumsum(counts)[:-1])
        return dict(zip(self.sequence_names, rows, strict=True))

    def recording_of(self, sequence: str) -> str:
        """The sequence itself: nothing is known to have been recorded together with it."""
        return sequence

    def frame_id(self, row: int) -> FrameId:
        """The name of a row; raises IndexError outside of 0 … len - 1."""
        if not 0 <= row < len(self):
            raise IndexError(f"{self.name} has rows 0 to {len(self) - 1}, not {row}")
        return FrameId(self.sequence_names[self.sequence_codes[row]], str(self.frames[row]))

    def row_of(self, frame_id: FrameId) -> int:
        """The (first) row of a frame; raises KeyError where it is not listed."""
        rows = self.sequences.get(frame_id.sequence, np.empty(0, int))
        found = rows[self.frames[rows] == frame_id.frame]
        if not len(found):
            raise KeyError(f"{self.name} has no frame {frame_id}")
        return int(found.min())

    def with_hand_model(self, hand_model: HandModel) -> Self:
        """The same frames, read with another hand model."""
        return replace(self, hand_model=hand_model)

    def read(self, row: int) -> Frame:
        """Read a frame; see `FrameIndex.read`."""
        raise NotImplementedError

    def read_crops(
        self, rows: Sequence[int], transforms: Sequence[CropTransform]
    ) -> list[CropPixels]:
        """Read crops of frames' images and depth; raises UnreadableFrameError."""
        crops = []
        for row, transform in zip(rows, transforms, strict=True):
            frame = self.read(row)
            depth_mm = None if frame.depth_mm is None else transform.depth(frame.depth_mm)
            crops.append((transform.image(frame.image), depth_mm))
        return crops
