"""The orbit camera against OpenCV, and movements that go where the pointer goes."""

import cv2
import numpy as np
import pytest

from utnet_viewer.mesh.orbit_camera import FIT_SHARE, OrbitCamera
from utnet_viewer.mesh.views import PRESETS, hand_axes, preset_view

WIDTH, HEIGHT = 640, 480


def _points(count=200, seed=0):
    return np.random.default_rng(seed).uniform(-90, 90, (count, 3))


@pytest.fixture
def camera():
    return OrbitCamera(target_mm=(5.0, -3.0, 8.0), distance_mm=430.0).orbit(120, 55)


def _opencv_project(camera, points_mm):
    """The same camera, said in OpenCV's terms, whose pixel centres are at integers."""
    rotation = camera.rotation
    focal = camera.focal_px(HEIGHT)
    intrinsics = np.array([[focal, 0, WIDTH / 2 - 0.5], [0, focal, HEIGHT / 2 - 0.5], [0, 0, 1]])
    turn, _ = cv2.Rodrigues(rotation)
    pixels, _ = cv2.projectPoints(points_mm, turn, -rotation @ camera.eye_mm, intrinsics, None)
    return pixels[:, 0] + 0.5


def test_projection_is_opencvs(camera):
    points_mm = _points()
    ours = camera.project(points_mm, WIDTH, HEIGHT)
    np.testing.assert_allclose(ours[:, :2], _opencv_project(camera, points_mm), atol=1e-6)


def test_rotation_is_a_rotation(camera):
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.rotation) == pytest.approx(1)


def test_ray_meets_what_it_is_aimed_at(camera):
    screen = camera.project(_points(20), WIDTH, HEIGHT)
    for point, (x, y, depth) in zip(_points(20), screen, strict=True):
        ray = camera.ray(x, y, WIDTH, HEIGHT)
        np.testing.assert_allclose(ray[:3] + depth * ray[3:], point, atol=1e-3)


def test_points_behind_the_eye_have_no_pixel(camera):
    behind = camera.eye_mm - 50 * camera.rotation[2]
    assert np.isnan(camera.project(behind[None], WIDTH, HEIGHT)[0, :2]).all()


def test_orbit_carries_what_is_near_with_the_pointer(camera):
    near = np.array(camera.target_mm) - 40 * camera.rotation[2]
    before = camera.project(near[None], WIDTH, HEIGHT)[0]
    right = camera.orbit(20, 0).project(near[None], WIDTH, HEIGHT)[0]
    down = camera.orbit(0, 20).project(near[None], WIDTH, HEIGHT)[0]
    assert right[0] > before[0] + 2
    assert down[1] > before[1] + 2


def test_orbit_keeps_target_and_distance(camera):
    turned = camera.orbit(77, -31)
    assert np.linalg.norm(turned.eye_mm - camera.target_mm) == pytest.approx(430)
    centre = turned.project(np.array([camera.target_mm]), WIDTH, HEIGHT)[0]
    np.testing.assert_allclose(centre, [WIDTH / 2, HEIGHT / 2, 430], atol=1e-6)


def test_orbit_does_not_tip_over():
    camera = OrbitCamera().orbit(0, 10_000)
    assert camera.pitch_rad < np.pi / 2


def test_pan_moves_the_target_by_as_many_pixels(camera):
    target = np.array([camera.target_mm])
    moved = camera.pan(30, -12, HEIGHT).project(target, WIDTH, HEIGHT)[0]
    np.testing.assert_allclose(moved[:2], [WIDTH / 2 + 30, HEIGHT / 2 - 12], atol=1e-6)


def test_zoom_towards_a_point_leaves_it_there(camera):
    focal = camera.focal_px(HEIGHT)
    offset = np.array([100.0, -60.0])
    point = np.array(camera.target_mm) + (
        np.array([*(offset / focal * camera.distance_mm), 0.0]) @ camera.rotation
    )
    closer = camera.zoom(3, toward=tuple(offset / focal))
    assert closer.distance_mm < camera.distance_mm
    after = closer.project(point[None], WIDTH, HEIGHT)[0, :2]
    np.testing.assert_allclose(after, offset + [WIDTH / 2, HEIGHT / 2], atol=1e-6)


