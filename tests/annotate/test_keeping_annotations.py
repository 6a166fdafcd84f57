"""The window's book: in force at once, written on a thread, tried again, seen by other windows."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_annotations import a_change, a_correction
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from support_samples import stand_in_hand

from core.annotation.records import Change, FrameState, ReviewState
from core.annotation.store import open_store
from core.data.frame import FrameId
from utnet_viewer.annotate.annotations import Annotations
from utnet_viewer.annotate.keeping import DAMAGED, FAILING, Keeping
from utnet_viewer.document import Document
from utnet_viewer.main_window import MainWindow
from utnet_viewer.notices import Notice
from utnet_viewer.settings import Settings
from utnet_viewer.theme import Theme

SPLIT = "train"


class Frames:
    """Five frames of a dataset that has nothing else."""

    kind, root, split = "HO-3D", Path("HO3D_v3"), SPLIT

    def __len__(self) -> int:
        return 5

    def frame_id(self, row: int) -> FrameId:
        return FrameId("MC1", f"{row:04d}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Other programs that write are waited for briefly."""
    for module in ("store", "sqlite_store"):
        monkeypatch.setattr(f"core.annotation.{module}.BUSY_S", 0.2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "set.sqlite"


@pytest.fixture
def books(path, qtbot):
    """Makes books on one store, as windows do; they are closed after the test."""
    made = []

    def make(path=path, index=None) -> Annotations:
        document = Document(stand_in_hand())
        document.set_index(index or Frames())
        document.select(0)
        book = Annotations(document)
        book.use_dataset(document.index, path=path)
        made.append(book)
        return book

    yield make
    for book in made:
        book.close()


def written(book, qtbot):
    qtbot.waitUntil(lambda: not book.pending, timeout=10_000)


def block(path) -> sqlite3.Connection:
    """Another program that writes and does not end."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_change_is_in_force_at_once_and_on_the_disk_soon(books, path, qtbot):
    book = books()
    told = []
    book.changed.connect(told.append)
    correction = a_correction(1)
    assert book.change("correction", correction, "moved index PIP")
    assert book.state("MC1/0000").correction == correction
    assert book.overview["MC1/0000"].has_correction and told == [{"MC1/0000"}]
    assert book.undo_words == "moved index PIP" and book.pending == 1
    written(book, qtbot)
    assert book.saved_at_s > 1e9 and book.overview["MC1/0000"].edit_id == 1
    with open_store(path) as store:
        assert store.dataset == "HO-3D: HO3D_v3"
        assert store.state(SPLIT, "MC1/0000").correction == correction


def test_nothing_is_made_on_the_disk_before_the_first_change(books, path, qtbot):
    book = books()
    with qtbot.waitSignal(book.opened):
        pass
    assert book.state("MC1/0000") == FrameState() and not path.parent.exists()
    assert book.change("note", "", "") and not book.pending  # it is that already
    assert book.undo_words == "" and not path.parent.exists()


def test_undo_and_redo_keep_their_order_with_what_is_not_written_yet(books, path, qtbot):
    book = books()
    book.change("note", "one", "first")
    book.change("note", "two", "second", frame="MC1/0003")
    book.undo()
    assert book.state("MC1/0003").note == "" and book.undo_words == "first"
    assert book.redo_words == "second"
    book.undo()
    book.redo()
    assert book.state("MC1/0000").note == "one"
    written(book, qtbot)
    assert (book.undo_words, book.redo_words) == ("first", "second")
    assert [edit.kind for edit in reversed(book.history())] == [
        "change",
        "change",
        "undo",
        "undo",
        "redo",
    ]
    with open_store(path) as store:
        assert store.state(SPLIT, "MC1/0000").note == "one"
        assert store.state(SPLIT, "MC1/0003").note == ""


def test_an_undo_of_what_was_stored_tells_what_it_took_back(books, path, qtbot):
    with open_store(path) as store:
        store.write([Change("MC1/0002", SPLIT, "note", "old", "wrote a note")])
    book = books()
    qtbot.waitUntil(lambda: book.undo_words == "wrote a note", timeout=10_000)
    assert book.state("MC1/0002").note == "old"
    with qtbot.waitSignal(book.taken) as told:
        book.undo()
    kind, edits = told.args
    assert (kind, [edit.change.frame for edit in edits]) == ("undo", ["MC1/0002"])
    assert book.state("MC1/0002").note == "" and book.redo_words == "wrote a note"
    assert not book.overview["MC1/0002"].has_note


def test_two_windows_see_each_other(books, qtbot):
    mine, theirs = books(), books()
    mine.change("review", ReviewState.DONE, "marked done")
    written(mine, qtbot)
    qtbot.waitUntil(lambda: theirs.state("MC1/0000").review == ReviewState.DONE, timeout=10_000)
    assert theirs.undo_words == "marked done" and len(theirs.history()) == 1
    theirs.change("note", "seen", "wrote a note")
    theirs.undo()
    theirs.undo()
    written(theirs, qtbot)
    qtbot.waitUntil(lambda: mine.redo_words == "marked done", timeout=10_000)
    assert mine.state("MC1/0000") == theirs.state("MC1/0000") == FrameState()


def test_what_cannot_be_written_waits_is_told_and_is_tried_again(books, path, qtbot):
    open_store(path, dataset="HO-3D: HO3D_v3").close()
    book = books()
    with qtbot.waitSignal(book.opened):
        pass
    other = block(path)
    with qtbot.waitSignal(book.failing, timeout=20_000) as why:
        book.change("note", "kept", "wrote a note")
        book.change("flags", frozenset(["bad"]), "flagged")
    assert "another program is writing" in why.args[0] and book.failure == why.args[0]
    assert book.pending == 2 and book.state("MC1/0000").note == "kept"
    other.execute("ROLLBACK")
    other.close()
    book.try_again()
    with qtbot.waitSignal(book.failing, timeout=20_000) as why:
        pass
    assert why.args == [""] and book.failure == ""
    written(book, qtbot)
    with open_store(path) as store:
        assert len(store.history()) == 2


def test_a_folder_that_cannot_be_made_is_told_and_edits_wait(books, tmp_path, qtbot):
    (tmp_path / "file").write_text("in the way")
    book = books(tmp_path / "file" / "set.sqlite")
    with qtbot.waitSignal(book.failing, timeout=20_000):
        book.change("note", "kept", "wrote a note")
    assert book.pending == 1 and book.failure
    (tmp_path / "file").unlink()
    book.try_again()
    written(book, qtbot)
    assert (tmp_path / "file" / "set.sqlite").exists()


def test_another_dataset_is_opened_while_edits_wait(books, path, tmp_path, qtbot):
    open_store(path, dataset="HO-3D: HO3D_v3").close()
    book = books()
    with qtbot.waitSignal(book.opened):
        pass
    other = block(path)
    with qtbot.waitSignal(book.failing, timeout=20_000):
        book.change("note", "kept", "wrote a note")
    book.use_dataset(Frames(), path=tmp_path / "other.sqlite")
    assert book.pending == 1 and book.state("MC1/0000") == FrameState()
    book.change("note", "there", "wrote a note")
    qtbot.waitUntil(lambda: book.pending == 1, timeout=10_000)  # that works
    book.use_dataset(Frames(), path=path)  # and back
    assert book.state("MC1/0000").note == "kept" and book.undo_words == "wrote a note"
    book.change("flags", frozenset(["bad"]), "flagged")
    book.use_dataset(Frames(), path=tmp_path / "other.sqlite")
    assert book.pending == 2
    qtbot.waitUntil(lambda: book.state("MC1/0000").note == "there", timeout=10_000)
    other.execute("ROLLBACK")
    other.close()
    book.try_again()
    written(book, qtbot)
    with open_store(path) as store:
        assert store.state(SPLIT, "MC1/0000").note == "kept" and len(store.history()) == 2


def test_a_deleted_file_comes_back_whole(books, path, qtbot):
    book = books()
    book.change("note", "one", "first")
    written(book, qtbot)
    for file in path.parent.iterdir():
        file.unlink()
    book.change("note", "two", "second", frame="MC1/0001")
    written(book, qtbot)
    with open_store(path) as store:
        assert [edit.change.value for edit in store.history()] == ["two", "one"]


def test_a_damaged_store_shows_what_is_left_and_takes_no_change(books, path, qtbot):
    with open_store(path, dataset="HO-3D: HO3D_v3") as store:
        for number in range(20):
            store.write([Change(f"MC1/{number:04d}", SPLIT, "note", "x" * 500, "wrote")])
    content = bytearray(path.read_bytes())
    at = content.rfind(b"x" * 100)
    content[at + 10] ^= 1  # SQLite has no eye for this
    path.write_bytes(content)
    book = books()
    qtbot.waitUntil(lambda: book.is_read_only, timeout=20_000)
    assert "1 of 20 edits are lost" in book.damage
    assert book.state("MC1/0000").note == "x" * 500
    with qtbot.waitSignal(book.refused):
        assert not book.change("note", "new", "wrote")
    assert path.read_bytes() == content


def test_a_newer_format_is_told(books, path, qtbot):
    open_store(path).close()
    content = bytearray(path.read_bytes())
    content[60:64] = (9).to_bytes(4)
    path.write_bytes(content)
    book = books()
    qtbot.waitUntil(lambda: "newer version" in book.failure, timeout=10_000)


def test_splits_of_one_dataset_share_a_store(books, qtbot):
    book = books()
    book.change("note", "one", "first")
    index = Frames()
    index.split = "evaluation"
    book.use_dataset(index, path=book.path)
    with qtbot.waitSignal(book.opened, timeout=10_000):
        pass
    assert book.overview == {} and book.state("MC1/0000") == FrameState()
    assert book.state("MC1/0000", SPLIT).note == "one"
    assert book.undo_words == "first"


def test_without_a_dataset_a_change_is_refused(books, qtbot):
    book = books()
    book.use_dataset(None)
    with qtbot.waitSignal(book.refused):
        assert not book.change("note", "x", "wrote", frame="MC1/0000")


@pytest.mark.parametrize("seed", range(3))
def test_two_windows_at_random_come_to_what_the_store_says(books, path, qtbot, seed):
    draw = random.Random(seed)
    pair = [books(), books()]
    for step in range(40):
        book = pair[draw.random() < 0.3]
        chosen = draw.random()
        if chosen < 0.55:
            book.changes([a_change(seed * 1000 + step * 3 + n) for n in range(draw.choice((1, 3)))])
        else:
            (book.undo if chosen < 0.8 else book.redo)()
        if draw.random() < 0.3:
            QTest.qWait(draw.choice((0, 1, 5, 30)))
    for book in pair:
        written(book, qtbot)
    with open_store(path) as store:
        history, overview = store.history(), store.overview(SPLIT)
        states = {frame: state for (_split, frame), state in store.replay().items()}
        words = (store.can_undo, store.can_redo)
    for book in pair:
        qtbot.waitUntil(lambda book=book: book.history() == history, timeout=10_000)
        assert {frame: book.state(frame) for frame in states} == states
        assert book.overview == overview
        assert (book.undo_words, book.redo_words) == words
        assert book.failure == ""


def test_the_window_starts_without_the_store():
    """It is imported when a dataset is open: the first paint does not wait for it."""
    code = (
        "import sys, utnet_viewer.session, utnet_viewer.menus; "
        "print([m for m in sys.modules if m.startswith(('sqlite3', 'core.annotation'))])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.strip() == "[]", ended.stdout + ended.stderr


# In the window.


@pytest.fixture
def kept(books, path, qtbot):
    """A window with a book whose store is in use by another program."""
    open_store(path, dataset="HO-3D: HO3D_v3").close()
    theme = Theme()
    window = MainWindow(theme, Settings())
    qtbot.addWidget(window)
    book = books()

    def notice(title, text, *, kind="fault", button="", run=None):
        window.add_notice(Notice(theme, title, text, kind=kind, button=button, run=run))

    keeping = Keeping(book, window, notice, window)
    window.show()
    with qtbot.waitSignal(book.opened, timeout=10_000):
        pass
    return SimpleNamespace(window=window, book=book, keeping=keeping, other=block(path))


def notices(window) -> dict[str, str]:
    layout = window.top_bar.notices
    found = [layout.itemAt(place).widget() for place in range(layout.count())]
    return {notice.title: notice.text for notice in found}


def fail(kept, qtbot):
    with qtbot.waitSignal(kept.book.failing, timeout=20_000):
        kept.book.change("note", "kept", "wrote a note")


def free(kept):
    kept.other.execute("ROLLBACK")
    kept.other.close()


def test_a_failure_is_a_notice_that_goes_when_it_works(kept, qtbot):
    fail(kept, qtbot)
    assert "another program is writing" in notices(kept.window)[FAILING]
    kept.window.drop_notices(FAILING)
    kept.book.try_again()  # in vain: that is told again
    qtbot.waitUntil(lambda: FAILING in notices(kept.window), timeout=10_000)
    free(kept)
    kept.book.try_again()
    qtbot.waitUntil(lambda: FAILING not in notices(kept.window), timeout=10_000)
    assert DAMAGED not in notices(kept.window)


def test_closing_with_unsaved_edits_asks_and_closes_once_they_are_saved(kept, path, qtbot):
    fail(kept, qtbot)
    assert not kept.window.close()
    question = kept.keeping.question
    assert question.title.text() == "1 edit is not on the disk yet"
    QTest.mouseClick(question.stay, Qt.MouseButton.LeftButton)
    assert kept.window.isVisible()
    assert not kept.window.close()
    free(kept)
    QTest.mouseClick(kept.keeping.question.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not kept.window.isVisible(), timeout=20_000)
    with open_store(path) as store:
        assert store.state(SPLIT, "MC1/0000").note == "kept"


def test_closing_without_saving_is_possible(kept, path, qtbot):
    fail(kept, qtbot)
    assert not kept.window.close()
    QTest.mouseClick(kept.keeping.question.lose, Qt.MouseButton.LeftButton)
    assert not kept.window.isVisible()
    kept.book.close()
    free(kept)
    with open_store(path) as store:
        assert store.history() == []


def test_closing_with_everything_saved_asks_nothing(kept, qtbot):
    free(kept)
    kept.book.change("visibility", (2,) * 21, "all outside")
    assert kept.window.close()
    assert kept.book.wait_saved(5) and np.array_equal(
        kept.book.state("MC1/0000").visibility, (2,) * 21
    )


def test_the_list_of_edits_is_at_hand_and_right(books, path, qtbot):
    """What the window keeps of the history is what the store would say."""
    mine, theirs = books(), books()
    for number in range(6):
        mine.change("note", f"n{number}", f"note {number}", frame=f"MC1/{number % 3:04d}")
        if number % 3 == 1:
            mine.undo()
    mine.redo()
    written(mine, qtbot)
    theirs.change("note", "theirs", "their note", frame="MC1/0004")
    mine.undo()
    written(theirs, qtbot)
    written(mine, qtbot)
    with open_store(path) as store:
        kept, of_frame = store.history(), store.history(split=SPLIT, frame="MC1/0001")
    for book in (mine, theirs):
        qtbot.waitUntil(lambda book=book: book.history() == kept, timeout=10_000)
        assert book.history(frame="MC1/0001") == of_frame


def test_a_whole_sequence_is_changed_without_a_wait(books, path, qtbot):
    """No frame is read one by one of which nothing was said."""
    book = books()
    with qtbot.waitSignal(book.opened):
        pass
    book.change("note", "one", "first")
    written(book, qtbot)
    qtbot.waitUntil(lambda: book._reader is not None, timeout=10_000)
    asked = []
    book._reader.state = lambda *place: asked.append(place) or FrameState()
    frames = [f"MC1/{number:04d}" for number in range(300)]
    changes = [
        Change(frame, SPLIT, "review", ReviewState.DONE, "fitted", "one group") for frame in frames
    ]
    assert book.changes(changes)
    assert len(asked) <= 1 and len(book.overview) == 300
    written(book, qtbot)
    book.undo()
    written(book, qtbot)
    assert {marks.review for marks in book.overview.values()} == {ReviewState.NEW}
