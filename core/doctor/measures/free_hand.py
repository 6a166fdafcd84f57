"""Fitting hands to labels directly, without any network: what the best possible answer would be."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.conventions import MANO_PARENTS
from core.doctor.measures.labels import Labels
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.posed_joints import JointModel

#: Steps of Levenberg-Marquardt; a hand of the embedded set is found to 0.1 mm in about fifteen.
STEPS = 30
#: A step that gains less than this share of what is left is the last, if it is for every hand.
_GAIN = 1e-3
#: How many millimetres of misfit a shape coefficient of one is worth: noise then moves what all
#: hands share by less than 1.5, and a hand of 3 still loses only a millimetre.
_BETA_MM = 1.5
#: Damping of turns, in mm per radian: what no label tells (a finger's roll) then stays put.
_TURN_MM = 0.3
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-2, 1e-6, 1e6

_NEAREST_MM, _FARTHEST_MM = 100.0, 1e5

_TIP_PARENTS = (15, 3, 6, 12, 9)
_PARENTS = (*MANO_PARENTS, *_TIP_PARENTS)


def _ancestry() -> np.ndarray:
    """(21, 16) whether a joint moves when a MANO joint turns."""
    moves = np.zeros((21, 16), bool)
    for joint in range(21):
        parent = _PARENTS[joint]
        while parent >= 0:
            moves[joint, parent] = True
            parent = _PARENTS[parent]
    return moves


_MOVES = _ancestry()


@dataclass(frozen=True, eq=False)
class HandFit:
    """The best hands for some labels; joints that are not labelled are NaN.

    Attributes:
        errors_mm: (N, 21, 3) hand minus label, both about the mean of the labelled joints.
        errors_px: (N, 21, 2) hand in the picture minus 2D label.
        rotations: (N, 16, 3, 3) world rotations of the hand's joints.
        betas: (N, 10).
    """

    errors_mm: np.ndarray
    errors_px: np.ndarray
    rotations: np.ndarray
    betas: np.ndarray

    @property
    def mean_mm(self) -> np.ndarray:
        """(N,) mean distance."""
        return _mean_length(self.errors_mm)

    @property
    def mean_px(self) -> np.ndarray:
        """(N,) mean distance."""
        return _mean_length(self.errors_px)

    def better(self, other: "HandFit") -> "HandFit":
        """Of each hand the fit that leaves less."""
        is_other = other.mean_mm + other.mean_px < self.mean_mm + self.mean_px
        pick = lambda own, its: np.where(is_other.reshape(-1, *[1] * (own.ndim - 1)), its, own)
        return HandFit(
            pick(self.errors_mm, other.errors_mm),
            pick(self.errors_px, other.errors_px),
            pick(self.rotations, other.rotations),
            pick(self.betas, other.betas),
        )


def local_errors_mm(fit: HandFit) -> np.ndarray:
    """(N, 21, 3) errors in space in the axes of the bone that ends at each joint."""
    parents = [max(parent, 0) for parent in _PARENTS]
    return np.einsum("njba,njb->nja", fit.rotations[:, parents], fit.errors_mm)


def _mean_length(errors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(errors, axis=-1)
    known = np.isfinite(lengths)
    return np.where(known, lengths, 0.0).sum(1) / np.maximum(known.sum(1), 1)


@dataclass(frozen=True, eq=False)
class _Hands:
    """Hands that are being fitted: local rotations (N, 16, 3, 3), betas (N, 10), place (N, 3) of
    the wrist in mm."""

    local: np.ndarray
    betas: np.ndarray
    place_mm: np.ndarray

    def moved(self, steps: np.ndarray) -> "_Hands":
        """Turned by (N, 48) about the axes of each joint's parent, reshaped, moved."""
        turns = matrix_from_axis_angle(steps[:, :48].reshape(-1, 16, 3))
        return _Hands(
            turns @ self.local, self.betas + steps[:, 48:58], self.place_mm + steps[:, 58:]
        )

    def chosen(self, other: "_Hands", is_other: np.ndarray) -> "_Hands":
        """The other's where it is better."""
        pick = lambda own, its: np.where(is_other.reshape(-1, *[1] * (own.ndim - 1)), its, own)
        return _Hands(
            pick(self.local, other.local),
            pick(self.betas, other.betas),
            pick(self.place_mm, other.place_mm),
        )


