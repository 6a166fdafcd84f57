"""Faults of joint order, axes and MANO conventions."""

from dataclasses import replace

import numpy as np

from core.conventions import HO3D_TO_OPENPOSE
from core.doctor.measures.mending import Change, map_rows, map_samples
from core.doctor.subject import Sample, Subject, View
from core.geometry.rotation import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
)
from core.hand.posed_joints import MIRROR_ROTATION
from doctor_plants.everywhere import Apply, everywhere
from doctor_plants.plant import Plant

_TO_OPENGL = np.diag([1.0, -1.0, -1.0])


def _ordered(order: tuple[int, ...], *, with_2d: bool = True) -> Change:
    at = list(order)

    def change(sample: Sample) -> Sample:
        changed = replace(
            sample, joints_mm=sample.joints_mm[at], joint_weights=sample.joint_weights[at]
        )
        if not with_2d:
            return changed
        return replace(
            changed,
            keypoints_norm=sample.keypoints_norm[at],
            keypoint_weights=sample.keypoint_weights[at],
        )

    return change


def _shuffled(subject: Subject, seed: int) -> Subject:
    order = np.concatenate([[0], np.random.default_rng(seed).permutation(20) + 1])
    return map_samples(subject, _ordered(tuple(order)))


_TIPS_PINKY_FIRST = (*range(16), 20, 19, 18, 17, 16)
_TIPS_ROLLED = (*range(16), 17, 18, 19, 20, 16)
#: InterHand-like: from the tip to the knuckle, finger by finger.
_TIP_FIRST = (0, 16, 15, 14, 13, 17, 3, 2, 1, 18, 6, 5, 4, 19, 12, 11, 10, 20, 9, 8, 7)


def _axes(matrix: np.ndarray) -> Change:
    """Joints about the wrist in other axes than the pose's."""

    def change(sample: Sample) -> Sample:
        wrist = sample.joints_mm[:1]
        return replace(sample, joints_mm=(sample.joints_mm - wrist) @ matrix.T + wrist)

    return change


def _mean_left_out(sign: float) -> Apply:
    """Parameters relative to the mean hand, read as absolute ones, or the reverse."""

    def apply(subject: Subject, seed: int) -> Subject:
        mean = subject.hand_model.pose_mean_rad.reshape(15, 3)

        def change(sample: Sample) -> Sample:
            pose = np.concatenate([sample.pose_rad[:1], sample.pose_rad[1:] + sign * mean])
            return replace(sample, pose_rad=pose)

        return map_samples(subject, change)

    return apply


def _pca(*, has_mean: bool) -> Apply:
    """Coefficients of the PCA basis where axis-angle is expected."""

    def apply(subject: Subject, seed: int) -> Subject:
        model = subject.hand_model
        inverse = np.linalg.inv(model.pose_components)

        def change(sample: Sample) -> Sample:
            fingers = sample.pose_rad[1:].ravel() - (model.pose_mean_rad if has_mean else 0)
            coefficients = (fingers @ inverse).reshape(15, 3)
            return replace(sample, pose_rad=np.concatenate([sample.pose_rad[:1], coefficients]))

        return map_samples(subject, change)

    return apply


def _left_hands(subject: Subject, seed: int) -> Subject:
    """Photos of left hands (here: mirrored ones) whose parameters are posed as right hands."""

    def change(sample: Sample) -> Sample:
        width = sample.size_px[1]
        mirror = np.array([-1.0, 1.0, 1.0])
        intrinsics = np.array(sample.intrinsics, float)
        intrinsics[0, 2] = width - intrinsics[0, 2]
        intrinsics[0, 1] *= -1
        intrinsics[1, 0] *= -1
        keypoints = np.asarray(sample.keypoints_norm) * (-1.0, 1.0)
        return replace(
            sample,
            image=np.ascontiguousarray(sample.image[:, :, ::-1]),
            intrinsics=intrinsics,
            keypoints_norm=keypoints,
            joints_mm=sample.joints_mm * mirror,
            pose_rad=sample.pose_rad * MIRROR_ROTATION,
            is_right=True,
        )

    return _mirrored_views(map_samples(subject, change))


def _mirrored_views(subject: Subject) -> Subject:
    """Views of mirrored photos turn and shift the other way when asked of the originals."""
    forced = subject.forced

    def asked(row: int, view: View) -> Sample | None:
        opposite = view.kind in ("rotation", "shift_x")
        return forced(row, replace(view, amount=-view.amount) if opposite else view)

    return replace(subject, forced=None if forced is None else asked)


