"""This project's samples as the doctor sees them, taken from the very crops training uses."""

from collections.abc import Sequence

import numpy as np

from core.conventions import IMAGE_MEAN, IMAGE_STD
from core.data.augment import Augmentation, disturb_pixels
from core.doctor.subject import Sample, View
from core.geometry.crop import CropTransform
from core.geometry.rotation import axis_angle_from_matrix
from core.network.inputs import normalise_depth
from core.training.crop_dataset import CropDataset, TrainingSample, training_sample
from core.training.frames import FrameSource

_MEAN = np.float32(IMAGE_MEAN)[:, None, None]
_STD = np.float32(IMAGE_STD)[:, None, None]


def as_sample(made: TrainingSample) -> Sample:
    """What the network's first layer and the loss get of a training sample."""
    pixels = made.crop.image.transpose(2, 0, 1).astype(np.float32) / 255
    depth, reference_mm = normalise_depth(made.crop.depth_mm)
    pose = np.stack([axis_angle_from_matrix(rotation) for rotation in made.rotations])
    return Sample(
        name=made.frame_id,
        image=(pixels - _MEAN) / _STD,
        intrinsics=np.asarray(made.crop.intrinsics, float),
        keypoints_norm=made.keypoints_norm,
        keypoint_weights=made.keypoint_weights,
        joints_mm=made.joints_mm,
        joint_weights=made.joint_weights,
        pose_rad=pose if made.has_mano else None,
        betas=made.betas if made.has_mano else None,
        depth=depth,
        reference_depth_mm=reference_mm,
    )


class OwnViews:
    """Samples under forced changes and as workers draw them, by training's own code."""

    def __init__(
        self, frames: FrameSource, rows: Sequence[int], augmentation: Augmentation | None, seed: int
    ) -> None:
        self._frames = frames
        self._rows = list(rows)
        self._augmentation = augmentation
        self._dataset = CropDataset(frames, augmentation, seed=seed)

    def plain(self) -> tuple[Sample, ...]:
        """Every row in its own upright crop."""
        plain = CropDataset(self._frames, None, seed=0)
        return tuple(as_sample(plain[0, row]) for row in self._rows)

    def forced(self, number: int, view: View) -> Sample | None:
        """A row under one change; None: this pipeline never makes such a change."""
        row = self._rows[number]
        frame = self._frames.labels(row)
        base = frame.crop()
        transform = None if base is None else _forced_transform(base, view)
        if transform is None:
            return None
        (crop,) = self._frames.crops([row], [transform])
        if view.kind == "colour":
            only_colour = Augmentation(0.0, 0.0, 0.0, view.amount, 0.0, 0.0, 0.0)
            crop = disturb_pixels(crop, only_colour, np.random.default_rng(number))
        return as_sample(training_sample(frame, crop))

    def worker_views(self, workers: int) -> list[np.ndarray]:
        """A view is a function of seed, epoch and frame, whichever worker makes it; a frame's next
        turn, with the next worker, comes in the next epoch."""
        rows = self._rows[:4]
        return [
            np.stack([as_sample(self._dataset[worker, row]).image for row in rows])
            for worker in range(workers)
        ]


def _forced_transform(base: CropTransform, view: View) -> CropTransform | None:
    (x, y), height = base.centre_px, base.height_px
    width = height * base.size_px[1] / base.size_px[0]
    rotation = 0.0
    if view.kind == "rotation":
        rotation = float(np.radians(view.amount))
    elif view.kind == "shift_x":
        x -= view.amount * width  # the hand moves right where the box moves left
    elif view.kind == "shift_y":
        y -= view.amount * height
    elif view.kind == "scale":
        height /= view.amount
    elif view.kind == "flip":
        return None
    return CropTransform((x, y), height, rotation, base.size_px, base.is_mirrored)
