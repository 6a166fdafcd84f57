"""Faults of the labels: no numbers, placeholders, repetitions, units, camera axes."""

from dataclasses import replace

import numpy as np

from core.doctor.measures.mending import Change, map_rows
from core.doctor.subject import Sample, Subject
from core.geometry.rotation import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
)
from doctor_plants.everywhere import Apply, everywhere, labels_px, same_sample, some
from doctor_plants.plant import Plant

_TO_OPENGL = np.diag([1.0, -1.0, -1.0])


def _not_finite(sample: Sample) -> Sample:
    joints = np.array(sample.joints_mm, float)
    joints[7] = np.nan
    return replace(sample, joints_mm=joints)


def _infinite_keypoints(sample: Sample) -> Sample:
    keypoints = np.array(sample.keypoints_norm, float)
    keypoints[3] = np.inf
    return replace(sample, keypoints_norm=keypoints)


def _opengl(sample: Sample) -> Sample:
    """HO-3D's own axes, never converted; 2D made by a reader that did convert."""
    orientation = _TO_OPENGL @ matrix_from_axis_angle(sample.pose_rad[0])
    pose = np.concatenate([axis_angle_from_matrix(orientation)[None], sample.pose_rad[1:]])
    return replace(sample, joints_mm=sample.joints_mm @ _TO_OPENGL, pose_rad=pose)


def _opengl_joints(sample: Sample) -> Sample:
    return replace(sample, joints_mm=sample.joints_mm @ _TO_OPENGL)


def _opengl_projected(sample: Sample) -> Sample:
    """2D made from the unconverted points as well: mirrored about the principal point."""
    moved = _opengl(sample)
    height, width = sample.size_px
    pixels = moved.joints_mm @ sample.intrinsics.T
    keypoints = pixels[:, :2] / pixels[:, 2:] / (width, height) - 0.5
    return replace(moved, keypoints_norm=keypoints)


def _behind(sample: Sample) -> Sample:
    """A failed optimisation that put the hand on the camera's other side."""
    return replace(sample, joints_mm=-np.asarray(sample.joints_mm))


def _sentinels(joints: tuple[int, ...], point: tuple[float, float] | None) -> Change:
    """Missing joints as a placeholder with full confidence; without a point, 3D zeros."""

    def change(sample: Sample) -> Sample:
        at = list(joints)
        if point is None:
            values = np.array(sample.joints_mm, float)
            values[at] = 0.0
            return replace(sample, joints_mm=values)
        values = np.array(sample.keypoints_norm, float)
        values[at] = point
        return replace(sample, keypoints_norm=values)

    return change


def _repeated_labels(share: float) -> Apply:
    """Labels of one frame given to others: an index that does not advance."""

    def apply(subject: Subject, seed: int) -> Subject:
        count = max(2, round(share * len(subject.samples)))
        rows = np.random.default_rng(seed).permutation(len(subject.samples))[:count]
        first = subject.samples[rows[0]]

        def stuck(sample: Sample) -> Sample:
            return replace(
                sample,
                joints_mm=first.joints_mm,
                keypoints_norm=first.keypoints_norm,
                pose_rad=first.pose_rad,
                betas=first.betas,
                intrinsics=first.intrinsics,
            )

        return map_rows(
            subject, [stuck if n in rows else same_sample for n in range(len(subject.samples))]
        )

    return apply


def _no_confidence(sample: Sample) -> Sample:
    none = np.zeros(21)
    return replace(sample, joint_weights=none, keypoint_weights=none)


def _root_only(sample: Sample) -> Sample:
    only = np.zeros(21)
    only[0] = 1
    zeros = np.zeros((21, 3))
    zeros[0] = sample.joints_mm[0]
    return replace(
        sample,
        joints_mm=zeros,
        joint_weights=only,
        keypoint_weights=only,
        pose_rad=None,
        betas=None,
    )


def _rooteverywhere(sample: Sample) -> Sample:
    """The wrist's label broadcast over all joints, as a careless reshape makes it."""
    return replace(
        sample,
        joints_mm=np.tile(sample.joints_mm[:1], (21, 1)),
        keypoints_norm=np.tile(sample.keypoints_norm[:1], (21, 1)),
        pose_rad=None,
        betas=None,
    )


