"""Faults between 3D labels, camera and 2D labels."""

from dataclasses import replace

import numpy as np

from core.conventions import HO3D_TO_OPENPOSE
from core.doctor.measures.mending import Change, map_rows
from core.doctor.subject import Sample, Subject
from doctor_plants.everywhere import Apply, everywhere, labels_px
from doctor_plants.plant import Plant

#: Of the photos that the demo imitates, 640 x 480.
_PHOTO = np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1]])


def _full_photo_intrinsics(*, focal_only: bool = False, point_only: bool = False) -> Change:
    def change(sample: Sample) -> Sample:
        intrinsics = np.array(sample.intrinsics, float)
        if not point_only:
            intrinsics[:2, :2] = _PHOTO[:2, :2]
        if not focal_only:
            intrinsics[:2, 2] = _PHOTO[:2, 2]
        return replace(sample, intrinsics=intrinsics)

    return change


def _project(joints_mm: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    pixels = joints_mm @ intrinsics.T
    return pixels[:, :2] / pixels[:, 2:]


def _labels_of_photo(sample: Sample) -> Sample:
    """2D over the whole photo of 640 x 480, never moved into the crop."""
    return replace(sample, keypoints_norm=_project(sample.joints_mm, _PHOTO) / (640, 480) - 0.5)


def _labels_of_centre_crop(sample: Sample) -> Sample:
    """2D of a crop about the photo's middle, pixels of one about the hand."""
    pixels = (_project(sample.joints_mm, _PHOTO) - (320 - 180, 0)) / (360, 480)
    return replace(sample, keypoints_norm=pixels - 0.5)


def _focal_over(x: float, y: float) -> Change:
    def change(sample: Sample) -> Sample:
        intrinsics = np.array(sample.intrinsics, float)
        intrinsics[0, :2] /= x
        intrinsics[1, :2] /= y
        return replace(sample, intrinsics=intrinsics)

    return change


def _labels_about_middle(factor: float) -> Change:
    return lambda sample: replace(sample, keypoints_norm=np.asarray(sample.keypoints_norm) * factor)


def _camera_about_middle(factor: float) -> Change:
    def change(sample: Sample) -> Sample:
        height, width = sample.size_px
        about = np.array(
            [[factor, 0, (1 - factor) * width / 2], [0, factor, (1 - factor) * height / 2],
             [0, 0, 1]]
        )  # fmt: skip
        return replace(sample, intrinsics=about @ sample.intrinsics)

    return change


def _intrinsics_of_next(step: int) -> Apply:
    def apply(subject: Subject, seed: int) -> Subject:
        samples = subject.samples

        def other(number: int) -> Change:
            intrinsics = samples[(number + step) % len(samples)].intrinsics
            return lambda sample: replace(sample, intrinsics=intrinsics)

        return map_rows(subject, [other(number) for number in range(len(samples))])

    return apply


def _keypoints_thumb_first(sample: Sample) -> Sample:
    order = list(HO3D_TO_OPENPOSE)
    return replace(sample, keypoints_norm=sample.keypoints_norm[order])


CAMERA_PLANTS: tuple[Plant, ...] = (
    Plant("intrinsics_of_photo", "intrinsics_not_cropped", everywhere(_full_photo_intrinsics())),
    Plant("principal_point_of_photo", "intrinsics_not_cropped",
          everywhere(_full_photo_intrinsics(point_only=True))),
    Plant("labels_of_photo", "crop_not_applied_to_labels", everywhere(_labels_of_photo)),
    Plant("labels_of_centre_crop", "crop_not_applied_to_labels",
          everywhere(_labels_of_centre_crop)),
    Plant("focal_over_size", "focal_divided", everywhere(_focal_over(192, 256))),
    Plant("focal_over_256", "focal_divided", everywhere(_focal_over(256, 256))),
    Plant("box_scale_labels", "hand_box_scale", everywhere(_labels_about_middle(1.25))),
    Plant("box_scale_camera", "hand_box_scale", everywhere(_camera_about_middle(0.7))),
    Plant("box_scale_small", "hand_box_scale", everywhere(_labels_about_middle(0.5))),
    Plant("x_from_the_right", "keypoints_mirrored",
          everywhere(labels_px(lambda p, w, h: (np.array([w, 0]) + p * (-1, 1)) / (w, h) - 0.5))),
    Plant("intrinsics_one_late", "intrinsics_of_other_image", _intrinsics_of_next(1)),
    Plant("intrinsics_anywhere", "intrinsics_of_other_image", _intrinsics_of_next(7)),
    Plant("keypoints_thumb_first", "keypoints_permuted",
          everywhere(_keypoints_thumb_first)),
)  # fmt: skip
