"""A run's frames seen through the annotations that its configuration names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.annotation.corrected import read_corrected
from core.annotation.store import open_store
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
    try:
        corrected = read_corrected(index, Path(config.annotations))
    except FileNotFoundError as error:
        raise _missing(config) from error
    notes = corrected.notes
    if config.leave_out_rejected and len(corrected.rejected_rows):
        rows = np.setdiff1d(rows, corrected.rejected_rows)
        notes.append(
            f"left out as rejected in review: {len(corrected.rejected_rows):,} of {len(index):,} "
            f"frames of {index.name}"
        )
    return Annotated(corrected, rows, tuple(notes))


def used_annotations(config: DataConfig) -> dict[str, Any] | None:
    """Which annotations a run starts from, for its folder: plain JSON; None for none.

    Raises ValueError where there is no such file, or it is none of annotations.
    """
    if not config.annotations:
        return None
    path = Path(config.annotations)
    try:
        with open_store(path, creates=False) as store:
            dataset, last_edit = store.dataset, store.last_id
    except FileNotFoundError as error:
        raise _missing(config) from error
    return {"store": str(path.absolute()), "dataset": dataset, "last_edit": last_edit}


def _missing(config: DataConfig) -> ValueError:
    return ValueError(
        f"data.annotations: {config.annotations}: there is no such file; utnet annotations stats "
        "DATASET says where a dataset's annotations lie"
    )
