"""What the network is given of a frame: the crop's pixels, depth and intrinsics."""

from dataclasses import dataclass

import numpy as np

from core.data.frame import Frame
from core.geometry.crop import CropTransform


@dataclass(frozen=True)
class CropInput:
    """One network input, before normalisation.

    Attributes:
        image: (256, 192, 3) uint8, RGB.
        depth_mm: (256, 192) float32, 0 where unknown; None where the frame has no depth.
        intrinsics: (3, 3) of the crop (and, where it is turned, of the turned world).
        transform: How the crop was taken from the photo.
    """

    image: np.ndarray
    depth_mm: np.ndarray | None
    intrinsics: np.ndarray
    transform: CropTransform


def crop_input(frame: Frame, transform: CropTransform) -> CropInput:
    """Take the network's input from a frame."""
    return CropInput(
        image=transform.image(frame.image),
        depth_mm=None if frame.depth_mm is None else transform.depth(frame.depth_mm),
        intrinsics=transform.camera(frame.camera).intrinsics,
        transform=transform,
    )
