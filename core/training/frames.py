"""Labelled frames, on disk or in memory: what training and validation draw from."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from core.conventions import BETA_COUNT, JOINT_COUNT, VERTEX_COUNT
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame, FrameId, HandLabel
from core.data.frame_index import FrameIndex
from core.data.ho3d.layout import DEPTH_STEP_M, depth_of_steps
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters

#: (height, width) of a compacted frame: a crop turned by 45 degrees still fits its middle.
COMPACT_SIZE_PX = (384, 336)
_DEPTH_STEP_MM = DEPTH_STEP_M * 1000

#: Numbers of a hand's parameters: orientation, pose, betas, wrist.
_MANO_SIZES = (3, 45, BETA_COUNT, 3)
_NO_PICTURE = np.empty((0, 0, 3), np.uint8)
#: Frames that are read ahead of the one that is wanted.
_PORTION = 64

#: Called after every frame that was read, with (done, total).
Beat = Callable[[int, int], None]


class FrameSource(Protocol):
    """Frames by row: their labels first, and then only the pixels that are wanted."""

    def __len__(self) -> int: ...

    def labels(self, row: int) -> Frame:
        """The frame with its labels; there may be no pictures in it."""

    def crops(self, rows: Sequence[int], transforms: Sequence[CropTransform]) -> list[CropInput]:
        """The pixels that each transform sees; raises DatasetError where they cannot be read."""


class FramesOnDisk:
    """Rows of an index: labels in memory, pictures read anew each time."""

    def __init__(self, index: FrameIndex, labels: "LabelTable") -> None:
        self._index = index
        self._labels = labels

    def __len__(self) -> int:
        return len(self._labels.rows)

    def labels(self, row: int) -> Frame:
        """The labels; its image is empty."""
        return self._labels.frame(row, self._index.frame_id(int(self._labels.rows[row])))

    def crops(self, rows: Sequence[int], transforms: Sequence[CropTransform]) -> list[CropInput]:
        """Read crops; raises UnreadableFrameError."""
        pixels = self._index.read_crops([int(self._labels.rows[row]) for row in rows], transforms)
        return [
            CropInput(*one, t.camera(Camera(self._labels.intrinsics[row])).intrinsics, t)
            for row, t, one in zip(rows, transforms, pixels, strict=True)
        ]


class FramesInMemory:
    """Frames kept in memory, their depth in HO-3D's own steps, which halves it without loss."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = [replace(frame, depth_mm=None) for frame in frames]
        self._depth_steps = [_steps(frame.depth_mm) for frame in frames]

    def __len__(self) -> int:
        return len(self._frames)

    def labels(self, row: int) -> Frame:
        """The frame, without its depth."""
        return self._frames[row]

    def crops(self, rows: Sequence[int], transforms: Sequence[CropTransform]) -> list[CropInput]:
        """Take crops."""
        return [self._crop(*one) for one in zip(rows, transforms, strict=True)]

    def _crop(self, row: int, transform: CropTransform) -> CropInput:
        crop, steps = crop_input(self._frames[row], transform), self._depth_steps[row]
        if steps is None:
            return crop
        return replace(crop, depth_mm=depth_of_steps(transform.depth(steps)))


def _steps(depth_mm: np.ndarray | None) -> np.ndarray | None:
    if depth_mm is None:
        return None
    return np.clip(np.rint(depth_mm / _DEPTH_STEP_MM), 0, 65535).astype(np.uint16)


