"""Read a frame's picture and depth from files, and say what is wrong in the dataset's words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.data.frame import FrameId
from core.data.pictures import PictureError, decode_colour, decode_depth_mm
from core.data.problems import UnreadableFrameError


def read_picture(
    path: Path, frame_id: FrameId, decode: Callable[[bytes], np.ndarray] = decode_colour
) -> np.ndarray:
    """Decode a picture that a frame cannot be without.

    Raises:
        UnreadableFrameError: it is missing or damaged.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableFrameError(frame_id, path, "the picture is missing") from None
    except OSError as error:
        raise UnreadableFrameError(frame_id, path, str(error.strerror or error)) from error
    except PictureError as error:
        raise UnreadableFrameError(frame_id, path, str(error)) from error


def read_depth(
    path: Path,
    size: tuple[int, int],
    decode: Callable[[bytes], np.ndarray] = decode_depth_mm,
) -> tuple[np.ndarray | None, list[str]]:
    """Depth (H, W) float32 in mm of a picture of this (height, width), or None and why not."""
    try:
        depth_mm = decode(path.read_bytes())
    except FileNotFoundError:
        return None, [f"{path}: the depth picture is missing"]
    except OSError as error:
        return None, [f"{path}: {error.strerror or error}"]
    except PictureError as error:
        return None, [f"{path}: {error}"]
    if depth_mm.shape != size:
        return None, [f"{path}: depth is {depth_mm.shape}, the picture {size}"]
    return depth_mm, []
