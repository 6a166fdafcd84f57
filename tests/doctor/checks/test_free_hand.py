"""Hands fitted to labels: what they leave, on labels whose best fit is known."""

from dataclasses import replace

import numpy as np
import pytest
from doctor_checks import least_subject

from core.doctor.measures.free_hand import HandFitter
from core.doctor.measures.labels import Labels
from core.doctor.subject import Sample
from core.hand.mano_file import load_hand_model
from core.hand.posed_joints import JointModel


@pytest.fixture(scope="module")
def model() -> JointModel:
    return JointModel.of(load_hand_model())


def made_up(model: JointModel, count: int, *, curl_rad: float, seed: int = 0) -> list[Sample]:
    """Samples whose labels are hands of the model, curled and turned at random."""
    generator = np.random.default_rng(seed)
    pose = generator.normal(0, curl_rad, (count, 16, 3))
    pose[:, 0] = generator.normal(0, 1, (count, 3))
    joints = model.joints_mm(pose, generator.normal(0, 0.5, (count, 10))) + [10.0, -20.0, 600.0]
    intrinsics = np.array([[900.0, 0, 96], [0, 900, 128], [0, 0, 1]])
    pixels = joints @ intrinsics.T
    norm = pixels[..., :2] / pixels[..., 2:] / (192, 256) - 0.5
    base = least_subject(has_network=False).samples[0]
    return [
        replace(
            base,
            joints_mm=joints[n],
            keypoints_norm=norm[n],
            intrinsics=intrinsics,
            pose_rad=None,
            betas=None,
        )
        for n in range(count)
    ]


def test_hands_of_the_model_are_found_exactly(model):
    labels = Labels.of(made_up(model, 6, curl_rad=0.25))

    fit = HandFitter(model, labels).fit()

    assert np.median(fit.mean_mm) < 0.3
    assert np.median(fit.mean_px) < 0.3


def test_a_displaced_joint_is_left_where_no_hand_has_it(model):
    samples = made_up(model, 6, curl_rad=0.2)
    for number, sample in enumerate(samples):
        joints = sample.joints_mm.copy()
        joints[4] += [0, 0, 60.0]  # the middle knuckle, out of its palm
        samples[number] = replace(sample, joints_mm=joints)

    fit = HandFitter(model, Labels.of(samples)).fit()

    lengths = np.linalg.norm(fit.errors_mm, axis=-1).mean(0)
    assert lengths.argmax() == 4
    assert lengths[4] > 15


def test_what_is_not_labelled_has_no_say(model):
    whole = made_up(model, 4, curl_rad=0.2)
    partly = [
        replace(
            sample,
            joints_mm=np.where(np.arange(21)[:, None] == 20, 1e6, sample.joints_mm),
            joint_weights=np.where(np.arange(21) == 20, 0.0, 1.0),
        )
        for sample in whole
    ]

    fit = HandFitter(model, Labels.of(partly)).fit()

    assert np.isnan(fit.errors_mm[:, 20]).all()
    assert np.median(fit.mean_mm) < 0.3


def test_a_start_from_the_labelled_pose_only_helps(model):
    labels = Labels.of(made_up(model, 4, curl_rad=0.2))
    fitter = HandFitter(model, labels)
    nonsense = np.random.default_rng(5).normal(0, 2, (4, 16, 3))

    first = fitter.fit()
    better = first.better(fitter.fit(nonsense))

    assert (better.mean_mm + better.mean_px <= first.mean_mm + first.mean_px + 1e-9).all()
