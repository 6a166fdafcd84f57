"""FreiHAND: pictures of right hands, 224 × 224, with labels of all frames in a few JSON files.

Layout (Zimmermann et al., "FreiHAND", 2019; the toolbox at github.com/lmb-freiburg/freihand):
``training/rgb/NNNNNNNN.jpg``, ``training_K.json`` (3 × 3), ``training_xyz.json`` (21 × 3 metres,
camera axes, thumb first), ``training_mano.json`` (1 × 61: pose 48, shape 10, and three numbers of a
weak camera that are not read), ``training_verts.json`` (778 × 3 metres); ``evaluation`` likewise,
as far as it was released. Each of N training hands is there with up to four backgrounds: picture
``n + N k`` is hand n with background k. Tips are vertices 744, 320, 443, 555 and 672
(`core.conventions`, "freihand"); poses are axis-angles less MANO's mean pose.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from core.conventions import JOINT_COUNT, OPENPOSE_TO_HO3D, VERTEX_COUNT
from core.data.assumed_camera import assumed_camera
from core.data.cache_files import cache_file, default_cache_dir
from core.data.frame import Frame, HandLabel
from core.data.frame_list import FrameList
from core.data.json_rows import JsonRows, JsonRowsError, open_rows
from core.data.mano_poses import absolute_pose_rad, with_pose_note
from core.data.picture_files import read_picture
from core.data.problems import EmptySplitError, Problem, Progress
from core.geometry.camera import Camera
from core.hand.hand_model import HandModel, ManoParameters

SPLITS = ("training", "evaluation")
#: The backgrounds: green screen, homogenised, and two kinds of automatic recolouring.
BACKGROUNDS = ("gs", "hom", "sample", "auto")
SIZE_PX = (224, 224)

_PICTURE = re.compile(r"(\d{8})\.jpg")
_MANO_SIZE = 61
#: Hands are within an arm's length of the cameras; what lies farther is damage.
_FARTHEST_M = 100.0
_MISSING_SHOWN = 50


@dataclass(frozen=True)
class Labels:
    """The label files of a split, each None where it is absent or of no use.

    Attributes:
        cameras: (3, 3) a hand.
        joints: (21, 3) metres, thumb first.
        parameters: (1, 61).
        vertices: (778, 3) metres.
    """

    cameras: JsonRows
    joints: JsonRows | None
    parameters: JsonRows | None
    vertices: JsonRows | None


@dataclass(frozen=True)
class FreiHandIndex(FrameList):
    """Pictures in the order of their numbers; a sequence is a background, a frame a hand.

    Attributes:
        hands: N, the number of hands that are labelled.
        has_picture: (rows,) whether there is the picture.
        labels: See there.
    """

    kind: ClassVar[str] = "FreiHAND"

    hands: int
    has_picture: np.ndarray
    labels: Labels

    @cached_property
    def unreadable_rows(self) -> np.ndarray:
        """Rows whose picture was missing when the folder was looked through."""
        return np.flatnonzero(~self.has_picture)

    @property
    def rows_without_depth(self) -> np.ndarray:
        """All of them: FreiHAND has no depth."""
        return np.arange(len(self))

    def recording_of(self, sequence: str) -> str:
        """The split: all backgrounds show the same hands."""
        return self.split

    def with_hand_model(self, hand_model: HandModel) -> Self:
        """The same frames, read with another hand model."""
        problems = with_pose_note(self.problems, self.root, hand_model)
        return replace(self, hand_model=hand_model, problems=problems)

    def read(self, row: int) -> Frame:
        """Read a frame; see `core.data.frame_index.FrameIndex.read`."""
        frame_id = self.frame_id(row)
        image = read_picture(self.picture_path(row), frame_id)
        labels = self._labels(row, (image.shape[1], image.shape[0]))
        return replace(labels, image=image)

    def read_labels(self, row: int) -> Frame:
        """Read a frame's labels without its picture."""
        return self._labels(row, SIZE_PX)

    def picture_path(self, row: int) -> Path:
        """A row's picture."""
        return self.root / self.split / "rgb" / f"{row:08d}.jpg"

    def _labels(self, row: int, size_px: tuple[int, int]) -> Frame:
        problems: list[str] = []
        hand_row = row % self.hands
        matrix = _numbers(self.labels.cameras, hand_row, problems)
        try:
            camera = Camera(matrix) if matrix is not None else None
        except ValueError as error:
            problems.append(f"{self.labels.cameras.source}: entry {hand_row}: {error}")
            camera = None
        is_assumed = camera is None
        if is_assumed:
            problems.append("a camera with an assumed focal length is used; projections are off")
            camera = assumed_camera(size_px)
        return Frame(
            frame_id=self.frame_id(row),
            image=np.empty((0, 0, 3), np.uint8),
            camera=camera,
            hand=self._hand(hand_row, problems),
            problems=tuple(problems),
            camera_is_assumed=is_assumed,
        )

    def _hand(self, row: int, problems: list[str]) -> HandLabel | None:
        joints_m = _points_m(self.labels.joints, row, problems)
        vertices_m = _points_m(self.labels.vertices, row, problems)
        parameters = _numbers(self.labels.parameters, row, problems)
        if joints_m is None:
            return None
        joints_mm = joints_m[list(OPENPOSE_TO_HO3D)] * 1000
        mano = None
        if parameters is not None:
            mano = _mano(parameters[0], joints_mm[0], self.hand_model.of_side(True))
        vertices_mm = None if vertices_m is None else vertices_m * 1000
        return HandLabel(joints_mm=joints_mm, mano=mano, vertices_mm=vertices_mm)


