"""Rotations as numpy arrays: axis-angle, matrices, and the turn about the optical axis."""

import numpy as np
from scipy.spatial.transform import Rotation


def matrix_from_axis_angle(axis_angle_rad: np.ndarray) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians."""
    axis_angle_rad = np.asarray(axis_angle_rad, float)
    matrices = Rotation.from_rotvec(axis_angle_rad.reshape(-1, 3)).as_matrix()
    return matrices.reshape(*axis_angle_rad.shape[:-1], 3, 3)


def axis_angle_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return axis-angle vectors (..., 3) in radians, of length at most pi, of (..., 3, 3)."""
    matrix = np.asarray(matrix, float)
    return Rotation.from_matrix(matrix.reshape(-1, 3, 3)).as_rotvec().reshape(matrix.shape[:-1])


def about_optical_axis(angle_rad: float) -> np.ndarray:
    """Return the (3, 3) rotation about camera z; positive turns x (right) towards y (down)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def angle_between_rad(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the geodesic distance (...,) in radians between rotation matrices (..., 3, 3)."""
    relative = np.swapaxes(np.asarray(first, float), -1, -2) @ np.asarray(second, float)
    return np.linalg.norm(axis_angle_from_matrix(relative), axis=-1)
