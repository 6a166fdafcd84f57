"""Keep an index on disk, so that a dataset opens at once the second time.

The cache is a convenience: where it cannot be read or written, that is said and the folder is
looked through again.
"""

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.ho3d import folders
from core.data.ho3d.listing import Listing
from core.data.problems import Problem

_FORMAT = 1


@dataclass(frozen=True)
class CachedIndex:
    """What was found when the folder was last looked through."""

    listing: Listing
    files: np.ndarray


def load_index(path: Path, root: Path, split: str, fingerprint: str) -> CachedIndex | None:
    """The cached index, or None where there is none or the dataset has changed since.

    Raises:
        ValueError: the cache file is damaged; the text says so.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            header = json.loads(str(arrays["header"]))
            if header["format"] != _FORMAT or header["fingerprint"] != fingerprint:
                return None
            if not folders.are_unchanged(root, split, header["stamps"]):
                return None
            problems = tuple(Problem(None, Path(p), text) for p, text in header["problems"])
            listing = Listing(
                tuple(header["sequence_names"]),
                arrays["sequence_codes"],
                arrays["frames"],
                problems,
            )
            cached = CachedIndex(listing, arrays["files"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"the cached index was damaged ({error}); it was made anew") from error
    _check(cached)
    return cached


def _check(cached: CachedIndex) -> None:
    listing, count = cached.listing, len(cached.listing.frames)
    codes = listing.sequence_codes
    has_columns = count == len(codes) == len(cached.files) and count > 0
    if not has_columns or codes.min() < 0 or codes.max() >= len(listing.sequence_names):
        raise ValueError("the cached index was damaged (its columns differ); it was made anew")


def save_index(path: Path, cached: CachedIndex, stamps: dict[str, int], fingerprint: str) -> None:
    """Write the index in one step, so that nobody reads half of it. Raises OSError."""
    listing = cached.listing
    header = {
        "format": _FORMAT,
        "fingerprint": fingerprint,
        "stamps": stamps,
        "sequence_names": listing.sequence_names,
        "problems": [(str(problem.path), problem.text) for problem in listing.problems],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            np.savez(
                file,
                header=json.dumps(header),
                sequence_codes=listing.sequence_codes,
                frames=listing.frames,
                files=cached.files,
            )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
