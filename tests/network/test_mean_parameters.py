"""Mean parameters: the hand a fresh network says, and WiLoR's file with its mixed layouts."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from support_network import batch_of_noise, stand_in

from core.network.mean_parameters import (
    MeanParameters,
    MeanParametersError,
    read_mean_parameters,
)
from core.network.utnet import UTNet
from core.network_config import NetworkConfig


@pytest.fixture
def fingers() -> np.ndarray:
    return Rotation.random(15, random_state=0).as_matrix()


@pytest.fixture
def wilor_file(tmp_path, fingers):
    """Fingers column after column, the global block row after row, as the real file has them."""
    pose = [1.0, 0, 0, -1, 0, 0]
    for finger in fingers:
        pose += [*finger[:, 0], *finger[:, 1]]
    path = tmp_path / "mano_mean_params.npz"
    np.savez(path, pose=np.array(pose, np.float32), shape=np.arange(10.0), cam=[4.0, 0, 0])
    return path


def test_both_layouts_of_wilors_file_are_read(wilor_file, fingers):
    mean = read_mean_parameters(wilor_file)
    np.testing.assert_allclose(mean.pose[0], np.diag([1, -1, -1]))
    np.testing.assert_allclose(mean.pose[1:], fingers, atol=1e-6)
    np.testing.assert_allclose(mean.betas, np.arange(10))
    np.testing.assert_allclose(mean.camera_sxy, [4, 0, 0])


@pytest.mark.parametrize("rotation", ["6d", "axis_angle"])
def test_a_fresh_network_says_its_mean(wilor_file, rotation):
    mean = read_mean_parameters(wilor_file)
    torch.manual_seed(0)
    network = UTNet(NetworkConfig(rotation=rotation), stand_in(), mean=mean).eval()
    with torch.inference_mode():
        hand = network(batch_of_noise(False)).final
    turned = np.concatenate([hand.global_orient, hand.hand_pose[0]])
    angles = (Rotation.from_matrix(turned) * Rotation.from_matrix(mean.pose).inv()).magnitude()
    assert angles.max() < 0.1
    np.testing.assert_allclose(hand.betas[0], mean.betas, atol=0.1)
    np.testing.assert_allclose(hand.camera_sxy[0], mean.camera_sxy, atol=0.1)


def test_the_hand_models_mean_is_a_set_of_rotations(hand):
    mean = MeanParameters.of_hand(hand)
    np.testing.assert_allclose(
        mean.pose @ mean.pose.swapaxes(1, 2), np.eye(3)[None].repeat(16, 0), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(mean.pose), 1)


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"pose": np.zeros(96), "shape": np.zeros(10), "cam": np.zeros(3)}, "no rotation"),
        ({"pose": np.zeros(48), "shape": np.zeros(10), "cam": np.zeros(3)}, "48, 10, 3"),
        ({"pose": np.zeros(96)}, "shape"),
        ({"pose": np.array([{}], object), "shape": np.zeros(1), "cam": np.zeros(3)}, "pickle"),
    ],
)
def test_what_is_no_mean_is_named(tmp_path, arrays, what):
    path = tmp_path / "mean.npz"
    np.savez(path, **arrays)
    with pytest.raises(MeanParametersError, match=what):
        read_mean_parameters(path)


def test_garbage_and_missing_files_are_named(tmp_path):
    path = tmp_path / "mean.npz"
    with pytest.raises(MeanParametersError, match=r"mean\.npz"):
        read_mean_parameters(path)
    path.write_bytes(b"PK\x03\x04 not really a zip")
    with pytest.raises(MeanParametersError, match=r"mean\.npz"):
        read_mean_parameters(path)
