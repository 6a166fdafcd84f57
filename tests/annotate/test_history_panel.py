"""The list of what was done: rows, scope, going to a frame, what was taken back."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.annotation.records import Change, Edit, ReviewState
from utnet_viewer.annotate.history_model import history_rows
from utnet_viewer.annotate.words import ago


def edit(number: int, frame: str, words: str, **changes) -> Edit:
    change = Change(frame, "train", "note", words, words, changes.pop("group", ""))
    known = {"at_s": 50.0, "author": "me", "kind": "change"}
    return Edit(number, change=change, **{**known, **changes})


def test_a_group_is_one_row_with_its_number_of_frames():
    edits = [edit(n, f"MC1/{n:04d}", "fitted", group="g") for n in (5, 4, 3)]
    edits += [edit(2, "MC1/0002", "moved"), edit(1, "MC1/0001", "moved", author="anna")]
    rows = history_rows(edits, own_author="me")
    assert [(r.words, r.place, r.author) for r in rows] == [
        ("fitted", "3 frames", ""),
        ("moved", "MC1/0002", ""),
        ("moved", "MC1/0001", "anna"),
    ]


def test_an_undo_is_no_row_but_what_it_took_back_is_struck():
    edits = [edit(2, "MC1/0001", "moved", kind="undo", of=1)]
    edits += [edit(1, "MC1/0001", "moved", is_undone=True)]
    rows = history_rows(edits, own_author="me")
    assert [(row.words, row.is_undone) for row in rows] == [("moved", True)]
    assert rows[0].tip(62.0) == "moved, MC1/0001, 12 s ago, taken back"


def test_the_review_that_began_with_a_change_is_not_the_row():
    review = Change("MC1/0001", "train", "review", ReviewState.IN_REVIEW, "in review", "g")
    first = Edit(1, 50.0, "me", "change", review)
    rows = history_rows([edit(2, "MC1/0001", "moved", group="g"), first], own_author="me")
    assert [row.words for row in rows] == ["moved"]


def test_how_long_ago():
    texts = [ago(0.0, now) for now in (-5, 1, 12, 61, 7300, 200_000)]
    assert texts == ["now", "now", "12 s", "1 min", "2 h", "2 d"]
    assert len(ago(0.0, 1e7)) == len("1970-01-01")


def test_a_click_goes_to_the_frame_and_the_scope_narrows(bench, qtbot):
    bench.press(Qt.Key.Key_1, alt=True)
    bench.document.select(3)
    bench.press(Qt.Key.Key_4)
    bench.document.select(5)
    history = bench.history
    qtbot.waitUntil(lambda: bench.annotations.pending == 0)
    assert [row.frame for row in history.model.rows] == ["AB1/0003", "AB1/0000"]
    assert [row.words for row in history.model.rows] == ["marked rejected", "flag: bad GT"]
    assert [row.author for row in history.model.rows] == ["", ""]
    history.scope.set_value("Frame")
    assert history.model.rows == [] and history.empty.isVisible()
    assert "this frame" in history.empty.text()
    bench.document.select(3)
    assert [row.words for row in history.model.rows] == ["marked rejected"]
    history.scope.set_value("All")
    rect = history.list.visualRect(history.model.index(1))
    QTest.mouseClick(history.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert bench.frame == "AB1/0000"
    history.list.setFocus()
    history.list.setCurrentIndex(history.model.index(0))
    QTest.keyClick(history.list, Qt.Key.Key_Return)
    assert bench.frame == "AB1/0003"


def test_a_frame_of_another_split_is_said(bench):
    bench.history.frame_wanted.emit("evaluation", "EV1/0000")
    assert bench.frame == "AB1/0000" and "split evaluation" in bench.status.message
