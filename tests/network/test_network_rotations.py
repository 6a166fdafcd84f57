"""Rotations of the network against scipy, at the angles where formulas break."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.network.rotations import (
    axis_angle_from_matrix,
    code_from_matrix,
    matrix_from_6d,
    matrix_from_axis_angle,
    matrix_from_code,
)

ANGLES_RAD = [0.0, 1e-9, 1e-6, 1e-4, 1e-3, 0.5, 2.0, 3.1, 3.1414, np.pi - 1e-5, np.pi - 1e-9]


def random_axes(count: int = 20) -> np.ndarray:
    axes = np.random.default_rng(0).normal(size=(count, 3))
    return axes / np.linalg.norm(axes, axis=1, keepdims=True)


@pytest.mark.parametrize("angle", ANGLES_RAD)
def test_axis_angle_to_matrix_agrees_with_scipy(angle):
    vectors = random_axes() * angle
    ours = matrix_from_axis_angle(torch.tensor(vectors)).numpy()
    np.testing.assert_allclose(ours, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-9)


@pytest.mark.parametrize("angle", ANGLES_RAD)
@pytest.mark.parametrize(("dtype", "tolerance_rad"), [(torch.float64, 1e-7), (torch.float32, 2e-3)])
def test_matrix_to_axis_angle_agrees_with_scipy(angle, dtype, tolerance_rad):
    true = Rotation.from_rotvec(random_axes() * angle)
    vectors = axis_angle_from_matrix(torch.tensor(true.as_matrix(), dtype=dtype)).double().numpy()
    assert (np.linalg.norm(vectors, axis=1) <= np.pi + 1e-6).all()
    assert (true.inv() * Rotation.from_rotvec(vectors)).magnitude().max() < tolerance_rad


@pytest.mark.parametrize("angle", ANGLES_RAD)
def test_matrix_to_axis_angle_has_bounded_gradients(angle):
    """The textbook formula divides by sin: gradients of 2e4 at 3.1414 rad, none below 1e-3."""
    matrices = torch.tensor(Rotation.from_rotvec(random_axes() * angle).as_matrix())
    matrices.requires_grad_()
    vectors = axis_angle_from_matrix(matrices)
    vectors.sum().backward()
    assert torch.isfinite(matrices.grad).all()
    assert matrices.grad.abs().max() < 50
    if angle > 1e-6:
        assert matrices.grad.abs().amax(dim=(1, 2)).min() > 1e-3


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-7, 1e-5, 1e-3, 1.0, np.pi])
def test_axis_angle_to_matrix_has_the_gradient_of_finite_differences(angle):
    vectors = torch.tensor(random_axes(5) * angle, requires_grad=True)
    weights = torch.randn(5, 3, 3, dtype=torch.float64, generator=torch.manual_seed(0))
    (matrix_from_axis_angle(vectors) * weights).sum().backward()
    step = 1e-6
    for axis in range(3):
        moved = np.zeros(3)
        moved[axis] = step
        ahead = Rotation.from_rotvec(vectors.detach().numpy() + moved).as_matrix()
        behind = Rotation.from_rotvec(vectors.detach().numpy() - moved).as_matrix()
        slope = ((ahead - behind) / (2 * step) * weights.numpy()).sum(axis=(1, 2))
        np.testing.assert_allclose(vectors.grad[:, axis].numpy(), slope, atol=1e-3)


def test_6d_codes_make_rotations():
    codes = torch.randn(50, 6, dtype=torch.float64, generator=torch.manual_seed(0))
    matrices = matrix_from_6d(codes)
    identity = torch.eye(3, dtype=torch.float64).expand(50, 3, 3)
    torch.testing.assert_close(matrices @ matrices.transpose(1, 2), identity)
    torch.testing.assert_close(torch.linalg.det(matrices), torch.ones(50, dtype=torch.float64))


def test_6d_codes_are_the_first_two_columns():
    """WiLoR's mean parameters mix this layout with its transpose; ours is columns, (3, 2)."""
    code = torch.tensor([[1.0, 0.0, 0.0, -1.0, 0.0, 0.0]])
    torch.testing.assert_close(matrix_from_6d(code)[0], torch.diag(torch.tensor([1.0, -1.0, -1.0])))


@pytest.mark.parametrize("code", [torch.zeros(1, 6), torch.ones(1, 6)])
def test_degenerate_6d_codes_stay_finite(code):
    code = code.clone().requires_grad_()
    matrix = matrix_from_6d(code)
    matrix.sum().backward()
    assert torch.isfinite(matrix).all()
    assert torch.isfinite(code.grad).all()


@pytest.mark.parametrize("rotation", ["6d", "axis_angle"])
def test_codes_come_back_as_the_rotation_they_were_made_of(rotation):
    matrices = torch.tensor(Rotation.random(40, random_state=0).as_matrix())
    again = matrix_from_code(code_from_matrix(matrices, rotation), rotation)
    torch.testing.assert_close(again, matrices, atol=1e-9, rtol=0)
