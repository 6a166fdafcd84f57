"""One sample, whatever dataset it came from: picture, depth, camera, labels, problems.

Everything is in camera axes and millimetres; readers convert once, at their edge.
"""

from dataclasses import dataclass

import numpy as np

from core.conventions import CROP_SIZE_PX
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters

#: How much larger than the tight box of the joints the crop's box is.
CROP_MARGIN = 1.3


@dataclass(frozen=True, order=True)
class FrameId:
    """Sequence and frame number as the dataset names them: ``MC1/0012``."""

    sequence: str
    frame: str

    def __str__(self) -> str:
        return f"{self.sequence}/{self.frame}"

    @classmethod
    def parse(cls, text: str) -> "FrameId":
        """Read ``SEQ/ID``; raises ValueError with the text in it."""
        sequence, slash, frame = text.strip().rpartition("/")
        if not slash or not sequence or not frame:
            raise ValueError(f"a frame is named SEQUENCE/FRAME, not {text!r}")
        return cls(sequence, frame)


@dataclass(frozen=True)
class HandLabel:
    """Ground truth of one hand.

    Attributes:
        joints_mm: (21, 3), NaN where the dataset gives none (evaluation frames: all but the wrist).
        mano: Parameters, or None where the dataset gives none.
        box_px: (x1, y1, x2, y2) where the dataset gives one, else None.
        vertices_mm: (778, 3) where the dataset gives the surface itself, else None.
        is_right: Side of the hand.
    """

    joints_mm: np.ndarray
    mano: ManoParameters | None = None
    box_px: np.ndarray | None = None
    vertices_mm: np.ndarray | None = None
    is_right: bool = True

    @property
    def has_all_joints(self) -> bool:
        """Whether all 21 joints are known."""
        return bool(np.isfinite(self.joints_mm).all())


@dataclass(frozen=True)
class ObjectLabel:
    """The held object: its name and the corners (8, 3) of its box in mm, camera axes."""

    name: str
    corners_mm: np.ndarray


@dataclass(frozen=True)
class Frame:
    """One sample.

    Attributes:
        frame_id: Where it stands in its dataset.
        image: (H, W, 3) uint8, RGB.
        camera: Intrinsics of this frame.
        depth_mm: (H, W) float32, 0 where unknown; None where the dataset has none.
        hand: Labels, or None where the dataset gives none.
        object: The held object, or None.
        problems: What could not be read, one sentence each, naming the file.
        camera_is_assumed: Whether nothing says what the camera was, so that `camera` is a guess.
    """

    frame_id: FrameId
    image: np.ndarray
    camera: Camera
    depth_mm: np.ndarray | None = None
    hand: HandLabel | None = None
    object: ObjectLabel | None = None
    problems: tuple[str, ...] = ()
    camera_is_assumed: bool = False

    @property
    def is_left(self) -> bool:
        """Whether the labelled hand is a left one, whose crop is mirrored."""
        return self.hand is not None and not self.hand.is_right

    def hand_box_px(self) -> np.ndarray | None:
        """The hand's box (x1, y1, x2, y2): the dataset's, else the joints', else None.

        None also for joints that are one point: a box without a size tells nothing.
        """
        if self.hand is None:
            return None
        if self.hand.box_px is not None:
            return self.hand.box_px
        if not self.hand.has_all_joints:
            return None
        keypoints_px = self.camera.project(self.hand.joints_mm)
        low, high = keypoints_px.min(0), keypoints_px.max(0)
        if not np.isfinite(keypoints_px).all() or (high <= low).any():
            return None
        return np.concatenate([low, high])

    def crop(self) -> CropTransform | None:
        """The crop the network sees, or None where nothing says where the hand is.

        It is mirrored around a left hand: see `core.geometry.crop`.
        """
        box_px = self.hand_box_px()
        if box_px is None:
            return None
        return CropTransform.around_box(
            box_px, margin=CROP_MARGIN, size_px=CROP_SIZE_PX, is_mirrored=self.is_left
        )
