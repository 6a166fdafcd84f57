"""What a fit makes small: residuals of points, and priors, with their derivatives."""

from dataclasses import dataclass

import numpy as np

from core.conventions import JOINT_COUNT
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.fitting.chain import (
    BETAS,
    ORIENT,
    PARAMETER_COUNT,
    POSE,
    WRIST,
    HandState,
    JointChain,
    PosedChain,
    left_jacobian,
)
from core.hand.fitting.prior import LIMIT_RAD, PosePrior
from core.hand.fitting.target import FitTarget

#: Standard deviation of a shape coefficient over people (MANO's are scaled so).
BETA_DEVIATION = 1.0
#: Joints nearer to the camera than this are no hand in a photo.
NEAREST_MM = 20.0

#: How far the joints lie behind the skin that a depth camera sees, and how exactly that is known.
BEHIND_SKIN_MM = np.array([14.0] + [9.0] * 15 + [3.0] * 5)
DEPTH_DEVIATION_MM = 8.0
#: Depth samples further off than about this many deviations are taken for something in front.
DEPTH_OUTLIER = 2.0
#: An anchor whose joints are further than this from the measured depth (median) is at a wrong one.
ANCHOR_AT_DEPTH_MM = 15.0
#: A joint with this weight (1/px) or more was put where it is.
_PLACED = 1.0

#: Weight (1/mm) with which every joint of a corrected hand stays where the anchor has it.
ANCHOR_WEIGHT_MM = 0.1
#: Deviations of a corrected hand from the one it is anchored to.
ANCHOR_ORIENT_RAD = 0.1
ANCHOR_WRIST_MM = 15.0
ANCHOR_BETA = 0.3
#: Its fingers' variance, as a share of what hands have: bending a finger is the cheap way.
ANCHOR_POSE_SHARE = 1.0


@dataclass(frozen=True)
class Place:
    """A state with its sum of squares.

    Attributes:
        state: The hand.
        posed: Its chain.
        stay: (21, 3) weighted distances to the anchor's joints.
        px: (n, 2) weighted residuals in the photo.
        mm: (m, 3) weighted residuals in space.
        depth: (k,) residuals in depth, in deviations.
        off: (61,) distance to the prior's middle.
        beyond: (15, 3) rad beyond the joints' limits.
        cost: The sum of squares.
    """

    state: HandState
    posed: PosedChain
    stay: np.ndarray
    px: np.ndarray
    mm: np.ndarray
    depth: np.ndarray
    off: np.ndarray
    beyond: np.ndarray
    cost: float


