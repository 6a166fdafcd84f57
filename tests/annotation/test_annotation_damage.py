"""Full disks; damaged, cut, deleted, hostile, locked stores: told by name, and nothing is lost."""

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from made_annotations import SPLIT, a_change

from core.annotation.carving import carve
from core.annotation.log_check import log_path, log_problem
from core.annotation.records import Change, FrameState
from core.annotation.store import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreGoneError,
    StoreReadOnlyError,
    StoreRefusedError,
    open_store,
)

ROOT = Path(__file__).parents[2]
DATASET = "HO-3D: set"
COUNT = 45


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A store with some history, and what it holds: its edits, its states."""
    folder = tmp_path_factory.mktemp("healthy")
    with open_store(folder / "set.sqlite", dataset=DATASET) as store:
        fill(store)
        known = {edit.id: edit for edit in store.since(0)}, store.replay()
    return folder, *known


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """The same, as a killed process leaves it: most of it is in the log."""
    folder = tmp_path_factory.mktemp("logged")
    with open_store(folder / "live.sqlite", dataset=DATASET) as store:
        fill(store)
        for end in ("", "-wal"):
            shutil.copy(folder / f"live.sqlite{end}", folder / f"set.sqlite{end}")
        known = {edit.id: edit for edit in store.since(0)}, store.replay()
    for file in folder.glob("live*"):
        file.unlink()
    return folder, *known


def fill(store) -> None:
    for seed in range(COUNT):
        store.write([a_change(seed)])
        if seed % 9 == 8:
            store.undo()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.sqlite"


def note(text: str = "a", frame: str = "MC1/0000") -> Change:
    return Change(frame, SPLIT, "note", text, "wrote a note")


def copy(source: Path, path: Path) -> None:
    for file in source.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copy(file, path.parent / file.name)


def look(path: Path, edits: dict, states: dict) -> str:
    """Open a damaged copy: it must be refused, whole, or salvaged with every loss told."""
    try:
        store = open_store(path, dataset=DATASET)
    except StoreError:
        return "refused"
    with store:
        if not store.damage:
            assert store.replay() == states
            return "whole"
        assert store.is_read_only
        found = {edit.id: edit for edit in store.since(0)}
        for edit_id, edit in found.items():  # nothing that was never said
            assert edit.change == edits[edit_id].change and edit.kind == edits[edit_id].kind
        missing = edits.keys() - found.keys()
        assert not missing or "lost" in store.damage or "cannot be told" in store.damage
        return "salvaged"


@pytest.mark.parametrize("seed", range(3))
def test_changed_bytes_anywhere_in_the_file(healthy, path, seed):
    folder, edits, states = healthy
    draw, content = random.Random(seed), (folder / "set.sqlite").read_bytes()
    seen = set()
    for count in (1, 1, 1, 4, 30, 300):
        damaged = bytearray(content)
        for _ in range(count):
            damaged[draw.randrange(len(damaged))] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        seen.add(look(path, edits, states))
        for file in path.parent.iterdir():
            file.unlink()
    assert "salvaged" in seen


@pytest.mark.parametrize("at", [0, 17, 18, 19, 28, 45, 57, 60, 69, 100, 103, 105])
def test_changed_bytes_of_the_first_page(healthy, path, at):
    folder, edits, states = healthy
    damaged = bytearray((folder / "set.sqlite").read_bytes())
    damaged[at] ^= 0x55
    path.write_bytes(damaged)
    look(path, edits, states)
    if at == 18:  # the log would be ignored, and written no more
        with open_store(path) as store:
            assert "all 50 edits could be read" in store.damage


@pytest.mark.parametrize("seed", range(2))
def test_changed_bytes_in_the_log(logged, path, seed):
    folder, edits, states = logged
    draw = random.Random(seed)
    content = log_path(folder / "set.sqlite").read_bytes()
    for count in (1, 3, 40):
        copy(folder, path)
        damaged = bytearray(content)
        for _ in range(count):
            # Not in its last transaction: that may as well have been half written.
            damaged[draw.randrange(len(damaged) * 9 // 10)] ^= draw.randrange(1, 256)
        log_path(path).write_bytes(damaged)
        before = path.read_bytes()
        assert look(path, edits, states) == "salvaged"
        assert log_path(path).read_bytes() == damaged and path.read_bytes() == before


def test_a_log_as_a_killed_process_leaves_it_is_whole(logged, path):
    folder, edits, _states = logged
    copy(folder, path)
    assert log_problem(path) == ""
    with log_path(path).open("r+b") as log:  # and the last transaction was only half written
        log.truncate(log_path(path).stat().st_size - 5000)
    assert log_problem(path) == ""
    with open_store(path) as store:
        assert not store.damage and len(edits) - 3 <= store.last_id < len(edits)
        store.write([note()])
        assert store.check()


def test_a_file_that_is_cut_off_keeps_what_is_left(healthy, path):
    folder, edits, _states = healthy
    content = (folder / "set.sqlite").read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    with open_store(path) as store:
        assert 0 < len(store.since(0)) < len(edits)
        assert store.is_read_only and "edits are lost" in store.damage
        assert path.stat().st_size == len(content) * 3 // 4
        with pytest.raises(StoreReadOnlyError):
            store.write([note()])


def test_only_the_log_is_left(logged, path):
    folder, edits, _states = logged
    shutil.copy(log_path(folder / "set.sqlite"), log_path(path))
    with open_store(path) as store:
        assert "the file itself is missing" in store.damage
        assert {edit.id: edit.change for edit in store.since(0)} == {
            edit_id: edit.change for edit_id, edit in edits.items()
        }
    assert not path.exists()


def test_every_edit_is_carved_out_of_the_bytes(healthy, logged):
    folder, edits, _states = healthy
    assert carve((folder / "set.sqlite").read_bytes(), b"").keys() == edits.keys()
    folder, edits, _states = logged
    log = log_path(folder / "set.sqlite").read_bytes()
    assert carve(b"", log).keys() == edits.keys()
    assert carve(os.urandom(200_000), b"") == {}


def test_what_is_in_force_was_changed_beside_the_history(healthy, path):
    folder, _edits, states = healthy
    for sql in ("UPDATE frames SET review_edit = 0", "DELETE FROM steps", "DELETE FROM frames"):
        shutil.copy(folder / "set.sqlite", path)
        connection = sqlite3.connect(path)
        connection.execute(sql)
        connection.commit()
        connection.close()
        quick = open_store(path, looks_at_all=False)
        with quick as store, pytest.raises(StoreDamagedError):
            assert not store.damage
            store.check()
        with open_store(path) as store:
            assert store.is_read_only and store.replay() == states


@pytest.mark.parametrize("content", [b"", b"no store", b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_store_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(StoreRefusedError, match="no annotation store"):
        open_store(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE edits (id INTEGER PRIMARY KEY, value)")
    connection.close()
    with pytest.raises(StoreRefusedError, match="no annotation store"):
        open_store(path)


def test_a_made_up_file_runs_nothing_and_hangs_nowhere(healthy, path):
    """A trigger that would write, and a view without an end in the place of a table."""
    folder, edits, _states = healthy
    shutil.copy(folder / "set.sqlite", path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE ran (x)")
    connection.execute(
        "CREATE TRIGGER t AFTER INSERT ON edits BEGIN INSERT INTO ran VALUES (1); END"
    )
    connection.execute("DROP TABLE facts")
    connection.execute(
        "CREATE VIEW facts AS WITH RECURSIVE n(name, value) AS (SELECT 'x', 1 UNION ALL "
        "SELECT 'y', value + 1 FROM n) SELECT name, value FROM n"
    )
    connection.commit()
    connection.close()
    with open_store(path) as store:
        assert store.is_read_only and "not a store's" in store.damage
        assert store.since(0)[-1].id == max(edits)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("correction", b"\x01\x07\x00\x00\x00\x00" + b"\xff" * 8 * 166),
        ("correction", b"\x80\x04cos\nsystem\n."),
        ("review", "great"),
        ("flags", "UPPER CASE"),
        ("visibility", "9" * 21),
        ("visibility", 5),
        ("note", b"bytes"),
        ("shell", "rm"),
    ],
)
def test_made_up_values_are_named_errors(path, field, value):
    from core.annotation.rows import EditRow, FrameRow

    with open_store(path) as store:
        store.write([note()])
    row = EditRow(2, 1.0, "x", "change", SPLIT, "MC1/0000", field, "w", "", 0, 0, value)
    try:
        checksum = row.checksum
    except ValueError:
        checksum = 0
    frame = FrameRow(SPLIT, "MC1/0000")
    frame.edits[field if field in frame.edits else "note"] = 2
    connection = sqlite3.connect(path)
    marks = ", ".join("?" * 13)
    connection.execute(f"INSERT INTO edits VALUES ({marks})", (*row[:-1], checksum, value))
    connection.execute("UPDATE head SET last_edit = 2")
    connection.execute(f"INSERT OR REPLACE INTO frames VALUES ({marks[3:]})", frame.columns)
    connection.commit()
    connection.close()
    with open_store(path, looks_at_all=False) as store:
        with pytest.raises(StoreDamagedError, match="damaged"):
            store.state(SPLIT, "MC1/0000")
        with pytest.raises(StoreDamagedError, match="damaged"):
            store.history()
        with pytest.raises(StoreDamagedError, match="damaged"):
            store.check()
    with open_store(path) as store:
        assert store.is_read_only and [edit.id for edit in store.history()] == [1]
        assert store.state(SPLIT, "MC1/0000").note == "a"


# While it is open.


def test_a_lock_that_is_held_is_told_and_a_retry_works(path, monkeypatch):
    monkeypatch.setattr("core.annotation.store.BUSY_S", 0.1)
    with open_store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match=r"set\.sqlite: another program is writing"):
            store.write([note()])
        assert store.state(SPLIT, "MC1/0000") == FrameState()
        other.execute("ROLLBACK")
        other.close()
        assert [edit.id for edit in store.write([note()])] == [1]


def test_a_full_disk_is_told_and_loses_nothing(path):
    with open_store(path) as store:
        store.write([note("kept")])
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        connection = store._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(StoreFullError, match="no room is left"):
            store.write(note("x" * 9000, f"MC1/{n:04d}") for n in range(20))
        assert resource.getrlimit(resource.RLIMIT_FSIZE) == limits
        assert len(store.since(0)) == 1 and store.check()
        connection.execute("PRAGMA max_page_count = 1000000")
        store.write([note("again")])
        assert store.last_id == 2


def test_a_file_that_may_grow_no_more_is_told(path):
    """The same, by the system's own limit, in a process of its own: it cannot be raised again."""
    code = f"""
import resource, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "support")!r}]
from core.annotation.records import Change
from core.annotation.store import StoreWriteError, open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def note(n):
    return Change(f"A/{{n}}", "train", "note", "x" * 5000, "w")
with open_store({str(path)!r}) as store:
    store.write([note(0)])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    saved = 1
    try:
        for n in range(1, 200):
            store.write([note(n)])
            saved += 1
    except StoreWriteError as error:
        print("told", type(error).__name__)
    assert store.last_id == saved, (store.last_id, saved)
    print("saved", saved)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "told Store" in ended.stdout, ended.stdout + ended.stderr
    saved = int(ended.stdout.split("saved")[1])
    with open_store(path) as store:
        assert not store.damage and store.last_id == saved and store.check()


def test_a_deleted_file_is_noticed_and_written_anew(path):
    with open_store(path) as store:
        store.write([note("one")])
        for file in path.parent.iterdir():
            file.unlink()
        with pytest.raises(StoreGoneError) as gone:
            store.write([note("two")])
        assert gone.value.written == []
        assert store.rescue() == path
    with open_store(path) as again:
        assert again.state(SPLIT, "MC1/0000").note == "one"
        again.write([note("two")])
        assert again.check()


def test_a_replaced_file_stays_and_what_was_open_is_kept_beside_it(path, tmp_path):
    with open_store(tmp_path / "other.sqlite") as other:
        other.write([note("theirs")])
    with open_store(path) as store:
        store.write([note("mine")])
        os.replace(tmp_path / "other.sqlite", path)
        with pytest.raises(StoreGoneError):
            store.write([note("more")])
        beside = store.rescue()
    with open_store(beside) as kept:
        assert kept.state(SPLIT, "MC1/0000").note == "mine"
    assert "before-it-was-replaced" in beside.name
    with open_store(path) as there:
        assert there.state(SPLIT, "MC1/0000").note == "theirs"


def test_a_deleted_log_is_noticed(path):
    with open_store(path) as store:
        store.write([note("one")])
        log_path(path).unlink()
        with pytest.raises(StoreGoneError) as gone:
            store.write([note("two")])
        assert [edit.change.value for edit in gone.value.written] == ["two"]
        assert store.rescue() == path
    with open_store(path) as again:
        assert again.state(SPLIT, "MC1/0000").note == "two" and again.check()


def test_a_store_that_may_not_be_written_opens_for_reading(logged, path, monkeypatch):
    folder, edits, states = logged
    copy(folder, path)
    before = path.read_bytes()
    monkeypatch.setattr("core.annotation.store.os.access", lambda *_: False)
    with open_store(path, dataset=DATASET) as store:
        assert store.is_read_only and not store.damage
        assert store.last_id == len(edits) and store.replay() == states
        with pytest.raises(StoreReadOnlyError, match="cannot be written by you"):
            store.write([note()])
    assert path.read_bytes() == before
