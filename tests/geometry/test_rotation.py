import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.geometry.rotation import (
    about_optical_axis,
    angle_between_rad,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
)


@pytest.mark.parametrize("angle", [0.0, 1e-7, 1e-3, 1.0, 3.0, 3.1414, np.pi])
def test_axis_angle_to_matrix_equals_opencv(angle, rng):
    axis = rng.normal(size=3)
    vector_rad = axis / np.linalg.norm(axis) * angle
    np.testing.assert_allclose(
        matrix_from_axis_angle(vector_rad), cv2.Rodrigues(vector_rad)[0], atol=1e-9
    )


@pytest.mark.parametrize("angle", [0.0, 1e-7, 1e-3, 1.0, 3.0, 3.1414])
def test_axis_angle_survives_the_round_trip_near_zero_and_pi(angle, rng):
    axis = rng.normal(size=(20, 3))
    vectors_rad = axis / np.linalg.norm(axis, axis=1, keepdims=True) * angle
    back_rad = axis_angle_from_matrix(matrix_from_axis_angle(vectors_rad))
    np.testing.assert_allclose(back_rad, vectors_rad, atol=1e-6)


def test_both_ways_equal_scipy(rng):
    """Over all angles, each with every part of the quaternion the largest once."""
    axes = np.concatenate([rng.normal(size=(200, 3)), np.eye(3), -np.eye(3), [[0, 1, 1]]])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = rng.uniform(0, 2 * np.pi, (len(axes), 1))
    matrices = Rotation.from_rotvec(axes * angles).as_matrix()
    np.testing.assert_allclose(matrix_from_axis_angle(axes * angles), matrices, atol=1e-12)
    expected_rad = Rotation.from_matrix(matrices).as_rotvec()
    np.testing.assert_allclose(axis_angle_from_matrix(matrices), expected_rad, atol=1e-9)


def test_a_half_turn_is_one_about_either_direction_of_its_axis(rng):
    axes = np.concatenate([rng.normal(size=(20, 3)), np.eye(3)])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    matrices = Rotation.from_rotvec(axes * np.pi).as_matrix()
    back_rad = axis_angle_from_matrix(matrices)
    np.testing.assert_allclose(np.linalg.norm(back_rad, axis=1), np.pi, atol=1e-7)
    np.testing.assert_allclose(matrix_from_axis_angle(back_rad), matrices, atol=1e-7)


def test_a_mirror_is_no_rotation():
    with pytest.raises(ValueError, match="no rotation"):
        axis_angle_from_matrix(np.diag([1.0, 1.0, -1.0]))


def test_what_is_not_a_number_stays_that():
    assert np.isnan(matrix_from_axis_angle([np.nan, 0.0, 0.0])).all()
    assert np.isnan(axis_angle_from_matrix(np.full((3, 3), np.nan))).all()


def test_shapes_are_kept(rng):
    vectors_rad = rng.normal(size=(2, 5, 3))
    assert matrix_from_axis_angle(vectors_rad).shape == (2, 5, 3, 3)
    assert axis_angle_from_matrix(matrix_from_axis_angle(vectors_rad)).shape == (2, 5, 3)


def test_positive_turn_about_the_optical_axis_takes_right_to_down():
    np.testing.assert_allclose(about_optical_axis(np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_angle_between_rotations():
    assert angle_between_rad(np.eye(3), about_optical_axis(0.7)) == pytest.approx(0.7)
