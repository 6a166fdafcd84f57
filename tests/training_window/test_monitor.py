"""The monitor: finds runs, follows them, falls behind in pictures only, ends cleanly."""

import shutil
import sys
import time
from dataclasses import replace

import fake_trainer
import pytest
from PySide6.QtCore import QTimer

from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder, RunState, RunStatus
from core.training.steps import StepWriter
from utnet_viewer.training.monitor import RunMonitor

WAIT_MS = 20_000


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def monitors(qtbot):
    made: list[RunMonitor] = []

    def make(root) -> RunMonitor:
        monitor = RunMonitor(root)
        made.append(monitor)
        monitor.seen = []
        monitor.run_updated.connect(monitor.seen.append)
        return monitor

    yield make
    for monitor in made:
        monitor.close()


def states(monitor: RunMonitor) -> dict[str, RunState]:
    return {run.name: run.state for run in monitor.runs}


def test_runs_are_found_as_they_come_and_go(qtbot, monitors, runs):
    monitor = monitors(runs)
    with qtbot.waitSignal(monitor.runs_changed, timeout=WAIT_MS) as changed:
        pass
    assert changed.args == [[]]
    folder = fake_trainer.make_run(runs, name="a", steps=8)
    monitor.look_now()
    qtbot.waitUntil(lambda: states(monitor) == {"a": RunState.FINISHED}, timeout=WAIT_MS)
    shutil.rmtree(folder.path)
    monitor.look_now()
    qtbot.waitUntil(lambda: monitor.runs == [], timeout=WAIT_MS)


def test_a_new_window_finds_a_run_that_goes_on_and_its_whole_history(qtbot, monitors, runs):
    with fake_trainer.started(runs, "--steps", "100000") as (process, folder):
        qtbot.waitUntil(lambda: folder.status().step > 50, timeout=WAIT_MS)
        monitor = monitors(runs)
        qtbot.waitUntil(lambda: states(monitor) == {"fake": RunState.RUNNING}, timeout=WAIT_MS)
        monitor.follow([folder.path])
        qtbot.waitUntil(lambda: folder.path in monitor.views, timeout=WAIT_MS)
        view = monitor.views[folder.path]
        assert view.steps.column("step")[0] == 1
        assert len(view.steps) > 50
        assert view.validations[0].step == 50
        qtbot.waitUntil(
            lambda: len(monitor.views[folder.path].steps) > len(view.steps), timeout=WAIT_MS
        )
        process.kill()
        process.wait()
        qtbot.waitUntil(lambda: monitor.views[folder.path].state == RunState.DIED, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: states(monitor) == {"fake": RunState.DIED}, timeout=WAIT_MS)
    assert "killed" in monitor.views[folder.path].reason


def test_views_only_grow_and_never_repeat(qtbot, monitors, runs):
    with fake_trainer.started(runs, "--steps", "80", "--behaviour", "flood") as (_, folder):
        monitor = monitors(runs)
        monitor.follow([folder.path])
        qtbot.waitUntil(
            lambda: bool(monitor.seen) and monitor.seen[-1].state == RunState.FINISHED,
            timeout=WAIT_MS,
        )
    lengths = [len(view.steps) for view in monitor.seen]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 80
    assert len({id(view) for view in monitor.seen}) == len(monitor.seen)


def test_only_what_is_followed_is_reported(qtbot, monitors, runs):
    folders = [fake_trainer.make_run(runs, name=name, steps=8) for name in "ab"]
    monitor = monitors(runs)
    monitor.follow([folder.path for folder in folders])
    time.sleep(0.5)  # both are read and wait
    monitor.follow([folders[1].path])
    qtbot.waitUntil(lambda: len(monitor.views) == 1, timeout=WAIT_MS)
    for folder in folders:
        folder.write_status(replace(RunStatus.starting(), phase="training", step=5))
    monitor.look_now()
    qtbot.waitUntil(lambda: len(monitor.seen) > 1, timeout=WAIT_MS)
    assert {view.path for view in monitor.seen} == {folders[1].path}


def test_a_busy_window_gets_the_newest_view_only(qtbot, monitors, runs):
    folder = RunFolder.create(runs, TrainingConfig(name="a"), inputs={})
    writer = StepWriter(folder.steps_file, ("step", "loss"))
    monitor = monitors(runs)
    monitor.follow([folder.path])
    qtbot.waitUntil(lambda: len(monitor.seen) == 1, timeout=WAIT_MS)
    for step in range(1, 7):  # meanwhile the event loop does not turn
        writer.append({"step": step, "loss": 1.0})
        monitor.look_now()
        time.sleep(0.05)
    qtbot.waitUntil(lambda: len(monitor.seen[-1].steps) == 6, timeout=WAIT_MS)
    assert len(monitor.seen) <= 3
    writer.close()
    folder.release()


