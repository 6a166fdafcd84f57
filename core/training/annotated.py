"""A run's frames seen through the annotations that its configuration names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.annotation.corrected import CorrectedIndex, with_corrections
from core.annotation.store import AnnotationStore, dataset_identity, open_store
from core.data.frame_index import FrameIndex
from core.training.config import DataConfig


@dataclass(frozen=True)
class Annotated:
    """A split as a run uses it.

    Attributes:
        index: With corrected labels, where there are any.
        rows: Rows that may be used, (N,) ascending.
        notes: What a person should know of the annotations, in sentences.
    """

    index: FrameIndex
    rows: np.ndarray
    notes: tuple[str, ...] = ()


def annotated(index: FrameIndex, config: DataConfig) -> Annotated:
    """The split with the annotations of `data.annotations`; itself where none are named.

    Raises:
        ValueError: There is no such file, or it holds another dataset's annotations.
    """
    rows = np.arange(len(index))
    if not config.annotations:
        return Annotated(index, rows)
    corrected = read_annotations(index, Path(config.annotations))
    notes = corrected.notes
    if config.leave_out_rejected and len(corrected.rejected_rows):
        rows = np.setdiff1d(rows, corrected.rejected_rows)
        notes.append(
            f"{len(corrected.rejected_rows):,} of {len(index):,} frames of {index.name} were "
            "rejected in review and are left out"
        )
    return Annotated(corrected, rows, tuple(notes))


def read_annotations(index: FrameIndex, path: Path) -> CorrectedIndex:
    """What a file of annotations says of a split now; raises ValueError as `annotated` does."""
    with _opened(path, dataset=dataset_identity(index)) as store:
        return with_corrections(index, store)


def used_annotations(config: DataConfig) -> dict[str, Any] | None:
    """Which annotations a run starts from, for its folder: plain JSON; None for none.

    Raises ValueError where there is no such file, or it is none of annotations.
    """
    if not config.annotations:
        return None
    path = Path(config.annotations)
    with _opened(path) as store:
        return {"store": str(path.absolute()), "dataset": store.dataset, "last_edit": store.last_id}


def _opened(path: Path, *, dataset: str = "") -> AnnotationStore:
    try:
        return open_store(path, dataset=dataset, creates=False)
    except FileNotFoundError as error:
        raise ValueError(
            f"data.annotations: {path}: there is no such file; utnet annotations stats DATASET "
            "says where a dataset's annotations lie"
        ) from error
