"""Small networks and batches of crops for the tests of `core.network`."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch

from core.conventions import CROP_SIZE_PX
from core.data.crops import CropInput
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from core.network.inputs import NetworkInput, collate
from core.network.utnet import UTNet
from core.network_config import NetworkConfig

PHOTO_CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 612.1, 238.5], [0.0, 0.0, 1.0]]))


@cache
def stand_in() -> HandModel:
    """The embedded hand."""
    return load_hand_model()


def tiny_network(*, seed: int = 0, **settings: object) -> UTNet:
    """A tiny UTNet in evaluation mode, the same for the same seed and settings."""
    torch.manual_seed(seed)
    return UTNet(NetworkConfig(**settings), stand_in()).eval()


def awake(network: UTNet, *, seed: int = 1) -> UTNet:
    """The network with heads that speak: fresh ones say nearly nothing, and hide faults."""
    torch.manual_seed(seed)
    decoders = [
        network.decode_orient,
        network.decode_finger,
        network.decode_shape,
        network.decode_camera,
        network.refinement.pose[-1],
        network.refinement.shape[-1],
        network.refinement.camera[-1],
    ]
    for decoder in decoders:
        torch.nn.init.normal_(decoder.weight, std=0.03)
    return network


def crop_of_noise(rng: np.random.Generator, *, depth: bool = True) -> CropInput:
    """A crop of random pixels; depth about 60 cm with holes."""
    transform = CropTransform(
        (float(rng.uniform(150, 500)), float(rng.uniform(100, 380))),
        float(rng.uniform(120, 260)),
        float(rng.uniform(-0.5, 0.5)),
    )
    depth_mm = rng.uniform(550, 750, CROP_SIZE_PX).astype(np.float32)
    depth_mm[rng.random(CROP_SIZE_PX) < 0.1] = 0
    return CropInput(
        image=rng.integers(0, 256, (*CROP_SIZE_PX, 3), dtype=np.uint8),
        depth_mm=depth_mm if depth else None,
        intrinsics=transform.camera(PHOTO_CAMERA).intrinsics,
        transform=transform,
    )


def batch_of_noise(*has_depth: bool, seed: int = 0) -> NetworkInput:
    """Random crops, one for each flag; the flag says whether it has depth."""
    rng = np.random.default_rng(seed)
    return collate([crop_of_noise(rng, depth=depth) for depth in has_depth])


def in_double(inputs: NetworkInput) -> NetworkInput:
    """The same batch for a network in double precision."""
    return replace(
        inputs,
        intrinsics=inputs.intrinsics.double(),
        reference_depth_mm=inputs.reference_depth_mm.double(),
    )


def without_depth(inputs: NetworkInput) -> NetworkInput:
    """The same batch, declared to have no depth (its depth values stay)."""
    return replace(inputs, has_depth=torch.zeros_like(inputs.has_depth))
