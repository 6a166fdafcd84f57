"""The labels of a synthetic frame as HO-3D's pickles have them: metres, OpenGL axes."""

import cv2
import numpy as np
import open3d as o3d

from core.data.ho3d.layout import (
    EVALUATION_KEYS,
    OPENGL_TURN,
    TRAIN_KEYS,
    TRAIN_KEYS_V3,
    mano_to_opengl,
    to_opengl_m,
)
from core.hand.hand_model import HandMesh, HandModel
from core.synthetic.objects import LABELS
from core.synthetic.sequence import SequencePlan
from core.synthetic.tracing import make_scene

#: HO-3D calls a vertex nearer to the object than this a contact.
_CONTACT_M = 0.004


def frame_labels(
    model: HandModel, plan: SequencePlan, frame: int, mesh: HandMesh, *, split: str, version: str
) -> dict[str, object]:
    """Every member of a frame's pickle, in the form of its split and version."""
    pose, solid = plan.poses[frame], plan.solid
    rotation = OPENGL_TURN @ pose.object_rotation
    corners_mm = solid.corners_m * 1000 @ pose.object_rotation.T + pose.object_mm
    hand = mano_to_opengl(pose.hand, model)
    joints_m = to_opengl_m(mesh.joints_mm)
    members: dict[str, object] = {
        "camIDList": ["0"],
        "camMat": plan.camera.intrinsics,
        "objCorners3D": to_opengl_m(corners_mm),
        "objCorners3DRest": solid.corners_m,
        "objLabel": LABELS[solid.name],
        "objName": solid.name,
        "objRot": cv2.Rodrigues(rotation)[0],
        "objTrans": to_opengl_m(pose.object_mm),
    }
    if split == "evaluation":
        members["handBoundingBox"] = _bounding_box(plan.camera.project(mesh.joints_mm))
        members["handJoints3D"] = joints_m[0]
        return {key: members[key] for key in EVALUATION_KEYS}
    members["handBeta"] = hand.betas
    members["handJoints3D"] = joints_m
    members["handPose"] = hand.pose
    members["handTrans"] = hand.translation_m
    if version == "v2":
        return {key: members[key] for key in TRAIN_KEYS}
    members |= _contacts(plan, frame, mesh)
    return {key: members[key] for key in (*TRAIN_KEYS, *TRAIN_KEYS_V3)}


def _bounding_box(keypoints_px: np.ndarray) -> list[int]:
    """[x1, y1, x2, y2] in whole pixels round the joints (21, 2), wherever they are."""
    low, high = np.floor(keypoints_px.min(0)), np.ceil(keypoints_px.max(0))
    return [int(v) for v in (*low, *high)]


def _contacts(plan: SequencePlan, frame: int, mesh: HandMesh) -> dict[str, np.ndarray]:
    """Version 3's relation of each vertex to the object's surface."""
    pose, solid = plan.poses[frame], plan.solid
    in_object = (mesh.vertices_mm - pose.object_mm) / 1000 @ pose.object_rotation
    scene = make_scene([solid.triangles])
    query = o3d.core.Tensor(in_object.astype(np.float32))
    nearest = scene.compute_closest_points(query)["points"].numpy().astype(float)
    distance = np.linalg.norm(nearest - in_object, axis=1)
    nearest_mm = nearest * 1000 @ pose.object_rotation.T + pose.object_mm
    return {
        "handVertContact": distance < _CONTACT_M,
        "handVertDist": distance.astype(np.float32),
        "handVertIntersec": solid.distance_m(in_object) < 0,
        "handVertObjSurfProj": to_opengl_m(nearest_mm).astype(np.float32),
    }
