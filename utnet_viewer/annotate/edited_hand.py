"""The hand that is being edited: where its joints are, and what a correction keeps of it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.annotation.records import Correction
from core.conventions import MIDDLE_KNUCKLE, WRIST
from core.data.frame import Frame
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.fitting.target import Fit
from core.hand.hand_model import HandMesh, HandModel, ManoParameters

LABEL, MANO, PREDICTION, MEAN = "label", "mano", "prediction", "mean"

#: Where nothing says where the hand is, the mean hand is this share of the photo's height.
_SHARE_OF_PHOTO = 0.4
_INDEX_KNUCKLE, _PINKY_KNUCKLE = 1, 7


@dataclass(frozen=True)
class EditedHand:
    """One hand, complete: every joint has a finite place in the photo.

    Attributes:
        keypoints_px: (21, 2) in the photo's pixels.
        joints_mm: (21, 3) in camera axes; None in free 2D.
        mano: In camera axes; None in free 2D, and for labels that give joints alone.
        mesh: Its surface and joints, where `mano` is known.
        is_right: Side of the hand.
        start: What it began with: `LABEL`, `MANO` (the label's), `PREDICTION` or `MEAN`.
        locked: Joints that stay while others are dragged.
        placed: Joints that a person put where they are.
    """

    keypoints_px: np.ndarray
    joints_mm: np.ndarray | None
    mano: ManoParameters | None
    mesh: HandMesh | None
    is_right: bool
    start: str
    locked: frozenset[int] = frozenset()
    placed: frozenset[int] = frozenset()

    def correction(self) -> Correction:
        """What is kept of it."""
        return Correction(
            keypoints_px=np.asarray(self.keypoints_px, float),
            joints_mm=None if self.joints_mm is None else np.asarray(self.joints_mm, float),
            mano=self.mano,
            is_right=self.is_right,
            start=self.start,
            locked=tuple(sorted(self.locked)),
            placed=tuple(sorted(self.placed)),
        )

    def with_point(self, joint: int, point_px: np.ndarray) -> EditedHand:
        """The same hand with one keypoint drawn elsewhere; what is known in 3D stays."""
        keypoints_px = self.keypoints_px.copy()
        keypoints_px[joint] = point_px
        return replace(self, keypoints_px=keypoints_px)

    def in_free_2d(self) -> EditedHand:
        """Its points alone: nothing is claimed in 3D any more."""
        return replace(self, joints_mm=None, mano=None, mesh=None)

    def fitted(self, fit: Fit) -> EditedHand:
        """The same hand as the fitter has it."""
        mesh = fit.mesh
        return replace(
            self,
            keypoints_px=fit.keypoints_px,
            joints_mm=mesh.joints_mm,
            mano=fit.mano,
            mesh=mesh,
        )


def of_correction(correction: Correction, hand_model: HandModel) -> EditedHand:
    """The hand that a correction keeps, posed by the hand model in use."""
    mesh = None
    if correction.mano is not None:
        mesh = hand_model.of_side(correction.is_right).pose(correction.mano)
    return EditedHand(
        keypoints_px=correction.keypoints_px,
        joints_mm=correction.joints_mm,
        mano=correction.mano,
        mesh=mesh,
        is_right=correction.is_right,
        start=correction.start,
        locked=frozenset(correction.locked),
        placed=frozenset(correction.placed),
    )


def of_label(frame: Frame, truth: HandMesh | None) -> EditedHand | None:
    """The labelled hand; None where the label does not give all joints in front of the camera."""
    hand = frame.hand
    if hand is None or not hand.has_all_joints:
        return None
    keypoints_px = frame.camera.project(hand.joints_mm)
    if not np.isfinite(keypoints_px).all():
        return None
    return EditedHand(keypoints_px, hand.joints_mm, hand.mano, truth, hand.is_right, LABEL)


def of_label_mano(frame: Frame, hand_model: HandModel) -> EditedHand | None:
    """The hand that the label's MANO parameters pose, whatever its joints say; None without them.

    Where joints were swapped or one of them slipped, the parameters are often right.
    """
    hand = frame.hand
    if hand is None or hand.mano is None:
        return None
    mesh = hand_model.of_side(hand.is_right).pose(hand.mano)
    keypoints_px = frame.camera.project(mesh.joints_mm)
    if not np.isfinite(keypoints_px).all():
        return None
    return EditedHand(keypoints_px, mesh.joints_mm, hand.mano, mesh, hand.is_right, MANO)


def of_prediction(prediction: Prediction | None) -> EditedHand | None:
    """The predicted hand; None where there is none."""
    if prediction is None or not np.isfinite(prediction.keypoints_px).all():
        return None
    mesh = HandMesh(prediction.vertices_mm, prediction.joints_mm)
    return EditedHand(
        prediction.keypoints_px,
        prediction.joints_mm,
        prediction.mano,
        mesh,
        prediction.is_right,
        PREDICTION,
    )


def of_mean(frame: Frame, hand_model: HandModel) -> EditedHand:
    """The mean hand, upright with its back to the camera, in the hand's box or the photo's middle.

    Its size in the photo is the box's; where there is none, 0.4 of the photo's height.
    """
    hand = frame.hand
    is_right = True if hand is None else hand.is_right
    box_px = frame.hand_box_px()
    if box_px is None:
        box_px = _box_without_label(frame)
    model = hand_model.of_side(is_right)
    mano = _mean_in_box(model, frame.camera, np.asarray(box_px, float))
    mesh = model.pose(mano)
    keypoints_px = frame.camera.project(mesh.joints_mm)
    return EditedHand(keypoints_px, mesh.joints_mm, mano, mesh, is_right, MEAN)


def _box_without_label(frame: Frame) -> np.ndarray:
    """Around the labelled wrist if there is one, else in the middle of the photo."""
    height, width = frame.image.shape[:2]
    middle = np.array([width - 1, height - 1]) / 2
    if frame.hand is not None and np.isfinite(frame.hand.joints_mm[WRIST]).all():
        wrist_px = frame.camera.project(frame.hand.joints_mm[WRIST])
        if np.isfinite(wrist_px).all():
            middle = wrist_px
    half = _SHARE_OF_PHOTO * height / 2
    return np.concatenate([middle - half, middle + half])


def _mean_in_box(model: HandModel, camera: Camera, box_px: np.ndarray) -> ManoParameters:
    """The mean pose, turned upright, at the depth and place that fill the box."""
    flat = ManoParameters(np.zeros(3), model.pose_mean_rad, np.zeros(10), np.zeros(3))
    joints_mm = model.pose(flat).joints_mm
    turn = _upright(joints_mm, is_right=model.is_right)
    joints_mm = joints_mm @ turn.T  # about the wrist, which is at the origin
    low, high = box_px[:2], box_px[2:]
    size_px = max(float((high - low).max()), 8.0)
    size_mm = float(np.ptp(joints_mm[:, :2], axis=0).max())
    depth_mm = max(camera.focal_px) * size_mm / size_px
    wrist_mm = camera.unproject((low + high) / 2, np.array(depth_mm))
    for _ in range(3):  # perspective moves the middle a little; three times is exact enough
        keypoints_px = camera.project(joints_mm + wrist_mm)
        middle_px = (keypoints_px.min(0) + keypoints_px.max(0)) / 2
        shift_px = (low + high) / 2 - middle_px
        wrist_px = camera.project(wrist_mm) + shift_px
        wrist_mm = camera.unproject(wrist_px, np.array(depth_mm))
    return ManoParameters(axis_angle_from_matrix(turn), model.pose_mean_rad, np.zeros(10), wrist_mm)


def _upright(joints_mm: np.ndarray, *, is_right: bool) -> np.ndarray:
    """The rotation (3, 3) that turns fingers up (-y) and the back of the hand to the camera (-z).

    A right hand's index knuckle lies left of its pinky's when its back is seen.
    """
    up = joints_mm[MIDDLE_KNUCKLE] - joints_mm[WRIST]
    across = joints_mm[_PINKY_KNUCKLE] - joints_mm[_INDEX_KNUCKLE]
    across = across if is_right else -across  # towards +x of the photo
    y = -up / np.linalg.norm(up)
    x = across - (across @ y) * y
    x /= np.linalg.norm(x)
    return np.stack([x, y, np.cross(x, y)])
