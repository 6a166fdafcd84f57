"""Comparisons: intervals against independent computations, sides, rows, curves."""

import numpy as np
import pytest
import scipy.stats
from support_evaluation import identity, names, rows_of, write_evaluation

from core.evaluation.comparison import HIGHER_IS_BETTER, Bootstrap, Comparison, compare
from core.evaluation.store import Evaluation, EvaluationWriter, FrameState, open_evaluation


@pytest.fixture
def root(tmp_path):
    return tmp_path / "evaluations"


def evaluation(root, name: str, *, sequences: int = 4, **columns: np.ndarray) -> Evaluation:
    """All rows measured; what is not given is the same in all of them."""
    changes = {"checkpoint_sha256": name, "checkpoint_name": name}
    return open_evaluation(write_evaluation(root, sequences=sequences, changes=changes, **columns))


def pair(root, first: np.ndarray, second: np.ndarray, **options) -> Comparison:
    """Two evaluations that differ in PA-MPJPE."""
    ones = [
        evaluation(root, name, pa_mpjpe_mm=values.astype(np.float32))
        for name, values in (("first", first), ("second", second))
    ]
    return compare(*ones, **options)


# --- intervals -------------------------------------------------------------------------------


def test_without_sequences_the_interval_is_scipys():
    rng = np.random.default_rng(0)
    first, second = rng.gamma(3, 4, 80), rng.gamma(3, 3.6, 80)
    found = Bootstrap(np.arange(80), resamples=20_000).difference("x", first, second)
    expected = scipy.stats.bootstrap(
        (second - first,), np.mean, n_resamples=20_000, method="percentile", random_state=1
    ).confidence_interval
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.03 * width)
    assert found.high == pytest.approx(expected.high, abs=0.03 * width)


def test_drawing_a_sequences_mean_is_drawing_its_frames():
    """The module's shortcut against drawing every sequence and every frame, one by one."""
    rng = np.random.default_rng(1)
    sizes = [8, 15, 30, 22, 40, 11, 25, 19]
    groups = [rng.gamma(2, 2, size) + rng.normal(0, 2) for size in sizes]
    means = []
    for _ in range(2000):
        drawn = [groups[number] for number in rng.integers(0, len(groups), len(groups))]
        means.append(np.concatenate([rng.choice(group, len(group)) for group in drawn]).mean())
    low, high = np.percentile(means, (2.5, 97.5))
    codes, values = np.repeat(np.arange(len(sizes)), sizes), np.concatenate(groups)
    found = Bootstrap(codes, resamples=20_000).difference("x", np.zeros(len(values)), values)
    assert found.low == pytest.approx(low, abs=0.06 * (high - low))
    assert found.high == pytest.approx(high, abs=0.06 * (high - low))


def coverage(codes_of_interval: np.ndarray, codes: np.ndarray) -> float:
    """Share of 150 made-up data sets whose interval holds the true difference, 1 mm."""
    rng = np.random.default_rng(2)
    bootstrap = Bootstrap(codes_of_interval, resamples=300)
    hits = 0
    for _ in range(150):
        of_sequence = rng.normal(0, 2.0, codes.max() + 1)
        differences = 1.0 + of_sequence[codes] + rng.normal(0, 2.0, len(codes))
        found = bootstrap.difference("x", np.zeros(len(codes)), differences)
        hits += found.low <= 1.0 <= found.high
    return hits / 150


def test_intervals_hold_the_truth_as_often_as_they_say():
    codes = np.repeat(np.arange(40), 15)
    assert 0.90 <= coverage(codes, codes) <= 0.985
    # The fault that they are made against: frames taken for independent.
    assert coverage(np.arange(len(codes)), codes) < 0.6


def test_the_same_seed_gives_the_same_interval(root):
    rng = np.random.default_rng(3)
    first, second = rng.gamma(3, 4, (2, 60))
    one, again = (pair(root, first, second, seed=5) for _ in range(2))
    assert one.overall == again.overall
    assert pair(root, first, second, seed=6).overall.low != one.overall.low


def test_one_frame_and_no_frame_have_no_interval(root):
    bootstrap = Bootstrap(np.zeros(1, int))
    one = bootstrap.difference("x", np.array([4.0]), np.array([3.0]))
    assert one.difference == -1 and np.isnan([one.low, one.high]).all() and not one.is_decided
    none = bootstrap.difference("x", np.array([np.nan]), np.array([3.0]))
    assert none.frames == 0 and np.isnan(none.difference)
    with pytest.raises(ValueError, match="resamples"):
        Bootstrap(np.zeros(1, int), resamples=1)


# --- who is better ---------------------------------------------------------------------------


def test_a_clear_gain_is_named_with_its_size_and_frames(root):
    rng = np.random.default_rng(4)
    first = rng.gamma(3, 4, 80)
    comparison = pair(root, first, first - 1.5 + rng.normal(0, 0.1, 80))
    overall = comparison.overall
    assert comparison.better == "second" and overall.frames == 80
    assert overall.difference == pytest.approx(-1.5, abs=0.05)
    assert overall.low < overall.difference < overall.high < 0
    assert comparison.share_better == 1.0
    assert [one.name for one in comparison.by_sequence] == ["SEQ0", "SEQ1", "SEQ2", "SEQ3"]
    assert sum(one.frames for one in comparison.by_sequence) == 80


