"""Depth in mm as a picture: near is bright, far is deep blue, unknown is hatched."""

from functools import lru_cache

import cv2
import numpy as np

#: From near to far: bone, sand, slate, deep blue; lightness falls all the way.
DEPTH_COLOURS = ("#F4EEDD", "#C9BFA6", "#7F8FA0", "#3C5474", "#16233A")
_STEP_MM = 50.0
_HATCH = ((20, 22, 26), (36, 40, 47))


def _table() -> np.ndarray:
    """(256, 3) uint8 RGB, near first."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in DEPTH_COLOURS], float)
    position = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(position, range(len(stops)), stops[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


_TABLE = _table()


def depth_range_mm(depth_mm: np.ndarray) -> tuple[float, float] | None:
    """Range (near, far) for the colours, on steps of 50 mm so that it holds still while playing.

    Covers all but the outermost percent at either end; None where nothing was measured.
    """
    known = depth_mm[::4, ::4]
    known = known[known > 0]
    if known.size == 0:
        known = depth_mm[depth_mm > 0]
    if known.size == 0:
        return None
    near, far = np.percentile(known, (1, 99))
    near, far = np.floor(near / _STEP_MM) * _STEP_MM, np.ceil(far / _STEP_MM) * _STEP_MM
    return float(near), float(max(far, near + _STEP_MM))


def colour_depth(depth_mm: np.ndarray, range_mm: tuple[float, float] | None) -> np.ndarray:
    """Colour depth (H, W) in mm, 0 where unknown, as (H, W, 3) uint8 RGB."""
    near, far = range_mm or (0.0, 1.0)
    level = np.clip((depth_mm - np.float32(near)) * np.float32(255 / (far - near)), 0, 255)
    picture = cv2.applyColorMap(level.astype(np.uint8), _TABLE[:, None])
    unknown = (depth_mm <= 0).view(np.uint8)
    return cv2.copyTo(_hatch(depth_mm.shape), unknown, picture)


@lru_cache(maxsize=4)
def _hatch(shape: tuple[int, int]) -> np.ndarray:
    """Diagonal stripes (H, W, 3)."""
    rows, columns = np.indices(shape)
    return np.array(_HATCH, np.uint8)[((rows + columns) % 9 < 2).astype(np.intp)]
