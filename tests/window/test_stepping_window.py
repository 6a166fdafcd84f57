"""Going through the samples with keys, the slider and the list."""

import pointer
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialog
from support_window import SEQUENCES, WAIT_MS, wait_whole

COUNT = sum(SEQUENCES.values())

#: The shared window goes on refining its mesh view and counting down while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


def press(qtbot, starter, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(starter.window, key, modifier)


def row(starter) -> int:
    return starter.session.document.row


def test_a_dataset_named_on_the_command_line_is_shown_and_predicted(opened):
    document = opened.session.document
    assert len(document.index) == COUNT and document.row == 0
    sample = document.sample
    assert sample.prediction is not None and sample.metrics.pa_mpjpe_mm > 0
    assert opened.window.timeline.frame_name.text() == "AB1/0000"
    assert f"/ {COUNT}" in opened.window.timeline.position.text()


@pytest.mark.parametrize(
    ("start", "key", "modifier", "expected"),
    [
        (0, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1),
        (5, Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 4),
        (2, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 12),
        (12, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, 2),
        (5, Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (5, Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, COUNT - 1),
        (0, Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 0),
        (15, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, COUNT - 1),
    ],
)
def test_keys_step(opened, qtbot, start, key, modifier, expected):
    opened.session.document.select(start)
    press(qtbot, opened, key, modifier)
    assert row(opened) == expected
    wait_whole(opened)
    assert opened.session.document.sample.row == expected


def test_holding_a_key_ends_at_the_newest_frame(opened, qtbot):
    for _ in range(15):
        press(qtbot, opened, Qt.Key.Key_Right)
    assert row(opened) == 15
    wait_whole(opened)
    assert opened.session.document.sample.row == 15


def test_neighbours_are_read_and_predicted_ahead(opened, qtbot):
    press(qtbot, opened, Qt.Key.Key_Right)
    catalogue = opened.session.samples.model.catalogue
    qtbot.waitUntil(lambda: catalogue.pa_mm[2] > 0 and catalogue.pa_mm[3] > 0, timeout=WAIT_MS)
    shown = []
    opened.session.document.sample_changed.connect(shown.append)
    press(qtbot, opened, Qt.Key.Key_Right)
    assert len(shown) == 1 and shown[0].metrics is not None  # at once, and once


def test_space_plays_the_sequence_to_its_end_and_no_further(opened, qtbot):
    opened.session.document.select(9)
    wait_whole(opened)
    press(qtbot, opened, Qt.Key.Key_Space)
    assert opened.session.stepper.is_playing
    qtbot.waitUntil(lambda: not opened.session.stepper.is_playing, timeout=WAIT_MS)
    assert row(opened) == SEQUENCES["AB1"] - 1


def test_space_stops_playing(opened, qtbot):
    press(qtbot, opened, Qt.Key.Key_Space)
    press(qtbot, opened, Qt.Key.Key_Space)
    assert not opened.session.stepper.is_playing


def test_play_at_the_end_of_a_sequence_begins_it_again(opened, qtbot):
    opened.session.document.select(COUNT - 1)
    press(qtbot, opened, Qt.Key.Key_Space)
    assert row(opened) == SEQUENCES["AB1"]
    press(qtbot, opened, Qt.Key.Key_Space)


def test_the_slider_scrubs(opened, qtbot):
    scrubber = opened.window.timeline.scrubber
    middle, end = scrubber.rect().center(), QPoint(scrubber.width() - 1, 5)
    rows = []
    opened.session.document.row_changed.connect(rows.append)
    pointer.drag(scrubber, middle, end)
    assert abs(rows[0] - COUNT // 2) <= 1 and row(opened) == COUNT - 1


def jump_dialog(opened, qtbot):
    press(qtbot, opened, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = (d for d in opened.window.findChildren(QDialog) if d.isVisible())
    return dialog


@pytest.mark.parametrize(("text", "expected"), [("CD2/0003", 17), ("5", 4), (" AB1/0002 ", 2)])
def test_jump(opened, qtbot, text, expected):
    dialog = jump_dialog(opened, qtbot)
    dialog.field.setText(text)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert row(opened) == expected
    assert not dialog.isVisible()


@pytest.mark.parametrize("text", ["XY9/0003", "AB1/9999", "nonsense", "21", "0", ""])
def test_a_wrong_jump_says_why_and_stays(opened, qtbot, text):
    dialog = jump_dialog(opened, qtbot)
    dialog.field.setText(text)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.isVisible() and dialog.error.text()
    assert row(opened) == 0
    dialog.reject()


def test_list_and_document_follow_each_other(opened, qtbot):
    table = opened.session.samples.table
    press(qtbot, opened, Qt.Key.Key_Right)
    assert table.currentIndex().row() == 1
    cell = table.visualRect(table.model().index(4, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert row(opened) == 4
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert row(opened) == 5


def test_n_and_b_follow_the_filter_and_the_sorting(opened, qtbot):
    samples = opened.session.samples
    samples.filter.setText("seq:CD2 frame<4")
    samples.apply_filter()
    samples.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    press(qtbot, opened, Qt.Key.Key_N)  # the current row is hidden: to the top of the list
    assert row(opened) == 17
    press(qtbot, opened, Qt.Key.Key_N)
    assert row(opened) == 16
    press(qtbot, opened, Qt.Key.Key_B)
    assert row(opened) == 17


def test_a_filter_that_is_wrong_says_so_in_place_and_keeps_the_list(opened):
    samples = opened.session.samples
    samples.filter.setText("pa>many")
    samples.apply_filter()
    assert not samples.filter_error.isHidden() and "many" in samples.filter_error.text()
    assert samples.model.rowCount() == COUNT


def test_letters_in_the_filter_are_text_and_no_shortcuts(opened, qtbot):
    press(qtbot, opened, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = opened.session.samples.filter
    qtbot.keyClicks(field, "nb 1")
    assert field.text() == "nb 1" and row(opened) == 0
