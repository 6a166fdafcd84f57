"""Crops to tensors: the one way by which training and inference feed the network."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from core.conventions import CROP_SIZE_PX
from core.data.crops import CropInput

#: Depth further than this from the reference saturates; a hand's reach, fingers to forearm.
DEPTH_RANGE_MM = 150.0
#: Further away is taken for background when the reference depth is sought.
FARTHEST_HAND_MM = 1500.0
#: Percentile of the near depths in the crop's central half. Low, because what is not hand there is
#: mostly background behind it; not the minimum, because sensors have flying pixels.
_REFERENCE_PERCENTILE = 30
#: Share of the central half that must have near depth for it to count as depth at all.
_LEAST_VALID_SHARE = 0.02


@dataclass(frozen=True)
class NetworkInput:
    """A batch, as the network takes it.

    Attributes:
        image: (B, 3, 256, 192) uint8 RGB; the network applies ImageNet's statistics itself.
        depth: (B, 2, 256, 192): depth relative to the reference in [-1, 1] (1 = `DEPTH_RANGE_MM`
            behind it), and 1 where the sensor gave a value, else 0.
        reference_depth_mm: (B,) distance of the hand, roughly; 0 where there is no depth.
        has_depth: (B,) whether the sample has usable depth.
        intrinsics: (B, 3, 3) of the crop (and, where it is turned, of the turned world).
    """

    image: UInt8[Tensor, "batch 3 256 192"]
    depth: Float[Tensor, "batch 2 256 192"]
    reference_depth_mm: Float[Tensor, " batch"]
    has_depth: Bool[Tensor, " batch"]
    intrinsics: Float[Tensor, "batch 3 3"]

    def __len__(self) -> int:
        return len(self.image)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "NetworkInput":
        """The same batch on another device."""
        return NetworkInput(
            image=self.image.to(device, non_blocking=non_blocking),
            depth=self.depth.to(device, non_blocking=non_blocking),
            reference_depth_mm=self.reference_depth_mm.to(device, non_blocking=non_blocking),
            has_depth=self.has_depth.to(device, non_blocking=non_blocking),
            intrinsics=self.intrinsics.to(device, non_blocking=non_blocking),
        )

    def pin_memory(self) -> "NetworkInput":
        """The same batch in page-locked memory, which a GPU copies from while it computes."""
        return NetworkInput(
            **{field.name: getattr(self, field.name).pin_memory() for field in fields(self)}
        )

    def without_depth(self) -> "NetworkInput":
        """The same batch as if no sample had depth."""
        return replace(self, has_depth=torch.zeros_like(self.has_depth))


def reference_depth_mm(depth_mm: np.ndarray) -> float | None:
    """Rough distance of the hand in a depth crop (H, W) in mm, 0 or NaN where unknown.

    A low percentile of the depths nearer than 1.5 m in the central half of the crop. None where
    fewer than 2 % of that half have such a depth: then the sample counts as having none.
    """
    height, width = depth_mm.shape
    centre = depth_mm[height // 4 : height - height // 4, width // 4 : width - width // 4]
    near = centre[(centre > 0) & (centre < FARTHEST_HAND_MM)]
    if near.size < _LEAST_VALID_SHARE * centre.size:
        return None
    return _percentile(near, _REFERENCE_PERCENTILE)


def _percentile(values: np.ndarray, percent: float) -> float:
    """numpy's percentile (linear), for a sixth of its price; it is asked of every sample."""
    place = (values.size - 1) * percent / 100
    above = min(int(place) + 1, values.size - 1)
    ordered = np.partition(values, above)
    # The one below is the largest of those before; to ask for both places is slower.
    low = ordered[:above].max() if above else ordered[0]
    return float(low + (ordered[above] - low) * (place - int(place)))


def normalise_depth(
    depth_mm: np.ndarray | None, *, out: np.ndarray | None = None
) -> tuple[np.ndarray, float | None]:
    """Depth crop (256, 192) in mm to the network's two channels (2, 256, 192) and its reference.

    Without usable depth the channels are zero and the reference is None. `out` (2, 256, 192)
    float32 is where the channels are written, instead of into an array of their own.
    """
    channels = np.empty((2, *CROP_SIZE_PX), np.float32) if out is None else out
    reference = None if depth_mm is None else reference_depth_mm(depth_mm)
    if depth_mm is None or reference is None:
        channels[:] = 0.0
        return channels, None
    # In place: this is done for every sample of every epoch.
    relative, known = channels
    valid = (depth_mm > 0) & (depth_mm < np.inf)
    np.subtract(depth_mm, reference, out=relative, casting="same_kind")
    np.divide(relative, DEPTH_RANGE_MM, out=relative)
    np.clip(relative, -1.0, 1.0, out=relative)
    known[:] = valid
    np.copyto(relative, 0.0, where=~valid)
    return channels, reference


def collate(crops: Sequence[CropInput]) -> NetworkInput:
    """Stack crops into one batch; raises ValueError for an empty list or a wrong shape."""
    if not crops:
        raise ValueError("a batch needs at least one crop")
    for crop in crops:
        if crop.image.shape != (*CROP_SIZE_PX, 3) or crop.image.dtype != np.uint8:
            raise ValueError(
                f"a crop's image must be {(*CROP_SIZE_PX, 3)} uint8, "
                f"not {crop.image.shape} {crop.image.dtype}"
            )
    depths = np.empty((len(crops), 2, *CROP_SIZE_PX), np.float32)
    references = [
        normalise_depth(crop.depth_mm, out=channels)[1]
        for crop, channels in zip(crops, depths, strict=True)
    ]
    images = np.empty((len(crops), 3, *CROP_SIZE_PX), np.uint8)
    for planes, crop in zip(images, crops, strict=True):
        cv2.split(crop.image, list(planes))
    return NetworkInput(
        image=torch.from_numpy(images),
        depth=torch.from_numpy(depths),
        reference_depth_mm=torch.tensor([reference or 0.0 for reference in references]),
        has_depth=torch.tensor([reference is not None for reference in references]),
        intrinsics=torch.from_numpy(np.stack([crop.intrinsics for crop in crops])).float(),
    )
