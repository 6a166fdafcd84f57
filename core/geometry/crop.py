"""The one transform between a photo and the network's crop.

Pixels, depth, keypoints, intrinsics, 3D joints and the hand's pose all move through a
:class:`CropTransform`, so labels cannot part from pixels. It is a box in the photo, turned about
its centre in the picture; a turn of the picture is a turn of the world about the optical axis.

Networks know right hands. The crop of a left one is mirrored, and is then a right hand's in a
mirrored world: what goes in is mirrored here, and what comes out is mirrored back here.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from core.conventions import CROP_SIZE_PX
from core.geometry.camera import Camera
from core.geometry.rotation import (
    MIRROR,
    about_optical_axis,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    mirrored_axis_angles,
)


def normalise_keypoints(keypoints_px: np.ndarray, size_px: tuple[int, int] = CROP_SIZE_PX):
    """Crop pixels (..., 2) to UTNet's coordinates (x / width - 0.5, y / height - 0.5)."""
    height, width = size_px
    return np.asarray(keypoints_px, float) / (width, height) - 0.5


def denormalise_keypoints(keypoints_norm: np.ndarray, size_px: tuple[int, int] = CROP_SIZE_PX):
    """Normalised coordinates (..., 2) to crop pixels: the inverse of `normalise_keypoints`."""
    height, width = size_px
    return (np.asarray(keypoints_norm, float) + 0.5) * (width, height)


