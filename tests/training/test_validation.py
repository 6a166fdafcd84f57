"""Held-out errors agree with the frame-by-frame measures, whoever measures which frame."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_network import stand_in
from support_training import WholeFrames, labelled_frame, small_network

from core.conventions import WRIST
from core.data.crops import crop_input
from core.evaluation.alignment import procrustes_align
from core.evaluation.metrics import measure
from core.evaluation.pck import area_under_pck
from core.evaluation.predictor import Predictor
from core.evaluation.truth import true_hand
from core.files.checkpoint_card import CheckpointCard
from core.network.checkpoints import save_checkpoint
from core.training.validation import (
    Validation,
    ValidationSet,
    baselines,
    percentages,
    validate,
)


@pytest.fixture(scope="module")
def frames():
    return [labelled_frame(seed) for seed in range(5)]


def measured_set(frames):
    return ValidationSet(WholeFrames(frames), stand_in())


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    network = small_network().eval()
    for decoder in (network.decode_orient, network.decode_finger, network.decode_camera):
        torch.nn.init.normal_(decoder.weight, std=0.02)
    return network


@pytest.fixture(scope="module")
def result(network, frames):
    return validate(network, measured_set(frames), batch_size=2)


@pytest.fixture(scope="module")
def predictor(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "network.safetensors"
    save_checkpoint(path, network, card=CheckpointCard("test"))
    return Predictor(path, stand_in(), "cpu")


def measured(predictor, frame, *, use_depth):
    """One frame the window's way."""
    crop = crop_input(frame, frame.crop())
    (prediction,) = predictor.predict([crop if use_depth else replace(crop, depth_mm=None)])
    truth = true_hand(frame, stand_in())
    return measure(frame.camera, frame.hand.joints_mm, truth.vertices_mm, prediction)


@pytest.mark.parametrize("use_depth", [True, False])
def test_errors_are_those_that_the_window_shows(predictor, frames, result, use_depth):
    errors = result.rgbd if use_depth else result.rgb
    for row in (0, 3):
        expected = measured(predictor, frames[row], use_depth=use_depth)
        assert errors.mpjpe_mm[row] == pytest.approx(expected.mpjpe_mm, rel=1e-4)
        assert errors.pa_joint_errors_mm[row].mean() == pytest.approx(
            expected.pa_mpjpe_mm, rel=1e-4
        )
        assert errors.mpvpe_mm[row] == pytest.approx(expected.mpvpe_mm, rel=1e-4)
        assert errors.keypoint_error_px[row] == pytest.approx(
            expected.keypoint_error_crop_px, rel=1e-4
        )
        assert errors.wrist_error_mm[row] == pytest.approx(expected.wrist_error_mm, rel=1e-4)


def test_depth_and_rgb_alone_are_told_apart(result):
    metrics = result.metrics()
    assert metrics["wrist_error_mm"] != metrics["rgb_wrist_error_mm"]
    assert metrics["mpjpe_mm"] == pytest.approx(result.rgbd.mpjpe_mm.mean())


def test_a_network_without_depth_is_measured_once(frames):
    network = small_network(depth=False).eval()
    result = validate(network, measured_set(frames[:2]))
    assert result.rgb is None and not [n for n in result.metrics() if n.startswith("rgb_")]


def test_processes_share_the_frames_and_every_one_is_measured_once(network, frames, result):
    """Five frames on two processes: no frame is repeated to make the shares even."""
    parts = [
        validate(network, measured_set(frames), batch_size=2, rank=rank, processes=2)
        for rank in (0, 1)
    ]
    assert [len(part.rgbd.rows) for part in parts] == [3, 2]
    together = Validation.joined(parts)
    together.check_covers(5)
    assert together.metrics() == pytest.approx(result.metrics(), rel=1e-6)
    with pytest.raises(ValueError, match="came twice"):
        Validation.joined([parts[0], parts[0]])
    with pytest.raises(ValueError, match="3 of 5"):
        Validation.joined(parts[:1]).check_covers(5)


def test_more_processes_than_frames_leave_some_without_any(network, frames):
    parts = [validate(network, measured_set(frames[:1]), rank=rank, processes=2) for rank in (0, 1)]
    Validation.joined(parts).check_covers(1)


def test_frames_without_a_surface_have_no_vertex_error(network, frames):
    bare = [replace(frame, hand=replace(frame.hand, mano=None)) for frame in frames[:2]]
    metrics = validate(network, measured_set([*bare, frames[2]])).rgbd
    assert np.isnan(metrics.mpvpe_mm).tolist() == [True, True, False]
    assert np.isfinite(metrics.means()["mpvpe_mm"])


def test_the_area_under_the_curve_is_the_mean_share_within_reach():
    assert area_under_pck(np.zeros(50)) == 1
    assert area_under_pck(np.full(50, 60.0)) == 0
    uniform = np.random.default_rng(0).uniform(0, 50, 100_000)
    assert area_under_pck(uniform) == pytest.approx(0.5, abs=0.005)
    assert area_under_pck(np.full(10, 20.0)) == pytest.approx(0.6, abs=0.006)


def test_the_constant_baselines_are_zero_only_for_hands_that_are_all_alike(frames):
    joints_mm = np.stack([frame.hand.joints_mm for frame in frames])
    alike = baselines(joints_mm[:1], joints_mm[:1])
    assert alike["mean_pose_mpjpe_mm"] == pytest.approx(0, abs=1e-9)
    assert alike["mean_hand_pa_mpjpe_mm"] == pytest.approx(0, abs=1e-6)
    varied = baselines(joints_mm, joints_mm)
    assert varied["mean_pose_mpjpe_mm"] > 1
    relative = joints_mm - joints_mm[:, WRIST, None]
    by_hand = np.linalg.norm(relative - relative.mean(0), axis=-1).mean()
    assert varied["mean_pose_mpjpe_mm"] == pytest.approx(by_hand)
    mean_hand = np.mean([procrustes_align(j, relative[0]) for j in relative], axis=0)
    by_hand = np.mean(
        [np.linalg.norm(procrustes_align(mean_hand, j) - j, axis=1).mean() for j in relative]
    )
    assert varied["mean_hand_pa_mpjpe_mm"] == pytest.approx(by_hand)


def test_errors_are_also_told_in_percent_of_the_constants():
    told = percentages(
        {"mpjpe_mm": 10.0, "pa_mpjpe_mm": 3.0, "rgb_mpjpe_mm": 20.0, "auc": 0.9},
        {"mean_pose_mpjpe_mm": 100.0, "mean_hand_pa_mpjpe_mm": 12.0},
    )
    assert told == {"mpjpe_percent": 10.0, "rgb_mpjpe_percent": 20.0, "pa_mpjpe_percent": 25.0}
