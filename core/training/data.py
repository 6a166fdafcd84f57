"""The frames of a run: what is learned from, what is measured on, what constants score there."""

from dataclasses import dataclass

import numpy as np

from core.data.frame_index import FrameIndex
from core.data.opening import open_dataset
from core.files.embedded import dataset_folder
from core.hand.hand_model import HandModel
from core.training.config import DataConfig
from core.training.frames import (
    Beat,
    FramesInMemory,
    FramesOnDisk,
    FrameSource,
    LabelTable,
    evenly,
    hold_out,
    labelled_rows,
    read_compact,
)
from core.training.validation import ValidationSet, baselines

#: More hands than these do not move the means of the constant predictors.
_BASELINE_HANDS = 4000


class NoLabelsError(ValueError):
    """A split has no frame that could be used as asked; the text says what to do."""


@dataclass(frozen=True)
class RunData:
    """What a run works on.

    Attributes:
        training: Frames to learn from.
        validation: Frames to measure on.
        baselines: What constants taken from the training labels score on the validation frames.
        notes: What a person should know of the data, in sentences.
        description: The data in words, for the checkpoint's card.
    """

    training: FrameSource
    validation: ValidationSet
    baselines: dict[str, float]
    notes: tuple[str, ...]
    description: str


def open_data(
    config: DataConfig, hand_model: HandModel, *, seed: int, beat: Beat | None = None
) -> RunData:
    """Find the labelled frames of both sets and, where asked, read them into memory.

    Raises:
        DatasetError: A folder or list that cannot be used, or a picture that cannot be read.
        NoLabelsError: Nothing to learn from, or nothing to measure on.
    """
    keep_going = None if beat is None else lambda done, total: beat(done, total) is None
    root = dataset_folder(config.dataset)
    index = open_dataset(root, config.split, hand_model=hand_model, progress=keep_going)
    rows = np.arange(len(index))
    if config.hold_out_sequences:
        held_index = index
        rows, held_rows = hold_out(index, config.hold_out_sequences, seed=seed)
    else:
        held_root = dataset_folder(config.validation_dataset or config.dataset)
        held_index = open_dataset(
            held_root, config.validation_split, hand_model=hand_model, progress=keep_going
        )
        held_rows = np.arange(len(held_index))
    training = labelled_rows(index, evenly(rows, config.frames), beat=beat)
    held_out = labelled_rows(
        held_index, evenly(held_rows, config.validation_frames), whole=True, beat=beat
    )
    _check_labels(training, index, held_out, held_index)
    whole = training.joints_mm[np.isfinite(training.joints_mm).all((1, 2))]
    return RunData(
        training=_source(index, training, config, beat),
        validation=ValidationSet(_source(held_index, held_out, config, beat), hand_model),
        baselines=baselines(whole[evenly(range(len(whole)), _BASELINE_HANDS)], held_out.joints_mm)
        if len(whole)
        else {},
        notes=tuple(_notes(index, training) + _notes(held_index, held_out)),
        description=f"{len(training.rows):,} frames of {index.name}, hand {hand_model.name}",
    )


def _source(
    index: FrameIndex, labels: LabelTable, config: DataConfig, beat: Beat | None
) -> FrameSource:
    if not config.in_memory:
        return FramesOnDisk(index, labels)
    return FramesInMemory(read_compact(index, labels.rows, jobs=config.workers, beat=beat))


def _check_labels(
    training: LabelTable, index: FrameIndex, held_out: LabelTable, held_index: FrameIndex
) -> None:
    if not len(training.rows):
        raise NoLabelsError(
            f"none of the {training.left_out} frames of {index.name} has a labelled hand to learn "
            "from; choose another data.dataset or data.split"
        )
    if not len(held_out.rows):
        raise NoLabelsError(
            f"none of the {held_out.left_out} frames of {held_index.name} has labels of all joints "
            "to measure on; set data.hold_out_sequences to measure on sequences of the training "
            "split, or name another data.validation_dataset"
        )


def _notes(index: FrameIndex, labels: LabelTable) -> list[str]:
    notes = []
    if labels.left_out:
        notes.append(
            f"{labels.left_out} of {labels.left_out + len(labels.rows)} frames of {index.name} are "
            "left out: no picture, no label of the hand, or nothing that says where it is"
        )
    blind = np.isin(labels.rows, index.rows_without_depth).sum()
    if blind:
        notes.append(f"{blind} of {len(labels.rows)} frames of {index.name} have no depth picture")
    return notes