@dataclass(frozen=True)
class CropTransform:
    """Maps a box of the photo, optionally turned, onto the crop.

    Attributes:
        centre_px: Box centre (x, y) in the photo; lands on (width / 2, height / 2) of the crop.
        height_px: Height of the box in photo pixels; its width follows from the crop's aspect.
        rotation_rad: Turn of the picture; positive turns x (right) towards y (down).
        size_px: (height, width) of the crop.
        is_mirrored: Whether left and right are swapped (about the box's centre, before the turn),
            so that a left hand becomes a right one.
    """

    centre_px: tuple[float, float]
    height_px: float
    rotation_rad: float = 0.0
    size_px: tuple[int, int] = CROP_SIZE_PX
    is_mirrored: bool = False

    @classmethod
    def around_box(
        cls,
        box_px: np.ndarray,
        *,
        margin: float = 1.0,
        rotation_rad: float = 0.0,
        size_px: tuple[int, int] = CROP_SIZE_PX,
        is_mirrored: bool = False,
    ) -> "CropTransform":
        """Cover the box (x1, y1, x2, y2), grown by the factor `margin`, at the crop's aspect."""
        x1, y1, x2, y2 = (float(v) for v in box_px)
        if not np.isfinite([x1, y1, x2, y2]).all() or x2 <= x1 or y2 <= y1:
            raise ValueError(f"not a box (x1, y1, x2, y2) with a size: {box_px}")
        height, width = size_px
        cover = max(y2 - y1, (x2 - x1) * height / width)
        centre = ((x1 + x2) / 2, (y1 + y2) / 2)
        return cls(centre, cover * margin, rotation_rad, size_px, is_mirrored)

    @property
    def mirror(self) -> np.ndarray:
        """(3, 3): the identity, or the mirror across the plane x = 0."""
        return np.diag(MIRROR) if self.is_mirrored else np.eye(3)

    @property
    def world(self) -> np.ndarray:
        """The orthogonal (3, 3) that takes the photo's camera axes to the crop's."""
        turn = about_optical_axis(self.rotation_rad)
        return turn @ self.mirror if self.is_mirrored else turn

    @property
    def matrix(self) -> np.ndarray:
        """The affine (3, 3) from photo pixels to crop pixels."""
        height, width = self.size_px
        scale = height / self.height_px
        turn = self.world[:2, :2] * scale
        matrix = np.eye(3)
        matrix[:2, :2] = turn
        matrix[:2, 2] = np.array([width / 2, height / 2]) - turn @ self.centre_px
        return matrix

    @property
    def scale(self) -> float:
        """Crop pixels per photo pixel."""
        return self.size_px[0] / self.height_px

    @property
    def corners_px(self) -> np.ndarray:
        """The crop's corners (4, 2) in the photo, clockwise from its top left."""
        height, width = self.size_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
        return self.keypoints_to_photo(corners)

    def footprint(self, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
        """The pixels (left, top, right, bottom) of a photo of size (height, width) that the crop
        is taken from, ends excluded; left = right or top = bottom where it sees none."""
        height, width = size_px
        # Half of the turned box's extent. Every sample asks, so in plain numbers.
        cosine, sine = abs(math.cos(self.rotation_rad)), abs(math.sin(self.rotation_rad))
        box_height = self.height_px
        box_width = box_height * self.size_px[1] / self.size_px[0]
        reach_x = (cosine * box_width + sine * box_height) / 2
        reach_y = (sine * box_width + cosine * box_height) / 2
        # A pixel on every side: the box's edges are outer edges, sampling rounds to pixels.
        x, y = self.centre_px
        left = min(max(math.floor(x - reach_x) - 1, 0), width)
        top = min(max(math.floor(y - reach_y) - 1, 0), height)
        right = min(max(math.ceil(x + reach_x) + 2, 0), width)
        bottom = min(max(math.ceil(y + reach_y) + 2, 0), height)
        return left, top, right, bottom

    def image(self, image: np.ndarray, *, border: int | float = 0) -> np.ndarray:
        """Resample a picture (H, W[, C]) to the crop; outside the photo is `border`."""
        height, width = self.size_px
        # Shrinking by more than two aliases under bilinear sampling: average first.
        shrink = int(1 / self.scale) if self.scale < 0.5 else 1
        source, matrix = self._source(image)
        if shrink > 1:
            size = (max(1, image.shape[1] // shrink), max(1, image.shape[0] // shrink))
            source = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
            matrix = matrix @ _resize_matrix(size, (image.shape[1], image.shape[0]))
        return cv2.warpAffine(
            source, matrix[:2], (width, height), flags=cv2.INTER_LINEAR, borderValue=(border,) * 4
        )

    def depth(self, depth_mm: np.ndarray) -> np.ndarray:
        """Resample depth (H, W) in mm to the crop, nearest, so that edges are never averaged.

        Depth along the optical axis does not change under a crop or a turn about that axis.
        """
        height, width = self.size_px
        source, matrix = self._source(depth_mm)
        return cv2.warpAffine(
            source, matrix[:2], (width, height), flags=cv2.INTER_NEAREST, borderValue=0
        )

    def _source(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is resampled, and the affine from its pixels to the crop's.

        A picture is mirrored before it is resampled, so that a left hand's crop has exactly the
        pixels of the right hand's that it mirrors: OpenCV rounds places to a 32nd of a pixel.
        """
        if not self.is_mirrored:
            return picture, self.matrix
        swap = np.array([[-1.0, 0, picture.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
        return np.ascontiguousarray(picture[:, ::-1]), self.matrix @ swap

    def keypoints(self, keypoints_px: np.ndarray) -> np.ndarray:
        """Photo pixels (..., 2) to crop pixels (..., 2)."""
        matrix = self.matrix
        return np.asarray(keypoints_px, float) @ matrix[:2, :2].T + matrix[:2, 2]

    def keypoints_to_photo(self, keypoints_px: np.ndarray) -> np.ndarray:
        """Crop pixels (..., 2) to photo pixels (..., 2): the inverse of `keypoints`."""
        inverse = np.linalg.inv(self.matrix)
        return np.asarray(keypoints_px, float) @ inverse[:2, :2].T + inverse[:2, 2]

    def camera(self, camera: Camera) -> Camera:
        """The camera that sees the turned world as this crop: A K W^-1.

        With x = K X in the photo, the crop's pixels are A x = (A K W^-1) (W X); so 3D turned by
        `points` and projected with these intrinsics lands exactly on `keypoints`.
        """
        return Camera(self.matrix @ camera.intrinsics @ self.world.T)

    def points(self, points_mm: np.ndarray) -> np.ndarray:
        """Camera-axes points (..., 3) turned (and mirrored) along with the picture."""
        return np.asarray(points_mm, float) @ self.world.T

    def points_to_photo(self, points_mm: np.ndarray) -> np.ndarray:
        """The inverse of `points`."""
        return np.asarray(points_mm, float) @ self.world

    def rotation(self, matrix: np.ndarray) -> np.ndarray:
        """The hand's global orientation (3, 3) in the crop's axes: W R M.

        A mirrored hand is W (R v + t) for the left hand's v = M v', whose v' is a right hand's.
        """
        return self.world @ matrix @ self.mirror

    def hand_pose(self, hand_pose_rad: np.ndarray) -> np.ndarray:
        """Axis-angles (45,) of the finger joints as the crop shows them; its own inverse."""
        return mirrored_axis_angles(hand_pose_rad) if self.is_mirrored else hand_pose_rad

    def global_orient(self, global_orient_rad: np.ndarray) -> np.ndarray:
        """The hand's axis-angle orientation (3,) turned along with the picture."""
        return axis_angle_from_matrix(self.rotation(matrix_from_axis_angle(global_orient_rad)))

    def global_orient_to_photo(self, global_orient_rad: np.ndarray) -> np.ndarray:
        """The inverse of `global_orient`."""
        turned = matrix_from_axis_angle(global_orient_rad)
        return axis_angle_from_matrix(self.world.T @ turned @ self.mirror)


def _resize_matrix(small: tuple[int, int], large: tuple[int, int]) -> np.ndarray:
    """Affine from pixels of a picture of size `small` (w, h) to its original of size `large`.

    `cv2.resize` aligns the pictures' outer edges, half a pixel outside the outer pixel centres.
    """
    sx, sy = large[0] / small[0], large[1] / small[1]
    return np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1.0]])
