"""The tables of a store, how a new one is made, and whether a file is one.

``edits`` is the history: rows are added and never changed or taken out, which triggers see to.
``frames``, ``steps`` and ``head`` follow from it and make reading fast; `core.annotation.checking`
holds them to each other.
"""

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from core.annotation.records import FIELDS
from core.annotation.store_errors import StoreRefusedError, raising_store_errors
from core.files.durable import raising_disk_full

#: "UTNA", in the file's header.
APPLICATION_ID = 0x55544E41
VERSION = 1
PAGE_BYTES = 4096

#: No text or blob that is written here comes near this; a hostile file could ask for gigabytes.
MOST_BYTES = 4 << 20

_MAGIC = b"SQLite format 3\0"

_STAY = "BEGIN SELECT RAISE(ABORT, 'the history only grows'); END"
SCHEMA = {
    "facts": "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "edits": (
        "CREATE TABLE edits (id INTEGER PRIMARY KEY, at_s REAL NOT NULL, author TEXT NOT NULL, "
        "kind TEXT NOT NULL, split TEXT NOT NULL, frame TEXT NOT NULL, field TEXT NOT NULL, "
        "words TEXT NOT NULL, grp TEXT NOT NULL, of INTEGER NOT NULL, before INTEGER NOT NULL, "
        "checksum INTEGER NOT NULL, value)"
    ),
    "edits_of_frame": "CREATE INDEX edits_of_frame ON edits (split, frame)",
    "edits_stay": f"CREATE TRIGGER edits_stay BEFORE UPDATE ON edits {_STAY}",
    "edits_are_kept": f"CREATE TRIGGER edits_are_kept BEFORE DELETE ON edits {_STAY}",
    "frames": (
        "CREATE TABLE frames (split TEXT NOT NULL, frame TEXT NOT NULL, review TEXT NOT NULL, "
        "flags TEXT NOT NULL, has_note INTEGER NOT NULL, has_correction INTEGER NOT NULL, "
        + "".join(f"{field}_edit INTEGER NOT NULL, " for field in FIELDS)
        + "checksum INTEGER NOT NULL, PRIMARY KEY (split, frame)) WITHOUT ROWID"
    ),
    "steps": (
        "CREATE TABLE steps (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, "
        "state INTEGER NOT NULL)"
    ),
    "steps_by_state": "CREATE INDEX steps_by_state ON steps (state, first)",
    "head": "CREATE TABLE head (one INTEGER PRIMARY KEY, last_edit INTEGER NOT NULL)",
}


def make_store(path: Path, dataset: str) -> None:
    """Make an empty store; one that another process made meanwhile stays.

    It comes into being whole: a file without content is never a new store, but a damaged one.
    Raises StoreError, OSError.
    """
    with raising_disk_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=".part", dir=path.parent
        )
        os.close(descriptor)
    made = Path(name)
    try:
        with raising_store_errors(path):
            connection = sqlite3.connect(made, isolation_level=None)
            try:
                fill_schema(connection, dataset)
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
        place_new_file(made, path)
    finally:
        made.unlink(missing_ok=True)


def place_new_file(made: Path, path: Path) -> None:
    """Give a file that was just made its name, unless there is one of that name. Raises OSError."""
    os.chmod(made, 0o644)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        try:
            os.link(made, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if not path.exists():
                os.rename(made, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def fill_schema(connection: sqlite3.Connection, dataset: str) -> None:
    """Make the tables in an empty database."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("BEGIN IMMEDIATE")
    for sql in SCHEMA.values():
        connection.execute(sql)
    connection.execute("INSERT INTO head VALUES (1, 0)")
    facts = {"dataset": dataset, "made_at_s": repr(time.time())}
    connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def connect(path: Path, *, busy_s: float, writes: bool = True) -> sqlite3.Connection:
    """Open a file that is there; nothing of what it may hold is run.

    Only one thread may use the connection at a time, whichever it is. One that does not write
    leaves file and log as they are when it is closed; the other moves the log into the file.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rw' if writes else 'ro'}",
        uri=True,
        isolation_level=None,
        timeout=busy_s,
        check_same_thread=False,
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def header_problem(path: Path) -> str:
    """What is wrong with a file's first bytes; "" for nothing. Raises StoreRefusedError for a
    newer version of the format, OSError."""
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(_MAGIC):
        return "its first bytes are not those of a database"
    version = int.from_bytes(header[60:64])
    if int.from_bytes(header[68:72]) != APPLICATION_ID:
        return "its first bytes are not those of an annotation store"
    if version > VERSION:
        raise StoreRefusedError(
            path,
            f"was written by a newer version of this program (format {version}, known is "
            f"{VERSION}); update the program to open it",
        )
    # In WAL mode both are 2; anything else would have SQLite ignore the log with the newest edits.
    is_plain = int.from_bytes(header[16:18]) == PAGE_BYTES and header[18:21] == b"\x02\x02\x00"
    return "" if version == VERSION and is_plain else "its first bytes were changed"


def schema_problem(connection: sqlite3.Connection) -> str:
    """Whether a database has other tables, triggers or views than a store's; "" for no."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))
    other = [name for name in found.keys() | SCHEMA.keys() if found.get(name) != SCHEMA.get(name)]
    return f"its table {other[0]!r} is not a store's" if other else ""
