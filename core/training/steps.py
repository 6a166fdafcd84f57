"""The numbers of every step of a run: a table of doubles that only grows.

``steps.json`` names the columns; ``steps.f64`` holds one row a step, little-endian float64,
nothing between. A table of 100,000 steps is read in milliseconds because nothing is parsed.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.files.durable import AppendOnlyFile, write_atomically

#: The columns that every run has; ``raw/TERM`` and ``weighted/TERM`` of each loss term follow.
#: gradient_norm is before clipping, clipped is 0 or 1, step_s is the whole step with its wait.
BASE_COLUMNS = (
    "step",
    "epoch",
    "time_s",
    "loss",
    "learning_rate",
    "gradient_norm",
    "clipped",
    "step_s",
    "loader_wait_s",
    "samples_per_s",
    "memory_mb",
)

_PIECE_ROWS = 4096
_FIRST_CAPACITY = 1024


class StepTableError(ValueError):
    """A table that cannot be read or continued; the text names the file and what to do."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


def columns_of(terms: Sequence[str]) -> tuple[str, ...]:
    """The columns of a run whose loss has these terms."""
    raw = [f"raw/{term}" for term in terms]
    return (*BASE_COLUMNS, *raw, *(f"weighted/{term}" for term in terms))


class StepWriter:
    """Appends rows; each is with the operating system when `append` returns."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Make or continue the table at `path` (``steps.f64``).

        The columns of a table that is continued must be the same, in the same order; so name every
        column that may ever be wanted and give NaN where it has no value. Raises StepTableError
        where they differ. Half a row that a killed writer left is cut off.
        """
        self._columns = tuple(columns)
        self._names = set(columns)
        if self._columns[:1] != ("step",) or len(self._names) != len(self._columns):
            raise ValueError(f"the first column must be 'step' and no name come twice: {columns}")
        _write_or_compare_header(path, self._columns)
        self._row = struct.Struct(f"<{len(self._columns)}d")
        size = path.stat().st_size if path.exists() else 0
        self._file = AppendOnlyFile(path, whole_bytes=size - size % self._row.size)

    def append(self, row: Mapping[str, float]) -> None:
        """Append one step: a number for every column, by name.

        Raises ValueError where a column is missing or unknown, DiskFullError where the disk is
        full; nothing of the row is in the file then.
        """
        if row.keys() != self._names:
            missing = [name for name in self._columns if name not in row]
            unknown = [name for name in row if name not in self._columns]
            raise ValueError(f"a row of steps: missing {missing}, unknown {unknown}")
        self._file.append(self._row.pack(*[row[name] for name in self._columns]))

    def sync(self) -> None:
        """Wait until the disk has it all: for checkpoints and the ends of phases."""
        self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class StepColumns:
    """The table as it was at one moment; never changes, also while the table grows.

    Attributes:
        names: Of the columns.
        values: (columns, steps) float64, read only; ``step`` (row 0) is strictly increasing.
    """

    names: tuple[str, ...] = ()
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def __len__(self) -> int:
        return self.values.shape[1]

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def column(self, name: str) -> np.ndarray:
        """(steps,) float64, read only; raises KeyError where there is no such column."""
        if name not in self.names:
            raise KeyError(f"no column {name!r}; there are {', '.join(self.names)}")
        return self.values[self.names.index(name)]

    def last(self, name: str) -> float:
        """The newest value of a column; NaN in an empty table."""
        return float(self.column(name)[-1]) if len(self) else math.nan

    def terms(self, prefix: str) -> tuple[str, ...]:
        """The loss terms that have a column ``PREFIX/TERM``; prefix "raw" or "weighted"."""
        start = f"{prefix}/"
        return tuple(n.removeprefix(start) for n in self.names if n.startswith(start))


