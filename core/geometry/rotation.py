"""Rotations as numpy arrays: axis-angle, matrices, and the turn about the optical axis.

Closed formulas instead of `scipy.spatial.transform`, whose import takes longer than anything else
between the window and its first photo.
"""

import numpy as np

#: What the mirror across the plane x = 0 makes of a point's coordinates.
MIRROR = np.array([-1.0, 1.0, 1.0])
_MIRRORED_TURN = np.array([1.0, -1.0, -1.0])


def mirrored_axis_angles(axis_angles_rad: np.ndarray) -> np.ndarray:
    """Axis-angles (..., 3 n) of n turns as the mirror across x = 0 shows them; its own inverse.

    M R M for the mirror M: the axis is mirrored, and the sense of turning is reversed.
    """
    axis_angles_rad = np.asarray(axis_angles_rad, float)
    return axis_angles_rad * np.tile(_MIRRORED_TURN, axis_angles_rad.shape[-1] // 3)


def matrix_from_axis_angle(axis_angle_rad: np.ndarray) -> np.ndarray:
    """Return rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians.

    Rodrigues' formula, with sines over their angle, which are smooth at zero.
    """
    axis_angle_rad = np.asarray(axis_angle_rad, float)
    x, y, z = axis_angle_rad[..., 0], axis_angle_rad[..., 1], axis_angle_rad[..., 2]
    angle_rad = np.sqrt(x * x + y * y + z * z)
    sine = np.sinc(angle_rad / np.pi)  # sin(a) / a
    versine = np.sinc(angle_rad / (2 * np.pi)) ** 2 / 2  # (1 - cos(a)) / a²
    # Entry by entry: the hand's fits turn millions of these.
    matrix = np.empty((*axis_angle_rad.shape, 3))
    xx, yy, zz = versine * x * x, versine * y * y, versine * z * z
    matrix[..., 0, 0], matrix[..., 1, 1], matrix[..., 2, 2] = 1 - yy - zz, 1 - xx - zz, 1 - xx - yy
    symmetric, skew = versine * x * y, sine * z
    matrix[..., 0, 1], matrix[..., 1, 0] = symmetric - skew, symmetric + skew
    symmetric, skew = versine * x * z, sine * y
    matrix[..., 2, 0], matrix[..., 0, 2] = symmetric - skew, symmetric + skew
    symmetric, skew = versine * y * z, sine * x
    matrix[..., 1, 2], matrix[..., 2, 1] = symmetric - skew, symmetric + skew
    return matrix


def axis_angle_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return axis-angle vectors (..., 3) in radians, of length at most pi, of (..., 3, 3).

    By way of the quaternion, whose largest part is found first (Shepperd, "Quaternion from
    rotation matrix", 1978): that is exact near zero and near pi alike. Raises ValueError for a
    matrix that mirrors.
    """
    matrix = np.asarray(matrix, float)
    with np.errstate(invalid="ignore"):  # what is not a number stays that
        is_mirror = np.linalg.det(matrix) <= 0
    if is_mirror.any():
        raise ValueError("a matrix with a determinant of zero or less is no rotation")
    quaternion = _quaternion(matrix.reshape(-1, 3, 3))
    quaternion *= np.where(quaternion[:, 3:] < 0, -1.0, 1.0)
    sine = np.linalg.norm(quaternion[:, :3], axis=1, keepdims=True)
    half_rad = np.arctan2(sine, quaternion[:, 3:])
    scale = np.divide(2 * half_rad, sine, out=np.full_like(sine, 2.0), where=sine > 1e-12)
    return (quaternion[:, :3] * scale).reshape(matrix.shape[:-1])


def _quaternion(matrix: np.ndarray) -> np.ndarray:
    """Quaternions (n, 4) as x, y, z, w, of either sign, of rotations (n, 3, 3)."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = matrix.transpose(1, 2, 0)
    # Four times the outer product of the quaternion with itself.
    products = np.array(
        [
            [1 + xx - yy - zz, yx + xy, xz + zx, zy - yz],
            [yx + xy, 1 - xx + yy - zz, zy + yz, xz - zx],
            [xz + zx, zy + yz, 1 - xx - yy + zz, yx - xy],
            [zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz],
        ]
    )
    largest = products.diagonal().argmax(1)  # (n, 4) -> (n,)
    rows = products[largest, :, np.arange(len(matrix))]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def about_optical_axis(angle_rad: float) -> np.ndarray:
    """Return the (3, 3) rotation about camera z; positive turns x (right) towards y (down)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def angle_between_rad(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the geodesic distance (...,) in radians between rotation matrices (..., 3, 3)."""
    relative = np.swapaxes(np.asarray(first, float), -1, -2) @ np.asarray(second, float)
    return np.linalg.norm(axis_angle_from_matrix(relative), axis=-1)
