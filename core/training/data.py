"""The frames of a run: what is learned from, what is measured on, what constants score there."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.annotation.corrected import CorrectedIndex
from core.data.frame_index import FrameIndex
from core.data.opening import open_dataset
from core.files.embedded import dataset_folder
from core.hand.hand_model import HandModel
from core.training.annotated import Annotated, annotated
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
    given, held = _open_splits(config, hand_model, seed=seed, beat=beat)
    index, held_index = given.index, held.index
    training = labelled_rows(index, evenly(given.rows, config.frames), beat=beat)
    held_out = labelled_rows(
        held_index, evenly(held.rows, config.validation_frames), whole=True, beat=beat
    )
    _check_labels(training, index, held_out, held_index)
    whole = training.joints_mm[np.isfinite(training.joints_mm).all((1, 2))]
    return RunData(
        training=_source(index, training, config, beat),
        validation=ValidationSet(_source(held_index, held_out, config, beat), hand_model),
        baselines=baselines(whole[evenly(range(len(whole)), _BASELINE_HANDS)], held_out.joints_mm)
        if len(whole)
        else {},
        notes=(
            *given.notes,
            *held.notes,
            *_notes(index, training),
            *_notes(held_index, held_out),
        ),
        description=f"{len(training.rows):,} frames of {index.name}, hand {hand_model.name}"
        + _corrected_words(given),
    )


def _corrected_words(given: Annotated) -> str:
    if not isinstance(given.index, CorrectedIndex):
        return ""
    return f", {len(given.index.corrections):,} labels of the split corrected"


def _open_splits(
    config: DataConfig, hand_model: HandModel, *, seed: int, beat: Beat | None
) -> tuple[Annotated, Annotated]:
    """What is learned from and what is measured on, of the same split or of two."""
    keep_going = None if beat is None else lambda done, total: beat(done, total) is None
    root = dataset_folder(config.dataset)
    index = open_dataset(root, config.split, hand_model=hand_model, progress=keep_going)
    given = annotated(index, config)
    if config.hold_out_sequences:
        parts = hold_out(index, config.hold_out_sequences, seed=seed)
        rows, held_rows = (np.intersect1d(part, given.rows) for part in parts)
        return replace(given, rows=rows), replace(given, rows=held_rows, notes=())
    held_root = dataset_folder(config.validation_dataset or config.dataset)
    held_index = open_dataset(
        held_root, config.validation_split, hand_model=hand_model, progress=keep_going
    )
    return given, _held_out(held_index, root, config)


def _held_out(index: FrameIndex, root: Path, config: DataConfig) -> Annotated:
    """Annotations are of one dataset: frames of another one are measured on as they are."""
    if not config.annotations or index.root.resolve() == root.resolve():
        return annotated(index, config)
    note = f"{index.name} is measured on with its own labels: the annotations are of {root}"
    return Annotated(index, np.arange(len(index)), (note,))


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
