"""Flags, review, joints and the way back, by keys and clicks on real annotations."""

import pytest
from pointer import hover
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.annotation.records import ReviewState, Visibility
from core.conventions import JOINT_NAMES
from utnet_viewer.annotate.actions import ROWS
from utnet_viewer.annotate.joints_model import LOCK, MOVED, NAME, SEEN

INDEX_PIP, INDEX_TIP = JOINT_NAMES.index("index PIP"), JOINT_NAMES.index("index tip")


def click_cell(table, joint: int, column: int) -> None:
    index = table.joints.index(table.joints.row_of(joint), column)
    table.scrollTo(index)
    rect = table.visualRect(index)
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def test_number_keys_review_and_the_strip_shows_it(bench):
    keys = (Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_1)
    reviews = ("in review", "done", "rejected", "new")
    for key, review in zip(keys, reviews, strict=True):
        bench.press(key)
        assert bench.state.review == ReviewState(review)
        shown = [state for state, button in bench.review.buttons.items() if button.isChecked()]
        assert shown == [ReviewState(review)]


def test_a_click_reviews_too(bench, qtbot):
    qtbot.mouseClick(bench.review.buttons[ReviewState.REJECTED], Qt.MouseButton.LeftButton)
    assert bench.state.review == ReviewState.REJECTED
    assert bench.review.buttons[ReviewState.REJECTED].isChecked()


def test_done_next_marks_the_frame_and_goes_to_the_next_that_is_open(bench, qtbot):
    bench.document.select(1)
    bench.press(Qt.Key.Key_4)
    bench.document.select(0)
    bench.press(Qt.Key.Key_Return, ctrl=True)
    assert bench.annotations.state("AB1/0000").review == ReviewState.DONE
    assert bench.frame == "AB1/0002" and bench.state.review == ReviewState.NEW
    for row in range(3, len(bench.document.index)):
        bench.document.select(row)
        bench.acting.review("rejected")
    bench.document.select(2)
    qtbot.waitUntil(bench.marks.done.isEnabled)
    qtbot.mouseClick(bench.marks.done, Qt.MouseButton.LeftButton)
    assert bench.frame == "AB1/0002" and bench.state.review == ReviewState.DONE
    assert bench.status.message == "Every frame of the queue is reviewed."


def test_the_first_work_on_a_new_frame_begins_its_review(bench):
    bench.press(Qt.Key.Key_1, alt=True)
    assert bench.state.flags == {"bad"} and bench.state.review == ReviewState.IN_REVIEW
    bench.press(Qt.Key.Key_3)
    bench.press(Qt.Key.Key_2, alt=True)
    assert bench.state.flags == {"bad", "blur"} and bench.state.review == ReviewState.DONE


def test_joints_are_chosen_and_told_in_the_table(bench):
    table = bench.joints.table
    assert table.joints.rowCount() == 21 and bench.joints.subtitle == "21"
    click_cell(table, INDEX_PIP, NAME)
    assert bench.editor.selected == INDEX_PIP
    bench.press(Qt.Key.Key_Down)
    assert JOINT_NAMES[bench.editor.selected] == "index DIP"
    bench.press(Qt.Key.Key_Period)
    assert JOINT_NAMES[bench.editor.selected] == "index tip"
    assert table.joints.joint_at(table.currentIndex()) == INDEX_TIP
    bench.editor.select(0)
    assert table.joints.joint_at(table.currentIndex()) == 0


def test_visibility_goes_round_on_one_key(bench):
    bench.editor.select(INDEX_PIP)
    row = bench.joints.table.joints.row_of(INDEX_PIP)
    for visibility in (Visibility.OCCLUDED, Visibility.OUTSIDE, Visibility.LABELLED):
        bench.press(Qt.Key.Key_V)
        assert bench.state.visibility[INDEX_PIP] == visibility
        index = bench.joints.table.joints.index(row, SEEN)
        assert index.data() == visibility.name.lower()
    bench.press(Qt.Key.Key_V)
    assert bench.joints.subtitle == "21 · 1 occluded"


def test_a_click_on_eye_or_lock_changes_them(bench):
    table = bench.joints.table
    click_cell(table, INDEX_PIP, SEEN)
    assert bench.state.visibility[INDEX_PIP] == Visibility.OCCLUDED
    click_cell(table, INDEX_PIP, LOCK)
    assert bench.editor.locked == {INDEX_PIP} and bench.editor.selected == INDEX_PIP
    row = table.joints.row_of(INDEX_PIP)
    name = table.joints.index(row, NAME).data(Qt.ItemDataRole.AccessibleTextRole)
    assert name == "index PIP, occluded, locked, not moved"


def test_pixels_moved_are_told_and_reset(bench):
    bench.press(Qt.Key.Key_F)
    assert bench.editor.mode == "free 2D"
    start = bench.editor.keypoints_px[INDEX_TIP].copy()
    bench.editor.drag_px(INDEX_TIP, start + (12.0, 5.0))
    bench.editor.release()
    row = bench.joints.table.joints.row_of(INDEX_TIP)
    assert bench.joints.table.joints.index(row, MOVED).data() == "13.0"
    assert bench.joints.subtitle == "21 · 1 moved"
    assert bench.joints.residual.text() == "free 2D: no hand is fitted"
    bench.press(Qt.Key.Key_R)
    assert bench.editor.keypoints_px[INDEX_TIP] == pytest.approx(start)
    assert bench.joints.subtitle == "21"


def test_hovering_is_marked_on_both_sides(bench):
    table = bench.joints.table
    heard = []
    bench.document.hovered_joint_changed.connect(heard.append)
    rect = table.visualRect(table.joints.index(3, NAME))
    hover(table.viewport(), rect.center())
    expected = table.joints.rows[3].joint
    assert heard[-1:] == [expected] and table.painter.hovered_joint == expected
    bench.document.hover(INDEX_TIP)
    assert table.painter.hovered_joint == INDEX_TIP
    bench.document.hover(-1)
    assert table.painter.hovered_joint == -1


def test_every_action_has_a_key_or_menu_and_no_two_share_one(bench):
    assert bench.actions_.clashes() == []
    for row in ROWS:
        action = bench.actions_[row.name]
        assert action.text() and action.toolTip()
        assert row.key and action.shortcut().toString() == row.key


def test_a_planted_clash_is_found(bench):
    bench.actions_.add(
        "twice", "Twice", lambda: None, group="x", shortcut="V", workspace="Annotate"
    )
    assert len(bench.actions_.clashes()) == 1
    bench.actions_.add(
        "else", "Elsewhere", lambda: None, group="x", shortcut="N", workspace="Inspect"
    )
    assert len(bench.actions_.clashes()) == 1
    bench.actions_.add("always", "Always", lambda: None, group="x", shortcut="N")
    assert len(bench.actions_.clashes()) == 3


def test_without_a_frame_nothing_is_offered(bench):
    bench.document.set_index(None)
    bench.annotations.use_dataset(None)
    QTest.qWait(0)
    assert not any(bench.actions_[row.name].isEnabled() for row in ROWS)
    assert bench.joints.table.joints.rowCount() == 0
