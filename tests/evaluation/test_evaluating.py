"""Evaluating a small split: what is written, what fails alone, stopping, going on, running out."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from ho3d_tree import Tree, evaluation_label, hand_in_opengl, training_label
from support_network import awake, tiny_network

from core.data.crops import CropInput, crop_input
from core.data.opening import open_dataset
from core.evaluation import evaluating
from core.evaluation.columns import COLUMNS
from core.evaluation.evaluating import Effort, Progress, WorkerDiedError, evaluate
from core.evaluation.identity import dataset_digest, hand_model_digest, identify
from core.evaluation.measuring import occlusion
from core.evaluation.metrics import measure
from core.evaluation.predictor import OutOfMemoryError, Predictor
from core.evaluation.store import (
    Evaluation,
    EvaluationWriter,
    FrameState,
    RowNames,
    list_evaluations,
)
from core.evaluation.truth import true_hand
from core.files.checkpoint_card import CheckpointCard
from core.geometry.crop import CropTransform
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint

MEASURED, FAILED = FrameState.MEASURED, FrameState.FAILED
FRAMES = [f"{sequence}/{number:04d}" for sequence in ("AA1", "BB2") for number in range(3)]
ALONE = Effort(batch_size=4, workers=0)


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "awake.safetensors"
    save_checkpoint(path, awake(tiny_network()), card=CheckpointCard("awake"))
    return path


@pytest.fixture(scope="module")
def predictor(checkpoint, hand_model) -> Predictor:
    return Predictor(checkpoint, hand_model, "cpu")


@pytest.fixture
def tree(tmp_path, hand_model) -> Tree:
    """Six labelled frames of two sequences."""
    tree = Tree(tmp_path / "data")
    for seed, name in enumerate(FRAMES):
        tree.add(name, training_label(hand_in_opengl(hand_model, seed)))
    tree.list(*FRAMES)
    return tree


@pytest.fixture
def open_split(hand_model, tmp_path):
    def open_it(tree: Tree):
        return open_dataset(
            tree.root, tree.split, hand_model=hand_model, cache_dir=tmp_path / "cache"
        )

    return open_it


def run(
    root: Path, index, checkpoint: Path, predictor, *, effort: Effort = ALONE, listen=None, **how
) -> Evaluation:
    identity = identify(checkpoint, index, index.hand_model, **how)
    with EvaluationWriter(root, identity, RowNames.of_index(index)) as writer:
        evaluate(writer, index, predictor, effort=effort, listen=listen)
        return writer.evaluation


# --- what is written --------------------------------------------------------------------------


def test_every_row_is_what_the_window_predicts_and_measures(
    tmp_path, tree, open_split, checkpoint, predictor, hand_model
):
    index = open_split(tree)
    evaluation = run(tmp_path / "store", index, checkpoint, predictor)
    assert evaluation.state.tolist() == [MEASURED] * 6
    for row in range(6):
        frame = index.read(row)
        (expected,) = predictor.predict([crop_input(frame, frame.crop())])
        truth = true_hand(frame, hand_model)
        metrics = measure(frame.camera, truth.joints_mm, truth.vertices_mm, expected)
        for name in ("mpjpe_mm", "pa_mpjpe_mm", "pa_mpvpe_mm", "f5", "f15", "scale_ratio"):
            expected_value = getattr(metrics, name)
            assert evaluation.column(name)[row] == pytest.approx(expected_value, rel=1e-3), name
        for name in ("keypoint_error_px", "keypoint_error_crop_px", "wrist_error_mm"):
            expected_value = getattr(metrics, name)
            assert evaluation.column(name)[row] == pytest.approx(expected_value, rel=1e-3), name
        np.testing.assert_allclose(
            evaluation.column("joint_errors_mm")[row], metrics.joint_errors_mm, rtol=1e-3, atol=0.01
        )
        stored = evaluation.prediction(row, hand_model)
        np.testing.assert_allclose(stored.joints_mm, expected.joints_mm, atol=0.02)
        np.testing.assert_allclose(stored.keypoints_norm, expected.keypoints_norm, atol=1e-4)
        assert stored.used_depth == expected.used_depth is True
        distance_mm = np.linalg.norm(frame.hand.joints_mm[0])
        assert evaluation.column("distance_mm")[row] == pytest.approx(distance_mm, rel=1e-6)


def test_the_surface_posed_anew_is_the_networks_own(
    tmp_path, tree, open_split, checkpoint, predictor, hand_model
):
    """Parameters, not vertices, are stored: they must give the same vertices to 1e-3 mm."""
    index = open_split(tree)
    evaluation = run(tmp_path / "store", index, checkpoint, predictor)
    crops = [crop_input(frame, frame.crop()) for frame in map(index.read, range(4))]
    for row, expected in enumerate(predictor.predict(crops)):  # the batch that was evaluated
        stored = evaluation.prediction(row, hand_model)
        np.testing.assert_allclose(stored.vertices_mm, expected.vertices_mm, rtol=0, atol=1e-3)
        np.testing.assert_allclose(stored.joints_mm, expected.joints_mm, rtol=0, atol=1e-3)


def test_a_split_with_wrists_alone_is_measured_as_far_as_that_goes(
    tmp_path, open_split, checkpoint, predictor, hand_model
):
    tree = Tree(tmp_path / "evaluation", split="evaluation")
    for seed, name in enumerate(FRAMES[:2]):
        tree.add(name, evaluation_label(hand_in_opengl(hand_model, seed)))
    tree.list(*FRAMES[:2])
    evaluation = run(tmp_path / "store", open_split(tree), checkpoint, predictor)
    assert evaluation.state.tolist() == [FrameState.ROOT_ONLY] * 2
    for name in ("wrist_error_mm", "distance_mm"):
        assert np.isfinite(evaluation.column(name)).all(), name
    for name in ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "f15", "scale_ratio", "vertex_auc"):
        assert np.isnan(evaluation.column(name)).all(), name
    keypoint_errors = evaluation.column("keypoint_errors_px")
    assert np.isfinite(keypoint_errors[:, 0]).all() and np.isnan(keypoint_errors[:, 1:]).all()


def test_without_depth_is_another_evaluation(tmp_path, tree, open_split, checkpoint, predictor):
    index, root = open_split(tree), tmp_path / "store"
    with_depth = run(root, index, checkpoint, predictor)
    without = run(root, index, checkpoint, predictor, with_depth=False)
    assert with_depth.folder != without.folder and not without.identity.uses_depth
    assert with_depth.column("used_depth").all() and not without.column("used_depth").any()
    assert not np.allclose(with_depth.column("joints_mm"), without.column("joints_mm"), atol=0.1)


# --- what fails alone -------------------------------------------------------------------------


def test_frames_that_cannot_be_read_fail_with_their_reason_and_no_other_does(
    tmp_path, tree, open_split, checkpoint, predictor
):
    broken = tree.path("rgb", FRAMES[1])
    broken.write_bytes(broken.read_bytes()[:3000])
    tree.path("rgb", FRAMES[2]).unlink()
    tree.path("depth", FRAMES[3]).write_bytes(b"no picture")
    tree.path("meta", FRAMES[4]).unlink()
    evaluation = run(tmp_path / "store", open_split(tree), checkpoint, predictor)
    assert evaluation.is_complete
    assert np.flatnonzero(evaluation.state == FAILED).tolist() == [1, 2, 4]
    problems = evaluation.problems()
    assert "0001.jpg" in problems[1] and "cut off" in problems[1]
    assert "0002.jpg" in problems[2] and "missing" in problems[2]
    assert "nothing says where the hand is" in problems[4] and "label file" in problems[4]
    # As in the window: without depth where only that cannot be read.
    assert evaluation.column("used_depth").tolist() == [True, False, False, False, False, True]
    assert evaluation.state[3] == MEASURED


def test_something_before_a_joint_hides_it():
    transform = CropTransform((96.0, 128.0), 256.0)  # crop pixels are the photo's
    depth_mm = np.full((256, 192), 900, np.float32)
    depth_mm[:, :50], depth_mm[100:120, 100:120], depth_mm[200, 150] = 0, 500, 580
    crop = CropInput(np.zeros((256, 192, 3), np.uint8), depth_mm, np.eye(3), transform)
    keypoints_px = np.full((21, 2), np.nan)
    keypoints_px[:6] = [[105, 105], [110, 118], [150, 200], [60, 60], [20, 20], [300, 20]]
    joints_mm = np.where(np.isfinite(keypoints_px[:, :1]), (0, 0, 600.0), np.nan)
    # Two lie behind the box, one 20 mm under a surface, one is free; two are not seen.
    assert occlusion(crop, keypoints_px, joints_mm) == 2 / 4
    assert np.isnan(occlusion(replace(crop, depth_mm=None), keypoints_px, joints_mm))
    assert np.isnan(occlusion(crop, np.full((21, 2), np.nan), joints_mm))


# --- progress, going on, running out -----------------------------------------------------------


def test_progress_is_told_and_what_is_done_is_not_done_again(
    tmp_path, tree, open_split, checkpoint, predictor, monkeypatch
):
    index, told = open_split(tree), []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.done >= 2:
            raise KeyboardInterrupt

    effort = Effort(batch_size=2, workers=0)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", index, checkpoint, predictor, effort=effort, listen=stop)
    (evaluation,) = list_evaluations(tmp_path / "store")
    assert evaluation.done == 2
    predicted = []
    whole = Predictor.predict_batch
    monkeypatch.setattr(
        Predictor,
        "predict_batch",
        lambda self, inputs, crops: predicted.append(len(crops)) or whole(self, inputs, crops),
    )
    run(tmp_path / "store", index, checkpoint, predictor, effort=effort, listen=told.append)
    assert predicted == [2, 2] and evaluation.is_complete
    assert [(one.done, one.total) for one in told] == [(0, 6), (2, 6), (2, 6), (4, 6), (6, 6)]
    assert told[0].eta_s is None and told[3].rate > 0 and told[3].eta_s > 0
    run(tmp_path / "store", index, checkpoint, predictor, effort=effort)
    assert predicted == [2, 2]


def test_no_memory_says_which_batch_would_fit(
    tmp_path, tree, open_split, checkpoint, predictor, monkeypatch
):
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(predictor, "_network", full)
    with pytest.raises(OutOfMemoryError, match=r"a batch of 4 needs .*--batch-size 2"):
        run(tmp_path / "store", open_split(tree), checkpoint, predictor)


def test_a_dead_worker_is_told_with_a_remedy():
    effort = Effort(batch_size=4, workers=6)
    for error in (
        RuntimeError("DataLoader worker (pid 12) is killed by signal: Killed."),
        evaluating.BrokenProcessPool("A process in the process pool was terminated abruptly"),
    ):
        named = evaluating._named(error, effort)
        assert isinstance(named, WorkerDiedError) and "--workers 3" in str(named)
    other = RuntimeError("a bug")
    assert evaluating._named(other, effort) is other


def end_abruptly(*_: object) -> None:
    os._exit(9)


def test_a_measuring_process_that_dies_ends_the_evaluation_and_hangs_nothing(
    tmp_path, tree, open_split, checkpoint, predictor, monkeypatch
):
    monkeypatch.setattr(evaluating, "measured_columns", end_abruptly)
    effort = Effort(batch_size=2, workers=2)
    with pytest.raises(WorkerDiedError, match=r"gone .*--workers 1"):
        run(tmp_path / "store", open_split(tree), checkpoint, predictor, effort=effort)
    monkeypatch.undo()
    effort = Effort(batch_size=2, workers=1, streams=2)
    evaluation = run(tmp_path / "store", open_split(tree), checkpoint, predictor, effort=effort)
    assert evaluation.is_complete and evaluation.counts()[MEASURED] == 6


def test_efforts_follow_device_and_cores(monkeypatch):
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for cores, streams in ((1, 1), (2, 1), (4, 3), (16, 12)):
        monkeypatch.setattr(
            os, "sched_getaffinity", lambda _, n=cores: set(range(n)), raising=False
        )
        assert Effort.usual(cpu).streams == streams and Effort.usual(cpu).batch_size == 8
        assert Effort.usual(cuda).streams == 1 and Effort.usual(cuda).batch_size == 64
        assert Effort.usual(cpu).workers >= 1
    assert Effort.usual(cpu, batch_size=3, workers=0) == Effort(3, 0, 1)
    with pytest.raises(ValueError, match="at least 1 frame"):
        Effort(batch_size=0, workers=1)


# --- what an evaluation is of ------------------------------------------------------------------


def test_the_digest_follows_list_and_labels(tree, open_split, hand_model, tmp_path):
    before = dataset_digest(open_split(tree))
    assert dataset_digest(open_split(tree)) == before
    label = tree.path("meta", FRAMES[0])
    stat = label.stat()
    os.utime(label, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    changed = dataset_digest(open_split(tree))
    assert changed != before
    tree.list(*FRAMES[::-1])
    reversed_list = dataset_digest(open_split(tree))
    assert reversed_list not in (before, changed)
    # Another split's labels are not this one's.
    other = Tree(tree.root, split="evaluation")
    other.add("CC3/0000", evaluation_label(hand_in_opengl(hand_model, 9)))
    assert dataset_digest(open_split(tree)) == reversed_list


def test_hand_models_are_told_apart_by_their_arrays(hand_model):
    digest = hand_model_digest(hand_model)
    assert hand_model_digest(replace(hand_model, name="another name")) == digest
    bigger = replace(hand_model, template_m=hand_model.template_m * 1.01)
    assert hand_model_digest(bigger) != digest
    assert hand_model_digest(hand_model.mirrored) != digest


def test_a_checkpoint_is_known_by_its_content(tree, open_split, checkpoint, tmp_path):
    index = open_split(tree)
    one = identify(checkpoint, index, index.hand_model)
    copy = tmp_path / "renamed.safetensors"
    copy.write_bytes(checkpoint.read_bytes())
    other = identify(copy, index, index.hand_model)
    assert other.checkpoint_name == "renamed" and other.key == one.key
    run = tmp_path / "hands" / "checkpoints"
    run.mkdir(parents=True)
    best = copy.rename(run / "best.safetensors")
    assert identify(best, index, index.hand_model).checkpoint_name == "best"
    (run.parent / "steps.json").touch()
    assert identify(best, index, index.hand_model).checkpoint_name == "hands/best"
    assert one.dataset_name == "data" and one.split == "train" and one.count == 6


# --- the command, with processes of its own -----------------------------------------------------


def command(tree: Tree, checkpoint: Path, root: Path, *options: str) -> list[str]:
    named = ["--split", tree.split, "--checkpoint", str(checkpoint), "--store", str(root)]
    start = [sys.executable, "-m", "core.cli.main", "evaluate", str(tree.root)]
    return [*start, *named, "--device", "cpu", "--progress", *options]


@pytest.mark.slow  # starts torch six times, and processes that read and measure
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_stopped_in_the_middle_nothing_is_lost_and_nobody_is_left_behind(
    tmp_path, tree, checkpoint, predictor, open_split, number
):
    root = tmp_path / "store"
    process = subprocess.Popen(
        command(tree, checkpoint, root, "--batch-size", "1", "--workers", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while json.loads(process.stdout.readline()).get("done") != 2:
        pass
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2
    if number == signal.SIGKILL:
        process.kill()
    else:  # as a terminal and the window do
        os.killpg(process.pid, number)
    _, said = process.communicate(timeout=60)
    status = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert process.returncode == status, said
    assert "leaked" not in said and "Traceback" not in said
    alive = psutil.wait_procs(family, timeout=30)[1]
    assert not alive
    (evaluation,) = list_evaluations(root)
    assert 2 <= evaluation.done < 6
    columns = {name: np.array(evaluation.column(name)) for name in COLUMNS}
    done = np.flatnonzero(evaluation.state)
    end = subprocess.run(
        command(tree, checkpoint, root, "--workers", "1"), capture_output=True, text=True
    )
    assert end.returncode == 0, end.stderr
    lines = [json.loads(line) for line in end.stdout.splitlines()]
    assert lines[0]["event"] == "started" and lines[0]["done"] == len(done)
    assert lines[-1]["event"] == "finished" and lines[-1]["summary"]["counts"]["measured"] == 6
    for name, before in columns.items():  # written rows were left alone
        np.testing.assert_array_equal(evaluation.column(name)[done], before[done])
    index = open_split(tree)
    inline = run(tmp_path / "inline", index, checkpoint, predictor)
    np.testing.assert_allclose(
        evaluation.column("pa_joint_errors_mm"), inline.column("pa_joint_errors_mm"), atol=0.01
    )
