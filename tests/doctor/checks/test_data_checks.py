"""The data's checks: every planted fault is named first, and what is healthy stays silent."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest
from doctor_plants.augmentation_plants import AUGMENTATION_PLANTS, right_flip
from doctor_plants.data_plants import PLANTS
from doctor_plants.everywhere import everywhere
from doctor_plants.pixel_plants import PIXEL_PLANTS
from doctor_plants.plant import Plant
from doctor_subjects import healthy_subject

from core.doctor.checks import (
    augmentation,
    input,
    joint_order,
    mano_fit,
    reprojection,
    scale,
    targets,
)
from core.doctor.measures.mending import map_samples
from core.doctor.runner import examine
from core.doctor.subject import Sample, Subject, View
from core.hand.mano_file import load_hand_model
from core.hand.posed_joints import JointModel

LABEL_CHECKS = (
    targets.CHECK,
    scale.CHECK,
    joint_order.CHECK,
    mano_fit.CHECK,
    reprojection.CHECK,
)
DATA_CHECKS = (input.CHECK, *LABEL_CHECKS, augmentation.CHECK)


@cache
def healthy(frames: int = 16, noise_mm: float = 0.0, seed: int = 0) -> Subject:
    """A healthy subject whose views are made once for all tests.

    Its arrays are read-only, so that no plant and no check can change it for the tests to come.
    """
    subject = healthy_subject(seed, frames=frames, noise_mm=noise_mm, has_network=False)
    samples = tuple(map(_read_only, subject.samples))
    views: dict[tuple[int, View], Sample | None] = {}

    def forced(row: int, view: View) -> Sample | None:
        if (row, view) not in views:
            sample = subject.forced(row, view)
            views[row, view] = None if sample is None else _read_only(sample)
        return views[row, view]

    drawn = subject.worker_views(3)
    return replace(subject, samples=samples, forced=forced, worker_views=lambda count: drawn)


def _read_only(sample: Sample) -> Sample:
    """The sample with copies of its arrays that cannot be written to."""
    arrays = {
        field.name: np.array(value)
        for field in fields(sample)
        if isinstance(value := getattr(sample, field.name), np.ndarray)
    }
    for array in arrays.values():
        array.flags.writeable = False
    return replace(sample, **arrays)


def causes_of(subject: Subject, checks=DATA_CHECKS) -> list[str]:
    """Named causes, the most probable first; no check may have crashed."""
    examination = examine(subject, checks)
    crashed = [f.outcome.detail for f in examination.findings if f.outcome.reason == "crashed"]
    assert not crashed
    return [cause.named.cause for cause in examination.causes]


def _checks_of(plant: Plant) -> tuple:
    """Those of its kind: the slow tests run all of them on every plant."""
    if plant in PIXEL_PLANTS:
        return (input.CHECK,)
    return DATA_CHECKS[1:] if plant in AUGMENTATION_PLANTS else LABEL_CHECKS


_FIRST_OF_CAUSE = {plant.cause: plant for plant in reversed(PLANTS)}.values()
#: Registering pictures takes a second a plant, so one per kind of change goes every time.
_SLOW = {"rotation_not_on_pose", "rotation_not_on_2d", "camera_stays", "colour_shakes_labels"}
#: What the doctor names wrongly, and so says docs/doctor_suite.md.
_MISSED = {"lens_not_undone": "a lens that shrinks the rim looks like a box read too large"}


@pytest.mark.parametrize(
    "plant",
    [
        # One of each cause every time; its variants with the slow tests, for half a minute more.
        pytest.param(plant, marks=pytest.mark.xfail(strict=True, reason=_MISSED[plant.id]))
        if plant.id in _MISSED
        else plant
        if plant in _FIRST_OF_CAUSE and plant.id not in _SLOW
        else pytest.param(plant, marks=pytest.mark.slow)
        for plant in PLANTS
    ],
    ids=lambda plant: plant.id,
)
def test_a_planted_fault_is_named_first(plant: Plant) -> None:
    causes = causes_of(plant.apply(healthy(), 0), _checks_of(plant))
    assert causes, "nothing was named"
    assert causes[0] in {plant.cause} | plant.accept


@pytest.mark.slow  # every plant on noisy labels and other random numbers, some minutes
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(5))
def test_planted_faults_are_named_under_noise(seed: int) -> None:
    subject = healthy(32, 6.0 if seed else 0.0, seed)
    missed = [
        (plant.id, causes[:2])
        for plant in PLANTS
        if not (causes := causes_of(plant.apply(subject, seed)))
        or causes[0] not in {plant.cause} | plant.accept
    ]
    assert len(missed) <= 0.05 * len(PLANTS), missed  # as many as the doctor's own aim allows


@pytest.mark.parametrize(
    "frames, noise_mm",
    [
        (12, 6.0),
        # The others, up to two seconds each, with the slow tests.
        *(
            pytest.param(frames, noise_mm, marks=pytest.mark.slow)
            for frames, noise_mm in ((12, 0.0), (12, 2.0), (32, 0.0), (32, 2.0), (32, 6.0))
        ),
    ],
)
def test_healthy_data_stay_silent(frames: int, noise_mm: float) -> None:
    subject = healthy(frames, noise_mm, seed=frames)
    examination = examine(subject, DATA_CHECKS)
    assert not examination.causes
    assert all(finding.outcome.readings for finding in examination.findings)


def _noisy_joints(subject: Subject) -> Subject:
    """3D labels with 6 mm of noise that the 2D labels do not have."""
    rng = np.random.default_rng(0)
    return replace(
        subject,
        samples=tuple(
            replace(sample, joints_mm=sample.joints_mm + rng.normal(0, 6, (21, 3)))
            for sample in subject.samples
        ),
    )


def _other_tips(subject: Subject) -> Subject:
    """Joints by another convention of fingertips."""
    model = JointModel.of(load_hand_model(fingertips="manopth"))

    def change(sample: Sample) -> Sample:
        joints = model.joints_mm(sample.pose_rad[None], sample.betas[None])[0]
        return replace(sample, joints_mm=joints + sample.joints_mm[:1])

    return map_samples(subject, change)


def _other_betas(subject: Subject) -> Subject:
    off = np.random.default_rng(0).normal(0, 0.7, 10)
    return map_samples(subject, lambda sample: replace(sample, betas=sample.betas + off))


def _unlabelled_rubbish(sample: Sample) -> Sample:
    """Values of confidence 0 are nobody's business."""
    at = [3, 7, 16]
    joints, keypoints = np.array(sample.joints_mm), np.array(sample.keypoints_norm)
    weights = np.ones(21)
    joints[at], keypoints[at], weights[at] = np.nan, -2.0, 0.0
    return replace(
        sample,
        joints_mm=joints,
        keypoints_norm=keypoints,
        joint_weights=weights,
        keypoint_weights=weights,
    )


