"""A run that is killed at any moment and resumed is bit for bit the one that never stopped."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support_training import (
    SHORT,
    assignments,
    column,
    events_of,
    short_config,
    start_training,
    train_here,
)

from core.events import ResumedEvent
from core.training.run_folder import RunFolder, RunState
from core.training.state import load_state, random_state, set_random_state
from core.training.step import Stepper
from core.training.steps import StepTable

#: Everything that draws random numbers is on; most steps lie between two checkpoints.
LENGTH = 10
RANDOM = {
    "run.steps": LENGTH,
    "run.validate_every_steps": 4,
    "run.checkpoint_every_steps": 3,
    "network.drop_depth": 0.4,
    "network.drop_path": 0.1,
    "optimisation.accumulate": 2,
    "data.frames": 3,
    "run.diagnostics_every_steps": 5,
}
COLUMNS = ("loss", "gradient_norm", "learning_rate", "raw/keypoints_2d", "epoch")


def overrides(**more):
    return {name.replace(".", "__"): value for name, value in (RANDOM | more).items()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> RunFolder:
    status, folder = train_here(tmp_path_factory.mktemp("runs"), **overrides())
    assert status == 0
    return folder


def killed(folder: Path, arguments: list[str], *, at_step: int, delay_s: float) -> None:
    """Start the run and kill it without warning, somewhere after `at_step` was begun."""
    process = start_training(*arguments)
    try:
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline and process.poll() is None:
            table = folder / "steps.f64"
            if table.exists() and len(StepTable.open(table).columns) >= at_step:
                break
            time.sleep(0.002)
        time.sleep(delay_s)
        assert process.poll() is None, process.communicate()[0]
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()


def assert_same(folder: RunFolder, other: RunFolder) -> None:
    assert column(folder, "step").tolist() == list(range(1, LENGTH + 1))
    for name in COLUMNS:
        np.testing.assert_array_equal(column(folder, name), column(other, name), err_msg=name)
    for role in ("last", "best"):
        weights, others = (load_file(run.checkpoint(role)) for run in (folder, other))
        assert weights.keys() == others.keys()
        assert all(torch.equal(weights[name], others[name]) for name in weights), role
    raw, others = (load_state(run.checkpoints / "last.state").weights for run in (folder, other))
    assert all(torch.equal(raw[name], others[name]) for name in raw)


def kill_and_resume(runs: Path, kills: int, seed: int) -> RunFolder:
    """A run killed `kills` times at random moments, then resumed to its end."""
    folder, generator = runs / "killed", random.Random(seed)
    values = assignments(SHORT | RANDOM)
    arguments = ["demo", "--runs", str(runs), "--name", "killed", "--set", *values]
    done = 0
    for _ in range(kills):
        step = generator.randint(done, min(done + 3, LENGTH - 2))
        killed(folder, arguments, at_step=step, delay_s=generator.random() * 0.1)
        done = len(StepTable.open(folder / "steps.f64").columns)
        assert RunFolder.open(folder).state() is RunState.DIED
        arguments = ["--resume", str(folder)]
        if done >= LENGTH - 2:
            break
    status, resumed = train_here(runs, resume=folder)
    assert status == 0 and resumed.state() is RunState.FINISHED
    return resumed


@pytest.mark.timeout(300)  # a busy machine
def test_a_run_killed_at_a_random_step_goes_on_as_if_nothing_had_been(tmp_path, uninterrupted):
    seed = random.SystemRandom().randrange(1000)
    print(f"killed with seed {seed}")
    assert_same(kill_and_resume(tmp_path, 1, seed), uninterrupted)


@pytest.mark.slow  # five processes
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_killed_again_and_again(tmp_path, uninterrupted, seed):
    assert_same(kill_and_resume(tmp_path, 4, seed), uninterrupted)


@pytest.mark.timeout(300)  # a busy machine
def test_a_run_stopped_and_resumed_goes_on_as_if_nothing_had_been(
    tmp_path, uninterrupted, monkeypatch
):
    """Stopped before a validation that was due was measured; that one is made up for."""
    from core.training import loop

    def stop(*arguments, **options):
        raise loop.StopRequested

    with monkeypatch.context() as patch:
        patch.setattr(loop, "validate", stop)
        status, folder = train_here(tmp_path, **overrides())
    assert status == 3 and folder.status().step == 4
    status, folder = train_here(tmp_path, resume=folder.path)
    assert status == 0, folder.log_file.read_text(encoding="utf-8")
    assert [event.step for event in events_of(folder, ResumedEvent)] == [4]
    assert_same(folder, uninterrupted)
    for name in ("mpjpe_mm", "rgb_pa_mpjpe_mm"):
        measured = [
            [e.metrics[name] for e in events_of(run) if e.kind == "validation"]
            for run in (folder, uninterrupted)
        ]
        assert measured[0] == measured[1]


def test_what_is_planted_into_a_state_shows(tmp_path, uninterrupted):
    """The comparison above would notice: other random numbers make another run."""
    status, folder = train_here(tmp_path, **overrides(**{"run.steps": 6, "run.seed": 0}))
    assert status == 0
    state = folder.checkpoints / "last.state"
    content = torch.load(state, weights_only=True)
    content["random_states"][0]["torch"] = torch.Generator().manual_seed(99).get_state()
    torch.save(content, state)
    _, resumed = train_here(tmp_path, resume=folder.path, run__steps=LENGTH)
    losses = column(resumed, "loss")
    assert not np.array_equal(losses, column(uninterrupted, "loss"))


def test_all_random_numbers_come_back(tmp_path):
    draw = lambda: (random.random(), np.random.random(), torch.rand(3).tolist())
    random.gauss(0, 1), np.random.normal()
    path = tmp_path / "state"
    torch.save(random_state(torch.device("cpu")), path)
    first = draw()
    draw()
    set_random_state(torch.load(path, weights_only=True), torch.device("cpu"))
    assert draw() == first


def test_a_longer_run_goes_on_from_a_finished_one(tmp_path):
    _, folder = train_here(tmp_path, run__steps=3)
    status, folder = train_here(tmp_path, resume=folder.path, run__steps=5)
    assert status == 0 and column(folder, "step").tolist() == [1, 2, 3, 4, 5]
    status, folder = train_here(tmp_path, resume=folder.path)
    assert status == 0 and folder.state() is RunState.FINISHED


def test_another_batch_size_goes_on_at_the_same_place_in_the_data(tmp_path):
    _, folder = train_here(tmp_path, run__steps=4)
    status, folder = train_here(
        tmp_path, resume=folder.path, run__steps=6, optimisation__batch_size=4
    )
    assert status == 0
    assert load_state(folder.checkpoints / "last.state").progress.samples == 4 * 2 + 2 * 4


def test_epochs_count_frames_whatever_the_batch(tmp_path):
    config = short_config(run__steps="null", run__epochs=2, data__frames=3)
    assert config.run.steps is None
    status, folder = train_here(tmp_path, run__steps="null", run__epochs=2, data__frames=3)
    assert status == 0
    assert folder.status().total_steps == 3  # six samples in batches of two


def test_skipped_steps_in_a_row_are_counted_over_a_resume(tmp_path, monkeypatch):
    """Only 16-bit training on a GPU skips steps; the count has to come back all the same."""
    update, compute, seen = Stepper.update, Stepper.compute, []

    def updated(stepper, *arguments, **options):
        update(stepper, *arguments, **options)
        stepper.skipped = 7

    def computed(stepper, *arguments, **options):
        seen.append(stepper.skipped)
        return compute(stepper, *arguments, **options)

    monkeypatch.setattr(Stepper, "update", updated)
    monkeypatch.setattr(Stepper, "compute", computed)
    _, folder = train_here(tmp_path, **overrides(run__steps=2))
    state = load_state(folder.checkpoints / "last.state")
    assert seen == [0, 7] and state.skipped == 7
    train_here(tmp_path, resume=folder.path, run__steps=3)
    assert seen == [0, 7, 7]


def test_states_from_before_skipped_steps_were_counted_are_read(tmp_path):
    _, folder = train_here(tmp_path, **overrides(run__steps=2))
    path = folder.checkpoints / "last.state"
    content = torch.load(path, weights_only=True)
    del content["skipped"]
    torch.save(content, path)
    assert load_state(path).skipped == 0
