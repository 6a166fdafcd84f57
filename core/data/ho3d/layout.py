"""HO-3D's files: where they lie, what is in them, and their units and axes.

Shared by the reader and by the generator of synthetic samples, so that the two cannot drift apart.
HO-3D's axes are OpenGL's (x right, y up, z towards the viewer) and its unit is the metre; this
project's are camera axes (x right, y down, z away) and millimetres. `from_opengl_mm` and
`mano_from_opengl` convert, `to_opengl_m` and `mano_to_opengl` are their inverses, and nothing
outside `core.data.ho3d` and the generator needs to know that there was a difference.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.frame import FrameId
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.hand_model import HandModel, ManoParameters

SPLITS = ("train", "evaluation")
#: Suffix of the pictures by version; depth is always PNG.
IMAGE_SUFFIX = {"v2": ".png", "v3": ".jpg"}

#: Turns OpenGL axes into camera axes, and back.
OPENGL_TURN = np.diag([1.0, -1.0, -1.0])

#: Metres for each step of the depth code R + 256 G.
DEPTH_STEP_M = 0.00012498664727900177

#: Members of a training label (both versions).
TRAIN_KEYS = (
    "camIDList",
    "camMat",
    "handBeta",
    "handJoints3D",
    "handPose",
    "handTrans",
    "objCorners3D",
    "objCorners3DRest",
    "objLabel",
    "objName",
    "objRot",
    "objTrans",
)
#: Members that version 3 adds to them.
TRAIN_KEYS_V3 = ("handVertContact", "handVertDist", "handVertIntersec", "handVertObjSurfProj")
#: Members of an evaluation label; its `handJoints3D` is the wrist alone, (3,).
EVALUATION_KEYS = (
    "camIDList",
    "camMat",
    "handBoundingBox",
    "handJoints3D",
    "objCorners3D",
    "objCorners3DRest",
    "objLabel",
    "objName",
    "objRot",
    "objTrans",
)

#: `objLabel` of the objects in HO-3D (YCB-Video's numbering).
OBJECT_LABELS = {
    "003_cracker_box": 2,
    "004_sugar_box": 3,
    "006_mustard_bottle": 5,
    "010_potted_meat_can": 9,
    "011_banana": 10,
    "019_pitcher_base": 11,
    "021_bleach_cleanser": 12,
    "024_bowl": 13,
    "025_mug": 14,
    "035_power_drill": 15,
    "037_scissors": 17,
}


def list_path(root: Path, split: str) -> Path:
    """The text file naming a split's frames in order, one ``SEQ/NNNN`` a line."""
    return root / f"{split}.txt"


def image_path(root: Path, split: str, frame_id: FrameId, *, version: str) -> Path:
    """A frame's picture."""
    folder = root / split / frame_id.sequence / "rgb"
    return folder / f"{frame_id.frame}{IMAGE_SUFFIX[version]}"


def depth_path(root: Path, split: str, frame_id: FrameId) -> Path:
    """A frame's depth picture."""
    return root / split / frame_id.sequence / "depth" / f"{frame_id.frame}.png"


def segmentation_path(root: Path, split: str, frame_id: FrameId) -> Path:
    """A frame's segmentation picture, where there is one."""
    return root / split / frame_id.sequence / "seg" / f"{frame_id.frame}.png"


def meta_path(root: Path, split: str, frame_id: FrameId) -> Path:
    """A frame's labels."""
    return root / split / frame_id.sequence / "meta" / f"{frame_id.frame}.pkl"


def joints_path(root: Path, split: str) -> Path:
    """The released joints of a split: JSON, N × 21 × 3 metres, in list order."""
    return root / f"{split}_xyz.json"


def vertices_path(root: Path, split: str) -> Path:
    """The released vertices of a split: JSON, N × 778 × 3 metres, in list order."""
    return root / f"{split}_verts.json"


