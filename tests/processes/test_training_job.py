"""Training processes started from the window: told of, asked, ended, left alone."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import fake_trainer
import psutil
import pytest
from PySide6.QtCore import QThreadPool, QTimer

from core.training.presets import preset
from core.training.run_folder import RunFolder, RunFolderError, RunState, RunStatus
from utnet_viewer.processes.training_job import TrainingJob

WAIT_MS = 20_000


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def jobs(qtbot):
    """Makes jobs whose processes do not outlive the test."""
    made: list[TrainingJob] = []

    def make(*options: str, command: tuple[str, ...] | None = None, grace_s=0.3) -> TrainingJob:
        job = TrainingJob(command=command or fake_trainer.command(*options), grace_s=grace_s)
        job.log = []
        job.started.connect(lambda path: job.log.append(("started", path)))
        job.start_failed.connect(lambda why: job.log.append(("start_failed", why)))
        job.ended.connect(lambda code: job.log.append(("ended", code)))
        job.request_failed.connect(lambda why: job.log.append(("request_failed", why)))
        made.append(job)
        return job

    yield make
    for job in made:
        if job.is_running:
            with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
                job.terminate()
    QThreadPool.globalInstance().waitForDone()


def config(**values):
    return preset("demo").model_copy(update={"name": "tried", **values})


def begin(qtbot, job, runs) -> RunFolder:
    with qtbot.waitSignal(job.started, timeout=WAIT_MS):
        job.start(config(), runs_root=runs)
    return job.folder


def wait_for_step(qtbot, folder: RunFolder, step: int) -> None:
    qtbot.waitUntil(lambda: folder.status().step >= step, timeout=WAIT_MS)


def test_a_run_is_started_in_a_folder_of_its_name_and_ends(qtbot, jobs, runs):
    job = jobs("--steps", "30")
    assert not job.is_running
    folder = begin(qtbot, job, runs)
    assert folder.path == runs / "tried"
    assert folder.config() == config()
    qtbot.waitUntil(lambda: not job.is_running, timeout=WAIT_MS)
    assert job.log == [("started", folder.path), ("ended", 0)]
    assert folder.state() == RunState.FINISHED
    assert folder.status().step == 30


def test_what_it_prints_is_in_the_log_from_the_first_line_on(qtbot, jobs, runs):
    job = jobs("--behaviour", "crash")
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        folder = begin(qtbot, job, runs)
    log = folder.log_file.read_text()
    assert log.startswith("training in")
    assert log.endswith("ZeroDivisionError: the fake divided by zero\n")
    assert job.log[-1] == ("ended", 1)


def test_it_leads_a_session_of_its_own_and_knows_nothing_of_our_screen(
    qtbot, jobs, runs, monkeypatch
):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("HELLO", "there")
    job = jobs()
    begin(qtbot, job, runs)
    assert os.getsid(job.process_id) == job.process_id != os.getsid(0)
    environment = psutil.Process(job.process_id).environ()
    assert not [name for name in environment if name.startswith("QT_")]
    assert environment["HELLO"] == "there"


def test_nothing_is_left_in_the_folder_for_temporary_files(
    qtbot, jobs, runs, tmp_path, monkeypatch
):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    job = jobs("--steps", "3")
    begin(qtbot, job, runs)
    qtbot.waitUntil(lambda: not job.is_running, timeout=WAIT_MS)
    refused = jobs("--behaviour", "bad-config")
    with qtbot.waitSignal(refused.start_failed, timeout=WAIT_MS):
        refused.start(config(), runs_root=runs)
    assert list(place.iterdir()) == []


def test_a_refused_configuration_is_told_in_the_process_s_own_words(qtbot, jobs, runs):
    job = jobs("--behaviour", "bad-config")
    with qtbot.waitSignal(job.start_failed, timeout=WAIT_MS):
        job.start(config(), runs_root=runs)
    assert job.log == [("start_failed", "utnet train: run.steps must be at least 1, not -5")]
    assert not job.is_running
    assert not runs.exists()


def test_utnet_itself_is_what_is_started(qtbot, jobs, runs, tmp_path):
    """The real command, which sees that there is nothing to resume."""
    job = TrainingJob()
    with qtbot.waitSignal(job.start_failed, timeout=60_000) as failed:
        job.resume(tmp_path / "nowhere")
    assert "nowhere" in failed.args[0]
    assert "does not exist" in failed.args[0]


def test_an_interpreter_that_is_gone_is_told(qtbot, jobs, runs):
    job = jobs(command=("/no/such/python", "-m", "core.cli.main"))
    with qtbot.waitSignal(job.start_failed, timeout=WAIT_MS) as failed:
        job.start(config(), runs_root=runs)
    assert "/no/such/python" in failed.args[0]
    assert not job.is_running


def test_a_process_that_says_nothing_is_told_by_its_status(qtbot, jobs, runs):
    job = jobs(command=(sys.executable, "-c", "raise SystemExit(7)"))
    with qtbot.waitSignal(job.start_failed, timeout=WAIT_MS) as failed:
        job.start(config(), runs_root=runs)
    assert "status 7" in failed.args[0]


def test_a_process_terminated_before_it_has_a_run(qtbot, jobs, runs):
    job = jobs(command=(sys.executable, "-c", "import time; time.sleep(600)"))
    with qtbot.waitSignal(job.start_failed, timeout=WAIT_MS) as failed:
        job.start(config(), runs_root=runs)
        assert job.is_running
        job.terminate()
    assert failed.args == ["Training was terminated before it began."]
    assert not job.is_running


def test_a_window_that_closes_while_it_starts_leaves_it_to_start(qtbot, jobs, runs):
    job = jobs("--steps", "100000")
    job.start(config(), runs_root=runs)
    job.leave_running()
    assert not job.is_running
    qtbot.waitUntil(lambda: (runs / "tried" / "status.json").exists(), timeout=WAIT_MS)
    other = jobs()
    other.attach(runs / "tried")
    with qtbot.waitSignal(other.ended, timeout=WAIT_MS):
        other.terminate()
    assert job.log == []


def test_stop_ends_it_after_a_checkpoint_and_resume_goes_on(qtbot, jobs, runs):
    job = jobs("--steps", "400")
    folder = begin(qtbot, job, runs)
    wait_for_step(qtbot, folder, 10)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.request("stop")
    assert job.log[-1] == ("ended", 3)
    assert folder.state() == RunState.STOPPED
    assert folder.checkpoint("last").is_file()
    stopped_at = folder.status().step
    again = jobs("--steps", str(stopped_at + 20))
    with qtbot.waitSignal(again.ended, timeout=WAIT_MS):
        again.resume(folder.path)
    assert again.log == [("started", folder.path), ("ended", 0)]
    assert folder.status().step == stopped_at + 20


def test_pause_and_resume(qtbot, jobs, runs):
    job = jobs("--steps", "5000")
    folder = begin(qtbot, job, runs)
    job.request("pause")
    qtbot.waitUntil(lambda: folder.state() == RunState.PAUSED, timeout=WAIT_MS)
    job.request("resume")
    qtbot.waitUntil(lambda: folder.state() == RunState.RUNNING, timeout=WAIT_MS)


def test_what_ignores_stop_and_sigterm_is_killed_with_all_its_children(qtbot, jobs, runs):
    job = jobs("--behaviour", "ignore-stop", "--child", "--steps", "100000")
    folder = begin(qtbot, job, runs)
    wait_for_step(qtbot, folder, 1)
    (child,) = psutil.Process(job.process_id).children()
    job.request("stop")
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.terminate()
    assert job.log[-1] == ("ended", -signal.SIGKILL)
    qtbot.waitUntil(lambda: not child.is_running(), timeout=WAIT_MS)
    QThreadPool.globalInstance().waitForDone()
    assert folder.state() == RunState.DIED
    assert "terminated by hand" in folder.summary().reason


def test_what_a_process_started_ends_with_it(qtbot, jobs, runs):
    job = jobs("--child", "--steps", "100000")
    folder = begin(qtbot, job, runs)
    wait_for_step(qtbot, folder, 1)
    (child,) = psutil.Process(job.process_id).children()
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.request("stop")
    qtbot.waitUntil(lambda: not child.is_running(), timeout=WAIT_MS)


def test_a_process_that_the_system_killed_is_told_from_one_ended_by_hand(qtbot, jobs, runs):
    job = jobs("--behaviour", "killed")
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        folder = begin(qtbot, job, runs)
    QThreadPool.globalInstance().waitForDone()
    assert job.log[-1] == ("ended", -signal.SIGKILL)
    reason = folder.summary().reason
    assert "signal 9" in reason
    assert "memory runs out" in reason
    assert "900 MB" in reason


def test_another_window_takes_a_run_over_and_can_end_it(qtbot, jobs, runs):
    first = jobs("--behaviour", "ignore-stop", "--child", "--steps", "100000")
    folder = begin(qtbot, first, runs)
    wait_for_step(qtbot, folder, 1)
    pid = first.process_id
    (child,) = psutil.Process(pid).children()
    first.leave_running()
    second = jobs()
    second.attach(folder.path)
    assert second.process_id == pid
    with qtbot.waitSignal(second.ended, timeout=WAIT_MS):
        second.terminate()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    QThreadPool.globalInstance().waitForDone()
    assert "terminated by hand" in folder.summary().reason


def test_a_stranger_that_got_the_process_id_is_never_ended(qtbot, jobs, runs):
    folder = fake_trainer.make_run(runs, steps=20)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    status = replace(RunStatus.starting(), phase="training", pid=stranger.pid)
    # The run's process started long before the stranger.
    folder.write_status(replace(status, process_started=1e9, started_after_boot_s=1.0))
    job = jobs()
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as ended:
        job.attach(folder.path)
        job.terminate()
    assert ended.args == [-1]
    assert stranger.poll() is None
    stranger.communicate(b"\n")


WINDOW_THAT_IS_KILLED = """
import os, sys
from PySide6.QtCore import QCoreApplication
from core.training.presets import preset
from utnet_viewer.processes.training_job import TrainingJob
application = QCoreApplication([])
job = TrainingJob(command=tuple(sys.argv[2:]))
job.started.connect(lambda path: os.kill(os.getpid(), 9))
job.start(preset("demo").model_copy(update={"name": "tried"}), runs_root=sys.argv[1])
application.exec()
"""


def test_a_window_that_is_killed_leaves_it_running_and_the_next_one_takes_it_over(
    qtbot, jobs, runs
):
    line = [sys.executable, "-c", WINDOW_THAT_IS_KILLED, str(runs)]
    window = subprocess.run([*line, *fake_trainer.command("--steps", "100000")])
    assert window.returncode == -signal.SIGKILL
    folder = RunFolder.open(runs / "tried")
    wait_for_step(qtbot, folder, folder.status().step + 20)
    assert folder.state() == RunState.RUNNING
    job = jobs()
    job.attach(folder.path)
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS):
        job.request("stop")
    assert job.log == [("ended", 3)]
    assert folder.state() == RunState.STOPPED


def test_a_run_that_is_over_is_taken_over_as_ended(qtbot, jobs, runs):
    folder = fake_trainer.make_run(runs, steps=20)
    # Our own process made it; another one has to be gone.
    status = folder.status_file.read_text().replace(str(os.getpid()), "999999999")
    folder.status_file.write_text(status)
    job = jobs()
    with qtbot.waitSignal(job.ended, timeout=WAIT_MS) as ended:
        job.attach(folder.path)
    assert ended.args == [0]
    with pytest.raises(RunFolderError, match="does not exist"):
        jobs().attach(runs / "nowhere")


def test_a_window_that_closes_leaves_it_running(qtbot, jobs, runs):
    job = jobs("--steps", "100000")
    folder = begin(qtbot, job, runs)
    pid = job.process_id
    job.leave_running()
    assert not job.is_running
    wait_for_step(qtbot, folder, folder.status().step + 20)
    other = jobs()
    other.attach(folder.path)
    with qtbot.waitSignal(other.ended, timeout=WAIT_MS):
        other.terminate()
    assert folder.state() == RunState.DIED
    assert pid not in psutil.pids() or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_second_process_for_one_run_is_refused_and_says_who_has_it(qtbot, jobs, runs):
    first = jobs("--steps", "100000")
    folder = begin(qtbot, first, runs)
    second = jobs()
    with qtbot.waitSignal(second.start_failed, timeout=WAIT_MS) as failed:
        second.resume(folder.path)
    assert str(first.process_id) in failed.args[0]
    assert first.is_running


def test_requests_without_a_run_and_to_a_vanished_folder_are_told(qtbot, jobs, runs):
    job = jobs()
    job.request("stop")
    begin(qtbot, job, runs)
    job.folder.path.rename(runs / "moved")
    job.request("stop")
    failures = [why for kind, why in job.log if kind == "request_failed"]
    assert "no run yet" in failures[0]
    assert "tried" in failures[1]


def test_the_event_loop_turns_while_a_process_starts_and_hangs(qtbot, jobs, runs):
    ticks = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    job = jobs("--behaviour", "hang")
    folder = begin(qtbot, job, runs)
    wait_for_step(qtbot, folder, 5)
    timer.stop()
    assert len(ticks) > 20
