"""A store that cannot be written, or only read, as the panels show it: nothing pretends to save."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.annotation.records import LABELLED_EVERYWHERE, Change, ReviewState
from core.annotation.store import open_store
from utnet_viewer.annotate.actions import ROWS

#: What is possible without writing.
READING = {"annotate_next", "annotate_previous", "annotate_export"}


def spoil(path: Path) -> None:
    """Write a store, and over some of its pages."""
    store = open_store(path)
    for number in range(60):
        note = f"{number} " * 200
        store.write([Change(f"AB1/{number % 14:04d}", "train", "note", note, "wrote a note")])
    store.close()
    data = bytearray(path.read_bytes())
    assert len(data) > 60_000
    data[12_000:30_000] = b"\xff" * 18_000
    path.write_bytes(data)


def test_a_damaged_store_disables_everything_and_says_why(open_bench, tmp_path, qtbot):
    store = tmp_path / "damaged.sqlite"
    spoil(store)
    kept = store.read_bytes()
    bench = open_bench(store=store)
    qtbot.waitUntil(lambda: bench.annotations.is_read_only)
    words = bench.marks.safety.words
    qtbot.waitUntil(lambda: words.text().startswith("Nothing can be changed: "))
    assert not bench.marks.safety.again.isVisible() and "saved" not in words.text()
    QTest.qWait(0)
    enabled = {row.name for row in ROWS if bench.actions_[row.name].isEnabled()}
    assert enabled <= READING
    assert not bench.marks.chips.isEnabled() and bench.marks.note.isReadOnly()
    assert not bench.marks.done.isEnabled()
    assert not any(button.isEnabled() for button in bench.review.buttons.values())
    bench.editor.select(3)
    for key in (Qt.Key.Key_V, Qt.Key.Key_3, Qt.Key.Key_R):
        bench.press(key)
    bench.joints.table.visibility_wanted.emit(3)
    assert bench.state.visibility == LABELLED_EVERYWHERE
    assert bench.state.review == ReviewState.NEW
    assert store.read_bytes() == kept


def test_what_cannot_be_written_waits_is_told_and_tried_again(open_bench, tmp_path, qtbot):
    in_the_way = tmp_path / "folder"
    in_the_way.write_text("a file where a folder should be")
    store = in_the_way / "marks.sqlite"
    bench = open_bench(store=store)
    safety = bench.marks.safety
    bench.press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: safety.again.isVisible(), timeout=10_000)
    assert bench.state.review == ReviewState.DONE  # in force, though not on the disk
    assert safety.words.text().startswith("1 edit waits: ")
    assert bench.status.kind == "fault" and "Not saved" in bench.status.message

    in_the_way.unlink()
    Path(in_the_way).mkdir()
    qtbot.mouseClick(safety.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bench.annotations.pending == 0, timeout=10_000)
    qtbot.waitUntil(lambda: safety.words.text().startswith("saved"), timeout=5000)
    assert not safety.again.isVisible() and store.is_file()
    assert bench.status.message == "Everything is saved again."


def test_what_is_typed_last_is_saved_when_the_window_closes(open_bench, tmp_path, qtbot):
    store = tmp_path / "last.sqlite"
    bench = open_bench(store=store)
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "the last words")
    bench.shut_down()
    again = open_bench(store=store)
    qtbot.waitUntil(lambda: again.state.note == "the last words")
    assert again.marks.note.toPlainText() == "the last words"
