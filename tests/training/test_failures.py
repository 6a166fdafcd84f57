"""Every way to fail has its code, its words and its remedy, and loses nothing already written."""

import errno
import json
import os
import pickle
import resource
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from ho3d_tree import Tree, hand_in_opengl, training_label
from safetensors import SafetensorError
from support_network import stand_in
from support_training import column, events_of, start_training, train_here

from core.evaluation.loader import Feed
from core.events import ErrorEvent, FinishedEvent
from core.files.checkpoint_card import CheckpointError, read_header
from core.training.config import OptimisationConfig, with_values
from core.training.crop_dataset import CropDataset
from core.training.failures import Circumstances, failure_of
from core.training.losses import HandLoss
from core.training.run_folder import RunFolder, RunState
from core.training.state import load_state
from core.training.step import Stepper


def circumstances(**optimisation) -> Circumstances:
    config = OptimisationConfig(**optimisation)
    return Circumstances(config, workers=2, device=torch.device("cpu"))


def assert_failed(status: int, folder: RunFolder, code: str) -> ErrorEvent:
    """The failure is in status, events and log; what was trained before can be used."""
    assert status == 1 and folder.state() is RunState.FAILED
    (error,) = events_of(folder, ErrorEvent)
    said = folder.status()
    assert said.exit == 1 and said.phase == "failed"
    assert vars(said.error) == {
        name: getattr(error, name) for name in ("code", "message", "remedy", "changes")
    }
    assert error.code == code and error.message and error.remedy
    assert events_of(folder, FinishedEvent)[-1].outcome == "failed"
    log = folder.log_file.read_text()
    assert error.message in log and "Traceback" in log
    return error


def fail_at(monkeypatch, owner, name: str, call: int, fault) -> None:
    """From its `call`-th call on, `owner.name` goes through `fault`."""
    original, calls = getattr(owner, name), []

    def planted(*arguments, **options):
        calls.append(1)
        if len(calls) < call:
            return original(*arguments, **options)
        return fault(original, *arguments, **options)

    monkeypatch.setattr(owner, name, planted)


def raising(error):
    def fault(*arguments, **options):
        raise error

    return fault


def test_out_of_memory_names_the_batch_and_half_of_it(tmp_path, monkeypatch):
    fault = raising(torch.OutOfMemoryError("CUDA out of memory."))
    fail_at(monkeypatch, Stepper, "compute", 4, fault)
    status, folder = train_here(tmp_path)
    error = assert_failed(status, folder, "out of memory")
    assert "batch of 2" in error.message and "MB free" in error.message
    assert "batch_size 1" in error.remedy and "accumulate 2" in error.remedy
    changes = {"optimisation.batch_size": 1, "optimisation.accumulate": 2}
    assert error.changes == changes
    changed = with_values(folder.config(), changes, source="the remedy")
    # Three steps were complete, two of them saved; both are whole.
    assert column(folder, "step").tolist() == [1, 2, 3]
    assert load_state(folder.checkpoints / "last.state").progress.step == 2
    read_header(folder.checkpoint("last"))
    monkeypatch.undo()
    assert (changed.optimisation.batch_size, changed.optimisation.accumulate) == (1, 2)
    values = {key.replace(".", "__"): value for key, value in error.changes.items()}
    status, folder = train_here(tmp_path, resume=folder.path, **values)
    assert status == 0 and column(folder, "step").tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("no room"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("HIP out of memory"),
    ],
)
def test_every_way_to_say_no_memory_is_understood(error):
    assert failure_of(error, circumstances()).code == "out of memory"
    alone = failure_of(error, circumstances(batch_size=1))
    assert "batch_size" not in alone.remedy and "gradient_checkpointing" in alone.remedy
    assert alone.changes == {"network.gradient_checkpointing": True}


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_its_batch(tmp_path, monkeypatch):
    def fault(original, *arguments, **options):
        terms = original(*arguments, **options)
        return {**terms, "wrist": terms["wrist"] * float("nan")}

    fail_at(monkeypatch, HandLoss, "raw_terms", 5, fault)
    status, folder = train_here(tmp_path)
    error = assert_failed(status, folder, "not finite")
    assert "step 5" in error.message and "wrist" in error.message
    assert "learning_rate" in error.remedy and "not_finite_step_5.npz" in error.remedy
    with np.load(folder.path / "not_finite_step_5.npz", allow_pickle=False) as batch:
        assert batch["image"].shape == (2, 3, 256, 192) and batch["image"].dtype == np.uint8
        assert batch["depth"].shape == (2, 2, 256, 192)
        assert batch["joints_mm"].shape == (2, 21, 3)
        assert all(str(name).startswith("SYN") for name in batch["frame_ids"])
    assert column(folder, "step").tolist() == [1, 2, 3, 4]
    state = load_state(folder.checkpoints / "last.state")
    assert all(torch.isfinite(tensor).all() for tensor in state.weights.values())