def test_each_piece_of_news_has_a_turn_of_the_event_loop(qtbot, monitors, runs):
    for name in "abcd":
        fake_trainer.make_run(runs, name=name, steps=8)
    monitor = monitors(runs)
    turn, turns = [0], []
    turning = QTimer(interval=0)
    turning.timeout.connect(lambda: turn.__setitem__(0, turn[0] + 1))
    monitor.run_updated.connect(lambda view: turns.append(turn[0]))
    monitor.follow([runs / name for name in "abcd"])
    time.sleep(0.5)  # everything is read and waits
    turning.start()
    qtbot.waitUntil(lambda: len(turns) == 4, timeout=WAIT_MS)
    turning.stop()
    assert len(set(turns)) == 4


def test_a_followed_folder_may_vanish(qtbot, monitors, runs):
    folder = fake_trainer.make_run(runs, name="a", steps=8)
    monitor = monitors(runs)
    monitor.follow([folder.path])
    qtbot.waitUntil(lambda: folder.path in monitor.views, timeout=WAIT_MS)
    shutil.rmtree(folder.path)
    monitor.look_now()
    qtbot.waitUntil(lambda: "gone" in monitor.views[folder.path].reason, timeout=WAIT_MS)
    assert len(monitor.views[folder.path].steps) == 8


def test_another_root_and_one_that_cannot_be_read(qtbot, monitors, runs, tmp_path):
    fake_trainer.make_run(runs, name="a", steps=8)
    monitor = monitors(runs)
    problems = []
    monitor.problem_changed.connect(problems.append)
    qtbot.waitUntil(lambda: list(states(monitor)) == ["a"], timeout=WAIT_MS)
    (tmp_path / "file").touch()
    monitor.set_runs_root(tmp_path / "file")
    qtbot.waitUntil(lambda: monitor.runs == [] and len(problems) == 1, timeout=WAIT_MS)
    assert "file: runs cannot be read" in problems[0]
    monitor.set_runs_root(runs)
    qtbot.waitUntil(lambda: list(states(monitor)) == ["a"], timeout=WAIT_MS)
    assert problems[1:] == [""]


def test_closing_in_the_middle_of_everything(qtbot, runs):
    folders = [fake_trainer.make_run(runs, name=name, steps=8) for name in "abc"]
    for _ in range(5):
        monitor = RunMonitor(runs)
        monitor.follow([folder.path for folder in folders])
        monitor.run_updated.connect(lambda view: pytest.fail("closed monitors are silent"))
        monitor.close()
    qtbot.wait(50)


@pytest.fixture
def undisturbed():
    """Who computes goes on computing: the monitor's thread sees none of the moments between."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(60.0)
    yield
    sys.setswitchinterval(interval_s)


def test_a_run_that_was_not_followed_for_a_moment_is_told_of_again(
    qtbot, monitors, runs, undisturbed
):
    # Who stops following forgets the view; a run that is over has no newer one.
    path = fake_trainer.make_run(runs, name="a", steps=8).path
    monitor = monitors(runs)
    monitor.follow([path])
    qtbot.waitUntil(lambda: path in monitor.views, timeout=WAIT_MS)
    monitor.follow([])
    assert monitor.views == {}
    monitor.follow([path])
    qtbot.waitUntil(lambda: path in monitor.views, timeout=WAIT_MS)
    assert monitor.seen[0] is monitor.seen[1]  # nothing was read again


def test_news_that_come_while_nobody_follows_are_told_to_who_follows_again(
    qtbot, monitors, runs, undisturbed
):
    path = fake_trainer.make_run(runs, name="a", steps=8).path
    monitor = monitors(runs)
    monitor.follow([path])
    deadline_s = time.monotonic() + WAIT_MS / 1000
    while path not in monitor._follower._news and time.monotonic() < deadline_s:
        time.sleep(0.005)  # without the event loop, which would take it
    monitor.follow([])
    while monitor._follower._news:
        monitor._take_one()  # nobody wants it
    monitor.follow([path])
    qtbot.waitUntil(lambda: path in monitor.views, timeout=WAIT_MS)
