"""The work behind one sample, without Qt: read it, pose its truth, measure its prediction.

Runs in worker threads; nothing here touches a widget.
"""

import logging
from dataclasses import dataclass, replace
from typing import Protocol

from core.data.crops import CropInput, crop_input
from core.data.frame import Frame, FrameId
from core.evaluation.metrics import measure
from core.evaluation.prediction import Prediction
from core.evaluation.truth import true_hand
from core.hand.hand_model import HandModel
from utnet_viewer.document import Sample

#: Why nothing is predicted where nothing, or nobody yet, said where the hand is.
NO_PLACE = "Nothing says where the hand is, so there is nothing to predict from."
NO_BOX = "Draw a box round the hand in the image: key D."

log = logging.getLogger("utnet_viewer")


class Index(Protocol):
    """What the window needs of an open split."""

    name: str

    def __len__(self) -> int: ...

    def frame_id(self, row: int) -> FrameId:
        """Name of a row."""

    def read(self, row: int) -> Frame:
        """Read a frame; raises OSError or ValueError naming the file."""


@dataclass(frozen=True)
class Loaded:
    """A sample as read, and what the network would be given of it (None: nothing)."""

    sample: Sample
    crop_input: CropInput | None

    @property
    def size_bytes(self) -> int:
        """Roughly how much memory it holds."""
        frame = self.sample.frame
        if frame is None:
            return 1000
        depth = 0 if frame.depth_mm is None else frame.depth_mm.nbytes
        return frame.image.nbytes + depth + 500_000


def load(index: Index, row: int, hand_model: HandModel) -> Loaded:
    """Read a row; what goes wrong becomes the sample's `problem`, never an exception."""
    try:
        frame = index.read(row)
    except (OSError, ValueError) as error:
        return Loaded(Sample(row, problem=str(error)), None)
    except Exception as error:
        log.exception("row %d of %s", row, index.name)
        return Loaded(Sample(row, problem=f"{index.frame_id(row)}: {error!r}"), None)
    try:
        problem = NO_BOX if getattr(index, "takes_boxes", False) else NO_PLACE
        return _with_truth(Sample(row, frame), hand_model, no_place=problem)
    except Exception as error:
        log.exception("truth and crop of %s", frame.frame_id)
        problem = f"{frame.frame_id}: truth and crop failed: {error!r}"
        return Loaded(Sample(row, frame, problem=problem), None)


def _with_truth(sample: Sample, hand_model: HandModel, *, no_place: str) -> Loaded:
    frame = sample.frame
    sample = replace(sample, truth=true_hand(frame, hand_model))
    crop = frame.crop()
    if crop is None:
        return Loaded(replace(sample, problem=no_place), None)
    return Loaded(sample, crop_input(frame, crop))


def with_prediction(sample: Sample, prediction: Prediction) -> Sample:
    """The sample with its prediction, measured where there is a truth to measure against.

    A measurement that fails becomes the sample's `problem`; the prediction is kept.
    """
    frame, metrics, problem = sample.frame, None, ""
    if frame is not None and frame.hand is not None and frame.hand.has_all_joints:
        vertices_mm = None if sample.truth is None else sample.truth.vertices_mm
        try:
            metrics = measure(frame.camera, frame.hand.joints_mm, vertices_mm, prediction)
        except Exception as error:
            log.exception("measuring %s", frame.frame_id)
            problem = f"{frame.frame_id}: measuring the prediction failed: {error!r}"
    return replace(sample, prediction=prediction, metrics=metrics, problem=problem)
