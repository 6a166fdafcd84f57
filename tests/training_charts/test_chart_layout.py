"""What of a content a view of some pixels shows: extremes, gaps, areas, what is not finite."""

from itertools import pairwise

import numpy as np
import pytest

from utnet_viewer.theme import DARK
from utnet_viewer.training.charts.axis_marks import group_marks
from utnet_viewer.training.charts.content import Content, Ink, Level, Series
from utnet_viewer.training.charts.layout import cut, lay_out
from utnet_viewer.training.charts.run_data import AxisMark, Curve, find_breaks
from utnet_viewer.training.charts.traces import dashed

NONE = np.empty(0, int)
INK = Ink("#123456")


def laid_out(*series, is_log=False, span=(0, 1000), width_px=200, hidden=frozenset(), **content):
    return lay_out(
        Content(tuple(series), **content),
        span=span,
        width_px=width_px,
        is_log=is_log,
        hidden=hidden,
        palette=DARK,
        values=None,
    )


def line(values, *, key="a", breaks=NONE, smooth=None, step=None, **more) -> Series:
    step = np.arange(len(values), dtype=float) if step is None else step
    return Series(key, key, Curve(step, values), INK, smooth=smooth, breaks=breaks, **more)


@pytest.fixture
def noise() -> np.ndarray:
    return np.abs(np.random.default_rng(0).normal(5, 1, 100_000))


def test_two_points_a_pixel_hold_every_extreme(noise):
    noise[[31_234, 77_777]] = 0.01, 500.0
    x, y = cut(Curve(np.arange(1e5), noise), noise, NONE, (0, 1e5), 600)
    assert len(x) <= 600 and (np.diff(x) > 0).all()
    assert y.min() == 0.01 and y.max() == 500.0
    assert x[y.argmax()] == 77_777
    # Not only the two: every stretch of a hundredth of the run shows its own extremes.
    for start in range(0, 100_000, 10_000):
        inside = (x >= start) & (x < start + 10_000)
        part = noise[start : start + 10_000]
        assert y[inside].max() == pytest.approx(part.max()) and y[inside].min() == part.min()


def test_zoomed_in_every_value_is_there_and_one_beside_the_view(noise):
    x, y = cut(Curve(np.arange(1e5), noise), noise, NONE, (5000, 5020), 600)
    np.testing.assert_array_equal(x, np.arange(4999, 5022))
    np.testing.assert_array_equal(y, noise[4999:5022])


def test_missing_steps_and_a_resumed_run_break_the_line():
    step = np.concatenate([np.arange(1, 101), np.arange(150, 250)]).astype(float)
    breaks = find_breaks(step, resumed_steps=[60])
    np.testing.assert_array_equal(step[breaks], [61, 150])
    values = step.copy()
    x, y = cut(Curve(step, values), values, breaks, (0, 300), 1000)
    for before, after in ((60, 61), (100, 150)):
        place = int(np.flatnonzero(x == before)[-1])
        assert np.isnan(y[place + 1]) and x[place + 2] == after
    assert np.isnan(y).sum() == 2


def test_a_gap_stays_one_when_the_line_is_cut_down(noise):
    step = np.concatenate([np.arange(40_000), np.arange(60_000, 120_000)]).astype(float)
    x, y = cut(Curve(step, noise), noise, find_breaks(step, []), (0, 120_000), 400)
    gap = np.flatnonzero(np.isnan(y))
    assert len(gap) == 1
    assert x[gap[0] - 1] <= 39_999 and x[gap[0] + 1] >= 60_000


def test_rows_at_even_distances_have_no_gaps():
    assert not len(find_breaks(np.arange(0, 1000, 50.0), []))
    assert not len(find_breaks(np.array([3.0]), [1]))


def test_a_log_axis_shows_log10_and_leaves_out_what_has_none():
    layout = laid_out(line(np.array([1.0, 10.0, 0.0, -5.0, 1e-3])), is_log=True, span=(0, 4))
    (trace,) = layout.drawing.traces
    np.testing.assert_allclose(trace.y, [0, 1, np.nan, np.nan, -3])
    low, high = layout.value_range
    assert low < -3 and high > 1


def test_levels_and_band_stand_at_their_logarithms():
    level = Level(0.01, "clip", "0.01", INK)
    layout = laid_out(line(np.ones(5)), is_log=True, levels=(level,), band=(1e-5, 1e-2))
    assert layout.drawing.lines[0].y == pytest.approx(-2)
    assert layout.drawing.band[:2] == pytest.approx((-5, -2))
    assert layout.value_range[0] < -2  # a level is in view


def test_a_smoothed_line_lies_over_its_faint_trace():
    values, smooth = np.arange(50.0), np.arange(50.0) + 0.5
    raw, drawn = laid_out(line(values, smooth=smooth), span=(0, 49)).drawing.traces
    assert raw.is_raw and raw.ink.alpha == pytest.approx(0.18) and raw.ink.width == 1
    np.testing.assert_array_equal(raw.y, values)
    np.testing.assert_array_equal(drawn.y, smooth)


def test_hidden_series_do_not_stretch_the_axis():
    series = (line(np.ones(9)), line(np.full(9, 900.0), key="b"))
    assert laid_out(*series).value_range[1] > 900
    assert laid_out(*series, hidden=frozenset({"b"})).value_range[1] < 2


