"""Run folders under everything that happens to them: kills, damage, clocks, two owners."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import fake_trainer
import psutil
import pytest

from core.events import EventReader
from core.files.durable import DiskFullError, write_atomically
from core.files.names import safe_name
from core.files.process_identity import ProcessIdentity
from core.training.config import TrainingConfig
from core.training.run_folder import (
    FolderBusyError,
    ProcessEnd,
    RunError,
    RunFolder,
    RunFolderError,
    RunState,
    RunStatus,
    default_runs_root,
)
from core.training.run_list import RunList, list_runs
from core.training.run_log import LAUNCH, adopt_output
from core.training.steps import StepTable

HOLD = """
import sys
from core.training.run_folder import FolderBusyError, RunFolder
folder = RunFolder.open(sys.argv[1])
try:
    folder.acquire()
except FolderBusyError as error:
    sys.exit(f"busy: {error}")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    run = RunFolder.create(tmp_path / "runs", TrainingConfig(name="a"), inputs={"dataset": "demo"})
    yield run
    run.release()


def gone() -> ProcessIdentity:
    """A process that is over."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    identity = ProcessIdentity.of(process.pid)
    process.wait()
    return identity


def say(folder: RunFolder, **changes: object) -> None:
    folder.write_status(replace(RunStatus.starting(), **changes))


# --- making and naming ----------------------------------------------------------------------


def test_a_new_run_has_its_configuration_inputs_and_status(folder, tmp_path):
    opened = RunFolder.open(tmp_path / "runs" / "a")
    assert opened.config() == TrainingConfig(name="a")
    assert opened.inputs() == {"dataset": "demo"}
    assert opened.status().pid == os.getpid()
    assert opened.state() == RunState.STARTING
    assert opened.checkpoint("last").parent.is_dir()


def test_a_run_is_never_written_over(tmp_path):
    folders = [RunFolder.create(tmp_path, TrainingConfig(name="a"), inputs={}) for _ in range(3)]
    assert [folder.name for folder in folders] == ["a", "a-2", "a-3"]
    for folder in folders:
        folder.release()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("plain_1.2", "plain_1.2"),
        ("with space+plus", "with space+plus"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "run"),
        ("", "run"),
        ("手 1", "手 1"),
        ("CON", "run-CON"),
        ("nul.txt", "run-nul.txt"),
        ("line\nbreak\0", "line-break"),
    ],
)
def test_names_are_made_safe(given, expected):
    assert safe_name(given) == expected


def test_long_names_are_cut_at_whole_letters():
    assert len(safe_name("手" * 200).encode()) <= 100
    assert set(safe_name("手" * 200)) == {"手"}


def test_a_root_that_is_a_file_or_read_only_is_told_with_the_way_out(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match=r"file: runs cannot be written.*--runs DIR"):
        RunFolder.create(tmp_path / "file", TrainingConfig(), inputs={})


def test_a_root_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))  # root may write everywhere else

    monkeypatch.setattr("core.files.names.Path.mkdir", refuse)
    with pytest.raises(RunFolderError, match=r"Read-only file system.*UTNET_RUNS"):
        RunFolder.create(tmp_path / "runs", TrainingConfig(), inputs={})


def test_the_place_for_runs_can_be_named(monkeypatch, tmp_path, home):
    assert default_runs_root() == home / ".local" / "share" / "utnet-viewer" / "runs"
    monkeypatch.setenv("UTNET_RUNS", str(tmp_path))
    assert default_runs_root() == tmp_path


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(RunFolderError, match=r"nowhere: does not exist"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(RunFolderError, match="holds no run"):
        RunFolder.open(tmp_path)


def test_a_checkpoint_s_role_is_checked(folder):
    assert folder.checkpoint("step-500").name == "step-500.safetensors"
    with pytest.raises(ValueError, match=r"\.\./x"):
        folder.checkpoint("../x")


# --- states ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phase": "starting"}, RunState.STARTING),
        ({"phase": "reading data"}, RunState.STARTING),
        ({"phase": "training"}, RunState.RUNNING),
        ({"phase": "validating"}, RunState.RUNNING),
        ({"phase": "saving"}, RunState.RUNNING),
        ({"phase": "paused"}, RunState.PAUSED),
        ({"phase": "finished"}, RunState.FINISHED),
        ({"phase": "stopped", "exit": 3}, RunState.STOPPED),
        ({"phase": "failed", "exit": 1}, RunState.FAILED),
        ({"phase": "training", "exit": 0}, RunState.FINISHED),
        ({"phase": "saving", "exit": 3}, RunState.STOPPED),
        ({"phase": "saving", "exit": 139}, RunState.FAILED),
    ],
)
def test_what_a_living_process_says_is_believed(folder, changes, expected):
    say(folder, **changes)
    assert folder.state() == expected


@pytest.mark.parametrize(
    ("phase", "age_s", "expected"),
    [
        ("training", 25, RunState.RUNNING),
        ("training", 35, RunState.STALLED),
        ("paused", 35, RunState.STALLED),
        ("starting", 200, RunState.STARTING),  # compiling and opening a dataset take their time
        ("reading data", 400, RunState.STALLED),
        ("training", -7200, RunState.RUNNING),  # the clock was set back meanwhile
    ],
)
def test_an_old_heartbeat_of_a_living_process_is_stalled(folder, phase, age_s, expected):
    say(folder, phase=phase, heartbeat=time.time() - age_s)
    assert folder.state() == expected


def test_a_stalled_run_says_since_when_and_who(folder):
    say(folder, phase="validating", heartbeat=time.time() - 100)
    reason = folder.summary().reason
    assert "validating" in reason
    assert str(os.getpid()) in reason


def test_a_process_that_is_gone_without_a_word_died(folder):
    folder.log_file.write_text("step 1\nRuntimeError: the last straw\n\n")
    say(folder, phase="training", step=41, **vars(gone()))
    summary = folder.summary()
    assert summary.state == RunState.DIED
    assert "at step 41" in summary.reason
    assert "killed, or the machine was restarted" in summary.reason
    assert "RuntimeError: the last straw" in summary.reason


def test_a_recycled_process_id_is_another_process(folder):
    here = ProcessIdentity.current()
    say(folder, process_started=here.process_started - 500, started_after_boot_s=-1.0)
    assert folder.state() == RunState.DIED


def test_a_clock_that_was_set_does_not_make_a_living_process_another(folder):
    here = ProcessIdentity.current()
    say(folder, phase="training", process_started=here.process_started + 3600)
    assert folder.state() == RunState.RUNNING


def test_a_zombie_is_no_living_process(folder):
    process = subprocess.Popen([sys.executable, "-c", ""])
    identity = ProcessIdentity.of(process.pid)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    say(folder, **vars(identity))
    assert folder.state() == RunState.DIED
    process.wait()


def test_a_restart_of_the_machine_is_told(folder, monkeypatch):
    say(folder, phase="training", step=9, **vars(gone()))
    monkeypatch.setattr(psutil, "boot_time", lambda: time.time() + 60)
    assert "machine was restarted while the run was at step 9" in folder.summary().reason


def test_a_run_of_another_machine_is_judged_by_its_heartbeat_alone(folder):
    elsewhere = {**vars(gone()), "host": "elsewhere"}
    say(folder, phase="training", **elsewhere)
    assert folder.state() == RunState.RUNNING
    say(folder, phase="training", heartbeat=time.time() - 60, **elsewhere)
    assert folder.state() == RunState.STALLED
    assert "elsewhere" in folder.summary().reason


def test_how_the_process_ended_is_told_where_its_starter_noted_it(folder):
    identity = gone()
    say(folder, phase="training", step=5, memory_mb=3900.0, **vars(identity))

    def reason_after(pid: int, returncode: int, **more: bool) -> str:
        folder.note_end(ProcessEnd(pid=pid, returncode=returncode, time=time.time(), **more))
        return folder.summary().reason

    killed = reason_after(identity.pid, -signal.SIGKILL)
    assert "signal 9" in killed
    assert "it held 3900 MB" in killed
    assert "SIGSEGV" in reason_after(identity.pid, -signal.SIGSEGV)
    assert "status 7 at step 5" in reason_after(identity.pid, 7)
    assert "by hand" in reason_after(identity.pid, -signal.SIGTERM, terminated=True)
    assert "by hand" in reason_after(identity.pid, -signal.SIGTERM)  # who only saw it go
    assert "without saying why" in reason_after(identity.pid + 1, 7)  # of an earlier process


def test_a_failed_run_says_what_happened_and_what_to_do(folder):
    error = RunError(code="disk full", message="The disk is full.", remedy="Make room.")
    say(folder, phase="failed", exit=1, error=error)
    assert folder.summary().reason == "The disk is full. Make room."


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 300, b"[]", b'{"pid": "x"}', b"\xff\xfe"])
def test_a_damaged_status_is_named_and_the_run_stays_in_the_list(folder, content):
    folder.release()
    write_atomically(folder.path / "owner.json", b"{}")
    folder.status_file.write_bytes(content)
    with pytest.raises(RunFolderError, match=r"status\.json: is damaged"):
        folder.status()
    (summary,) = list_runs(folder.path.parent)
    assert (summary.state, summary.status) == (RunState.DIED, None)
    assert "damaged" in summary.reason


def test_a_damaged_status_of_a_living_owner_is_no_death(folder):
    folder.status_file.write_bytes(b"{")
    assert folder.state() == RunState.STALLED  # this process owns it


def test_what_a_newer_version_adds_to_the_status_is_left_aside(folder):
    fields = json.loads(folder.status_file.read_bytes()) | {"mood": "fine"}
    folder.status_file.write_text(json.dumps(fields))
    assert folder.status().pid == os.getpid()


# --- owners ---------------------------------------------------------------------------------


def test_two_processes_cannot_own_one_run(folder):
    held = subprocess.run(
        [sys.executable, "-c", HOLD, str(folder.path)], capture_output=True, text=True, input=""
    )
    assert "busy" in held.stderr
    assert f"process {os.getpid()}" in held.stderr
    folder.release()
    held = subprocess.run(
        [sys.executable, "-c", HOLD, str(folder.path)], capture_output=True, text=True, input=""
    )
    assert held.stdout == "held\n"


def test_one_process_cannot_own_a_run_twice_nor_lose_it_by_trying(folder):
    with pytest.raises(FolderBusyError, match=f"process {os.getpid()}"):
        RunFolder(folder.path).acquire()
    held = subprocess.run(
        [sys.executable, "-c", HOLD, str(folder.path)], capture_output=True, text=True, input=""
    )
    assert "busy" in held.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_owner_lets_go_though_its_workers_live_on(folder):
    folder.release()
    fork_a_worker = HOLD.replace(
        "print(", "import os, time\nif os.fork() == 0: time.sleep(60)\nprint("
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", fork_a_worker, str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout.readline() == "held\n"
    (worker,) = psutil.Process(owner.pid).children()
    owner.kill()
    owner.wait()
    assert worker.is_running()
    folder.acquire()
    worker.kill()
    owner.stdin.close()
    owner.stdout.close()


def test_a_new_owner_clears_away_what_the_last_one_was_killed_over(folder):
    folder.note_end(ProcessEnd(pid=os.getpid(), returncode=-9, time=0.0))
    (folder.path / ".status.json.abc.part").write_bytes(b"{")
    folder.release()
    folder.acquire()
    left = {path.name for path in folder.path.iterdir() if path.is_file()}
    assert left == {"config.yaml", "inputs.json", "status.json", "lock", "owner.json"}


# --- requests -------------------------------------------------------------------------------


def test_requests_are_taken_once_in_their_order(folder):
    for number, name in enumerate(("checkpoint", "validate", "stop")):
        folder.request(name)
        os.utime(folder.control / name, (1e9 + number, 1e9 + number))
    folder.request("checkpoint")  # asked again: it is the newest now
    assert folder.take_requests() == ["validate", "stop", "checkpoint"]
    assert folder.take_requests() == []


def test_pause_and_resume_take_each_other_back(folder):
    folder.request("pause")
    folder.request("resume")
    assert folder.take_requests() == ["resume"]


def test_what_is_no_request_is_refused_and_other_files_are_left_alone(folder):
    with pytest.raises(ValueError, match="explode"):
        folder.request("explode")
    (folder.control / "notes.txt").touch()
    assert folder.take_requests() == []
    assert (folder.control / "notes.txt").exists()


def test_requests_to_an_earlier_process_are_void(folder):
    folder.request("stop")
    os.utime(folder.control / "stop", (1e9, 1e9))
    folder.request("checkpoint")  # made after this process started: for this process
    folder.release()
    folder.acquire()
    assert folder.take_requests() == ["checkpoint"]


def test_a_folder_that_is_gone_cannot_be_asked_and_says_so(folder):
    shutil.rmtree(folder.path)
    with pytest.raises(RunFolderError, match="stop cannot be asked for"):
        folder.request("stop")
    assert folder.take_requests() == []


# --- durability -----------------------------------------------------------------------------


def test_replacing_leaves_the_old_content_where_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def no_room(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFullError, match="file"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_at_creation_is_a_typed_error_and_makes_no_run(tmp_path, monkeypatch):
    def no_room(*_args):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFullError):
        RunFolder.create(tmp_path, TrainingConfig(name="a"), inputs={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.11, 0.29])
def test_a_run_killed_at_any_moment_is_readable_and_can_be_gone_on_with(tmp_path, delay_s):
    options = ("--rate", "2000", "--validate-every", "20", "--steps", "100000")
    with fake_trainer.started(tmp_path, *options) as (process, folder):
        time.sleep(delay_s)
        process.kill()
        process.wait()
        assert folder.state() == RunState.DIED
        steps = StepTable.open(folder.steps_file)
        events = EventReader(folder.events_file).refresh()
        assert not [event for event in events if event.kind == "unreadable"]
        assert steps.damaged_rows == 0
        assert folder.config().name == "fake"
        folder.acquire()
        folder.release()


def test_without_a_launch_folder_nothing_is_redirected(folder, monkeypatch, capfd):
    monkeypatch.delenv(LAUNCH, raising=False)
    assert not adopt_output(folder.log_file)
    print("still here")
    assert capfd.readouterr().out == "still here\n"
    assert not folder.log_file.exists()


def test_the_tail_of_a_log_is_its_last_lines(folder):
    assert folder.log_tail() == []
    folder.log_file.write_bytes(b"x" * 100_000 + b"\nlast but one\n\xff last\n")
    assert folder.log_tail(2) == ["last but one", "\ufffd last"]


# --- lists ----------------------------------------------------------------------------------


def test_the_list_has_every_run_newest_first_and_nothing_else(tmp_path):
    for number, name in enumerate(("old", "middle", "new")):
        folder = fake_trainer.make_run(tmp_path, name=name, steps=8)
        os.utime(folder.inputs_file, (1e9 + number, 1e9 + number))
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    runs = list_runs(tmp_path)
    assert [run.name for run in runs] == ["new", "middle", "old"]
    assert {run.state for run in runs} == {RunState.FINISHED}
    assert runs[0].status.step == 8


def test_a_place_without_runs_is_an_empty_list_and_a_file_is_an_error(tmp_path):
    assert list_runs(tmp_path / "nowhere") == []
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match="cannot be read"):
        list_runs(tmp_path / "file")


def test_looking_again_reads_only_runs_that_changed(tmp_path, monkeypatch):
    folders = [fake_trainer.make_run(tmp_path, name=name, steps=4) for name in "abc"]
    runs = RunList(tmp_path)
    runs.refresh()
    looked_at = []
    summary = RunFolder.summary
    monkeypatch.setattr(
        RunFolder, "summary", lambda folder: looked_at.append(folder.name) or summary(folder)
    )
    assert [run.name for run in runs.refresh()] == [f.name for f in reversed(folders)]
    assert looked_at == []
    say(folders[1], phase="training", step=77)
    assert runs.refresh()[1].status.step == 77
    assert looked_at == ["b"]
    shutil.rmtree(folders[0].path)
    assert [run.name for run in runs.refresh()] == ["c", "b"]


def test_a_long_list_reads_no_tables(tmp_path, monkeypatch):
    folder = fake_trainer.make_run(tmp_path, name="a", steps=4)
    for number in range(60):
        shutil.copytree(folder.path, tmp_path / f"run-{number}")
    opened = []
    read_bytes = type(tmp_path).read_bytes
    monkeypatch.setattr(
        type(tmp_path), "read_bytes", lambda path: opened.append(path.name) or read_bytes(path)
    )
    assert len(list_runs(tmp_path)) == 61
    assert set(opened) == {"status.json"}