def _shape_times(factor: float) -> Change:
    def change(sample: Sample) -> Sample:
        betas = np.asarray(sample.betas) * factor
        betas = betas + np.sign(betas[:1]) * 4
        return replace(sample, betas=betas)

    return change


def _through_a_lens(points_px: np.ndarray, width: float, height: float) -> np.ndarray:
    """2D labels of a wide lens whose distortion nobody took out."""
    centre = np.array([width / 2, height / 2])
    offset = points_px - centre
    radius = np.linalg.norm(offset, axis=-1, keepdims=True) / width
    return offset / (1 + radius**2) / (width, height)


def _hand_times(factor: float) -> Change:
    """A hand of the wrong size at the right place."""

    def change(sample: Sample) -> Sample:
        return replace(sample, joints_mm=np.asarray(sample.joints_mm) * factor)

    return change


LABEL_PLANTS: tuple[Plant, ...] = (
    Plant("nan_joint", "labels_not_finite", some(_not_finite, 0.03)),
    Plant("nan_joints", "labels_not_finite", some(_not_finite, 0.5)),
    Plant("infinite_keypoint", "labels_not_finite", some(_infinite_keypoints, 0.1)),
    Plant("opengl", "opengl_axes", everywhere(_opengl)),
    Plant("opengl_joints", "opengl_axes", everywhere(_opengl_joints)),
    Plant("opengl_projected", "opengl_axes", everywhere(_opengl_projected)),
    Plant("hands_behind", "behind_camera", some(_behind, 0.2)),
    Plant("sentinels_2d", "sentinel_joints", some(_sentinels((4, 9, 17), (-2.0, 0.0)), 0.5)),
    Plant("sentinels_corner", "sentinel_joints", some(_sentinels((2, 20), (-1.0, -1.0)), 0.4)),
    Plant("sentinels_3d", "sentinel_joints", some(_sentinels((5, 8, 16, 19), None), 0.3)),
    Plant("labels_stuck", "repeated_labels", _repeated_labels(0.3)),
    Plant("one_label", "repeated_labels", _repeated_labels(1.0)),
    Plant("no_confidence", "zero_confidence", everywhere(_no_confidence)),
    Plant("root_only", "root_only_labels", everywhere(_root_only)),
    Plant("root_broadcast", "root_only_labels", everywhere(_rooteverywhere)),
    Plant("shape_in_other_units", "impossible_shape", everywhere(_shape_times(10))),
    Plant("shape_ran_away", "impossible_shape", some(_shape_times(20), 0.1)),
    Plant("hands_too_large", "hand_size_implausible", everywhere(_hand_times(2.54))),
    Plant("hands_too_small", "hand_size_implausible", everywhere(_hand_times(1 / 2.54))),
    Plant("metres", "joints_in_metres", everywhere(_hand_times(0.001))),
    Plant("metres_in_part", "joints_in_metres", some(_hand_times(0.001), 0.3)),
    Plant("centimetres", "joints_in_centimetres", everywhere(_hand_times(0.1))),
    Plant("decimetres", "joints_in_decimetres", everywhere(_hand_times(0.01))),
    Plant("micrometres", "joints_in_micrometres", everywhere(_hand_times(1000.0))),
    Plant("lens_not_undone", "labels_off_projection", everywhere(labels_px(_through_a_lens))),
    Plant("pixels", "keypoints_in_pixels", everywhere(labels_px(lambda p, w, h: p))),
    Plant("pixels_about_middle", "keypoints_in_pixels",
          everywhere(labels_px(lambda p, w, h: p - np.array([w / 2, h / 2])))),
    Plant("from_corner", "keypoints_offset", everywhere(labels_px(lambda p, w, h: p / (w, h)))),
    Plant("square", "keypoints_square_256",
          everywhere(labels_px(lambda p, w, h: p / (h, h) - 0.5))),
    Plant("square_about_middle", "keypoints_square_256",
          everywhere(labels_px(lambda p, w, h: (p - np.array([w / 2, h / 2])) / (h, h)))),
    Plant("minus_one_to_one", "keypoints_minus_one_to_one",
          everywhere(labels_px(lambda p, w, h: 2 * p / (w, h) - 1))),
)  # fmt: skip
