"""A run's course as views: what is new, what a resumed run makes void, what cannot be read."""

import shutil
import time
from dataclasses import replace

import fake_trainer
import numpy as np
import pytest

import core.training.run_history as run_history
from core.events import (
    CheckpointEvent,
    EventWriter,
    PhaseEvent,
    ResumedEvent,
    SharesEvent,
    ValidationEvent,
    WarningEvent,
)
from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder, RunState, RunStatus
from core.training.run_history import CURVE_POINTS, RunHistory
from core.training.steps import StepTable, StepWriter


@pytest.fixture
def folder(tmp_path):
    run = RunFolder.create(tmp_path, TrainingConfig(name="a"), inputs={})
    yield run
    run.release()


def write_steps(folder: RunFolder, *steps: int, loss: float = 1.0) -> None:
    writer = StepWriter(folder.steps_file, ("step", "loss"))
    for step in steps:
        writer.append({"step": step, "loss": loss})
    writer.close()


def write_events(folder: RunFolder, *events) -> None:
    writer = EventWriter(folder.events_file)
    for event in events:
        writer.write(event)
    writer.close()


def validation(step: int) -> ValidationEvent:
    return ValidationEvent(step=step, epoch=1, metrics={"mpjpe_mm": 100.0 - step})


def test_a_finished_run_is_all_there(tmp_path):
    folder = fake_trainer.make_run(tmp_path, steps=200)
    history = RunHistory(folder.path)
    view = history.refresh()
    assert not history.is_behind
    assert (view.name, view.state) == ("fake", RunState.FINISHED)
    assert view.status.step == 200
    assert view.steps.column("step").tolist() == list(range(1, 201))
    assert [event.step for event in view.validations] == [50, 100, 150, 200]
    assert len(view.samples) == 2 * 4
    assert len(view.shares) == len(view.updates) == 20
    assert {event.role for event in view.checkpoints} == {"last", "best"}
    assert view.phases[-1].phase == "finished"
    assert view.problems == ()
    assert np.array_equal(view.curves["loss"].values, view.steps.column("loss"))
    assert "step" not in view.curves


def test_nothing_new_is_the_same_view_and_something_new_another(folder):
    history = RunHistory(folder.path)
    first = history.refresh()
    assert history.refresh() is first
    write_steps(folder, 1, 2)
    write_events(folder, validation(2))
    second = history.refresh()
    assert (len(first.steps), first.validations) == (0, ())
    assert (len(second.steps), len(second.validations)) == (2, 1)
    assert history.refresh() is second


def test_a_resumed_run_makes_void_what_came_after_its_checkpoint(folder):
    write_steps(folder, *range(1, 11))
    write_events(
        folder,
        PhaseEvent(step=9, phase="training"),
        validation(4),
        validation(8),
        SharesEvent(step=8, shares={"a": 1.0}),
        CheckpointEvent(step=8, file="checkpoints/best.safetensors", role="best"),
        WarningEvent(step=9, message="m"),
    )
    history = RunHistory(folder.path)
    before = history.refresh()
    write_events(folder, ResumedEvent(step=5), validation(6))
    write_steps(folder, 6, loss=2.0)
    view = history.refresh()
    assert [event.step for event in view.validations] == [4, 6]
    assert (view.shares, view.checkpoints) == ((), ())
    assert (len(view.phases), len(view.warnings), len(view.resumes)) == (1, 1, 1)
    assert view.steps.column("step").tolist() == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in before.validations] == [4, 8]


def test_a_long_table_is_read_in_parts_and_shown_whole_and_thinned(folder, monkeypatch):
    monkeypatch.setattr(run_history, "_ROWS_AT_ONCE", 1000)
    write_steps(folder, *range(1, 5001))
    with folder.steps_file.open("r+b") as file:
        file.seek(16 * 3000 + 8)
        file.write(np.float64(50.0).tobytes())  # one spike
    history = RunHistory(folder.path)
    rounds = 1
    while not len(history.refresh().steps):
        assert history.is_behind
        rounds += 1
    assert rounds == 5
    curve = history.view.curves["loss"]
    assert len(curve.steps) <= CURVE_POINTS
    assert curve.steps[curve.values.argmax()] == 3001
    assert len(history.view.steps) == 5000


