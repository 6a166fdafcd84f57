"""Errors on held-out frames, beside the two constant predictors that must be beaten.

    python -m core.training.validation DATASET [--checkpoint C]

prints those of the evaluation split, the constants taken from the training split, as JSON.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from core.conventions import JOINT_COUNT, VERTEX_COUNT, WRIST
from core.data.crops import CropInput
from core.data.frame import FrameId
from core.evaluation.alignment import procrustes_align
from core.evaluation.loader import Feed
from core.evaluation.metrics import measure_hands
from core.evaluation.pck import area_under_pck
from core.evaluation.truth import true_hand
from core.files.embedded import default_checkpoint
from core.geometry.crop import denormalise_keypoints
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import load_checkpoint
from core.network.inputs import NetworkInput, collate
from core.network.utnet import UTNet
from core.training.config import DataConfig
from core.training.frames import FrameSource


@dataclass(frozen=True)
class ValidationSample:
    """One held-out frame in its own upright crop.

    Attributes:
        row: Of the validation set.
        frame_id: Its name.
        crop: For the network.
        joints_mm: (21, 3) truth in the crop's camera axes, mirrored where the crop is.
        vertices_mm: (778, 3), NaN where no true surface is known.
        keypoints_px: (21, 2) truth in the 256×192 crop.
    """

    row: int
    frame_id: FrameId
    crop: CropInput
    joints_mm: np.ndarray
    vertices_mm: np.ndarray
    keypoints_px: np.ndarray


@dataclass(frozen=True)
class ValidationBatch:
    """Samples side by side: see `ValidationSample`, with a batch axis first."""

    rows: np.ndarray
    inputs: NetworkInput
    joints_mm: np.ndarray
    vertices_mm: np.ndarray
    keypoints_px: np.ndarray

    @classmethod
    def of(cls, samples: Sequence[ValidationSample]) -> "ValidationBatch":
        """Stack samples."""
        return cls(
            rows=np.array([sample.row for sample in samples]),
            inputs=collate([sample.crop for sample in samples]),
            joints_mm=np.stack([sample.joints_mm for sample in samples]),
            vertices_mm=np.stack([sample.vertices_mm for sample in samples]),
            keypoints_px=np.stack([sample.keypoints_px for sample in samples]),
        )


class ValidationSet(Dataset):
    """Frames with all joints labelled, as crops with their truth."""

    def __init__(self, frames: FrameSource, hand_model: HandModel) -> None:
        self.frames = frames
        self.hand_model = hand_model

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, row: int) -> ValidationSample:
        frame = self.frames.labels(row)
        (crop,) = self.frames.crops([row], [frame.crop()])
        mesh = true_hand(frame, self.hand_model)
        joints_mm = frame.hand.joints_mm
        return ValidationSample(
            row=row,
            frame_id=frame.frame_id,
            crop=crop,
            joints_mm=crop.transform.points(joints_mm),
            vertices_mm=np.full((VERTEX_COUNT, 3), np.nan)
            if mesh is None
            else crop.transform.points(mesh.vertices_mm),
            keypoints_px=crop.transform.keypoints(frame.camera.project(joints_mm)),
        )

    def feed(self, *, batch_size: int, workers: int, rank: int = 0, processes: int = 1) -> Feed:
        """Batches of this process's share, every row in exactly one process."""
        rows = list(range(rank, len(self), processes))
        portions = [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
        return Feed(self, portions, ValidationBatch.of, workers=workers)


@dataclass(frozen=True)
class FrameErrors:
    """Errors of every frame, each an array with one entry (or row) a frame.

    Attributes:
        rows: (N,) of the validation set.
        mpjpe_mm: Mean joint error, wrist on wrist.
        pa_joint_errors_mm: (N, 21) after Procrustes alignment.
        mpvpe_mm: Mean vertex error, wrist on wrist; NaN without a true surface.
        keypoint_error_px: Mean 2D error in the 256×192 crop.
        wrist_error_mm: Distance of the wrists in camera space.
        keypoints_px: (N, 21, 2) predicted, in the crop.
    """

    rows: np.ndarray
    mpjpe_mm: np.ndarray
    pa_joint_errors_mm: np.ndarray
    mpvpe_mm: np.ndarray
    keypoint_error_px: np.ndarray
    wrist_error_mm: np.ndarray
    keypoints_px: np.ndarray

    @classmethod
    def none(cls) -> "FrameErrors":
        """Of no frame at all: a process's share where there are more processes than frames."""
        no_number = np.empty(0)
        return cls(
            rows=np.empty(0, int),
            mpjpe_mm=no_number,
            pa_joint_errors_mm=np.empty((0, JOINT_COUNT)),
            mpvpe_mm=no_number,
            keypoint_error_px=no_number,
            wrist_error_mm=no_number,
            keypoints_px=np.empty((0, JOINT_COUNT, 2)),
        )

    @classmethod
    def joined(cls, parts: Sequence["FrameErrors"]) -> "FrameErrors":
        """All parts as one, by row; raises ValueError where a row comes twice."""
        parts = [cls.none(), *parts]
        rows = np.concatenate([part.rows for part in parts])
        order = np.argsort(rows)
        if len(np.unique(rows)) != len(rows):
            raise ValueError(f"{len(rows) - len(np.unique(rows))} validation frames came twice")
        join = lambda name: np.concatenate([getattr(part, name) for part in parts])[order]
        return cls(**{field.name: join(field.name) for field in fields(cls)})

    def means(self) -> dict[str, float]:
        """Mean errors, and ``auc``: the area under the PCK curve of Procrustes-aligned joints."""
        has_surface = np.isfinite(self.mpvpe_mm)
        mpvpe_mm = self.mpvpe_mm[has_surface].mean() if has_surface.any() else np.nan
        return {
            "mpjpe_mm": float(self.mpjpe_mm.mean()),
            "pa_mpjpe_mm": float(self.pa_joint_errors_mm.mean()),
            "mpvpe_mm": float(mpvpe_mm),
            "keypoint_error_px": float(self.keypoint_error_px.mean()),
            "wrist_error_mm": float(self.wrist_error_mm.mean()),
            "auc": area_under_pck(self.pa_joint_errors_mm),
        }


@dataclass(frozen=True)
class Validation:
    """One look at a network.

    Attributes:
        rgbd: Errors with depth wherever a frame has it; of an RGB network, from RGB.
        rgb: Errors of the same frames from RGB alone; None where that is no difference.
        seconds: How long it took.
    """

    rgbd: FrameErrors
    rgb: FrameErrors | None
    seconds: float

    @classmethod
    def joined(cls, parts: "Sequence[Validation]") -> "Validation":
        """What several processes measured, as one; raises ValueError where a row comes twice."""
        rgb = [part.rgb for part in parts if part.rgb is not None]
        return cls(
            rgbd=FrameErrors.joined([part.rgbd for part in parts]),
            rgb=FrameErrors.joined(rgb) if rgb else None,
            seconds=max(part.seconds for part in parts),
        )

    def check_covers(self, frames: int) -> None:
        """Raise ValueError unless every one of `frames` rows was measured once."""
        if not np.array_equal(self.rgbd.rows, np.arange(frames)):
            raise ValueError(f"{len(self.rgbd.rows)} of {frames} validation frames were measured")

    def metrics(self) -> dict[str, float]:
        """Mean errors by name; those from RGB alone with ``rgb_`` before."""
        rgb = {} if self.rgb is None else self.rgb.means()
        return {**self.rgbd.means(), **{f"rgb_{name}": value for name, value in rgb.items()}}


@torch.inference_mode()
def validate(
    network: UTNet,
    frames: ValidationSet,
    *,
    batch_size: int = 32,
    workers: int = 0,
    rank: int = 0,
    processes: int = 1,
    beat: Callable[[int, int], None] | None = None,
) -> Validation:
    """Measure this process's share of the frames, with depth and from RGB alone.

    `network` must be in evaluation mode. `beat` is called after every batch with (done, total).
    """
    start = time.monotonic()
    device = next(network.parameters()).device
    rgbd: list[FrameErrors] = []
    rgb: list[FrameErrors] = []
    feed = frames.feed(batch_size=batch_size, workers=workers, rank=rank, processes=processes)
    with feed:
        for batch in feed:
            inputs = batch.inputs.to(device)
            rgbd.append(_errors(network, inputs, batch))
            if network.config.depth:
                rgb.append(_errors(network, inputs.without_depth(), batch))
            if beat is not None:
                beat(min(len(rgbd) * batch_size * processes, len(frames)), len(frames))
    return Validation(
        rgbd=FrameErrors.joined(rgbd),
        rgb=FrameErrors.joined(rgb) if network.config.depth else None,
        seconds=time.monotonic() - start,
    )


def _errors(network: UTNet, inputs: NetworkInput, batch: ValidationBatch) -> FrameErrors:
    hand = network(inputs).final
    joints_mm, vertices_mm, keypoints_norm = (
        tensor.cpu().double().numpy()
        for tensor in (hand.joints_mm, hand.vertices_mm, hand.keypoints_norm)
    )
    keypoints_px = denormalise_keypoints(keypoints_norm)
    errors = measure_hands(
        joints_mm=joints_mm,
        vertices_mm=vertices_mm,
        keypoints_px=keypoints_px,
        crop_scale=np.ones(len(joints_mm)),  # its pixels are the crop's
        true_joints_mm=batch.joints_mm,
        true_vertices_mm=batch.vertices_mm,
        true_keypoints_px=batch.keypoints_px,
        with_f_scores=False,
    )
    return FrameErrors(
        rows=batch.rows,
        mpjpe_mm=errors.mpjpe_mm,
        pa_joint_errors_mm=errors.pa_joint_errors_mm,
        mpvpe_mm=errors.mpvpe_mm,
        keypoint_error_px=errors.keypoint_error_crop_px,
        wrist_error_mm=errors.wrist_error_mm,
        keypoints_px=keypoints_px,
    )


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.linalg.norm(first - second, axis=-1)


def baselines(training_mm: np.ndarray, held_out_mm: np.ndarray) -> dict[str, float]:
    """What constants score: the mean pose (wrist-relative) and the mean hand (Procrustes).

    Joints (N, 21, 3) and (M, 21, 3) in camera axes. The mean hand is the training hands' mean
    after turning each onto the first (Procrustes).
    """
    relative = training_mm - training_mm[:, WRIST, None]
    mean_pose = relative.mean(0)
    mean_hand = procrustes_align(relative, relative[0]).mean(0)
    held_out = held_out_mm - held_out_mm[:, WRIST, None]
    aligned = procrustes_align(mean_hand, held_out)
    return {
        "mean_pose_mpjpe_mm": float(_distances(mean_pose, held_out).mean()),
        "mean_hand_pa_mpjpe_mm": float(_distances(aligned, held_out).mean()),
    }


#: Each error with the constant that it must beat.
_BEATEN = {"mpjpe_mm": "mean_pose_mpjpe_mm", "pa_mpjpe_mm": "mean_hand_pa_mpjpe_mm"}


def percentages(metrics: dict[str, float], constants: dict[str, float]) -> dict[str, float]:
    """Errors in percent of the constant predictors': ``mpjpe_percent`` of the mean pose's,
    ``pa_mpjpe_percent`` of the mean hand's; from RGB alone with ``rgb_`` before."""
    return {
        f"{name.removesuffix('_mm')}_percent": 100 * metrics[name] / constants[constant]
        for error, constant in _BEATEN.items()
        for name in (error, f"rgb_{error}")
        if name in metrics
    }


def main(argv: list[str] | None = None) -> None:
    """Print a checkpoint's figures on a dataset, and what constants score there."""
    # It needs what this module has.
    from core.training.data import open_data

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint())
    parser.add_argument("--workers", type=int, default=0)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    hand_model = load_hand_model()
    network, _ = load_checkpoint(arguments.checkpoint, hand_model=hand_model, device="cpu")
    data = open_data(DataConfig(dataset=arguments.dataset), hand_model, seed=0)
    result = validate(network, data.validation, workers=arguments.workers)
    metrics = result.metrics()
    figures = {
        "frames": len(data.validation),
        **data.baselines,
        **metrics,
        **percentages(metrics, data.baselines),
    }
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
