"""Open a folder in HO-3D's layout and read its frames.

Opening reads the list and looks which files exist; pictures and labels are read one frame at a
time, when asked for. The index is kept in a cache and made anew when the folder has changed.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.conventions import JOINT_COUNT, VERTEX_COUNT
from core.data.cache_files import cache_file, default_cache_dir
from core.data.frame import Frame
from core.data.frame_list import FrameList
from core.data.ho3d import cache, folders, layout, listing
from core.data.ho3d.reader import (
    ReleasedLabels,
    WantedCrop,
    read_crops,
    read_frame,
    read_labels,
)
from core.data.json_rows import JsonRows, JsonRowsError, open_rows
from core.data.problems import Problem, Progress, report
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandModel

#: HO-3D's recordings by several cameras: recording, then one digit for the camera ("ABF1" "4").
_CAMERA_OF_RECORDING = re.compile(r"([A-Za-z]+\d)\d")


def recording_of(sequence: str) -> str:
    """The recording of a sequence: "ABF14" is camera 4 of recording "ABF1", "MC1" one alone."""
    match = _CAMERA_OF_RECORDING.fullmatch(sequence)
    return match.group(1) if match else sequence


@dataclass(frozen=True)
class Ho3dIndex(FrameList):
    """The frames of one split, in list order: row 0 is the list's first line.

    Attributes:
        version: "v2" (PNG) or "v3" (JPEG), as most of the pictures are; single frames may differ.
        files: (N,) which files every row has, bits of `core.data.ho3d.folders`.
        released: Labels of the evaluation split that were released later.
    """

    kind: ClassVar[str] = "HO-3D"

    version: str
    files: np.ndarray
    released: ReleasedLabels

    def recording_of(self, sequence: str) -> str:
        """What several cameras recorded at once."""
        return recording_of(sequence)

    @cached_property
    def unreadable_rows(self) -> np.ndarray:
        """Rows whose picture was missing when the folder was looked through."""
        return np.flatnonzero((self.files & folders.IMAGE) == 0)

    def read(self, row: int) -> Frame:
        """Read a frame: camera axes, millimetres, and a list of what could not be read.

        Raises:
            UnreadableFrameError: there is no picture; it names the file and the reason.
            IndexError: there is no such row.
        """
        frame_id = self.frame_id(row)
        path = self.picture_path(row)
        return read_frame(
            self.root,
            self.split,
            frame_id,
            image_path=path,
            hand_model=self.hand_model,
            released=self.released,
            row=row,
        )

    def read_labels(self, row: int) -> Frame:
        """Read a frame's labels without its pictures: the image is empty, (0, 0, 3).

        Raises:
            IndexError: there is no such row.
        """
        return read_labels(
            self.root,
            self.split,
            self.frame_id(row),
            hand_model=self.hand_model,
            released=self.released,
            row=row,
        )

    def read_crops(
        self, rows: Sequence[int], transforms: Sequence[CropTransform]
    ) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Read crops of frames' images and depth (None where there was none on opening).

        Raises:
            UnreadableFrameError: a picture is missing or damaged.
            IndexError: there is no such row.
        """
        return read_crops([self._wanted(*one) for one in zip(rows, transforms, strict=True)])

    def _wanted(self, row: int, transform: CropTransform) -> WantedCrop:
        frame_id = self.frame_id(row)
        has_depth = bool(self.files[row] & folders.DEPTH)
        depth_path = layout.depth_path(self.root, self.split, frame_id) if has_depth else None
        return WantedCrop(frame_id, transform, self.picture_path(row), depth_path)

    @cached_property
    def rows_without_depth(self) -> np.ndarray:
        """Rows that had no depth picture when the folder was looked through."""
        return np.flatnonzero((self.files & folders.DEPTH) == 0)

    def picture_path(self, row: int) -> Path:
        """A row's picture; there may be none."""
        frame_id = self.frame_id(row)
        version = self.version
        has = {"v2": bool(self.files[row] & folders.PNG), "v3": bool(self.files[row] & folders.JPG)}
        if not has[version] and any(has.values()):
            version = "v2" if has["v2"] else "v3"
        return layout.image_path(self.root, self.split, frame_id, version=version)


