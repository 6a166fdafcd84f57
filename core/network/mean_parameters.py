"""Where a network starts: the mean hand that its outputs are residuals on."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.conventions import BETA_COUNT, MANO_JOINT_COUNT
from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel
from core.network.camera import TYPICAL_SCALE


class MeanParametersError(ValueError):
    """A file of mean parameters that cannot be used."""


@dataclass(frozen=True)
class MeanParameters:
    """Where the network starts: its outputs are residuals on these.

    Attributes:
        pose: (16, 3, 3) rotation matrices: global orientation and finger joints.
        betas: (10,).
        camera_sxy: (3,): s, and tx, ty in metres.
    """

    pose: np.ndarray
    betas: np.ndarray
    camera_sxy: np.ndarray

    @classmethod
    def of_hand(cls, hand_model: HandModel) -> "MeanParameters":
        """The hand model's mean pose and shape, in a crop that the hand fills.

        The hand starts turned by pi about x, as WiLoR's and HaMeR's mean does: MANO's axes have y
        up, camera axes have y down.
        """
        fingers = matrix_from_axis_angle(np.reshape(hand_model.pose_mean_rad, (15, 3)))
        return cls(
            pose=np.concatenate([np.diag([1.0, -1.0, -1.0])[None], fingers]),
            betas=np.zeros(BETA_COUNT),
            camera_sxy=np.array([TYPICAL_SCALE, 0.0, 0.0]),
        )


def read_mean_parameters(path: Path | str) -> MeanParameters:
    """Read WiLoR's and HaMeR's `mano_mean_params.npz`: pose (96,) as 6D, shape (10,), cam (3,).

    Its blocks of six are not all laid out alike: the fingers' are (2, 3), column after column, the
    global orientation's [1, 0, 0, -1, 0, 0] is (3, 2), row after row. Each block is taken in the
    layout in which it is two orthonormal columns.

    Raises:
        MeanParametersError: The file is damaged, lacks an array, or holds what is no rotation.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            pose, betas, camera = (np.asarray(arrays[k], float) for k in ("pose", "shape", "cam"))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise MeanParametersError(f"{path}: not a file of mean hand parameters: {error}") from error
    sizes = (pose.size, betas.size, camera.size)
    if sizes != (6 * MANO_JOINT_COUNT, BETA_COUNT, 3):
        raise MeanParametersError(
            f"{path}: pose, shape and cam have {sizes} numbers, not 96, 10, 3"
        )
    blocks = pose.reshape(MANO_JOINT_COUNT, 6)
    return MeanParameters(
        pose=np.stack([_rotation(path, joint, block) for joint, block in enumerate(blocks)]),
        betas=betas.ravel(),
        camera_sxy=camera.ravel(),
    )


def _rotation(path: Path | str, joint: int, block: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) whose first two columns six numbers are, in whichever layout."""
    for columns in (block.reshape(2, 3).T, block.reshape(3, 2)):
        if np.allclose(columns.T @ columns, np.eye(2), atol=1e-3):
            return np.column_stack([columns, np.cross(columns[:, 0], columns[:, 1])])
    raise MeanParametersError(f"{path}: pose block {joint}, {block}, is no rotation in 6D")
