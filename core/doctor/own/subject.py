"""A subject from this project's own parts: a dataset, a configuration, a checkpoint, a run."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data.frame import Frame
from core.data.frame_index import FrameIndex
from core.data.opening import open_dataset
from core.doctor.own.metric import own_metric
from core.doctor.own.network import OwnNetwork
from core.doctor.own.samples import OwnViews
from core.doctor.own.training import own_training
from core.doctor.run_record import RunRecord
from core.doctor.subject import MetricAccess, Subject
from core.files.embedded import dataset_folder
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import load_checkpoint
from core.training.annotated import annotated
from core.training.config import DataConfig, TrainingConfig
from core.training.data import NoLabelsError, open_data
from core.training.frames import FramesOnDisk, LabelTable, evenly, is_labelled
from core.training.loop import augmentation_of

#: Samples that are looked at: enough for medians, few enough for seconds.
SAMPLES = 48
#: Frames that the pipeline's own metric is tried on.
_METRIC_FRAMES = 24
#: Candidates that are opened for each sample that is wanted, where many have no label.
_CANDIDATES = 4


def own_subject(
    config: TrainingConfig,
    *,
    samples: int = SAMPLES,
    checkpoint: Path | None = None,
    run: RunRecord | None = None,
) -> Subject:
    """What `config` would train on and with; `checkpoint` is the network to start from.

    Raises:
        DatasetError: The dataset cannot be opened.
        CheckpointError: The checkpoint cannot be read.
        NoLabelsError: No frame says where a hand is, so there is nothing to look at.
    """
    hand_model = load_hand_model(config.data.hand_model or None)
    if checkpoint is not None:
        # Read once before anything else: a file that cannot be used ends it here, and the
        # network examined is the one that the file describes.
        network, _ = load_checkpoint(checkpoint, hand_model=hand_model)
        config = config.model_copy(update={"network": network.config})
    root = dataset_folder(config.data.dataset)
    given = annotated(open_dataset(root, config.data.split, hand_model=hand_model), config.data)
    index = given.index
    trained_on = evenly(given.rows, config.data.frames)
    labels = _labels(index, trained_on, samples)
    seed = config.run.seed
    augmentation = augmentation_of(config.augmentation)
    views = OwnViews(FramesOnDisk(index, labels), range(len(labels.rows)), augmentation, seed)
    return Subject(
        name=f"{index.name} / {config.data.split}, configuration {config.name!r}"
        + "".join(f"; {note}" for note in given.notes),
        samples=views.plain(),
        split_frames=len(trained_on),
        hand_model=hand_model,
        forced=views.forced,
        worker_views=None if augmentation is None else views.worker_views,
        network=OwnNetwork(config, hand_model, checkpoint),
        training=own_training(config, total_steps(config, len(trained_on))),
        metric=_metric(config.data, hand_model, seed),
        run=run,
    )


def total_steps(config: TrainingConfig, frames: int) -> int:
    """Optimiser steps of a whole run of `config` over so many frames."""
    if config.run.steps is not None:
        return config.run.steps
    batch = config.optimisation.batch_size * config.optimisation.accumulate
    return max(1, math.ceil(config.run.epochs * frames / batch))


def _labels(index: FrameIndex, among: Sequence[int], count: int) -> LabelTable:
    """Frames spread over rows that show a labelled hand; else those that show any hand."""
    rows = evenly(among, count * _CANDIDATES)
    frames = [index.read_labels(int(row)) for row in rows]
    shown = [n for n, frame in enumerate(frames) if _is_shown(frame)]
    chosen = [n for n in shown if is_labelled(frames[n].hand)] or shown
    if not chosen:
        raise NoLabelsError(
            f"none of the {len(frames)} frames of {index.name} that were looked at says where a "
            "hand is; choose another data.dataset or data.split"
        )
    chosen = evenly(chosen, count)
    return LabelTable.of(rows[chosen], [frames[n] for n in chosen], left_out=len(rows) - len(shown))


def _is_shown(frame: Frame) -> bool:
    return frame.crop() is not None and bool(np.isfinite(frame.hand.joints_mm).all(1).any())


def _metric(config: DataConfig, hand_model: HandModel, seed: int) -> MetricAccess | None:
    """The run's own validation over some of its frames; None where it could not validate."""
    few = config.model_copy(
        update={"frames": 1, "validation_frames": _METRIC_FRAMES, "in_memory": False, "workers": 0}
    )
    try:
        data = open_data(few, hand_model, seed=seed)
    except NoLabelsError:
        return None
    return own_metric(data.validation)
