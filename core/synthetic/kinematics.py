"""Anatomical joint angles of a hand: named poses, random poses, and their way into MANO's angles.

A posture is an array (5, 5) in degrees: a row a finger in `core.conventions.FINGERS`' order, the
columns of `ANGLES`. Flexion bends towards the palm, abduction moves away from the middle finger.
"""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from core.conventions import FINGER_JOINTS, FINGERS
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle

ANGLES = ("abduction", "flexion", "twist", "middle flexion", "end flexion")
ABDUCTION, FLEXION, TWIST, MIDDLE, END = range(5)
THUMB, INDEX, MIDDLE_FINGER, RING, PINKY = range(5)

_LOWEST = np.array([[-30, -25, -15, -5, -15]] + [[-20, -22, -6, -3, -8]] * 4, float)
_HIGHEST = np.array([[30, 45, 40, 58, 78]] + [[20, 92, 6, 112, 78]] * 4, float)

#: Straight fingers, as the hand's rest pose has them.
FLAT = np.zeros((5, 5))


def _posture(thumb, index, middle, ring, pinky) -> np.ndarray:
    """Build a posture from (abduction, flexion, twist, middle, end) of each finger, in degrees."""
    return np.array([thumb, index, middle, ring, pinky], float)


_CURLED = {
    "index": (0, 80, 0, 98, 58),
    "middle": (0, 84, 0, 100, 60),
    "ring": (0, 86, 0, 100, 60),
    "pinky": (0, 86, 0, 95, 58),
}
_STRAIGHT = {
    "index": (-5, 3, 0, 5, 3),
    "middle": (0, 3, 0, 5, 3),
    "ring": (5, 3, 0, 5, 3),
    "pinky": (10, 3, 0, 6, 3),
}
_THUMB_OVER = (15, 0, -6, 52, 19)
_THUMB_OUT = (0, -15, 5, 0, 0)


def _counting(straight: tuple[str, ...], thumb: tuple[float, ...] = _THUMB_OVER) -> np.ndarray:
    """A hand with the named fingers straight and the others curled in."""
    rows = [_STRAIGHT[f] if f in straight else _CURLED[f] for f in FINGERS[1:]]
    return _posture(thumb, *rows)


#: Postures of hands that hold nothing; the touching ones were solved for thumb contact.
POSTURES = {
    "open": _posture((4, -8, 0, 0, 0), (-3, -4, 0, 4, 2), (0, -3, 0, 4, 2), (3, -3, 0, 4, 2),
                     (6, -4, 0, 4, 2)),
    "spread": _posture((5, -18, 0, 0, -5), (-15, -4, 0, 2, 0), (-1, -3, 0, 2, 0),
                       (9, -3, 0, 2, 0), (18, -4, 0, 2, 0)),
    "relaxed": _posture((0, 8, 3, 8, 10), (0, 22, 0, 28, 15), (0, 26, 0, 32, 18),
                        (0, 30, 0, 34, 18), (0, 32, 0, 32, 17)),
    "fist": _counting(()),
    "point": _counting(("index",)),
    "victory": _counting(("index", "middle")),
    "three": _counting(("index", "middle", "ring"), (20, 25, 5, 30, 20)),
    "four": _counting(FINGERS[1:], (20, 25, 5, 30, 20)),
    "horns": _counting(("index", "pinky")),
    "thumb up": _counting((), _THUMB_OUT),
    "gun": _counting(("index",), _THUMB_OUT),
    "phone": _counting(("pinky",), _THUMB_OUT),
    "hook": _posture((0, 0, 0, 5, 5), (0, 5, 0, 85, 50), (0, 5, 0, 88, 52), (0, 5, 0, 88, 52),
                     (0, 5, 0, 82, 48)),
    "duck": _posture((15, 20, 5, 10, 5), (0, 80, 0, 5, 3), (0, 82, 0, 5, 3), (0, 82, 0, 5, 3),
                     (0, 80, 0, 5, 3)),
    "platform": _posture((22, 12, 5, 5, 10), (-5, 8, 0, 14, 8), (0, 8, 0, 14, 8), (4, 8, 0, 14, 8),
                         (9, 8, 0, 14, 8)),
    "claw": _posture((5, 0, 0, 15, 30), (-8, -5, 0, 60, 40), (0, -5, 0, 62, 42), (6, -5, 0, 60, 40),
                     (14, -5, 0, 55, 38)),
    "pinch": _posture((18.9, 36.6, 5.9, 1.0, -9.8), (0, 50, 0, 52, 30), (0, 25, 0, 30, 18),
                      (0, 20, 0, 25, 15), (0, 15, 0, 22, 14)),
    "tripod": _posture((25.0, 34.9, 3.7, 18.3, -10.0), (2, 52, 0, 45, 25), (0, 55, 0, 50, 28),
                       (0, 50, 0, 50, 30), (0, 50, 0, 50, 30)),
    "lateral": _posture((-1.5, 23.3, -1.9, 10.6, 0.6), (0, 60, 0, 70, 40), (0, 70, 0, 80, 45),
                        (0, 75, 0, 85, 48), (0, 75, 0, 80, 45)),
}  # fmt: skip

