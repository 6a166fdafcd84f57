"""Grasps: an object placed in the rest hand, and fingers that close on it link by link.

All in the axes of the rest hand in metres (root rotation identity): where MANO's files have it.
A finger sweeps from an open to a closed posture; the first link that touches the object stops,
and so do the links before it; the rest goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.conventions import FINGER_JOINTS, FINGERS, FINGERTIP_VERTICES
from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel
from core.synthetic import objects
from core.synthetic.kinematics import (
    ABDUCTION,
    END,
    FLEXION,
    INDEX,
    MIDDLE,
    MIDDLE_FINGER,
    PINKY,
    POSTURES,
    RING,
    THUMB,
    HandKinematics,
    clip_posture,
    random_posture,
)
from core.synthetic.solids import Solid

_TOUCH_M = 0.0005
_PALM_SINK_M = 0.0015
_STAGES = (FLEXION, MIDDLE, END)
#: Flesh gives way so far; a deeper grasp is drawn again, a few times.
_SUNK_M, _TRIES = 0.003, 8


@dataclass(frozen=True)
class Grasp:
    """An object in the hand.

    Attributes:
        solid: The object.
        rotation: (3, 3), object axes to rest-hand axes.
        translation_m: (3,) of the object's origin in rest-hand axes.
        closed_deg: Posture (5, 5) in contact.
        open_deg: Posture (5, 5) that the fingers closed from.
        free_fingers: Fingers that hold nothing and may move meanwhile.
    """

    solid: Solid
    rotation: np.ndarray
    translation_m: np.ndarray
    closed_deg: np.ndarray
    open_deg: np.ndarray
    free_fingers: tuple[int, ...]

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of rest-hand points (..., 3) to the placed object."""
        return self.solid.distance_m((points_m - self.translation_m) @ self.rotation)


