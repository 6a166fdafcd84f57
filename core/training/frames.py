"""Labelled frames in memory: a dataset's hands, cut down so that thousands fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.frame import Frame
from core.data.ho3d.index import open_index
from core.data.ho3d.problems import UnreadableFrameError
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: (height, width) of a compacted frame: a crop turned by 45 degrees still fits its middle.
COMPACT_SIZE_PX = (384, 336)


def compact(frame: Frame, *, room: float = 1.5) -> Frame:
    """Cut a frame down to its hand with room around it, so that thousands fit into memory.

    A crop of a frame is a frame again, with its own camera: training sees no difference but a
    black border where an augmented view leaves the `room` (a factor on the crop's box).
    """
    transform = frame.crop()
    if transform is None:
        raise ValueError(f"{frame.frame_id} has no hand box")
    wide = CropTransform(transform.centre_px, transform.height_px * room, 0.0, COMPACT_SIZE_PX)
    return Frame(
        frame_id=frame.frame_id,
        image=wide.image(frame.image),
        camera=wide.camera(frame.camera),
        depth_mm=None if frame.depth_mm is None else wide.depth(frame.depth_mm),
        hand=None if frame.hand is None else replace(frame.hand, box_px=_moved_box(frame, wide)),
    )


def _moved_box(frame: Frame, transform: CropTransform) -> np.ndarray:
    x1, y1, x2, y2 = frame.hand_box_px()
    return transform.keypoints(np.array([[x1, y1], [x2, y2]])).ravel()


def load_frames(root: Path, split: str, hand_model: HandModel, limit: int | None) -> list[Frame]:
    """Read a split's labelled frames, cut down to their hands."""
    index = open_index(root, split, hand_model=hand_model)
    rows = range(len(index) if limit is None else min(limit, len(index)))
    frames = []
    for row in rows:
        try:
            frame = index.read(row)
        except UnreadableFrameError as error:
            print(f"left out: {error}", flush=True)
            continue
        if frame.crop() is not None and frame.hand.has_all_joints:
            frames.append(compact(frame))
        if (row + 1) % 500 == 0:
            print(f"read {row + 1} of {len(rows)} frames of {root} / {split}", flush=True)
    return frames