@pytest.mark.parametrize("is_log", [False, True])
def test_another_run_that_diverged_does_not_press_the_current_one_flat(is_log):
    current = line(np.linspace(1, 3, 1000))
    near = line(np.linspace(1, 4, 1000), key="b", label="b")
    far = line(np.geomspace(1, 1e30, 1000), key="c", label="c")
    assert laid_out(current, near, is_log=is_log).value_range[1] > (np.log10(4) if is_log else 4)
    low, high = laid_out(current, near, far, is_log=is_log).value_range
    assert high - low < (1.5 if is_log else 10)


def test_what_is_not_finite_is_marked_and_named():
    values = np.ones(1000)
    values[[100, 101, 500]] = np.nan, np.inf, -np.inf
    layout = laid_out(line(values, key="2D"))
    np.testing.assert_array_equal(layout.drawing.not_finite, [100, 101, 500])
    assert layout.note == "not finite at step 100, 2 more"
    assert np.isfinite(layout.value_range).all()
    tip = layout.tip_at(500 / 1000 * 200, 60)
    assert tip == "2D: not finite (-inf) at step 500"
    assert layout.tip_at(150, 60) == ""


def test_a_run_that_is_nothing_but_nan_is_drawn_and_said():
    layout = laid_out(line(np.full(1000, np.nan)))
    assert layout.note == "not finite at step 0, 999 more"
    assert len(layout.crosses) <= 201


def test_stacked_areas_stay_stacked_when_they_are_cut_down():
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(4), 5000).T * 100
    floors = np.cumsum(np.vstack([np.zeros(5000), shares]), axis=0)[:4]
    series = [
        line(share, key=str(n), floor=floor)
        for n, (share, floor) in enumerate(zip(shares, floors, strict=True))
    ]
    traces = laid_out(*series, span=(0, 5000), width_px=300).drawing.traces
    assert len(traces[0].x) <= 301
    np.testing.assert_array_equal(traces[0].floor, 0)
    for lower, upper in pairwise(traces):
        np.testing.assert_allclose(lower.y, upper.floor)
    np.testing.assert_allclose(traces[-1].y, 100)
    assert traces[0].y[10] == pytest.approx(shares[0, 170:187].mean(), abs=1.0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points_are_drawn_as_they_are(count):
    traces = laid_out(line(np.arange(count) + 1.0), is_log=True).drawing.traces
    assert [len(trace.x) for trace in traces] == ([count] if count else [])


def test_marks_near_each_other_are_one_and_the_weightiest_shows():
    marks = (
        AxisMark(100, "checkpoint", "saved"),
        AxisMark(101, "error", "out of memory: 3 GB"),
        AxisMark(900, "best", "best so far"),
        AxisMark(5000, "warning", "outside"),
    )
    groups = group_marks(marks, left=0, right=1000, width_px=200)
    assert [group.kind for group in groups] == ["error", "best"]
    assert groups[0].words == "step 101: out of memory: 3 GB\nstep 100: saved"
    layout = laid_out(line(np.ones(1000)), marks=marks)
    assert layout.tip_at(groups[1].x_px, 3) == "step 900: best so far"
    assert layout.tip_at(groups[1].x_px, 60) == ""


def test_a_thousand_marks_are_counted_not_listed():
    marks = tuple(AxisMark(n, "checkpoint", "saved") for n in range(1000))
    groups = group_marks(marks, left=0, right=1000, width_px=200)
    assert len(groups) <= 200 / 7 + 1
    assert groups[0].words.count("\n") <= 6 and "more" in groups[0].words


def test_dashes_follow_the_line_at_equal_lengths():
    x = np.array([0.0, 30.0, 30.0, 60.0, 60.0])
    y = np.array([0.0, 40.0, np.nan, 0.0, 20.0])  # 50 long, a gap, 20 long
    pieces = dashed(x, y, [6.0, 4.0])
    lengths = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    np.testing.assert_allclose(lengths, [6, 6, 6, 6, 6, 6, 6])
    np.testing.assert_allclose(pieces[1], [6, 8, 9.6, 12.8])  # from 10 to 16 along the slope
    np.testing.assert_allclose(pieces[5:, 0], 60)
    # Through a corner a dash has two pieces, which meet in it.
    around = dashed(np.array([0.0, 4.0, 4.0]), np.array([0.0, 0.0, 50.0]), [6.0, 4.0])
    np.testing.assert_allclose(around[:2], [[0, 0, 4, 0], [4, 0, 4, 2]])
    assert not len(dashed(np.zeros(3), np.zeros(3), [6.0, 4.0]))
    assert not len(dashed(np.array([1.0]), np.array([np.nan]), [6.0, 4.0]))


def test_nothing_is_drawn_where_there_is_no_number():
    values = np.array([1.0, 2.0, np.inf, np.nan, 5.0])
    (trace,) = laid_out(line(values), span=(0, 4)).drawing.traces
    np.testing.assert_array_equal(trace.y, [1, 2, np.nan, np.nan, 5])


def test_a_mark_of_the_doctor_is_pointed_at_along_its_whole_line():
    marks = (AxisMark(500, "doctor", "The run diverges"), AxisMark(900, "warning", "low disk"))
    layout = laid_out(line(np.ones(1000)), marks=marks)
    doctor, warning = layout.marks
    assert "The run diverges" in layout.tip_at(doctor.x_px, 150.0)
    assert layout.tip_at(doctor.x_px + 12, 150.0) == ""
    assert layout.tip_at(warning.x_px, 150.0) == ""
    assert "low disk" in layout.tip_at(warning.x_px, 4.0)
