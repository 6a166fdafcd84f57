"""Opening a store: made where there is none, refused by name, or read-only with what is left."""

import contextlib
import errno
import getpass
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from core.annotation.checking import head_problem, quick_problem, whole_problem
from core.annotation.log_check import log_path, log_problem
from core.annotation.places import annotations_root, dataset_identity, default_store_path
from core.annotation.salvage import copied, salvaged
from core.annotation.schema import connect, header_problem, make_store, schema_problem
from core.annotation.sqlite_store import BUSY_S, AnnotationStore
from core.annotation.store_errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreGoneError,
    StoreReadOnlyError,
    StoreRefusedError,
    StoreWriteError,
    raising_store_errors,
)

__all__ = [
    "AnnotationStore",
    "StoreBusyError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "StoreGoneError",
    "StoreReadOnlyError",
    "StoreRefusedError",
    "StoreWriteError",
    "annotations_root",
    "dataset_identity",
    "default_store_path",
    "open_damaged",
    "open_store",
]


def open_store(
    path: Path | str,
    *,
    dataset: str = "",
    author: str = "",
    creates: bool = True,
    looks_at_all: bool = True,
) -> AnnotationStore:
    """Open the store of a dataset.

    One that is damaged opens read-only with all edits that can be saved (`damage` says what was
    lost), one that may not be written opens read-only as well; neither file is touched.

    Args:
        path: Its file, by `default_store_path` as a rule.
        dataset: By `dataset_identity`; "" takes whichever it is of.
        author: Who writes; "" is the user's name on this computer.
        creates: Whether a missing one is made.
        looks_at_all: Whether every row is looked at, which takes a second or some for 100,000
            edits; who opens it without calls `AnnotationStore.check` later.

    Raises:
        StoreRefusedError: It is of another dataset, of a newer format, or no store at all.
        StoreError: It cannot be used now; `StoreWriteError` may be worth another try.
        FileNotFoundError: There is none, and none was to be made.
        OSError: It can neither be made nor read.
    """
    path = Path(path)
    author = author or _user()
    if not path.exists() and not _is_filled(log_path(path)):
        if not creates:
            raise FileNotFoundError(errno.ENOENT, "there is no such annotation store", str(path))
        make_store(path, dataset)
    problem = _file_problem(path)
    if not problem:
        try:
            opened = _opened if _may_write(path) else _opened_copy
            return opened(path, dataset, author, looks_at_all)
        except StoreDamagedError as error:
            problem = error.problem
    return open_damaged(path, problem, dataset=dataset, author=author)


def open_damaged(
    path: Path, problem: str, *, dataset: str = "", author: str = ""
) -> AnnotationStore:
    """What can be saved of a store in which something was found wrong later than at its opening.

    Raises StoreRefusedError, OSError.
    """
    connection, damage = salvaged(path, problem)
    with _closed_on_error(connection):
        known = _dataset(path, connection, dataset)
        return AnnotationStore(
            path, connection, dataset=known, author=author, is_read_only=True, damage=damage
        )


def _user() -> str:
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return ""


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _file_problem(path: Path) -> str:
    """What the bytes of file and log tell without SQLite, which would mend by forgetting."""
    if not path.exists():
        return "the file itself is missing, and only its log is left"
    return header_problem(path) or log_problem(path)


def _opened(path: Path, dataset: str, author: str, looks_at_all: bool) -> AnnotationStore:
    with raising_store_errors(path):
        # A damaged one's log stays as it is: what it holds may be all there is.
        with contextlib.closing(connect(path, busy_s=BUSY_S, writes=False)) as connection:
            _check(path, connection, looks_at_all)
        connection = connect(path, busy_s=BUSY_S)
    with _closed_on_error(connection):
        known = _dataset(path, connection, dataset)
        return AnnotationStore(path, connection, dataset=known, author=author)


def _opened_copy(path: Path, dataset: str, author: str, looks_at_all: bool) -> AnnotationStore:
    with raising_store_errors(path):
        connection, folder = copied(path)
    try:
        with _closed_on_error(connection):
            _check(path, connection, looks_at_all)
            known = _dataset(path, connection, dataset)
            return AnnotationStore(
                path, connection, dataset=known, author=author, is_read_only=True, folder=folder
            )
    except BaseException:
        folder.cleanup()
        raise


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _check(path: Path, connection: sqlite3.Connection, looks_at_all: bool) -> None:
    """Raise StoreDamagedError where something is found wrong."""
    with raising_store_errors(path):
        connection.execute("BEGIN")  # other processes may write meanwhile
        try:
            problem = schema_problem(connection) or quick_problem(connection)
            if not problem and looks_at_all:
                problem = whole_problem(connection) or ""
            if not problem:
                problem = head_problem(connection)
        except StoreError:
            raise
        except ValueError as error:
            problem = str(error)
        finally:
            connection.execute("ROLLBACK")
    if problem:
        raise StoreDamagedError(path, problem)


def _dataset(path: Path, connection: sqlite3.Connection, dataset: str) -> str:
    """The dataset that a store is of; one that is of none yet becomes that of the one asked for."""
    with raising_store_errors(path):
        row = connection.execute("SELECT value FROM facts WHERE name = 'dataset'").fetchone()
        if row is None or not isinstance(row[0], str):
            raise StoreDamagedError(path, "it does not say of which dataset it is")
        if not row[0] and dataset:
            connection.execute("UPDATE facts SET value = ? WHERE name = 'dataset'", (dataset,))
            return dataset
    if dataset and row[0] != dataset:
        raise StoreRefusedError(
            path, f"holds the annotations of {row[0]}, not those of {dataset}; name another file"
        )
    return row[0]
