import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry.camera import Camera
from core.geometry.crop import CropTransform, denormalise_keypoints, normalise_keypoints
from core.geometry.rotation import angle_between_rad, matrix_from_axis_angle

CAMERA = Camera(np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1]]))

transforms = st.builds(
    CropTransform,
    centre_px=st.tuples(st.floats(50, 600), st.floats(50, 430)),
    height_px=st.floats(60, 500),
    rotation_rad=st.floats(-np.pi, np.pi),
)


@settings(max_examples=60, deadline=None)
@given(transforms, st.integers(0, 1000))
def test_3d_moved_and_projected_lands_on_the_moved_keypoints(transform, seed):
    points_mm = np.random.default_rng(seed).uniform((-150, -120, 350), (150, 120, 900), (21, 3))
    moved_px, _ = cv2.projectPoints(
        transform.points(points_mm), np.zeros(3), np.zeros(3), np.eye(3), None
    )
    moved_px = moved_px[:, 0] @ transform.camera(CAMERA).intrinsics[:2, :2].T
    moved_px += transform.camera(CAMERA).intrinsics[:2, 2]
    expected_px = transform.keypoints(CAMERA.project(points_mm))
    np.testing.assert_allclose(moved_px, expected_px, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(transforms, st.integers(0, 1000))
def test_going_to_the_crop_and_back_changes_nothing(transform, seed):
    rng = np.random.default_rng(seed)
    points_mm, keypoints_px = rng.normal(0, 100, (21, 3)), rng.uniform(0, 480, (21, 2))
    orient_rad = rng.normal(0, 1, 3)
    np.testing.assert_allclose(transform.points_to_photo(transform.points(points_mm)), points_mm)
    back_px = transform.keypoints_to_photo(transform.keypoints(keypoints_px))
    np.testing.assert_allclose(back_px, keypoints_px, atol=1e-8)
    back = transform.global_orient_to_photo(transform.global_orient(orient_rad))
    difference = angle_between_rad(matrix_from_axis_angle(back), matrix_from_axis_angle(orient_rad))
    assert difference < 1e-6


def test_pixels_move_with_keypoints():
    """A bright dot in the photo is found at its moved keypoint in the crop."""
    photo = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(photo, (300, 200), 6, (255, 255, 255), -1)
    transform = CropTransform((320, 220), 260, 0.6)
    crop = transform.image(photo)[..., 0].astype(float)
    ys, xs = np.mgrid[: crop.shape[0], : crop.shape[1]]
    found_px = np.array([(xs * crop).sum(), (ys * crop).sum()]) / crop.sum()
    np.testing.assert_allclose(found_px, transform.keypoints([300, 200]), atol=0.1)


def test_pixels_move_with_keypoints_when_a_large_photo_shrinks():
    photo = np.zeros((2160, 3840, 3), np.uint8)
    cv2.circle(photo, (1900, 1000), 30, (255, 255, 255), -1)
    transform = CropTransform((2000, 1100), 1800, -0.3)
    crop = transform.image(photo)[..., 0].astype(float)
    ys, xs = np.mgrid[: crop.shape[0], : crop.shape[1]]
    found_px = np.array([(xs * crop).sum(), (ys * crop).sum()]) / crop.sum()
    np.testing.assert_allclose(found_px, transform.keypoints([1900, 1000]), atol=0.1)


def test_depth_is_never_averaged_across_an_edge():
    depth_mm = np.full((480, 640), 500, np.float32)
    depth_mm[:, 320:] = 900
    crop_mm = CropTransform((320, 240), 300, 0.4).depth(depth_mm)
    assert set(np.unique(crop_mm)) == {500, 900}


def test_box_is_covered_at_the_crops_aspect():
    transform = CropTransform.around_box([100, 100, 300, 200])
    corners_px = transform.keypoints([[100, 100], [300, 200]])
    assert corners_px[:, 0] == pytest.approx([0, 192])
    assert corners_px[:, 1].mean() == pytest.approx(128)


@pytest.mark.parametrize("box", [[10, 10, 10, 20], [0, 0, -5, 5], [0, 0, np.nan, 5]])
def test_a_box_without_a_size_is_refused(box):
    with pytest.raises(ValueError, match="box"):
        CropTransform.around_box(box)


def test_normalised_coordinates_divide_each_axis_by_its_own_size():
    corners_norm = normalise_keypoints([[0, 0], [192, 256], [96, 128]])
    np.testing.assert_allclose(corners_norm, [[-0.5, -0.5], [0.5, 0.5], [0, 0]])
    np.testing.assert_allclose(denormalise_keypoints(corners_norm), [[0, 0], [192, 256], [96, 128]])


def test_a_turn_of_the_picture_turns_the_hand_orientation_by_the_same_angle():
    transform = CropTransform((320, 240), 200, 0.5)
    orient_rad = np.array([0.3, -1.2, 0.8])
    turned = transform.global_orient(orient_rad)
    angle = angle_between_rad(matrix_from_axis_angle(turned), matrix_from_axis_angle(orient_rad))
    assert angle == pytest.approx(0.5)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        CropTransform,
        centre_px=st.tuples(st.floats(-100, 740), st.floats(-100, 580)),
        height_px=st.floats(20, 900),
        rotation_rad=st.floats(-np.pi, np.pi),
    ),
    st.integers(0, 1000),
)
def test_nothing_outside_the_footprint_is_seen_and_little_of_it_is_not(transform, seed):
    depth_mm = np.random.default_rng(seed).integers(1, 60000, (480, 640)).astype(np.uint16)
    left, top, right, bottom = transform.footprint((480, 640))
    assert 0 <= left <= right <= 640 and 0 <= top <= bottom <= 480
    part = np.zeros_like(depth_mm)
    part[top:bottom, left:right] = depth_mm[top:bottom, left:right]
    np.testing.assert_array_equal(transform.depth(part), transform.depth(depth_mm))
    lowest, highest = transform.corners_px.min(0), transform.corners_px.max(0)
    if (lowest > 5).all() and (highest < (635, 475)).all():
        np.testing.assert_allclose((left, top), lowest - 1.5, atol=0.51)
        np.testing.assert_allclose((right, bottom), highest + 2.5, atol=0.51)
