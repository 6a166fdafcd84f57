"""What the rest of the program uses of an open dataset, whichever one it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from core.data.frame import Frame, FrameId
from core.data.problems import Problem
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: What `FrameIndex.read_crops` gives of a frame: the image (H, W, 3) uint8 RGB, and the depth
#: (H, W) float32 in mm with 0 where unknown, or None.
CropPixels = tuple[np.ndarray, np.ndarray | None]


class FrameIndex(Protocol):
    """The frames of one split in a fixed order; a row is a picture with at most one hand.

    Attributes:
        kind: The dataset's layout, as people call it: "HO-3D", "FreiHAND", …
        root: The dataset's folder (or a single picture).
        split: The part of the dataset, by the dataset's own name.
        hand_model: With which labels are read where a dataset gives parameters only.
        sequence_names: Sequences, in the order in which they first occur.
        sequence_codes: (N,) index into `sequence_names` of every row.
        frames: (N,) frame names of every row, a numpy string array.
        problems: What is missing or malformed; frames without a picture among them.
        takes_boxes: Whether hand boxes can be drawn: `core.data.own_pictures.index`.
    """

    kind: str
    root: Path
    split: str
    hand_model: HandModel
    sequence_names: tuple[str, ...]
    sequence_codes: np.ndarray
    frames: np.ndarray
    problems: tuple[Problem, ...]
    takes_boxes: bool

    def __len__(self) -> int: ...

    @property
    def name(self) -> str:
        """What people read: "HO3D_v3 / train"."""

    @property
    def drawn_labels(self) -> str:
        """What a person drew, as text that changes with it; "" where nothing can be drawn."""

    @property
    def sequences(self) -> Mapping[str, np.ndarray]:
        """Rows of every sequence, sorted by frame name, so that they can be played."""

    @property
    def unreadable_rows(self) -> np.ndarray:
        """Rows whose picture was missing when the folder was looked through."""

    @property
    def rows_without_depth(self) -> np.ndarray:
        """Rows that had no depth picture when the folder was looked through."""

    def recording_of(self, sequence: str) -> str:
        """What was recorded together with a sequence: a hand seen by several cameras at once."""

    def frame_id(self, row: int) -> FrameId:
        """The name of a row; raises IndexError outside of 0 … len - 1."""

    def row_of(self, frame_id: FrameId) -> int:
        """The (first) row of a frame; raises KeyError where it is not listed."""

    def picture_path(self, row: int) -> Path:
        """Where a row's picture is, or should be; two hands of a picture share one."""

    def read(self, row: int) -> Frame:
        """Read a frame: camera axes, millimetres, and a list of what could not be read.

        Raises:
            UnreadableFrameError: there is no picture; it names the file and the reason.
            IndexError: there is no such row.
        """

    def read_labels(self, row: int) -> Frame:
        """Read a frame's labels without its pictures: the image is empty, (0, 0, 3)."""

    def read_crops(
        self, rows: Sequence[int], transforms: Sequence[CropTransform]
    ) -> list[CropPixels]:
        """Read crops of frames' images and depth; raises UnreadableFrameError."""

    def with_hand_model(self, hand_model: HandModel) -> "FrameIndex":
        """The same frames, read with another hand model."""
