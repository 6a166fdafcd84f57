"""Samples as people see them: crops as pictures, skeletons on them."""

from collections.abc import Mapping

import numpy as np

from core.conventions import IMAGE_MEAN, IMAGE_STD
from core.doctor.evidence import Overlay
from core.doctor.subject import Sample

_MEAN, _STD = np.array(IMAGE_MEAN), np.array(IMAGE_STD)


def rgb(image: np.ndarray) -> np.ndarray:
    """Network input (3, H, W) to RGB (H, W, 3) in [0, 1], if ImageNet's statistics were used."""
    return np.moveaxis(np.asarray(image, float), 0, -1) * _STD + _MEAN


def picture(sample: Sample) -> np.ndarray:
    """The crop as (H, W, 3) uint8; where it is not normalised as expected, stretched to be seen."""
    values = np.nan_to_num(rgb(sample.image))
    low, high = values.min(), values.max()
    if low < -0.1 or high > 1.1:
        values = (values - low) / (high - low)
    return (values.clip(0, 1) * 255).round().astype(np.uint8)


def overlay(title: str, sample: Sample, skeletons_px: Mapping[str, np.ndarray]) -> Overlay:
    """Skeletons over a sample's crop."""
    return Overlay(
        title=title, sample=sample.name, image=picture(sample), skeletons_px=skeletons_px
    )