_PROBABILITY = dict.fromkeys(POSTURES, 1.0) | {
    "open": 1.6, "spread": 2.0, "point": 2.0, "hook": 1.4, "relaxed": 1.2, "fist": 1.6,
}  # fmt: skip


def clip_posture(angles_deg: np.ndarray) -> np.ndarray:
    """Keep angles (..., 5, 5) within what joints can do."""
    return np.clip(angles_deg, _LOWEST, _HIGHEST)


def random_posture(generator: np.random.Generator) -> np.ndarray:
    """A posture (5, 5) of an empty hand: a named one, part of the way to it, or a blend, jittered.

    A fifth are fingers bent independently, which no name covers.
    """
    if generator.random() < 0.2:
        bend = generator.beta(0.7, 0.7, 5)[:, None]
        target = POSTURES["fist"]
    else:
        names = list(_PROBABILITY)
        weights = np.array(list(_PROBABILITY.values()))
        target = POSTURES[names[generator.choice(len(names), p=weights / weights.sum())]]
        bend = np.clip(generator.beta(3.0, 0.8) + generator.normal(0, 0.05, (5, 1)), 0, 1.05)
    start = POSTURES["open" if generator.random() < 0.6 else "relaxed"]
    jitter = generator.normal(0, 1, (5, 5)) * np.array([3.0, 6.0, 1.5, 7.0, 5.0])
    jitter += generator.normal(0, 4) * np.array([0, 1, 0, 1, 0.6])
    return clip_posture(start + (target - start) * bend + jitter)


@dataclass(frozen=True)
class HandKinematics:
    """Joint axes of the stand-in hand, each (16, 3), unit vectors of the rest pose."""

    flexion: np.ndarray
    abduction: np.ndarray
    twist: np.ndarray

    @classmethod
    def load(cls) -> "HandKinematics":
        """Read the axes that lie beside the stand-in hand."""
        path = files("resources") / "hand" / "standin_axes.npz"
        with path.open("rb") as stream, np.load(stream) as axes:
            return cls(axes["FL"], axes["AB"], axes["TW"])

    def finger_rotations(self, finger: int, angles_deg: np.ndarray) -> np.ndarray:
        """Local rotations (..., 3, 3, 3) of a finger's three joints for angles (..., 5)."""
        angles_rad = np.radians(np.asarray(angles_deg, float))[..., None]
        first, middle, end = FINGER_JOINTS[FINGERS[finger]][:3]
        swing = matrix_from_axis_angle(angles_rad[..., ABDUCTION, :] * self.abduction[first])
        bend = matrix_from_axis_angle(angles_rad[..., FLEXION, :] * self.flexion[first])
        roll = matrix_from_axis_angle(angles_rad[..., TWIST, :] * self.twist[first])
        return np.stack(
            [
                swing @ bend @ roll,
                matrix_from_axis_angle(angles_rad[..., MIDDLE, :] * self.flexion[middle]),
                matrix_from_axis_angle(angles_rad[..., END, :] * self.flexion[end]),
            ],
            axis=-3,
        )

    def hand_pose_rad(self, angles_deg: np.ndarray) -> np.ndarray:
        """MANO's hand pose (45,) of a posture (5, 5) in degrees."""
        rotations = np.empty((16, 3, 3))
        for finger, name in enumerate(FINGERS):
            rotations[list(FINGER_JOINTS[name][:3])] = self.finger_rotations(
                finger, angles_deg[finger]
            )
        return axis_angle_from_matrix(rotations[1:]).ravel()
