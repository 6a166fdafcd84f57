"""Training samples and batches: a frame's crop and its labels, moved through one transform."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.data.augment import Augmentation, disturb_pixels, random_transform
from core.data.crops import CropInput
from core.data.frame import Frame
from core.geometry.crop import normalise_keypoints
from core.geometry.rotation import matrix_from_axis_angle
from core.network.inputs import NetworkInput, collate
from core.training.frames import FrameSource


@dataclass(frozen=True)
class TrainingSample:
    """One network input with its labels as numpy arrays, in the turned camera axes of its crop.

    What the dataset does not say is a finite stand-in with confidence 0.

    Attributes:
        frame_id: Where it comes from, as text.
        crop: The network's input.
        keypoints_norm: (21, 2).
        keypoint_weights: (21,) confidence of each, 0 where there is no label.
        joints_mm: (21, 3) with the distance to the camera.
        joint_weights: (21,) likewise.
        rotations: (16, 3, 3) global orientation, then the fifteen joints.
        betas: (10,).
        has_mano: 1.0 where rotations and betas are labels, else 0.0.
    """

    frame_id: str
    crop: CropInput
    keypoints_norm: np.ndarray
    keypoint_weights: np.ndarray
    joints_mm: np.ndarray
    joint_weights: np.ndarray
    rotations: np.ndarray
    betas: np.ndarray
    has_mano: float


@dataclass(frozen=True)
class Targets:
    """Labels of a batch; see `TrainingSample`, each with a batch axis first, float32.

    Attributes:
        keypoints_norm: (B, 21, 2).
        keypoint_weights: (B, 21).
        joints_mm: (B, 21, 3).
        joint_weights: (B, 21).
        rotations: (B, 16, 3, 3).
        betas: (B, 10).
        has_mano: (B,).
    """

    keypoints_norm: Tensor
    keypoint_weights: Tensor
    joints_mm: Tensor
    joint_weights: Tensor
    rotations: Tensor
    betas: Tensor
    has_mano: Tensor

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Targets":
        """The same labels on another device."""
        moved = {f.name: getattr(self, f.name).to(device, non_blocking=non_blocking)
                 for f in fields(self)}  # fmt: skip
        return Targets(**moved)


class Batch:
    """Inputs and labels of some samples, with the names of their frames.

    No dataclass: Fabric and DDP would look into one and convert what they find.
    """

    def __init__(self, inputs: NetworkInput, targets: Targets, frame_ids: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.targets = targets
        self.frame_ids = frame_ids

    @classmethod
    def of(cls, samples: Sequence[TrainingSample]) -> "Batch":
        """Stack samples."""
        inputs = collate([sample.crop for sample in samples])
        return cls(inputs, stack_targets(samples), tuple(sample.frame_id for sample in samples))

    def __len__(self) -> int:
        return len(self.frame_ids)

    def first(self, count: int) -> "Batch":
        """The first `count` samples, or all where there are fewer."""
        inputs, targets = [
            type(part)(**{f.name: getattr(part, f.name)[:count] for f in fields(part)})
            for part in (self.inputs, self.targets)
        ]
        return Batch(inputs, targets, self.frame_ids[:count])

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "Batch":
        """The same batch on another device."""
        return Batch(
            self.inputs.to(device, non_blocking=non_blocking),
            self.targets.to(device, non_blocking=non_blocking),
            self.frame_ids,
        )

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory, which a GPU copies from while it computes."""
        pinned = [
            type(part)(**{f.name: getattr(part, f.name).pin_memory() for f in fields(part)})
            for part in (self.inputs, self.targets)
        ]
        return Batch(*pinned, self.frame_ids)


def training_sample(frame: Frame, crop: CropInput) -> TrainingSample:
    """Move a frame's labels through the crop; what is not labelled has confidence 0.

    Raises:
        ValueError: The frame has no label of a hand (`core.training.frames.is_labelled`).
    """
    hand, transform = frame.hand, crop.transform
    known = np.zeros(21, bool) if hand is None else np.isfinite(hand.joints_mm).all(1)
    if hand is None or not (known.any() or hand.mano is not None):
        raise ValueError(f"{frame.frame_id} has no hand label and cannot be trained on")
    joints_mm = np.where(known[:, None], hand.joints_mm, 0.0)
    keypoints_norm = normalise_keypoints(transform.keypoints(frame.camera.project(joints_mm)))
    seen = known & np.isfinite(keypoints_norm).all(1)  # behind the camera nothing is seen
    rotations, betas = _identity_hand()
    if hand.mano is not None:
        fingers = transform.hand_pose(hand.mano.hand_pose_rad)
        pose = np.concatenate([hand.mano.global_orient_rad, fingers])
        rotations = matrix_from_axis_angle(pose.reshape(16, 3))
        rotations[0] = transform.rotation(rotations[0])
        betas = np.asarray(hand.mano.betas, float)
    return TrainingSample(
        frame_id=str(frame.frame_id),
        crop=crop,
        keypoints_norm=np.where(seen[:, None], keypoints_norm, 0.0),
        keypoint_weights=seen.astype(float),
        joints_mm=transform.points(joints_mm),
        joint_weights=known.astype(float),
        rotations=rotations,
        betas=betas,
        has_mano=float(hand.mano is not None),
    )


def _identity_hand() -> tuple[np.ndarray, np.ndarray]:
    return np.tile(np.eye(3), (16, 1, 1)), np.zeros(10)


def stack_targets(samples: Sequence[TrainingSample]) -> Targets:
    """Stack the labels of a batch as float32 tensors."""

    def stack(name: str) -> Tensor:
        arrays = [getattr(sample, name) for sample in samples]
        return torch.from_numpy(np.asarray(arrays, np.float32))

    return Targets(**{field.name: stack(field.name) for field in fields(Targets)})


class CropDataset(Dataset):
    """Frames seen through another random crop in every epoch.

    Indexed by (epoch, row): a sample is a function of seed, epoch and row alone, whichever worker
    makes it, so neither their number nor a resumed run changes it.
    """

    def __init__(
        self, frames: FrameSource, augmentation: Augmentation | None, *, seed: int
    ) -> None:
        """`augmentation` None shows every frame in its own upright crop."""
        self.frames = frames
        self.augmentation = augmentation
        self.seed = seed

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: tuple[int, int]) -> TrainingSample:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[tuple[int, int]]) -> list[TrainingSample]:
        """Several samples, made in stages: between the unpacking of two pictures the many small
        steps of Python would find the processor's caches emptied, and take six times as long."""
        augmentation, rows = self.augmentation, [row for _, row in indices]
        labels = [self.frames.labels(row) for row in rows]
        if augmentation is None:
            transforms = [frame.crop() for frame in labels]
        else:
            generators = [np.random.default_rng((self.seed, *index)) for index in indices]
            transforms = [
                random_transform(frame, augmentation, generator)
                for frame, generator in zip(labels, generators, strict=True)
            ]
        crops = self.frames.crops(rows, transforms)
        if augmentation is not None:
            crops = [
                disturb_pixels(crop, augmentation, generator)
                for crop, generator in zip(crops, generators, strict=True)
            ]
        return [training_sample(f, crop) for f, crop in zip(labels, crops, strict=True)]
