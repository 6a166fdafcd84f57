"""Whether a store's tables agree: the history with itself, and with what is kept beside it."""

import itertools
import sqlite3
from collections.abc import Callable, Iterable

from core.annotation.codec import decode
from core.annotation.records import FrameState
from core.annotation.rows import EditRow, FrameRow, check_edit, checked_frame
from core.annotation.tables import Tables
from core.annotation.undo_order import OrderRow, steps_of

Frames = dict[tuple[str, str], FrameRow]


def frames_of(edits: Iterable[EditRow]) -> Frames:
    """What is in force after a history, by split and frame."""
    frames: Frames = {}
    for edit in edits:
        key = (edit.split, edit.frame)
        frames.setdefault(key, FrameRow(*key)).apply(edit)
    return frames


def replayed(edits: Iterable[EditRow]) -> dict[tuple[str, str], FrameState]:
    """The states that a history comes to, from it alone, by split and frame."""
    values: dict[tuple[str, str], dict[str, object]] = {}
    for edit in edits:
        values.setdefault((edit.split, edit.frame), {})[edit.field] = edit.value
    return {
        key: FrameState(**{field: decode(field, value) for field, value in fields.items()})
        for key, fields in values.items()
    }


def quick_problem(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the trees that hold the tables; "" for nothing."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return "" if found == "ok" else str(found)


def head_problem(connection: sqlite3.Connection) -> str:
    """Whether the newest edits are there; "" for yes."""
    try:
        Tables(connection).last_id()
    except ValueError as error:
        return str(error)
    return ""


def whole_problem(
    connection: sqlite3.Connection, goes_on: Callable[[], bool] = lambda: True
) -> str | None:
    """What is wrong anywhere, every row looked at; "" for nothing, None where it was broken off.

    `goes_on` is asked now and then. Raises ValueError for a row that was changed.
    """
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return str(found)
    tables = Tables(connection)
    count = 0
    for row in tables.edit_rows("ORDER BY id"):
        check_edit(row)
        count += 1
        if row[0] != count:
            raise ValueError(f"edit {count} is missing")
        if count % 500 == 0 and not goes_on():
            return None
    if tables.last_id() != count:
        return "the newest edits are missing"
    if not _frames_agree(connection):
        return "what is in force is not what the history says"
    rows = connection.execute("SELECT id, kind, grp, of FROM edits ORDER BY id")
    if steps_of(itertools.starmap(OrderRow, rows)) != tables.steps():
        return "the order of undoing is not what the history says"
    return ""


def _frames_agree(connection: sqlite3.Connection) -> bool:
    """Whether `frames` names the newest edit of every field, and nothing else."""
    newest = connection.execute(
        "SELECT split, frame, field, max(id) FROM edits GROUP BY split, frame, field"
    )
    expected = {row[:3]: row[3] for row in newest}
    found = {}
    for row in map(checked_frame, Tables(connection).frame_rows()):
        found |= {(row.split, row.frame, field): edit for field, edit in row.edits.items() if edit}
    return found == expected
