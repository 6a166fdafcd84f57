"""Read one frame. Only a missing picture is fatal; everything less is noted in the frame."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.conventions import JOINT_COUNT
from core.data.frame import Frame, FrameId, HandLabel
from core.data.ho3d import layout
from core.data.ho3d.labels import LabelReader
from core.data.ho3d.pictures import (
    PictureError,
    decode_colour,
    decode_exact,
    to_rgb,
    unpack_colour,
    unpack_exact,
)
from core.data.ho3d.problems import UnreadableFrameError
from core.data.ho3d.released import ReleasedLabelsError, ReleasedPoints
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: (width, height) of HO-3D's pictures.
_USUAL_SIZE_PX = (640, 480)


@dataclass(frozen=True)
class ReleasedLabels:
    """Ground truth that came after the evaluation split, in list order; None where it did not.

    Attributes:
        joints: 21 a frame.
        vertices: 778 a frame.
    """

    joints: ReleasedPoints | None = None
    vertices: ReleasedPoints | None = None


def read_frame(
    root: Path,
    split: str,
    frame_id: FrameId,
    *,
    image_path: Path,
    hand_model: HandModel,
    released: ReleasedLabels,
    row: int,
) -> Frame:
    """Read a frame's picture, depth and labels; see `core.data.frame.Frame` for what comes back.

    Raises:
        UnreadableFrameError: there is no picture that can be shown whole.
    """
    image = _read_picture(image_path, frame_id, decode_colour)
    labels = LabelReader(layout.meta_path(root, split, frame_id))
    camera = labels.camera((image.shape[1], image.shape[0]))
    hand, released_problems = _with_released(labels.hand(hand_model), released, row)
    held = labels.object()
    depth_mm, depth_problems = _read_depth(
        layout.depth_path(root, split, frame_id), image.shape[:2]
    )
    return Frame(
        frame_id=frame_id,
        image=image,
        camera=camera,
        depth_mm=depth_mm,
        hand=hand,
        object=held,
        problems=(*depth_problems, *labels.problems, *released_problems),
    )


def read_labels(
    root: Path,
    split: str,
    frame_id: FrameId,
    *,
    hand_model: HandModel,
    released: ReleasedLabels,
    row: int,
) -> Frame:
    """Read a frame's labels alone: its image is empty, (0, 0, 3), and its depth None.

    Where the camera is missing, HO-3D's usual one for 640 × 480 pixels stands in.
    """
    labels = LabelReader(layout.meta_path(root, split, frame_id))
    camera = labels.camera(_USUAL_SIZE_PX)
    hand, problems = _with_released(labels.hand(hand_model), released, row)
    return Frame(
        frame_id=frame_id,
        image=np.empty((0, 0, 3), np.uint8),
        camera=camera,
        hand=hand,
        problems=(*labels.problems, *problems),
    )


def read_crop(
    frame_id: FrameId, transform: CropTransform, *, image_path: Path, depth_path: Path | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Decode a frame's pictures and take a crop of both: what learning needs, and nothing else.

    Returns the image (H, W, 3) uint8 RGB and the depth (H, W) float32 in mm, 0 where unknown, or
    None for `depth_path` None. The same as cropping the whole frame, for less work: depth is
    decoded of the crop's pixels only, which the crop takes as they are.

    Raises:
        UnreadableFrameError: a picture is missing or damaged, or they are of different sizes.
    """
    picture = _read_picture(image_path, frame_id, unpack_colour)
    image = to_rgb(transform.image(picture))
    if depth_path is None:
        return image, None
    code = _read_picture(depth_path, frame_id, unpack_exact)
    if code.shape[:2] != picture.shape[:2]:
        text = f"depth is {code.shape[:2]}, the picture {picture.shape[:2]}"
        raise UnreadableFrameError(frame_id, depth_path, text)
    return image, layout.decode_depth(to_rgb(transform.depth(code)))


def _read_picture(
    path: Path, frame_id: FrameId, decode: Callable[[bytes], np.ndarray]
) -> np.ndarray:
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise UnreadableFrameError(frame_id, path, "the picture is missing") from None
    except OSError as error:
        raise UnreadableFrameError(frame_id, path, str(error.strerror or error)) from error
    except PictureError as error:
        raise UnreadableFrameError(frame_id, path, str(error)) from error


def _read_depth(path: Path, size: tuple[int, int]) -> tuple[np.ndarray | None, list[str]]:
    """Depth (H, W) in mm, or None and why not."""
    try:
        depth_mm = layout.decode_depth(decode_exact(path.read_bytes()))
    except FileNotFoundError:
        return None, [f"{path}: the depth picture is missing"]
    except OSError as error:
        return None, [f"{path}: {error.strerror or error}"]
    except PictureError as error:
        return None, [f"{path}: {error}"]
    if depth_mm.shape != size:
        return None, [f"{path}: depth is {depth_mm.shape}, the picture {size}"]
    return depth_mm, []


def _with_released(
    hand: HandLabel | None, released: ReleasedLabels, row: int
) -> tuple[HandLabel | None, list[str]]:
    """Evaluation labels have the wrist alone; the released ones are the whole hand."""
    problems: list[str] = []
    joints_mm = _released_mm(released.joints, row, problems)
    vertices_mm = _released_mm(released.vertices, row, problems)
    if joints_mm is None and vertices_mm is None:
        return hand, problems
    hand = hand or HandLabel(joints_mm=np.full((JOINT_COUNT, 3), np.nan))
    if joints_mm is not None:
        hand = replace(hand, joints_mm=joints_mm)
    return replace(hand, vertices_mm=vertices_mm), problems


def _released_mm(points: ReleasedPoints | None, row: int, problems: list[str]) -> np.ndarray | None:
    if points is None:
        return None
    try:
        points_m = points.read_m(row)
        if not np.isfinite(points_m).all():
            raise ReleasedLabelsError(f"{points.source}: entry {row} holds NaN or infinite values")
    except ReleasedLabelsError as error:
        problems.append(str(error))
        return None
    return layout.from_opengl_mm(points_m)
