"""Hands for tests of fitting: drawn by the generator with seeds that the prior has not seen."""

from functools import cache

import numpy as np

from core.geometry.camera import Camera
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.fitting.fitter import HandFitter
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model
from core.synthetic.grasps import GraspingHand, random_grasp
from core.synthetic.kinematics import HandKinematics, random_posture
from core.synthetic.motion import random_place, random_turn
from core.synthetic.sequence import identities, random_camera

#: Wrist, five tips, index and pinky knuckle: what somebody places first.
EIGHT = [0, 1, 7, 16, 17, 18, 19, 20]


@cache
def fitter() -> HandFitter:
    """The stand-in's; it keeps nothing between fits."""
    return HandFitter(load_hand_model())


@cache
def kinematics() -> HandKinematics:
    return HandKinematics.load()


def synthetic_hand(seed: int) -> tuple[Camera, ManoParameters]:
    """A camera and a right hand before it, as the generator draws both; every fourth one grasps."""
    generator = np.random.default_rng([seed, 1])
    model = load_hand_model()
    betas = identities(np.random.SeedSequence([seed, 2]))[0]
    if seed % 4 == 0:
        angles_deg = random_grasp(GraspingHand(model, kinematics(), betas), generator).closed_deg
    else:
        angles_deg = random_posture(generator)
    return placed(kinematics().hand_pose_rad(angles_deg), betas, generator)


def any_hand(seed: int) -> tuple[Camera, ManoParameters]:
    """The same with every angle drawn by itself within the joints' limits: no gesture at all."""
    from core.synthetic.kinematics import _HIGHEST, _LOWEST

    generator = np.random.default_rng([seed, 3])
    betas = identities(np.random.SeedSequence([seed, 4]))[0]
    angles_deg = generator.uniform(_LOWEST, _HIGHEST)
    return placed(kinematics().hand_pose_rad(angles_deg), betas, generator)


def placed(pose_rad, betas, generator) -> tuple[Camera, ManoParameters]:
    """A pose turned and put before a camera as the generator does."""
    camera, turn = random_camera(generator), random_turn(generator)
    middle_mm = random_place(camera, generator) * 1000
    wrist_mm = middle_mm - turn @ [-80.0, 0, 0]  # fingers point along -x
    orient_rad = axis_angle_from_matrix(turn)
    return camera, ManoParameters(orient_rad, pose_rad, betas, wrist_mm)


def relative_error_mm(joints_mm: np.ndarray, truth_mm: np.ndarray) -> float:
    """Mean distance of the 21 joints, both hands moved to one wrist."""
    off = (joints_mm - joints_mm[0]) - (truth_mm - truth_mm[0])
    return float(np.linalg.norm(off, axis=1).mean())
