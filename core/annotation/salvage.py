"""Opening what cannot be written: a damaged store, or one that nobody here may write.

Neither is ever touched. Of a damaged one, all edits that are whole are put into a store in memory;
one that may not be written is opened as a copy.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.annotation.carving import carve
from core.annotation.checking import frames_of
from core.annotation.codec import decode
from core.annotation.log_check import log_path
from core.annotation.records import FIELDS
from core.annotation.rows import KINDS, EditRow
from core.annotation.schema import connect, fill_schema
from core.annotation.store_errors import StoreRefusedError
from core.annotation.tables import Tables
from core.annotation.undo_order import steps_of

#: A made-up file may have a view in a table's place that never ends.
_MOST_STEPS = 1_000_000


def salvaged(path: Path, problem: str) -> tuple[sqlite3.Connection, str]:
    """A store in memory with all that can be saved, and a sentence of what was lost.

    `problem` is what was found wrong. Raises StoreRefusedError where nothing is found, OSError.
    """
    log = log_path(path)
    file = path.read_bytes() if path.exists() else b""
    found = carve(file, log.read_bytes() if log.exists() else b"")
    edits = [found[edit_id] for edit_id in sorted(found) if _is_possible(found[edit_id])]
    if not edits:
        raise StoreRefusedError(
            path, f"is no annotation store, or nothing in it can be read: {problem}"
        )
    dataset, last_id = _facts(path)
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    fill_schema(connection, dataset)
    tables = Tables(connection)
    tables.add_edits(edits)
    tables.put_frames(frames_of(edits).values())
    tables.put_steps(steps_of(edits))
    return connection, _told(problem, edits, last_id)


def _is_possible(edit: EditRow) -> bool:
    """Whether it is an edit; a made-up file may have a row that only looks like one."""
    if edit.kind not in KINDS or edit.field not in FIELDS or not 0 < edit.id < 1 << 40:
        return False
    try:
        decode(edit.field, edit.value)
    except ValueError:
        return False
    return all(isinstance(number, int) for number in (edit.of, edit.before))


def _facts(path: Path) -> tuple[str, int]:
    """The dataset's name and the newest edit's id, where the tables still tell; else "" and 0."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            connection = connect(_copied(path, Path(folder)), busy_s=0)
        except (sqlite3.Error, UnicodeDecodeError):
            return "", 0
        connection.set_progress_handler(lambda: True, _MOST_STEPS)
        try:
            row = connection.execute("SELECT value FROM facts WHERE name = 'dataset'").fetchone()
            last = connection.execute("SELECT last_edit FROM head").fetchone()
            is_told = row and last and isinstance(row[0], str) and isinstance(last[0], int)
            return (row[0], last[0]) if is_told else ("", 0)
        except (sqlite3.Error, UnicodeDecodeError):
            return "", 0
        finally:
            connection.close()


def _copied(path: Path, folder: Path) -> Path:
    for source in (path, log_path(path)):
        if source.exists():
            shutil.copyfile(source, folder / source.name)
    return folder / path.name


def copied(path: Path) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory]:
    """A copy of a store that may not be written, and the folder that goes when it is closed."""
    folder = tempfile.TemporaryDirectory()
    return connect(_copied(path, Path(folder.name)), busy_s=0), folder


def _told(problem: str, edits: Sequence[EditRow], last_id: int) -> str:
    missing = _missing([edit.id for edit in edits], last_id)
    count = sum(last - first + 1 for first, last in missing)
    total = max(edits[-1].id, last_id)
    if count:
        names = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in missing[:5])
        more = ", …" if len(missing) > 5 else ""
        lost = f"{count:,} of {total:,} edits are lost (number {names}{more})"
    elif last_id:
        lost = f"all {total:,} edits could be read"
    else:
        lost = f"{total:,} edits could be read; whether newer ones are missing cannot be told"
    return (
        f"damaged: {problem}. Of its history, {lost}. It is shown as it is and is not written any "
        "more. To go on, move it away and import it into a new one."
    )


def _missing(ids: Sequence[int], last_id: int) -> list[tuple[int, int]]:
    """Ranges of ids that are not there, of 1 up to the newest."""
    ranges, expected = [], 1
    for edit_id in [*ids, max(last_id, ids[-1]) + 1]:
        if edit_id > expected:
            ranges.append((expected, edit_id - 1))
        expected = edit_id + 1
    return ranges
