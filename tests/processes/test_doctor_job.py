"""Examinations in a process of their own: told of, cancelled, ended, whatever they do."""

import sys
import time

import fake_doctor
import psutil
import pytest
from PySide6.QtCore import QTimer

from core.doctor.check import Verdict
from core.doctor.store import read_examination
from utnet_viewer.processes.doctor_job import DoctorJob

WAIT_MS = 20_000


@pytest.fixture
def jobs(qtbot, tmp_path):
    """Makes jobs that keep what they say in `log`; none outlives the test."""
    made: list[DoctorJob] = []

    def make(*options: str, command: tuple[str, ...] | None = None, grace_s=0.3) -> DoctorJob:
        job = DoctorJob(command=command or fake_doctor.command(*options), grace_s=grace_s)
        job.log, job.shares = [], []
        job.started.connect(lambda s: job.log.append(("started", s.check, s.number, s.count)))
        job.progressed.connect(job.shares.append)
        job.found.connect(lambda finding: job.log.append(("found", finding)))
        job.finished.connect(lambda folder: job.log.append(("finished", folder)))
        job.failed.connect(lambda why, all_: job.log.append(("failed", why, all_)))
        job.cancelled.connect(lambda: job.log.append(("cancelled",)))
        made.append(job)
        return job

    yield make
    for job in made:
        job.end()


def begin(job: DoctorJob, folder, *more: str) -> None:
    folder.mkdir(exist_ok=True)
    job.start(["demo", "--config", "demo", *more], folder)


def found(job) -> list:
    return [entry[1] for entry in job.log if entry[0] == "found"]


def wait_for_first(qtbot, job) -> None:
    qtbot.waitUntil(lambda: bool(found(job)), timeout=WAIT_MS)


def test_every_check_is_told_and_the_folder_at_the_end(qtbot, jobs, tmp_path):
    job = jobs()
    with qtbot.waitSignal(job.finished, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    written = read_examination(tmp_path / "e")
    assert [f.check for f in found(job)] == [f.check for f in written.findings]
    assert {f.verdict for f in found(job)} == set(Verdict)
    started = [entry[1:] for entry in job.log if entry[0] == "started"]
    assert started[0] == ("load", 1, len(written.findings))
    assert job.log[-1] == ("finished", tmp_path / "e")
    assert job.shares and all(0 <= share <= 1 for share in job.shares)
    overlay = next(f for f in found(job) if f.check == "reprojection").outcome.evidence[0]
    assert overlay.image.shape == (256, 192, 3)
    assert not job.is_running


def test_what_it_cannot_examine_is_told_in_its_own_words(qtbot, jobs, tmp_path):
    job = jobs("--behaviour", "refuse")
    with qtbot.waitSignal(job.failed, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    assert job.log[-1][1] == "/data: this is no dataset in HO-3D's layout"
    assert "--config demo" in job.log[-1][2]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("crash", "ZeroDivisionError: the fake divided by zero"),
        ("killed", "ended by signal 9 (the system does that when memory runs out)"),
        ("silent", "ended before it was finished, without a word"),
        ("endless", "sends something unreadable"),
    ],
)
def test_an_examination_that_breaks_is_told(qtbot, jobs, tmp_path, monkeypatch, behaviour, words):
    monkeypatch.setattr("utnet_viewer.processes.lines.LONGEST_LINE", 1 << 20)
    job = jobs("--behaviour", behaviour)
    with qtbot.waitSignal(job.failed, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    assert words in job.log[-1][1]
    assert not job.is_running
    assert [entry[0] for entry in job.log].count("failed") == 1


def test_an_interpreter_that_is_gone_is_told(qtbot, jobs, tmp_path):
    job = jobs(command=("/no/such/python",))
    with qtbot.waitSignal(job.failed, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    assert "could not be started" in job.log[-1][1] and "/no/such/python" in job.log[-1][2]


def test_lines_that_are_none_of_its_own_change_nothing(qtbot, jobs, tmp_path):
    job = jobs("--behaviour", "garbage")
    with qtbot.waitSignal(job.finished, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    assert len(found(job)) == 11


def test_a_flood_of_progress_lets_the_window_breathe(qtbot, jobs, tmp_path):
    job, beats = jobs("--behaviour", "flood"), []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start()
    with qtbot.waitSignal(job.finished, timeout=WAIT_MS):
        begin(job, tmp_path / "e")
    timer.stop()
    assert len(job.shares) < 10_000  # of 30,000: only the newest of a turn is told
    assert len(beats) > 20
    assert len(found(job)) == 11


@pytest.mark.parametrize("behaviour", ["hang", "stubborn"])
def test_cancelling_ends_it_and_all_that_it_started(qtbot, jobs, tmp_path, monkeypatch, behaviour):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    job = jobs("--behaviour", behaviour, "--child")
    begin(job, tmp_path / "e")
    wait_for_first(qtbot, job)
    process = psutil.Process(job.process_id)
    assert not [name for name in process.environ() if name.startswith("QT_")]
    (child,) = process.children()
    with qtbot.waitSignal(job.cancelled, timeout=WAIT_MS):
        job.cancel()
        assert job.is_ending
    assert job.log[-1] == ("cancelled",)
    assert not process.is_running()
    qtbot.waitUntil(lambda: not child.is_running(), timeout=WAIT_MS)


def test_a_window_that_closes_leaves_nothing_behind(qtbot, jobs, tmp_path):
    job = jobs("--behaviour", "stubborn", "--child")
    begin(job, tmp_path / "e")
    wait_for_first(qtbot, job)
    process = psutil.Process(job.process_id)
    (child,) = process.children()
    told = len(job.log)
    job.end()
    assert not process.is_running()
    qtbot.waitUntil(lambda: not child.is_running(), timeout=WAIT_MS)
    assert len(job.log) == told


def test_utnet_itself_is_what_is_started(qtbot, tmp_path):
    """The real command, which sees that there is no such configuration."""
    job = DoctorJob()
    with qtbot.waitSignal(job.failed, timeout=60_000) as failed:
        job.start(["demo", "--config", "nowhere.yaml"], tmp_path)
    assert "nowhere.yaml" in failed.args[0]
    assert sys.executable in failed.args[1]
