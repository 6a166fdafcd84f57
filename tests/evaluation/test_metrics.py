"""Metrics against independent implementations, closed forms, and planted faults."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import scipy.spatial
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from core.conventions import BONES, WRIST
from core.evaluation.alignment import is_degenerate, procrustes_align, spread_mm, wrist_align
from core.evaluation.metrics import FrameMetrics, bone_lengths_mm, f_score, measure
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandMesh, HandModel, ManoParameters
from core.hand.mano_file import load_hand_model

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))
CROP = CropTransform((320.0, 240.0), 200.0)
RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def hand_model() -> HandModel:
    return load_hand_model(None)


@pytest.fixture(scope="module")
def truth(hand_model) -> HandMesh:
    return posed(hand_model, seed=1)


def posed(hand_model: HandModel, *, seed: int) -> HandMesh:
    rng = np.random.default_rng(seed)
    return hand_model.pose(
        ManoParameters(
            global_orient_rad=rng.normal(0, 1, 3),
            hand_pose_rad=rng.normal(0, 0.3, 45),
            betas=rng.normal(0, 1, 10),
            wrist_mm=np.array([20.0, -30.0, 600.0]),
        )
    )


def predict(mesh: HandMesh) -> Prediction:
    """A prediction whose 2D is the projection of its 3D."""
    projected, _ = cv2.projectPoints(
        mesh.joints_mm, np.zeros(3), np.zeros(3), CAMERA.intrinsics, None
    )
    return Prediction(
        keypoints_norm=np.zeros((21, 2)),
        keypoints_px=projected[:, 0],
        joints_mm=mesh.joints_mm,
        vertices_mm=mesh.vertices_mm,
        mano=ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), mesh.joints_mm[WRIST]),
        camera_sxy=np.zeros(3),
        crop=CROP,
    )


def moved(mesh: HandMesh, *, scale: float = 1.0, turn=(0, 0, 0), shift=(0, 0, 0)) -> HandMesh:
    rotation = Rotation.from_rotvec(turn).as_matrix()
    move = lambda points: scale * points @ rotation.T + np.asarray(shift, float)
    return HandMesh(move(mesh.vertices_mm), move(mesh.joints_mm))


def measure_mesh(truth: HandMesh, predicted: HandMesh) -> FrameMetrics:
    return measure(CAMERA, truth.joints_mm, truth.vertices_mm, predict(predicted))


# What a perfect, a shifted, a scaled hand must score.


def test_the_truth_itself_scores_nothing_wrong(truth):
    metrics = measure_mesh(truth, truth)
    for name in ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm", "pa_mpvpe_mm", "wrist_error_mm"):
        assert getattr(metrics, name) < 1e-9, name
    assert metrics.keypoint_error_px < 1e-6
    assert (metrics.f5, metrics.f15, metrics.scale_ratio) == (1, 1, 1)


def test_a_shift_is_the_wrists_error_and_no_other(truth):
    metrics = measure_mesh(truth, moved(truth, shift=(3, 4, 12)))
    assert metrics.wrist_error_mm == pytest.approx(13)
    assert metrics.mpjpe_mm == pytest.approx(0, abs=1e-9)
    assert metrics.mpvpe_mm == pytest.approx(0, abs=1e-9)
    assert metrics.keypoint_error_px > 1


def test_a_hand_of_another_scale_and_place_is_right_only_after_procrustes(truth):
    metrics = measure_mesh(truth, moved(truth, scale=1.1, turn=(0.3, 0.2, -0.5), shift=(5, 0, 90)))
    assert metrics.scale_ratio == pytest.approx(1.1)
    assert metrics.mpjpe_mm > 10
    assert metrics.pa_mpjpe_mm == pytest.approx(0, abs=1e-9)
    assert metrics.pa_mpvpe_mm == pytest.approx(0, abs=1e-9)
    assert metrics.f5 == 1


def test_scale_about_the_wrist_has_a_closed_form(truth):
    joints = truth.joints_mm
    metrics = measure_mesh(truth, moved(truth, scale=1.2))
    from_wrist = np.linalg.norm(joints - joints[WRIST], axis=1)
    np.testing.assert_allclose(metrics.joint_errors_mm, 0.2 * from_wrist)


def test_one_wrong_joint_is_found_where_it_is(truth):
    wrong = truth.joints_mm.copy()
    wrong[17] += (0, 20, 0)
    metrics = measure_mesh(truth, HandMesh(truth.vertices_mm, wrong))
    assert metrics.joint_errors_mm[17] == pytest.approx(20)
    assert np.delete(metrics.joint_errors_mm, 17) == pytest.approx(0)
    assert metrics.mpjpe_mm == pytest.approx(20 / 21)
    assert metrics.keypoint_errors_px.argmax() == 17


def test_pixels_of_photo_and_crop_differ_by_the_crops_scale(truth):
    metrics = measure_mesh(truth, moved(truth, shift=(6, 0, 0)))
    assert metrics.keypoint_error_crop_px == pytest.approx(metrics.keypoint_error_px * 256 / 200)


# Independent implementations.


def test_procrustes_agrees_with_scipy():
    """scipy reports the residual of both sets scaled to unit size; near a mirror they differ."""
    for _ in range(20):
        target = RNG.normal(size=(21, 3)) * 40
        turn = Rotation.random(random_state=RNG).as_matrix()
        source = 0.6 * target @ turn + RNG.normal(size=(21, 3)) * 5 + 100
        aligned = procrustes_align(source, target)
        _, scipys, disparity = scipy.spatial.procrustes(target, source)
        size = np.linalg.norm(target - target.mean(0))
        np.testing.assert_allclose(aligned, scipys * size + target.mean(0), atol=1e-8)
        assert ((aligned - target) ** 2).sum() / size**2 == pytest.approx(disparity)


def test_procrustes_never_mirrors(truth):
    mirrored = truth.joints_mm * (-1, 1, 1)
    error = np.linalg.norm(procrustes_align(mirrored, truth.joints_mm) - truth.joints_mm, axis=1)
    assert error.mean() > 5


def test_no_similarity_nearby_is_better_than_procrustes(truth, hand_model):
    other = posed(hand_model, seed=2).joints_mm
    aligned = procrustes_align(other, truth.joints_mm)
    best = ((aligned - truth.joints_mm) ** 2).sum()
    centre = aligned.mean(0)
    for _ in range(200):
        turn = Rotation.from_rotvec(RNG.normal(0, 0.01, 3)).as_matrix()
        nearby = (aligned - centre) @ turn.T * RNG.normal(1, 0.01) + centre + RNG.normal(0, 0.5, 3)
        assert ((nearby - truth.joints_mm) ** 2).sum() >= best


@pytest.mark.parametrize("threshold_mm", [3, 5, 15])
def test_f_score_agrees_with_all_distances(truth, hand_model, threshold_mm):
    predicted = procrustes_align(posed(hand_model, seed=3).vertices_mm, truth.vertices_mm)
    distances = cdist(predicted, truth.vertices_mm)
    precision = (distances.min(1) < threshold_mm).mean()
    recall = (distances.min(0) < threshold_mm).mean()
    expected = 2 * precision * recall / (precision + recall)
    assert f_score(predicted, truth.vertices_mm, threshold_mm) == pytest.approx(expected)


def test_f_score_tells_precision_from_recall():
    """Half the truth is missed, nothing is wrong: precision 1, recall 1/2."""
    truth = np.array([[0.0, 0, 0], [100, 0, 0]])
    assert f_score(truth[:1], truth, 5) == pytest.approx(2 / 3)
    assert f_score(truth + (0, 50, 0), truth, 5) == 0


def test_bone_lengths_are_those_of_the_skeleton(truth):
    lengths = bone_lengths_mm(truth.joints_mm)
    assert lengths.shape == (20,)
    for length, (parent, child) in zip(lengths, BONES, strict=True):
        assert length == pytest.approx(
            np.linalg.norm(truth.joints_mm[child] - truth.joints_mm[parent])
        )


def test_wrist_align_puts_one_wrist_on_the_other(truth):
    wrist, onto = truth.joints_mm[WRIST], np.array([1.0, 2.0, 3.0])
    aligned = wrist_align(truth.joints_mm, wrist_mm=wrist, onto_mm=onto)
    np.testing.assert_allclose(aligned[WRIST], onto)
    assert spread_mm(aligned) == pytest.approx(spread_mm(truth.joints_mm))


# No number from nothing.


def numbers(metrics: FrameMetrics) -> dict[str, float]:
    return {name: value for name, value in vars(metrics).items() if isinstance(value, float)}


def test_a_prediction_that_is_not_a_number_scores_nan(truth):
    broken = replace(
        predict(truth),
        joints_mm=np.full((21, 3), np.nan),
        vertices_mm=np.full((778, 3), np.nan),
        keypoints_px=np.full((21, 2), np.nan),
    )
    metrics = measure(CAMERA, truth.joints_mm, truth.vertices_mm, broken)
    assert np.isnan(list(numbers(metrics).values())).all()


@pytest.mark.parametrize("value", [0.0, 123.4])
def test_a_hand_that_is_one_point_scores_nan(truth, value):
    """MANO that failed to load gave zeros, which scored 50 mm PA for months."""
    zeros = replace(
        predict(truth),
        joints_mm=np.full((21, 3), value),
        vertices_mm=np.full((778, 3), value),
        keypoints_px=np.full((21, 2), value),
    )
    metrics = measure(CAMERA, truth.joints_mm, truth.vertices_mm, zeros)
    assert np.isnan(list(numbers(metrics).values())).all()


def test_a_truth_that_is_one_point_is_not_perfectly_met(truth):
    metrics = measure(CAMERA, np.full((21, 3), 500.0), np.full((778, 3), 500.0), predict(truth))
    assert np.isnan(list(numbers(metrics).values())).all()


def test_one_broken_joint_spoils_the_mean_and_no_other_joint(truth):
    joints = truth.joints_mm.copy()
    joints[9] = np.nan
    metrics = measure(CAMERA, truth.joints_mm, None, replace(predict(truth), joints_mm=joints))
    assert np.isnan(metrics.mpjpe_mm)
    assert np.isnan(metrics.pa_mpjpe_mm)
    assert np.isnan(metrics.joint_errors_mm).sum() == 1
    assert metrics.keypoint_error_px < 1e-6


def test_with_the_wrist_alone_only_the_wrist_is_measured(truth):
    """As in HO-3D's evaluation split."""
    joints = np.full((21, 3), np.nan)
    joints[WRIST] = truth.joints_mm[WRIST]
    metrics = measure(CAMERA, joints, None, predict(moved(truth, shift=(0, 0, 7))))
    measured = {name for name, value in numbers(metrics).items() if np.isfinite(value)}
    assert measured == {"wrist_error_mm"}
    assert metrics.wrist_error_mm == pytest.approx(7)
    assert metrics.vertex_errors_mm is None


def test_a_truth_behind_the_camera_has_no_pixels(truth):
    behind = moved(truth, shift=(0, 0, -2000))
    metrics = measure(CAMERA, behind.joints_mm, None, predict(truth))
    assert np.isnan(metrics.keypoint_error_px)
    assert metrics.pa_mpjpe_mm < 1e-9


def test_a_prediction_in_metres_is_seen_in_the_scale_ratio(truth):
    metrics = measure_mesh(truth, moved(truth, scale=0.001))
    assert metrics.scale_ratio == pytest.approx(0.001)
    assert metrics.mpjpe_mm > 50


def test_degenerate_means_one_place_or_no_number():
    assert is_degenerate(np.zeros((21, 3)))
    assert is_degenerate(np.full((21, 3), 1234.5678))
    assert is_degenerate(np.full((21, 3), np.nan))
    assert not is_degenerate(np.eye(3) * 1e-3)
