"""The doctor's view of our own pipeline is the pipeline itself: same numbers, step by step."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from doctor_subjects import healthy_config, healthy_subject
from lightning_fabric import Fabric

from core.data.ho3d.index import open_index
from core.doctor.own.samples import OwnViews, as_sample
from core.doctor.subject import View
from core.files.embedded import demo_dataset
from core.hand.mano_file import load_hand_model
from core.training.crop_dataset import Batch, CropDataset
from core.training.frames import FramesOnDisk, labelled_rows
from core.training.losses import HandLoss
from core.training.optimiser import WeightAverage, make_optimiser
from core.training.schedule import learning_rate
from core.training.step import Stepper

#: Depth is dropped at random in training; two passes would draw differently.
STEADY = "network.drop_depth=0.0"


@pytest.fixture(scope="module")
def frames():
    index = open_index(demo_dataset(), "train", hand_model=load_hand_model())
    return FramesOnDisk(index, labelled_rows(index, range(4)))


def test_a_step_of_the_doctor_is_a_step_of_the_training_loop(frames):
    config = healthy_config(STEADY)
    subject = healthy_subject(changes=(STEADY,))
    made = [CropDataset(frames, None, seed=0)[0, row] for row in range(4)]
    network = subject.network.build(3)
    theirs = copy.deepcopy(network)

    records = list(
        subject.training.train(subject.network, network, [[as_sample(one) for one in made]] * 3)
    )

    fabric = Fabric(accelerator="cpu", devices=1, precision=config.optimisation.precision)
    stepper = Stepper(
        fabric,
        theirs,
        make_optimiser(theirs, config.optimisation),
        WeightAverage(theirs, copy.deepcopy(theirs), 0.0),
        HandLoss(config.loss, theirs),
        config.optimisation,
    )
    feed = iter([Batch.of(made)] * 3)
    for step, record in enumerate(records):
        rate = learning_rate(step, config.run.steps, config.optimisation)
        report = stepper.compute(feed, learning_rate=rate, flags=())
        stepper.update(rate, measure=False)
        assert record.learning_rate == rate
        assert record.loss == pytest.approx(report.loss, rel=1e-4)
        assert record.gradient_norm == pytest.approx(report.gradient_norm, rel=1e-3)
    moved = torch.cat([p.flatten() for p in network.parameters()])
    expected = torch.cat([p.flatten() for p in theirs.parameters()])
    assert float((moved - expected).abs().max()) < 1e-5


def test_a_true_answer_costs_nothing_and_a_wrong_label_does():
    subject = healthy_subject()
    network, batch = subject.network.build(0), subject.samples[:4]
    terms = subject.network.terms(network, subject.network.truth(batch), batch)
    assert {name for name, term in terms.items() if float(term) > 1e-4} == set()
    wrong = [replace(s, joints_mm=s.joints_mm * 1.1) for s in batch]
    terms = subject.network.terms(network, subject.network.truth(batch), wrong)
    assert float(terms["joints_3d"]) > 1e-2


def test_samples_are_what_the_network_normalises_itself(frames):
    made = CropDataset(frames, None, seed=0)[0, 0]
    sample = as_sample(made)
    pixels = sample.image * np.float32((0.229, 0.224, 0.225))[:, None, None]
    pixels += np.float32((0.485, 0.456, 0.406))[:, None, None]
    assert np.abs(pixels.transpose(1, 2, 0) * 255 - made.crop.image).max() < 1e-3


@pytest.mark.parametrize(
    "view",
    [View(kind="rotation", amount=25.0), View(kind="shift_x", amount=0.1),
     View(kind="shift_y", amount=-0.1), View(kind="scale", amount=1.2)],
)  # fmt: skip
def test_a_forced_view_moves_labels_as_its_name_says(frames, view):
    views = OwnViews(frames, range(4), None, 0)
    before, after = views.plain()[1], views.forced(1, view)
    height, width = before.size_px
    size = np.array([width, height])
    middle_px = size / 2
    start, end = ((s.keypoints_norm + 0.5) * size for s in (before, after))
    angle = np.radians(view.amount) if view.kind == "rotation" else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    factor = view.amount if view.kind == "scale" else 1.0
    shift = {"shift_x": (view.amount * width, 0), "shift_y": (0, view.amount * height)}
    expected = (start - middle_px) @ turn.T * factor + middle_px + shift.get(view.kind, (0, 0))
    assert np.abs(end - expected).max() < 1e-6


def test_a_flip_is_none_of_this_pipelines_views(frames):
    assert OwnViews(frames, range(4), None, 0).forced(0, View(kind="flip", amount=1.0)) is None