class StepTable:
    """Reads a table and follows it while it grows.

    A run that was resumed continues at an earlier step. A row therefore makes every earlier row
    of the same or a later step void, so that steps are strictly increasing and each step's row is
    the one written last.
    """

    def __init__(self, path: Path) -> None:
        """`path` (``steps.f64``) and its header may not exist yet."""
        self.path = path
        self._forget()

    @classmethod
    def open(cls, path: Path) -> "StepTable":
        """The table with everything read that is there; raises like `refresh`."""
        table = cls(path)
        table.refresh()
        return table

    @property
    def damaged_rows(self) -> int:
        """Rows that no step can have written (zeros after a power failure, say); left out."""
        return self._damaged_rows

    @property
    def columns(self) -> StepColumns:
        """The table as it is now; costs nothing."""
        values = self._buffer[:, : self._count]
        values.flags.writeable = False
        return StepColumns(self._names, values)

    def __len__(self) -> int:
        return self._count

    def column(self, name: str) -> np.ndarray:
        """(steps,) float64 of one column, as it is now."""
        return self.columns.column(name)

    def refresh(self, *, most_rows: int | None = None) -> bool:
        """Read the rows appended since the last call; returns whether there were any.

        Reads about `most_rows` at most and then sets `is_behind`. Half a row at the end is left for
        later. Raises StepTableError where there are rows but no header, or a header that is none.
        Where the file became shorter than what was read (somebody put another one in its place) it
        is read from its start.
        """
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < self._read_bytes:
            self._forget()
        if not self._names and not self._read_header(has_rows=size > 0):
            return False
        rows = (size - self._read_bytes) // (8 * len(self._names))
        if rows > self._buffer.shape[1] and self._count == 0:
            self._buffer = np.empty((len(self._names), rows + _FIRST_CAPACITY))
        self._is_behind = most_rows is not None and rows > most_rows
        if rows <= 0:
            return False
        self._read(most_rows if self._is_behind else rows)
        return True

    @property
    def is_behind(self) -> bool:
        """Whether the last `refresh` left whole rows unread: call it again."""
        return self._is_behind

    def _read(self, rows: int) -> None:
        row_bytes = 8 * len(self._names)
        with open(self.path, "rb") as file:
            file.seek(self._read_bytes)
            while rows > 0:
                piece = file.read(min(rows, _PIECE_ROWS) * row_bytes)
                taken = len(piece) // row_bytes
                if taken == 0:
                    break
                self._read_bytes += taken * row_bytes
                values = np.frombuffer(piece, "<f8", taken * len(self._names))
                self._take(values.reshape(taken, -1))
                rows -= taken

    def _forget(self) -> None:
        self._names: tuple[str, ...] = ()
        self._read_bytes = 0
        self._is_behind = False
        self._damaged_rows = 0
        self._count = 0
        self._buffer = np.empty((0, 0))

    def _read_header(self, *, has_rows: bool) -> bool:
        names = read_columns(self.path)
        if names is None:
            if has_rows:
                header = header_path(self.path)
                raise StepTableError(
                    header, "is missing, so the numbers in steps.f64 have no names"
                )
            return False
        self._names = names
        self._buffer = np.empty((len(names), _FIRST_CAPACITY))
        return True

    def _take(self, rows: np.ndarray) -> None:
        rows = self._without_damaged(rows)
        if not len(rows):
            return
        steps = rows[:, 0]
        # The smallest step from each row on; a row stays where all that follow are later.
        smallest = np.minimum.accumulate(steps[::-1])[::-1]
        stays = np.append(steps[:-1] < smallest[1:], True)
        kept = int(np.searchsorted(self._buffer[0, : self._count], smallest[0]))
        if not stays.all():
            rows = rows[stays]
        self._make_room(kept, len(rows))
        self._buffer[:, kept : kept + len(rows)] = rows.T
        self._count = kept + len(rows)

    def _without_damaged(self, rows: np.ndarray) -> np.ndarray:
        steps = rows[:, 0].copy()
        with np.errstate(invalid="ignore"):
            sound = np.isfinite(steps) & (steps >= 0) & (steps == np.floor(steps))
        zero = np.flatnonzero(steps == 0)
        sound[zero] = rows[zero].any(axis=1)  # a block that was never written is all zeros
        if sound.all():
            return rows
        self._damaged_rows += int(len(rows) - np.count_nonzero(sound))
        return rows[sound]

    def _make_room(self, kept: int, more: int) -> None:
        """A new buffer where this is full, or where snapshots hold what would be overwritten."""
        needed, capacity = kept + more, self._buffer.shape[1]
        if needed <= capacity and kept == self._count:
            return
        while capacity < needed:
            capacity *= 2
        buffer = np.empty((len(self._names), capacity))
        buffer[:, :kept] = self._buffer[:, :kept]
        self._buffer = buffer


def header_path(path: Path) -> Path:
    """The file that names the columns of the table at `path`."""
    return path.with_suffix(".json")


def read_columns(path: Path) -> tuple[str, ...] | None:
    """The columns of the table at `path`; None where it has no header yet."""
    header = header_path(path)
    try:
        text = header.read_bytes()
    except FileNotFoundError:
        return None
    try:
        names = json.loads(text)["columns"]
        if names[0] != "step" or not all(isinstance(name, str) for name in names):
            raise ValueError("the first column is not 'step'")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise StepTableError(header, f"names no columns ({error})") from error
    return tuple(names)


def _write_or_compare_header(path: Path, columns: tuple[str, ...]) -> None:
    existing = read_columns(path)
    if existing is None:
        if path.exists() and path.stat().st_size:
            raise StepTableError(header_path(path), "is missing, so the table cannot be continued")
        write_atomically(header_path(path), json.dumps({"columns": columns}).encode())
    elif existing != columns:
        changed = sorted(set(existing) ^ set(columns)) or "their order"
        raise StepTableError(path, f"has other columns than this run would write: {changed}")


def decimate(x: np.ndarray, y: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `points` of the points (x, y), with every extreme that a chart would show.

    The points are divided into runs of (nearly) equal count; of each the smallest and the largest
    y stay, in their order, and the very first and last point. What is NaN counts for nothing,
    but where a whole run is NaN one of it stays, so that the gap is seen.

    Args:
        x: (n,).
        y: (n,).
        points: At least 4.

    Returns:
        The two arrays, both (m,), m ≤ points; all of them where n ≤ points.
    """
    if points < 4:
        raise ValueError(f"{points} points are too few to show anything")
    count = len(y)
    if count <= points:
        return x, y
    runs = (points - 2) // 2
    # Runs of equal count first, as the rows of a table; what is left over is a run of its own.
    width = -(-count // runs)
    whole = count // width
    low, high = _extremes(y[: whole * width].reshape(whole, width))
    if whole * width < count:
        rest_low, rest_high = _extremes(y[None, whole * width :])
        low, high = np.append(low, rest_low), np.append(high, rest_high)
    starts = np.arange(0, count, width)
    low, high = low + starts, high + starts
    kept = np.empty(2 * len(starts) + 2, dtype=np.int64)
    kept[0], kept[-1] = 0, count - 1
    np.minimum(low, high, out=kept[1:-1:2])
    np.maximum(low, high, out=kept[2:-1:2])
    kept = kept[np.append(True, np.diff(kept) > 0)]
    return x[kept], y[kept]


def _extremes(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each row the places of the smallest and the largest value, NaN left out."""
    missing = np.isnan(table)
    if missing.any():
        low = np.where(missing, np.inf, table).argmin(axis=1)
        return low, np.where(missing, -np.inf, table).argmax(axis=1)
    return table.argmin(axis=1), table.argmax(axis=1)
