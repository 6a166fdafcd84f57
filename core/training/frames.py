"""Labelled frames, on disk or in memory: what training and validation draw from."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from core.data.frame import Frame, HandLabel
from core.data.ho3d.index import Ho3dIndex, open_index
from core.data.ho3d.layout import DEPTH_STEP_M
from core.data.ho3d.problems import UnreadableFrameError
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: (height, width) of a compacted frame: a crop turned by 45 degrees still fits its middle.
COMPACT_SIZE_PX = (384, 336)
_DEPTH_STEP_MM = DEPTH_STEP_M * 1000
#: HO-3D's recordings by several cameras: recording, then one digit for the camera ("ABF1" "4").
_CAMERA_OF_RECORDING = re.compile(r"([A-Za-z]+\d)\d")

#: Called after every frame that was read, with (done, total).
Beat = Callable[[int, int], None]


class FrameSource(Protocol):
    """Frames by row."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> Frame: ...


class FramesOnDisk:
    """Rows of an index, read anew each time."""

    def __init__(self, index: Ho3dIndex, rows: Sequence[int]) -> None:
        self.index = index
        self.rows = np.asarray(rows, int)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Frame:
        return self.index.read(int(self.rows[row]))


class FramesInMemory:
    """Frames kept in memory, their depth in HO-3D's own steps, which halves it without loss."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = [replace(frame, depth_mm=None) for frame in frames]
        self._depth_steps = [_steps(frame.depth_mm) for frame in frames]

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, row: int) -> Frame:
        steps = self._depth_steps[row]
        depth_mm = None if steps is None else steps.astype(np.float32) * np.float32(_DEPTH_STEP_MM)
        return replace(self._frames[row], depth_mm=depth_mm)


def _steps(depth_mm: np.ndarray | None) -> np.ndarray | None:
    if depth_mm is None:
        return None
    return np.clip(np.rint(depth_mm / _DEPTH_STEP_MM), 0, 65535).astype(np.uint16)


def is_labelled(hand: HandLabel | None) -> bool:
    """Whether a label says more than where the wrist is, as HO-3D's evaluation labels do."""
    if hand is None:
        return False
    return hand.mano is not None or bool(np.isfinite(hand.joints_mm[1:]).all(1).any())


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


def read_compact(frames: FrameSource, *, jobs: int, beat: Beat | None = None) -> Iterator[Frame]:
    """Read every frame with `jobs` threads and cut it down; in order."""
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        rows, done = iter(range(len(frames))), 0
        # In portions, so that an error does not wait for all the rest.
        while portion := list(islice(rows, 64 * max(1, jobs))):
            for frame in pool.map(lambda row: compact(frames[row]), portion):
                done += 1
                if beat is not None:
                    beat(done, len(frames))
                yield frame


@dataclass(frozen=True)
class LabelledRows:
    """Rows of an index that can be used, and what their labels say.

    Attributes:
        rows: (N,).
        joints_mm: (N, 21, 3), NaN where the dataset gives none.
        left_out: How many rows were looked at and cannot be used.
    """

    rows: np.ndarray
    joints_mm: np.ndarray
    left_out: int


def labelled_rows(
    index: Ho3dIndex, rows: Sequence[int], *, whole: bool = False, beat: Beat | None = None
) -> LabelledRows:
    """Those of `rows` that have a picture, a labelled hand and a box about it.

    `whole` asks for all 21 joints, as measuring does. Reads the labels alone, no picture.
    """
    unreadable = set(index.unreadable_rows.tolist())
    kept, joints_mm = [], []
    for done, row in enumerate(rows, start=1):
        frame = None if row in unreadable else index.read_labels(int(row))
        if frame is not None and _is_usable(frame, whole):
            kept.append(int(row))
            joints_mm.append(frame.hand.joints_mm)
        if beat is not None:
            beat(done, len(rows))
    return LabelledRows(
        rows=np.array(kept, int),
        joints_mm=np.reshape(joints_mm, (-1, 21, 3)),
        left_out=len(rows) - len(kept),
    )


def _is_usable(frame: Frame, whole: bool) -> bool:
    if not is_labelled(frame.hand) or frame.crop() is None:
        return False
    return frame.hand.has_all_joints or not whole


def evenly(rows: Sequence[int], count: int | None) -> np.ndarray:
    """At most `count` of the rows, evenly over them."""
    rows = np.asarray(rows, int)
    if count is None or count >= len(rows):
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]


def hold_out(index: Ho3dIndex, sequences: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on, and rows of at least `sequences` whole sequences held out from them.

    Several cameras record one motion in HO-3D; where one of them is held out all are, since the
    same hand in the same pose from another side is no test.

    Raises:
        ValueError: nothing would be left to train on.
    """
    names = sorted(index.sequences)
    recordings: dict[str, list[str]] = {}
    for name in names:
        match = _CAMERA_OF_RECORDING.fullmatch(name)
        recordings.setdefault(match.group(1) if match else name, []).append(name)
    order = np.random.default_rng(seed).permutation(sorted(recordings))
    held: list[str] = []
    for recording in order:
        if len(held) < sequences:
            held += recordings[str(recording)]
    if len(held) >= len(names):
        raise ValueError(
            f"{index.name} has {len(names)} sequences of {len(recordings)} recordings; holding "
            f"{sequences} out leaves nothing to train on. Lower data.hold_out_sequences"
        )
    is_held = np.isin(np.array(index.sequence_names)[index.sequence_codes], held)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


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
