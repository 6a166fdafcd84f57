"""Undo and redo by keys, over all frames, through a restart, and with what is still being typed."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.annotation.records import Change, ReviewState
from core.conventions import JOINT_NAMES

INDEX_TIP = JOINT_NAMES.index("index tip")


def undo(bench, qtbot) -> None:
    take(bench, qtbot, "Undone", shift=False)


def redo(bench, qtbot) -> None:
    take(bench, qtbot, "Done again", shift=True)


def take(bench, qtbot, words: str, *, shift: bool) -> None:
    bench.status.say("")
    QTest.qWait(0)
    bench.press(Qt.Key.Key_Z, ctrl=True, shift=shift)
    qtbot.waitUntil(lambda: bench.status.message.startswith(words), timeout=5000)


def test_the_frame_of_what_was_taken_back_is_shown_and_named(bench, qtbot):
    bench.press(Qt.Key.Key_1, alt=True)
    bench.document.select(3)
    bench.press(Qt.Key.Key_4)
    bench.document.select(7)

    undo(bench, qtbot)
    assert bench.frame == "AB1/0003" and bench.state.review == ReviewState.NEW
    assert bench.status.message == "Undone: marked rejected · AB1 / 0003"
    undo(bench, qtbot)
    assert bench.frame == "AB1/0000" and bench.state.flags == frozenset()
    assert bench.state.review == ReviewState.NEW  # that began with the flag
    assert [row.is_undone for row in bench.history.model.rows] == [True, True]
    QTest.qWait(0)
    assert not bench.actions_["annotate_undo"].isEnabled()

    redo(bench, qtbot)
    assert bench.frame == "AB1/0000" and bench.state.flags == {"bad"}
    assert bench.state.review == ReviewState.IN_REVIEW
    redo(bench, qtbot)
    assert bench.frame == "AB1/0003" and bench.state.review == ReviewState.REJECTED
    QTest.qWait(0)
    assert not bench.actions_["annotate_redo"].isEnabled()


def test_the_menu_says_what_would_be_undone(bench, qtbot):
    bench.press(Qt.Key.Key_3)
    QTest.qWait(0)
    action = bench.actions_["annotate_undo"]
    assert action.text() == "Undo: marked done" and "Ctrl+Z" in action.toolTip()
    undo(bench, qtbot)
    QTest.qWait(0)
    assert bench.actions_["annotate_redo"].text() == "Redo: marked done"
    assert action.text() == "Undo"


def test_joints_moved_are_undone_too(bench, qtbot):
    bench.press(Qt.Key.Key_F)
    start = bench.editor.keypoints_px[INDEX_TIP].copy()
    bench.editor.drag_px(INDEX_TIP, start + (12.0, 5.0))
    bench.editor.release()
    bench.document.select(4)
    undo(bench, qtbot)
    assert bench.frame == "AB1/0000"
    assert abs(bench.editor.keypoints_px[INDEX_TIP] - start).max() < 1e-9
    assert bench.joints.subtitle == "21"
    redo(bench, qtbot)
    assert bench.joints.subtitle == "21 · 1 moved"


def test_undo_survives_a_restart(open_bench, tmp_path, qtbot):
    store = tmp_path / "kept.sqlite"
    first = open_bench(store=store)
    first.press(Qt.Key.Key_1, alt=True)
    first.document.select(2)
    first.press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: first.annotations.pending == 0)
    first.shut_down()
    first.hide()

    second = open_bench(store=store)
    qtbot.waitUntil(lambda: second.annotations.state("AB1/0002").review == ReviewState.DONE)
    second.document.select(9)
    qtbot.waitUntil(lambda: second.annotations.undo_words == "marked done")
    undo(second, qtbot)
    assert second.frame == "AB1/0002" and second.state.review == ReviewState.NEW
    undo(second, qtbot)
    assert second.frame == "AB1/0000" and second.state.flags == frozenset()


def test_undo_takes_back_a_note_that_is_not_written_yet(bench, qtbot):
    bench.press(Qt.Key.Key_2, alt=True)
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "half")
    bench.acting.undo()
    qtbot.waitUntil(lambda: bench.status.message.startswith("Undone: wrote a note"))
    assert bench.state.note == "" and bench.marks.note.toPlainText() == ""
    assert bench.state.flags == {"blur"}


def test_nothing_to_undo_is_said(bench):
    bench.acting.undo()
    assert bench.status.message == "There is nothing to undo."


def test_undo_pressed_fast_ends_at_the_last_frame_taken_back(bench, qtbot):
    for row in range(4):
        bench.document.select(row)
        bench.press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: bench.annotations.pending == 0)
    for _ in range(3):
        bench.acting.undo()
    qtbot.waitUntil(lambda: bench.frame == "AB1/0001" and bench.annotations.pending == 0)
    reviews = [bench.annotations.state(f"AB1/{row:04d}").review for row in range(4)]
    assert reviews == [ReviewState.DONE] + [ReviewState.NEW] * 3
    assert bench.status.message == "Undone: marked done · AB1 / 0001"


def test_a_group_of_frames_is_taken_back_as_one(bench, qtbot):
    names = [f"AB1/{row:04d}" for row in (1, 2, 3)]
    bench.annotations.changes(
        [Change(name, "train", "note", "same", "fitted the sequence", "one") for name in names]
    )
    qtbot.waitUntil(lambda: bench.annotations.pending == 0)
    assert [row.place for row in bench.history.model.rows] == ["3 frames"]
    undo(bench, qtbot)
    assert bench.status.message == "Undone: fitted the sequence · 3 frames"
    assert bench.frame == names[0]
    assert [bench.annotations.state(name).note for name in names] == [""] * 3
    bench.document.select(2)
    redo(bench, qtbot)
    assert bench.frame == names[1] and bench.state.note == "same"