def _in_world(*, per_sequence: bool) -> Apply:
    """Orientations in the axes of a world, joints in those of the camera."""

    def apply(subject: Subject, seed: int) -> Subject:
        names = [
            sample.name.rpartition("/")[0] if per_sequence else "" for sample in subject.samples
        ]
        worlds = {
            name: matrix_from_axis_angle(_turn(np.random.default_rng((seed, number))))
            for number, name in enumerate(sorted(set(names)))
        }

        def change(world: np.ndarray) -> Change:
            def turned(sample: Sample) -> Sample:
                orientation = world @ matrix_from_axis_angle(sample.pose_rad[0])
                first = axis_angle_from_matrix(orientation)[None]
                return replace(sample, pose_rad=np.concatenate([first, sample.pose_rad[1:]]))

            return turned

        return _turned_before_views(subject, [change(worlds[name]) for name in names])

    return apply


def _turn(rng: np.random.Generator) -> np.ndarray:
    """A turn of 30 to 120 degrees about any axis."""
    axis = rng.normal(size=3)
    return axis / np.linalg.norm(axis) * np.radians(rng.uniform(30, 120))


def _turned_before_views(subject: Subject, changes: list[Change]) -> Subject:
    """World parameters are read first and then augmented: a view's turn comes on top."""
    forced, old = subject.forced, subject.samples
    new = tuple(change(sample) for change, sample in zip(changes, old, strict=True))

    def view_of(row: int, view: View) -> Sample | None:
        sample = forced(row, view)
        if sample is None:
            return None
        before, after = (matrix_from_axis_angle(s.pose_rad[0]) for s in (old[row], sample))
        turned = after @ before.T @ matrix_from_axis_angle(new[row].pose_rad[0])
        first = axis_angle_from_matrix(turned)[None]
        return replace(sample, pose_rad=np.concatenate([first, sample.pose_rad[1:]]))

    return replace(subject, samples=new, forced=None if forced is None else view_of)


def _other_betas(scale: float) -> Apply:
    """Shapes of somebody else, or of another version of the model."""

    def apply(subject: Subject, seed: int) -> Subject:
        betas = np.random.default_rng(seed).normal(0, 1, 10)
        betas *= scale / np.abs(betas).max()
        return map_samples(subject, lambda sample: replace(sample, betas=betas.copy()))

    return apply


def _poses_of_others(subject: Subject, seed: int) -> Subject:
    """MANO labels one frame late."""
    samples = subject.samples
    step = len(samples) // 2

    def other(number: int) -> Change:
        from_other = samples[(number + step) % len(samples)]
        return lambda sample: replace(sample, pose_rad=from_other.pose_rad, betas=from_other.betas)

    return map_rows(subject, [other(number) for number in range(len(samples))])


HAND_PLANTS: tuple[Plant, ...] = (
    Plant("thumb_first", "thumb_first", everywhere(_ordered(HO3D_TO_OPENPOSE))),
    Plant("thumb_first_3d", "thumb_first", everywhere(_ordered(HO3D_TO_OPENPOSE, with_2d=False))),
    Plant("tips_pinky_first", "tips_reordered", everywhere(_ordered(_TIPS_PINKY_FIRST))),
    Plant("tips_thumb_last", "tips_reordered", everywhere(_ordered(_TIPS_ROLLED))),
    Plant("tip_to_knuckle", "joints_permuted", everywhere(_ordered(_TIP_FIRST))),
    Plant("shuffled_joints", "joints_permuted", _shuffled),
    Plant("mirrored_x", "mirrored_axes", everywhere(_axes(np.diag([-1.0, 1.0, 1.0])))),
    Plant("opengl_about_wrist", "mirrored_axes", everywhere(_axes(_TO_OPENGL))),
    Plant("swapped_axes", "mirrored_axes", everywhere(_axes(np.eye(3)[[1, 0, 2]]))),
    Plant("mean_not_added", "mean_hand_added", _mean_left_out(-1.0)),
    Plant("mean_added_twice", "mean_hand_added", _mean_left_out(1.0)),
    Plant("pca", "pca_as_axis_angle", _pca(has_mean=False)),
    Plant("pca_about_mean", "pca_as_axis_angle", _pca(has_mean=True)),
    Plant("left_hands", "left_as_right", _left_hands),
    Plant("world", "world_orientation", _in_world(per_sequence=False)),
    Plant("world_per_sequence", "world_orientation", _in_world(per_sequence=True)),
    Plant("betas_of_another", "betas_wrong", _other_betas(2.8)),
    Plant("pose_of_another", "pose_unlike_joints", _poses_of_others),
)  # fmt: skip
