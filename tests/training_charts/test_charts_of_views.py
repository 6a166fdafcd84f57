"""What a run's folder holds becomes curves, marks and lines of the charts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from curves_of_runs import step_columns

from core.events import (
    CheckpointEvent,
    ErrorEvent,
    MarkEvent,
    ResumedEvent,
    SharesEvent,
    UpdatesEvent,
    ValidationEvent,
    WarningEvent,
)
from core.training.config import parse_config
from core.training.run_folder import RunState
from core.training.run_history import RunView
from utnet_viewer.training.charts.from_view import ViewReader, configured_rate, marks_of
from utnet_viewer.training.charts.run_data import DOCTOR

RUN = Path("runs") / "first"


def view(count: int = 100, **more) -> RunView:
    return RunView(RUN, RunState.RUNNING, steps=step_columns(count), **more)


def config(**optimisation):
    values = {"name": "first", "run": {"steps": 1000}, "optimisation": optimisation}
    return parse_config(values, source="test")


def shares(step: int, **values) -> SharesEvent:
    return SharesEvent(step=step, shares=values)


def test_a_view_becomes_curves_by_name():
    events = tuple(shares(step, keypoints_2d=step / 100, wrist=1 - step / 100) for step in (1, 50))
    ratios = (UpdatesEvent(step=7, ratios={"backbone": 1e-3, "tokens": float("nan")}),)
    validation = ValidationEvent(
        step=50, epoch=2, metrics={"mpjpe_mm": 20.5}, baselines={"mean_pose_mpjpe_mm": 60.0}
    )
    run = ViewReader().read(
        view(shares=events, updates=ratios, validations=(validation,)), config(clip_norm=0.7)
    )
    assert (run.name, run.is_live, run.clip_norm) == ("first", True, 0.7)
    np.testing.assert_array_equal(run.shares["wrist"].step, [1, 50])
    np.testing.assert_array_equal(run.shares["wrist"].value, [0.99, 0.5])
    assert np.isnan(run.updates["tokens"].value[0])
    assert run.validation["mpjpe_mm"].value[0] == 20.5
    assert run.baselines == {"mean_pose_mpjpe_mm": 60.0}
    assert run.last_step == 100 and run.total_steps == 1000
    assert run.epoch_at(50) == run.steps.column("epoch")[49]


def test_a_view_of_a_run_that_just_began_has_nothing_and_does_not_fail():
    run = ViewReader().read(RunView(RUN, RunState.STARTING), None)
    assert run.last_step == 0 and not len(run.column("loss")) and run.total_steps is None
    assert np.isnan(run.epoch_at(3))


def test_following_costs_only_what_is_new_and_gives_the_same():
    reader, events = ViewReader(), []
    for step in range(1, 40):
        events.append(shares(step, keypoints_2d=0.5, **({"wrist": 0.5} if step > 9 else {})))
        run = reader.read(view(shares=tuple(events)), None)
    fresh = ViewReader().read(view(shares=tuple(events)), None)
    for term in ("keypoints_2d", "wrist"):
        np.testing.assert_array_equal(run.shares[term].step, fresh.shares[term].step)
    assert len(run.shares["wrist"]) == 30


def test_what_a_resumed_run_made_void_is_gone_from_the_curves():
    reader = ViewReader()
    first = tuple(shares(step, wrist=0.1) for step in (10, 20, 30))
    reader.read(view(shares=first), None)
    again = (*first[:1], shares(20, wrist=0.7))
    run = reader.read(view(shares=again, resumes=(ResumedEvent(step=10),)), None)
    np.testing.assert_array_equal(run.shares["wrist"].step, [10, 20])
    np.testing.assert_array_equal(run.shares["wrist"].value, [0.1, 0.7])
    np.testing.assert_array_equal(run.steps.column("step")[run.breaks], [11])
    assert run.edition != reader.read(view(shares=first), None).edition


def test_of_two_validations_at_one_step_the_later_counts():
    events = tuple(ValidationEvent(step=5, epoch=1, metrics={"mpjpe_mm": v}) for v in (9.0, 8.0))
    curve = ViewReader().read(view(validations=events), None).validation["mpjpe_mm"]
    assert (curve.step.tolist(), curve.value.tolist()) == ([5.0], [8.0])


def test_the_configured_rate_is_the_schedules_at_the_same_steps():
    cosine = config(learning_rate=1e-3, warmup_steps=100, final_learning_rate_share=0.1)
    curve = configured_rate(cosine, 1000)
    at = dict(zip(curve.step.tolist(), curve.value.tolist(), strict=True))
    assert at[1] == pytest.approx(1e-5)  # a hundredth of the warm-up
    assert at[100] == pytest.approx(1e-3) and at[1000] == pytest.approx(1e-4)
    middle = 1e-3 * (0.1 + 0.9 * (0.5 + 0.5 * np.cos(np.pi * 0.5)))
    assert np.interp(550, curve.step, curve.value) == pytest.approx(middle, rel=1e-3)
    assert not len(configured_rate(None, 1000)) and not len(configured_rate(cosine, None))


def test_marks_say_what_happened_in_words():
    best = "checkpoints/best.safetensors"
    events = view(
        checkpoints=(
            CheckpointEvent(step=10, file=best, role="best"),
            CheckpointEvent(step=15, file="checkpoints/step-15.safetensors", role="kept"),
            CheckpointEvent(step=20, file=best, role="best"),
            CheckpointEvent(step=20, file="checkpoints/last.safetensors", role="last"),
        ),
        resumes=(ResumedEvent(step=20),),
        warnings=(WarningEvent(step=30, message="3 frames are unreadable"),),
        errors=(ErrorEvent(step=40, code="out of memory", message="needs 12 GB"),),
    )
    found = [(mark.step, mark.kind, mark.words) for mark in marks_of(events)]
    assert found == [
        (20, "best", "best validation, kept as checkpoint"),  # it was written over
        (15, "checkpoint", "checkpoint, step-15.safetensors"),
        (20, "checkpoint", "checkpoint, last.safetensors"),
        (20, "resumed", "resumed from here"),
        (30, "warning", "3 frames are unreadable"),
        (40, "error", "out of memory: needs 12 GB"),
    ]


def test_a_dead_run_is_no_longer_awaited():
    assert not ViewReader().read(replace(view(), state=RunState.DIED), None).is_live


def test_what_the_watch_saw_is_said_with_the_doctors_words():
    numbers = {"term": "joints_3d", "share": 0.987}
    event = MarkEvent(step=40, cause="loss_imbalance_run", numbers=numbers)
    (mark,) = marks_of(view(marks=(event,)))
    assert (mark.step, mark.kind) == (40, DOCTOR)
    title, sentence = mark.words.split("\n", 1)
    assert title == "One term of the loss has all of the gradient"
    assert "98.7%" in sentence and "joints_3d" in sentence


def test_a_cause_of_another_version_is_shown_by_its_name():
    (mark,) = marks_of(view(marks=(MarkEvent(step=4, cause="moon_phase", numbers={"x": 1.0}),)))
    assert "moon_phase" in mark.words
