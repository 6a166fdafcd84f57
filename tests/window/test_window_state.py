"""What is remembered, what happens when things die, themes, keys."""

import os
import signal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from support_window import WAIT_MS, close, start_window, wait_until, wait_whole

from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.readouts.panel import ReadoutsPanel
from utnet_viewer.settings import Settings
from utnet_viewer.theme import DARK, LIGHT
from utnet_viewer.widgets.controls import IconToggle

#: The shared window goes on refining its mesh view and counting down while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


def test_no_two_actions_share_a_key(opened):
    assert opened.window.actions_.clashes() == []


def test_every_action_has_words_and_a_tool_tip_and_a_menu_or_key(opened):
    for entry in opened.window.actions_.entries:
        assert entry.action.text() and entry.action.toolTip(), entry


def test_the_shortcut_sheet_lists_the_keys_of_window_and_panels(opened):
    QTest.keyClicks(opened.window, "?")
    sheet = next(w for w in opened.window.children() if type(w).__name__ == "ShortcutSheet")
    words = {label.text() for label in sheet.findChildren(type(opened.window.status.hand))}
    assert {"Next sample", "Error lines"} <= words
    sheet.close()


def test_themes_change_every_colour_and_are_remembered(opened):
    before = opened.window.grab().toImage().pixelColor(2, 60)
    other = "light" if opened.theme.palette is DARK else "dark"
    opened._menus._commands.use_theme(other)
    assert opened.theme.palette is (LIGHT if other == "light" else DARK)
    assert opened.window.grab().toImage().pixelColor(2, 60) != before
    assert opened.settings.text("theme") == other
    opened._menus._commands.use_theme("dark")


def test_space_presses_the_focused_button_instead_of_playing(opened):
    toggle = next(t for t in opened.window.findChildren(IconToggle) if t.isVisible())
    was_on = toggle.isChecked()
    toggle.setFocus()
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    assert toggle.isChecked() != was_on
    assert not opened.session.stepper.is_playing
    toggle.action.trigger()
    opened.session.samples.table.setFocus()


def test_the_window_says_that_the_hand_is_a_stand_in(opened):
    assert "not MANO" in opened.window.status.hand.text()
    assert "stand-in" in opened.window.top_bar.hand.text()


def notices(starter) -> list:
    layout = starter.window.top_bar.notices
    return [layout.itemAt(position).widget() for position in range(layout.count())]


@pytest.mark.allow_leaks("processes")  # the new engine is the shared window's
def test_a_killed_engine_is_told_and_can_be_restarted_and_nothing_is_lost(opened):
    session = opened.session
    os.kill(session.engine.process_id, signal.SIGKILL)
    wait_until(lambda: session.document.engine.phase == "dead")
    assert session.document.sample.frame is not None  # the photo stays
    assert opened.window.status.restart.isVisible()
    assert opened.window.status.engine.text() == "engine died"
    session.document.select(6)
    wait_until(lambda: session.document.sample.row == 6 and session.document.sample.problem)
    notice = notices(opened)[-1]
    next(b for b in notice.findChildren(QPushButton) if b.text() == "Restart").click()
    wait_until(lambda: session.document.engine.phase in ("ready", "busy"))
    wait_whole(opened)
    assert session.document.row == 6 and session.document.sample.problem == ""


@pytest.mark.allow_leaks("processes")
def test_a_checkpoint_that_is_garbage_is_refused_and_the_window_works(opened, tmp_path):
    session = opened.session
    (tmp_path / "garbage").write_bytes(b"nothing")
    session.use_checkpoint(str(tmp_path / "garbage"))
    wait_until(lambda: session.document.engine.phase == "dead")
    assert "garbage" in session.document.engine.note
    session.document.select(3)
    wait_until(lambda: session.document.sample.row == 3 and session.document.sample.problem)
    for notice in notices(opened):
        notice.deleteLater()
    session.use_checkpoint("good")
    wait_whole(opened)


def test_an_uncaught_exception_is_shown_and_can_be_copied(opened, qapp):
    opened.show_uncaught("ValueError: planted", "Traceback: planted")
    notice = notices(opened)[-1]
    notice.copy_details()
    assert "Traceback: planted" in qapp.clipboard().text()
    notice.deleteLater()


def joint_names_of(starter) -> IconToggle:
    toggles = starter.window.findChildren(IconToggle)
    return next(toggle for toggle in toggles if toggle.action.text() == "Joint names")


def test_place_and_layers_are_restored_at_the_next_start(fonts, dataset, qtbot):
    first = start_window(dataset, "--frame", "CD2/0002")
    wait_whole(first)
    (toggle,) = (
        t for t in first.window.findChildren(IconToggle) if t.action.text() == "Joint names"
    )
    toggle.action.trigger()
    was_on = toggle.isChecked()
    image, readouts = (first.window.findChild(kind) for kind in (ImagePanel, ReadoutsPanel))
    image.legend.opacity.setValue(35)
    image.modes.set_value("Depth")
    QTest.keyClick(first.window, Qt.Key.Key_U)
    states = image.save_state(), readouts.save_state()
    first.window.docks["Readouts"].hide()
    first.window.resize(760, 640)
    close(first)

    second = start_window()
    wait_whole(second)
    try:
        document = second.session.document
        assert document.index.root == dataset
        assert str(document.index.frame_id(document.row)) == "CD2/0002"
        assert (second.window.width(), second.window.height()) == (760, 640)
        assert second.window.docks["Readouts"].isHidden()
        assert joint_names_of(second).isChecked() == was_on
        image, readouts = (second.window.findChild(kind) for kind in (ImagePanel, ReadoutsPanel))
        assert (image.save_state(), readouts.save_state()) == states
        assert image.canvas.opacity == 0.35 and image.canvas.mode == "Depth"
    finally:
        close(second)


def test_settings_of_panels_that_are_damaged_are_left_out(fonts, dataset, home):
    settings = Settings()
    damaged = {"Image": '{"view": "Frame"}', "Readouts": "[1]", "Mesh": "{", "Samples": "null"}
    for title, state in damaged.items():
        settings.put(f"panels/{title}", state)
    assert settings.write_problem() == ""
    starter = start_window(dataset)
    try:
        wait_whole(starter)
        assert notices(starter) == []
    finally:
        close(starter)


def test_a_home_that_cannot_be_written_is_told_and_no_hindrance(fonts, dataset, home, tmp_path):
    # A file where the folder should be also stops root, whom permissions do not.
    (home / ".config").write_text("in the way")
    problem = Settings().write_problem()
    assert "cannot be written" in problem and str(home) in problem
    starter = start_window(dataset)
    try:
        wait_whole(starter)
        assert any("not saved" in n.text for n in notices(starter))
    finally:
        close(starter)


@pytest.mark.parametrize("frame", ["XX/0001", "nonsense"])
def test_a_frame_that_is_not_there_is_told_and_the_first_is_shown(fonts, dataset, qtbot, frame):
    starter = start_window(dataset, "--frame", frame)
    try:
        qtbot.waitUntil(lambda: starter.session.document.row == 0, timeout=WAIT_MS)
        assert notices(starter)
    finally:
        close(starter)