@dataclass(frozen=True)
class LabelTable:
    """Labels of many frames as arrays, which worker processes share; NaN where there is none.

    Attributes:
        rows: (N,) of the index.
        intrinsics: (N, 3, 3).
        joints_mm: (N, 21, 3).
        boxes_px: (N, 4).
        mano: (N, 61): orientation, pose, betas, wrist, as in `ManoParameters`.
        vertices_mm: (N, 778, 3) float32, or None where the dataset gives no surface at all.
        is_right: (N,) side of the hand.
        left_out: How many rows were looked at and cannot be used.
    """

    rows: np.ndarray
    intrinsics: np.ndarray
    joints_mm: np.ndarray
    boxes_px: np.ndarray
    mano: np.ndarray
    vertices_mm: np.ndarray | None
    is_right: np.ndarray
    left_out: int

    @classmethod
    def of(cls, rows: Sequence[int], frames: Sequence[Frame], *, left_out: int) -> "LabelTable":
        """Take the labels out of frames."""
        hands = [frame.hand for frame in frames]
        surfaces = [hand.vertices_mm for hand in hands]
        has_surface = any(vertices is not None for vertices in surfaces)
        return cls(
            rows=np.array(rows, int),
            intrinsics=np.reshape([frame.camera.intrinsics for frame in frames], (-1, 3, 3)),
            joints_mm=np.reshape([hand.joints_mm for hand in hands], (-1, JOINT_COUNT, 3)),
            boxes_px=np.reshape([_or_nan(hand.box_px, 4) for hand in hands], (-1, 4)),
            mano=np.reshape([_mano_row(hand.mano) for hand in hands], (-1, sum(_MANO_SIZES))),
            vertices_mm=np.stack([_surface(vertices) for vertices in surfaces])
            if has_surface
            else None,
            is_right=np.array([hand.is_right for hand in hands], bool),
            left_out=left_out,
        )

    def frame(self, number: int, frame_id: FrameId) -> Frame:
        """The labels of the table's entry `number` as a frame without pictures."""
        box_px, mano = self.boxes_px[number], self.mano[number]
        vertices_mm = None if self.vertices_mm is None else self.vertices_mm[number]
        hand = HandLabel(
            joints_mm=self.joints_mm[number],
            mano=None
            if np.isnan(mano[0])
            else ManoParameters(*np.split(mano, np.cumsum(_MANO_SIZES)[:-1])),
            box_px=None if np.isnan(box_px[0]) else box_px,
            vertices_mm=None
            if vertices_mm is None or np.isnan(vertices_mm[0, 0])
            else vertices_mm.astype(float),
            is_right=bool(self.is_right[number]),
        )
        return Frame(frame_id, _NO_PICTURE, Camera(self.intrinsics[number]), hand=hand)


def _or_nan(values: np.ndarray | None, size: int) -> np.ndarray:
    return np.full(size, np.nan) if values is None else values


def _mano_row(mano: ManoParameters | None) -> np.ndarray:
    if mano is None:
        return np.full(sum(_MANO_SIZES), np.nan)
    return np.concatenate([mano.global_orient_rad, mano.hand_pose_rad, mano.betas, mano.wrist_mm])


def _surface(vertices_mm: np.ndarray | None) -> np.ndarray:
    if vertices_mm is None:
        return np.full((VERTEX_COUNT, 3), np.nan, np.float32)
    return vertices_mm.astype(np.float32)


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


def read_compact(
    index: FrameIndex, rows: Sequence[int], *, jobs: int, beat: Beat | None = None
) -> list[Frame]:
    """Read frames with `jobs` threads and cut them down; in order.

    Raises:
        UnreadableFrameError: A picture cannot be read.
    """
    frames: list[Frame] = []
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        # In portions, so that an error does not wait for all the rest.
        for at in range(0, len(rows), _PORTION):
            portion = rows[at : at + _PORTION]
            for frame in pool.map(lambda row: compact(index.read(int(row))), portion):
                frames.append(frame)
                if beat is not None:
                    beat(len(frames), len(rows))
    return frames


def labelled_rows(
    index: FrameIndex, rows: Sequence[int], *, whole: bool = False, beat: Beat | None = None
) -> LabelTable:
    """Those of `rows` that have a picture, a labelled hand and a box about it.

    `whole` asks for all 21 joints, as measuring does. Reads the labels alone, no picture.
    """
    unreadable = set(index.unreadable_rows.tolist())
    kept: list[int] = []
    frames: list[Frame] = []
    for done, row in enumerate(rows, start=1):
        frame = None if row in unreadable else index.read_labels(int(row))
        if frame is not None and _is_usable(frame, whole):
            kept.append(int(row))
            frames.append(frame)
        if beat is not None:
            beat(done, len(rows))
    return LabelTable.of(kept, frames, left_out=len(rows) - len(kept))


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


def hold_out(index: FrameIndex, sequences: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on, and rows of at least `sequences` whole sequences held out from them.

    Several cameras may record one motion; where one of them is held out all are, since the
    same hand in the same pose from another side is no test.

    Raises:
        ValueError: nothing would be left to train on.
    """
    names = sorted(index.sequences)
    recordings: dict[str, list[str]] = {}
    for name in names:
        recordings.setdefault(index.recording_of(name), []).append(name)
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
