"""Where a hand may be, before its fingers are fitted: rigid hands, from all sides at once."""

from functools import cache

import numpy as np

from core.geometry.rotation import matrix_from_axis_angle
from core.hand.fitting.chain import HandState, JointChain
from core.hand.fitting.target import FitTarget

#: A hand of which nothing is known is so far away.
USUAL_DEPTH_MM = 600.0
_NEAREST_MM, _FARTHEST_MM = 150.0, 3000.0
_ITERATIONS = 12


def rough_places(
    chain: JointChain, poses_rad: np.ndarray, betas: np.ndarray, target: FitTarget
) -> list[HandState]:
    """Rigid hands in given poses (p, 45), turned all ways, placed on the target; best first.

    Each minimises the weighted distance to the target's points over turn and place alone, by
    Gauss-Newton, all of them side by side.
    """
    points, wanted, weights = _asked(target)
    stands = np.tile(all_turns(), (len(poses_rad), 1, 1))  # (n, 3, 3)
    hands = np.stack([_unturned(chain, pose, betas)[points] for pose in poses_rad])
    hands = np.repeat(hands, len(all_turns()), axis=0)  # (n, points, 3)
    places = _first_places(hands, stands, wanted, weights, target.camera.intrinsics)
    stands, places, costs = _settle(
        hands, stands, places, wanted, weights, target.camera.intrinsics
    )
    states = []
    for index in np.argsort(costs):
        pose = poses_rad[index // len(all_turns())]
        states.append(HandState(stands[index], pose.copy(), betas.copy(), places[index]))
    return states


@cache
def all_turns() -> np.ndarray:
    """The 24 turns (24, 3, 3) that take a cube onto itself: none is further than 63° from one."""
    quarter = np.pi / 2
    ups = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (0, 1, 0), (0, 3, 0)]
    up = matrix_from_axis_angle(np.array(ups, float) * quarter)
    about = matrix_from_axis_angle(np.outer(np.arange(4), [0, 0, quarter]))
    return (about[None] @ up[:, None]).reshape(24, 3, 3)


def _unturned(chain: JointChain, pose_rad: np.ndarray, betas: np.ndarray) -> np.ndarray:
    return chain.joints_mm(HandState(np.eye(3), pose_rad, betas, np.zeros(3)))


def _asked(target: FitTarget) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (n,) with a known place in the photo, the places (n, 2) in px, weights (n,)."""
    weights, wanted = target.weights_px.copy(), target.keypoints_px.copy()
    if target.joints_mm is not None:
        for joint in np.flatnonzero((target.weights_mm > 0) & (weights == 0)):
            wanted[joint] = target.camera.project(target.joints_mm[joint])
            weights[joint] = target.weights_mm[joint]
    points = np.flatnonzero((weights > 0) & np.isfinite(wanted).all(1))
    weights = weights[points]
    return points, wanted[points], weights / max(weights.max(initial=0.0), 1e-12)


def _first_places(
    hands: np.ndarray,
    stands: np.ndarray,
    wanted: np.ndarray,
    weights: np.ndarray,
    intrinsics: np.ndarray,
) -> np.ndarray:
    """Wrists (n, 3): as far away as the points' spread says, in their middle."""
    turned = hands @ stands.transpose(0, 2, 1)
    rays = np.c_[wanted, np.ones(len(wanted))] @ np.linalg.inv(intrinsics).T
    if len(wanted) == 0:
        return np.tile([0.0, 0.0, USUAL_DEPTH_MM], (len(stands), 1))
    share = (weights / weights.sum())[:, None]
    middle_ray, middle = (rays * share).sum(0), (turned * share).sum(1)
    spread = np.sqrt((share * (rays - middle_ray)[:, :2] ** 2).sum())
    size = np.sqrt((share * (turned - middle[:, None])[:, :, :2] ** 2).sum((1, 2)))
    depth = np.full(len(stands), USUAL_DEPTH_MM)
    if len(wanted) > 1:
        depth = np.clip(size / max(spread, 1e-6), _NEAREST_MM, _FARTHEST_MM)
    return middle_ray * depth[:, None] - middle


def _settle(
    hands: np.ndarray,
    stands: np.ndarray,
    places: np.ndarray,
    wanted: np.ndarray,
    weights: np.ndarray,
    intrinsics: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A few damped Gauss-Newton steps of turn and place; returns those and costs (n,) in px²."""
    best = np.full(len(stands), np.inf)
    damping = np.full(len(stands), 1e-2)
    kept = (stands, places)
    for _ in range(_ITERATIONS):
        turned = hands @ stands.transpose(0, 2, 1)
        points = turned + places[:, None]
        behind = (points[:, :, 2] < _NEAREST_MM / 2).any(1)
        homogeneous = np.where(behind[:, None, None], 1.0, points @ intrinsics.T)
        px = homogeneous[:, :, :2] / homogeneous[:, :, 2:]
        off = (px - wanted) * weights[:, None]
        costs = np.where(behind, np.inf, (off**2).sum((1, 2)))
        better = costs < best
        best = np.where(better, costs, best)
        damping = np.where(better, damping / 4, damping * 10)
        kept = tuple(
            np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip((stands, places), kept, strict=True)
        )
        steps = _steps(hands, *kept, wanted, weights, intrinsics, damping)
        stands = matrix_from_axis_angle(steps[:, :3]) @ kept[0]
        places = kept[1] + steps[:, 3:]
    return *kept, best


def _steps(
    hands: np.ndarray,
    stands: np.ndarray,
    places: np.ndarray,
    wanted: np.ndarray,
    weights: np.ndarray,
    intrinsics: np.ndarray,
    damping: np.ndarray,
) -> np.ndarray:
    """Steps (n, 6) of turn (rad) and place (mm) from the best so far."""
    turned = hands @ stands.transpose(0, 2, 1)
    homogeneous = (turned + places[:, None]) @ intrinsics.T
    px = homogeneous[:, :, :2] / homogeneous[:, :, 2:]
    change = intrinsics[:2] - px[..., None] * intrinsics[2]
    change = change / homogeneous[:, :, 2:, None] * weights[:, None, None]
    # A turn a moves a point by a × p: its rows are p × (the projection's rows).
    rows = np.concatenate([np.cross(turned[:, :, None], change), change], axis=-1)
    rows = rows.reshape(len(stands), -1, 6)
    off = ((px - wanted) * weights[:, None]).reshape(len(stands), -1, 1)
    curvature = rows.transpose(0, 2, 1) @ rows
    diagonal = np.einsum("nii->ni", curvature)
    extra = damping[:, None] * diagonal + 1e-9 * diagonal.max(1, keepdims=True) + 1e-12
    curvature = curvature + extra[:, :, None] * np.eye(6)
    return -np.linalg.solve(curvature, rows.transpose(0, 2, 1) @ off)[:, :, 0]
