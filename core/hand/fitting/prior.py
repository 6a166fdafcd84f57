"""What poses hands have: a Gaussian over the 45 angles, and how far each joint turns."""

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np

from core.geometry.rotation import mirrored_axis_angles
from core.hand.hand_model import HandModel

#: Standard deviation (rad) that every angle has at least, were the poses ever so stiff: labels are
#: not made by the hand that the poses are of.
FLOOR_RAD = 0.03
#: How far (rad) beyond the poses' own extremes a joint may turn before it is held back.
MARGIN_RAD = 0.1
#: Past its limit, a joint is held back with this standard deviation (rad).
LIMIT_RAD = 0.03

#: A search begins this many standard deviations from the mean, too.
_POSTURE_REACH = 1.2

# Where a file of MANO's format has no coefficients of its poses: the spread of its k-th component,
# as the stand-in's grasps have it, and how many standard deviations a joint turns.
_SPREAD_RAD, _SPREAD_FALL, _LEAST_SPREAD_RAD, _REACH = 0.9, 0.75, 0.05, 3.5


@dataclass(frozen=True)
class PosePrior:
    """The prior of one hand model's poses.

    Attributes:
        source: Where it comes from, for people.
        mean_rad: (45,).
        covariance: (45, 45) in rad².
        axes: (15, 3, 3) for each joint the three directions, as rows, in which its poses vary most
            and least: a hinge has its own axis first.
        low_rad: (15, 3) least coordinate along those, without any margin.
        high_rad: (15, 3) greatest.
    """

    source: str
    mean_rad: np.ndarray
    covariance: np.ndarray
    axes: np.ndarray
    low_rad: np.ndarray
    high_rad: np.ndarray

    @cached_property
    def precision(self) -> np.ndarray:
        """(45, 45) inverse covariance."""
        return np.linalg.inv(self.covariance)

    @cached_property
    def precision_by_finger(self) -> np.ndarray:
        """(45, 45) the same for five fingers that do not know of each other.

        For changes to a given hand: who drags the index finger does not mean the others.
        """
        covariance = self.covariance * np.kron(np.eye(5), np.ones((9, 9)))
        return np.linalg.inv(covariance)

    @cached_property
    def postures_rad(self) -> np.ndarray:
        """Poses (3, 45) to begin a search with: the mean, and both ways along what varies most."""
        variances, directions = np.linalg.eigh(self.covariance)
        far = directions[:, -1] * _POSTURE_REACH * np.sqrt(variances[-1])
        return self.mean_rad + np.outer([0, 1, -1], far)

    def beyond_limits_rad(self, hand_pose_rad: np.ndarray) -> np.ndarray:
        """How far (15, 3) a pose (45,) is beyond the limits and their margin; 0 within."""
        along = (self.axes @ hand_pose_rad.reshape(15, 3, 1))[:, :, 0]
        over = np.maximum(along - (self.high_rad + MARGIN_RAD), 0)
        return over + np.minimum(along - (self.low_rad - MARGIN_RAD), 0)


def pose_prior(hand_model: HandModel) -> PosePrior:
    """The prior of a hand model, from the poses that belong to it.

    The stand-in's come from this project's own grasps and gestures (`scripts/make_pose_prior.py`);
    MANO's from the coefficients in its file, which the scanned poses have in its components.
    """
    if hand_model.is_stand_in:
        with (files("resources") / "hand" / "standin_poses.npz").open("rb") as stream:
            poses = np.load(stream)["hand_poses_rad"].astype(float)
        poses = poses if hand_model.is_right else mirrored_axis_angles(poses)
        return prior_of_poses(poses, f"{len(poses)} synthetic poses")
    if hand_model.pose_coefficients is not None:
        poses = hand_model.pose_mean_rad + (
            hand_model.pose_coefficients @ hand_model.pose_components
        )
        return prior_of_poses(poses, f"{len(poses)} poses in {hand_model.name}")
    return _prior_of_components(hand_model)


def prior_of_poses(poses_rad: np.ndarray, source: str) -> PosePrior:
    """The prior of poses (n, 45)."""
    covariance = np.cov(poses_rad.T) + FLOOR_RAD**2 * np.eye(45)
    axes = _joint_axes(covariance)
    along = np.einsum("jab,njb->nja", axes, poses_rad.reshape(-1, 15, 3))
    return PosePrior(source, poses_rad.mean(0), covariance, axes, along.min(0), along.max(0))


def _prior_of_components(hand_model: HandModel) -> PosePrior:
    """The prior of a file that has components and no coefficients: a usual spread for each."""
    spread_rad = _SPREAD_RAD * np.arange(1, 46) ** -_SPREAD_FALL
    spread_rad = np.maximum(spread_rad, _LEAST_SPREAD_RAD)
    components = hand_model.pose_components * spread_rad[:, None]
    covariance = components.T @ components + FLOOR_RAD**2 * np.eye(45)
    axes = _joint_axes(covariance)
    mean = (axes @ hand_model.pose_mean_rad.reshape(15, 3, 1))[:, :, 0]
    blocks = np.einsum("jajb->jab", covariance.reshape(15, 3, 15, 3))
    reach = _REACH * np.sqrt(np.einsum("jab,jbc,jac->ja", axes, blocks, axes))
    source = f"components of {hand_model.name}, which has no coefficients: usual spreads"
    return PosePrior(source, hand_model.pose_mean_rad, covariance, axes, mean - reach, mean + reach)


def _joint_axes(covariance: np.ndarray) -> np.ndarray:
    """Main directions (15, 3, 3) of each joint's angles, as rows, the largest first."""
    blocks = np.einsum("jajb->jab", covariance.reshape(15, 3, 15, 3))
    return np.linalg.eigh(blocks)[1][:, :, ::-1].transpose(0, 2, 1)