def test_a_gradient_that_is_not_finite_stops_the_run_too(tmp_path, monkeypatch):
    def fault(original, stepper):
        next(stepper.network.parameters()).grad[0] = float("inf")
        return original(stepper)

    fail_at(monkeypatch, Stepper, "_clip", 2, fault)
    status, folder = train_here(tmp_path)
    error = assert_failed(status, folder, "not finite")
    assert "gradient" in error.message and column(folder, "step").tolist() == [1]


@pytest.fixture
def smallest_files():
    """Lets the test forbid this process to write files larger than some bytes, for a while."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_the_last_checkpoint_as_it_was(tmp_path, monkeypatch, smallest_files):
    def fault(original, stepper, *arguments, **options):
        smallest_files(300_000)  # rows and events still fit, a checkpoint does not
        return original(stepper, *arguments, **options)

    fail_at(monkeypatch, Stepper, "compute", 4, fault)
    status, folder = train_here(tmp_path)
    smallest_files(resource.RLIM_INFINITY)
    error = assert_failed(status, folder, "disk full")
    assert "last.state" in error.message and "room" in error.remedy
    assert column(folder, "step").tolist() == [1, 2, 3, 4]
    assert load_state(folder.checkpoints / "last.state").progress.step == 2
    read_header(folder.checkpoint("last"))
    assert {path.name for path in folder.checkpoints.iterdir()} <= {
        "last.state", "last.safetensors", "best.safetensors",
    }  # fmt: skip
    monkeypatch.undo()
    assert train_here(tmp_path, resume=folder.path)[0] == 0


def test_a_disk_without_any_room_still_gives_a_status_and_words(tmp_path, monkeypatch, capfd):
    """Not even events can be written then."""
    from core.training.reporter import Reporter

    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "events.jsonl")
    monkeypatch.setattr(Reporter, "event", raising(full))
    status, folder = train_here(tmp_path)
    assert status == 1 and folder.state() is RunState.FAILED
    assert folder.status().error.code == "disk full"
    assert "No space left" in capfd.readouterr().err


def test_a_full_disk_under_safetensors_is_a_full_disk():
    inner = SafetensorError("I/O error: No space left on device (os error 28)")
    error = CheckpointError("last.safetensors", f"cannot be written: {inner}")
    error.__cause__ = inner
    assert failure_of(error, circumstances()).code == "disk full"
    other = CheckpointError("old.safetensors", "holds a UTNet of size base")
    assert failure_of(other, circumstances()).code == "checkpoint mismatch"


def test_a_dataset_that_is_not_there(tmp_path):
    status, folder = train_here(tmp_path, data__dataset=str(tmp_path / "nowhere"))
    error = assert_failed(status, folder, "missing data")
    assert "nowhere" in error.message


@pytest.fixture
def tree(tmp_path):
    """Two sequences of two labelled frames in HO-3D's layout, without an evaluation split."""
    tree = Tree(tmp_path / "data")
    names = ["AA1/0000", "AA1/0001", "BB1/0000", "BB1/0001"]
    for seed, name in enumerate(names):
        tree.add(name, training_label(hand_in_opengl(stand_in(), seed)))
    tree.list(*names)
    return tree


