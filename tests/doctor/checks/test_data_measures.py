"""What the data's checks measure with, against something independent."""

import cv2
import numpy as np
import pytest

from core.doctor.measures.joint_matching import best_match, name_axes, name_order, signed_axes
from core.doctor.measures.pixel_motion import about_middle, moved, pixel_motion
from core.doctor.measures.plane_fit import fit_plane
from core.doctor.measures.units import unit_of
from core.geometry.rotation import about_optical_axis
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model
from core.hand.posed_joints import MIRROR_ROTATION, JointModel


@pytest.fixture(scope="module")
def hands() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(0, 0.5, (6, 16, 3)), rng.normal(0, 1, (6, 10))


def test_posed_joints_are_the_hand_models(hands) -> None:
    model = load_hand_model()
    posed = JointModel.of(model).joints_mm(*hands)
    for row, (pose, betas) in enumerate(zip(*hands, strict=True)):
        mesh = model.pose(ManoParameters(pose[0], pose[1:].ravel(), betas, np.zeros(3)))
        np.testing.assert_allclose(posed[row], mesh.joints_mm, atol=1e-9)


def test_the_mirrored_model_is_the_other_hand(hands) -> None:
    pose, betas = hands
    model = JointModel.of(load_hand_model())
    mirrored = model.mirrored().joints_mm(pose * MIRROR_ROTATION, betas)
    np.testing.assert_allclose(mirrored * (-1, 1, 1), model.joints_mm(pose, betas), atol=1e-9)


def test_joints_move_with_the_shape_as_they_say(hands) -> None:
    pose, betas = hands
    model = JointModel.of(load_hand_model())
    moved_mm = np.einsum("njab,nb->nja", model.shape_steps_mm(pose), betas)
    expected = model.joints_mm(pose, betas) - model.joints_mm(pose, np.zeros_like(betas))
    np.testing.assert_allclose(moved_mm, expected, atol=1e-9)


def test_the_right_order_and_axes_are_found_among_all() -> None:
    rng = np.random.default_rng(0)
    posed = rng.normal(0, 40, (10, 21, 3))
    order, axes = rng.permutation(21), signed_axes()[29]
    labels = posed[:, order] @ axes.T + rng.normal(0, 6, posed.shape)
    match = best_match(posed, labels)
    assert np.array_equal(match.order, order)
    assert np.array_equal(match.axes, axes)
    assert len({axes.tobytes() for axes in signed_axes()}) == 48


def test_orders_and_axes_have_names() -> None:
    assert name_order(np.arange(21)) == ""
    assert name_order(np.r_[np.arange(16), 20, 19, 18, 17, 16]) == "tips_reordered"
    assert name_axes(np.diag([1.0, -1.0, -1.0])) == "x, -y, -z"
    assert name_axes(np.eye(3)[[1, 0, 2]]) == "y, x, z"


def test_a_stretch_is_between_both_regressions_whoever_is_noisy() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(100, 30, (40, 21, 2))
    for p_noise, l_noise in ((8, 0), (0, 8), (6, 6)):
        projected = true + rng.normal(0, p_noise, true.shape)
        labels = true + rng.normal(0, l_noise, true.shape)
        assert fit_plane(projected, labels).stretch_error() < 0.03
        assert fit_plane(projected, labels * 1.3).stretch_error() > 0.2


def test_an_offset_is_only_sure_beyond_chance() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(100, 30, (40, 21, 2))
    noisy = true + rng.normal(0, 8, true.shape)
    assert np.median(fit_plane(true, noisy).sure_offset_px()) == 0
    assert np.median(fit_plane(true, noisy + (6, 0)).sure_offset_px()) == pytest.approx(5, abs=1.5)


def _picture() -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(3, 256, 192)).astype(np.float32)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 6) for plane in noise]) * 10


@pytest.mark.parametrize(
    "degrees, scale, shift", [(25, 1, (0, 0)), (0, 1.15, (0, 0)), (0, 1, (23, 0))]
)
def test_the_motion_of_pixels_is_measured_whatever_is_guessed_first(degrees, scale, shift) -> None:
    before = _picture()
    linear = about_optical_axis(np.radians(degrees))[:2, :2] * scale
    true = about_middle(linear, (256, 192), shift)
    after = np.stack([cv2.warpAffine(plane, true, (192, 256)) for plane in before])
    near = about_middle(about_optical_axis(np.radians(degrees + 1.5))[:2, :2], (256, 192), shift)
    still = about_middle(np.eye(2), (256, 192))
    found = pixel_motion(before, after * 1.2 + 0.3, [still, near])
    points = np.random.default_rng(1).uniform(60, 130, (20, 2))
    assert np.abs(moved(points, found) - moved(points, true)).max() < 0.3


def test_flat_and_unlike_pictures_tell_no_motion() -> None:
    still = about_middle(np.eye(2), (256, 192))
    flat = np.full((3, 256, 192), -2.1, np.float32)
    assert pixel_motion(flat, flat, [still]) is None
    assert pixel_motion(_picture(), _picture()[:, ::-1].copy(), [still]) is None


@pytest.mark.parametrize("extent, factor", [(0.15, 0.001), (15, 0.1), (150, 1), (1.5, 0.01)])
def test_units_are_told_by_a_hands_size(extent: float, factor: float) -> None:
    assert unit_of(extent, 75, 270) == factor
    assert np.isnan(unit_of(extent * 2.9, 75, 270)) or unit_of(extent * 2.9, 75, 270) != factor
