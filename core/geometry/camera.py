"""The pinhole camera: intrinsics, projection, and what a crop does to them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion.

    ``intrinsics`` is the (3, 3) matrix in pixels, pixel centres at integers; its last row is
    (0, 0, 1). Skew is allowed, because a crop turned about the optical axis can have some.
    """

    intrinsics: np.ndarray

    def __post_init__(self) -> None:
        matrix = np.asarray(self.intrinsics, float)
        if matrix.shape != (3, 3):
            raise ValueError(f"intrinsics must be (3, 3), not {matrix.shape}")
        if not np.isfinite(matrix).all() or matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
            raise ValueError(f"intrinsics must be finite with positive focal lengths: {matrix}")
        object.__setattr__(self, "intrinsics", matrix)

    @property
    def focal_px(self) -> tuple[float, float]:
        """Focal lengths (fx, fy) in pixels."""
        return float(self.intrinsics[0, 0]), float(self.intrinsics[1, 1])

    @property
    def principal_point_px(self) -> tuple[float, float]:
        """Principal point (cx, cy) in pixels."""
        return float(self.intrinsics[0, 2]), float(self.intrinsics[1, 2])

    def project(self, points_mm: np.ndarray) -> np.ndarray:
        """Project points (..., 3) in camera axes to pixels (..., 2); NaN where z <= 0.

        The unit of the points does not matter; millimetres are this project's.
        """
        points = np.asarray(points_mm, float)
        homogeneous = points @ self.intrinsics.T
        depth = np.where(points[..., 2:] > 0, homogeneous[..., 2:], np.nan)
        return homogeneous[..., :2] / depth

    def unproject(self, points_px: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
        """Return camera-axes points (..., 3) seen at pixels (..., 2) at depths z (...,) in mm."""
        points_px = np.asarray(points_px, float)
        rays = np.concatenate([points_px, np.ones_like(points_px[..., :1])], axis=-1)
        rays = rays @ np.linalg.inv(self.intrinsics).T
        return rays * np.asarray(depth_mm, float)[..., None]
