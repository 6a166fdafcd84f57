"""Read one frame. Only a missing picture is fatal; everything less is noted in the frame."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.data.frame import Frame, FrameId, HandLabel
from core.data.ho3d import layout
from core.data.ho3d.labels import LabelReader
from core.data.ho3d.pictures import PictureError, decode_colour, decode_exact
from core.data.ho3d.problems import UnreadableFrameError
from core.hand.hand_model import HandModel


@dataclass(frozen=True)
class ReleasedLabels:
    """Ground truth that came after the evaluation split, in list order: metres, OpenGL axes.

    Attributes:
        joints_m: (N, 21, 3), or None.
        vertices_m: (N, 778, 3), or None.
    """

    joints_m: np.ndarray | None = None
    vertices_m: np.ndarray | None = None

    def of(self, row: int) -> "ReleasedLabels":
        """One row's: (21, 3) and (778, 3)."""
        return ReleasedLabels(
            None if self.joints_m is None else self.joints_m[row],
            None if self.vertices_m is None else self.vertices_m[row],
        )


def read_frame(
    root: Path,
    split: str,
    frame_id: FrameId,
    *,
    image_path: Path,
    hand_model: HandModel,
    released: ReleasedLabels,
) -> Frame:
    """Read a frame's picture, depth and labels; see `core.data.frame.Frame` for what comes back.

    Raises:
        UnreadableFrameError: there is no picture that can be shown whole.
    """
    image = _read_image(image_path, frame_id)
    labels = LabelReader(layout.meta_path(root, split, frame_id))
    camera = labels.camera((image.shape[1], image.shape[0]))
    hand = _with_released(labels.hand(hand_model), released)
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
        problems=(*depth_problems, *labels.problems),
    )


def _read_image(path: Path, frame_id: FrameId) -> np.ndarray:
    try:
        return decode_colour(path.read_bytes())
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


def _with_released(hand: HandLabel | None, released: ReleasedLabels) -> HandLabel | None:
    """Evaluation labels have the wrist alone; the released ones are the whole hand."""
    if released.joints_m is None and released.vertices_m is None:
        return hand
    hand = hand or HandLabel(joints_mm=np.full((21, 3), np.nan))
    if released.joints_m is not None and np.isfinite(released.joints_m).all():
        hand = replace(hand, joints_mm=layout.from_opengl_mm(released.joints_m))
    if released.vertices_m is not None and np.isfinite(released.vertices_m).all():
        hand = replace(hand, vertices_mm=layout.from_opengl_mm(released.vertices_m))
    return hand