class FitProblem:
    """The sum of squares of one target, for the side of hand that the chain has."""

    def __init__(self, chain: JointChain, prior: PosePrior, target: FitTarget) -> None:
        self._chain, self._prior, self._target = chain, prior, target
        self._intrinsics = target.camera.intrinsics
        self._asked_px = np.flatnonzero(target.weights_px > 0)
        has_mm = target.joints_mm is not None
        self._asked_mm = np.flatnonzero(target.weights_mm > 0) if has_mm else np.empty(0, int)
        self._middle, self._precision = self._centre(target, prior)
        self._middle_mm, self._stay = np.zeros((JOINT_COUNT, 3)), np.zeros(3)
        if self._middle is not None:
            self._middle_mm = chain.joints_mm(self._middle)
            self._stay = np.full(3, ANCHOR_WEIGHT_MM)
        self._asked_depth = self._trusted_depth()

    def _trusted_depth(self) -> np.ndarray:
        """Joints (k,) whose measured depth counts.

        All, and not the anchor's depth, where the anchor is at a wrong one, or there is none. Else
        only those that were placed: how far joints lie behind the skin is known to some
        millimetres, which would disturb joints that nobody touched.
        """
        target = self._target
        if target.depth_mm is None:
            return np.empty(0, int)
        known = np.isfinite(target.depth_mm)
        if self._middle is None or not known.any():
            return np.flatnonzero(known)
        off_mm = np.abs(target.depth_mm + BEHIND_SKIN_MM - self._middle_mm[:, 2])[known]
        if np.median(off_mm) > ANCHOR_AT_DEPTH_MM:
            self._stay[2] = 0.0
            return np.flatnonzero(known)
        return np.flatnonzero(known & (target.weights_px >= _PLACED))

    @property
    def is_shape_fixed(self) -> bool:
        """Whether the target says the shape."""
        return self._target.betas is not None

    def at(self, state: HandState) -> "Place":
        """The sum of squares at a state; infinite where a joint is not before the camera."""
        posed = self._chain.posed(state)
        off = self._off(state)
        beyond = self._prior.beyond_limits_rad(state.hand_pose_rad)
        if not (posed.joints_mm[:, 2] >= NEAREST_MM).all():
            nothing = np.empty(0)
            return Place(state, posed, nothing, nothing, nothing, nothing, off, beyond, np.inf)
        px, mm, depth = self._residuals(posed.joints_mm)
        outvoted = DEPTH_OUTLIER**2 * np.log1p((depth / DEPTH_OUTLIER) ** 2)  # Cauchy's
        stay = (posed.joints_mm - self._middle_mm) * self._stay
        cost = (stay**2).sum() + (px**2).sum() + (mm**2).sum() + outvoted.sum()
        cost += off @ self._precision @ off + (beyond**2).sum() / LIMIT_RAD**2
        cost = float(cost) if np.isfinite(cost) else np.inf
        return Place(state, posed, stay, px, mm, depth, off, beyond, cost)

    def slope(self, place: "Place") -> tuple[np.ndarray, np.ndarray]:
        """Half the gradient (61,) and the Gauss-Newton curvature (61, 61) at a place.

        A depth's cost is Cauchy's, which grows slower than the square: its rows are reweighted.
        """
        jacobian = self._chain.jacobian(
            place.state, place.posed, with_betas=not self.is_shape_fixed
        )
        trust = 1 / np.sqrt(1 + (place.depth / DEPTH_OUTLIER) ** 2)
        blocks = (
            jacobian * self._stay[:, None],
            self._projection_change(place.posed.joints_mm) @ jacobian[self._asked_px],
            jacobian[self._asked_mm] * self._weights_mm()[:, None, None],
            jacobian[self._asked_depth, 2] / DEPTH_DEVIATION_MM * trust[:, None],
        )
        rows = np.concatenate([block.reshape(-1, PARAMETER_COUNT) for block in blocks])
        residuals = np.concatenate(
            [place.stay.ravel(), place.px.ravel(), place.mm.ravel(), place.depth * trust]
        )
        gradient, curvature = rows.T @ residuals, rows.T @ rows
        self._add_prior(place, gradient, curvature)
        self._add_limits(place, gradient, curvature)
        return gradient, curvature

    # Points.

    def _weights_mm(self) -> np.ndarray:
        weights = self._target.weights_mm
        return np.empty(0) if weights is None else weights[self._asked_mm]

    def _residuals(self, joints_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weighted residuals: (n, 2) of the photo, (m, 3) in space, (k,) in depth."""
        target = self._target
        homogeneous = joints_mm[self._asked_px] @ self._intrinsics.T
        px = homogeneous[:, :2] / homogeneous[:, 2:] - target.keypoints_px[self._asked_px]
        px = px * target.weights_px[self._asked_px, None]
        mm = depth = np.empty(0)
        if len(self._asked_mm):
            mm = joints_mm[self._asked_mm] - target.joints_mm[self._asked_mm]
            mm = mm * self._weights_mm()[:, None]
        if len(self._asked_depth):
            wanted = target.depth_mm[self._asked_depth] + BEHIND_SKIN_MM[self._asked_depth]
            depth = (joints_mm[self._asked_depth, 2] - wanted) / DEPTH_DEVIATION_MM
        return px, mm, depth

    def _projection_change(self, joints_mm: np.ndarray) -> np.ndarray:
        """Derivatives (n, 2, 3), weighted, of the asked keypoints by their joints."""
        homogeneous = joints_mm[self._asked_px] @ self._intrinsics.T
        depth = homogeneous[:, 2:, None]
        px = (homogeneous[:, :2] / homogeneous[:, 2:])[:, :, None]
        change = (self._intrinsics[:2] - px * self._intrinsics[2]) / depth
        return change * self._target.weights_px[self._asked_px, None, None]

    # Priors.

    @staticmethod
    def _centre(target: FitTarget, prior: PosePrior) -> tuple[HandState | None, np.ndarray]:
        """The anchor, and the precision (61, 61) about it, or about the mean of all hands."""
        precision = np.zeros((PARAMETER_COUNT, PARAMETER_COUNT))
        if target.anchor is None:
            precision[POSE, POSE] = prior.precision
            precision[BETAS, BETAS] = np.eye(10) / BETA_DEVIATION**2
            return None, precision
        precision[ORIENT, ORIENT] = np.eye(3) / ANCHOR_ORIENT_RAD**2
        precision[POSE, POSE] = prior.precision_by_finger / ANCHOR_POSE_SHARE
        precision[BETAS, BETAS] = np.eye(10) / ANCHOR_BETA**2
        precision[WRIST, WRIST] = np.eye(3) / ANCHOR_WRIST_MM**2
        return HandState.of(target.anchor), precision

    def _off(self, state: HandState) -> np.ndarray:
        """How far (61,) the state is from the prior's middle."""
        off = np.zeros(PARAMETER_COUNT)
        if self._middle is None:
            off[POSE] = state.hand_pose_rad - self._prior.mean_rad
            off[BETAS] = state.betas
            return off
        off[ORIENT] = _turn_rad(state.orient @ self._middle.orient.T)
        off[POSE] = state.hand_pose_rad - self._middle.hand_pose_rad
        off[BETAS] = state.betas - self._middle.betas
        off[WRIST] = state.wrist_mm - self._middle.wrist_mm
        return off

    def _add_prior(self, place: "Place", gradient: np.ndarray, curvature: np.ndarray) -> None:
        precision = self._precision
        pull = precision @ place.off
        if self._middle is not None:  # log(exp(step) R) = turn + J⁻¹ step to first order
            change = np.linalg.inv(left_jacobian(place.off[ORIENT][None])[0])
            pull[ORIENT] = change.T @ pull[ORIENT]
            curvature[ORIENT, ORIENT] += change.T @ precision[ORIENT, ORIENT] @ change
            curvature[ORIENT, ORIENT] -= precision[ORIENT, ORIENT]  # what the next line adds
        gradient += pull
        curvature += precision

    def _add_limits(self, place: "Place", gradient: np.ndarray, curvature: np.ndarray) -> None:
        axes, pose = self._prior.axes, curvature[POSE, POSE]
        for joint in np.flatnonzero(place.beyond.any(1)):
            block = slice(3 * joint, 3 * joint + 3)
            over = axes[joint][place.beyond[joint] != 0]  # the axes that it is turned too far about
            gradient[POSE][block] += axes[joint].T @ place.beyond[joint] / LIMIT_RAD**2
            pose[block, block] += over.T @ over / LIMIT_RAD**2


def _turn_rad(matrix: np.ndarray) -> np.ndarray:
    """Axis-angle (3,) of a turn (3, 3); a small one, the usual case, in a tenth of the time."""
    cosine = (matrix[0, 0] + matrix[1, 1] + matrix[2, 2] - 1) / 2
    if cosine < 0.5:
        return axis_angle_from_matrix(matrix)
    axis = np.array(
        [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]
    )
    sine = np.sqrt(axis @ axis) / 2
    return axis / 2 * (np.arctan2(sine, cosine) / sine if sine > 1e-8 else 1.0)
