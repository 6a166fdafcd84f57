"""The objects of the synthetic sets: random sizes of a few plain shapes, honestly named."""

from collections.abc import Callable

import numpy as np

from core.geometry.rotation import matrix_from_axis_angle
from core.synthetic.solids import Box, Part, Revolved, Solid, Torus

_UPRIGHT = np.eye(3)


def _alone(name: str, part: Part, grip_radius_m: float, *, is_round: bool) -> Solid:
    return Solid(name, ((part, _UPRIGHT, np.zeros(3)),), grip_radius_m, is_round)


def _cylinder_profile(radius: float, half: float, bevel: float = 0.002) -> np.ndarray:
    bevel = min(bevel, radius / 3, half / 3)
    return np.array([[0, -half], [radius - bevel, -half], [radius, -half + bevel],
                     [radius, half - bevel], [radius - bevel, half], [0, half]])  # fmt: skip


def carton(generator: np.random.Generator) -> Solid:
    """A box that a hand can span."""
    half = np.array([generator.uniform(0.018, 0.032), generator.uniform(0.02, 0.042),
                     generator.uniform(0.05, 0.09)])  # fmt: skip
    return _alone("syn_carton", Box(half), float(half[1]), is_round=False)


def can(generator: np.random.Generator) -> Solid:
    """A cylinder, from a spray can to a soup can."""
    radius = generator.uniform(0.02, 0.037)
    profile = _cylinder_profile(radius, generator.uniform(0.045, 0.1), 0.004)
    return _alone("syn_can", Revolved(profile), radius, is_round=True)


def bottle(generator: np.random.Generator) -> Solid:
    """A body, shoulders, a neck and a cap."""
    r, h = generator.uniform(0.026, 0.036), generator.uniform(0.065, 0.09)
    neck, bend = r * generator.uniform(0.3, 0.5), generator.uniform(0.15, 0.35)
    shoulder = [[r * (1 - bend * 0.4), h * 0.72], [r * 0.62, h * 0.92]]
    body = [[0, -h], [r * 0.94, -h], [r, -h * 0.95], [r, h * 0.55], *shoulder]
    throat = [[neck, h * 1.02], [neck, h * 1.12]]
    cap = [[neck * 1.2, h * 1.12], [neck * 1.2, h * 1.32], [0, h * 1.32]]
    profile = np.array([*body, *throat, *cap])
    return _alone("syn_bottle", Revolved(profile), r, is_round=True)


def mug(generator: np.random.Generator) -> Solid:
    """A mug with a handle; hollow at the top."""
    r, h = generator.uniform(0.033, 0.042), generator.uniform(0.042, 0.052)
    wall = 0.003
    profile = np.array([[0, -h], [r - 0.003, -h], [r, -h + 0.003], [r, h], [r - wall, h],
                        [r - wall, -h + 0.006], [0, -h + 0.006]])  # fmt: skip
    handle = (Torus(0.026, 0.0055), _UPRIGHT, np.array([r + 0.008, 0, 0]))
    parts = ((Revolved(profile), _UPRIGHT, np.zeros(3)), handle)
    return Solid("syn_mug", parts, r, is_round=False)


def ball(generator: np.random.Generator) -> Solid:
    """A ball, from a golf ball to an orange."""
    radius = generator.uniform(0.022, 0.042)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 21)
    profile = radius * np.stack([np.cos(angle), np.sin(angle)], -1)
    profile[[0, -1], 0] = 0
    return _alone("syn_ball", Revolved(profile), radius, is_round=True)


def jar(generator: np.random.Generator) -> Solid:
    """A low, wide cylinder with a lid, held from above by the fingertips."""
    r, h = generator.uniform(0.024, 0.037), generator.uniform(0.014, 0.028)
    profile = np.array([[0, -h], [r * 0.95, -h], [r * 0.95, h * 0.3], [r, h * 0.3], [r, h], [0, h]])
    return _alone("syn_jar", Revolved(profile), r, is_round=True)


def drill(generator: np.random.Generator) -> Solid:
    """A pistol grip under a body with a nose: something that sticks out of the hand."""
    r, h = generator.uniform(0.017, 0.022), generator.uniform(0.05, 0.06)
    grip = Revolved(_cylinder_profile(r, h, 0.005))
    body = Box(np.array([generator.uniform(0.06, 0.085), 0.023, 0.024]))
    foot = Box(np.array([0.034, 0.024, 0.014]))
    nose = Revolved(_cylinder_profile(0.013, 0.03))
    lying = matrix_from_axis_angle(np.array([0, np.pi / 2, 0]))
    reach = float(body.half_m[0])
    parts = (
        (grip, _UPRIGHT, np.zeros(3)),
        (body, _UPRIGHT, np.array([-0.018, 0, h + 0.02])),
        (foot, _UPRIGHT, np.array([-0.005, 0, -h - 0.008])),
        (nose, lying, np.array([-0.018 - reach - 0.02, 0, h + 0.02])),
    )
    return Solid("syn_drill", parts, r, is_round=False)


def rod(generator: np.random.Generator) -> Solid:
    """A thin stick: a handle, a broom, a rolling pin."""
    radius = generator.uniform(0.008, 0.016)
    profile = _cylinder_profile(radius, generator.uniform(0.08, 0.14), 0.003)
    return _alone("syn_rod", Revolved(profile), radius, is_round=True)


def pen(generator: np.random.Generator) -> Solid:
    """A pen with a tip, for pinches and tripods."""
    r, h = generator.uniform(0.004, 0.007), generator.uniform(0.06, 0.08)
    profile = np.array([[0, -h - 0.012], [r * 0.3, -h - 0.01], [r, -h], [r, h], [0, h]])
    return _alone("syn_pen", Revolved(profile), r, is_round=True)


def block(generator: np.random.Generator) -> Solid:
    """A small brick for two or three fingertips."""
    half = generator.uniform([0.006, 0.012, 0.012], [0.014, 0.03, 0.035])
    return _alone("syn_block", Box(half), float(half[0]), is_round=False)


def card(generator: np.random.Generator) -> Solid:
    """A card, thin along x."""
    half = generator.uniform([0.0008, 0.02, 0.03], [0.0025, 0.03, 0.05])
    return _alone("syn_card", Box(half), float(half[0]), is_round=False)


Maker = Callable[[np.random.Generator], Solid]

#: Every kind, and the label it is written with (YCB's labels end far below).
LABELS = {f"syn_{maker.__name__}": 101 + i for i, maker in enumerate(
    (carton, can, bottle, mug, ball, jar, drill, rod, pen, block, card))}  # fmt: skip

FOR_THE_PALM: tuple[Maker, ...] = (carton, can, bottle, mug, ball, drill, rod)
FOR_FINGERTIPS: tuple[Maker, ...] = (ball, jar, can, mug, carton)
FOR_PINCHING: tuple[Maker, ...] = (pen, block, block, card, ball)
FOR_THE_TABLE: tuple[Maker, ...] = (carton, can, bottle, mug, ball, jar, block, can, carton)


def choose(makers: tuple[Maker, ...], generator: np.random.Generator) -> Solid:
    """A random object of one of the kinds."""
    return makers[int(generator.integers(len(makers)))](generator)
