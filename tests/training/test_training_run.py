"""A whole run on the embedded demo frames: what it leaves behind, and how it can be steered."""

import multiprocessing
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from support_network import stand_in
from support_training import column, events_of, short_config, train_here

from core.data.ho3d.index import open_index
from core.events import (
    CheckpointEvent,
    FinishedEvent,
    PhaseEvent,
    SampleEvent,
    SharesEvent,
    StartedEvent,
    UpdatesEvent,
    ValidationEvent,
)
from core.files.checkpoint_card import read_card
from core.files.embedded import demo_dataset
from core.network.checkpoints import load_checkpoint
from core.training.run_folder import RunFolder, RunState
from core.training.schedule import learning_rate


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    status, folder = train_here(runs, run__diagnostics_every_steps=3)
    assert status == 0
    return folder


def test_every_step_is_in_the_table(finished):
    assert column(finished, "step").tolist() == [1, 2, 3, 4, 5, 6]
    assert column(finished, "epoch").tolist() == [0, 0, 1, 1, 2, 2]
    weighted = sum(
        column(finished, f"weighted/{name}")
        for name in ("keypoints_2d", "joints_3d", "wrist", "vertices_3d", "rotations", "betas",
                     "prior_pose", "prior_shape", "coarse", "auxiliary", "heatmaps")
    )  # fmt: skip
    np.testing.assert_allclose(weighted, column(finished, "loss"), rtol=1e-5)
    assert (column(finished, "gradient_norm") > 1).all() and column(finished, "clipped").all()
    assert (column(finished, "step_s") >= column(finished, "loader_wait_s")).all()
    assert (column(finished, "samples_per_s") > 0).all() and (
        column(finished, "memory_mb") > 50
    ).all()


def test_the_logged_rate_is_the_schedules(finished):
    config = short_config().optimisation
    expected = [learning_rate(step, 6, config) for step in range(6)]
    assert column(finished, "learning_rate").tolist() == expected


def test_status_and_events_tell_the_same_end(finished):
    status = finished.status()
    assert finished.state() is RunState.FINISHED
    assert (status.step, status.total_steps, status.exit, status.phase) == (6, 6, 0, "finished")
    assert status.best.metric == "mpjpe_mm" and status.best.step in (3, 6)
    (started,) = events_of(finished, StartedEvent)
    assert started.total_steps == 6 and "torch" in started.versions
    assert events_of(finished)[-1].outcome == "finished"
    phases = [event.phase for event in events_of(finished, PhaseEvent)]
    assert phases[:3] == ["reading data", "starting", "training"]
    assert {"validating", "saving"} < set(phases) and phases[-1] == "finished"


def test_validations_come_when_due_beside_both_constants(finished):
    validations = events_of(finished, ValidationEvent)
    assert [event.step for event in validations] == [3, 6]
    for event in validations:
        assert event.frames == 3
        assert {"mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "keypoint_error_px", "auc"} < set(
            event.metrics
        )
        assert event.metrics["rgb_mpjpe_mm"] > 0
        assert set(event.baselines) == {"mean_pose_mpjpe_mm", "mean_hand_pa_mpjpe_mm"}


def test_diagnostics_come_when_due(finished):
    assert [event.step for event in events_of(finished, SharesEvent)] == [1, 3, 6]
    for event in events_of(finished, SharesEvent):
        assert sum(event.shares.values()) == pytest.approx(1)
    updates = events_of(finished, UpdatesEvent)
    assert [event.step for event in updates] == [1, 3, 6]
    assert set(updates[0].ratios) == {"backbone", "tokens", "decoders", "upsampler", "refinement"}
    assert all(0 < ratio < 0.1 for ratio in updates[0].ratios.values())


def test_fixed_samples_are_pictures_once_and_keypoints_each_time(finished):
    samples = events_of(finished, SampleEvent)
    assert [event.step for event in samples] == [3, 3, 6, 6]
    index = open_index(demo_dataset(), "evaluation", hand_model=stand_in())
    for event in samples[:2]:
        picture = cv2.imread(str(finished.path / event.file))
        assert picture.shape == (256, 192, 3)
        sequence, _, name = event.frame_id.partition("/")
        frame = index.read(int(np.flatnonzero(index.frames == name)[0]))
        assert frame.frame_id.sequence == sequence
        crop = frame.crop()
        np.testing.assert_array_equal(picture[..., ::-1], crop.image(frame.image))
        truth = crop.keypoints(frame.camera.project(frame.hand.joints_mm))
        np.testing.assert_allclose(event.truth_px, truth, atol=1e-6)
        error = np.linalg.norm(np.subtract(event.keypoints_px, event.truth_px), axis=1).mean()
        assert event.error_px == pytest.approx(error)
    assert len(list(finished.samples.iterdir())) == 2


def test_checkpoints_open_like_any_other_and_say_what_they_are(finished):
    roles = {event.role for event in events_of(finished, CheckpointEvent)}
    assert roles == {"last", "best"}
    network, report = load_checkpoint(finished.checkpoint("best"), hand_model=stand_in())
    assert report.complete and network.config == short_config().network
    card = read_card(finished.checkpoint("last"))
    assert card.training["steps"] == 6
    last = events_of(finished, ValidationEvent)[-1]
    assert card.held_out["rgbd_mpjpe_mm"] == pytest.approx(last.metrics["mpjpe_mm"], abs=1e-3)
    assert card.held_out["mean_pose_mpjpe_mm"] == last.baselines["mean_pose_mpjpe_mm"]
    assert "4 frames" in card.trained_on


