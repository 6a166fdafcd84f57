"""Which frames a split has, and in which order."""

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.data.ho3d.layout import list_path
from core.data.problems import EmptySplitError, MissingListError, Problem, WrongFolderError

# One folder, one file name, no way out of the dataset's folder; "." and ".." are refused below.
_LINE = re.compile(r"([^/\\\x00-\x1f\x7f]{1,100})/([^/\\\x00-\x1f\x7f]{1,100})")
_MALFORMED_SHOWN = 20


@dataclass(frozen=True)
class Listing:
    """Frames in order, by columns: 100,000 of them take 3 MB.

    Attributes:
        sequence_names: Sequences, in the order in which they first occur.
        sequence_codes: (N,) index into `sequence_names`.
        frames: (N,) frame names, a numpy string array.
        problems: Lines that are not frames.
    """

    sequence_names: tuple[str, ...]
    sequence_codes: np.ndarray
    frames: np.ndarray
    problems: tuple[Problem, ...] = ()


def check_folder(root: Path, split: str) -> None:
    """Raise `WrongFolderError` unless `root` has a folder for the split; the text helps along."""
    if not root.is_dir():
        raise WrongFolderError(root, "there is no such folder")
    if (root / split).is_dir():
        return
    if list_path(root, split).is_file():
        text = f"{split}.txt is there, but the folder {split} with the pictures is not"
    elif splits := available_splits(root):
        text = f"it has no split {split!r}, only {', '.join(splits)}"
    elif available_splits(root.parent):
        text = f"this is a part of a dataset; choose the folder above, {root.parent}"
    else:
        text = (
            f"this is not a dataset in HO-3D's layout, which has {split}.txt and "
            f"{split}/SEQUENCE/rgb with pictures"
        )
    raise WrongFolderError(root, text)


def available_splits(root: Path) -> tuple[str, ...]:
    """Splits for which there is a folder with sequences: "train", "evaluation"."""
    return tuple(
        split
        for split in ("train", "evaluation")
        if any((root / split).glob("*/rgb")) or (list_path(root, split).is_file())
    )


def read_list_file(root: Path, split: str) -> bytes:
    """The bytes of the split's list; raises `MissingListError`, which offers to go without."""
    path = list_path(root, split)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingListError(
            path,
            "the list of frames is missing, and with it the order in which results are submitted. "
            f"The folder {split} can be opened without it, sorted by name, if you ask for that.",
        ) from None
    except OSError as error:
        raise WrongFolderError(path, f"it cannot be read ({error.strerror or error})") from error


def digest(data: bytes) -> str:
    """A fingerprint by which a changed list is noticed."""
    return hashlib.sha256(data).hexdigest()


def parse_list(data: bytes, path: Path) -> Listing:
    """Parse lines ``SEQ/NNNN``; blank ones are skipped, others counted as problems.

    Raises:
        EmptySplitError: not a single line is a frame.
    """
    codes: dict[str, int] = {}
    sequence_codes, frames, malformed = [], [], []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), start=1):
        text = line.strip()
        if not text:
            continue
        match = _LINE.fullmatch(text)
        if match is None or {match[1], match[2]} & {".", ".."}:
            malformed.append((number, text))
            continue
        sequence_codes.append(codes.setdefault(match[1], len(codes)))
        frames.append(match[2])
    if not frames:
        raise EmptySplitError(path, f"it lists no frames ({len(malformed)} other lines)")
    listing = _listing(tuple(codes), sequence_codes, frames)
    problems = [*_malformed_problems(malformed, path), *_duplicates(listing, path)]
    return replace(listing, problems=tuple(problems))


def list_folder(root: Path, split: str) -> Listing:
    """All pictures in the split's folder, sorted by name.

    Raises:
        EmptySplitError: there are none.
    """
    folder = root / split
    sequences = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
    names: list[str] = []
    sequence_codes: list[int] = []
    frames: list[str] = []
    for sequence in sequences:
        pictures = folder / sequence / "rgb"
        if not pictures.is_dir():
            continue
        stems = {
            Path(name).stem for name in os.listdir(pictures) if name.endswith((".png", ".jpg"))
        }
        sequence_codes += [len(names)] * len(stems)
        frames += sorted(stems)
        names.append(sequence)
    if not frames:
        raise EmptySplitError(folder, "there are no pictures in SEQUENCE/rgb")
    return _listing(tuple(names), sequence_codes, frames)


def _listing(names: tuple[str, ...], sequence_codes: list[int], frames: list[str]) -> Listing:
    return Listing(names, np.array(sequence_codes, np.int32), np.array(frames, np.str_))


def _malformed_problems(malformed: list[tuple[int, str]], path: Path) -> list[Problem]:
    problems = [
        Problem(None, path, f"line {number} is not SEQUENCE/FRAME but {text[:60]!r}; left out")
        for number, text in malformed[:_MALFORMED_SHOWN]
    ]
    if len(malformed) > _MALFORMED_SHOWN:
        count = len(malformed) - _MALFORMED_SHOWN
        problems.append(Problem(None, path, f"{count} more lines are not SEQUENCE/FRAME; left out"))
    return problems


def _duplicates(listing: Listing, path: Path) -> list[Problem]:
    order = np.lexsort((listing.frames, listing.sequence_codes))
    codes, frames = listing.sequence_codes[order], listing.frames[order]
    count = int(((codes[1:] == codes[:-1]) & (frames[1:] == frames[:-1])).sum())
    return [Problem(None, path, f"{count} frames are listed more than once")] if count else []
