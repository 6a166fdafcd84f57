"""Every fault of training, metric and runs is named first; healthy ones are silent."""

from dataclasses import replace

import pytest
from doctor_plants.training_plants import PLANTS
from doctor_runs import healthy_run
from doctor_toy import toy_subject

from core.doctor.check import Tier, Verdict
from core.doctor.checks import (
    clipping,
    learning_rate,
    metric,
    overfit_one_batch,
    precision,
    run_trend,
)
from core.doctor.examination import Examination
from core.doctor.runner import examine
from core.doctor.subject import Evaluation, MetricAccess, Subject

CHECKS = (
    clipping.CHECK,
    learning_rate.CHECK,
    precision.CHECK,
    overfit_one_batch.CHECK,
    metric.CHECK,
    run_trend.CHECK,
)
RUNS = [plant for plant in PLANTS if plant.id.startswith("run_")]
#: Somebody else's pipeline has no weights of ours to compare with.
OF_THE_TOY = [
    plant for plant in PLANTS if plant not in RUNS and not plant.id.startswith("weights_times")
]


def examined(subject: Subject, seed: int = 0) -> Examination:
    examination = examine(subject, CHECKS, tier=Tier.MINUTES, seed=seed)
    crashed = [f.outcome.detail for f in examination.findings if f.outcome.reason == "crashed"]
    assert crashed == []
    return examination


@pytest.mark.parametrize("plant", OF_THE_TOY, ids=lambda plant: plant.id)
def test_a_planted_fault_is_named_first(plant):
    examination = examined(plant.apply(toy_subject(0), 0))
    assert examination.causes, "nothing was named"
    assert examination.causes[0].named.cause in {plant.cause} | plant.accept


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"clip_norm": 0.0},
        {"learning_rate": 3e-4},  # learns slowly
        {"warmup_steps": 0},
        {"precision": "bf16-mixed"},
    ],
    ids=str,
)
def test_a_healthy_training_is_silent(facts):
    subject = replace(toy_subject(1, noise_mm=6.0, **facts), run=healthy_run(1))
    examination = examined(subject, seed=1)
    assert [finding.verdict for finding in examination.findings] == [Verdict.PASS] * len(CHECKS)
    assert examination.causes == ()


def test_two_faults_are_both_named():
    by_id = {plant.id: plant for plant in PLANTS}
    subject = toy_subject(0)
    for id_ in ("metric_of_one_rank", "warmup_only_logged"):
        subject = by_id[id_].apply(subject, 0)
    named = [cause.named.cause for cause in examined(subject).causes]
    assert named == ["warmup_ignored", "metric_subset"]


def test_a_good_networks_errors_are_its_fingers_alone_and_no_fault():
    """Of these alignment takes almost nothing; of those with changed weights it takes most."""
    said = iter(
        [
            Evaluation(frames=12, joints=21, mpjpe_mm=8.3, pa_mpjpe_mm=8.2),
            Evaluation(frames=12, joints=21, mpjpe_mm=90.0, pa_mpjpe_mm=25.0),
        ]
    )
    evaluated = MetricAccess(split_frames=12, evaluate=lambda _: next(said))
    subject = replace(toy_subject(0), metric=evaluated)
    assert examine(subject, (metric.CHECK,), tier=Tier.MINUTES, seed=0).causes == ()


def test_a_wrong_rate_does_not_hide_that_nothing_can_be_learned():
    """The rate is mended in thought, and the batch still cannot be learned."""
    by_id = {plant.id: plant for plant in PLANTS}
    subject = by_id["weights_set_back"].apply(toy_subject(0), 0)
    subject = by_id["rate_configured_100_times_too_low"].apply(subject, 0)
    named = [cause.named.cause for cause in examined(subject).causes]
    assert "cannot_overfit" in named


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plant", RUNS, ids=lambda plant: plant.id)
def test_a_runs_fault_is_named_first_whatever_its_noise(plant, seed):
    subject = plant.apply(Subject(name="run"), seed)
    assert examined(subject).causes[0].named.cause == plant.cause


@pytest.mark.parametrize("scatter", [0.02, 0.08, 0.2, 0.4])
@pytest.mark.parametrize("steps", [80, 300, 3000])
@pytest.mark.parametrize("fall", [0.1, 0.6, 0.97])
def test_a_healthy_run_is_silent(scatter, steps, fall):
    for seed in range(2):
        run = healthy_run(seed, steps=steps, scatter=scatter, fall=fall, warmup=steps // 10)
        assert examined(Subject(name="run", run=run)).causes == ()
