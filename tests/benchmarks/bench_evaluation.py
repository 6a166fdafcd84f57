"""What one frame costs between the network's answer and the readouts; and evaluating a split."""

import resource
import shutil
import time

import numpy as np
import pytest
import torch
from support_evaluation import write_evaluation

from core.data.opening import open_dataset
from core.evaluation.comparison import compare
from core.evaluation.evaluating import Effort, evaluate
from core.evaluation.exchange import prediction_message, read_prediction
from core.evaluation.identity import RowNames, identify
from core.evaluation.loading import EvaluationFrames, LoadedBatch
from core.evaluation.metrics import measure
from core.evaluation.prediction import Prediction
from core.evaluation.predictor import Predictor
from core.evaluation.store import EvaluationWriter, open_evaluation
from core.files.embedded import default_checkpoint, demo_dataset
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


# Evaluating a split. Other work may run on the cores, so what is asserted is processor time.

FRAMES = 456  # the demo's 76, six times
BATCHES_OF_BARE = 12


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The embedded samples, listed six times."""
    root = tmp_path_factory.mktemp("bench") / "demo"
    shutil.copytree(demo_dataset(), root)
    (root / "train.txt").write_text((root / "train.txt").read_text() * (FRAMES // 76))
    return open_dataset(root, "train", hand_model=load_hand_model())


def bare_s(predictor: Predictor, batch: LoadedBatch) -> float:
    """Processor seconds a frame of the network's forward pass alone."""
    start = time.process_time()
    with torch.inference_mode():
        for _ in range(BATCHES_OF_BARE):
            predictor._network(batch.inputs)
    return (time.process_time() - start) / BATCHES_OF_BARE / len(batch.rows)


def test_the_network_is_the_limit_of_an_evaluation(demo, tmp_path, capsys):
    """This process spends at least 90 % of its time on the forward pass, and those that read and
    measure have less to do than it: with a core of their own they keep up."""
    predictor = Predictor(default_checkpoint(), demo.hand_model, "cpu")
    effort = Effort.usual(predictor.device, batch_size=8, workers=1)
    frames = EvaluationFrames(demo)
    batch = frames.batch(frames.__getitems__(range(8)))
    identity = identify(default_checkpoint(), demo, demo.hand_model)
    bare = [bare_s(predictor, batch)]
    marks: list[tuple[float, float, int]] = []
    with EvaluationWriter(tmp_path, identity, RowNames.of_index(demo)) as writer:
        evaluate(
            writer,
            demo,
            predictor,
            effort=effort,
            listen=lambda told: marks.append((time.process_time(), time.perf_counter(), told.done)),
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    bare.append(bare_s(predictor, batch))
    (cpu, wall, done), (cpu_end, wall_end, done_end) = marks[8], marks[-1]
    own = (cpu_end - cpu) / (done_end - done)
    helpers = (children.ru_utime + children.ru_stime) / FRAMES
    with capsys.disabled():
        print(
            f"\nforward pass alone {1e3 * np.mean(bare):.1f} ms of CPU a frame, this process "
            f"{1e3 * own:.1f}, reading and measuring {1e3 * helpers:.1f}; "
            f"{(done_end - done) / (wall_end - wall):.1f} frames a second, "
            f"the forward pass alone would make {1 / np.mean(bare):.1f} with a free core"
        )
    assert np.mean(bare) / own >= 0.9
    assert helpers < own


@pytest.mark.parametrize("count", [103_462])
def test_a_finished_evaluation_opens_within_300_ms(benchmark, tmp_path, count):
    folder = write_evaluation(tmp_path, sequences=68, pa_mpjpe_mm=np.ones(count, np.float32))

    def look() -> None:
        evaluation = open_evaluation(folder)
        assert evaluation.is_complete and evaluation.column("pa_mpjpe_mm").mean() == 1

    benchmark(look)
    assert benchmark.stats.stats.median < 0.3


def test_comparing_103_462_frames_takes_at_most_3_s_of_cpu(tmp_path, capsys):
    pa_mm = np.random.default_rng(0).gamma(3, 4, 103_462).astype(np.float32)
    one, other = (
        open_evaluation(
            write_evaluation(
                tmp_path, sequences=68, changes={"checkpoint_sha256": name}, pa_mpjpe_mm=values
            )
        )
        for name, values in (("a", pa_mm), ("b", pa_mm + 1))
    )
    start = time.process_time()
    compare(one, other)
    taken = time.process_time() - start
    with capsys.disabled():
        print(f"\ncomparing {len(pa_mm):,} frames: {taken:.2f} s of CPU")
    assert taken < 3
