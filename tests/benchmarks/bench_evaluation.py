"""What one frame costs between the network's answer and the readouts, in the window's process."""

import numpy as np
import pytest

from core.evaluation.exchange import prediction_message, read_prediction
from core.evaluation.metrics import measure
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform
from core.hand.hand_model import HandMesh, ManoParameters
from core.hand.mano_file import load_hand_model
from core.messages import MessageReader, encode

pytestmark = pytest.mark.benchmark

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))


def make_hands() -> tuple[HandMesh, Prediction]:
    model, rng = load_hand_model(), np.random.default_rng(0)
    wrist_mm = np.array([10.0, 20.0, 600.0])
    pose = rng.normal(0, 0.3, 45)
    truth = model.pose(ManoParameters(rng.normal(size=3), pose, rng.normal(size=10), wrist_mm))
    mano = ManoParameters(rng.normal(size=3), pose + 0.1, rng.normal(size=10), wrist_mm)
    mesh = model.pose(mano)
    prediction = Prediction(
        keypoints_norm=np.zeros((21, 2)),
        keypoints_px=CAMERA.project(mesh.joints_mm),
        joints_mm=mesh.joints_mm,
        vertices_mm=mesh.vertices_mm,
        mano=mano,
        camera_sxy=np.zeros(3),
        crop=CropTransform((320.0, 240.0), 200.0),
        coarse_joints_mm=mesh.joints_mm,
    )
    return truth, prediction


def test_measuring_a_frame_takes_at_most_6_ms(benchmark):
    truth, prediction = make_hands()
    benchmark(measure, CAMERA, truth.joints_mm, truth.vertices_mm, prediction)
    assert benchmark.stats.stats.median < 6e-3


def test_reading_an_answer_takes_at_most_3_ms(benchmark):
    data = encode(prediction_message("prediction", make_hands()[1], id=1))
    benchmark(lambda: [read_prediction(message) for message in MessageReader().feed(data)])
    assert benchmark.stats.stats.median < 3e-3
