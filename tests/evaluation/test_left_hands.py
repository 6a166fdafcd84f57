"""Left hands: seen mirrored, as right ones, and mirrored back; one transform does both."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.conventions import CROP_SIZE_PX
from core.data.crops import crop_input
from core.data.frame import Frame, FrameId, HandLabel
from core.evaluation.exchange import prediction_message, read_prediction
from core.evaluation.predictor import Predictor
from core.evaluation.truth import true_hand
from core.files.checkpoint_card import CheckpointCard
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint
from core.network.utnet import UTNet
from core.network_config import NetworkConfig
from core.training.crop_dataset import training_sample
from core.training.frames import LabelTable

WIDTH, HEIGHT = 320, 240
CAMERA = Camera(np.array([[300.0, 0, 150.0], [0, 310.0, 118.0], [0, 0, 1]]))
MIRRORED_CAMERA = Camera(np.array([[300.0, 0, WIDTH - 1 - 150.0], [0, 310.0, 118.0], [0, 0, 1]]))
MIRROR = np.array([-1.0, 1, 1])


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


@pytest.fixture(scope="module")
def right(model) -> Frame:
    rng = np.random.default_rng(3)
    pose = rng.normal(size=48) * 0.3
    mano = ManoParameters(pose[:3], pose[3:], rng.normal(size=10), np.array([30.0, -20, 500]))
    image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    depth_mm = cv2.GaussianBlur(rng.uniform(400, 600, (HEIGHT, WIDTH)), (0, 0), 5)
    hand = HandLabel(joints_mm=model.pose(mano).joints_mm, mano=mano)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    return Frame(FrameId("S", "0"), image, CAMERA, depth_mm.astype(np.float32), hand=hand)


@pytest.fixture(scope="module")
def left(right) -> Frame:
    """The same scene in a mirror, written down without the code under test."""
    hand, sign = right.hand, np.array([1.0, -1, -1])
    mano = ManoParameters(
        hand.mano.global_orient_rad * sign,
        (hand.mano.hand_pose_rad.reshape(15, 3) * sign).ravel(),
        hand.mano.betas,
        hand.mano.wrist_mm * MIRROR,
    )
    label = HandLabel(joints_mm=hand.joints_mm * MIRROR, mano=mano, is_right=False)
    mirrored = np.ascontiguousarray(right.image[:, ::-1])
    depth_mm = np.ascontiguousarray(right.depth_mm[:, ::-1])
    return Frame(FrameId("S", "0"), mirrored, MIRRORED_CAMERA, depth_mm, hand=label)


@pytest.fixture(scope="module")
def predictor(model, tmp_path_factory) -> Predictor:
    torch.manual_seed(0)
    network = UTNet(NetworkConfig(size="tiny"), model)
    with torch.no_grad():
        for decoder in (network.decode_orient, network.decode_finger, network.decode_shape):
            decoder.weight.mul_(30)
    path = tmp_path_factory.mktemp("checkpoint") / "random.safetensors"
    save_checkpoint(path, network, card=CheckpointCard("random", "nothing", {}))
    return Predictor(path, model, "cpu")


def test_the_left_hand_model_poses_the_mirrored_hand(model, right, left):
    other = model.of_side(False)
    assert not other.is_right and other.name == "stand-in, mirrored"
    assert model.of_side(True) is model
    posed, mirrored = model.pose(right.hand.mano), other.pose(left.hand.mano)
    np.testing.assert_allclose(mirrored.vertices_mm, posed.vertices_mm * MIRROR, atol=1e-9)
    np.testing.assert_allclose(mirrored.joints_mm, posed.joints_mm * MIRROR, atol=1e-9)
    same = right.hand.mano.mirrored()
    np.testing.assert_allclose(same.hand_pose_rad, left.hand.mano.hand_pose_rad)
    # Faces look outwards on both sides: the volume that they enclose is positive on both.
    for side in (model, other):
        a, b, c = side.template_m[side.faces].transpose(1, 0, 2)
        assert np.einsum("fi,fi->", a, np.cross(b, c)) > 0


@pytest.mark.parametrize("rotation_rad", [0.0, 0.7])
def test_a_mirrored_crop_moves_pixels_camera_and_points_alike(right, rotation_rad):
    transform = CropTransform((140.0, 100.0), 150.0, rotation_rad, is_mirrored=True)
    joints_mm = right.hand.joints_mm
    expected = transform.keypoints(CAMERA.project(joints_mm))
    seen = transform.camera(CAMERA).project(transform.points(joints_mm))
    np.testing.assert_allclose(seen, expected, atol=1e-9)
    np.testing.assert_allclose(transform.points_to_photo(transform.points(joints_mm)), joints_mm)
    plain = replace(transform, is_mirrored=False, rotation_rad=-rotation_rad)
    # A mirrored crop is the mirror image of the plain one, turned the other way.
    flipped = plain.keypoints(CAMERA.project(joints_mm)) * [-1, 1] + [CROP_SIZE_PX[1], 0]
    np.testing.assert_allclose(expected, flipped, atol=1e-9)


def test_a_mirrored_picture_gives_the_mirrored_prediction(predictor, right, left, model):
    crops = [crop_input(frame, frame.crop()) for frame in (right, left)]
    np.testing.assert_array_equal(crops[0].image, crops[1].image)
    np.testing.assert_allclose(crops[0].intrinsics, crops[1].intrinsics, atol=1e-9)
    one, other = (predictor.predict([crop])[0] for crop in crops)
    assert one.is_right and not other.is_right
    np.testing.assert_allclose(other.joints_mm, one.joints_mm * MIRROR, atol=1e-4)
    np.testing.assert_allclose(other.vertices_mm, one.vertices_mm * MIRROR, atol=1e-4)
    np.testing.assert_allclose(
        other.keypoints_px, one.keypoints_px * [-1, 1] + [WIDTH - 1, 0], atol=1e-4
    )
    posed = model.of_side(False).pose(other.mano)  # its parameters are a left hand's
    np.testing.assert_allclose(posed.vertices_mm, other.vertices_mm, atol=1e-2)
    again = read_prediction(prediction_message("prediction", other))
    assert not again.is_right


def test_training_sees_the_right_hand_in_both(right, left):
    samples = [training_sample(frame, crop_input(frame, frame.crop())) for frame in (right, left)]
    for name in ("keypoints_norm", "joints_mm", "rotations", "betas"):
        one, other = (getattr(sample, name) for sample in samples)
        np.testing.assert_allclose(other, one, atol=1e-9)


def test_the_side_survives_the_table_of_labels(left, model):
    table = LabelTable.of([0], [left], left_out=0)
    assert table.frame(0, left.frame_id).is_left
    truth = true_hand(left, model)
    np.testing.assert_allclose(truth.joints_mm, left.hand.joints_mm)
    assert np.abs(truth.vertices_mm.mean(0) - truth.joints_mm.mean(0)).max() < 30
