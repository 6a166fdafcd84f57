"""From a label file's contents to camera axes and millimetres, noting what is not usable."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.conventions import BETA_COUNT, JOINT_COUNT, WRIST
from core.data.frame import HandLabel, ObjectLabel
from core.data.ho3d.layout import OpenGLHand, from_opengl_mm, mano_from_opengl
from core.geometry.camera import Camera
from core.hand.hand_model import HandModel, ManoParameters
from core.pickles import PickleFileError, load_pickle

_POSE_SIZE = 48
#: HO-3D's cameras stand within 2 m of the hand; numbers beyond this are damage, and useless to
#: compute with. Labels written in millimetres stay below it: finding those is the audit's work.
_FARTHEST_M = 10_000.0
#: HO-3D's usual intrinsics, for 640 × 480 pixels.
_USUAL_FOCAL_PX, _USUAL_CENTRE_PX, _USUAL_SIZE_PX = (614.6, 614.1), (320.3, 238.5), (640, 480)


@dataclass(frozen=True)
class HandMembers:
    """What a label file calls the parts of one hand."""

    joints: str
    pose: str
    betas: str
    translation: str
    box: str
    is_right: bool


HO3D_HAND = HandMembers(
    "handJoints3D", "handPose", "handBeta", "handTrans", "handBoundingBox", is_right=True
)


class LabelReader:
    """One label file: its members by name, and a growing list of what is wrong with them.

    Members are numbers of a known shape, or they are absent: HO-3D has frames whose members are
    None or the text 'None'.
    """

    def __init__(self, path: Path) -> None:
        self.problems: list[str] = []
        self._path = path
        members = self._read()
        self._is_read = members is not None
        self._members = members or {}

    def _read(self) -> dict | None:
        try:
            members = load_pickle(self._path)
        except FileNotFoundError:
            self._note("the label file is missing")
        except (PickleFileError, OSError) as error:  # both name the file
            self.problems.append(str(error))
        else:
            if isinstance(members, dict):
                return members
            self._note(f"it holds a {type(members).__name__}, not labels")
        return None

    def _note(self, text: str) -> None:
        self.problems.append(f"{self._path}: {text}")

    def camera(self, image_size_px: tuple[int, int]) -> Camera:
        """This frame's camera; where there is none, HO-3D's usual one, and a note of that."""
        matrix = self._numbers("camMat", (3, 3), required=True)
        if matrix is not None:
            try:
                if not np.allclose(matrix[2], (0, 0, 1)):
                    raise ValueError(f"its last row is {matrix[2]}")
                return Camera(matrix)
            except ValueError as error:
                self._note(f"'camMat' is not a camera's ({error})")
        self._note("HO-3D's usual camera is assumed; projections can be off")
        return _usual_camera(image_size_px)

    def hand(self, model: HandModel, members: HandMembers = HO3D_HAND) -> HandLabel | None:
        """The hand in camera axes and mm, with whatever of it is usable; None when nothing is.

        Training labels have 21 joints and MANO's parameters, evaluation labels the wrist alone and
        a box.
        """
        joints_mm = self._joints_mm(members.joints)
        mano = self._mano(model.of_side(members.is_right), members)
        box_px = self._box_px(members.box)
        if joints_mm is None and mano is None and box_px is None:
            return None
        if joints_mm is None:
            joints_mm = np.full((JOINT_COUNT, 3), np.nan)
        return HandLabel(joints_mm=joints_mm, mano=mano, box_px=box_px, is_right=members.is_right)

    def flags(self, name: str) -> np.ndarray | None:
        """A member that says of several things whether each is valid, (n,) bool, or None."""
        value = self._members.get(name)
        if value is None or _is_absent(value):
            return None
        flags = np.atleast_1d(np.asarray(value)).ravel()
        if flags.dtype.kind not in "biuf":
            self._note(f"{name!r} is not numbers")
            return None
        return flags.astype(bool)

    def object(self) -> ObjectLabel | None:
        """The held object, or None where the frame has none."""
        corners_m = self._numbers("objCorners3D", (8, 3), largest=_FARTHEST_M)
        if corners_m is None:
            return None
        name = self._members.get("objName")
        if not isinstance(name, str) or _is_absent(name):
            name = "object"
        return ObjectLabel(name=name, corners_mm=from_opengl_mm(corners_m))

    def _joints_mm(self, name: str) -> np.ndarray | None:
        shapes = ((JOINT_COUNT, 3), (3,))
        joints_m = self._numbers(name, *shapes, required=True, largest=_FARTHEST_M)
        if joints_m is None:
            return None
        if joints_m.ndim == 2 and not np.ptp(joints_m, axis=0).any():
            self._note(f"{name!r} are all the same point")
            return None
        joints_mm = np.full((JOINT_COUNT, 3), np.nan)
        if joints_m.shape == (3,):
            joints_mm[WRIST] = from_opengl_mm(joints_m)
        else:
            joints_mm[:] = from_opengl_mm(joints_m)
        return joints_mm

    def _mano(self, model: HandModel, members: HandMembers) -> ManoParameters | None:
        names = (members.pose, members.betas, members.translation)
        required = any(name in self._members for name in names)  # evaluation labels have none
        pose = self._numbers(members.pose, (_POSE_SIZE,), required=required)
        betas = self._numbers(members.betas, (BETA_COUNT,), required=required)
        translation_m = self._numbers(
            members.translation, (3,), required=required, largest=_FARTHEST_M
        )
        if pose is None or betas is None or translation_m is None:
            return None
        return mano_from_opengl(OpenGLHand(pose, betas, translation_m), model)

    def _box_px(self, name: str) -> np.ndarray | None:
        box_px = self._numbers(name, (4,))
        if box_px is None:
            return None
        if box_px[2] <= box_px[0] or box_px[3] <= box_px[1]:
            self._note(f"{name!r} {box_px.tolist()} has no size")
            return None
        return box_px

    def _numbers(
        self,
        name: str,
        *shapes: tuple[int, ...],
        required: bool = False,
        largest: float = np.inf,
    ) -> np.ndarray | None:
        """A member as finite numbers of one of the shapes, or None and, if need be, a note.

        `largest` is the largest size of a number that can be right, in the member's own unit.
        Axes of length one are dropped first: some files have (3, 1) for (3,).
        """
        value = self._members.get(name)
        if value is None or _is_absent(value):
            if required and self._is_read:
                self._note(f"{name!r} is {'None' if name in self._members else 'missing'}")
            return None
        try:
            array = np.asarray(value, float).squeeze()
        except (TypeError, ValueError):
            self._note(f"{name!r} is not numbers but a {type(value).__name__}")
            return None
        if array.shape not in shapes:
            expected = " or ".join(str(shape) for shape in shapes)
            self._note(f"{name!r} is {array.shape}, not {expected}")
            return None
        if not np.isfinite(array).all():
            self._note(f"{name!r} holds NaN or infinite values")
            return None
        if np.abs(array).max() > largest:
            self._note(f"{name!r} holds {np.abs(array).max():g}, larger than {largest:g} m")
            return None
        return array


def _is_absent(value: object) -> bool:
    is_array = isinstance(value, np.ndarray) and value.ndim > 0
    return not is_array and str(value) == "None"


def _usual_camera(image_size_px: tuple[int, int]) -> Camera:
    """HO-3D's usual intrinsics at another picture size; pixel centres are at integers."""
    scale = np.array(image_size_px) / _USUAL_SIZE_PX
    (fx, fy), (cx, cy) = _USUAL_FOCAL_PX * scale, (np.add(_USUAL_CENTRE_PX, 0.5)) * scale - 0.5
    return Camera(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]))
