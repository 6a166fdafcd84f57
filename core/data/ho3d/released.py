"""The ground truth released for the evaluation split: joints and vertices as large JSON files.

Version 3's vertices are 47 million numbers in 900 MB of text. Parsing all of them takes a minute
and gigabytes, so only the places where frames begin and end are found, once, and a frame's own
numbers are parsed when it is read.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.ho3d.problems import Progress, report

_BLOCK = 4 * 2**20
_OPEN, _CLOSE = ord("["), ord("]")


class ReleasedLabelsError(ValueError):
    """A JSON file of labels that does not hold what its name says; the text names it."""


@dataclass(frozen=True)
class ReleasedPoints:
    """A JSON file of N × K × 3 metres in OpenGL axes, read a frame at a time.

    Attributes:
        source: The JSON file.
        spans: (N, 2) bytes at which every frame begins and ends.
        count: K.
    """

    source: Path
    spans: np.ndarray
    count: int

    def read_m(self, row: int) -> np.ndarray:
        """The points (K, 3) of a frame, NaN where the file says so. Raises ReleasedLabelsError."""
        begin, end = self.spans[row].tolist()
        try:
            with self.source.open("rb") as file:
                file.seek(begin)
                points = np.asarray(json.loads(file.read(end - begin)), float)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise ReleasedLabelsError(f"{self.source}: entry {row}: {error}") from error
        if points.shape != (self.count, 3):
            text = f"entry {row} is {points.shape}, not {(self.count, 3)}"
            raise ReleasedLabelsError(f"{self.source}: {text}")
        return points


def find_frames(source: Path, frames: int, *, progress: Progress | None) -> np.ndarray:
    """Where every frame of a JSON list of lists of points begins and ends: (N, 2) bytes.

    Args:
        source: The JSON file.
        frames: How many there must be.
        progress: Called with the bytes done and in all.

    Raises:
        ReleasedLabelsError: the file is cut off or has another number of frames.
        IndexingCancelledError: `progress` returned False.
    """
    begins, ends, depth, at = [], [], 0, 0
    size = source.stat().st_size
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            characters = np.frombuffer(block, np.uint8)
            places = np.flatnonzero((characters == _OPEN) | (characters == _CLOSE))
            is_open = characters[places] == _OPEN
            depths = depth + np.cumsum(np.where(is_open, 1, -1))
            # A frame is a list within the outermost list.
            begins.append(at + places[is_open & (depths == 2)])
            ends.append(at + places[~is_open & (depths == 1)] + 1)
            depth = int(depths[-1]) if len(depths) else depth
            at += len(block)
            report(progress, at, size)
    found = sum(map(len, begins))
    if depth != 0 or found != sum(map(len, ends)):
        raise ReleasedLabelsError(f"{source}: it is cut off after {size} bytes")
    if found != frames:
        raise ReleasedLabelsError(f"{source}: it has {found} entries for {frames} frames")
    return np.stack([np.concatenate(begins), np.concatenate(ends)], axis=1)


def load_spans(cached: Path, source: Path, frames: int) -> np.ndarray | None:
    """What `find_frames` found when it last looked at this very file, or None."""
    path = _stamped(cached, source)
    try:
        spans = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):  # absent, or damaged: it is made anew and replaced
        return None
    return spans if spans.shape == (frames, 2) and spans.dtype == np.int64 else None


def save_spans(cached: Path, source: Path, spans: np.ndarray) -> None:
    """Keep what `find_frames` found, and drop what it found in older versions of the file."""
    path = _stamped(cached, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{cached.stem}-*.npy"):
        old.unlink()
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            np.save(file, spans)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _stamped(cached: Path, source: Path) -> Path:
    stat = source.stat()
    return cached.with_name(f"{cached.stem}-{stat.st_size}-{stat.st_mtime_ns}.npy")
