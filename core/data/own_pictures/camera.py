"""The camera of own pictures: from ``intrinsics.json`` beside them, or assumed.

The file holds ``fx``, ``fy``, ``cx`` and ``cy`` in pixels, or a matrix ``K`` (3 × 3); with
``width`` and ``height`` it is scaled to pictures of another size. EXIF is not read: its focal
lengths are rounded, and say nothing of how a picture was cut.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.geometry.camera import Camera

FILE_NAME = "intrinsics.json"
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class GivenCamera:
    """A camera, and the (width, height) of the pictures that it is of, where that is said."""

    camera: Camera
    size_px: tuple[int, int] | None = None

    def of(self, size_px: tuple[int, int]) -> Camera:
        """The camera of pictures of this size; outer edges coincide, pixel centres are integers."""
        if self.size_px is None or self.size_px == size_px:
            return self.camera
        sx, sy = size_px[0] / self.size_px[0], size_px[1] / self.size_px[1]
        scale = np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1.0]])
        return Camera(scale @ self.camera.intrinsics)


def read_camera(folder: Path) -> GivenCamera | None:
    """The camera that lies beside the pictures, or None where there is no such file.

    Raises:
        ValueError: the file holds no camera; the text says why, without naming it.
        OSError: it cannot be read.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES >> 20} MiB")
        values = json.loads(data)
        if "K" in values:
            camera = Camera(np.asarray(values["K"], float))
        else:
            fx, fy, cx, cy = (float(values[name]) for name in ("fx", "fy", "cx", "cy"))
            camera = Camera(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]))
        if "width" not in values:
            return GivenCamera(camera)
        size_px = int(values["width"]), int(values["height"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            f"it holds no camera ({error!r}); it must have fx, fy, cx, cy, or K, in pixels"
        ) from error
    if min(size_px) <= 0:
        raise ValueError(f"a picture of {size_px[0]} × {size_px[1]} pixels cannot be")
    return GivenCamera(camera, size_px)
