"""The 21 joints of a hand and how they move with every parameter: an analytic Jacobian.

Only what a fit looks at is posed: sixteen joints and five fingertip vertices, not 778. The joints
are those of `HandModel.pose`, which a test holds them to.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.conventions import BETA_COUNT, JOINT_COUNT, MANO_JOINT_COUNT, MANO_PARENTS
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.hand_model import HandModel, ManoParameters

#: Columns of a Jacobian, and rows of a step: turn of the whole hand, pose, shape, place.
ORIENT, POSE, BETAS, WRIST = slice(0, 3), slice(3, 48), slice(48, 58), slice(58, 61)
PARAMETER_COUNT = 61

# MANO's tree has three levels below the wrist: all knuckles, all middle joints, all end joints.
_LEVELS = [np.arange(level, MANO_JOINT_COUNT, 3) for level in (1, 2, 3)]
_AXES = np.eye(3)
_PARENTS = np.array(MANO_PARENTS[1:])


def _below() -> np.ndarray:
    """(16, 16): 1 where the second joint is the first one's descendant."""
    below = np.zeros((MANO_JOINT_COUNT, MANO_JOINT_COUNT))
    for joint in range(MANO_JOINT_COUNT):
        parent = MANO_PARENTS[joint]
        while parent >= 0:
            below[parent, joint] = 1
            parent = MANO_PARENTS[parent]
    return below


_BELOW = _below()
_SELF_OR_BELOW = _BELOW + np.eye(MANO_JOINT_COUNT)


@dataclass(frozen=True)
class HandState:
    """A hand while it is fitted: as `ManoParameters`, the whole hand's turn as a matrix (3, 3)."""

    orient: np.ndarray
    hand_pose_rad: np.ndarray
    betas: np.ndarray
    wrist_mm: np.ndarray

    @classmethod
    def of(cls, mano: ManoParameters) -> "HandState":
        """The state of given parameters."""
        orient = matrix_from_axis_angle(mano.global_orient_rad)
        pose, betas = np.array(mano.hand_pose_rad, float), np.array(mano.betas, float)
        return cls(orient, pose, betas, np.array(mano.wrist_mm, float))

    def parameters(self) -> ManoParameters:
        """The same as parameters."""
        orient_rad = axis_angle_from_matrix(self.orient)
        return ManoParameters(orient_rad, self.hand_pose_rad, self.betas, self.wrist_mm)

    def moved(self, step: np.ndarray) -> "HandState":
        """The state after a step (61,): the turn is multiplied from the left, the rest added."""
        return replace(
            self,
            orient=matrix_from_axis_angle(step[ORIENT]) @ self.orient,
            hand_pose_rad=self.hand_pose_rad + step[POSE],
            betas=self.betas + step[BETAS],
            wrist_mm=self.wrist_mm + step[WRIST],
        )


