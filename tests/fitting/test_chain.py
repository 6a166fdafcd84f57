"""The reduced hand against the whole one, its Jacobian and a fit's gradient against differences."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support_fitting import fitter, synthetic_hand

from core.hand.fitting.chain import HandState, JointChain, left_jacobian
from core.hand.fitting.prior import pose_prior
from core.hand.fitting.problem import FitProblem
from core.hand.fitting.target import FitTarget
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

STEP = 1e-5


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


def random_parameters(seed: int, *, bend: float = 0.6) -> ManoParameters:
    rng = np.random.default_rng(seed)
    return ManoParameters(
        rng.normal(size=3),
        rng.normal(size=45) * bend,
        rng.normal(size=10),
        rng.normal(size=3) * 60 + [0, 0, 600],
    )


@pytest.mark.parametrize("is_right", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_the_chain_has_the_joints_of_the_whole_hand(seed, is_right, model):
    side, parameters = model.of_side(is_right), random_parameters(seed)
    joints_mm = JointChain(side).joints_mm(HandState.of(parameters))
    np.testing.assert_allclose(joints_mm, side.pose(parameters).joints_mm, atol=1e-9)


@pytest.mark.parametrize("bend", [0.6, 1e-5, 0.0])
@pytest.mark.parametrize("is_right", [True, False])
def test_the_jacobian_is_the_limit_of_differences(model, is_right, bend):
    """Of the whole hand's pose, so that neither chain nor Jacobian vouches for itself."""
    side = model.of_side(is_right)
    chain = JointChain(side)
    state = HandState.of(random_parameters(3, bend=bend))
    jacobian = chain.jacobian(state, chain.posed(state))

    def joints_mm(step):
        return side.pose(state.moved(step).parameters()).joints_mm

    for parameter, unit in enumerate(np.eye(61)):
        differences = (joints_mm(STEP * unit) - joints_mm(-STEP * unit)) / (2 * STEP)
        np.testing.assert_allclose(jacobian[:, :, parameter], differences, atol=2e-5)


def test_the_left_jacobian_is_smooth_where_its_formula_changes():
    axis = np.array([[0.6, -0.48, 0.64]])
    below, above = left_jacobian(axis * 0.999e-3), left_jacobian(axis * 1.001e-3)
    np.testing.assert_allclose(below, above, atol=2e-6)
    np.testing.assert_allclose(left_jacobian(np.zeros((1, 3)))[0], np.eye(3))


def full_target(seed: int) -> tuple[FitTarget, ManoParameters]:
    """Everything that can be asked for at once, of a hand somewhere near."""
    camera, mano = synthetic_hand(seed)
    skewed = camera.intrinsics.copy()
    skewed[0, 1] = 7.0
    camera, rng = replace(camera, intrinsics=skewed), np.random.default_rng(seed)
    joints_mm = load_hand_model().pose(mano).joints_mm
    depth_mm = np.where(rng.random(21) < 0.6, joints_mm[:, 2] + rng.normal(0, 15, 21), np.nan)
    target = FitTarget(
        camera=camera,
        keypoints_px=camera.project(joints_mm) + rng.normal(0, 20, (21, 2)),
        weights_px=rng.uniform(0, 5, 21) * (rng.random(21) < 0.7),
        joints_mm=joints_mm + rng.normal(0, 20, (21, 3)),
        weights_mm=rng.uniform(0, 1, 21) * (rng.random(21) < 0.5),
        depth_mm=depth_mm,
        anchor=mano,
    )
    return target, mano


@pytest.mark.parametrize("has_anchor", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_gradient_of_everything_together_is_the_limit_of_differences(seed, has_anchor):
    target, mano = full_target(seed)
    target = target if has_anchor else replace(target, anchor=None)
    rng = np.random.default_rng(seed)
    bent = replace(mano, hand_pose_rad=mano.hand_pose_rad + rng.normal(0, 0.4, 45))
    state = HandState.of(bent).moved(rng.normal(0, 0.1, 61))
    problem = FitProblem(JointChain(load_hand_model()), pose_prior(load_hand_model()), target)
    place = problem.at(state)
    assert (place.beyond != 0).any()
    assert (np.abs(place.depth) > 1).any()
    gradient, curvature = problem.slope(place)
    for parameter, unit in enumerate(np.eye(61)):
        ahead, back = (problem.at(state.moved(sign * STEP * unit)).cost for sign in (1, -1))
        slope = (ahead - back) / (2 * STEP)
        assert 2 * gradient[parameter] == pytest.approx(slope, rel=1e-4, abs=1e-2)
    assert np.linalg.eigvalsh(curvature).min() > 0


def test_a_known_shape_is_left_alone():
    target, mano = full_target(1)
    fit = fitter().fit(replace(target, betas=mano.betas + 0.3), mano, is_right=True)
    np.testing.assert_array_equal(fit.mano.betas, mano.betas + 0.3)


def test_residuals_are_those_of_opencv_s_projection():
    target, mano = full_target(2)
    problem = FitProblem(JointChain(load_hand_model()), pose_prior(load_hand_model()), target)
    place = problem.at(HandState.of(mano))
    joints_mm = load_hand_model().pose(mano).joints_mm
    # OpenCV's intrinsics have no skew: project with unit ones and apply the matrix.
    flat, _ = cv2.projectPoints(joints_mm, np.zeros(3), np.zeros(3), np.eye(3), None)
    expected_px = np.c_[flat[:, 0], np.ones(21)] @ target.camera.intrinsics[:2].T
    asked = target.weights_px > 0
    wanted = (expected_px - target.keypoints_px)[asked] * target.weights_px[asked, None]
    np.testing.assert_allclose(place.px, wanted, atol=1e-6)


def test_a_hand_behind_the_camera_costs_everything():
    target, mano = full_target(1)
    problem = FitProblem(JointChain(load_hand_model()), pose_prior(load_hand_model()), target)
    for wrist_mm in ([0.0, 0, -500], [0.0, 0, 60], [np.nan, 0, 600]):
        state = HandState.of(replace(mano, wrist_mm=np.array(wrist_mm)))
        assert problem.at(state).cost == np.inf


def test_moving_by_nothing_changes_nothing():
    state = HandState.of(random_parameters(5))
    same = state.moved(np.zeros(61)).parameters()
    np.testing.assert_allclose(same.hand_pose_rad, state.hand_pose_rad)
    np.testing.assert_allclose(same.global_orient_rad, random_parameters(5).global_orient_rad)
