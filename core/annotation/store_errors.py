"""What can go wrong with an annotation store, and how SQLite's errors become that."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.annotation.records import Edit


class StoreError(ValueError):
    """Something is wrong with a store; `path` is its file, `reason` the sentence without it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


class StoreRefusedError(StoreError):
    """No store, one of another dataset, or one of a newer version: it is left as it is."""


class StoreDamagedError(StoreError):
    """What is kept contradicts itself; `open_damaged` gives what can be saved.

    Attributes:
        problem: What was found wrong.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, f"is damaged ({problem})")
        self.problem = problem


class StoreReadOnlyError(StoreError):
    """A store that was opened for reading only was to be written."""


class StoreWriteError(StoreError):
    """Nothing was written; what was kept before is whole, and trying again may work."""


class StoreBusyError(StoreWriteError):
    """Another program is writing, and went on for longer than one waits."""


class StoreFullError(StoreWriteError):
    """No room is left on the disk."""


class StoreGoneError(StoreWriteError):
    """The file was deleted, moved or replaced while it was open: see `AnnotationStore.rescue`.

    Attributes:
        written: Edits that are in what is open, though that has no name any more.
    """

    def __init__(self, path: Path, written: Sequence[Edit] = ()) -> None:
        super().__init__(path, "was deleted, moved or replaced while it was open")
        self.written = list(written)


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


@contextlib.contextmanager
def raising_store_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into one of this module's errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(path, error) from error
    except UnicodeDecodeError as error:  # of a message of SQLite's, with a broken name in it
        raise StoreDamagedError(path, "a name in it is no text") from error


def _translated(path: Path, error: sqlite3.Error) -> StoreError:
    # Extended codes keep the plain one in their lowest byte. An error without any code comes from
    # a text that is no UTF-8: nothing that was written here.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _BUSY:
        return StoreBusyError(path, "another program is writing to it and does not end")
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(path, "no room is left on the disk")
    if code in _DAMAGED:
        return StoreDamagedError(path, str(error))
    return StoreWriteError(path, f"cannot be read or written ({error})")
