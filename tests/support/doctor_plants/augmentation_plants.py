"""Faults of augmentation: what stays behind under a forced change."""

from dataclasses import replace

import numpy as np

from core.doctor.subject import Sample, Subject, View
from core.geometry.rotation import (
    about_optical_axis,
)
from core.hand.posed_joints import MIRROR_ROTATION
from doctor_plants.everywhere import Apply
from doctor_plants.plant import Plant


def _views(kinds: tuple[str, ...], keep: tuple[str, ...]) -> Apply:
    """Under these changes these parts of a sample stay what they were."""

    def apply(subject: Subject, seed: int) -> Subject:
        forced = subject.forced

        def partly(row: int, view: View) -> Sample | None:
            sample = forced(row, view)
            if sample is None or view.kind not in kinds:
                return sample
            plain = subject.samples[row]
            return replace(sample, **{part: getattr(plain, part) for part in keep})

        return replace(subject, forced=partly)

    return apply


def _labels_turn_the_other_way(subject: Subject, seed: int) -> Subject:
    """The sign of the angle is another one for pixels than for labels."""
    forced = subject.forced

    def opposite(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None or view.kind != "rotation":
            return sample
        return replace(forced(row, replace(view, amount=-view.amount)), image=sample.image)

    return replace(subject, forced=opposite)


def _half_shift(subject: Subject, seed: int) -> Subject:
    """A shift that is converted twice for the pixels: labels go half as far."""
    forced = subject.forced

    def half(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None or not view.kind.startswith("shift"):
            return sample
        less = forced(row, replace(view, amount=view.amount / 2))
        return replace(less, image=sample.image)

    return replace(subject, forced=half)


def _skewed_rotation(subject: Subject, seed: int) -> Subject:
    """Pixels and 2D are turned and the camera with them, so that unturned 3D still projects."""
    forced = subject.forced

    def turned(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None or view.kind != "rotation":
            return sample
        plain = subject.samples[row]
        turn = about_optical_axis(np.radians(view.amount))
        return replace(
            sample,
            intrinsics=sample.intrinsics @ turn,
            joints_mm=plain.joints_mm,
            pose_rad=plain.pose_rad,
        )

    return replace(subject, forced=turned)


def _flip(*, joints: bool, pose: bool, side: bool) -> Apply:
    """A pipeline that mirrors pictures and 2D, and the rest only as said."""

    def apply(subject: Subject, seed: int) -> Subject:
        forced = subject.forced

        def flipped(row: int, view: View) -> Sample | None:
            if view.kind != "flip":
                return forced(row, view)
            sample = forced(row, View(kind="rotation", amount=0.0))
            mirror = np.array([-1.0, 1.0, 1.0])
            intrinsics = np.array(sample.intrinsics)
            intrinsics[0, 2] = sample.size_px[1] - intrinsics[0, 2]
            return replace(
                sample,
                image=np.ascontiguousarray(sample.image[:, :, ::-1]),
                keypoints_norm=sample.keypoints_norm * (-1.0, 1.0),
                intrinsics=intrinsics,
                joints_mm=sample.joints_mm * mirror if joints else sample.joints_mm,
                pose_rad=sample.pose_rad * MIRROR_ROTATION if pose else sample.pose_rad,
                is_right=not sample.is_right if side else sample.is_right,
            )

        return replace(subject, forced=flipped)

    return apply


#: A right flip: no fault, for tests of silence.
right_flip = _flip(joints=True, pose=True, side=True)


def _colour_shakes(subject: Subject, seed: int) -> Subject:
    """Random numbers of colour that reach the labels too."""
    forced, rng = subject.forced, np.random.default_rng(seed)

    def shaken(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None or view.kind != "colour" or not view.amount:
            return sample
        keypoints = sample.keypoints_norm * (1 + rng.uniform(0.05, 0.2))
        return replace(sample, keypoints_norm=keypoints)

    return replace(subject, forced=shaken)


AUGMENTATION_PLANTS: tuple[Plant, ...] = (
    Plant("rotation_2d_only", "rotation_not_on_3d",
          _views(("rotation",), ("joints_mm", "pose_rad")), frozenset({"rotation_not_on_pose"})),
    Plant("rotation_by_camera", "rotation_not_on_3d", _skewed_rotation,
          frozenset({"rotation_not_on_pose"})),
    Plant("rotation_not_on_pose", "rotation_not_on_pose", _views(("rotation",), ("pose_rad",))),
    Plant("rotation_not_on_2d", "rotation_not_on_keypoints",
          _views(("rotation",), ("keypoints_norm",))),
    Plant("rotation_opposite", "rotation_not_on_keypoints", _labels_turn_the_other_way),
    Plant("shift_pixels_only", "shift_not_on_labels",
          _views(("shift_x", "shift_y"), ("keypoints_norm", "intrinsics"))),
    Plant("shift_y_forgotten", "shift_not_on_labels", _views(("shift_y",), ("keypoints_norm",))),
    Plant("shift_labels_only", "shift_not_on_labels", _views(("shift_x", "shift_y"), ("image",))),
    Plant("shift_half", "shift_not_on_labels", _half_shift),
    Plant("scale_pixels_only", "scale_not_on_labels",
          _views(("scale",), ("keypoints_norm", "intrinsics"))),
    Plant("camera_stays", "intrinsics_not_augmented",
          _views(("rotation", "shift_x", "shift_y", "scale"), ("intrinsics",))),
    Plant("flip_2d_only", "flip_without_mirrored_pose",
          _flip(joints=False, pose=False, side=False)),
    Plant("flip_without_pose", "flip_without_mirrored_pose",
          _flip(joints=True, pose=False, side=False)),
    Plant("flip_without_side", "flip_without_mirrored_pose",
          _flip(joints=True, pose=True, side=False)),
    Plant("colour_shakes_labels", "colour_moves_labels", _colour_shakes),
)  # fmt: skip