def _wrist_alone(sample: Sample) -> Sample:
    only = np.eye(21)[0]
    return replace(
        sample,
        joints_mm=sample.joints_mm * only[:, None],
        joint_weights=only,
        keypoint_weights=only,
        pose_rad=None,
        betas=None,
    )


def _some_wrists_alone(subject: Subject) -> Subject:
    samples = [
        _wrist_alone(sample) if row % 3 == 0 else sample
        for row, sample in enumerate(subject.samples)
    ]
    return replace(subject, samples=tuple(samples))


def _grey(sample: Sample) -> Sample:
    return replace(sample, image=np.repeat(sample.image[:1], 3, axis=0))


TOLERATED = {
    "noise of 3D alone": _noisy_joints,
    "other fingertips": _other_tips,
    "other betas": _other_betas,
    "rubbish without confidence": lambda s: map_samples(s, _unlabelled_rubbish),
    "some wrists alone": _some_wrists_alone,
    "grey pictures": lambda s: map_samples(s, _grey),
    "a flip that mirrors everything": lambda s: right_flip(s, 0),
    "wrist-relative joints": lambda s: map_samples(
        s, lambda one: replace(one, joints_mm=one.joints_mm - one.joints_mm[:1])
    ),
    "no MANO labels": lambda s: map_samples(
        s, lambda one: replace(one, pose_rad=None, betas=None)
    ),
    "no augmentation": lambda s: replace(s, forced=None, worker_views=None),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLERATED)