def test_of_f_scores_more_is_better(root):
    f5 = np.random.default_rng(5).uniform(0.2, 0.6, 40).astype(np.float32)
    ones = [evaluation(root, "a", f5=f5), evaluation(root, "b", f5=f5 + np.float32(0.1))]
    assert compare(*ones, metric="f5").better == "second"
    assert compare(*ones[::-1], metric="f5").better == "first"
    assert compare(*ones, metric="f5").share_better == 1.0
    assert "f5" in HIGHER_IS_BETTER


def test_an_evaluation_is_no_better_than_itself(root):
    one = evaluation(root, "a", pa_mpjpe_mm=np.arange(1, 41, dtype=np.float32))
    comparison = compare(one, one)
    assert comparison.better is None and comparison.overall.difference == 0
    assert len(comparison.gains) == len(comparison.losses) == 0 and comparison.share_better == 0
    assert all(figure.difference == 0 for figure in comparison.figures)


def test_gains_and_losses_are_the_extreme_rows(root):
    change = np.zeros(40)
    change[[3, 17, 30]] = -9, -5, -7
    change[[8, 20]] = 4, 6
    comparison = pair(root, np.full(40, 20.0), 20.0 + change)
    assert comparison.gains.tolist() == [3, 30, 17]
    assert comparison.losses.tolist() == [20, 8]


def test_only_frames_that_both_measured_count(root):
    first = np.full(40, 10.0)
    second = np.full(40, 8.0)
    first[:5], second[30:] = np.nan, np.nan
    comparison = pair(root, first, second)
    assert comparison.rows.tolist() == list(range(5, 30))
    assert comparison.overall.difference == -2 and comparison.overall.frames == 25


def test_rows_that_are_still_pending_do_not_count(root):
    whole = evaluation(root, "a", pa_mpjpe_mm=np.full(40, 9, np.float32))
    half = identity(40, checkpoint_sha256="b")
    with EvaluationWriter(root, half, names(40, sequences=4)) as writer:
        columns = rows_of(12, pa_mpjpe_mm=np.full(12, 8, np.float32))
        writer.write(range(12), [FrameState.MEASURED] * 12, columns)
        assert compare(whole, writer.evaluation).overall.frames == 12


# --- joints, curves, refusals ----------------------------------------------------------------


def test_joints_and_curves_are_of_the_metrics_own_errors(root):
    rng = np.random.default_rng(6)
    errors = {
        name: rng.gamma(3, scale, (30, 21)).astype(np.float32)
        for name, scale in (
            ("joint_errors_mm", 9.0),
            ("pa_joint_errors_mm", 4.0),
            ("keypoint_errors_px", 2.0),
        )
    }
    better = {name: values * np.float32(0.8) for name, values in errors.items()}
    ones = [evaluation(root, "a", **errors), evaluation(root, "b", **better)]
    for metric, column, curve in (
        ("mpjpe_mm", "joint_errors_mm", "joint_errors_mm"),
        ("pa_mpvpe_mm", "pa_joint_errors_mm", "pa_joint_errors_mm"),
        ("keypoint_error_crop_px", "keypoint_errors_px", "joint_errors_mm"),
    ):
        comparison = compare(*ones, metric=metric)
        thumb_tip = comparison.by_joint[16]
        assert thumb_tip.name == "thumb tip"
        assert thumb_tip.first == pytest.approx(errors[column][:, 16].mean(), rel=1e-5)
        assert thumb_tip.difference == pytest.approx(-0.2 * thumb_tip.first, rel=1e-4)
        thresholds_mm = comparison.second_curve.thresholds_mm
        brute = [(threshold >= better[curve]).mean() for threshold in thresholds_mm]
        np.testing.assert_allclose(comparison.second_curve.share, brute, atol=1e-6)
        area = np.trapezoid(brute, thresholds_mm) / thresholds_mm[-1]
        assert comparison.second_curve.auc == pytest.approx(area, abs=1e-6)
        assert comparison.auc.second == pytest.approx(area, abs=1e-6) and comparison.auc.low > 0


def test_other_frames_and_other_metrics_are_refused(root):
    one = evaluation(root, "a")
    other = open_evaluation(write_evaluation(root, changes={"dataset_digest": "e" * 64}))
    with pytest.raises(ValueError, match="evaluate both on the same frames"):
        compare(one, other)
    with pytest.raises(ValueError, match="'occlusion' compares no networks; choose one of mpjpe"):
        compare(one, one, metric="occlusion")


def test_everything_can_be_written_as_json(root):
    import json

    first = np.random.default_rng(7).gamma(3, 4, 40)
    told = json.loads(json.dumps(pair(root, first, first - 1).to_json()))
    assert told["better"] == "second" and len(told["pck"]["first"]) == 100
    assert len(told["by_joint"]) == 21 and told["first"]["checkpoint_name"] == "first"
