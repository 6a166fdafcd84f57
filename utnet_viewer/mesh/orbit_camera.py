"""The camera that a person turns around the hand: pure numpy, no Qt.

View axes are OpenCV's (x right, y down, z away); screen coordinates are continuous, as Qt has
them: the first pixel covers [0, 1].
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

#: Vertical field of view: long enough that a hand looks undistorted.
FIELD_OF_VIEW_RAD = float(np.radians(28))
#: Share of the picture that a fitted hand fills.
FIT_SHARE = 0.74
DISTANCE_RANGE_MM = (40.0, 20_000.0)
_MAX_PITCH_RAD = float(np.radians(89))


def _turn(axis: int, angle_rad: float) -> np.ndarray:
    """Rotation (3, 3) about axis 0 (x) or 1 (y)."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    if axis == 0:
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@dataclass(frozen=True)
class OrbitCamera:
    """Looks at a target from a distance; every movement returns another camera.

    Attributes:
        target_mm: (3,) the point in the middle of the picture.
        distance_mm: From the eye to the target.
        basis: (3, 3) rows: right, down, forward at zero yaw and pitch. Yaw turns about `down`.
        yaw_rad: Positive carries what is near to the right.
        pitch_rad: Positive looks down from above.
    """

    target_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance_mm: float = 450.0
    basis: tuple[tuple[float, ...], ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0

    @cached_property
    def rotation(self) -> np.ndarray:
        """World to view, (3, 3); its rows are right, down, forward."""
        return _turn(0, self.pitch_rad) @ _turn(1, -self.yaw_rad) @ np.array(self.basis, float)

    @cached_property
    def eye_mm(self) -> np.ndarray:
        """Where the camera stands, (3,)."""
        return np.array(self.target_mm) - self.distance_mm * self.rotation[2]

    @staticmethod
    def focal_px(height_px: float) -> float:
        """Focal length of a picture of this height."""
        return 0.5 * height_px / np.tan(FIELD_OF_VIEW_RAD / 2)

    def to_view(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) in view axes."""
        return (np.asarray(points_mm, float) - self.eye_mm) @ self.rotation.T

    def project(self, points_mm: np.ndarray, width: float, height: float) -> np.ndarray:
        """Points (..., 3) to (..., 3): screen x, y and depth in mm; x, y NaN behind the eye."""
        view = self.to_view(points_mm)
        depth = np.where(view[..., 2:] > 1e-3, view[..., 2:], np.nan)
        centre = np.array([width / 2, height / 2])
        screen = view[..., :2] / depth * self.focal_px(height) + centre
        return np.concatenate([screen, view[..., 2:]], axis=-1)

    def ray(self, x: float, y: float, width: float, height: float) -> np.ndarray:
        """(6,) float32 origin and direction through a screen point; one step is one mm of depth."""
        focal = self.focal_px(height)
        direction = np.array([(x - width / 2) / focal, (y - height / 2) / focal, 1]) @ self.rotation
        return np.concatenate([self.eye_mm, direction]).astype(np.float32)

    def px_per_mm(self, height: float) -> float:
        """Size of a millimetre at the target's depth."""
        return self.focal_px(height) / self.distance_mm

    def orbit(self, right_px: float, down_px: float) -> "OrbitCamera":
        """Turn as if the hand were dragged by this many pixels."""
        pitch_rad = np.clip(self.pitch_rad + 0.008 * down_px, -_MAX_PITCH_RAD, _MAX_PITCH_RAD)
        return replace(self, yaw_rad=self.yaw_rad + 0.008 * right_px, pitch_rad=float(pitch_rad))

    def pan(self, right_px: float, down_px: float, height: float) -> "OrbitCamera":
        """Move so that what lies at the target's depth follows the pointer."""
        step = -np.array([right_px, down_px, 0.0]) / self.px_per_mm(height)
        return self.look_at(np.array(self.target_mm) + step @ self.rotation)

    def look_at(self, target_mm: np.ndarray) -> "OrbitCamera":
        """Put another point in the middle, keeping direction and distance."""
        return replace(self, target_mm=tuple(float(c) for c in target_mm))

    def zoom(self, steps: float, toward: tuple[float, float] | None = None) -> "OrbitCamera":
        """Come closer by notches of a wheel (one is 12 %).

        `toward`, in pixels from the middle divided by the focal length, stays where it is.
        """
        near, far = DISTANCE_RANGE_MM
        distance_mm = float(np.clip(self.distance_mm * 0.88**steps, near, far))
        closer = replace(self, distance_mm=distance_mm)
        if toward is None:
            return closer
        shift = np.array([*toward, 0.0]) * (self.distance_mm - distance_mm)
        return closer.look_at(np.array(self.target_mm) + shift @ self.rotation)

    def facing(self, forward: np.ndarray, up: np.ndarray) -> "OrbitCamera":
        """Look along `forward` (3,) with `up` (3,) upwards, yaw and pitch zero again."""
        forward = forward / np.linalg.norm(forward)
        right = np.cross(-up, forward)
        right = right / np.linalg.norm(right)
        basis = np.stack([right, np.cross(forward, right), forward])
        return replace(self, basis=tuple(map(tuple, basis.tolist())), yaw_rad=0.0, pitch_rad=0.0)

    def fitted(self, points_mm: np.ndarray, width: float, height: float) -> "OrbitCamera":
        """Centre on points (n, 3) and stand back until they fill `FIT_SHARE` of the picture."""
        points_mm = np.asarray(points_mm, float)
        view = points_mm @ self.rotation.T
        middle = (view.min(0) + view.max(0)) / 2
        offset, focal = view - middle, self.focal_px(height)
        half_px = FIT_SHARE / 2 * np.array([width, height])
        needed = (np.abs(offset[:, :2]) * focal / half_px).max(1) - offset[:, 2]
        distance_mm = float(np.clip(needed.max(), *DISTANCE_RANGE_MM))
        return replace(self, distance_mm=distance_mm).look_at(middle @ self.rotation)