def on_tree(tree, **more):
    of_tree = {"data__dataset": str(tree.root), "data__hold_out_sequences": 1, "data__frames": None}
    small = {"optimisation__batch_size": 2, "data__validation_frames": "null"}
    return of_tree | small | {"data__frames": "null"} | more


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_goes_missing_while_training(tmp_path, tree, monkeypatch, workers):
    def fault(original, *arguments, **options):
        for path in tree.root.glob("train/*/rgb/*"):
            path.unlink()
        return original(*arguments, **options)

    fail_at(monkeypatch, Stepper, "compute", 1, fault)
    values = on_tree(tree, data__workers=workers, run__steps=30, run__validate_every_steps=100)
    status, folder = train_here(tmp_path / "runs", **values)
    error = assert_failed(status, folder, "missing data")
    assert ".jpg" in error.message and "missing" in error.message


def test_a_split_without_labels_says_how_to_measure_all_the_same(tmp_path, tree):
    bare = replace(tree, split="evaluation")
    bare.add("CC1/0000", {"camMat": np.eye(3), "handJoints3D": np.array([0.0, 0, -0.6])})
    bare.list("CC1/0000")
    status, folder = train_here(tmp_path / "runs", **on_tree(tree, data__hold_out_sequences=0))
    error = assert_failed(status, folder, "missing data")
    assert "hold_out_sequences" in error.message


def test_frames_without_labels_are_left_out_and_counted(tmp_path, tree):
    """One label is only a wrist, one is no label at all; neither enters a loss."""
    label = pickle.loads(tree.path("meta", "AA1/0001").read_bytes())
    wrist_alone = {**label, "handJoints3D": label["handJoints3D"][0]}
    for key in ("handPose", "handBeta", "handTrans"):
        wrist_alone[key] = None
    tree.add("AA1/0002", wrist_alone)
    tree.add("AA1/0003", dict.fromkeys(label))
    tree.list("AA1/0000", "AA1/0001", "AA1/0002", "AA1/0003", "BB1/0000", "BB1/0001")
    values = on_tree(tree, run__steps=2, run__seed=held_seed(tree, "BB1"))
    status, folder = train_here(tmp_path / "runs", **values)
    assert status == 0
    (warning,) = [e for e in events_of(folder) if e.kind == "warning" and "left out" in e.message]
    assert warning.message.startswith("2 of 4 frames")


def held_seed(tree, sequence: str) -> int:
    """A seed with which this sequence is the one held out."""
    from core.data.ho3d.index import open_index
    from core.training.frames import hold_out

    index = open_index(tree.root, "train", hand_model=stand_in())
    for seed in range(50):
        _, held = hold_out(index, 1, seed=seed)
        if {index.frame_id(int(row)).sequence for row in held} == {sequence}:
            return seed
    raise AssertionError(f"{sequence} is never held out")


def test_a_worker_that_is_killed(tmp_path, monkeypatch):
    def fault(original, *arguments):
        os.kill(os.getpid(), signal.SIGKILL)

    fail_at(monkeypatch, CropDataset, "__getitems__", 3, fault)
    status, folder = train_here(tmp_path, data__workers=1)
    error = assert_failed(status, folder, "dead worker")
    assert "data.workers" in error.remedy
    assert error.message.startswith("One of the 1 processes that read frames is gone: DataLoader")


