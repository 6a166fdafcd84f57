"""Flags of one's own, the note that is never lost, and the line that says what is saved."""

from pathlib import Path
from types import SimpleNamespace

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest

from core.annotation.records import LONGEST_NOTE, ReviewState
from utnet_viewer.annotate.flag_chips import FlagChips, flag_of
from utnet_viewer.annotate.marks_panel import safety_of
from utnet_viewer.annotate.note_field import PAUSE_MS


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_chips_set_and_take_away(bench):
    chip = bench.marks.chips.chips["occluded"]
    assert chip.text() == "heavy occlusion" and not chip.isChecked()
    click(chip)
    assert bench.state.flags == {"occluded"} and chip.isChecked()
    bench.document.select(1)
    assert not chip.isChecked()
    bench.document.select(0)
    click(chip)
    assert bench.state.flags == frozenset() and not chip.isChecked()


def test_an_own_flag_is_set_kept_and_offered_again(bench, qtbot):
    chips = bench.marks.chips
    click(chips.plus)
    assert chips.field.hasFocus()
    QTest.keyClicks(chips.field, "Wrong  Hand!")
    QTest.keyClick(chips.field, Qt.Key.Key_Return)
    assert bench.state.flags == {"wrong-hand"} and chips.chips["wrong-hand"].isChecked()
    assert not chips.field.isVisible()
    bench.document.select(1)
    bench.press(Qt.Key.Key_5, alt=True)
    assert bench.state.flags == {"wrong-hand"}
    again = FlagChips(bench.theme, bench.settings)
    qtbot.addWidget(again)
    assert again.own == ["wrong-hand"] and "wrong-hand" in again.chips
    again.forget("wrong-hand")
    last = FlagChips(bench.theme, bench.settings)
    qtbot.addWidget(last)
    assert last.own == []


def test_escape_adds_no_flag(bench):
    bench.press(Qt.Key.Key_0, alt=True)
    QTest.keyClicks(bench.marks.chips.field, "never")
    QTest.keyClick(bench.marks.chips.field, Qt.Key.Key_Escape)
    assert bench.state.flags == frozenset() and bench.marks.chips.own == []


def test_a_flag_of_another_window_stands_there_while_it_is_set(bench):
    bench.annotations.change("flags", frozenset({"from-import"}), "flag", frame=bench.frame)
    assert bench.marks.chips.chips["from-import"].isChecked()
    bench.document.select(1)
    assert "from-import" not in bench.marks.chips.chips


def test_names_of_flags():
    assert [flag_of(t) for t in (" Two Hands ", "ÄÖ", "--", "a" * 40)] == [
        "two-hands",
        "",
        "",
        "a" * 24,
    ]


def test_a_note_is_written_when_typing_pauses(bench, qtbot):
    bench.press(Qt.Key.Key_W)
    assert bench.marks.note.hasFocus()
    QTest.keyClicks(bench.marks.note, "1 knuckle, V")
    assert bench.state.note == "" and bench.state.review == ReviewState.NEW
    qtbot.waitUntil(lambda: bench.state.note == "1 knuckle, V", timeout=PAUSE_MS * 8)
    assert bench.state.review == ReviewState.IN_REVIEW


def test_what_is_typed_in_one_go_is_undone_as_one(bench, qtbot):
    bench.marks.write_note()
    for part in ("one ", "two ", "three"):
        QTest.keyClicks(bench.marks.note, part)
        bench.marks.flush()  # a pause
    bench.joints.table.setFocus()
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "!")
    bench.joints.table.setFocus()
    qtbot.waitUntil(lambda: bench.annotations.pending == 0)
    assert [row.words for row in bench.history.model.rows] == ["wrote a note"] * 2
    bench.acting.undo()
    qtbot.waitUntil(lambda: not bench.state.note.endswith("!"))
    assert "three" in bench.state.note
    bench.acting.undo()
    qtbot.waitUntil(lambda: bench.state.note == "")
    assert bench.state.review == ReviewState.NEW and bench.marks.note.toPlainText() == ""


def test_a_note_is_not_lost_on_stepping(bench):
    first = bench.frame
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "half a sen")
    bench.document.select(1)
    assert bench.annotations.state(first).note == "half a sen"
    assert bench.marks.note.toPlainText() == "" and bench.state.note == ""
    QTest.keyClicks(bench.marks.note, "second")
    bench.document.select(0)
    assert bench.marks.note.toPlainText() == "half a sen"
    assert bench.annotations.state("AB1/0001").note == "second"


def test_a_note_is_written_when_the_focus_leaves(bench):
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "seen")
    bench.joints.table.setFocus()
    assert bench.state.note == "seen"
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, " twice")
    QTest.keyClick(bench.marks.note, Qt.Key.Key_Escape)
    assert "twice" in bench.state.note


def test_what_is_typed_is_not_overwritten_by_another_window(bench):
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "mine")
    bench.annotations.change("note", "theirs", "wrote a note", frame=bench.frame)
    assert bench.marks.note.toPlainText() == "mine"
    bench.marks.flush()
    assert bench.state.note == "mine"


def test_a_note_too_long_is_refused_and_said(bench):
    note = bench.marks.note
    bench.marks.write_note()
    QTest.keyClicks(note, "ok ")
    pasted = QMimeData()
    pasted.setText("x" * (LONGEST_NOTE - 2))
    note.insertFromMimeData(pasted)
    assert "10,000" in bench.status.message and note.toPlainText() == "ok "
    pasted.setText("x" * (LONGEST_NOTE - 3))
    note.insertFromMimeData(pasted)
    QTest.keyClicks(note, "y")
    assert len(note.toPlainText()) == LONGEST_NOTE
    QTest.keyClick(note, Qt.Key.Key_Backspace)
    QTest.keyClicks(note, "z")
    bench.marks.flush()
    assert bench.state.note.endswith("xz") and len(bench.state.note) == LONGEST_NOTE


def test_ctrl_z_takes_back_typing_first(bench):
    click(bench.marks.chips.chips["bad"])
    bench.marks.write_note()
    QTest.keyClicks(bench.marks.note, "typo")
    bench.press(Qt.Key.Key_Z, ctrl=True)
    assert bench.marks.note.toPlainText() == "" and bench.state.flags == {"bad"}


def saving(**changes):
    known = {"is_read_only": False, "damage": "", "failure": "", "pending": 0, "saved_at_s": 100.0}
    return SimpleNamespace(**{**known, **changes})


def test_what_is_said_of_saving():
    untouched = " · original files untouched"
    assert safety_of(saving(), 102.4).words == "saved 2 s ago" + untouched
    assert safety_of(saving(), 101.0).words == "saved now" + untouched
    assert safety_of(saving(pending=1), 300).words == "saving…" + untouched
    assert safety_of(saving(saved_at_s=float("nan")), 9).words == "saved as it happens" + untouched
    failing = safety_of(saving(failure="the disk is full.", pending=2), 9)
    assert (failing.words, failing.can_try) == ("2 edits wait: the disk is full.", True)
    assert safety_of(saving(failure="x", pending=1), 9).words == "1 edit waits: x."
    words = safety_of(saving(failure="no store"), 9).words
    assert words == "Nothing can be saved: no store."
    place = Path("/store").absolute()
    full = safety_of(saving(failure=f"{place}: No space left on device", pending=3), 9)
    assert full.words == "3 edits wait: No space left on device." and str(place) in full.tip
    locked = safety_of(saving(is_read_only=True, damage="3 edits are lost"), 9)
    assert locked.words == "Nothing can be changed: the annotations are damaged."
    assert locked.tip == "3 edits are lost" and not locked.can_try
