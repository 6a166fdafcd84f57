"""The crop's camera against OpenCV and against the published formulas."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support_network import PHOTO_CAMERA

from core.geometry.camera import Camera
from core.geometry.crop import CropTransform, denormalise_keypoints
from core.network import camera as crop_camera

crops = st.builds(
    CropTransform,
    st.tuples(st.floats(-50, 700), st.floats(-50, 550)),
    st.floats(40, 600),
    st.floats(-np.pi, np.pi),
)
places_m = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(0.25, 1.5))


def double(array) -> torch.Tensor:
    return torch.tensor(np.asarray(array), dtype=torch.float64)


def hand_points_m(centre_m, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.04, (21, 3)) + centre_m


def cv2_project(points_m: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """OpenCV's projection; it knows no skew, which only a turned crop has."""
    zero = np.zeros(3)
    return cv2.projectPoints(points_m, zero, zero, intrinsics, None)[0][:, 0]


@given(crops, places_m)
@settings(max_examples=60, deadline=None)
def test_projected_points_land_on_the_photo_pixels_opencv_gives(transform, centre_m):
    """Through the crop and back to the full frame, any crop and turn, to 1e-3 px."""
    points_m = hand_points_m(centre_m)
    turned_m = transform.points(points_m)
    intrinsics = double(transform.camera(PHOTO_CAMERA).intrinsics)[None]
    norm = crop_camera.project_norm(double(turned_m)[None], intrinsics)[0].numpy()
    crop_px = denormalise_keypoints(norm)
    photo_px = cv2_project(points_m, PHOTO_CAMERA.intrinsics)
    np.testing.assert_allclose(crop_px, transform.keypoints(photo_px), atol=1e-3)
    np.testing.assert_allclose(transform.keypoints_to_photo(crop_px), photo_px, atol=1e-3)


@given(crops, places_m)
@settings(max_examples=30, deadline=None)
def test_unturned_crop_projects_as_opencv_does(transform, centre_m):
    upright = CropTransform(transform.centre_px, transform.height_px)
    intrinsics = upright.camera(PHOTO_CAMERA).intrinsics
    points_m = hand_points_m(centre_m)
    norm = crop_camera.project_norm(double(points_m)[None], double(intrinsics)[None])[0].numpy()
    np.testing.assert_allclose(
        denormalise_keypoints(norm), cv2_project(points_m, intrinsics), atol=1e-3
    )


@given(crops, places_m)
@settings(max_examples=60, deadline=None)
def test_the_camera_of_a_place_gives_that_place(transform, centre_m):
    intrinsics = double(transform.camera(PHOTO_CAMERA).intrinsics)[None]
    place = double(centre_m)[None]
    camera = crop_camera.camera_from_translation(place, intrinsics)
    torch.testing.assert_close(crop_camera.translation_m(camera, intrinsics), place)


@given(crops)
@settings(max_examples=30, deadline=None)
def test_the_central_ray_is_seen_at_the_crops_centre(transform):
    intrinsics = transform.camera(PHOTO_CAMERA).intrinsics
    ray = crop_camera.central_ray(double(intrinsics)[None])[0].numpy()
    np.testing.assert_allclose(ray, np.linalg.solve(intrinsics, [96, 128, 1]), atol=1e-9)


def test_virtual_camera_is_the_published_one():
    """(tx, ty, 2 f / (H s)), f = 5000 px, principal point at the crop's centre."""
    camera = double([[7.0, 0.02, -0.03], [9.0, 0.0, 0.0]])
    intrinsics = crop_camera.virtual_intrinsics(2, camera)
    place = crop_camera.translation_m(camera, intrinsics).numpy()
    np.testing.assert_allclose(place[0], [0.02, -0.03, 2 * 5000 / (256 * 7.0)])
    np.testing.assert_allclose(place[1], [0.0, 0.0, 2 * 5000 / (256 * 9.0)])
    points_m = hand_points_m(place[0])
    norm = crop_camera.project_norm(double(points_m)[None], intrinsics[:1])[0].numpy()
    expected_px = cv2_project(points_m, np.array([[5000, 0, 96.0], [0, 5000, 128.0], [0, 0, 1]]))
    np.testing.assert_allclose(denormalise_keypoints(norm), expected_px, atol=1e-3)


