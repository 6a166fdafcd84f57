"""A hundred thousand points as one picture. Pure numpy and OpenCV, no Qt."""

from __future__ import annotations

import cv2
import numpy as np

#: Of one point, so that many of them on one place are seen to be many.
POINT_ALPHA = 0.62


def paint_points(
    x_px: np.ndarray,
    y_px: np.ndarray,
    kinds: np.ndarray,
    *,
    size_px: tuple[int, int],
    colours: tuple[tuple[int, int, int], ...],
    radius_px: float,
    alphas: tuple[float, ...] | None = None,
) -> np.ndarray:
    """Draw points, kind after kind, each denser where several of them fall together.

    Args:
        x_px: (N,) columns, pixel centres at half integers (0.5 is the first column's middle).
        y_px: (N,) rows, likewise; what is NaN or outside is left out.
        kinds: (N,) index into `colours`; a later kind is drawn over an earlier one.
        size_px: (width, height) of the picture.
        colours: RGB, 0 to 255, of every kind.
        radius_px: Of a point's disc.
        alphas: Opacity of one point of every kind; `POINT_ALPHA` where not given.

    Returns:
        (height, width, 4) uint8: red, green, blue with premultiplied alpha.
    """
    width, height = size_px
    picture = np.zeros((height * width, 4), np.float32)
    with np.errstate(invalid="ignore"):
        inside = (x_px >= 0) & (x_px < width) & (y_px >= 0) & (y_px < height)
    pixels = y_px[inside].astype(np.int32) * width + x_px[inside].astype(np.int32)
    shown = kinds[inside]
    disc = _disc(radius_px)
    for kind, colour in enumerate(colours):
        here = pixels[shown == kind]
        if not len(here):
            continue
        counts = np.bincount(here, minlength=width * height).reshape(height, width)
        depth = cv2.filter2D(counts.astype(np.float32), -1, disc, borderType=cv2.BORDER_CONSTANT)
        once = POINT_ALPHA if alphas is None else alphas[kind]
        covered = np.flatnonzero(depth > 0)  # mostly few of all pixels
        alpha = 1 - (1 - once) ** depth.ravel()[covered, None]
        picture[covered] = picture[covered] * (1 - alpha) + alpha * np.float32([*colour, 255])
    return np.clip(np.round(picture), 0, 255).astype(np.uint8).reshape(height, width, 4)


def _disc(radius_px: float) -> np.ndarray:
    """Coverage of a disc about the middle pixel, with soft edges."""
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
