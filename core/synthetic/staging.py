"""Where things stand: the table under the hand's path, the free object, the clutter about it.

Camera axes, metres.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from core.geometry.rotation import matrix_from_axis_angle
from core.synthetic import objects
from core.synthetic.grasps import GraspingHand
from core.synthetic.motion import HandPath, minimum_jerk
from core.synthetic.solids import Solid

ARM_LENGTH_M = 0.6
_ARM_RADIUS_M = 0.04
_CLEARANCE_M = 0.006
#: A reaching hand rests this long at most while it closes (see `motion.reaching_hand`).
_CONTACT_FRAMES = 16
_LIFT_FRAMES = 14


@dataclass(frozen=True)
class Table:
    """The plane of points p with ``up . p = height_m``; `up` (3,) is its unit normal."""

    up: np.ndarray
    height_m: float

    def axes(self) -> np.ndarray:
        """Right, ahead (away from the camera) and up as columns (3, 3)."""
        ahead = np.array([0, 0, 1.0]) - self.up[2] * self.up
        ahead /= np.linalg.norm(ahead)
        return np.stack([np.cross(ahead, self.up), ahead, self.up], 1)

    def below(self, points_m: np.ndarray) -> np.ndarray:
        """Feet (..., 3) on the plane of points (..., 3)."""
        return points_m + (self.height_m - points_m @ self.up)[..., None] * self.up


@dataclass(frozen=True)
class Placed:
    """A solid at a place: (3, 3) turn and (3,) metres, object axes to camera axes."""

    solid: Solid
    rotation: np.ndarray
    translation_m: np.ndarray

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of points (..., 3)."""
        return self.solid.distance_m((points_m - self.translation_m) @ self.rotation)


def swept_points(hand: GraspingHand, path: HandPath, bend: np.ndarray) -> np.ndarray:
    """Points (T, P, 3) that stand for the hand, its arm and what it holds, a row a frame."""
    rest = _hand_points(hand, bend)
    turned = (rest - hand.joints[0]) @ np.swapaxes(path.rotations, 1, 2)
    return turned + path.wrists_m[:, None]


def lay_table(
    hand: GraspingHand,
    path: HandPath,
    up: np.ndarray,
    bend: np.ndarray,
    generator: np.random.Generator,
) -> tuple[Table, HandPath]:
    """Put the table under everything, or under the standing object and the hand above it."""
    heights = swept_points(hand, path, bend) @ up
    if path.grasp is None or path.held_from == 0:
        lowest = heights.min()
        if path.grasp is not None:
            lowest = min(lowest, (_object_corners(hand, path) @ up).min())
        gap = generator.uniform(0.002, 0.03) if generator.random() < 0.6 else 0.12
        return Table(up, float(lowest - gap)), path
    heights = heights[:, :-8]  # the forearm may dip: mostly it is out of the picture
    corners = _object_corners(hand, path) @ up
    standing = min(path.held_from, len(heights) - 1)
    height = float(corners[standing].min())
    lowest = np.minimum(heights.min(1), np.where(np.arange(len(heights)) > standing,
                                                 corners.min(1), np.inf))  # fmt: skip
    missing = np.clip(height + 0.002 - lowest, 0, None)
    # The grasp itself cannot be lifted off its object: let the table give way instead.
    give = missing[standing]
    missing = np.clip(missing - give, 0, None)
    lift = gaussian_filter1d(maximum_filter1d(missing, 15), 5)
    frames = np.arange(len(lift))
    from_contact = np.maximum(frames - standing, standing - _CONTACT_FRAMES - frames)
    share = minimum_jerk(from_contact / _LIFT_FRAMES)
    wrists = path.wrists_m + (lift * share)[:, None] * up
    return Table(up, height - float(give)), replace(path, wrists_m=wrists)