def open_index(
    root: Path,
    split: str,
    *,
    hand_model: HandModel,
    version: str | None = None,
    allow_missing_list: bool = False,
    progress: Progress | None = None,
    cache_dir: Path | None = None,
) -> Ho3dIndex:
    """Open a split of a folder in HO-3D's layout.

    Args:
        root: The folder with ``train.txt`` and ``train/``.
        split: "train" or "evaluation".
        hand_model: With which the labels' MANO parameters are placed.
        version: "v2" or "v3"; None finds out.
        allow_missing_list: Without a list, take all pictures, sorted by name.
        progress: Called with (done, total) of the step in progress; opening a changed dataset
            looks through its folders and, once, through released labels. False stops it.
        cache_dir: Where indices are kept; None is the platform's place for that.

    Raises:
        WrongFolderError, MissingListError, EmptySplitError: see there; they say what to do.
        IndexingCancelledError: `progress` returned False.
    """
    root = Path(root)
    if version not in (None, *layout.IMAGE_SUFFIX):
        raise ValueError(f"version is 'v2' or 'v3', not {version!r}")
    cache_dir = cache_dir or default_cache_dir()
    listing.check_folder(root, split)
    found, notes, has_list = _look_through(root, split, allow_missing_list, cache_dir, progress)
    frames, files = found.listing, found.files
    version = version or folders.version_of(files)
    labels, released_notes = _open_released(
        root, split, len(files) if has_list else None, cache_dir, progress
    )
    missing = folders.missing_files(root, split, frames, files, version)
    report(progress, len(files), len(files))
    return Ho3dIndex(
        root=root,
        split=split,
        version=version,
        hand_model=hand_model,
        sequence_names=frames.sequence_names,
        sequence_codes=frames.sequence_codes,
        frames=frames.frames,
        files=files,
        problems=(*frames.problems, *notes, *released_notes, *missing),
        released=labels,
    )


def _look_through(
    root: Path,
    split: str,
    allow_missing_list: bool,
    cache_dir: Path,
    progress: Progress | None,
) -> tuple[cache.CachedIndex, list[Problem], bool]:
    """The list and the files, from the cache where it holds; notes; whether there is a list."""
    try:
        text = listing.read_list_file(root, split)
    except listing.MissingListError:
        if not allow_missing_list:
            raise
        text = None
    fingerprint = "no list" if text is None else listing.digest(text)
    path = cache_file(cache_dir, root, split, ".npz")
    notes: list[Problem] = []
    try:
        cached = cache.load_index(path, root, split, fingerprint)
        if cached is not None:
            return cached, notes, text is not None
    except ValueError as error:
        notes.append(Problem(None, path, str(error)))

    began_ns = time.time_ns()
    if text is None:
        frames = listing.list_folder(root, split)
    else:
        frames = listing.parse_list(text, layout.list_path(root, split))
    files = folders.scan_files(root / split, frames, progress)
    stamps = folders.stamps(root, split, frames.sequence_names, began_ns=began_ns)
    found = cache.CachedIndex(frames, files)
    try:
        cache.save_index(path, found, stamps, fingerprint)
    except OSError as error:
        notes.append(_unkept(path, error))
    return found, notes, text is not None


def _open_released(
    root: Path, split: str, count: int | None, cache_dir: Path, progress: Progress | None
) -> tuple[ReleasedLabels, list[Problem]]:
    """Joints and vertices of the evaluation split, where they were released and fit the list."""
    if split != "evaluation":
        return ReleasedLabels(), []
    problems: list[Problem] = []
    found: list[JsonRows | None] = []
    for source, points in (
        (layout.joints_path(root, split), JOINT_COUNT),
        (layout.vertices_path(root, split), VERTEX_COUNT),
    ):
        found.append(None)
        if not source.is_file():
            continue
        if count is None:
            problems.append(Problem(None, source, "not used: without a list its order is unknown"))
            continue
        cached = cache_file(cache_dir, root, source.stem, ".npy")
        try:
            found[-1], notes = open_rows(source, cached, count, (points, 3), progress=progress)
        except (JsonRowsError, OSError) as error:
            problems.append(Problem(None, source, f"not used: {error}"))
        else:
            problems += notes
    return ReleasedLabels(*found), problems


def _unkept(path: Path, error: OSError) -> Problem:
    return Problem(None, path, f"it cannot be kept for next time ({error.strerror or error})")
