"""Rotations as tensors: the codes a network can predict, and back to matrices.

6D is the first two columns of the matrix, column by column in the last axis of size 2 (Zhou et
al., "On the Continuity of Rotation Representations in Neural Networks", 2019).
"""

from typing import Literal

import roma
import torch
from jaxtyping import Float
from torch import Tensor

RotationCode = Literal["6d", "axis_angle"]
CODE_SIZE: dict[RotationCode, int] = {"6d": 6, "axis_angle": 3}

#: Columns shorter than this are not normalised by their own length, so nothing divides by zero.
_SHORTEST_COLUMN = 1e-6


def matrix_from_6d(code: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """6D codes to rotation matrices, by Gram-Schmidt."""
    columns = code.unflatten(-1, (3, 2))
    return roma.special_gramschmidt(columns, epsilon=_SHORTEST_COLUMN)


def code_6d_from_matrix(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """Rotation matrices to 6D codes."""
    return matrix[..., :2].flatten(-2)


def matrix_from_axis_angle(
    axis_angle_rad: Float[Tensor, "*batch 3"],
) -> Float[Tensor, "*batch 3 3"]:
    """Axis-angle in radians to rotation matrices, with gradients at and near zero."""
    return roma.rotvec_to_rotmat(axis_angle_rad)


def axis_angle_from_matrix(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Rotation matrices to axis-angle in radians, of length at most pi; stable near 0 and pi."""
    return roma.rotmat_to_rotvec(matrix)


def matrix_from_code(
    code: Float[Tensor, "*batch code"], rotation: RotationCode
) -> Float[Tensor, "*batch 3 3"]:
    """Codes of the named kind to rotation matrices."""
    return matrix_from_6d(code) if rotation == "6d" else matrix_from_axis_angle(code)


def code_from_matrix(
    matrix: Float[Tensor, "*batch 3 3"], rotation: RotationCode
) -> Float[Tensor, "*batch code"]:
    """Rotation matrices to codes of the named kind."""
    return code_6d_from_matrix(matrix) if rotation == "6d" else axis_angle_from_matrix(matrix)


def identity(*batch: int, device: torch.device | str | None = None) -> Tensor:
    """Identity matrices (\\*batch, 3, 3)."""
    return torch.eye(3, device=device).expand(*batch, 3, 3)
