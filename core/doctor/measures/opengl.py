"""Labels in OpenGL's axes (x right, y up, z towards the viewer), as HO-3D's files have them."""

from dataclasses import replace

import numpy as np

from core.doctor.measures.labels import Labels, median
from core.doctor.measures.mending import map_samples
from core.doctor.subject import Sample, Subject
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.posed_joints import JointModel

OPENGL_TO_CAMERA = np.diag([1.0, -1.0, -1.0])
#: Signs by which points behind the camera may come before it.
_SIGNS = ((1, -1, -1), (1, 1, -1), (-1, 1, -1), (-1, -1, -1))
#: What a projection of unconverted points gives, x / z and y / z, is that of the points mirrored.
_UNCONVERTED = (-1, -1, -1)


def is_opengl(labels: Labels) -> bool:
    """Whether hands that lie behind the camera are where OpenGL's axes put them.

    All of nearly every hand must be behind; of the ways to turn z over, OpenGL's must come closest
    to the 2D labels (or these be the projection of the unconverted points).
    """
    depth = labels.joints_mm[..., 2]
    known = np.isfinite(depth)
    behind = ((depth < 0) & known).sum(1) == np.maximum(known.sum(1), 1)
    if behind.mean() < 0.8:
        return False
    return _best_signs(labels) in ((1, -1, -1), _UNCONVERTED)


def _best_signs(labels: Labels) -> tuple[int, int, int]:
    errors = {}
    for signs in _SIGNS:
        turned = replace(labels, joints_mm=labels.joints_mm * np.array(signs, float))
        error = np.linalg.norm(turned.projected_px - labels.keypoints_px, axis=-1)
        errors[signs] = median(error)
    # Without any 2D label OpenGL's is the one that happens.
    finite = {signs: error for signs, error in errors.items() if np.isfinite(error)}
    return min(finite, key=finite.__getitem__) if finite else (1, -1, -1)


def to_camera_axes(subject: Subject) -> Subject:
    """Turn joints, and the hand's orientation where it is in the same axes as they are."""
    labels = Labels.of(subject.samples)
    reproject = _best_signs(labels) == _UNCONVERTED
    turn_pose = _pose_fits(subject)

    def turned(sample: Sample) -> Sample:
        joints_mm = np.asarray(sample.joints_mm, float) @ OPENGL_TO_CAMERA
        pose = sample.pose_rad
        if pose is not None and turn_pose is None:
            pose = None
        elif pose is not None and turn_pose:
            orientation = OPENGL_TO_CAMERA @ matrix_from_axis_angle(pose[0])
            pose = np.concatenate([axis_angle_from_matrix(orientation)[None], pose[1:]])
        result = replace(sample, joints_mm=joints_mm, pose_rad=pose)
        return _with_mirrored_keypoints(result) if reproject else result

    return map_samples(subject, turned)


def _with_mirrored_keypoints(sample: Sample) -> Sample:
    """2D labels mirrored back: x / z of unconverted points has the other sign, y / z has not.

    Not projected anew: what else is wrong with them, in views too, must stay.
    """
    width = sample.size_px[1]
    keypoints = np.array(sample.keypoints_norm, float)
    point_norm = float(sample.intrinsics[0][2]) / width - 0.5
    keypoints[:, 0] = 2 * point_norm - keypoints[:, 0]
    return replace(sample, keypoints_norm=keypoints)


def _pose_fits(subject: Subject) -> bool | None:
    """Whether the pose is in the joints' own axes now; None: nothing tells."""
    samples = [
        sample
        for sample in subject.samples
        if sample.pose_rad is not None and (np.asarray(sample.joint_weights) > 0).all()
    ]
    if subject.hand_model is None or not samples:
        return None
    model = JointModel.of(subject.hand_model)
    betas = np.array([np.zeros(10) if s.betas is None else s.betas for s in samples])
    posed = _centred(model.joints_mm(np.array([s.pose_rad for s in samples]), betas))
    joints = _centred(np.array([s.joints_mm for s in samples], float))
    size = np.linalg.norm(posed) / np.linalg.norm(joints)
    as_it_is = np.linalg.norm(joints * size - posed)
    turned = np.linalg.norm(joints * size @ OPENGL_TO_CAMERA - posed)
    return bool(as_it_is < turned)


def _centred(points: np.ndarray) -> np.ndarray:
    return points - points.mean(1, keepdims=True)
