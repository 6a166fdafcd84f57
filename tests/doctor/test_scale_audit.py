"""The scale audit: silent over a healthy pipeline, and each planted fault is found and named."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ho3d_tree import picture

from core.conventions import CROP_SIZE_PX
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame, FrameId, HandLabel
from core.doctor.audit.check import Outcome, Verdict
from core.doctor.audit.samples import AuditSample
from core.doctor.audit.scale_audit import CHECKS, audit
from core.doctor.measures.factors import LENGTH_FACTORS, name_factor
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import denormalise_keypoints, normalise_keypoints
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))
LABEL_IDS = {check.id for check in CHECKS if not check.needs_prediction}
HEIGHT, WIDTH = CROP_SIZE_PX


def make_sample(seed: int) -> AuditSample:
    """A healthy sample of a random hand, with a prediction that errs as networks do."""
    rng = np.random.default_rng(seed)
    model = load_hand_model()
    wrist = np.array([rng.normal(0, 40), rng.normal(0, 40), rng.uniform(450, 750)])
    parameters = ManoParameters(
        rng.normal(0, 1, 3), rng.normal(0, 0.3, 45), rng.normal(0, 1, 10), wrist
    )
    joints_mm = model.pose(parameters).joints_mm
    frame = Frame(FrameId("S", str(seed)), picture(seed=seed), CAMERA, hand=HandLabel(joints_mm))
    transform = frame.crop()
    keypoints_px = CAMERA.project(joints_mm)
    sample = AuditSample(
        name=str(seed),
        camera=CAMERA,
        crop=crop_input(frame, transform),
        joints_mm=joints_mm,
        keypoints_px=keypoints_px,
        keypoints_norm=normalise_keypoints(transform.keypoints(keypoints_px)),
    )
    wrong = ManoParameters(
        parameters.global_orient_rad + rng.normal(0, 0.2, 3),
        parameters.hand_pose_rad + rng.normal(0, 0.2, 45),
        np.zeros(10),
        wrist * rng.uniform(0.9, 1.1),
    )
    return replace(sample, prediction=predict(sample, model.pose(wrong).joints_mm))


def predict(sample: AuditSample, joints_mm: np.ndarray) -> Prediction:
    keypoints_px = CAMERA.project(joints_mm)
    transform = sample.crop.transform
    return Prediction(
        keypoints_norm=normalise_keypoints(transform.keypoints(keypoints_px)),
        keypoints_px=keypoints_px,
        joints_mm=joints_mm,
        vertices_mm=np.zeros((778, 3)),
        mano=ManoParameters(np.zeros(3), np.zeros(45), np.zeros(10), joints_mm[0]),
        camera_sxy=np.zeros(3),
        crop=transform,
    )


@pytest.fixture(scope="module")
def healthy() -> list[AuditSample]:
    return [make_sample(seed) for seed in range(6)]


def outcomes(samples: list[AuditSample]) -> dict[str, Outcome]:
    return {finding.check.id: finding.outcome for finding in audit(samples)}


def faults(samples: list[AuditSample]) -> set[str]:
    return {name for name, o in outcomes(samples).items() if o.verdict is Verdict.FAULT}


def of_prediction(change: Callable[[Prediction], Prediction]) -> Callable:
    return lambda sample: replace(sample, prediction=change(sample.prediction))


def of_crop(change: Callable[[CropInput], CropInput]) -> Callable:
    return lambda sample: replace(sample, crop=change(sample.crop))


# Healthy: silent, and with numbers.


def test_a_healthy_pipeline_passes_every_check_with_numbers(healthy):
    for name, outcome in outcomes(healthy).items():
        assert outcome.verdict is Verdict.PASS, (name, outcome)
        assert outcome.measured, name
        assert np.isfinite(list(outcome.measured.values())).all(), name


def test_a_healthy_pipeline_measures_what_is_so(healthy):
    found = outcomes(healthy)
    divisors = found["label_normalisation"].measured
    assert divisors["x_divisor_px"] == pytest.approx(192)
    assert divisors["y_divisor_px"] == pytest.approx(256)
    assert divisors["x_offset"] == pytest.approx(-0.5)
    assert found["label_2d_range"].measured["share_inside"] == 1
    assert found["prediction_3d_units"].measured["ratio"] == pytest.approx(1, abs=0.15)
    assert found["projection"].measured["crop_px"] < 1e-6


def test_a_turned_crop_is_no_fault():
    sample = make_sample(3)
    turned = replace(sample.crop.transform, rotation_rad=0.5)
    crop = replace(sample.crop, transform=turned, intrinsics=turned.camera(CAMERA).intrinsics)
    norm = normalise_keypoints(turned.keypoints(sample.keypoints_px))
    sample = replace(sample, crop=crop, keypoints_norm=norm, prediction=None)
    assert outcomes([sample])["projection"].verdict is Verdict.PASS


def test_without_a_network_its_checks_are_not_tested_and_not_passed(healthy):
    found = outcomes([replace(sample, prediction=None) for sample in healthy])
    for name, outcome in found.items():
        expected = Verdict.PASS if name in LABEL_IDS else Verdict.NOT_TESTED
        assert outcome.verdict is expected, name
        assert bool(outcome.measured) == (expected is Verdict.PASS), name


def test_without_samples_nothing_is_tested():
    assert {outcome.verdict for outcome in outcomes([]).values()} == {Verdict.NOT_TESTED}


def test_a_verdict_without_a_number_cannot_be_made():
    with pytest.raises(ValueError, match="without a number"):
        Outcome(Verdict.PASS)


# Planted faults: (what breaks a sample, the checks that must say so, a word they must say).


def x_by_256(norm: np.ndarray) -> np.ndarray:
    return denormalise_keypoints(norm) / (HEIGHT, HEIGHT) - 0.5


def small_focal(norm: np.ndarray) -> np.ndarray:
    """The focal length divided by the image size while the principal point stays in pixels."""
    return norm / (WIDTH, HEIGHT)


def scaled_focal(crop: CropInput) -> CropInput:
    intrinsics = crop.intrinsics.copy()
    intrinsics[0, 0] /= WIDTH
    intrinsics[1, 1] /= HEIGHT
    return replace(crop, intrinsics=intrinsics)


def in_metres(prediction: Prediction) -> Prediction:
    return replace(prediction, joints_mm=prediction.joints_mm / 1000)


def in_opengl(sample: AuditSample) -> AuditSample:
    joints_mm = sample.joints_mm * (1, -1, -1)
    return replace(sample, joints_mm=joints_mm, keypoints_px=CAMERA.project(joints_mm))


FAULTS = {
    "labels in metres": (
        lambda s: replace(s, joints_mm=s.joints_mm / 1000),
        "label_3d_units",
        "metres",
    ),
    "labels in centimetres": (
        lambda s: replace(s, joints_mm=s.joints_mm / 10),
        "label_3d_units",
        "centimetres",
    ),
    "labels' x by 256": (
        lambda s: replace(s, keypoints_norm=x_by_256(s.keypoints_norm)),
        "label_normalisation",
        r"x was divided by 256, not 192: by the other axis' size",
    ),
    "labels that span 0 to 1": (
        lambda s: replace(s, keypoints_norm=s.keypoints_norm + 0.5),
        "label_normalisation",
        "x is offset by",
    ),
    "labels in pixels": (
        lambda s: replace(s, keypoints_norm=denormalise_keypoints(s.keypoints_norm)),
        "label_2d_range",
        "not normalised",
    ),
    "labels in OpenGL axes": (in_opengl, "projection", "behind the camera"),
    "crop's focal length divided by the image size": (
        of_crop(scaled_focal),
        "projection",
        "divided by the image size",
    ),
    "crop's intrinsics are the photo's": (
        of_crop(lambda crop: replace(crop, intrinsics=CAMERA.intrinsics)),
        "projection",
        "do not follow the crop",
    ),
    "2D labels shifted": (
        lambda s: replace(s, keypoints_px=s.keypoints_px + 5),
        "projection",
        "not where the 3D labels project",
    ),
    "black crops": (
        of_crop(lambda crop: replace(crop, image=np.zeros_like(crop.image))),
        "pixels",
        "black",
    ),
    "network in metres": (of_prediction(in_metres), "prediction_3d_units", "metres"),
    "network divides x by 256": (
        of_prediction(lambda p: replace(p, keypoints_norm=x_by_256(p.keypoints_norm))),
        "prediction_normalisation",
        "x was divided by 256, not 192",
    ),
    "network's focal length divided by the image size": (
        of_prediction(lambda p: replace(p, keypoints_norm=small_focal(p.keypoints_norm))),
        "spread_2d",
        "divided by the image size",
    ),
    "network's 2D in pixels": (
        of_prediction(lambda p: replace(p, keypoints_norm=denormalise_keypoints(p.keypoints_norm))),
        "prediction_2d_range",
        "outside of the crop",
    ),
    "network's 2D is not its 3D": (
        of_prediction(lambda p: replace(p, keypoints_norm=p.keypoints_norm + 0.1)),
        "reprojection",
        "part by",
    ),
    "network answers NaN": (
        of_prediction(lambda p: replace(p, joints_mm=np.full((21, 3), np.nan))),
        "prediction_3d_units",
        "no number",
    ),
    "network answers zeros": (
        of_prediction(lambda p: replace(p, joints_mm=np.zeros((21, 3)))),
        "prediction_3d_units",
        "0 times",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_and_named(healthy, name):
    plant, expected, word = FAULTS[name]
    broken = [plant(sample) for sample in healthy]
    assert expected in faults(broken)
    assert word in outcomes(broken)[expected].explanation


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("network")])
def test_a_fault_of_the_network_is_not_blamed_on_the_labels(healthy, name):
    plant, _, _ = FAULTS[name]
    assert not faults([plant(sample) for sample in healthy]) & LABEL_IDS


def test_a_network_that_is_merely_poor_is_warned_of_and_not_accused(healthy):
    """Its 2D is drawn together towards the middle, as before a network has learned."""
    poor = [
        replace(s, prediction=replace(s.prediction, keypoints_norm=s.keypoints_norm * (1, 0.66)))
        for s in healthy
    ]
    outcome = outcomes(poor)["spread_2d"]
    assert outcome.verdict is Verdict.WARNING
    assert "y: 0.66 times the labels' spread: no known factor" in outcome.explanation
    assert "x:" not in outcome.explanation


def test_one_frame_that_is_not_a_number_is_enough(healthy):
    plant, _, _ = FAULTS["network answers NaN"]
    assert "prediction_3d_units" in faults([plant(healthy[0]), *healthy[1:]])


@pytest.mark.parametrize(
    ("factor", "word"), [(0.00112, "metres"), (0.093, "centimetres"), (0.5, None), (0.0, None)]
)
def test_a_factor_is_named_only_near_a_known_one(factor, word):
    name = name_factor(factor, LENGTH_FACTORS)
    assert name is None if word is None else name.startswith(word)
