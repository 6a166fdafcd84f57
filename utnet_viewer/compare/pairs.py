"""A frame with what A and what B predicted for it: read from the dataset and both stores. No
widgets; all of it runs in a worker thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from core.evaluation.store import Evaluation
from core.evaluation.truth import true_hand
from core.hand.hand_model import HandModel
from utnet_viewer.document import Sample
from utnet_viewer.image.picture import to_qimage
from utnet_viewer.reading import Index, with_prediction


@dataclass(frozen=True, eq=False)
class Pair:
    """One frame with the samples of both evaluations; the frame and the truth are shared."""

    row: int
    first: Sample
    second: Sample


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A frame's crop, small, with both predictions in its pixels.

    Attributes:
        row: Of the dataset.
        image: The crop, or None; `problem` says why then.
        truth_px: (21, 2) labelled keypoints in pixels of the crop, or None.
        predictions_px: (21, 2) of A and of B, None where one has no prediction.
        problem: Why there is no picture, in a sentence.
    """

    row: int
    image: QImage | None = None
    truth_px: np.ndarray | None = None
    predictions_px: tuple[np.ndarray | None, ...] = (None, None)
    problem: str = ""


def read_pair(
    index: Index, row: int, evaluations: Sequence[Evaluation], hand_model: HandModel
) -> Pair:
    """Read a frame and pose and measure both stored predictions; problems become the samples'."""
    try:
        frame = index.read(row)
    except (OSError, ValueError) as error:
        bad = Sample(row, problem=str(error))
        return Pair(row, bad, bad)
    sample = Sample(row, frame, truth=true_hand(frame, hand_model))
    first, second = (_predicted(sample, evaluation, hand_model) for evaluation in evaluations)
    return Pair(row, first, second)


def _predicted(sample: Sample, evaluation: Evaluation, hand_model: HandModel) -> Sample:
    prediction = evaluation.prediction(sample.row, hand_model)
    if prediction is None:
        why = evaluation.problems().get(sample.row, "not evaluated yet")
        problem = f"{evaluation.identity.checkpoint_name} has no prediction for this frame: {why}"
        return Sample(sample.row, sample.frame, truth=sample.truth, problem=problem)
    return with_prediction(sample, prediction)


def read_thumbnail(
    index: Index, row: int, evaluations: Sequence[Evaluation], hand_model: HandModel
) -> Thumbnail:
    """Read a frame's crop: A's, else B's, else the one that the network would see."""
    try:
        frame = index.read(row)
    except (OSError, ValueError) as error:
        return Thumbnail(row, problem=str(error))
    predictions = [evaluation.prediction(row, hand_model) for evaluation in evaluations]
    crops = [prediction.crop for prediction in predictions if prediction is not None]
    crop = crops[0] if crops else frame.crop()
    if crop is None:
        return Thumbnail(row, problem="Nothing says where the hand is.")
    truth_px = None
    if frame.hand is not None:
        truth_px = crop.keypoints(frame.camera.project(frame.hand.joints_mm))
    placed = tuple(None if p is None else crop.keypoints(p.keypoints_px) for p in predictions)
    return Thumbnail(row, to_qimage(crop.image(frame.image)), truth_px, placed)
