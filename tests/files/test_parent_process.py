"""Signals that reach a whole group of processes are the parent's business."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.files.parent_process import end_with_the_parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no sender is known")

#: A process with a worker; it says the worker's number and waits until its input ends.
_PARENT = """
import signal, sys, threading
from tests_of_parent_process import start
signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
worker = start()
print(worker.pid, flush=True)
sys.stdin.read()
print(worker.is_alive(), flush=True)
worker.terminate()
worker.join(20)
print(worker.exitcode, flush=True)
"""


def work(ready) -> None:
    end_with_the_parent()
    ready.set()
    time.sleep(100)


def start() -> multiprocessing.Process:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    worker = context.Process(target=work, args=(ready,), daemon=True)
    worker.start()
    assert ready.wait(20)
    return worker


@pytest.fixture
def group(tmp_path):
    """The process with its worker, in a group of their own."""
    module = tmp_path / "tests_of_parent_process.py"
    module.write_text(Path(__file__).read_text())
    process = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])},
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_is_left_to_the_parent_which_can_still_end_its_worker(group, number):
    worker = int(group.stdout.readline())
    os.kill(worker, number)
    wait_taken(worker)  # signals of one kind do not queue
    if number == signal.SIGTERM:
        os.kill(group.pid, number)
        assert group.stdout.readline() == "asked\n"
    said, _ = group.communicate("", timeout=60)
    assert said.split() == ["True", "0"]


def wait_taken(pid: int) -> None:
    """Until no signal is pending for a process."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        if all(int(line.split()[1], 16) == 0 for line in lines if "Pnd:" in line):
            return
        time.sleep(0.005)
    raise AssertionError("a signal was never taken")


def test_a_signal_that_nobody_follows_up_is_obeyed_after_a_while(monkeypatch):
    monkeypatch.setattr("core.files.parent_process._GRACE_S", 0.3)
    worker = start()
    subprocess.run(["kill", "-TERM", str(worker.pid)], check=True)
    worker.join(20)
    assert worker.exitcode == 0


def test_a_worker_ends_with_a_parent_that_was_killed(group):
    worker = int(group.stdout.readline())
    os.kill(group.pid, signal.SIGKILL)
    group.wait(20)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker}").exists()
