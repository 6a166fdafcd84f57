"""The predictor: from the crop's turned camera back to the photo's, batches, devices, errors."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from core.conventions import WRIST
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame, FrameId
from core.evaluation.prediction import Prediction
from core.evaluation.predictor import OutOfMemoryError, Predictor, choose_device
from core.files.checkpoint_card import CheckpointCard, CheckpointError
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform, normalise_keypoints
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint
from core.network.utnet import UTNet
from core.network_config import NetworkConfig

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))
TRANSFORM = CropTransform((350.0, 210.0), 180.0, rotation_rad=0.4)


@pytest.fixture(scope="module")
def hand_model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def checkpoint(hand_model, tmp_path_factory) -> Path:
    torch.manual_seed(0)
    network = UTNet(NetworkConfig(size="tiny"), hand_model)
    with torch.no_grad():  # away from the mean hand
        for decoder in (network.decode_orient, network.decode_finger, network.decode_shape):
            decoder.weight.mul_(30)
    path = tmp_path_factory.mktemp("checkpoint") / "random.safetensors"
    card = CheckpointCard("random", trained_on="nothing", held_out={"pa_mpjpe_mm": 12.34})
    save_checkpoint(path, network, card=card)
    return path


@pytest.fixture(scope="module")
def predictor(checkpoint, hand_model) -> Predictor:
    return Predictor(checkpoint, hand_model, "cpu")


@pytest.fixture(scope="module")
def crops() -> list[CropInput]:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (480, 640, 3), np.uint8), (0, 0), 9)
    depth = np.full((480, 640), 600, np.float32)
    rgbd = Frame(FrameId("S", "0"), image, CAMERA, depth_mm=depth)
    rgb = replace(rgbd, depth_mm=None)
    return [crop_input(rgbd, TRANSFORM), crop_input(rgb, replace(TRANSFORM, rotation_rad=-1.0))]


@pytest.fixture(scope="module")
def predictions(predictor, crops) -> list[Prediction]:
    return predictor.predict(crops)


def test_3d_projects_onto_the_photos_keypoints(predictions):
    """By OpenCV, in the photo's own camera: the turn of the crop is undone on both sides."""
    for prediction in predictions:
        projected, _ = cv2.projectPoints(
            prediction.joints_mm, np.zeros(3), np.zeros(3), CAMERA.intrinsics, None
        )
        assert np.abs(projected[:, 0] - prediction.keypoints_px).max() < 0.02


def test_keypoints_px_are_the_normalised_ones_through_the_crop(predictions):
    for prediction in predictions:
        back = normalise_keypoints(prediction.crop.keypoints(prediction.keypoints_px))
        np.testing.assert_allclose(back, prediction.keypoints_norm, atol=1e-6)


def test_the_parameters_pose_the_same_hand_in_the_photos_camera(predictions, hand_model):
    for prediction in predictions:
        mesh = hand_model.pose(prediction.mano)
        np.testing.assert_allclose(mesh.joints_mm, prediction.joints_mm, atol=0.01)
        np.testing.assert_allclose(mesh.vertices_mm, prediction.vertices_mm, atol=0.01)
        np.testing.assert_array_equal(prediction.mano.wrist_mm, prediction.joints_mm[WRIST])


def test_a_batch_answers_as_single_crops_do(predictor, crops, predictions):
    for crop, together in zip(crops, predictions, strict=True):
        (alone,) = predictor.predict([crop])
        np.testing.assert_allclose(alone.joints_mm, together.joints_mm, atol=0.01)
        assert alone.crop == crop.transform
    assert predictor.predict([]) == []


def test_it_says_whether_depth_was_used_and_how_long_it_took(predictions):
    assert [prediction.used_depth for prediction in predictions] == [True, False]
    assert all(prediction.duration_ms > 0 for prediction in predictions)


def test_it_says_what_the_checkpoint_is(predictor):
    assert (predictor.device_name, predictor.model_name) == ("cpu", "random")
    assert "trained on: nothing" in predictor.note
    assert "pa_mpjpe_mm 12.34" in predictor.note


def test_another_hand_model_than_the_weights_were_trained_with_is_said(checkpoint, hand_model):
    other = replace(hand_model, name="MANO (mine.pkl)")
    note = Predictor(checkpoint, other, "cpu").note
    assert "MANO (mine.pkl) is in use" in note


def test_garbage_is_no_checkpoint(tmp_path, hand_model):
    path = tmp_path / "garbage.safetensors"
    path.write_bytes(b"not a checkpoint" * 100)
    with pytest.raises(CheckpointError, match=r"garbage\.safetensors"):
        Predictor(path, hand_model, "cpu")


def test_a_device_that_is_not_there_is_an_error_and_auto_is_not():
    with pytest.raises(ValueError, match="cannot be used here"):
        choose_device("cuda:99")
    with pytest.raises(ValueError, match="cannot be used here"):
        choose_device("toaster")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory"
        ),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_an_error_of_its_own(predictor, crops, monkeypatch, error):
    def forward(_):
        raise error

    monkeypatch.setattr(predictor, "_network", forward)
    with pytest.raises(OutOfMemoryError, match="smaller checkpoint"):
        predictor.predict(crops)


def test_other_errors_keep_their_name(predictor, crops, monkeypatch):
    def forward(_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(predictor, "_network", forward)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        predictor.predict(crops)
