"""How a hand moves through a sequence: eased paths between keys of posture, turn and place.

Camera axes (x right, y down, z away), metres and radians; times in frames.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from core.geometry.camera import Camera
from core.geometry.rotation import angle_between_rad, matrix_from_axis_angle
from core.synthetic.grasps import Grasp, GraspingHand
from core.synthetic.kinematics import POSTURES, random_posture

#: A forearm that points more towards the camera hides its own hand; more away, its end is seen.
_ARM_Z = (-0.3, 0.45)
_SLOWEST_KEY_FRAMES = 13
_FRAMES_PER_RADIAN = 13


#: Turns that put each of a box's six sides up, and how often; the first leaves it upright.
_SIDES_UP = np.concatenate(
    [
        matrix_from_axis_angle(np.outer([0, 1, 2, 3], [np.pi / 2, 0, 0])),
        matrix_from_axis_angle(np.outer([1, 3], [0, np.pi / 2, 0])),
    ]
)
_SIDES_SHARES = (0.4, 0.12, 0.12, 0.12, 0.12, 0.12)


@dataclass(frozen=True)
class HandPath:
    """A hand over T frames.

    Attributes:
        angles_deg: (T, 5, 5) postures.
        rotations: (T, 3, 3), rest hand to camera axes.
        wrists_m: (T, 3) wrist joint.
        grasp: What it holds or will hold, or None for an empty hand.
        held_from: First frame in which the object moves with the hand.
    """

    angles_deg: np.ndarray
    rotations: np.ndarray
    wrists_m: np.ndarray
    grasp: Grasp | None
    held_from: int


@dataclass(frozen=True)
class Keys:
    """Key turns (K, 3, 3) and wrists (K, 3) in metres at times (K,) in frames."""

    times: np.ndarray
    rotations: np.ndarray
    wrists_m: np.ndarray


def minimum_jerk(share: np.ndarray) -> np.ndarray:
    """Progress in [0, 1] at a share of the time: 10 s^3 - 15 s^4 + 6 s^5, constant outside [0, 1].

    Human reaching follows it (Flash and Hogan, 1985).
    """
    share = np.clip(share, 0, 1)
    return share**3 * (10 - 15 * share + 6 * share**2)


def ease(times: np.ndarray, keys: np.ndarray, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where frames (T,) lie among key times (K,): (index (T,), eased share (T,))."""
    index = np.clip(np.searchsorted(times, frames, side="right") - 1, 0, len(keys) - 2)
    return index, minimum_jerk((frames - times[index]) / (times[index + 1] - times[index]))


