"""Reading a split's frames for evaluation: crops, labels, and what cannot be read, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch.utils.data import Dataset

from core.data.crops import CropInput, crop_input
from core.data.frame import Frame
from core.data.frame_index import FrameIndex
from core.evaluation.measuring import TrueHands
from core.geometry.crop import CropTransform
from core.network.inputs import NetworkInput, collate


@dataclass(frozen=True)
class FailedRow:
    """A row that cannot be predicted, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class _LabelledRow:
    row: int
    frame: Frame
    transform: CropTransform


@dataclass(frozen=True)
class _LoadedRow:
    row: int
    frame: Frame
    crop: CropInput


@dataclass(frozen=True)
class LoadedBatch:
    """Some rows side by side.

    Attributes:
        rows: N of them, those that have a crop.
        inputs: Theirs; None where there is no such row.
        crops: N: how each was taken.
        truth: Theirs; None likewise.
        failed: Those that have none.
    """

    rows: tuple[int, ...]
    inputs: NetworkInput | None
    crops: tuple[CropTransform, ...]
    truth: TrueHands | None
    failed: tuple[FailedRow, ...]

    def pin_memory(self) -> "LoadedBatch":
        """The same batch in page-locked memory, which a GPU copies from while it computes."""
        return self if self.inputs is None else replace(self, inputs=self.inputs.pin_memory())


class EvaluationFrames(Dataset):
    """Frames in their own upright crops. What is wrong with one is its own failure, no batch's."""

    def __init__(self, index: FrameIndex) -> None:
        self._index = index

    def __getitems__(self, rows: Sequence[int]) -> list[_LoadedRow | FailedRow]:
        """Read rows, in stages as `FrameIndex.read_crops` likes it."""
        looked = [self._labels(int(row)) for row in rows]
        seen = [one for one in looked if isinstance(one, _LabelledRow)]
        failed = [one for one in looked if isinstance(one, FailedRow)]
        try:
            pixels = self._index.read_crops(
                [one.row for one in seen], [one.transform for one in seen]
            )
        except (OSError, ValueError):  # one of them: find out which, and why
            return [*map(self._loaded_alone, seen), *failed]
        loaded = [_loaded(one, *crop) for one, crop in zip(seen, pixels, strict=True)]
        return [*loaded, *failed]

    def batch(self, items: Sequence[_LoadedRow | FailedRow]) -> LoadedBatch:
        """Put rows side by side."""
        loaded = [item for item in items if isinstance(item, _LoadedRow)]
        failed = tuple(item for item in items if isinstance(item, FailedRow))
        if not loaded:
            return LoadedBatch((), None, (), None, failed)
        crops = [item.crop for item in loaded]
        return LoadedBatch(
            rows=tuple(item.row for item in loaded),
            inputs=collate(crops),
            crops=tuple(crop.transform for crop in crops),
            truth=TrueHands.of([item.frame for item in loaded], crops, self._index.hand_model),
            failed=failed,
        )

    def _labels(self, row: int) -> _LabelledRow | FailedRow:
        try:
            frame = self._index.read_labels(row)
            transform = frame.crop()
        except (OSError, ValueError) as error:
            return FailedRow(row, str(error))
        if transform is None:
            reason = "nothing says where the hand is: there are neither joints nor a box"
            return FailedRow(row, ". ".join([reason, *frame.problems]))
        return _LabelledRow(row, frame, transform)

    def _loaded_alone(self, row: _LabelledRow) -> _LoadedRow | FailedRow:
        try:
            (crop,) = self._index.read_crops([row.row], [row.transform])
            return _loaded(row, *crop)
        except (OSError, ValueError):
            # As the window does: without depth where only that cannot be read.
            try:
                frame = self._index.read(row.row)
            except (OSError, ValueError) as error:
                return FailedRow(row.row, str(error))
            return _LoadedRow(row.row, frame, crop_input(frame, row.transform))


def _loaded(row: _LabelledRow, image: np.ndarray, depth_mm: np.ndarray | None) -> _LoadedRow:
    intrinsics = row.transform.camera(row.frame.camera).intrinsics
    return _LoadedRow(row.row, row.frame, CropInput(image, depth_mm, intrinsics, row.transform))