def _mano(values: np.ndarray, wrist_mm: np.ndarray, model: HandModel) -> ManoParameters | None:
    """The hand stands where its wrist is labelled: the weak camera's place is less exact."""
    hand_pose_rad = absolute_pose_rad(values[3:48], model, in_components=False)
    if hand_pose_rad is None:
        return None
    return ManoParameters(values[:3], hand_pose_rad, values[48:58], wrist_mm)


def _numbers(rows: JsonRows | None, row: int, problems: list[str]) -> np.ndarray | None:
    """A row's numbers, or None where there are none; what is damaged is noted."""
    if rows is None:
        return None
    try:
        values = rows.read(row)
    except JsonRowsError as error:
        problems.append(str(error))
        return None
    if not np.isfinite(values).all():
        problems.append(f"{rows.source}: entry {row} holds NaN or infinite values")
        return None
    return values


def _points_m(rows: JsonRows | None, row: int, problems: list[str]) -> np.ndarray | None:
    points_m = _numbers(rows, row, problems)
    if points_m is not None and np.abs(points_m).max() > _FARTHEST_M:
        text = f"entry {row} holds {np.abs(points_m).max():g}, larger than {_FARTHEST_M:g} m"
        problems.append(f"{rows.source}: {text}")
        return None
    return points_m


def available_splits(root: Path) -> tuple[str, ...]:
    """Splits with pictures and their cameras."""
    return tuple(
        split
        for split in SPLITS
        if (root / f"{split}_K.json").is_file() and (root / split / "rgb").is_dir()
    )


def open_index(
    root: Path,
    split: str,
    *,
    hand_model: HandModel,
    progress: Progress | None = None,
    cache_dir: Path | None = None,
) -> FreiHandIndex:
    """Open "training" or "evaluation".

    Raises:
        EmptySplitError: there is no camera, and so not a single frame.
        IndexingCancelledError: `progress` returned False.
    """
    problems: list[Problem] = []
    open_file = _opener(root, split, cache_dir or default_cache_dir(), progress, problems)
    cameras = open_file("K", None, (3, 3))
    if cameras is None or not len(cameras):
        reason = problems[-1].text if problems else "it has no entries"
        raise EmptySplitError(root / f"{split}_K.json", f"no frame can be read: {reason}")
    hands = len(cameras)
    labels = Labels(
        cameras,
        open_file("xyz", hands, (JOINT_COUNT, 3)),
        open_file("mano", hands, (1, _MANO_SIZE)),
        open_file("verts", hands, (VERTEX_COUNT, 3)),
    )
    has_picture = _find_pictures(root / split / "rgb", hands, problems)
    backgrounds = len(has_picture) // hands
    numbers = [f"{number:08d}" for number in range(hands)]
    return FreiHandIndex(
        root=root,
        split=split,
        hand_model=hand_model,
        sequence_names=BACKGROUNDS[:backgrounds],
        sequence_codes=np.repeat(np.arange(backgrounds, dtype=np.int32), hands),
        frames=np.tile(np.array(numbers, np.str_), backgrounds),
        problems=with_pose_note(tuple(problems), root, hand_model),
        hands=hands,
        has_picture=has_picture,
        labels=labels,
    )


def _opener(
    root: Path,
    split: str,
    cache_dir: Path,
    progress: Progress | None,
    problems: list[Problem],
) -> Callable[[str, int | None, tuple[int, ...]], JsonRows | None]:
    def open_file(name: str, count: int | None, shape: tuple[int, ...]) -> JsonRows | None:
        source = root / f"{split}_{name}.json"
        if not source.is_file():
            problems.append(Problem(None, source, "the label file is missing"))
            return None
        cached = cache_file(cache_dir, root, source.stem, ".npy")
        try:
            rows, notes = open_rows(source, cached, count, shape, progress=progress)
        except (JsonRowsError, OSError) as error:
            problems.append(Problem(None, source, f"not used: {error}"))
            return None
        problems.extend(notes)
        return rows

    return open_file


def _find_pictures(folder: Path, hands: int, problems: list[Problem]) -> np.ndarray:
    """Which pictures there are, of as many whole backgrounds as begin: (hands × k,) bool."""
    found = [match for name in os.listdir(folder) if (match := _PICTURE.fullmatch(name))]
    numbers = np.array([int(match[1]) for match in found], int)
    most = len(BACKGROUNDS) * hands
    if (numbers >= most).any():
        text = f"{(numbers >= most).sum()} pictures beyond number {most - 1} have no labels"
        problems.append(Problem(None, folder, text))
        numbers = numbers[numbers < most]
    backgrounds = 1 if not len(numbers) else int(numbers.max()) // hands + 1
    has_picture = np.zeros(backgrounds * hands, bool)
    has_picture[numbers] = True
    missing = np.flatnonzero(~has_picture)
    for number in missing[:_MISSING_SHOWN].tolist():
        path = folder / f"{number:08d}.jpg"
        problems.append(Problem(None, path, "the picture is missing"))
    if len(missing) > _MISSING_SHOWN:
        text = f"{len(missing) - _MISSING_SHOWN:,} more pictures are missing"
        problems.append(Problem(None, folder, text))
    return has_picture