def test_what_a_pipeline_may_do_is_no_fault(name: str) -> None:
    checks = DATA_CHECKS if name == "a flip that mirrors everything" else DATA_CHECKS[:-1]
    assert causes_of(TOLERATED[name](healthy()), checks) == []


PAIRS = (
    ("metres", "thumb_first"),
    ("opengl", "mean_not_added"),
    ("bgr", "focal_over_size"),
    ("square", "rotation_2d_only"),
    ("nan_joints", "x_from_the_right"),
    ("tips_pinky_first", "world"),
    ("mean_not_added", "world_per_sequence"),
    ("pixels", "intrinsics_of_photo"),
    ("black_some", "labels_stuck"),
    ("opengl_joints", "root_only"),
    ("one_label", "root_only"),
    ("root_broadcast", "minus_one_to_one"),
    ("root_broadcast", "shift_y_forgotten"),
    ("root_only", "box_scale_small"),
    ("sentinels_3d", "no_confidence"),
    ("opengl_projected", "shift_y_forgotten"),
    ("principal_point_of_photo", "x_from_the_right"),
    ("mirrored_x", "left_hands"),
    ("mirrored_x", "world_per_sequence"),
)


@pytest.mark.parametrize("first, second", PAIRS)
def test_two_faults_are_both_named(first: str, second: str) -> None:
    plants = {plant.id: plant for plant in PLANTS}
    subject = plants[second].apply(plants[first].apply(healthy(), 0), 1)
    of_both = {*_checks_of(plants[first]), *_checks_of(plants[second])}
    causes = causes_of(subject, [check for check in DATA_CHECKS if check in of_both])
    assert {plants[first].cause, plants[second].cause} <= set(causes)


def test_a_mended_subject_is_the_healthy_one() -> None:
    """What is undone in thought is undone in views too, to the last digit."""
    plants = {plant.id: plant for plant in PLANTS}
    for name in ("metres", "centimetres", "thumb_first", "from_corner", "opengl", "pca"):
        sick = plants[name].apply(healthy(), 0)
        finding = next(
            f for f in examine(sick, LABEL_CHECKS).findings if f.outcome.named
        )  # fmt: skip
        mended = finding.outcome.named[0].mend(sick)
        for row in (0, 5):
            view = View(kind="rotation", amount=25.0)
            for got, wanted in (
                (mended.samples[row], healthy().samples[row]),
                (mended.forced(row, view), healthy().forced(row, view)),
            ):
                np.testing.assert_allclose(got.joints_mm, wanted.joints_mm, atol=1e-6)
                np.testing.assert_allclose(got.keypoints_norm, wanted.keypoints_norm, atol=1e-9)
                np.testing.assert_allclose(got.pose_rad, wanted.pose_rad, atol=1e-6)


def test_odd_data_are_findings_and_no_errors() -> None:
    """Nothing but NaN, zeros, flat pictures, one sample: a verdict or a reason, never a crash."""
    base = replace(healthy(), samples=healthy().samples[:4], forced=None)
    nan = np.full((21, 3), np.nan)
    for change in (
        lambda s: replace(s, joints_mm=nan, keypoints_norm=nan[:, :2]),
        lambda s: replace(s, joints_mm=nan * 0 + 0, keypoints_norm=np.zeros((21, 2))),
        lambda s: replace(s, image=np.full_like(s.image, np.nan)),
        lambda s: replace(s, intrinsics=np.zeros((3, 3))),
        lambda s: replace(s, pose_rad=np.full((16, 3), np.nan)),
    ):
        causes_of(everywhere(change)(base, 0))
    causes_of(replace(base, samples=base.samples[:1]))


def test_a_named_cause_shows_where() -> None:
    plant = next(plant for plant in PLANTS if plant.id == "black_some")
    finding = examine(plant.apply(healthy(), 0), (input.CHECK,)).findings[0]
    names = {sample.name for sample in healthy().samples}
    assert len(finding.outcome.named[0].where) == 4
    assert set(finding.outcome.named[0].where) < names
