"""Colours of a surface: error in millimetres, clay, and light. Pure numpy."""

import numpy as np

from utnet_viewer.theme import ERROR_COLOURS, ERROR_RANGE_MM

CLAY = "#DCC8B4"


def rgb(hex_colour: str) -> np.ndarray:
    """(3,) float32 in [0, 1] of ``#RRGGBB``."""
    return np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255


def _unit(x: float, y: float, z: float) -> np.ndarray:
    vector = np.array([x, y, z], np.float32)
    return vector / np.linalg.norm(vector)


# Towards the light, in view axes (y down, z away): the key from the upper left, the fill from the
# right, both in front of the hand.
KEY_LIGHT, FILL_LIGHT = _unit(-0.45, -0.68, -0.58), _unit(0.85, 0.10, -0.52)
AMBIENT, KEY, FILL, RIM, GLOSS = 0.34, 0.90, 0.30, 0.10, 0.06


def error_colours(errors_mm: np.ndarray) -> np.ndarray:
    """Colours (n, 3) in [0, 1] of errors (n,) in mm: 0 is the first colour of the scale, 20 and
    above the last; NaN is grey.
    """
    scale = np.stack([rgb(colour) for colour in ERROR_COLOURS])
    stops = np.linspace(0, ERROR_RANGE_MM, len(scale))
    colours = np.stack([np.interp(errors_mm, stops, channel) for channel in scale.T], axis=1)
    colours[~np.isfinite(errors_mm)] = 0.5
    return colours.astype(np.float32)


def shade(
    colours: np.ndarray,
    normals: np.ndarray,
    to_eye: np.ndarray,
    openness: np.ndarray,
) -> np.ndarray:
    """Light vertices, all in view axes: (n, 3) float32 in [0, 255], sRGB.

    Args:
        colours: (3,) or (n, 3) sRGB in [0, 1].
        normals: (n, 3) of length one.
        to_eye: (n, 3) of length one, from the vertex to the eye.
        openness: (n,) 1 where nothing is near, 0 deep in a crease.

    Light adds up in linear space, so that shadows keep their hue. The light of the key wraps a
    little around the form, as it does on skin.
    """
    key = np.maximum((normals @ KEY_LIGHT + 0.18) / 1.18, 0)
    fill = np.maximum(normals @ FILL_LIGHT, 0)
    sky = 0.5 - 0.5 * normals[:, 1]
    facing = np.abs(np.einsum("ij,ij->i", normals, to_eye))
    halfway = KEY_LIGHT + to_eye
    halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
    gloss = np.maximum(np.einsum("ij,ij->i", normals, halfway), 0) ** 24
    open_sky = 0.15 + 0.85 * openness
    light = open_sky * (AMBIENT * (0.45 + 0.55 * sky) + FILL * fill)
    light += KEY * key * (0.45 + 0.55 * openness)
    light *= 0.66 + 0.34 * facing  # turning away darkens, which parts a finger from the one behind
    shine = RIM * (1 - facing) ** 3 * sky * open_sky + GLOSS * gloss * openness
    linear = np.asarray(colours, np.float32) ** 2.2 * light[:, None] + shine[:, None]
    return (np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.float32)
