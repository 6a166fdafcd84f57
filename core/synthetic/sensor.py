"""From clean renderings to what a colour and a depth camera would have recorded."""

import cv2
import numpy as np

from core.synthetic.appearance import CameraLooks

#: Effective base line of the depth camera; what the second eye cannot see is a hole.
_BASE_LINE_M = 0.022
#: The base line by which depth is quantised: 1.2 mm at 0.6 m, growing with the square.
_RANGING_BASE_LINE_M = 0.05
#: Disparity steps of the depth camera per pixel.
_STEPS_PER_PX = 10
_FARTHEST_M = 1.4
_NOISE_SIZE_PX = (544, 704)


class Sensor:
    """One sequence's cameras; noise is drawn once and shifted from frame to frame."""

    def __init__(self, looks: CameraLooks, generator: np.random.Generator) -> None:
        self._looks = looks
        noise = generator.standard_normal((*_NOISE_SIZE_PX, 3), dtype=np.float32)
        grain = cv2.GaussianBlur(noise, (0, 0), 0.7) * 2.0
        self._noise = grain * np.float32(looks.noise * 255)
        coarse = generator.standard_normal((68, 88), dtype=np.float32)
        self._blobs = cv2.resize(coarse, _NOISE_SIZE_PX[::-1], interpolation=cv2.INTER_CUBIC)
        fine = generator.standard_normal((136, 176), dtype=np.float32)
        self._ripple = cv2.resize(fine, _NOISE_SIZE_PX[::-1], interpolation=cv2.INTER_LINEAR)

    def photo(
        self, image: np.ndarray, velocity_px: np.ndarray, generator: np.random.Generator
    ) -> np.ndarray:
        """Expose a linear picture (H, W, 3): RGB uint8.

        `velocity_px` (2,) is the hand's motion from this frame to the next, for the motion blur.
        Every blur is symmetric about its pixel, so labels stay where they are.
        """
        looks = self._looks
        exposed = image * looks.gains
        exposed = _motion_blurred(exposed, velocity_px * looks.shutter)
        exposed = cv2.GaussianBlur(exposed, (0, 0), looks.focus_sigma_px)
        # A soft shoulder keeps highlights from clipping hard.
        exposed = exposed / (1 + np.maximum(exposed - 0.75, 0))
        exposed = cv2.pow(np.maximum(exposed, 0), 1 / looks.gamma)
        noisy = exposed * 255 + self._window(self._noise, generator)
        return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)

    def depth_m(self, depth_m: np.ndarray, focal_px: float, generator: np.random.Generator):
        """Depth (H, W) float32 m as a stereo camera measures it: steps, noise, holes (0)."""
        known = np.isfinite(depth_m) & (depth_m < _FARTHEST_M)
        depth = np.where(known, depth_m, _FARTHEST_M).astype(np.float32)
        scale = np.float32(focal_px * _RANGING_BASE_LINE_M)
        ripple = self._window(self._ripple, generator) * np.float32(0.012)
        steps = np.round((scale / depth + ripple) * _STEPS_PER_PX)
        measured = scale * _STEPS_PER_PX / steps
        # Outlines are ragged: the value of a neighbour within a pixel or two.
        blobs = self._window(self._blobs, generator)
        near, far = cv2.erode(depth, np.ones((3, 3))), cv2.dilate(depth, np.ones((3, 3)))
        edge = far - near > 0.02
        ragged = edge & (ripple > 0.007)
        measured = np.where(ragged, far, measured)
        holes = ~known | _hidden_from_second_eye(depth, focal_px) | (edge & (blobs > 0.7))
        holes |= blobs > 2.6
        return np.where(holes, 0, measured).astype(np.float32)

    def _window(self, noise: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """A random 480x640 window of a larger noise picture."""
        top, left = generator.integers(0, 65, 2)
        return noise[top : top + 480, left : left + 640]


def _motion_blurred(image: np.ndarray, path_px: np.ndarray) -> np.ndarray:
    """Average the picture along a straight path (2,) centred on each pixel."""
    length = float(np.linalg.norm(path_px))
    if length < 1.0:
        return image
    length = min(length, 21.0)
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    direction = path_px / np.linalg.norm(path_px)
    middle = size // 2
    for at in np.linspace(-length / 2, length / 2, 4 * size):
        x, y = middle + direction * at
        kernel[int(np.clip(round(y), 0, size - 1)), int(np.clip(round(x), 0, size - 1))] += 1
    kernel = (kernel + kernel[::-1, ::-1]) / (2 * kernel.sum())
    return cv2.filter2D(image, -1, kernel)


def _hidden_from_second_eye(depth: np.ndarray, focal_px: float) -> np.ndarray:
    """Pixels (H, W) that something nearer to their right hides from the left-hand eye.

    A point at column x lands at x - d in the other picture, d being its disparity; a point further
    right that lands at or before it, covers it.
    """
    disparity = np.float32(focal_px * _BASE_LINE_M) / depth
    landing = np.arange(depth.shape[1], dtype=np.float32) - disparity
    nearest = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    return landing - nearest > 1.0