def test_inputs_and_log_say_what_was_trained_on(finished):
    inputs = finished.inputs()
    assert len(inputs["sha256"]["training_list"]) == 64 and inputs["sha256"]["start_from"] is None
    log = finished.log_file.read_text()
    assert "4 training frames, 3 validation frames" in log and "validation after step 6" in log


class Hand:
    """Watches a run from another thread and does one thing after another."""

    def __init__(self, runs):
        self.runs = runs
        self.failure = None

    def follow(self, *actions: Callable[[RunFolder], bool]):
        """Each action is asked again and again until it returns True."""
        self._thread = threading.Thread(target=self._run, args=(actions,))
        self._thread.start()
        return self

    def _run(self, actions):
        deadline = time.monotonic() + 60
        while not list(self.runs.glob("*/status.json")) and time.monotonic() < deadline:
            time.sleep(0.01)
        folder = RunFolder.open(next(self.runs.glob("*/status.json")).parent)
        for action in actions:
            while not action(folder):
                if time.monotonic() > deadline:
                    folder.request("stop")
                    self.failure = f"{action} waited in vain"
                    return
                time.sleep(0.005)

    def join(self):
        self._thread.join()
        assert self.failure is None, self.failure


def after(step):
    return lambda folder: (
        len(column(folder, "step")) >= step if folder.steps_file.exists() else False
    )


def ask(request):
    def action(folder):
        folder.request(request)
        return True

    return action


def in_phase(phase):
    return lambda folder: folder.status().phase == phase


def test_stop_saves_where_it_is_and_can_be_resumed(tmp_path):
    hand = Hand(tmp_path).follow(after(2), ask("stop"))
    status, folder = train_here(tmp_path, run__steps=500, run__checkpoint_every_steps=1000)
    hand.join()
    assert status == 3 and folder.state() is RunState.STOPPED
    stopped_at = folder.status().step
    assert 2 <= stopped_at < 500
    assert events_of(folder, FinishedEvent)[-1].outcome == "stopped"
    status, folder = train_here(tmp_path, resume=folder.path, run__steps=stopped_at + 2)
    assert status == 0
    assert column(folder, "step").tolist() == list(range(1, stopped_at + 3))
    assert folder.config().run.steps == stopped_at + 2


def test_a_paused_run_waits_and_goes_on(tmp_path):
    steps = []

    def note(folder):
        steps.append(folder.status().step)
        return len(steps) > 40

    hand = Hand(tmp_path).follow(
        after(1), ask("pause"), in_phase("paused"), note, ask("resume"), in_phase("training"),
        ask("stop"),
    )  # fmt: skip
    status, folder = train_here(tmp_path, run__steps=1000, run__validate_every_steps=1000)
    hand.join()
    assert status == 3 and len(set(steps)) == 1
    assert folder.status().step > steps[0]


def test_checkpoint_and_validation_on_request(tmp_path):
    done = lambda kind: lambda folder: bool(events_of(folder, kind))
    hand = Hand(tmp_path).follow(
        after(1), ask("checkpoint"), done(CheckpointEvent), ask("validate"), done(ValidationEvent),
        ask("stop"),
    )  # fmt: skip
    rare = {"run__validate_every_steps": 1000, "run__checkpoint_every_steps": 1000}
    status, folder = train_here(tmp_path, run__steps=1000, **rare)
    hand.join()
    assert status == 3
    (validation,) = events_of(folder, ValidationEvent)
    assert validation.step < 1000 and folder.status().best.step == validation.step


def test_the_terminate_signal_stops_in_good_order(tmp_path):
    """A cluster's scheduler sends it to all processes of a job, so to those that read frames."""

    def send(_):
        workers = [str(worker.pid) for worker in multiprocessing.active_children()]
        assert workers
        subprocess.run(["kill", "-TERM", *workers, str(os.getpid())], check=True)
        return True

    before = signal.getsignal(signal.SIGTERM)
    hand = Hand(tmp_path).follow(after(1), send)
    status, folder = train_here(tmp_path, run__steps=1000, data__workers=1)
    hand.join()
    assert status == 3 and folder.state() is RunState.STOPPED
    assert (folder.checkpoints / "last.state").exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stop_while_reading_frames_leaves_a_run_that_starts_anew(tmp_path, monkeypatch):
    from core.training import process

    def slow_open(*arguments, beat, **options):
        for done in range(1000):
            time.sleep(0.01)
            beat(done, 1000)

    monkeypatch.setattr(process, "open_data", slow_open)
    hand = Hand(tmp_path).follow(in_phase("reading data"), ask("stop"))
    status, folder = train_here(tmp_path)
    hand.join()
    assert status == 3 and folder.status().step == 0
    monkeypatch.undo()
    status, folder = train_here(tmp_path, resume=folder.path)
    assert status == 0 and column(folder, "step").tolist() == [1, 2, 3, 4, 5, 6]


def test_kept_checkpoints_stay(tmp_path):
    status, folder = train_here(
        tmp_path, run__keep_every_steps=2, run__steps=4, run__validate_every_steps=100
    )
    assert status == 0
    kept = [event.file for event in events_of(folder, CheckpointEvent) if event.role == "kept"]
    assert kept == ["checkpoints/step-2.safetensors", "checkpoints/step-4.safetensors"]
    assert all((folder.path / file).exists() for file in kept)