def test_floods_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(run_history, "_MOST_EVENTS", 100)
    monkeypatch.setattr(run_history, "_MOST_MESSAGES", 30)
    history = RunHistory(folder.path)
    for start in range(0, 1000, 50):
        steps = range(start, start + 50)
        write_events(folder, *(SharesEvent(step=n, shares={"a": 1.0}) for n in steps))
        write_events(folder, *(WarningEvent(step=n, message="m") for n in steps))
        view = history.refresh()
    assert len(view.shares) <= 100
    assert (view.shares[0].step, view.shares[-1].step) == (0, 999)
    assert [event.step for event in view.warnings] == list(range(970, 1000))


def test_what_cannot_be_read_is_a_problem_and_the_rest_is_shown(folder):
    write_steps(folder, 1, 2)
    write_events(folder, validation(2))
    header = folder.steps_file.with_suffix(".json")
    named = header.read_bytes()
    header.unlink()
    with folder.events_file.open("ab") as file:
        file.write(b"garbage\n")
    history = RunHistory(folder.path)
    view = history.refresh()
    assert "steps.json" in view.problems[0]
    assert len(view.validations) == len(view.unreadable) == 1
    header.write_bytes(named)
    assert history.refresh().problems == ()
    assert len(history.view.steps) == 2


def test_a_damaged_status_keeps_the_last_one_and_says_so(folder):
    history = RunHistory(folder.path)
    status = history.refresh().status
    folder.status_file.write_bytes(b"{")
    view = history.refresh()
    assert view.status == status
    assert "damaged" in view.reason


def test_a_folder_that_vanishes_keeps_what_was_read(folder):
    write_steps(folder, 1, 2)
    history = RunHistory(folder.path)
    history.refresh()
    shutil.rmtree(folder.path)
    view = history.refresh()
    assert (view.state, len(view.steps)) == (RunState.DIED, 2)
    assert "gone" in view.reason
    assert history.refresh() is view


def test_silence_is_told_by_our_own_clock(folder, monkeypatch):
    """The run's clock is an hour slow, and its heart beats; then its heart stops."""
    now_s = [1000.0]
    monkeypatch.setattr(run_history.time, "monotonic", lambda: now_s[0])
    status = replace(RunStatus.starting(), phase="training", heartbeat=time.time() - 3600)
    folder.write_status(status)
    history = RunHistory(folder.path)
    assert history.refresh().state == RunState.STALLED  # nothing better is known yet
    folder.write_status(replace(status, heartbeat=status.heartbeat + 1))
    assert history.refresh().state == RunState.RUNNING
    now_s[0] += 29
    assert history.refresh().state == RunState.RUNNING
    now_s[0] += 2
    assert history.refresh().state == RunState.STALLED


def test_a_clock_set_back_does_not_hide_a_silence(folder, monkeypatch):
    now_s = [1000.0]
    monkeypatch.setattr(run_history.time, "monotonic", lambda: now_s[0])
    status = replace(RunStatus.starting(), phase="training", heartbeat=time.time() + 3600)
    folder.write_status(status)
    history = RunHistory(folder.path)
    assert history.refresh().state == RunState.RUNNING
    now_s[0] += 31
    assert history.refresh().state == RunState.STALLED


def test_a_table_never_hands_out_what_it_writes_to(folder):
    write_steps(folder, 1)
    table = StepTable.open(folder.steps_file)
    snapshots = []
    for step in range(2, 3000):
        if step % 500 == 0:
            write_steps(folder, *range(step - 400, step))
            table.refresh()
            snapshots.append((table.columns, table.column("step").copy()))
    assert all(np.array_equal(kept.column("step"), copy) for kept, copy in snapshots)