def test_zoom_has_ends(camera):
    assert camera.zoom(1000).distance_mm > 0
    assert camera.zoom(-1000).distance_mm < 1e5


@pytest.mark.parametrize("size", [(640, 480), (300, 700)])
def test_fit_fills_the_share_and_no_more(camera, size):
    fitted = camera.fitted(_points(), *size)
    extent = np.abs(fitted.project(_points(), *size)[:, :2] / size - 0.5).max()
    assert FIT_SHARE / 2 * 0.8 < extent <= FIT_SHARE / 2 + 1e-6


# --- presets ---------------------------------------------------------------------------------


@pytest.fixture
def flat_hand():
    """A right hand with fingers up (-y), thumb to the right, palm towards the viewer (-z)."""
    joints = np.zeros((21, 3))
    for knuckle, x in ((13, 40), (1, 30), (4, 10), (10, -10), (7, -30)):
        joints[knuckle] = [x, -30 if knuckle == 13 else -90, 0]
    return joints


def test_axes_of_a_right_hand(flat_hand):
    fingers, thumbwards, palmwards = hand_axes(flat_hand, is_right=True)
    assert fingers[1] < -0.9
    assert thumbwards[0] > 0.9
    # Thumb at the viewer's right, fingers up: a right hand shows its palm... away from us it
    # would be a left one.
    assert palmwards[2] < -0.9


def test_a_left_hand_faces_the_other_way(flat_hand):
    right, left = (hand_axes(flat_hand, is_right=side)[2] for side in (True, False))
    np.testing.assert_allclose(left, -right, atol=1e-12)


def test_axes_agree_with_the_hand_model():
    """MANO's rest pose: fingers along -x, palm -y, thumb +z."""
    from support_samples import stand_in_hand

    from core.hand.hand_model import ManoParameters

    rest = ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3))
    fingers, thumbwards, palmwards = hand_axes(stand_in_hand().pose(rest).joints_mm, is_right=True)
    assert fingers @ [-1, 0, 0] > 0.9
    assert thumbwards @ [0, 0, 1] > 0.9
    assert palmwards @ [0, -1, 0] > 0.9


@pytest.mark.parametrize(
    ("name", "forward"),
    [("Palm", (0, 0, 1)), ("Back", (0, 0, -1)), ("Side", (-1, 0, 0)), ("Front", (0, 1, 0))],
)
def test_presets_look_at_the_named_side(flat_hand, name, forward):
    camera = preset_view(name, OrbitCamera(), flat_hand, np.array([0, 0, 500.0]), is_right=True)
    assert camera.rotation[2] @ forward > 0.9


def test_palm_view_has_the_fingers_up(flat_hand):
    camera = preset_view("Palm", OrbitCamera(), flat_hand, np.array([0, 0, 500.0]), is_right=True)
    assert camera.rotation[1] @ [0, -1, 0] < -0.9  # down the screen is not along the fingers


def test_camera_preset_sees_what_the_photo_saw(flat_hand):
    anchor_mm = np.array([60.0, -20.0, 500.0])
    camera = preset_view("Camera", OrbitCamera(), flat_hand, anchor_mm, is_right=True)
    to_hand = anchor_mm + flat_hand.mean(0)
    np.testing.assert_allclose(camera.rotation[2], to_hand / np.linalg.norm(to_hand), atol=1e-9)
    assert camera.rotation[0] @ [1, 0, 0] > 0.9
    assert PRESETS[0] == "Camera"


def test_a_hand_in_one_point_has_no_palm():
    with pytest.raises(ValueError, match="no palm"):
        hand_axes(np.zeros((21, 3)), is_right=True)
