"""Hands for tiny trees of other datasets than HO-3D, made without the readers under test."""

from dataclasses import dataclass, replace

import numpy as np

from core.hand.hand_model import HandMesh, HandModel, ManoParameters
from core.hand.mano_file import load_hand_model

#: Thumb first, each finger from the knuckle to the tip, as FreiHAND and DexYCB order joints; the
#: numbers are MANO's joints, and 16 to 20 the tips from the thumb to the little finger.
THUMB_FIRST = [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20]


def like_mano(*, fingertips: str) -> HandModel:
    """The open hand with a mean pose and components of its own, as MANO's file has them."""
    rng = np.random.default_rng(11)
    components = np.linalg.qr(rng.normal(size=(45, 45)))[0]
    return replace(
        load_hand_model(fingertips=fingertips),
        name="MANO (test)",
        is_stand_in=False,
        pose_components=components,
        pose_mean_rad=rng.normal(size=45) * 0.1,
    )


@dataclass(frozen=True)
class PosedHand:
    """A hand some 60 cm before the camera: absolute parameters, and where that puts it."""

    parameters: ManoParameters
    mesh: HandMesh


def posed_hand(model: HandModel, seed: int) -> PosedHand:
    """A random one."""
    rng = np.random.default_rng(seed)
    wrist_mm = np.array([rng.uniform(-30, 30), rng.uniform(-30, 30), rng.uniform(550, 650)])
    parameters = ManoParameters(
        rng.normal(size=3) * 0.5, rng.normal(size=45) * 0.2, rng.normal(size=10), wrist_mm
    )
    return PosedHand(parameters, model.pose(parameters))


def project(camera: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) of points (n, 3) by a matrix (3, 3): the pinhole, written out."""
    x, y, z = points.T
    u = camera[0, 0] * x / z + camera[0, 2]
    v = camera[1, 1] * y / z + camera[1, 2]
    return np.stack([u, v], axis=1)