class GraspingHand:
    """A hand of one shape, closing on objects."""

    def __init__(self, model: HandModel, kinematics: HandKinematics, betas: np.ndarray) -> None:
        self.kinematics = kinematics
        self.vertices, self.joints = model.shaped_m(betas)
        self._weights = model.skinning_weights
        self._fingers = [self._skin_of(finger) for finger in FINGERS]
        palm = (self._weights[:, 0] > 0.3) | (self._weights[:, 13] > 0.3)
        self.palm = self.vertices[palm]
        self.length = _unit(self.joints[4] - self.joints[0])
        across = self.joints[1] - self.joints[7]
        self.across = _unit(across - (across @ self.length) * self.length)
        out = np.cross(self.across, self.length)
        self.out_of_palm = out if out[1] < 0 else -out

    def _skin_of(self, finger: str) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of a finger and their weights (n, 4): palm, first, middle, end link."""
        links = self._weights[:, FINGER_JOINTS[finger][:3]]
        chosen = np.flatnonzero(links.sum(1) > 0.35)
        return chosen, np.c_[1 - links[chosen].sum(1), links[chosen]]

    def finger_points_m(self, finger: int, angles_deg: np.ndarray) -> np.ndarray:
        """Skin (K, n, 3) of one finger for angles (K, 5), by linear blend skinning."""
        chosen, weights = self._fingers[finger]
        local = self.kinematics.finger_rotations(finger, angles_deg)
        rest = self.vertices[chosen]
        points = np.broadcast_to(weights[:, :1] * rest, (len(local), *rest.shape)).copy()
        turn = np.broadcast_to(np.eye(3), (len(local), 3, 3))
        place = self.joints[FINGER_JOINTS[FINGERS[finger]][0]] * np.ones((len(local), 1))
        for link, joint in enumerate(FINGER_JOINTS[FINGERS[finger]][:3]):
            if link:
                parent = FINGER_JOINTS[FINGERS[finger]][link - 1]
                place = place + turn @ (self.joints[joint] - self.joints[parent])
            turn = turn @ local[:, link]
            moved = (rest - self.joints[joint]) @ np.swapaxes(turn, 1, 2) + place[:, None]
            points += weights[:, link + 1, None] * moved
        return points

    def fingertip_m(self, finger: int, angles_deg: np.ndarray) -> np.ndarray:
        """Where the tip (3,) of a finger lies in a posture's row (5,)."""
        at = np.flatnonzero(self._fingers[finger][0] == FINGERTIP_VERTICES["ho3d"][finger])[0]
        return self.finger_points_m(finger, angles_deg[None])[0, at]

    def skin_m(self, angles_deg: np.ndarray) -> np.ndarray:
        """All of the skin (n, 3) in a posture (5, 5): fingers and palm."""
        skins = [
            self.finger_points_m(finger, row[None])[0] for finger, row in enumerate(angles_deg)
        ]
        return np.concatenate([*skins, self.palm])

    def gaps_m(self, grasp: Grasp) -> np.ndarray:
        """Signed distance (6,) from a closed hand to its object: five fingers, then the palm."""
        skins = [self.finger_points_m(f, row[None])[0] for f, row in enumerate(grasp.closed_deg)]
        return np.array([grasp.distance_m(points).min() for points in (*skins, self.palm)])

    def close(
        self,
        finger: int,
        distance_m: Callable[[np.ndarray], np.ndarray],
        start_deg: np.ndarray,
        end_deg: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Close a finger from `start_deg` to `end_deg`, both (5,).

        Returns the angles (5,) where it stopped and the skin's distances (n,) in metres there.
        """
        link_of = self._fingers[finger][1].argmax(1)
        angles, stage = start_deg.copy(), 0
        while stage < 3:
            moving = link_of > stage
            goal = angles.copy()
            goal[list(_STAGES[stage:])] = end_deg[list(_STAGES[stage:])]
            low, high = 0.0, 1.0
            for count in (14, 8):
                steps = np.linspace(low, high, count)
                sweep = angles + (goal - angles) * steps[:, None]
                touching = distance_m(self.finger_points_m(finger, sweep))[:, moving] < _TOUCH_M
                first = int(touching.any(1).argmax()) if touching.any() else None
                if first is None or first == 0:
                    break
                low, high = steps[first - 1], steps[first]
            if first is None:
                angles = goal
                break
            angles = sweep[max(first - 1, 0)]
            stage = max(stage + 1, int(link_of[moving][touching[first]].max()))
        return angles, distance_m(self.finger_points_m(finger, angles[None]))[0]

    def close_thumb(
        self, distance_m: Callable[[np.ndarray], np.ndarray], generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Close the thumb from the most opposed free start; returns start and stop, (5,) each."""
        best = None
        jitter, twist = generator.normal(0, 3), generator.uniform(0, 10)
        for abduction in (24, 12, 0, -12, -24):
            start = np.array([abduction + jitter, -25, twist, 0, -8])
            end = np.array([abduction + jitter, 40, twist, 50, 60])
            stop, gaps = self.close(THUMB, distance_m, start, end)
            ends = gaps[self._fingers[THUMB][1].argmax(1) >= 2]
            sunk_mm = max(0.0, -gaps.min() * 1e3 - 2)
            cost = 2 * sunk_mm + 0.3 * max(0.0, ends.min() * 1e3) - 0.08 * abduction
            if best is None or cost < best[0]:
                best = (cost, start, stop)
        return best[1], best[2]


def random_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """A random grasp: power, fingertips, pinch, tripod or lateral."""
    kinds = (power_grasp, fingertip_grasp, pinch_grasp, tripod_grasp, lateral_grasp)
    kind = kinds[generator.choice(5, p=[0.36, 0.2, 0.17, 0.15, 0.12])]
    # Long things sometimes pierce a finger that was not asked, or slip past one that was.
    best, least = None, np.inf
    for _ in range(_TRIES):
        grasp = kind(hand, generator)
        gaps = hand.gaps_m(grasp)
        sunk_m = max(0.0, -gaps.min())
        loose_m = max(0.0, np.sort(gaps[:5])[1])  # two fingers must touch
        if sunk_m + loose_m < least:
            best, least = grasp, sunk_m + loose_m
        if least < _SUNK_M:
            break
    return best


def power_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """The object slid into the palm, all fingers around it; sometimes one lies straight along."""
    solid = objects.choose(objects.FOR_THE_PALM, generator)
    tilt = np.radians(generator.normal(8, 12))
    rotation = _held_axes(hand, tilt, _turn_about_z(solid, generator))
    centre = 0.62 * hand.joints[4] + 0.38 * hand.joints[0]
    centre = centre + hand.length * generator.normal(0.012, 0.006)
    centre = centre + hand.across * generator.normal(0, 0.012)
    if solid.name == "syn_ball":
        centre = centre + hand.length * 0.012
    translation = _slide_to_palm(hand, solid, rotation, centre, gap_m=-_PALM_SINK_M)
    grasp = _wrap(hand, solid, rotation, translation, generator)
    if generator.random() < 0.2:
        grasp.closed_deg[INDEX] = (-4, generator.uniform(0, 25), 0, generator.uniform(5, 25), 6)
    return grasp


def fingertip_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """The object kept off the palm and held by the tips of the spread fingers."""
    solid = objects.choose(objects.FOR_FINGERTIPS, generator)
    lying = generator.random() < 0.5 and solid.name not in ("syn_jar", "syn_mug")
    centre = 0.9 * hand.joints[4] + 0.1 * hand.joints[0]
    centre = centre + hand.length * generator.normal(0.02, 0.01)
    if lying:
        rotation = _held_axes(hand, np.radians(generator.normal(0, 15)), np.eye(3))
    else:  # its axis comes out of the palm, as a jar's lid is turned
        turn = _turn_about_z(solid, generator)
        rotation = np.stack([hand.length, -hand.across, hand.out_of_palm], 1) @ turn
        if np.linalg.det(rotation) < 0:
            rotation[:, 1] *= -1
    gap = generator.uniform(0.018, 0.04)
    translation = _slide_to_palm(hand, solid, rotation, centre, gap_m=gap)
    return _wrap(hand, solid, rotation, translation, generator, spread=generator.uniform(0.8, 2.2))


def pinch_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """Thumb and index tips on a small object, the other fingers loose."""
    return _between_tips(hand, generator, "pinch", (INDEX,))


def tripod_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """Thumb, index and middle fingertips on a small object."""
    return _between_tips(hand, generator, "tripod", (INDEX, MIDDLE_FINGER))


def lateral_grasp(hand: GraspingHand, generator: np.random.Generator) -> Grasp:
    """The thumb presses a flat thing onto the side of the curled index finger, as with a key."""
    posture = POSTURES["lateral"] + generator.normal(0, 1, (5, 5)) * [2, 5, 0, 6, 4]
    solid = objects.choose((objects.card, objects.block), generator)
    thumb = hand.fingertip_m(THUMB, posture[THUMB])
    side = hand.finger_points_m(INDEX, posture[INDEX][None])[0]
    near = side[np.linalg.norm(side - thumb, axis=1).argmin()]
    # Thin across the gap, long in the plane of the index finger's side.
    rotation = _axes_from(_unit(thumb - near), hand.length + 0.5 * hand.out_of_palm)
    rotation = rotation @ matrix_from_axis_angle(np.array([generator.normal(0, 0.3), 0, 0]))
    reach = solid.corners_m[:, 2].max() * generator.uniform(0.2, 0.7)
    translation = near + rotation[:, 0] * (solid.grip_radius_m + 0.001) + rotation[:, 2] * reach
    distance = _distance_to(solid, rotation, translation)
    start = posture[THUMB] + [0, -22, 0, -8, -8]
    closed = posture.copy()
    closed[THUMB], _ = hand.close(THUMB, distance, start, posture[THUMB] + [0, 14, 0, 14, 20])
    opened = closed.copy()
    opened[THUMB] = start
    return Grasp(solid, rotation, translation, closed, opened, ())


def _between_tips(
    hand: GraspingHand, generator: np.random.Generator, name: str, fingers: tuple[int, ...]
) -> Grasp:
    """Place a small object between the touching tips of a named posture and close on it."""
    posture = POSTURES[name] + generator.normal(0, 1, (5, 5)) * [1.5, 4, 0.5, 4, 3]
    solid = objects.choose(objects.FOR_PINCHING, generator)
    thumb = hand.fingertip_m(THUMB, posture[THUMB])
    others = np.mean([hand.fingertip_m(f, posture[f]) for f in fingers], axis=0)
    # Towards the palm by the pads' depth, so that pads and not nails touch.
    centre = (thumb + others) / 2 + 0.004 * hand.out_of_palm
    rotation = _axes_from(_unit(others - thumb + 0.25 * hand.length), hand.across)
    turn = np.array([generator.normal(0, 0.6), 0, 0])
    rotation = rotation @ matrix_from_axis_angle(turn)
    reach = solid.corners_m[:, 2].max() * generator.uniform(-0.3, 0.3)
    translation = centre + rotation[:, 2] * reach
    distance = _distance_to(solid, rotation, translation)
    loose = random_posture(generator)
    closed, opened = posture.copy(), posture.copy()
    for finger in (THUMB, *fingers):
        opened[finger] = posture[finger] + (
            [0, -34, 0, -6, -4] if finger == THUMB else [0, -32, 0, -14, -8]
        )
        ahead = posture[finger] + [0, 12, 0, 16, 14]
        closed[finger], _ = hand.close(finger, distance, opened[finger], ahead)
    free = tuple(f for f in (INDEX, MIDDLE_FINGER, RING, PINKY) if f not in fingers)
    share = generator.uniform(0, 0.8)
    for finger in free:
        closed[finger] = posture[finger] + (loose[finger] - posture[finger]) * share
        opened[finger] = closed[finger] + [0, -8, 0, -8, -4]
    return Grasp(solid, rotation, translation, clip_posture(closed), clip_posture(opened), free)


def _wrap(
    hand: GraspingHand,
    solid: Solid,
    rotation: np.ndarray,
    translation: np.ndarray,
    generator: np.random.Generator,
    *,
    spread: float = 1.0,
) -> Grasp:
    """Close all five fingers on a placed object."""
    distance = _distance_to(solid, rotation, translation)
    opened, closed = np.zeros((5, 5)), np.zeros((5, 5))
    for finger, fan in ((INDEX, -5), (MIDDLE_FINGER, 0), (RING, 3), (PINKY, 6)):
        start = np.array([fan * spread + generator.normal(0, 2.5), -12, 0, 3, 2])
        end = np.array([start[ABDUCTION], 85, 0, 105, 68])
        opened[finger] = start
        closed[finger], _ = hand.close(finger, distance, start, end)
    opened[THUMB], closed[THUMB] = hand.close_thumb(distance, generator)
    return Grasp(solid, rotation, translation, closed, opened, ())


def _distance_to(solid: Solid, rotation: np.ndarray, translation: np.ndarray):
    """Signed distance to a placed object, as a function of points (..., 3) in metres."""
    return lambda points: solid.distance_m((points - translation) @ rotation)


def _held_axes(hand: GraspingHand, tilt_rad: float, turn: np.ndarray) -> np.ndarray:
    """Object axes with z along the knuckles, tilted towards the fingers, y out of the palm."""
    z = np.cos(tilt_rad) * hand.across + np.sin(tilt_rad) * hand.length
    y = hand.out_of_palm
    return np.stack([np.cross(y, z), y, z], 1) @ turn


def _turn_about_z(solid: Solid, generator: np.random.Generator) -> np.ndarray:
    """A turn about the object's own axis: any for round things, a little for the others."""
    angle = generator.uniform(-np.pi, np.pi) if solid.is_round else generator.normal(0, 0.25)
    return matrix_from_axis_angle(np.array([0, 0, angle]))


def _slide_to_palm(
    hand: GraspingHand, solid: Solid, rotation: np.ndarray, centre: np.ndarray, *, gap_m: float
) -> np.ndarray:
    """Move the object from outside towards the palm until only `gap_m` is left; its place (3,)."""
    out = hand.out_of_palm
    near, far = -0.02, 0.2
    for _ in range(14):
        middle = (near + far) / 2
        gap = solid.distance_m((hand.palm - (centre + out * middle)) @ rotation).min()
        near, far = (middle, far) if gap < gap_m else (near, middle)
    return centre + out * far


def _axes_from(x: np.ndarray, z_hint: np.ndarray) -> np.ndarray:
    """Axes (3, 3) as columns with the given x and z as near to the hint as can be."""
    z = _unit(z_hint - (z_hint @ x) * x)
    return np.stack([x, np.cross(z, x), z], 1)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