def along(times: np.ndarray, keys: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Eased values (T, ...) between keys (K, ...) at times (K,); constant outside them."""
    index, share = ease(times, keys, frames)
    share = share.reshape(-1, *[1] * (keys.ndim - 1))
    return keys[index] * (1 - share) + keys[index + 1] * share


def turns_along(times: np.ndarray, keys: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Eased rotations (T, 3, 3) between key rotations (K, 3, 3) at times (K,)."""
    index, share = ease(times, keys, frames)
    slerp = Slerp(np.arange(len(keys)), Rotation.from_matrix(keys))
    return slerp(index + share).as_matrix()


def wander(
    generator: np.random.Generator, frames: np.ndarray, size: tuple[int, ...], amplitude: float
) -> np.ndarray:
    """Small smooth unrest (T, *size): a hand is never quite still."""
    out = np.zeros((len(frames), *size))
    for period in (90, 47, 23):
        phase = generator.uniform(0, 2 * np.pi, size)
        strength = generator.normal(0, amplitude * period / 90, size)
        angle = frames.reshape(-1, *[1] * len(size)) * (2 * np.pi / period) + phase
        out += strength * np.sin(angle)
    return out


def _shows_hand(turn: np.ndarray) -> bool:
    return bool(_ARM_Z[0] < turn[2, 0] < _ARM_Z[1])


def random_turn(generator: np.random.Generator) -> np.ndarray:
    """A hand's orientation (3, 3) as in HO-3D: the arm comes in from below or a side.

    The root's x axis points up the forearm. Its direction in the picture scatters about "down",
    it may lean away from the camera but hardly towards it, and the roll about it is free.
    """
    if generator.random() < 0.15:
        while True:
            turn = Rotation.random(random_state=generator).as_matrix()
            if _shows_hand(turn):
                return turn
    heading = generator.normal(0, np.radians(60))
    lean = generator.uniform(np.arcsin(_ARM_Z[0] + 0.02), np.arcsin(_ARM_Z[1] - 0.02))
    arm = np.array([np.sin(heading) * np.cos(lean), np.cos(heading) * np.cos(lean), np.sin(lean)])
    side = np.cross(arm, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    frame = np.stack([arm, np.cross(side, arm), side], 1)
    return frame @ matrix_from_axis_angle(np.array([generator.uniform(-np.pi, np.pi), 0, 0]))


def nearby_turn(turn: np.ndarray, generator: np.random.Generator, spread_rad: float) -> np.ndarray:
    """Another orientation, about `spread_rad` away, that still shows the hand."""
    for _ in range(60):
        candidate = matrix_from_axis_angle(generator.normal(0, spread_rad / 1.7, 3)) @ turn
        if _shows_hand(candidate):
            return candidate
    return turn


def random_place(
    camera: Camera, generator: np.random.Generator, base: np.ndarray | None = None
) -> np.ndarray:
    """Where the hand's middle is, (3,) metres: 0.4-0.8 m away, seldom at the picture's edge.

    With `base` (3,), a place near that one.
    """
    if base is None:
        depth = generator.uniform(0.42, 0.78)
        pixel = generator.normal([320, 240], [80, 55])
        if generator.random() < 0.1:
            side = generator.integers(4)
            pixel[side % 2] = ((25, 615), (25, 455))[side % 2][side // 2]
        pixel = np.clip(pixel, [15, 15], [625, 465])
    else:
        depth = np.clip(base[2] + generator.normal(0, 0.04), 0.4, 0.8)
        pixel = camera.project(base) + generator.normal(0, 28, 2) / base[2]
    return camera.unproject(pixel, np.array(depth))


def random_keys(
    hand: GraspingHand,
    camera: Camera,
    middle_m: np.ndarray,
    length: int,
    generator: np.random.Generator,
    *,
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> Keys:
    """Keys until `length`, the hand's `middle_m` (3,) (rest axes) kept near one place in view.

    `start` is an optional first (rotation, wrist); times begin at 0.
    """
    spread = generator.uniform(0.25, 0.9)
    offset = middle_m - hand.joints[0]
    if start is None:
        turn = random_turn(generator)
        base = random_place(camera, generator)
        start = (turn, base - turn @ offset)
    base = start[1] + start[0] @ offset
    times, turns, wrists = [0.0], [start[0]], [start[1]]
    while times[-1] < length:
        turn = nearby_turn(turns[-1], generator, spread)
        place = random_place(camera, generator, base)
        angle = float(angle_between_rad(turns[-1], turn))
        pace = generator.uniform(1.0, 1.5)
        times.append(times[-1] + max(_SLOWEST_KEY_FRAMES, _FRAMES_PER_RADIAN * angle) * pace)
        turns.append(turn)
        wrists.append(place - turn @ offset)
    return Keys(np.array(times), np.array(turns), np.array(wrists))


def empty_hand(
    hand: GraspingHand, camera: Camera, length: int, generator: np.random.Generator
) -> HandPath:
    """A hand going through postures in the air."""
    frames = np.arange(length, dtype=float)
    keys = random_keys(hand, camera, hand.vertices.mean(0), length, generator)
    times = [0.0]
    while times[-1] < length:
        times.append(times[-1] + generator.uniform(16, 28))
    postures = np.array([random_posture(generator) for _ in times])
    return HandPath(
        along(np.array(times), postures, frames),
        turns_along(keys.times, keys.rotations, frames),
        along(keys.times, keys.wrists_m, frames),
        None,
        0,
    )


def holding_hand(
    hand: GraspingHand,
    grasp: Grasp,
    camera: Camera,
    length: int,
    generator: np.random.Generator,
) -> HandPath:
    """A hand that turns what it holds before the camera; unused fingers move."""
    frames = np.arange(length, dtype=float)
    middle = (hand.vertices.mean(0) + grasp.translation_m) / 2
    keys = random_keys(hand, camera, middle, length, generator)
    return HandPath(
        held_angles(grasp, frames, generator),
        turns_along(keys.times, keys.rotations, frames),
        along(keys.times, keys.wrists_m, frames),
        grasp,
        0,
    )


def reaching_hand(
    hand: GraspingHand,
    grasp: Grasp,
    camera: Camera,
    up: np.ndarray,
    length: int,
    generator: np.random.Generator,
) -> HandPath | None:
    """A hand that comes, closes on a standing object, lifts it and turns it.

    `up` (3,) is the table's normal. None where no turn of the object keeps the arm above the table
    and out of the way of the camera.
    """
    turn = _turn_above_table(hand, grasp, up, generator)
    if turn is None:
        return None
    frames = np.arange(length, dtype=float)
    middle = (hand.vertices.mean(0) + grasp.translation_m) / 2
    wrist = random_place(camera, generator) - turn @ (middle - hand.joints[0])
    arrive = generator.uniform(13, min(26, 13 + length / 6))
    closed = arrive + generator.uniform(12, 16)
    back = -turn @ hand.out_of_palm * generator.uniform(0.05, 0.10)
    back = back + up * generator.uniform(0, 0.04)
    begin = nearby_turn(turn, generator, 0.3)
    lifted = wrist + up * generator.uniform(0.03, 0.09)
    later = random_keys(hand, camera, middle, length, generator, start=(turn, lifted))
    lift = closed + 14
    times = np.concatenate([[0, arrive, closed, lift], lift + later.times[1:]])
    rotations = np.concatenate([[begin, turn, turn, turn], later.rotations[1:]])
    wrists = np.concatenate([[wrist + back, wrist, wrist, lifted], later.wrists_m[1:]])
    first = POSTURES["relaxed"] if generator.random() < 0.5 else random_posture(generator)
    first = grasp.open_deg + (first - grasp.open_deg) * generator.uniform(0.2, 0.8)
    postures = np.array([first, grasp.open_deg, grasp.closed_deg])
    angles = along(np.array([0, arrive, closed]), postures, frames)
    held = held_angles(grasp, np.clip(frames - closed, 0, None), generator)
    angles = np.where((frames > closed)[:, None, None], held, angles)
    turns, places = turns_along(times, rotations, frames), along(times, wrists, frames)
    return HandPath(angles, turns, places, grasp, int(np.ceil(closed)))


def held_angles(grasp: Grasp, frames: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Postures (T, 5, 5) of a holding hand: fixed where it touches, loose where it does not."""
    angles = np.repeat(grasp.closed_deg[None], len(frames), axis=0)
    if grasp.free_fingers:
        times = np.arange(0, frames[-1] + 40, 20.0)
        loose = np.array([random_posture(generator) for _ in times])
        path = along(times, loose, frames) - loose[0]
        free = list(grasp.free_fingers)
        angles[:, free] += 0.5 * path[:, free]
    return angles


def _turn_above_table(
    hand: GraspingHand, grasp: Grasp, up: np.ndarray, generator: np.random.Generator
) -> np.ndarray | None:
    """An orientation (3, 3) of the hand for which the object stands on one of its sides."""
    ahead = np.array([0, 0, 1.0]) - up[2] * up
    ahead /= np.linalg.norm(ahead)
    upright = np.stack([np.cross(ahead, up), ahead, up], 1)
    thing = grasp.solid.corners_m @ grasp.rotation.T + grasp.translation_m
    skin = np.concatenate([hand.skin_m(grasp.open_deg), hand.skin_m(grasp.closed_deg)])
    for _ in range(200):
        side = _SIDES_UP[generator.choice(6, p=_SIDES_SHARES)]
        if grasp.solid.name == "syn_ball":
            side = Rotation.random(random_state=generator).as_matrix()
        yaw = matrix_from_axis_angle(np.array([0, 0, generator.uniform(-np.pi, np.pi)]))
        turn = upright @ yaw @ side @ grasp.rotation.T
        height = up @ turn  # of rest-hand points
        clear = (skin @ height).min() > (thing @ height).min() - 0.004
        if clear and _shows_hand(turn) and turn[:, 0] @ up > -0.02 and turn[1, 0] > -0.75:
            return turn
    return None
