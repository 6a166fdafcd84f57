"""Random views of a frame for training: geometry through the crop, colour on its pixels.

Geometry is one `CropTransform`, so labels follow pixels by construction; colour, occlusion and
depth noise change pixels only.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from core.data.crops import CropInput
from core.data.frame import CROP_MARGIN, Frame
from core.geometry.crop import CropTransform

#: The picture's 256 values in [0, 1], as a column.
_LEVELS = np.linspace(0, 1, 256)[:, None]


@dataclass(frozen=True)
class Augmentation:
    """How far training views may stray; every value is a half width or a probability.

    Attributes:
        rotation_rad: Uniform turn of the picture within this range.
        scale: Uniform relative change of the box, in logarithm.
        shift: Uniform shift of the box centre, as a share of the box height.
        colour: Strength of gain, bias and gamma per channel.
        occlusion: Probability of a random rectangle over the picture (and its depth).
        depth_noise_mm: Standard deviation of the noise on valid depth.
        depth_dropout: Share of depth pixels that lose their reading.
    """

    rotation_rad: float = np.pi / 4
    scale: float = 0.15
    shift: float = 0.06
    colour: float = 0.2
    occlusion: float = 0.25
    depth_noise_mm: float = 2.0
    depth_dropout: float = 0.0


def random_transform(
    frame: Frame, augmentation: Augmentation, generator: np.random.Generator
) -> CropTransform | None:
    """Draw a crop around the frame's hand, or None where nothing says where the hand is."""
    box_px = frame.hand_box_px()
    if box_px is None:
        return None
    a = augmentation
    base = CropTransform.around_box(box_px, margin=CROP_MARGIN)
    height = base.height_px * np.exp(generator.uniform(-a.scale, a.scale))
    shift = generator.uniform(-a.shift, a.shift, 2) * height
    return CropTransform(
        centre_px=(base.centre_px[0] + shift[0], base.centre_px[1] + shift[1]),
        height_px=height,
        rotation_rad=generator.uniform(-a.rotation_rad, a.rotation_rad),
        is_mirrored=frame.is_left,
    )


def disturb_pixels(
    crop: CropInput, augmentation: Augmentation, generator: np.random.Generator
) -> CropInput:
    """Change colour, hide a rectangle, and add depth noise; shapes and labels stay."""
    image = _recoloured(crop.image, augmentation.colour, generator)
    depth_mm = crop.depth_mm
    if depth_mm is not None:
        depth_mm = _noisy_depth(depth_mm, augmentation, generator)
    if generator.random() < augmentation.occlusion:
        image, depth_mm = _hide_rectangle(image, depth_mm, generator)
    return CropInput(image, depth_mm, crop.intrinsics, crop.transform)


def _recoloured(image: np.ndarray, strength: float, generator: np.random.Generator):
    gain = np.exp(
        generator.uniform(-strength, strength, 3) + generator.uniform(-strength, strength)
    )
    gamma = np.exp(generator.uniform(-strength, strength))
    bias = generator.uniform(-strength, strength) * 0.3
    # A look-up table of 256 x 3 entries does all three at once.
    values = _LEVELS**gamma * gain + bias
    table = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return cv2.LUT(image, np.ascontiguousarray(table[:, None, :]))


def _noisy_depth(depth_mm: np.ndarray, augmentation: Augmentation, generator: np.random.Generator):
    kept = (depth_mm > 0).astype(np.float32)
    if augmentation.depth_noise_mm > 0:
        bank = _noise_bank()
        start = generator.integers(0, len(bank) - depth_mm.size)
        noise = bank[start : start + depth_mm.size].reshape(depth_mm.shape)
        depth_mm = noise * np.float32(augmentation.depth_noise_mm) + depth_mm
    if augmentation.depth_dropout > 0:
        kept *= generator.random(depth_mm.shape, dtype=np.float32) >= augmentation.depth_dropout
    return depth_mm * kept


@cache
def _noise_bank() -> np.ndarray:
    """A million normal numbers; a sample's noise is a stretch of them from a random place on.

    Drawing 49,152 of them for every sample would take as long as all its other changes together.
    """
    return np.random.default_rng(0).standard_normal(1 << 20, dtype=np.float32)


def _hide_rectangle(image, depth_mm, generator: np.random.Generator):
    height, width = image.shape[:2]
    h, w = int(generator.uniform(0.1, 0.4) * height), int(generator.uniform(0.1, 0.4) * width)
    y, x = int(generator.integers(0, height - h)), int(generator.integers(0, width - w))
    image = image.copy()
    image[y : y + h, x : x + w] = generator.integers(0, 256, 3)
    if depth_mm is not None:
        depth_mm = depth_mm.copy()
        depth_mm[y : y + h, x : x + w] = 0
    return image, depth_mm