@pytest.mark.parametrize("box", [(320.3, 238.5, 200.0), (100.0, 400.0, 90.0)])
def test_own_intrinsics_give_the_published_way_back_to_the_full_camera(box):
    """tz' = 2 fx / (b s), tx' = tx + (bx - cx) tz' / fx, ty' = ty + (by - cy) tz' / fy."""
    bx, by, b = box
    (fx, fy), (cx, cy) = PHOTO_CAMERA.focal_px, PHOTO_CAMERA.principal_point_px
    s, tx, ty = 7.5, 0.01, -0.02
    intrinsics = CropTransform((bx, by), b).camera(PHOTO_CAMERA).intrinsics
    place = crop_camera.translation_m(double([[s, tx, ty]]), double(intrinsics)[None])[0].numpy()
    tz = 2 * fx / (b * s)
    np.testing.assert_allclose(place, [tx + (bx - cx) * tz / fx, ty + (by - cy) * tz / fy, tz])


def test_typical_scale_fits_a_typical_crop():
    """Joints 15.2 cm apart in a crop with the usual margin, wherever it is and however cut."""
    distance_mm, extent_mm = 600.0, 152.0
    height_px = 1.3 * extent_mm / distance_mm * 600
    camera = Camera(np.array([[600.0, 0, 320], [0, 600.0, 240], [0, 0, 1]]))
    intrinsics = CropTransform((200.0, 200.0), height_px).camera(camera).intrinsics
    sxy = double([[crop_camera.TYPICAL_SCALE, 0, 0]])
    place = crop_camera.translation_m(sxy, double(intrinsics)[None])
    assert place[0, 2].item() * 1000 == pytest.approx(distance_mm)


def test_first_scale_puts_the_hand_at_the_reference_depth():
    intrinsics = double(CropTransform((200.0, 200.0), 150).camera(PHOTO_CAMERA).intrinsics)
    intrinsics = intrinsics.expand(2, 3, 3)
    scale = crop_camera.first_scale(
        double(9.0), intrinsics, double([480.0, 480.0]), torch.tensor([True, False])
    )
    camera = torch.cat([scale[:, None], torch.zeros(2, 2, dtype=torch.float64)], dim=1)
    distance_m = crop_camera.translation_m(camera, intrinsics)[:, 2]
    assert distance_m[0].item() == pytest.approx(0.48)
    assert scale[1].item() == 9.0


def test_scale_stays_positive_and_finite_whatever_the_network_says():
    raw = torch.tensor([[1e4, 0.0, 0.0], [-1e4, 0.0, 0.0]])
    moved = crop_camera.move_camera(torch.tensor([[9.0, 0.0, 0.0]]).expand(2, 3), raw)
    assert torch.isfinite(moved).all()
    assert (moved[:, 0] > 0).all()


def test_autocast_does_not_round_positions():
    """bfloat16 has eight bits; a crop far from the principal point would be off by pixels."""
    transform = CropTransform((560.0, 400.0), 120.0, 0.3)
    intrinsics = torch.tensor(transform.camera(PHOTO_CAMERA).intrinsics)[None].float()
    points_m = torch.tensor(hand_points_m((0.2, 0.13, 0.6)))[None].float()
    exact = crop_camera.project_norm(points_m, intrinsics)
    with torch.autocast("cpu", torch.bfloat16):
        cast = crop_camera.project_norm(points_m, intrinsics)
    torch.testing.assert_close(cast, exact)


def test_points_behind_the_camera_stay_finite_with_gradients():
    points = torch.tensor([[[0.1, 0.1, -0.5], [0.1, 0.1, 0.0]]], requires_grad=True)
    intrinsics = torch.tensor(PHOTO_CAMERA.intrinsics, dtype=torch.float32)[None]
    norm = crop_camera.project_norm(points, intrinsics)
    norm.sum().backward()
    assert torch.isfinite(norm).all()
    assert torch.isfinite(points.grad).all()
    assert (points.grad[..., :2] != 0).all()


def test_place_of_a_crop_tells_crops_apart_that_look_alike():
    boxes = [((320.3, 238.5), 150.0), ((500.0, 238.5), 150.0), ((320.3, 238.5), 300.0)]
    intrinsics = double([CropTransform(c, h).camera(PHOTO_CAMERA).intrinsics for c, h in boxes])
    none = torch.zeros(3, dtype=torch.bool)
    place = crop_camera.crop_place(intrinsics, double([500.0] * 3), none)
    np.testing.assert_allclose(place[0, :2].numpy(), 0, atol=1e-12)
    assert place[1, 0] > 0.5
    assert place[2, 2] == pytest.approx(2 * place[0, 2].item())
    assert (place[:, 3:] == 0).all()  # an unused reference depth must not leak in