def place_object(
    hand: GraspingHand,
    path: HandPath,
    table: Table,
    bend: np.ndarray,
    generator: np.random.Generator,
) -> Placed:
    """Stand an object near an empty hand, a third of the time between it and the camera."""
    solid = objects.choose(objects.FOR_THE_TABLE, generator)
    swept = swept_points(hand, path, bend)
    middle = swept[:, :-8].mean((0, 1))
    axes = table.axes()
    forward = -1 if generator.random() < 0.35 else generator.choice([-0.3, 1.0])
    for attempt in range(40):
        reach = 0.03 + attempt * 0.01
        offset = axes[:, 0] * generator.normal(0, 0.06 + reach / 2)
        offset = offset + axes[:, 1] * forward * generator.uniform(0.3, 1) * (0.08 + reach)
        placed = stand(solid, table, middle + offset, generator)
        if placed.distance_m(swept[::3]).min() > _CLEARANCE_M and placed.translation_m[2] > 0.2:
            break
    return placed


def place_clutter(
    hand: GraspingHand,
    path: HandPath,
    objects_at: list[tuple[np.ndarray, np.ndarray]],
    solid: Solid,
    table: Table,
    bend: np.ndarray,
    generator: np.random.Generator,
) -> list[Placed]:
    """Up to seven things about the table that nothing runs into; at times one hides the hand."""
    swept = swept_points(hand, path, bend)
    carried = [solid.triangles.vertices[::7] @ turn.T + place for turn, place in objects_at[::4]]
    taken = np.concatenate([swept[::3].reshape(-1, 3), np.concatenate(carried)])
    middle = swept[:, :-8].mean((0, 1))
    axes = table.axes()
    placed: list[Placed] = []
    if generator.random() < 0.12:
        between = middle * generator.uniform(0.55, 0.75) + axes[:, 0] * generator.normal(0, 0.03)
        _add_free(placed, stand(objects.choose(objects.FOR_THE_TABLE, generator), table, between,
                                generator, floating=True), taken)  # fmt: skip
    for _ in range(int(generator.integers(1, 8))):
        thing = objects.choose(objects.FOR_THE_TABLE, generator)
        side, away = generator.normal(0, 0.28), generator.uniform(-0.05, 0.55)
        candidate = stand(thing, table, middle + axes[:, 0] * side + axes[:, 1] * away, generator)
        if candidate.translation_m[2] > 0.35:
            _add_free(placed, candidate, taken)
    return placed


def stand(
    solid: Solid,
    table: Table,
    near_m: np.ndarray,
    generator: np.random.Generator,
    *,
    floating: bool = False,
) -> Placed:
    """Stand a solid on the table under `near_m` (3,), turned at random; or let it float there."""
    turn = np.eye(3)
    if generator.random() < 0.2:
        turn = matrix_from_axis_angle(np.array([np.pi / 2, 0, 0]))
    yaw = matrix_from_axis_angle(np.array([0, 0, generator.uniform(-np.pi, np.pi)]))
    rotation = table.axes() @ yaw @ turn
    lowest = (solid.corners_m @ rotation.T @ table.up).min()
    foot = near_m if floating else table.below(near_m) - lowest * table.up
    return Placed(solid, rotation, foot)


def _add_free(placed: list[Placed], candidate: Placed, taken: np.ndarray) -> None:
    """Add the candidate unless it runs into the hand's way or another thing."""
    if candidate.distance_m(taken).min() < _CLEARANCE_M:
        return
    for other in placed:
        points = other.solid.triangles.vertices[::5] @ other.rotation.T + other.translation_m
        if candidate.distance_m(points).min() < _CLEARANCE_M:
            return
    placed.append(candidate)


def _hand_points(hand: GraspingHand, bend: np.ndarray) -> np.ndarray:
    """Some points (P, 3) of the rest hand; the last eight are on the forearm."""
    arm = bend[:, 0]
    side = np.cross(arm, [0, 1.0, 0])
    side /= np.linalg.norm(side)
    around = [side, -side, np.cross(arm, side), -np.cross(arm, side)]
    ends = [
        hand.joints[0] + arm * reach + direction * _ARM_RADIUS_M
        for reach in (ARM_LENGTH_M / 2, ARM_LENGTH_M)
        for direction in around
    ]
    return np.concatenate([hand.vertices[::12], ends])


def _object_corners(hand: GraspingHand, path: HandPath) -> np.ndarray:
    """Box corners (T, 8, 3) of the grasped object, were it carried all the time."""
    grasp = path.grasp
    corners = grasp.solid.corners_m @ grasp.rotation.T + grasp.translation_m
    return (corners - hand.joints[0]) @ np.swapaxes(path.rotations, 1, 2) + path.wrists_m[:, None]
