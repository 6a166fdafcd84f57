"""Labels of all frames in one large JSON file: a list with one array of numbers a frame.

HO-3D's released vertices are 47 million numbers in 900 MB of text. Parsing all of them takes a
minute and gigabytes, so only the places where rows begin and end are found, once, and a frame's
own numbers are parsed when it is read.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.json_stream import RowPlaces
from core.data.problems import Problem, Progress, report

_BLOCK = 4 * 2**20


class JsonRowsError(ValueError):
    """A JSON file of labels that does not hold what its name says; the text names it."""


@dataclass(frozen=True)
class JsonRows:
    """A JSON file of N arrays of one shape, read a row at a time.

    Attributes:
        source: The JSON file.
        spans: (N, 2) bytes at which every row begins and ends.
        shape: Of every row's array.
    """

    source: Path
    spans: np.ndarray
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.spans)

    def read(self, row: int) -> np.ndarray:
        """A row's numbers, NaN where the file says so. Raises JsonRowsError."""
        begin, end = self.spans[row].tolist()
        try:
            with self.source.open("rb") as file:
                file.seek(begin)
                values = np.asarray(json.loads(file.read(end - begin)), float)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise JsonRowsError(f"{self.source}: entry {row}: {error}") from error
        if values.shape != self.shape:
            text = f"entry {row} is {values.shape}, not {self.shape}"
            raise JsonRowsError(f"{self.source}: {text}")
        return values


def open_rows(
    source: Path,
    cached: Path,
    rows: int | None,
    shape: tuple[int, ...],
    *,
    progress: Progress | None,
) -> tuple[JsonRows, list[Problem]]:
    """Open a file, with what was found when it was last looked through; and what went wrong.

    Args:
        source: The JSON file.
        cached: Where its places are kept for the next time.
        rows: How many there must be; None takes as many as there are.
        shape: Of every row's array.
        progress: Called with the bytes done and in all.

    Raises:
        JsonRowsError: the file is cut off or has another number of rows.
        OSError: it cannot be read.
        IndexingCancelledError: `progress` returned False.
    """
    problems: list[Problem] = []
    spans = load_spans(cached, source, rows)
    if spans is None:
        spans = find_rows(source, rows, progress=progress)
        try:
            save_spans(cached, source, spans)
        except OSError as error:
            text = f"it cannot be kept for next time ({error.strerror or error})"
            problems.append(Problem(None, cached, text))
    return JsonRows(source, spans, shape), problems


def find_rows(source: Path, rows: int | None, *, progress: Progress | None) -> np.ndarray:
    """Where every row of a JSON list of arrays begins and ends: (N, 2) bytes.

    Args:
        source: The JSON file.
        rows: How many there must be; None takes as many as there are.
        progress: Called with the bytes done and in all.

    Raises:
        JsonRowsError: the file is cut off or has another number of rows.
        IndexingCancelledError: `progress` returned False.
    """
    places, begins, ends, at = RowPlaces(level=2), [], [], 0
    size = source.stat().st_size
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            begin, end = places.feed(block)
            begins.append(at + begin)
            ends.append(at + end)
            at += len(block)
            report(progress, at, size)
    found = sum(map(len, begins))
    if places.depth != 0 or found != sum(map(len, ends)):
        raise JsonRowsError(f"{source}: it is cut off after {size} bytes")
    if rows is not None and found != rows:
        raise JsonRowsError(f"{source}: it has {found} entries for {rows} frames")
    return np.stack([np.concatenate(begins), np.concatenate(ends)], axis=1)


def load_spans(cached: Path, source: Path, rows: int | None) -> np.ndarray | None:
    """What `find_rows` found when it last looked at this very file, or None."""
    path = _stamped(cached, source)
    try:
        spans = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):  # absent, or damaged: it is made anew and replaced
        return None
    is_whole = spans.ndim == 2 and spans.shape[1] == 2 and spans.dtype == np.int64
    return spans if is_whole and rows in (None, len(spans)) else None


def save_spans(cached: Path, source: Path, spans: np.ndarray) -> None:
    """Keep what `find_rows` found, and drop what it found in older versions of the file."""
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
