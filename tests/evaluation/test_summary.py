"""Summaries against numpy on the same columns, and what they say about what is not known."""

import json

import numpy as np
import pytest
from support_evaluation import identity, names, rows_of, write_evaluation

from core.evaluation.store import EvaluationWriter, FrameState, open_evaluation
from core.evaluation.summary import summarise


@pytest.fixture
def root(tmp_path):
    return tmp_path / "evaluations"


def test_figures_are_those_of_the_columns(root):
    rng = np.random.default_rng(0)
    pa = rng.gamma(3, 4, 50).astype(np.float32)
    joints = rng.gamma(3, 4, (50, 21)).astype(np.float32)
    evaluation = open_evaluation(write_evaluation(root, pa_mpjpe_mm=pa, pa_joint_errors_mm=joints))
    summary = summarise(evaluation)
    figure = summary.figures["pa_mpjpe_mm"]
    assert figure.mean == pytest.approx(pa.mean(), rel=1e-6)
    assert figure.median == pytest.approx(np.median(pa), rel=1e-6)
    assert figure.p95 == pytest.approx(np.sort(pa)[46:48].mean(), rel=0.05)
    assert figure.frames == 50 and summary.counts["measured"] == 50
    assert summary.by_joint[20].name == "pinky tip"
    assert summary.by_joint[20].pa_joint_errors_mm.mean == pytest.approx(joints[:, 20].mean())
    grid = np.linspace(0, 50, 100)
    brute = np.trapezoid([(joints <= limit).mean() for limit in grid], grid) / 50
    assert summary.auc["pa_joints"] == pytest.approx(brute, abs=1e-6)
    first, second = summary.by_sequence
    assert (first.frames, second.frames) == (25, 25)
    assert second.figures["pa_mpjpe_mm"].mean == pytest.approx(pa[25:].mean(), rel=1e-6)
    assert summary.notes == ()


def test_a_split_with_wrists_alone_says_what_is_known_and_what_is_not(root):
    wrist = np.linspace(5, 15, 6).astype(np.float32)
    known = {"wrist_error_mm": wrist, "distance_mm": wrist * 50}
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.write(range(6), [FrameState.ROOT_ONLY] * 6, known)
    summary = summarise(writer.evaluation)
    assert summary.figures["wrist_error_mm"].mean == pytest.approx(10)
    assert summary.figures["pa_mpjpe_mm"].frames == 0
    assert np.isnan(summary.figures["pa_mpjpe_mm"].mean) and np.isnan(summary.auc["joints"])
    assert "6 frames have labels of the wrist alone" in summary.notes[0]
    assert "Not known on this split: mpjpe_mm, pa_mpjpe_mm" in summary.notes[-1]


def test_rows_that_failed_or_wait_are_counted_and_measured_nowhere(root):
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.write([0, 1], [FrameState.MEASURED, FrameState.UNLABELLED], rows_of(2))
        writer.fail(5, "no picture")
        summary = summarise(writer.evaluation)
    assert summary.counts == {
        "pending": 3,
        "measured": 1,
        "root_only": 0,
        "unlabelled": 1,
        "failed": 1,
    }
    assert [one.failed for one in summary.by_sequence] == [0, 1]
    told = " ".join(summary.notes)
    assert "3 frames are not evaluated yet" in told and "1 frames could not be" in told
    assert json.dumps(summary.to_json())


def test_a_split_without_true_surfaces_says_so(root):
    nothing = np.full(6, np.nan, np.float32)
    columns = dict.fromkeys(("mpvpe_mm", "pa_mpvpe_mm", "f5", "f15"), nothing)
    summary = summarise(open_evaluation(write_evaluation(root, **columns)))
    assert "No frame has a true surface" in summary.notes[0]
    assert summary.notes[1] == "Not known on this split: mpvpe_mm, pa_mpvpe_mm, f5, f15."
