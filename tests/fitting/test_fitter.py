"""Fits against the hands that the points were made of: drawn with seeds the prior has not seen."""

from dataclasses import replace

import numpy as np
import pytest
from support_fitting import EIGHT, any_hand, fitter, relative_error_mm, synthetic_hand

from core.conventions import BONES, FINGER_JOINTS
from core.hand.fitting.fitter import HandFitter, bone_lengths_mm
from core.hand.fitting.prior import FLOOR_RAD, pose_prior
from core.hand.fitting.target import KEPT_WEIGHT, PLACED_WEIGHT, FitTarget
from core.hand.mano_file import load_hand_model

COUNT = 100
INDEX = list(FINGER_JOINTS["index"])


def joints_of(mano) -> np.ndarray:
    return load_model().pose(mano).joints_mm


def load_model():
    return fitter()._hand_model


def points_of(camera, mano, joints, **more) -> FitTarget:
    """Exact 2D points of a hand, those of `joints`."""
    weights_px = np.zeros(21)
    weights_px[joints] = PLACED_WEIGHT
    return FitTarget(camera, camera.project(joints_of(mano)), weights_px, **more)


def fit_all(draw, joints, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Root-relative errors (n,) in mm and worst residuals (n,) in px, from no start at all."""
    errors_mm, worst_px = [], []
    for seed in range(count):
        camera, mano = draw(seed)
        target = points_of(camera, mano, joints, betas=mano.betas)
        fit = fitter().fit(target, None, is_right=True)
        errors_mm.append(relative_error_mm(fit.mesh.joints_mm, joints_of(mano)))
        worst_px.append(np.nanmax(fit.residuals_px))
    return np.array(errors_mm), np.array(worst_px)


@pytest.mark.slow  # a hundred searches of some 0.15 s
@pytest.mark.parametrize(
    ("draw", "joints", "limit_mm", "share", "p95_mm"),
    [
        (synthetic_hand, range(21), 5.0, 0.97, 3.0),  # measured: 0.99, p95 1.7
        (synthetic_hand, EIGHT, 12.0, 0.96, 8.0),  # 0.98, 6.4
        (any_hand, range(21), 5.0, 0.85, 9.0),  # 0.88, 7.7: poses that the prior was not made of
        (any_hand, EIGHT, 12.0, 0.78, 16.0),  # 0.82, 14.3
    ],
)
def test_a_hundred_hands_from_exact_points_without_depth(draw, joints, limit_mm, share, p95_mm):
    """The aim holds in the median, and for so large a share; `docs/annotate.md` has the figures."""
    errors_mm, worst_px = fit_all(draw, list(joints), COUNT)
    assert np.median(errors_mm) < limit_mm
    assert (errors_mm < limit_mm).mean() >= share
    assert np.percentile(errors_mm, 95) < p95_mm
    assert (worst_px < 1).mean() >= 0.98


def test_some_hands_from_exact_points_without_depth():
    """The same for a few, always."""
    errors_mm, worst_px = fit_all(synthetic_hand, list(range(21)), 8)
    assert np.median(errors_mm) < 1
    assert errors_mm.max() < 5
    assert worst_px.max() < 1


@pytest.fixture(scope="module")
def hand():
    return synthetic_hand(2)


@pytest.fixture(scope="module")
def joints_mm(hand):
    return joints_of(hand[1])


def test_a_left_hand_is_the_mirror_image_s_fit(hand):
    camera, mano = hand
    target = points_of(camera, mano, list(range(21)), betas=mano.betas)
    left, there = mano.mirrored(), replace(camera, intrinsics=camera.intrinsics * 1.0)
    there.intrinsics[0, 2] = 639 - camera.intrinsics[0, 2]
    left_mm = load_model().of_side(False).pose(left).joints_mm
    seen = FitTarget(there, there.project(left_mm), target.weights_px, betas=mano.betas)
    fit = fitter().fit(seen, None, is_right=False)
    assert np.nanmax(fit.residuals_px) < 0.3
    np.testing.assert_allclose(fit.keypoints_px, there.project(fit.mesh.joints_mm))
    mirrored_mm = fitter().fit(target, None, is_right=True).mesh.joints_mm * [-1, 1, 1]
    np.testing.assert_allclose(fit.mesh.joints_mm, mirrored_mm, atol=0.2)


def test_a_fitter_of_a_left_model_fits_right_hands_alike(hand):
    camera, mano = hand
    left = HandFitter(load_model().mirrored)
    target = points_of(camera, mano, list(range(21)), betas=mano.betas)
    of_left, of_right = (one.fit(target, None, is_right=True) for one in (left, fitter()))
    assert relative_error_mm(of_left.mesh.joints_mm, joints_of(mano)) < 5
    np.testing.assert_allclose(of_left.mesh.joints_mm, of_right.mesh.joints_mm, atol=0.1)


def dragged(hand, joint: int, by_px, **more) -> FitTarget:
    """The label with one joint pulled away, everything else as it was."""
    camera, mano = hand
    target = FitTarget(
        camera,
        camera.project(joints_of(mano)),
        np.full(21, KEPT_WEIGHT),
        betas=mano.betas,
        anchor=mano,
    )
    target.keypoints_px[joint] += by_px
    target.weights_px[joint] = PLACED_WEIGHT
    return replace(target, **more)


def test_a_dragged_tip_goes_where_it_is_pulled_and_the_other_fingers_stay(hand, joints_mm):
    fit = fitter().fit(dragged(hand, 17, [12.0, -9.0]), hand[1], is_right=True)
    moved_mm = np.linalg.norm(fit.mesh.joints_mm - joints_mm, axis=1)
    assert fit.residuals_px[17] < 0.2
    assert moved_mm[INDEX].max() > 8
    assert np.delete(moved_mm, INDEX).max() < 5
    assert not np.isfinite(fit.residuals_mm).any()
    # Skin of the tips bulges with the pose; bones proper keep the length that the shape gives.
    proper = [index for index, (_, child) in enumerate(BONES) if child < 16]
    assert np.abs(fit.bone_change[proper]).max() < 1e-9


def test_a_drag_goes_on_from_the_fit_before_as_if_it_had_begun_at_the_label(hand):
    """A researcher sees where the hand is, not by which way it came."""
    last = hand[1]
    for step in range(1, 6):
        fit = fitter().fit(dragged(hand, 17, [4.0 * step, 0.0]), last, is_right=True)
        last = fit.mano
    at_once = fitter().fit(dragged(hand, 17, [20.0, 0.0]), hand[1], is_right=True)
    assert np.abs(fit.mesh.joints_mm - at_once.mesh.joints_mm).max() < 1.0
    assert fit.is_converged


def test_what_is_right_already_stays_exactly(hand, joints_mm):
    fit = fitter().fit(dragged(hand, 17, [0.0, 0.0]), hand[1], is_right=True)
    assert np.abs(fit.mesh.joints_mm - joints_mm).max() < 0.5


def test_locked_joints_stay_while_another_is_dragged(hand, joints_mm):
    target = dragged(hand, 2, [25.0, 0.0])
    free = fitter().fit(target, hand[1], is_right=True)
    target.weights_px[[0, 18, 20]] = PLACED_WEIGHT
    locked = fitter().fit(target, hand[1], is_right=True)
    assert locked.residuals_px[[0, 18, 20]].max() < 1.0
    assert free.residuals_px[[0, 18, 20]].max() > 1.0


def test_a_joint_dragged_in_space_goes_there(hand, joints_mm):
    weights_mm = np.zeros(21)
    weights_mm[17] = 10.0
    wanted_mm = joints_mm + [0.0, 0.0, -12.0]
    target = dragged(hand, 17, 0.0, joints_mm=wanted_mm, weights_mm=weights_mm)
    target.weights_px[17] = 0.0
    fit = fitter().fit(target, hand[1], is_right=True)
    assert fit.residuals_mm[17] < 1.0
    assert np.isnan(np.delete(fit.residuals_mm, 17)).all()
    assert np.isnan(fit.residuals_px[17])


def test_bones_change_where_the_shape_may_and_it_is_said(hand):
    camera, mano = hand
    target = points_of(camera, mano, list(range(21)))
    larger = replace(mano, betas=mano.betas + np.eye(10)[0] * 1.5)
    away = replace(larger, wrist_mm=mano.wrist_mm * 1.0)
    weights_mm = np.ones(21)
    wanted = replace(target, joints_mm=joints_of(away), weights_mm=weights_mm, anchor=mano)
    fit = fitter().fit(wanted, mano, is_right=True)
    expected = bone_lengths_mm(fit.mesh.joints_mm) / bone_lengths_mm(joints_of(mano)) - 1
    np.testing.assert_allclose(fit.bone_change, expected, atol=1e-9)
    assert np.abs(fit.bone_change).max() > 0.01


def test_depth_says_how_far_the_hand_is_and_things_in_front_do_not(hand, joints_mm):
    """From a label that is 40 mm too far away, with measured skin under the joints."""
    camera, mano = hand
    far = replace(mano, wrist_mm=mano.wrist_mm * (1 + 40 / mano.wrist_mm[2]))
    depth_mm = joints_mm[:, 2] - np.array([14.0] + [9.0] * 15 + [3.0] * 5)
    target = points_of(camera, mano, list(range(21)), depth_mm=depth_mm)
    without = fitter().fit(replace(target, depth_mm=None, anchor=far), far, is_right=True)
    with_depth = fitter().fit(replace(target, anchor=far), far, is_right=True)
    hidden = depth_mm.copy()
    hidden[[3, 6, 17, 18]] -= 250.0  # something stands before the fingers
    outvoted = fitter().fit(replace(target, depth_mm=hidden, anchor=far), far, is_right=True)
    off_mm = [
        abs(fit.mano.wrist_mm[2] - mano.wrist_mm[2]) for fit in (without, with_depth, outvoted)
    ]
    assert off_mm[0] > 20
    assert off_mm[1] < 6
    assert off_mm[2] < 8


def test_skin_a_little_off_moves_no_joint_that_nobody_touched(hand, joints_mm):
    depth_mm = joints_mm[:, 2] - 4.0
    with_depth, without = (
        fitter().fit(dragged(hand, 17, [10.0, 0.0], depth_mm=depth), hand[1], is_right=True)
        for depth in (depth_mm, None)
    )
    moved_mm = np.linalg.norm(with_depth.mesh.joints_mm - without.mesh.joints_mm, axis=1)
    assert np.delete(moved_mm, INDEX).max() < 1.5


def test_fingers_do_not_bend_backwards(hand):
    """Points of a hand whose index bends backwards are missed rather than reached."""
    camera, mano = hand
    pose = mano.hand_pose_rad.copy()
    pose[[2, 5, 8]] = -1.2
    impossible = replace(mano, hand_pose_rad=pose)
    target = points_of(camera, impossible, list(range(21)), betas=mano.betas)
    fit = fitter().fit(target, None, is_right=True)
    beyond = np.abs(fitter().prior.beyond_limits_rad(fit.mano.hand_pose_rad))
    asked = np.abs(fitter().prior.beyond_limits_rad(pose))
    assert asked.max() > 0.7
    assert beyond.max() < 0.5 * asked.max()


def test_without_any_point_the_mean_hand_is_in_view(hand):
    target = FitTarget(hand[0], np.full((21, 2), np.nan), np.zeros(21))
    mano = fitter().mean_hand(target, is_right=True)
    np.testing.assert_array_equal(mano.hand_pose_rad, fitter().prior.mean_rad)
    assert mano.wrist_mm[2] > 300
    fit = fitter().fit(target, None, is_right=True)
    assert np.isfinite(fit.mesh.vertices_mm).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_points_place_the_mean_hand(hand, count):
    target = points_of(*hand, [0, 18, 13][:count])
    fit = fitter().fit(target, None, is_right=True)
    assert np.nanmax(fit.residuals_px) < 1
    assert fit.mesh.joints_mm[:, 2].min() > 100


def test_points_that_no_hand_has_are_fitted_as_far_as_they_can_be_or_refused(hand):
    """Scattered over a photo a thousand times as large: whatever comes is a hand, or a reason."""
    camera, _ = hand
    scattered = np.random.default_rng(0).normal(0, 3e5, (21, 2))
    try:
        fit = fitter().fit(FitTarget(camera, scattered, np.ones(21)), None, is_right=True)
    except ValueError as error:
        assert "hand" in str(error)
    else:
        assert np.isfinite(fit.mesh.vertices_mm).all()


def test_targets_and_starts_that_mean_nothing_are_refused(hand):
    camera, mano = hand
    good = points_of(camera, mano, [0])
    with pytest.raises(ValueError, match="keypoints_px"):
        replace(good, keypoints_px=np.zeros((20, 2)))
    with pytest.raises(ValueError, match="not a number"):
        replace(good, keypoints_px=np.full((21, 2), np.nan))
    with pytest.raises(ValueError, match="go together"):
        replace(good, joints_mm=np.zeros((21, 3)))
    with pytest.raises(ValueError, match="before the camera"):
        behind = replace(mano, wrist_mm=np.array([0.0, 0, -100]))
        fitter().fit(good, behind, is_right=True)


# The prior.


def test_the_stand_in_s_prior_is_the_generator_s(hand):
    prior = fitter().prior
    assert "synthetic" in prior.source
    assert np.linalg.eigvalsh(prior.covariance).min() >= FLOOR_RAD**2 * 0.99
    poses = np.array([synthetic_hand(seed)[1].hand_pose_rad for seed in range(40)])
    off = poses - prior.mean_rad
    usual = np.einsum("na,ab,nb->n", off, prior.precision, off)
    assert 10 < np.median(usual) < 60  # 45 angles, most of them hinges that never leave their axis
    assert np.mean([not prior.beyond_limits_rad(pose).any() for pose in poses]) > 0.9


def test_mano_s_prior_comes_from_the_coefficients_in_its_file():
    rng = np.random.default_rng(0)
    spread = np.linspace(1.0, 0.05, 45)
    coefficients = rng.normal(size=(4000, 45)) * spread
    components = np.linalg.qr(rng.normal(size=(45, 45)))[0]
    mano = replace(
        load_model(),
        name="MANO (MANO_RIGHT.pkl)",
        is_stand_in=False,
        pose_components=components,
        pose_mean_rad=np.full(45, 0.2),
        pose_coefficients=coefficients,
    )
    prior = pose_prior(mano)
    np.testing.assert_allclose(prior.mean_rad, 0.2, atol=0.08)
    in_components = components @ prior.covariance @ components.T
    np.testing.assert_allclose(np.diag(in_components), spread**2 + FLOOR_RAD**2, rtol=0.1)
    assert "MANO_RIGHT.pkl" in prior.source
    bare = pose_prior(replace(mano, pose_coefficients=None))
    assert "no coefficients" in bare.source
    assert np.linalg.eigvalsh(bare.covariance).min() > 0
    assert (bare.low_rad < bare.high_rad).all()


def test_the_file_s_coefficients_are_read():
    coefficients = load_hand_model().pose_coefficients
    assert coefficients.shape == (1554, 45)
    np.testing.assert_array_equal(load_hand_model().mirrored.pose_coefficients, coefficients)
