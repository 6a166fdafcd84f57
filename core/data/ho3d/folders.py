"""Which files of a split exist: one directory listing per folder, not one question per file."""

import os
from functools import partial
from pathlib import Path

import numpy as np

from core.data.frame import FrameId
from core.data.ho3d.layout import depth_path, image_path, meta_path
from core.data.ho3d.listing import Listing
from core.data.problems import Problem, Progress, report

#: Bits of a frame's `files`.
PNG, JPG, DEPTH, META = 1, 2, 4, 8
IMAGE = PNG | JPG

_FILE_OF_BIT = {
    PNG: ("rgb", ".png"),
    JPG: ("rgb", ".jpg"),
    DEPTH: ("depth", ".png"),
    META: ("meta", ".pkl"),
}
_FOLDERS = ("rgb", "depth", "meta")

#: Beyond this many files missing in one folder the rest is counted in one line.
_MISSING_SHOWN = 50
# A folder that changed this recently may change again within the clock's step, unnoticed.
_SETTLED_NS = 3_000_000_000
_UNSETTLED, _ABSENT = -1, 0


def scan_files(folder: Path, listing: Listing, progress: Progress | None) -> np.ndarray:
    """Which files each frame has: (N,) uint8 of the bits above.

    Raises:
        IndexingCancelledError: `progress` returned False.
    """
    files = np.zeros(len(listing.frames), np.uint8)
    done = 0
    report(progress, 0, len(files))
    for code, rows in enumerate(rows_by_sequence(listing)):
        sequence = folder / listing.sequence_names[code]
        names = {name: _names(sequence / name) for name in _FOLDERS}
        frames = listing.frames[rows].tolist()
        for bit, (subfolder, suffix) in _FILE_OF_BIT.items():
            present = names[subfolder]
            files[rows] |= np.array([bit * (f + suffix in present) for f in frames], np.uint8)
        done += len(rows)
        report(progress, done, len(files))
    return files


def rows_by_sequence(listing: Listing) -> list[np.ndarray]:
    """The rows of each sequence, in list order."""
    order = np.argsort(listing.sequence_codes, kind="stable")
    counts = np.bincount(listing.sequence_codes, minlength=len(listing.sequence_names))
    return np.split(order, np.cumsum(counts)[:-1])


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:  # absent or not permitted: `missing_files` names the folder
        return set()


def stamps(
    root: Path, split: str, sequence_names: tuple[str, ...], *, began_ns: int
) -> dict[str, int]:
    """Modification times (ns) of the folders that `scan_files` and `list_folder` look into.

    Adding, removing or renaming a file changes its folder's. A folder that changed since the
    looking began, or just before, is given a time that no folder can have: it is looked at again.
    """
    names = ["", *(f"{name}/{folder}" for name in sequence_names for folder in _FOLDERS)]
    found = {}
    for name in names:
        stamp = _modified_ns(root / split / name)
        found[name] = _UNSETTLED if stamp > began_ns - _SETTLED_NS else stamp
    return found


def _modified_ns(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return _ABSENT


def are_unchanged(root: Path, split: str, recorded: dict[str, int]) -> bool:
    """Whether all folders still have the recorded modification times."""
    return all(_modified_ns(root / split / name) == stamp for name, stamp in recorded.items())


def version_of(files: np.ndarray) -> str:
    """ "v2" where most pictures are PNG, "v3" where most are JPEG."""
    return "v2" if ((files & PNG) > 0).sum() > ((files & JPG) > 0).sum() else "v3"


def missing_files(
    root: Path, split: str, listing: Listing, files: np.ndarray, version: str
) -> list[Problem]:
    """Every file that the list promises and the folder has not; whole folders in one line."""
    problems: list[Problem] = []
    image_of_version = partial(image_path, version=version)
    kinds = (
        (IMAGE, "rgb", "picture", image_of_version),
        (DEPTH, "depth", "depth picture", depth_path),
        (META, "meta", "label file", meta_path),
    )
    for bit, subfolder, what, path_of in kinds:
        is_missing = (files & bit) == 0
        if is_missing.all():
            text = f"no frame has a {what} (SEQUENCE/{subfolder})"
            problems.append(Problem(None, root / split, text))
            continue
        for code, rows in enumerate(rows_by_sequence(listing) if is_missing.any() else ()):
            sequence = listing.sequence_names[code]
            folder = root / split / sequence / subfolder
            missing = listing.frames[rows[is_missing[rows]]]
            if len(missing) == len(rows):
                text = f"all {len(rows)} frames of this sequence are without a {what}: "
                text += "the folder is absent, empty or not permitted"
                problems.append(Problem(None, folder, text))
                continue
            for frame in missing[:_MISSING_SHOWN]:
                frame_id = FrameId(sequence, str(frame))
                path = path_of(root, split, frame_id)
                problems.append(Problem(frame_id, path, f"the {what} is missing"))
            if len(missing) > _MISSING_SHOWN:
                text = f"{len(missing) - _MISSING_SHOWN} more frames are without a {what}"
                problems.append(Problem(None, folder, text))
    return problems