@pytest.mark.parametrize(
    "cause", ["DataLoader worker (pid 7) is killed by signal: Killed. ", "Ran out of input"]
)
def test_a_dead_worker_is_told_with_its_signal_where_torch_knows_it(cause):
    """Torch tells of it in two ways, by what it was doing at that moment."""
    error = RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")
    error.__cause__ = RuntimeError(cause)
    failure = failure_of(error, circumstances())
    assert failure.code == "dead worker"
    assert ("is killed by signal: Killed" in failure.message) == ("signal" in cause)
    assert ("exited unexpectedly" in failure.message) == ("signal" not in cause)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_signal_that_follows_the_broken_pipe_hits_nobody_else(monkeypatch, is_told):
    """torch's handler of SIGCHLD raises at any line; here an alarm does what it does."""

    def handler(*_):
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")

    def broken_pipe():
        if is_told:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        yield

    monkeypatch.setattr("core.evaluation.loader._DEATH_S", 0.3)
    feed = Feed([], [], list, workers=0)
    feed._iterator = broken_pipe()
    previous = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(RuntimeError, match="pid 7" if is_told else "pid unknown"):
            next(feed)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_a_state_of_another_network_is_refused_by_name(tmp_path):
    _, folder = train_here(tmp_path, run__steps=2, run__validate_every_steps=100)
    status, folder = train_here(tmp_path, resume=folder.path, network__graph_layers=2, run__steps=4)
    error = assert_failed(status, folder, "checkpoint mismatch")
    assert "refinement.layers.1" in error.message


def test_a_damaged_state_is_refused_and_runs_nothing(tmp_path):
    _, folder = train_here(tmp_path, run__steps=2, run__validate_every_steps=100)

    class Harm:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "harm"),))

    state = folder.checkpoints / "last.state"
    for content in (b"", state.read_bytes()[:5000], pickle.dumps(Harm())):
        state.write_bytes(content)
        status, folder = train_here(tmp_path, resume=folder.path, run__steps=4)
        assert status == 1 and folder.status().error.code == "checkpoint mismatch"
        assert not (tmp_path / "harm").exists()


def test_a_bug_is_not_dressed_up(tmp_path, monkeypatch):
    fail_at(monkeypatch, Stepper, "compute", 2, raising(KeyError("a bug of ours")))
    status, folder = train_here(tmp_path)
    error = assert_failed(status, folder, "unexpected error")
    assert "KeyError" in error.message and "a bug of ours" in error.message


def test_a_compiler_that_fails_is_named_and_not_quoted_in_full():
    from torch._inductor.exc import CppCompileError

    error = CppCompileError(["g++", "kernel.cpp"], "warning: overflow\n" * 5000)
    failure = failure_of(error, circumstances())
    assert failure.code == "cannot compile" and "compile false" in failure.remedy
    assert len(failure.message) < 500


def test_the_command_refuses_what_cannot_start(tmp_path, capsys):
    from core.cli.main import main

    refused = [
        ["train"],
        ["train", "demoo", "--runs", str(tmp_path)],
        ["train", "demo", "--runs", str(tmp_path), "--set", "optimisation.learning_rat=1"],
        ["train", "demo", "--runs", str(tmp_path), "--set", "run.steps=-1"],
        ["train", "--resume", str(tmp_path / "none")],
    ]
    for arguments in refused:
        assert main(arguments) == 2
        assert len(capsys.readouterr().err) > 20
    assert not list(tmp_path.iterdir())


def test_a_second_process_is_told_who_has_the_run(tmp_path):
    from core.training.presets import preset

    folder = RunFolder.create(tmp_path, preset("demo"), inputs={})
    process = start_training("--resume", str(folder.path))
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 2 and f"process {os.getpid()}" in said
    folder.release()


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_lines_of_json_for_programs(tmp_path):
    values = ["run.steps=1", "data.frames=2", "data.validation_frames=1", "network.blocks=1",
              "data.workers=0", "optimisation.batch_size=1", "optimisation.warmup_steps=0",
              "network.token_width=64", "run.device=cpu"]  # fmt: skip
    process = start_training("demo", "--runs", str(tmp_path), "--json", "--set", *values)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said
    lines = [json.loads(line) for line in said.splitlines()]
    assert any(line.get("metrics", {}).get("mpjpe_mm") for line in lines)
