"""How crops and predictions are written into messages between the window and the engine."""

from typing import Any

import numpy as np

from core.conventions import CROP_SIZE_PX, JOINT_COUNT, VERTEX_COUNT
from core.data.crops import CropInput
from core.evaluation.prediction import Prediction
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters
from core.messages import Message, MessageError

_CROP_SHAPES = {"image": (*CROP_SIZE_PX, 3), "intrinsics": (3, 3), "depth_mm": CROP_SIZE_PX}
_PREDICTION_SHAPES = {
    "keypoints_norm": (JOINT_COUNT, 2),
    "keypoints_px": (JOINT_COUNT, 2),
    "joints_mm": (JOINT_COUNT, 3),
    "vertices_mm": (VERTEX_COUNT, 3),
    "global_orient_rad": (3,),
    "hand_pose_rad": (45,),
    "betas": (10,),
    "wrist_mm": (3,),
    "camera_sxy": (3,),
    "coarse_joints_mm": (JOINT_COUNT, 3),
}
_OPTIONAL = ("depth_mm", "coarse_joints_mm")


def crop_input_message(kind: str, crop: CropInput, **fields: Any) -> Message:
    """Write a network input, with the sender's own `fields` beside it."""
    arrays = {"image": crop.image, "intrinsics": crop.intrinsics}
    if crop.depth_mm is not None:
        arrays["depth_mm"] = crop.depth_mm
    return Message(kind, {**fields, "crop": _crop_fields(crop.transform)}, arrays)


def read_crop_input(message: Message) -> CropInput:
    """Read a network input; raises MessageError where something is missing or misshapen."""
    arrays = _checked_arrays(message, _CROP_SHAPES)
    if arrays["image"].dtype != np.uint8:
        raise MessageError(f"a crop's image is uint8, not {arrays['image'].dtype}")
    return CropInput(
        image=arrays["image"],
        depth_mm=arrays.get("depth_mm"),
        intrinsics=arrays["intrinsics"],
        transform=_read_crop(message),
    )


def prediction_message(kind: str, prediction: Prediction, **fields: Any) -> Message:
    """Write a prediction, with the sender's own `fields` beside it."""
    mano = prediction.mano
    arrays = {
        "keypoints_norm": prediction.keypoints_norm,
        "keypoints_px": prediction.keypoints_px,
        "joints_mm": prediction.joints_mm,
        "vertices_mm": prediction.vertices_mm,
        "global_orient_rad": mano.global_orient_rad,
        "hand_pose_rad": mano.hand_pose_rad,
        "betas": mano.betas,
        "wrist_mm": mano.wrist_mm,
        "camera_sxy": prediction.camera_sxy,
    }
    if prediction.coarse_joints_mm is not None:
        arrays["coarse_joints_mm"] = prediction.coarse_joints_mm
    own = {
        "crop": _crop_fields(prediction.crop),
        "used_depth": prediction.used_depth,
        "duration_ms": prediction.duration_ms,
    }
    return Message(kind, {**fields, **own}, arrays)


def read_prediction(message: Message) -> Prediction:
    """Read a prediction; raises MessageError where something is missing or misshapen."""
    arrays = _checked_arrays(message, _PREDICTION_SHAPES)
    mano = ManoParameters(
        global_orient_rad=arrays["global_orient_rad"],
        hand_pose_rad=arrays["hand_pose_rad"],
        betas=arrays["betas"],
        wrist_mm=arrays["wrist_mm"],
    )
    return Prediction(
        keypoints_norm=arrays["keypoints_norm"],
        keypoints_px=arrays["keypoints_px"],
        joints_mm=arrays["joints_mm"],
        vertices_mm=arrays["vertices_mm"],
        mano=mano,
        camera_sxy=arrays["camera_sxy"],
        crop=_read_crop(message),
        coarse_joints_mm=arrays.get("coarse_joints_mm"),
        used_depth=bool(message.fields.get("used_depth", False)),
        duration_ms=float(message.fields.get("duration_ms", 0.0)),
    )


def _checked_arrays(message: Message, shapes: dict[str, tuple]) -> dict[str, np.ndarray]:
    for name, shape in shapes.items():
        if name not in message.arrays:
            if name in _OPTIONAL:
                continue
            raise MessageError(f"a {message.kind!r} message lacks {name}")
        if message.arrays[name].shape != shape:
            raise MessageError(f"{name} has shape {message.arrays[name].shape}, not {shape}")
    return message.arrays


def _crop_fields(crop: CropTransform) -> dict[str, Any]:
    return {
        "centre_px": [float(value) for value in crop.centre_px],
        "height_px": float(crop.height_px),
        "rotation_rad": float(crop.rotation_rad),
        "size_px": [int(value) for value in crop.size_px],
        "is_mirrored": bool(crop.is_mirrored),
    }


def _read_crop(message: Message) -> CropTransform:
    try:
        fields = message.fields["crop"]
        cx, cy = fields["centre_px"]
        height, width = fields["size_px"]
        crop = CropTransform(
            centre_px=(float(cx), float(cy)),
            height_px=float(fields["height_px"]),
            rotation_rad=float(fields["rotation_rad"]),
            size_px=(int(height), int(width)),
            is_mirrored=bool(fields["is_mirrored"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"a {message.kind!r} message's crop is malformed: {error!r}") from error
    numbers = (*crop.centre_px, crop.height_px, crop.rotation_rad)
    if not np.isfinite(numbers).all() or crop.height_px <= 0 or min(crop.size_px) <= 0:
        raise MessageError(f"a {message.kind!r} message's crop is no box: {crop}")
    return crop
