"""What the workspace shows is what `core.evaluation.comparison` says, and what plain loops say."""

import math

import numpy as np
import pytest
from brute_comparison import brute_find
from support_compare import made_up, write_evaluation

from core.evaluation.comparison import compare
from utnet_viewer.compare.comparing import CancelledError
from utnet_viewer.compare.finding import find_result
from utnet_viewer.compare.metrics import METRICS, metric_of
from utnet_viewer.compare.result import head_figures, sentence


def quiet(_share: float) -> None:
    """Nobody listens."""


def means(rows) -> list[tuple]:
    return [(row.key, row.first, row.second, row.difference, row.count, row.unit) for row in rows]


def flat(rows) -> list:
    return [part for row in means(rows) for part in row]


@pytest.mark.parametrize("key", ["pa_mpjpe_mm", "f15", "keypoint_error_crop_px", "wrist_error_mm"])
def test_means_shares_and_curves_are_those_of_plain_loops(evaluations, key):
    found, brute = find_result(evaluations, key, quiet), brute_find(evaluations, key, quiet)
    for part in ("metrics", "joints", "sequences", "models"):
        ours, theirs = flat(getattr(found, part)), flat(getattr(brute, part))
        assert [v for v in ours if isinstance(v, str)] == [v for v in theirs if isinstance(v, str)]
        numbers = [v for v in ours if not isinstance(v, str)]
        assert numbers == pytest.approx([v for v in theirs if not isinstance(v, str)], rel=1e-6)
    assert flat([found.overall])[1:5] == pytest.approx(flat([brute.overall])[1:5])
    assert found.better_share == pytest.approx(brute.better_share)
    assert found.rows.tolist() == brute.rows.tolist()
    assert np.allclose(found.first, brute.first) and np.allclose(found.second, brute.second)
    column = "pa_joint_errors_mm" if key.startswith("pa_") else "joint_errors_mm"
    for curve, evaluation in zip(found.curves, evaluations, strict=True):
        errors = evaluation.column(column)
        for place in (3, 20, 60):
            threshold = curve.thresholds_mm[place]
            assert curve.share[place] == pytest.approx((errors <= threshold).mean())


def test_intervals_are_the_cores_and_hold_the_difference(evaluations):
    found = find_result(evaluations[:2], "mpjpe_mm", quiet)
    core = compare(*evaluations[:2], metric="mpjpe_mm")
    assert (found.overall.low, found.overall.high) == (core.overall.low, core.overall.high)
    assert found.overall.low < found.overall.difference < found.overall.high < 0
    by_joint = [(d.low, d.high) for d in core.by_joint]
    assert [(row.low, row.high) for row in found.joints] == by_joint
    assert (found.auc.low, found.auc.high) == (core.auc.low, core.auc.high)
    assert found.auc.outcome == "better"
    by, least, most = -core.overall.difference, -core.overall.high, -core.overall.low
    assert f"better by {by:.2f} mm MPJPE [{least:.2f}, {most:.2f}]" in sentence(found)
    assert head_figures(found)[2].change == f"{round(core.share_better * 60)} of 60"


def test_every_figure_that_is_offered_can_be_compared(evaluations):
    for metric in METRICS:
        found = find_result(evaluations[:2], metric.key, quiet)
        assert found.overall.outcome == "better", metric
        assert "B is better by" in sentence(found)
    with pytest.raises(KeyError, match="occlusion"):
        metric_of("occlusion")


def test_without_labels_of_all_joints_the_wrist_can_still_be_compared(tmp_path):
    made = []
    for seed, name in ((1, "one"), (2, "two")):
        columns = made_up(12, seed=seed)
        kept = ("wrist_error_mm", "crop", "joints_mm", "keypoints_px")
        for column, values in columns.items():
            if column not in kept and values.dtype == np.float32:
                values[:] = np.nan
        made.append(write_evaluation(tmp_path, name, columns))
    nothing = find_result(made, "pa_mpjpe_mm", quiet)
    assert sentence(nothing).startswith("No frame was measured by both")
    assert not len(nothing.rows) and nothing.curves == () and math.isnan(nothing.better_share)
    assert find_result(made, "wrist_error_mm", quiet).overall.count == 12


def test_other_frames_are_refused_and_whoever_stops_it_is_obeyed(evaluations, tmp_path):
    other = write_evaluation(tmp_path, "other", made_up(60), dataset_digest="e" * 16)
    with pytest.raises(ValueError, match="evaluate both on the same frames"):
        find_result([evaluations[0], other], "f5", quiet)
    heard = []

    def stop(share: float) -> None:
        heard.append(share)
        raise CancelledError

    with pytest.raises(CancelledError):
        find_result(evaluations, "f5", stop)
    assert heard == [0.5]
