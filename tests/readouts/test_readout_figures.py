"""How numbers are written, when they are marked, and what they are compared with."""

from dataclasses import replace

import numpy as np
import pytest
from support_samples import make_sample

from utnet_viewer.numbers import fixed, point, signed, signed_point
from utnet_viewer.readouts.chart import AXIS_TOPS, axis_steps, axis_top, steady_top
from utnet_viewer.readouts.figures import FIGURES, Reading, read
from utnet_viewer.readouts.session import SeenFrames

NAN = float("nan")
BY_NAME = {figure.name: figure for figure in FIGURES}


@pytest.fixture(scope="module")
def metrics():
    return make_sample().metrics


@pytest.mark.parametrize(
    ("value", "text"),
    [(-4.52, "−4.5"), (0.0, "0.0"), (-0.04, "0.0"), (12.0, "12.0"), (NAN, "—"), (None, "—")],
)
def test_fixed_numbers_have_a_true_minus_and_no_minus_zero(value, text):
    assert fixed(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.8, "+0.8"), (-2.1, "−2.1"), (0.01, "0.0"), (-0.01, "0.0"), (NAN, "—")]
)
def test_signed_numbers(value, text):
    assert signed(value) == text


def test_points_are_known_or_not():
    assert point((373.14, 162.46)) == "373.1, 162.5"
    assert signed_point((0.1417, -0.2341)) == "+0.142, −0.234"
    assert point((1.0, NAN)) == "—"


def test_each_figure_reads_its_own_metric(metrics):
    texts = {f.name: read(f, metrics, median=NAN, frames=0) for f in FIGURES}
    assert texts["mpjpe_mm"].value == f"{metrics.mpjpe_mm:.1f}"
    assert texts["pa_mpjpe_mm"].value == f"{metrics.pa_mpjpe_mm:.1f}"
    assert texts["mpvpe_mm"].value == f"{metrics.mpvpe_mm:.1f}"
    assert texts["f5"].value == f"{metrics.f5:.3f}"
    assert texts["f15"].value == f"{metrics.f15:.3f}"
    assert texts["keypoint_error_px"].value == f"{metrics.keypoint_error_px:.1f}"
    assert texts["wrist_error_mm"].value == f"{metrics.wrist_error_mm:.1f}"
    assert texts["scale_ratio"].value == f"{metrics.scale_ratio:.3f}"
    units = [texts[f.name].unit for f in FIGURES]
    assert units == ["mm", "mm", "mm", "", "", "px", "mm", ""]
    assert texts["f5"].notes[0] == "first sample"


def test_the_scale_says_by_how_much_the_prediction_is_larger_or_smaller(metrics):
    figure = BY_NAME["scale_ratio"]
    larger = read(figure, replace(metrics, scale_ratio=1.066), median=1.0, frames=9)
    assert larger.value == "1.066" and larger.notes[0] == "prediction +6.6 %"
    assert not larger.is_warning
    smaller = read(figure, replace(metrics, scale_ratio=0.85), median=1.0, frames=9)
    assert smaller.notes[0] == "prediction −15.0 %" and smaller.is_warning


def test_errors_and_scores_are_compared_with_the_median(metrics):
    worse = replace(metrics, pa_mpjpe_mm=10.7, f5=0.3)
    reading = read(BY_NAME["pa_mpjpe_mm"], worse, median=7.9, frames=5)
    assert reading.notes[0] == "2.8 vs median 7.9"
    assert (reading.trend, reading.is_warning) == (1, True)
    reading = read(BY_NAME["f5"], worse, median=0.56, frames=5)
    assert reading.notes[0] == "0.260 vs median 0.560"
    assert (reading.trend, reading.is_warning) == (-1, True)
    better = replace(metrics, pa_mpjpe_mm=5.0)
    reading = read(BY_NAME["pa_mpjpe_mm"], better, median=7.9, frames=5)
    assert (reading.trend, reading.is_warning) == (-1, False)


def test_two_frames_are_not_enough_to_warn(metrics):
    worse = replace(metrics, pa_mpjpe_mm=100.0)
    assert not read(BY_NAME["pa_mpjpe_mm"], worse, median=7.9, frames=2).is_warning
    assert read(BY_NAME["pa_mpjpe_mm"], worse, median=7.9, frames=3).is_warning


def test_what_is_unknown_is_a_dash(metrics):
    assert read(BY_NAME["mpjpe_mm"], None, median=8.0, frames=5) == Reading()
    no_surface = replace(metrics, mpvpe_mm=NAN)
    assert read(BY_NAME["mpvpe_mm"], no_surface, median=8.0, frames=5).value == "—"


def test_medians_are_numpys_whatever_comes_and_goes(metrics):
    seen, known = SeenFrames(), {}
    generator = np.random.default_rng(0)
    for _ in range(300):
        row = int(generator.integers(0, 40))
        if generator.random() < 0.25:
            seen.forget(row)
            known.pop(row, None)
        else:
            known[row] = float(generator.choice([NAN, *generator.integers(0, 30, 9)]))
            seen.add(row, replace(metrics, mpjpe_mm=known[row]))
        finite = [value for value in known.values() if np.isfinite(value)]
        assert seen.count("mpjpe_mm") == len(finite)
        expected = np.median(finite) if finite else NAN
        assert seen.median("mpjpe_mm") == pytest.approx(expected, nan_ok=True)
    seen.clear()
    assert seen.count("mpjpe_mm") == 0 and np.isnan(seen.median("mpjpe_mm"))


def test_axes_leave_headroom_and_hold_still():
    assert axis_top(14.0) == 15 and axis_top(14.9) == 20
    assert axis_top(5000.0) == pytest.approx(5500)
    assert steady_top(9.0, 20.0) == 20.0  # not yet twice too large
    assert steady_top(9.0, 30.0) == 10
    assert steady_top(25.0, 20.0) == 30


@pytest.mark.parametrize("top", [*AXIS_TOPS, 1234.5])
def test_axis_numbers_end_at_the_top(top):
    steps = axis_steps(top)
    assert steps[-1] == top and 2 <= len(steps) <= 3
