"""What the header and the table say of a run in every state."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from core.training.run_folder import RunError, RunState, RunStatus, RunSummary
from utnet_viewer.theme import LIGHT
from utnet_viewer.training.run_header import RunHeader, Shown
from utnet_viewer.training.run_words import clock, duration, memory, rate, tell

STATUS = RunStatus(
    pid=4711,
    process_started=time.time(),
    phase="training",
    step=28_640,
    total_steps=120_000,
    epoch=14,
    rate_steps_per_s=7.9,
    eta_s=6120.0,
    memory_mb=11_469.0,
    device="cuda:0",
)


def summary(state: RunState, status: RunStatus | None = STATUS, reason: str = "") -> RunSummary:
    return RunSummary(Path("/runs/s2-balanced"), state, reason, status, time.time())


@pytest.fixture
def header(theme, qtbot) -> RunHeader:
    header = RunHeader(theme)
    qtbot.addWidget(header)
    header.resize(900, 90)
    header.show()
    return header


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (41.6, "42 s"),
        (59.7, "1 min 00 s"),
        (185, "3 min 05 s"),
        (6120, "1 h 42 min"),
        (97_200, "1 d 3 h"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_rates_memory_and_clock():
    assert (rate(7.94), rate(0.24), rate(0.0), rate(float("nan"))) == (
        "7.9 steps/s",
        "4.2 s/step",
        "—",
        "—",
    )
    assert (memory(640), memory(11_469), memory(0)) == ("640 MB", "11.2 GB", "—")
    noon = time.mktime((2026, 11, 22, 12, 5, 0, 0, 0, -1))
    assert clock(noon, now_s=noon + 3600) == "12:05"
    assert clock(noon, now_s=noon + 86_400) == "22 Nov 12:05"


def test_every_state_has_a_word_an_icon_and_a_colour_of_its_own_kind():
    told = {state: tell(summary(state, None)) for state in RunState}
    assert len({t.word for t in told.values()}) == len(RunState)
    assert told[RunState.DIED].kind == told[RunState.FAILED].kind == "fault"
    assert told[RunState.FINISHED].kind == "success"


def test_a_running_run_is_told_by_its_phase_and_a_failed_one_by_its_error():
    assert tell(summary(RunState.RUNNING, replace(STATUS, phase="validating"))).word == "Validating"
    error = RunError(code="disk full", message="No room.", remedy="Make room.")
    assert tell(summary(RunState.FAILED, replace(STATUS, error=error))).word == "Disk full"


def test_a_run_at_work(header):
    header.show_run(Shown(summary(RunState.RUNNING), epochs=60))
    shown = {caption: figure.value.text() for caption, figure in header.figures.items()}
    assert shown == {
        "epoch": "14 / 60",
        "step": "28,640 / 120,000",
        "rate": "7.9 steps/s",
        "remaining": "1 h 42 min",
        "memory": "11.2 GB",
    }
    assert header.figures["memory"].caption.text() == "GPU memory"
    assert (header.progress.value(), header.progress.maximum()) == (28_640, 120_000)
    assert header.strip.isHidden()


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (RunState.STARTING, ["Pause", "Stop…"]),
        (RunState.RUNNING, ["Pause", "Stop…"]),
        (RunState.PAUSED, ["Resume", "Stop…"]),
        (RunState.STALLED, ["Pause", "Stop…"]),
        (RunState.FINISHED, []),
        (RunState.STOPPED, ["Resume"]),
        (RunState.FAILED, ["Resume"]),
        (RunState.DIED, ["Resume"]),
    ],
)
def test_only_what_can_be_done_is_offered(header, state, buttons):
    header.show_run(Shown(summary(state)))
    shown = [b.text().strip() for b in (header.pause, header.stop) if b.isVisible()]
    assert shown == buttons


def test_a_reason_is_told_and_can_be_copied_whole(header):
    error = RunError(code="out of memory", message="Full.", remedy="Batch size 8 fits.")
    reason = "Full. Batch size 8 fits."
    header.show_run(Shown(summary(RunState.FAILED, replace(STATUS, error=error), reason)))
    assert header.strip.message.text() == reason
    QTest.mouseClick(header.strip.copy, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "/runs/s2-balanced" in copied and "Batch size 8 fits." in copied and "4711" in copied


def test_a_warning_stands_there_until_it_is_old(header):
    header.show_run(Shown(summary(RunState.RUNNING), warning="Frames are skipped."))
    assert header.strip.message.text() == "Frames are skipped."
    header.show_run(Shown(summary(RunState.RUNNING)))
    assert header.strip.isHidden()


def test_a_status_that_cannot_be_read_is_no_hindrance(header):
    header.show_run(Shown(summary(RunState.DIED, None, "status.json is damaged")))
    assert "damaged" in header.strip.message.text() and header.tag.text() == "Died"


def test_rarer_wishes_stand_in_the_menu(header, qtbot):
    header.show_run(Shown(summary(RunState.STOPPED)))
    QTest.mouseClick(header.more, Qt.MouseButton.LeftButton)
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    enabled = {action.text(): action.isEnabled() for action in menu.actions()}
    assert not enabled["Validate now"] and enabled["Show the run's folder"]
    with qtbot.waitSignal(header.wanted) as wanted:
        next(a for a in menu.actions() if a.text() == "Copy details").trigger()
    assert wanted.args == ["details"]
    menu.close()


def test_colours_follow_the_theme(header, theme):
    header.show_run(Shown(summary(RunState.RUNNING)))
    before = header.stop.icon().pixmap(16).toImage().pixelColor(3, 3)
    theme.use(LIGHT)
    assert header.stop.icon().pixmap(16).toImage().pixelColor(3, 3) != before
