"""What the checks look at: samples and predictions as arrays, whoever's pipeline they came from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.data.crops import CropInput, crop_input
from core.data.frame_index import FrameIndex
from core.data.problems import UnreadableFrameError
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import normalise_keypoints


@dataclass(frozen=True)
class AuditSample:
    """One labelled sample as the network gets it, and what the network made of it.

    Attributes:
        name: The frame, as people name it.
        camera: The photo's camera.
        crop: The network's input.
        joints_mm: (21, 3) labels in the photo's camera axes, as the pipeline has them.
        keypoints_px: (21, 2) labels in the photo, as the pipeline has them.
        keypoints_norm: (21, 2) labels in the crop, as a loss would see them.
        prediction: The network's answer, or None without a network.
    """

    name: str
    camera: Camera
    crop: CropInput
    joints_mm: np.ndarray
    keypoints_px: np.ndarray
    keypoints_norm: np.ndarray
    prediction: Prediction | None = None


#: Crops in, predictions out, as `core.evaluation.predictor.Predictor.predict`.
Predict = Callable[[Sequence[CropInput]], list[Prediction]]

_BATCH = 8


def read_samples(
    index: FrameIndex, *, count: int, predict: Predict | None
) -> tuple[list[AuditSample], list[str]]:
    """Read `count` samples evenly over the split; return them and why others were left out."""
    rows = np.unique(np.linspace(0, len(index) - 1, min(count, len(index))).round().astype(int))
    samples, left_out = [], []
    for row in rows:
        sample, reason = _read_sample(index, int(row))
        if sample is None:
            left_out.append(reason)
        else:
            samples.append(sample)
    return (samples if predict is None else _with_predictions(samples, predict)), left_out


def _read_sample(index: FrameIndex, row: int) -> tuple[AuditSample | None, str]:
    try:
        frame = index.read(row)
    except UnreadableFrameError as error:
        return None, str(error)
    transform = frame.crop()
    if frame.hand is None or not frame.hand.has_all_joints:
        return None, f"{frame.frame_id}: it has no labels of all joints"
    if transform is None:
        return None, f"{frame.frame_id}: its joints cannot be projected, so it has no crop"
    keypoints_px = frame.camera.project(frame.hand.joints_mm)
    sample = AuditSample(
        name=str(frame.frame_id),
        camera=frame.camera,
        crop=crop_input(frame, transform),
        joints_mm=frame.hand.joints_mm,
        keypoints_px=keypoints_px,
        keypoints_norm=normalise_keypoints(transform.keypoints(keypoints_px), transform.size_px),
    )
    return sample, ""


def _with_predictions(samples: list[AuditSample], predict: Predict) -> list[AuditSample]:
    done = []
    for begin in range(0, len(samples), _BATCH):
        batch = samples[begin : begin + _BATCH]
        predictions = predict([sample.crop for sample in batch])
        done += [
            AuditSample(**{**vars(sample), "prediction": prediction})
            for sample, prediction in zip(batch, predictions, strict=True)
        ]
    return done
