"""Units and axes of HO-3D, there and back, and against independent computations."""

import cv2
import numpy as np
import pytest

from core.data.ho3d.layout import (
    DEPTH_STEP_M,
    OpenGLHand,
    decode_depth,
    encode_depth,
    from_opengl_mm,
    mano_from_opengl,
    mano_to_opengl,
    to_opengl_m,
)
from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model


def test_every_depth_code_is_decoded_as_hundreds_of_micrometres():
    """Against whole-number arithmetic; R + 256 G overflows in eight bits."""
    steps = np.arange(65536)
    code = np.stack([steps % 256, steps // 256, np.full_like(steps, 99)], -1).astype(np.uint8)
    depth_mm = decode_depth(code[None])[0]
    assert depth_mm.dtype == np.float32
    np.testing.assert_allclose(depth_mm, steps * 0.12498664727900177, rtol=1e-6)
    assert depth_mm[-1] == pytest.approx(8191, abs=0.1)


def test_depth_survives_its_code_and_a_png():
    depth_mm = np.random.default_rng(0).uniform(200, 1500, (48, 64))
    depth_mm[:10] = 0
    png = cv2.imencode(".png", encode_depth(depth_mm)[..., ::-1])[1]
    read = decode_depth(cv2.imdecode(png, cv2.IMREAD_UNCHANGED)[..., ::-1])
    np.testing.assert_allclose(read, depth_mm, atol=DEPTH_STEP_M * 1000 / 2 + 1e-3)
    assert (read[:10] == 0).all()


@pytest.mark.parametrize("depth_mm", [-1.0, 8300.0, np.inf])
def test_depth_that_has_no_code_is_refused(depth_mm):
    with pytest.raises(ValueError, match="no code"):
        encode_depth(np.array([[depth_mm]]))


def test_unknown_depth_is_zero():
    assert (encode_depth(np.array([[np.nan, 0.0]])) == 0).all()


def test_up_becomes_down_and_towards_becomes_away():
    np.testing.assert_array_equal(from_opengl_mm([0.1, 0.2, -0.6]), [100, -200, 600])
    points_m = np.random.default_rng(0).normal(size=(4, 21, 3))
    np.testing.assert_allclose(to_opengl_m(from_opengl_mm(points_m)), points_m, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_turned_parameters_pose_the_turned_hand(seed):
    """Pose in OpenGL axes and turn the points; or turn the parameters and pose: the same hand."""
    model = load_hand_model()
    rng = np.random.default_rng(seed)
    hand = OpenGLHand(rng.normal(size=48), rng.normal(size=10) * 2, rng.normal(size=3))
    wrist_mm = model.rest_wrist_mm(hand.betas) + hand.translation_m * 1000
    there = model.pose(ManoParameters(hand.pose[:3], hand.pose[3:], hand.betas, wrist_mm))
    here = model.pose(mano_from_opengl(hand, model))
    turned = from_opengl_mm(there.vertices_mm / 1000)
    np.testing.assert_allclose(here.vertices_mm, turned, atol=1e-9)
    np.testing.assert_allclose(here.joints_mm, from_opengl_mm(there.joints_mm / 1000), atol=1e-9)

    # The fault of turning the translation instead of the wrist would be centimetres.
    wrongly_turned = from_opengl_mm(hand.translation_m) + model.rest_wrist_mm(hand.betas)
    assert np.linalg.norm(wrongly_turned - here.joints_mm[0]) > 10


@pytest.mark.parametrize("seed", range(5))
def test_parameters_come_back_from_opengl(seed):
    model = load_hand_model()
    rng = np.random.default_rng(seed)
    hand = OpenGLHand(rng.normal(size=48), rng.normal(size=10), rng.normal(size=3))
    back = mano_to_opengl(mano_from_opengl(hand, model), model)
    np.testing.assert_allclose(
        matrix_from_axis_angle(back.pose[:3]), matrix_from_axis_angle(hand.pose[:3]), atol=1e-12
    )
    np.testing.assert_array_equal(back.pose[3:], hand.pose[3:])
    np.testing.assert_allclose(back.betas, hand.betas)
    np.testing.assert_allclose(back.translation_m, hand.translation_m, atol=1e-12)