class HandFitter:
    """Fits hands to all labels at once: joints about their mean, and their picture.

    The hand's translation answers to the 2D labels alone, as a loss that compares 3D relative to
    the wrist has it.
    """

    def __init__(
        self, model: JointModel, labels: Labels, *, tick: Callable[[float], None] = lambda _: None
    ) -> None:
        """`tick` hears the share done, now and then."""
        self._model, self._tick = model, tick
        self._known_3d = np.isfinite(labels.joints_mm).all(-1)
        self._known_2d = np.isfinite(labels.keypoints_px).all(-1)
        self._joints_mm = _centred(np.nan_to_num(labels.joints_mm), self._known_3d)
        self._keypoints_px = np.nan_to_num(labels.keypoints_px)
        self._intrinsics = labels.intrinsics
        self._inverse = np.linalg.inv(labels.intrinsics)

    def fit(self, pose_rad: np.ndarray | None = None) -> HandFit:
        """The best hands from rest, or from poses (N, 16, 3)."""
        hands = self._start(pose_rad)
        # Pixels count as the millimetres that they are at the hand's first distance.
        unit = hands.place_mm[:, 2] / np.abs(self._intrinsics[:, 0, 0]).clip(1e-3)
        cost, damping = self._cost(hands, unit), np.full(len(unit), _FIRST_DAMPING)
        for step in range(STEPS):
            self._tick(step / STEPS)
            tried = hands.moved(self._step(hands, unit, damping))
            tried_cost = self._cost(tried, unit)
            is_better = tried_cost < cost
            is_done = (cost - tried_cost < _GAIN * cost) & is_better
            hands, cost = hands.chosen(tried, is_better), np.where(is_better, tried_cost, cost)
            if is_done.all():
                break
            damping = np.where(is_better, damping / 4, damping * 6)
            damping = np.clip(damping, _LEAST_DAMPING, _MOST_DAMPING)
        return self._result(hands)

    def _start(self, pose_rad: np.ndarray | None) -> _Hands:
        count = len(self._joints_mm)
        rest = np.zeros((count, 16, 3)) if pose_rad is None else pose_rad
        betas, nowhere = np.zeros((count, 10)), np.zeros((count, 3))
        local = matrix_from_axis_angle(rest)
        joints = _centred(self._model.joints_mm(rest, betas), self._known_3d)
        local[:, 0] = _rigid(joints, self._joints_mm) @ local[:, 0]
        hands = _Hands(local, betas, nowhere)
        return _Hands(local, betas, self._placed(self._joints(hands)))

    def _placed(self, joints_mm: np.ndarray) -> np.ndarray:
        """(N, 3) translation with which joints (N, 21, 3) are seen where the 2D labels are.

        x + tx = u (z + tz), and likewise for y, are linear in the translation.
        """
        pixels = np.concatenate([self._keypoints_px, np.ones_like(self._keypoints_px[..., :1])], -1)
        rays = np.einsum("nab,njb->nja", self._inverse, pixels)[..., :2]
        rows = np.zeros((*rays.shape, 3))
        rows[..., 0, 0] = rows[..., 1, 1] = 1.0
        rows[..., 2] = -rays
        wanted = rays * joints_mm[..., 2:] - joints_mm[..., :2]
        known = self._known_2d[..., None]
        rows, wanted = rows * known[..., None], wanted * known
        square = np.einsum("njac,njad->ncd", rows, rows) + 1e-9 * np.eye(3)
        place = np.linalg.solve(square, np.einsum("njac,nja->nc", rows, wanted)[..., None])[..., 0]
        # Where there is no picture to speak of, any place in front of the camera will do.
        place[:, 2] = np.clip(place[:, 2], _NEAREST_MM, _FARTHEST_MM)
        return place

    def _joints(self, hands: _Hands) -> np.ndarray:
        return self._model.joints_mm(axis_angle_from_matrix(hands.local), hands.betas)

    def _errors(self, joints_mm: np.ndarray, hands: _Hands) -> tuple[np.ndarray, np.ndarray]:
        """Errors in space (N, 21, 3) in mm and in the picture (N, 21, 2) in px; 0: no label."""
        in_space = _centred(joints_mm, self._known_3d) - self._joints_mm
        seen, depth = self._seen(joints_mm, hands)
        in_picture = seen[..., :2] / depth - self._keypoints_px
        return in_space * self._known_3d[..., None], in_picture * self._known_2d[..., None]

    def _seen(self, joints_mm: np.ndarray, hands: _Hands) -> tuple[np.ndarray, np.ndarray]:
        placed = joints_mm + hands.place_mm[:, None]
        seen = np.einsum("nab,njb->nja", self._intrinsics, placed)
        return seen, np.maximum(seen[..., 2:], _NEAREST_MM / 10)

    def _cost(self, hands: _Hands, unit: np.ndarray) -> np.ndarray:
        in_space, in_picture = self._errors(self._joints(hands), hands)
        plane = (in_picture**2).sum((1, 2)) * unit**2
        return (in_space**2).sum((1, 2)) + plane + ((_BETA_MM * hands.betas) ** 2).sum(1)

    def _step(self, hands: _Hands, unit: np.ndarray, damping: np.ndarray) -> np.ndarray:
        """(N, 61) the step of Levenberg and Marquardt: turns, shape, place."""
        pose_rad = axis_angle_from_matrix(hands.local)
        joints = self._model.joints_mm(pose_rad, hands.betas)
        in_space, in_picture = self._errors(joints, hands)
        moves = self._movements(joints, hands.local, self._model.shape_steps_mm(pose_rad))
        space = _centred(moves.reshape(*moves.shape[:2], -1), self._known_3d).reshape(moves.shape)
        space[..., 58:] = 0.0
        space = space * self._known_3d[..., None, None]
        seen, depth = self._seen(joints, hands)
        slid = np.einsum("nab,njbp->njap", self._intrinsics, moves)
        bent = slid[..., :2, :] - (seen[..., :2] / depth)[..., None] * slid[..., 2:, :]
        plane = (
            bent / depth[..., None] * self._known_2d[..., None, None] * unit[:, None, None, None]
        )
        count = len(joints)
        jacobian = np.concatenate([space.reshape(count, 63, -1), plane.reshape(count, 42, -1)], 1)
        errors = np.concatenate(
            [in_space.reshape(count, 63), in_picture.reshape(count, 42) * unit[:, None]], 1
        )
        square = np.einsum("nrp,nrq->npq", jacobian, jacobian)
        slope = np.einsum("nrp,nr->np", jacobian, errors)
        slope[:, 48:58] += _BETA_MM**2 * hands.betas
        prior = np.concatenate([np.full(48, _TURN_MM**2), np.full(10, _BETA_MM**2), np.zeros(3)])
        diagonal = np.einsum("npp->np", square)
        square = square + np.einsum(
            "np,pq->npq", prior + damping[:, None] * (diagonal + 1e-6), np.eye(61)
        )
        return -np.linalg.solve(square, slope[..., None])[..., 0]

    def _movements(self, joints: np.ndarray, local: np.ndarray, shape: np.ndarray) -> np.ndarray:
        """(N, 21, 3, 61) how joints move with turns about the parents' axes, shape and place."""
        world = _world(local)
        moves = np.zeros((len(joints), 21, 3, 61))
        for joint, parent in enumerate(MANO_PARENTS):
            axes = np.broadcast_to(np.eye(3), world[:, 0].shape) if parent < 0 else world[:, parent]
            arms = (joints - joints[:, joint, None]) * _MOVES[:, joint, None]
            # Column a: axis a of the parent, crossed with the arm.
            turned = np.cross(np.swapaxes(axes, 1, 2)[:, None], arms[:, :, None])
            moves[..., 3 * joint : 3 * joint + 3] = np.swapaxes(turned, 2, 3)
        moves[..., 48:58] = shape
        moves[..., 58:] = np.eye(3)
        return moves

    def _result(self, hands: _Hands) -> HandFit:
        joints = self._joints(hands)
        in_space, in_picture = self._errors(joints, hands)
        return HandFit(
            errors_mm=np.where(self._known_3d[..., None], in_space, np.nan),
            errors_px=np.where(self._known_2d[..., None], in_picture, np.nan),
            rotations=_world(hands.local),
            betas=hands.betas,
        )


def _world(local: np.ndarray) -> np.ndarray:
    """World rotations of local ones (N, 16, 3, 3)."""
    world = np.empty_like(local)
    world[:, 0] = local[:, 0]
    for joint, parent in enumerate(MANO_PARENTS[1:], start=1):
        world[:, joint] = world[:, parent] @ local[:, joint]
    return world


def _centred(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Points (N, 21, D) less the mean of those that are known (N, 21)."""
    weight = known[..., None] / np.maximum(known.sum(1), 1)[:, None, None]
    return points - (points * weight).sum(1, keepdims=True)


def _rigid(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N, 3, 3) best rotations of centred points onto others (Kabsch 1976)."""
    u, _, vt = np.linalg.svd(np.einsum("nja,njb->nab", target, source))
    signs = np.ones((len(u), 3))
    signs[:, 2] = np.sign(np.linalg.det(u @ vt))
    return (u * signs[:, None]) @ vt
