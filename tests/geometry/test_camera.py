import cv2
import numpy as np
import pytest

from core.geometry.camera import Camera

INTRINSICS = np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1]])


def test_projection_equals_opencv(rng):
    points_mm = rng.uniform((-200, -150, 300), (200, 150, 900), (50, 3))
    expected, _ = cv2.projectPoints(points_mm, np.zeros(3), np.zeros(3), INTRINSICS, None)
    np.testing.assert_allclose(Camera(INTRINSICS).project(points_mm), expected[:, 0], atol=1e-9)


def test_unprojection_is_the_inverse_of_projection(rng):
    points_mm = rng.uniform((-200, -150, 300), (200, 150, 900), (50, 3))
    camera = Camera(INTRINSICS)
    back_mm = camera.unproject(camera.project(points_mm), points_mm[:, 2])
    np.testing.assert_allclose(back_mm, points_mm, atol=1e-9)


def test_points_behind_the_camera_have_no_projection():
    keypoints_px = Camera(INTRINSICS).project([[10.0, 10.0, -500.0], [10.0, 10.0, 500.0]])
    assert np.isnan(keypoints_px[0]).all() and np.isfinite(keypoints_px[1]).all()


@pytest.mark.parametrize(
    "intrinsics", [np.zeros((3, 3)), np.eye(4), np.full((3, 3), np.nan), -INTRINSICS]
)
def test_impossible_intrinsics_are_refused(intrinsics):
    with pytest.raises(ValueError, match="intrinsics"):
        Camera(intrinsics)