def decode_depth(code: np.ndarray) -> np.ndarray:
    """Depth (H, W) float32 in mm, 0 where unknown, of a depth picture (H, W, 3) uint8, RGB."""
    # Cast first: 256 * G does not fit into the picture's eight bits.
    return depth_of_steps(code[..., 0].astype(np.float32) + 256 * code[..., 1].astype(np.float32))


def depth_of_steps(steps: np.ndarray) -> np.ndarray:
    """Depth float32 in mm of the code R + 256 G."""
    return steps.astype(np.float32, copy=False) * np.float32(DEPTH_STEP_M * 1000)


def encode_depth(depth_mm: np.ndarray) -> np.ndarray:
    """The depth picture (H, W, 3) uint8, RGB, of depth (H, W) in mm; 0 and NaN are unknown.

    Raises:
        ValueError: a depth is negative or beyond the code's reach of 8191 mm.
    """
    depth_mm = np.where(np.isnan(depth_mm), 0.0, np.asarray(depth_mm, float))
    steps = np.rint(depth_mm / (DEPTH_STEP_M * 1000))
    if steps.min(initial=0) < 0 or steps.max(initial=0) > 65535:
        raise ValueError(f"depth from {depth_mm.min():.0f} to {depth_mm.max():.0f} mm has no code")
    steps = steps.astype(np.uint16)
    code = np.zeros((*depth_mm.shape, 3), np.uint8)
    code[..., 0], code[..., 1] = steps & 255, steps >> 8
    return code


def from_opengl_mm(points_m: np.ndarray) -> np.ndarray:
    """Points (..., 3) in metres and OpenGL axes, to millimetres and camera axes."""
    return np.asarray(points_m, float) @ OPENGL_TURN * 1000


def to_opengl_m(points_mm: np.ndarray) -> np.ndarray:
    """The inverse of `from_opengl_mm`."""
    return np.asarray(points_mm, float) @ OPENGL_TURN / 1000


@dataclass(frozen=True)
class OpenGLHand:
    """A hand as the labels have it: metres, OpenGL axes.

    Attributes:
        pose: (48,) axis-angle in radians, global orientation first; flat hand = 0.
        betas: (10,).
        translation_m: (3,) MANO's `transl`; the wrist is at `J0(betas) + transl`.
    """

    pose: np.ndarray
    betas: np.ndarray
    translation_m: np.ndarray


def mano_from_opengl(hand: OpenGLHand, model: HandModel) -> ManoParameters:
    """Turn a hand's parameters into camera axes.

    A vertex of MANO is R (v - J0) + J0 + t for the global orientation R, the rest wrist J0(betas)
    and the translation t. The turn C makes of it (C R) (v - J0) + C (J0 + t): the orientation is
    multiplied from the left, and the *wrist*, not the translation, is turned.
    """
    pose = np.asarray(hand.pose, float)
    orientation = OPENGL_TURN @ matrix_from_axis_angle(pose[:3])
    wrist_m = model.rest_wrist_mm(hand.betas) / 1000 + hand.translation_m
    return ManoParameters(
        global_orient_rad=axis_angle_from_matrix(orientation),
        hand_pose_rad=pose[3:],
        betas=np.asarray(hand.betas, float),
        wrist_mm=from_opengl_mm(wrist_m),
    )


def mano_to_opengl(parameters: ManoParameters, model: HandModel) -> OpenGLHand:
    """The inverse of `mano_from_opengl`."""
    orientation = OPENGL_TURN @ matrix_from_axis_angle(parameters.global_orient_rad)
    rest_wrist_m = model.rest_wrist_mm(parameters.betas) / 1000
    return OpenGLHand(
        pose=np.concatenate([axis_angle_from_matrix(orientation), parameters.hand_pose_rad]),
        betas=np.asarray(parameters.betas, float),
        translation_m=to_opengl_m(parameters.wrist_mm) - rest_wrist_m,
    )
