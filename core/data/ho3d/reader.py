"""Read one frame. Only a missing picture is fatal; everything less is noted in the frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.conventions import JOINT_COUNT
from core.data.frame import Frame, FrameId, HandLabel
from core.data.ho3d import layout
from core.data.ho3d.depth_part import read_depth_steps
from core.data.ho3d.labels import HO3D_HAND, HandMembers, LabelReader
from core.data.json_rows import JsonRows, JsonRowsError
from core.data.picture_files import read_depth, read_picture
from core.data.pictures import PictureError, decode_exact, picture_size, to_rgb, unpack_colour
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

    joints: JsonRows | None = None
    vertices: JsonRows | None = None


def read_frame(
    root: Path,
    split: str,
    frame_id: FrameId,
    *,
    image_path: Path,
    hand_model: HandModel,
    released: ReleasedLabels,
    row: int,
    members: HandMembers = HO3D_HAND,
) -> Frame:
    """Read a frame's picture, depth and labels; see `core.data.frame.Frame` for what comes back.

    Raises:
        UnreadableFrameError: there is no picture that can be shown whole.
    """
    image = read_picture(image_path, frame_id)
    labels = LabelReader(layout.meta_path(root, split, frame_id))
    camera = labels.camera((image.shape[1], image.shape[0]))
    hand, released_problems = _with_released(labels.hand(hand_model, members), released, row)
    held = labels.object()
    depth_mm, depth_problems = read_depth(
        layout.depth_path(root, split, frame_id), image.shape[:2], _decode_depth
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
    members: HandMembers = HO3D_HAND,
) -> Frame:
    """Read a frame's labels alone: its image is empty, (0, 0, 3), and its depth None.

    Where the camera is missing, HO-3D's usual one for 640 × 480 pixels stands in.
    """
    labels = LabelReader(layout.meta_path(root, split, frame_id))
    camera = labels.camera(_USUAL_SIZE_PX)
    hand, problems = _with_released(labels.hand(hand_model, members), released, row)
    return Frame(
        frame_id=frame_id,
        image=np.empty((0, 0, 3), np.uint8),
        camera=camera,
        hand=hand,
        problems=(*labels.problems, *problems),
    )


@dataclass(frozen=True)
class WantedCrop:
    """A crop, and the files that it is taken from; `depth_path` None asks for no depth."""

    frame_id: FrameId
    transform: CropTransform
    image_path: Path
    depth_path: Path | None


def read_crops(wanted: Sequence[WantedCrop]) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Decode frames' pictures and take a crop of both: what learning needs, and nothing else.

    Returns for each the image (H, W, 3) uint8 RGB and the depth (H, W) float32 in mm, 0 where
    unknown, or None. The same as cropping whole frames, for less work: only the part of a depth
    picture that the crop sees is unpacked, and pictures of one kind come one after another.

    Raises:
        UnreadableFrameError: a picture is missing or damaged, or they are of different sizes.
    """
    images = [_read_image_part(one) for one in wanted]
    return [
        (image, None if one.depth_path is None else _read_depth_part(one, size))
        for one, (image, size) in zip(wanted, images, strict=True)
    ]


def _decode_depth(data: bytes) -> np.ndarray:
    return layout.decode_depth(decode_exact(data))


def _read_image_part(wanted: WantedCrop) -> tuple[np.ndarray, tuple[int, int]]:
    """The crop, and the size (height, width) of the picture that it is from."""
    picture = read_picture(wanted.image_path, wanted.frame_id, unpack_colour)
    return to_rgb(wanted.transform.image(picture)), picture.shape[:2]


def _read_depth_part(wanted: WantedCrop, size: tuple[int, int]) -> np.ndarray:
    transform = wanted.transform

    def read_part(data: bytes) -> np.ndarray:
        width, height = picture_size(data)
        if (height, width) != size:
            raise PictureError(f"depth is {(height, width)}, the picture {size}")
        return read_depth_steps(data, transform.footprint(size))

    steps = read_picture(wanted.depth_path, wanted.frame_id, read_part)
    if steps.size == 0:  # the crop lies beside the photo
        return np.zeros(transform.size_px, np.float32)
    return layout.depth_of_steps(transform.depth(steps))


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


def _released_mm(points: JsonRows | None, row: int, problems: list[str]) -> np.ndarray | None:
    if points is None:
        return None
    try:
        points_m = points.read(row)
        if not np.isfinite(points_m).all():
            raise JsonRowsError(f"{points.source}: entry {row} holds NaN or infinite values")
    except JsonRowsError as error:
        problems.append(str(error))
        return None
    return layout.from_opengl_mm(points_m)
