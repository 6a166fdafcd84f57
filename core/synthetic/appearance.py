"""How a sequence looks: light, surfaces, skin, and the camera that takes it."""

from dataclasses import dataclass

import numpy as np

from core.synthetic.surface import SkinLooks, random_skin
from core.synthetic.textures import package, room_wall, table_top


@dataclass(frozen=True)
class Light:
    """A far lamp.

    Attributes:
        direction: (3,) float32 unit vector towards the lamp, camera axes.
        colour: (3,) float32 strength by colour.
        casts_shadow: Whether its shadows are traced.
        spread: Tangent of its half angle: softness of its shadows.
    """

    direction: np.ndarray
    colour: np.ndarray
    casts_shadow: bool
    spread: float

    def scattered(self, rows: np.ndarray, columns: np.ndarray, *, tile: int) -> np.ndarray:
        """Directions (N, 3) float32 to points of the lamp, a different one at each pixel of a tile.

        Averaged over a square of `tile` pixels, the lamp's whole disk has been seen, without noise.
        """
        number = np.arange(tile * tile)
        radius = np.sqrt((number + 0.5) / tile**2)
        angle = 2.399963 * number
        helper = np.array([1.0, 0, 0]) if abs(self.direction[0]) < 0.8 else np.array([0, 1.0, 0])
        first = np.cross(self.direction, helper)
        first /= np.linalg.norm(first)
        second = np.cross(self.direction, first)
        offset = np.outer(radius * np.cos(angle), first) + np.outer(radius * np.sin(angle), second)
        rays = (self.direction + self.spread * offset).astype(np.float32)
        return rays[(rows % tile) * tile + columns % tile]


@dataclass(frozen=True)
class CameraLooks:
    """What the camera does to a picture.

    Attributes:
        gains: (3,) white balance and exposure.
        gamma: Exponent of the tone curve.
        focus_sigma_px: Blur of the lens.
        shutter: Share of a frame's time that it is open: motion blur.
        noise: Deviation of the sensor's noise, of a range of 1.
    """

    gains: np.ndarray
    gamma: float
    focus_sigma_px: float
    shutter: float
    noise: float


@dataclass(frozen=True)
class Looks:
    """Everything that is seen and not measured; `print` is the object's, (512, 512, 3) each."""

    skin: SkinLooks
    skin_seed: int
    table: np.ndarray
    wall: np.ndarray
    wall_distance_m: float
    print: np.ndarray
    gloss: float
    clutter_prints: tuple[np.ndarray, ...]
    lamps: tuple[Light, ...]
    sky: np.ndarray
    ground: np.ndarray
    camera: CameraLooks

    def ambient(self, normals: np.ndarray) -> np.ndarray:
        """Light (N, 3) from all around on normals (N, 3): brighter from above (-y)."""
        up = (0.5 - 0.5 * normals[:, 1:2]).astype(np.float32)
        return self.ground + (self.sky - self.ground) * up


def random_looks(generator: np.random.Generator, *, farthest_m: float, clutter_count: int) -> Looks:
    """Draw the looks of a sequence whose things reach `farthest_m` from the camera."""
    warmth = generator.normal(0, 0.06)
    tint = np.array([1 + warmth, 1, 1 - warmth], np.float32)
    strength = generator.uniform(0.5, 1.1)
    key = _lamp(generator, np.float32(strength) * tint, shadow=True)
    fill = _lamp(generator, np.float32(generator.uniform(0.05, 0.3)) * tint[::-1], shadow=False)
    sky = np.float32(generator.uniform(0.34, 0.6)) * tint
    return Looks(
        skin=random_skin(generator),
        skin_seed=int(generator.integers(2**31)),
        table=table_top(generator),
        wall=room_wall(generator),
        wall_distance_m=farthest_m + generator.uniform(0.15, 1.0),
        print=package(generator),
        gloss=float(generator.uniform(0.02, 0.35)),
        clutter_prints=tuple(package(generator) for _ in range(clutter_count)),
        lamps=(key, fill),
        sky=sky,
        ground=sky * np.float32(generator.uniform(0.35, 0.7)),
        camera=_random_camera_looks(generator),
    )


def _lamp(generator: np.random.Generator, colour: np.ndarray, *, shadow: bool) -> Light:
    """A lamp above, before or beside the scene."""
    direction = np.array(
        [generator.normal(0, 0.7), -generator.uniform(0.5, 1.3), -generator.uniform(0.1, 0.9)]
    )
    direction = (direction / np.linalg.norm(direction)).astype(np.float32)
    return Light(direction, colour.astype(np.float32), shadow, float(generator.uniform(0.02, 0.14)))


def _random_camera_looks(generator: np.random.Generator) -> CameraLooks:
    """Mostly a good camera; a colour cast, a dim picture or bad focus now and then."""
    cast = generator.normal(0, 0.12 if generator.random() < 0.2 else 0.03, 3)
    dim = generator.uniform(*((0.5, 0.8) if generator.random() < 0.12 else (0.95, 1.3)))
    soft = generator.uniform(*((1.0, 2.0) if generator.random() < 0.12 else (0.45, 0.8)))
    return CameraLooks(
        gains=((1 + cast) * dim).astype(np.float32),
        gamma=float(generator.uniform(1.1, 1.5)),
        focus_sigma_px=float(soft),
        shutter=float(generator.uniform(0.0, 0.6)),
        noise=float(generator.uniform(0.002, 0.012)),
    )
