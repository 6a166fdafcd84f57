"""A run's folder, as the doctor reads it, says what was written into it."""

import math

import fake_trainer
import numpy as np
import pytest

from core.doctor.own.run import read_run
from core.events import ErrorEvent, EventWriter, ResumedEvent, StartedEvent, ValidationEvent
from core.training.config import LossConfig
from core.training.run_folder import RunFolder
from core.training.steps import StepWriter, columns_of

STEPS = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> RunFolder:
    """A finished run that validated after 50 and 100 steps and diagnosed every 10."""
    runs = tmp_path_factory.mktemp("runs")
    return fake_trainer.make_run(
        runs, name="read", steps=STEPS, optimisation__learning_rate=1e-3, loss__heatmaps=0.25
    )


def copied(folder: RunFolder, to) -> RunFolder:
    """The same in a folder that a test may write into."""
    for file in folder.path.rglob("*"):
        if file.is_file():
            target = to / file.relative_to(folder.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return RunFolder.open(to)


def add_events(folder: RunFolder, *events) -> None:
    writer = EventWriter(folder.events_file)
    for event in events:
        writer.write(event)
    writer.close()


def test_steps_are_those_written(folder):
    run = read_run(folder.path)
    step = np.arange(1, STEPS + 1)
    assert run.name == "read" and run.step.tolist() == step.tolist()
    written = 1e-3 * np.minimum(1, step / 20) * (1 - 0.9 * step / STEPS)
    np.testing.assert_allclose(run.learning_rate, written, rtol=1e-12)
    np.testing.assert_allclose(run.loss, sum(run.weighted.values()), rtol=1e-12)
    assert list(run.weighted) == list(fake_trainer.TERMS)
    joints = 2 * run.weighted["joints_3d"]  # the fake's weight is a half
    np.testing.assert_allclose(run.gradient_norm, 0.3 + 2 * joints, rtol=1e-12)
    assert run.clipped.tolist() == (joints > 0.35).astype(float).tolist()
    assert 0 < run.clipped.sum() < STEPS


def test_validations_and_diagnoses_are_those_written(folder):
    run = read_run(folder.path)
    assert run.validation_step.tolist() == [50, 100]
    written = [20 + 77 * math.exp(-step / 150) for step in (50, 100)]
    assert run.metrics["mpjpe_mm"].tolist() == pytest.approx(written)
    assert run.metrics["pa_mpjpe_mm"].tolist() == pytest.approx([mm / 3 for mm in written])
    assert run.validated_frames.tolist() == [96, 96]
    assert run.baselines == {"mean_pose_mpjpe_mm": 97.1, "mean_hand_pa_mpjpe_mm": 16.3}
    assert sum(run.shares.values()) == pytest.approx(1)
    backbone = run.update_ratios["vit"]
    assert backbone[:, 0].tolist() == list(range(10, STEPS + 1, 10))
    assert backbone[-1, 1] == pytest.approx(1e-3 / (1 + STEPS / 200))


def test_what_is_configured_is_the_configurations(folder):
    run = read_run(folder.path)
    optimisation = folder.config().optimisation
    assert run.clip_norm == optimisation.clip_norm
    assert run.weights == LossConfig().model_dump() | folder.config().loss.model_dump()
    assert run.weights["heatmaps"] == 0.25
    assert run.configured_rate[optimisation.warmup_steps - 1] == pytest.approx(1e-3)
    assert run.configured_rate[0] == pytest.approx(1e-3 / optimisation.warmup_steps)
    assert run.error == ""


def test_what_a_resumed_run_made_void_is_left_out(folder, tmp_path):
    again = copied(folder, tmp_path / "again")
    validation = ValidationEvent(
        step=75, epoch=1, metrics={"mpjpe_mm": 33.0}, baselines={}, frames=7
    )
    started = StartedEvent(step=60, pid=1, total_steps=STEPS)
    add_events(again, started, ResumedEvent(step=60), validation)
    columns = columns_of(fake_trainer.TERMS)
    writer = StepWriter(again.steps_file, columns)
    writer.append(dict.fromkeys(columns, 0.5) | {"step": 61})
    writer.close()
    run = read_run(again.path)
    assert run.step.tolist() == list(range(1, 62)) and run.loss[-1] == 0.5
    assert run.validation_step.tolist() == [50, 75]
    assert run.metrics["mpjpe_mm"][1] == 33.0 and np.isnan(run.metrics["auc"][1])
    assert run.update_ratios["vit"][:, 0].max() == 60
    # What was configured before is not known: the folder keeps the last configuration only.
    assert np.isnan(run.configured_rate[:60]).all() and np.isfinite(run.configured_rate[60])


def test_an_error_counts_until_the_run_is_started_again(folder, tmp_path):
    again = copied(folder, tmp_path / "again")
    add_events(again, ErrorEvent(step=STEPS, code="not finite", message="NaN"))
    assert read_run(again.path).error == "not finite"
    add_events(again, StartedEvent(step=STEPS, pid=1, total_steps=STEPS))
    assert read_run(again.path).error == ""


def test_a_run_that_has_not_stepped_yet_is_empty(tmp_path, folder):
    empty = RunFolder.create(tmp_path, folder.config(), inputs={})
    empty.release()
    run = read_run(empty.path)
    assert len(run.step) == len(run.validation_step) == 0
