"""How targets, fits and sequences are written into messages between the window and the fitter."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.conventions import BONES, JOINT_COUNT, VERTEX_COUNT
from core.geometry.camera import Camera
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import Fit, FitTarget
from core.hand.hand_model import HandMesh, ManoParameters
from core.messages import Message, MessageError

#: A hand's parameters in one array: turn, pose, shape, wrist.
_HAND = (61,)
_TARGET_SHAPES = {
    "intrinsics": (3, 3),
    "keypoints_px": (JOINT_COUNT, 2),
    "weights_px": (JOINT_COUNT,),
    "joints_mm": (JOINT_COUNT, 3),
    "weights_mm": (JOINT_COUNT,),
    "depth_mm": (JOINT_COUNT,),
    "betas": (10,),
    "anchor": _HAND,
    "start": _HAND,
}
_TARGET_OPTIONAL = ("joints_mm", "weights_mm", "depth_mm", "betas", "anchor", "start")
_FIT_SHAPES = {
    "mano": _HAND,
    "vertices_mm": (VERTEX_COUNT, 3),
    "joints_mm": (JOINT_COUNT, 3),
    "keypoints_px": (JOINT_COUNT, 2),
    "residuals_px": (JOINT_COUNT,),
    "residuals_mm": (JOINT_COUNT,),
    "bone_change": (len(BONES),),
}


@dataclass(frozen=True)
class FitOrder:
    """One hand to be fitted."""

    id: int
    target: FitTarget
    start: ManoParameters | None
    is_right: bool


@dataclass(frozen=True)
class SequenceOrder:
    """A sequence to be fitted."""

    id: int
    frames: tuple[SequenceFrame, ...]
    is_right: bool
    smoothness: float


def fit_order_message(order: FitOrder) -> Message:
    """Write an order of kind "fit"."""
    target = order.target
    arrays = {
        "intrinsics": target.camera.intrinsics,
        "keypoints_px": target.keypoints_px,
        "weights_px": target.weights_px,
    }
    for name in ("joints_mm", "weights_mm", "depth_mm", "betas"):
        if getattr(target, name) is not None:
            arrays[name] = getattr(target, name)
    for name, hand in (("anchor", target.anchor), ("start", order.start)):
        if hand is not None:
            arrays[name] = _hand_array(hand)
    return Message("fit", {"id": order.id, "is_right": order.is_right}, arrays)


def read_fit_order(message: Message) -> FitOrder:
    """Read an order; raises ValueError (MessageError is one) where it is none."""
    arrays = _checked(message, _TARGET_SHAPES, _TARGET_OPTIONAL)
    target = FitTarget(
        camera=Camera(arrays["intrinsics"]),
        keypoints_px=arrays["keypoints_px"],
        weights_px=arrays["weights_px"],
        joints_mm=arrays.get("joints_mm"),
        weights_mm=arrays.get("weights_mm"),
        depth_mm=arrays.get("depth_mm"),
        betas=arrays.get("betas"),
        anchor=_hand(arrays.get("anchor")),
    )
    fields = message.fields
    start = _hand(arrays.get("start"))
    return FitOrder(int(fields["id"]), target, start, bool(fields["is_right"]))


def fit_message(kind: str, fit: Fit, **fields: Any) -> Message:
    """Write a fit, with the sender's own `fields` beside it. Vertices are sent as 32-bit floats."""
    arrays = {
        "mano": _hand_array(fit.mano),
        "vertices_mm": fit.mesh.vertices_mm.astype(np.float32),
        "joints_mm": fit.mesh.joints_mm,
        "keypoints_px": fit.keypoints_px,
        "residuals_px": fit.residuals_px,
        "residuals_mm": fit.residuals_mm,
        "bone_change": fit.bone_change,
    }
    own = {
        "iterations": fit.iterations,
        "milliseconds": fit.milliseconds,
        "is_converged": fit.is_converged,
    }
    return Message(kind, {**fields, **own}, arrays)


def read_fit(message: Message) -> Fit:
    """Read a fit; raises MessageError where something is missing or misshapen."""
    arrays = _checked(message, _FIT_SHAPES, ())
    return Fit(
        mano=_hand(arrays["mano"]),
        mesh=HandMesh(arrays["vertices_mm"].astype(float), arrays["joints_mm"]),
        keypoints_px=arrays["keypoints_px"],
        residuals_px=arrays["residuals_px"],
        residuals_mm=arrays["residuals_mm"],
        bone_change=arrays["bone_change"],
        iterations=int(message.fields["iterations"]),
        milliseconds=float(message.fields["milliseconds"]),
        is_converged=bool(message.fields["is_converged"]),
    )


def sequence_order_message(order: SequenceOrder) -> Message:
    """Write an order of kind "sequence"."""
    frames = order.frames
    corrected = [frame for frame in frames if frame.corrected is not None]
    arrays = {
        "rows": np.array([frame.row for frame in frames], np.int64),
        "times": np.array([frame.time for frame in frames], float),
        "intrinsics": np.array([frame.camera.intrinsics for frame in frames]).reshape(-1, 3, 3),
        "labels": np.array([_hand_array(frame.label) for frame in frames]).reshape(-1, *_HAND),
        "key_rows": np.array([frame.row for frame in corrected], np.int64),
        "keys": np.array([_hand_array(f.corrected) for f in corrected]).reshape(-1, *_HAND),
    }
    fields = {"id": order.id, "is_right": order.is_right, "smoothness": float(order.smoothness)}
    return Message("sequence", fields, arrays)


def read_sequence_order(message: Message) -> SequenceOrder:
    """Read an order; raises MessageError where something is missing or misshapen."""
    if not {"rows", "times", "intrinsics", "labels", "key_rows", "keys"} <= set(message.arrays):
        raise MessageError("a 'sequence' message lacks arrays")
    count, keys = len(message.arrays["rows"]), len(message.arrays["key_rows"])
    shapes = {
        "rows": (count,),
        "times": (count,),
        "intrinsics": (count, 3, 3),
        "labels": (count, *_HAND),
        "key_rows": (keys,),
        "keys": (keys, *_HAND),
    }
    arrays = _checked(message, shapes, ())
    corrected = dict(zip(arrays["key_rows"].tolist(), map(_hand, arrays["keys"]), strict=True))
    frames = tuple(
        SequenceFrame(row, time, Camera(intrinsics), _hand(label), corrected.get(row))
        for row, time, intrinsics, label in zip(
            arrays["rows"].tolist(),
            arrays["times"].tolist(),
            arrays["intrinsics"],
            arrays["labels"],
            strict=True,
        )
    )
    fields = message.fields
    smoothness = float(fields["smoothness"])
    return SequenceOrder(int(fields["id"]), frames, bool(fields["is_right"]), smoothness)


def _hand_array(mano: ManoParameters) -> np.ndarray:
    parts = (mano.global_orient_rad, mano.hand_pose_rad, mano.betas, mano.wrist_mm)
    return np.concatenate(parts).astype(float)


def _hand(array: np.ndarray | None) -> ManoParameters | None:
    if array is None:
        return None
    return ManoParameters(array[:3], array[3:48], array[48:58], array[58:])


def _checked(
    message: Message, shapes: dict[str, tuple], optional: tuple[str, ...]
) -> dict[str, np.ndarray]:
    for name, shape in shapes.items():
        if name not in message.arrays:
            if name in optional:
                continue
            raise MessageError(f"a {message.kind!r} message lacks {name}")
        if message.arrays[name].shape != shape:
            raise MessageError(f"{name} has shape {message.arrays[name].shape}, not {shape}")
    return message.arrays
