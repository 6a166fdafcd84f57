"""Training samples: a frame's crop and its labels, moved through one transform."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from core.data.augment import Augmentation, disturb_pixels, random_transform
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame
from core.geometry.crop import normalise_keypoints
from core.geometry.rotation import matrix_from_axis_angle


@dataclass(frozen=True)
class Targets:
    """Labels of a batch, in the turned camera axes of the crops.

    Attributes:
        keypoints_norm: (B, 21, 2).
        joints_mm: (B, 21, 3) with the distance to the camera.
        rotations: (B, 16, 3, 3) global orientation, then the fifteen joints.
        betas: (B, 10).
    """

    keypoints_norm: torch.Tensor
    joints_mm: torch.Tensor
    rotations: torch.Tensor
    betas: torch.Tensor


@dataclass(frozen=True)
class TrainingSample:
    """One network input with its labels as numpy arrays; see `Targets` for shapes."""

    crop: CropInput
    keypoints_norm: np.ndarray
    joints_mm: np.ndarray
    rotations: np.ndarray
    betas: np.ndarray


def training_sample(frame: Frame, crop: CropInput) -> TrainingSample:
    """Move a frame's labels through the crop; raises ValueError without full labels."""
    hand, transform = frame.hand, crop.transform
    if hand is None or hand.mano is None or not hand.has_all_joints:
        raise ValueError(f"{frame.frame_id} has no full hand label and cannot be trained on")
    keypoints_px = transform.keypoints(frame.camera.project(hand.joints_mm))
    pose = np.concatenate(
        [transform.global_orient(hand.mano.global_orient_rad), hand.mano.hand_pose_rad]
    )
    return TrainingSample(
        crop=crop,
        keypoints_norm=normalise_keypoints(keypoints_px),
        joints_mm=transform.points(hand.joints_mm),
        rotations=matrix_from_axis_angle(pose.reshape(16, 3)),
        betas=np.asarray(hand.mano.betas, float),
    )


def stack_targets(samples: list[TrainingSample]) -> Targets:
    """Stack the labels of a batch as float32 tensors."""

    def stack(name: str) -> torch.Tensor:
        arrays = [getattr(sample, name) for sample in samples]
        return torch.from_numpy(np.stack(arrays).astype(np.float32))

    return Targets(stack("keypoints_norm"), stack("joints_mm"), stack("rotations"), stack("betas"))


class CropDataset(Dataset):
    """Frames in memory, each seen through another random crop in every epoch."""

    def __init__(self, frames: list[Frame], augmentation: Augmentation, *, seed: int = 0):
        self.frames = frames
        self.augmentation = augmentation
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, row: int) -> TrainingSample:
        frame = self.frames[row]
        generator = np.random.default_rng((self.seed, self.epoch, row))
        transform = random_transform(frame, self.augmentation, generator)
        crop = disturb_pixels(crop_input(frame, transform), self.augmentation, generator)
        return training_sample(frame, crop)