class JointChain:
    """A hand model reduced to its 21 joints, in millimetres."""

    def __init__(self, model: HandModel) -> None:
        tips = model.fingertip_vertices
        regressor = model.joint_regressor
        self._rest = regressor @ model.template_m * 1000  # (16, 3)
        self._rest_by_betas = np.einsum("jv,vab->jab", regressor, model.shape_basis_m) * 1000
        self._tips = model.template_m[tips] * 1000  # (5, 3)
        self._tips_by_betas = model.shape_basis_m[tips] * 1000
        self._correctives = model.pose_basis_m[tips].reshape(15, 135) * 1000  # rows: tip, xyz
        by_joint = self._correctives.reshape(15, 15, 9)
        self._correctives_by_joint = np.ascontiguousarray(by_joint.transpose(1, 0, 2))
        self._weights = model.skinning_weights[tips]  # (5, 16)
        self._weight_below = self._weights @ _SELF_OR_BELOW.T  # (5, 16)

    def joints_mm(self, state: HandState) -> np.ndarray:
        """The 21 joints (21, 3) in camera axes, HO-3D's order."""
        return self.posed(state).joints_mm

    def jacobian(
        self, state: HandState, posed: "PosedChain", *, with_betas: bool = True
    ) -> np.ndarray:
        """Derivatives (21, 3, 61) of the joints of `posed(state)` by a step of `HandState.moved`.

        A turn a of a joint at x moves what hangs on it by a × (p - x); the axis-angle's own
        derivative is the left Jacobian of SO(3) (Solà et al., "A micro Lie theory", 2018, eq. 145).
        """
        jacobian = np.zeros((JOINT_COUNT, 3, PARAMETER_COUNT))
        jacobian[:, :, WRIST] = _AXES
        axes, local_axes = self._axes(state, posed)
        turned = _cross_matrices(-self._levers(posed)) @ axes  # (21, 16, 3, 3)
        turned = turned.transpose(0, 2, 1, 3).reshape(JOINT_COUNT, 3, 48)
        jacobian[:, :, : POSE.stop] = turned
        bulge = self._correctives_by_joint @ _matrix_changes(local_axes, posed.local[1:])
        bulge = bulge.transpose(1, 0, 2).reshape(5, 3, 45)
        jacobian[16:, :, POSE] += posed.blended @ bulge
        if with_betas:
            jacobian[:, :, BETAS] = self._by_betas(posed)
        return jacobian

    def posed(self, state: HandState) -> "PosedChain":
        """The chain in a state."""
        rest = self._rest + self._rest_by_betas @ state.betas
        local = np.empty((MANO_JOINT_COUNT, 3, 3))
        local[0] = state.orient
        local[1:] = matrix_from_axis_angle(state.hand_pose_rad.reshape(15, 3))
        turns, places = np.empty_like(local), np.empty((MANO_JOINT_COUNT, 3))
        turns[0], places[0] = local[0], state.wrist_mm
        # Finger by finger and level by level: views (5, 3, ...) of what follows the wrist.
        local_of, turns_of = local[1:].reshape(5, 3, 3, 3), turns[1:].reshape(5, 3, 3, 3)
        places_of, bones = places[1:].reshape(5, 3, 3), (rest[1:] - rest[_PARENTS])
        bones = bones.reshape(5, 3, 3, 1)
        turn, place = turns[:1], places[:1]
        for level in range(3):
            places_of[:, level] = place = place + (turn @ bones[:, level])[:, :, 0]
            turns_of[:, level] = turn = turn @ local_of[:, level]
        corrective = (local[1:] - _AXES).ravel()
        tips = self._tips + self._tips_by_betas @ state.betas
        tips = tips + (self._correctives @ corrective).reshape(5, 3)
        offsets = places - (turns @ rest[:, :, None])[:, :, 0]
        blended = (self._weights @ turns.reshape(16, 9)).reshape(5, 3, 3)
        # A tip as each joint alone would carry it (5, 16, 3).
        carried = np.tensordot(tips, turns, axes=(1, 2)) + offsets
        tips_mm = (self._weights[:, :, None] * carried).sum(1)
        return PosedChain(local, turns, places, carried, blended, np.concatenate([places, tips_mm]))

    def _axes(self, state: HandState, posed: "PosedChain") -> tuple[np.ndarray, np.ndarray]:
        """Turns in camera axes (16, 3, 3) by each parameter, as columns; and those of the joints
        before their parents turn them (15, 3, 3)."""
        local_axes = left_jacobian(state.hand_pose_rad.reshape(15, 3))
        axes = np.empty((MANO_JOINT_COUNT, 3, 3))
        axes[0] = _AXES  # the step turns the whole hand about the camera's axes
        axes[1:] = posed.turns[_PARENTS] @ local_axes
        return axes, local_axes

    def _levers(self, posed: "PosedChain") -> np.ndarray:
        """From each joint (16) to each point (21) that hangs on it (21, 16, 3), by its weight."""
        levers = np.empty((JOINT_COUNT, MANO_JOINT_COUNT, 3))
        places = posed.places
        levers[:16] = _BELOW.T[:, :, None] * (places[:, None] - places)
        held = _SELF_OR_BELOW @ (self._weights[:, :, None] * posed.carried)
        levers[16:] = held - self._weight_below[:, :, None] * places
        return levers

    def _by_betas(self, posed: "PosedChain") -> np.ndarray:
        """Derivatives (21, 3, 10) of the joints by the shape."""
        rest = self._rest_by_betas
        places = np.zeros((MANO_JOINT_COUNT, 3, BETA_COUNT))
        for level, joints in enumerate(_LEVELS):
            parents = np.zeros(5, int) if level == 0 else joints - 1
            places[joints] = places[parents] + posed.turns[parents] @ (rest[joints] - rest[parents])
        offsets = places - posed.turns @ rest
        tips = posed.blended @ self._tips_by_betas + np.tensordot(self._weights, offsets, 1)
        return np.concatenate([places, tips])


@dataclass(frozen=True)
class PosedChain:
    """A chain in a state.

    Attributes:
        local: (16, 3, 3) each joint's turn against its parent.
        turns: (16, 3, 3) each joint's turn against the camera.
        places: (16, 3) joints in mm, camera axes.
        carried: (5, 16, 3) tips in mm as each joint alone would carry them.
        blended: (5, 3, 3) the joints' turns as the tips' skin blends them.
        joints_mm: (21, 3) joints and tips, camera axes.
    """

    local: np.ndarray
    turns: np.ndarray
    places: np.ndarray
    carried: np.ndarray
    blended: np.ndarray
    joints_mm: np.ndarray


def left_jacobian(axis_angles_rad: np.ndarray) -> np.ndarray:
    """(n, 3, 3) for (n, 3): exp(θ + dθ) = exp(J dθ) exp(θ) to first order; smooth at zero."""
    angle = np.linalg.norm(axis_angles_rad, axis=-1)[:, None, None]
    cross = _cross_matrices(axis_angles_rad)
    versine = np.sinc(angle / (2 * np.pi)) ** 2 / 2  # (1 - cos a) / a²
    small = angle < 1e-3
    safe = np.where(small, 1.0, angle)
    rest = np.where(small, 1 / 6 - angle**2 / 120, (safe - np.sin(safe)) / safe**3)
    return _AXES + versine * cross + rest * (cross @ cross)


def _cross_matrices(vectors: np.ndarray) -> np.ndarray:
    """(..., 3, 3) of (..., 3): the matrix that takes the cross product with the vector."""
    matrices = np.zeros((*vectors.shape, 3))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    matrices[..., 0, 1], matrices[..., 0, 2], matrices[..., 1, 2] = -z, y, -x
    matrices[..., 1, 0], matrices[..., 2, 0], matrices[..., 2, 1] = z, -y, x
    return matrices


def _matrix_changes(local_axes: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Derivatives (15, 9, 3) of rotation matrices (15, 3, 3), entry by entry, by axis-angles."""
    crossed = _cross_matrices(local_axes.transpose(0, 2, 1))  # (15, parameter, 3, 3)
    return (crossed @ local[:, None]).reshape(15, 3, 9).transpose(0, 2, 1)
