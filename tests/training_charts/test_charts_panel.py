"""The six charts, driven by mouse and keys; what is drawn is checked against the run itself."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pointer
import pytest
from curves_of_runs import TERMS, make_run, step_columns
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from utnet_viewer.style import load_fonts
from utnet_viewer.theme import DARK, LIGHT, Theme
from utnet_viewer.training.charts.chart import Chart
from utnet_viewer.training.charts.content import NOT_FINITE
from utnet_viewer.training.charts.panel import ChartsPanel
from utnet_viewer.training.charts.run_data import AxisMark, Curve, RunCurves
from utnet_viewer.training.charts.step_plot import StepPlot

WAIT_MS = 20_000


@pytest.fixture
def panel(qtbot) -> ChartsPanel:
    load_fonts()
    panel = ChartsPanel(Theme(DARK))
    qtbot.addWidget(panel)
    panel.resize(1053, 520)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow, timeout=WAIT_MS)
    return panel


@pytest.fixture
def show(panel, qtbot):
    """Shows runs and waits until all charts have had their turn."""

    def show_and_wait(*runs: RunCurves) -> None:
        panel.show_curves(runs)
        settle(panel, qtbot)

    return show_and_wait


def settle(panel, qtbot) -> None:
    qtbot.waitUntil(lambda: panel.turns.is_settled, timeout=WAIT_MS)


def chart(panel, title: str) -> Chart:
    return next(chart for chart in panel.charts if chart.title == title)


def traces(chart: Chart) -> dict:
    return {trace.key: trace for trace in chart.layout_.drawing.traces}


def legend(chart: Chart) -> dict[str, str]:
    return {entry.title: entry.value for entry in chart.legend.entries}


def place_of(chart: Chart, step: float, share: float = 0.5) -> QPoint:
    """A point of the plot's viewport over a step; `share` of the height from the top."""
    box, (left, right) = chart.plot.view_px, chart.plot.shown
    x = box.left() + (step - left) / (right - left) * box.width()
    return QPoint(round(x), round(box.top() + share * box.height()))


def hover(chart: Chart, step: float) -> None:
    pointer.hover(chart.plot.viewport(), place_of(chart, step))
    QApplication.processEvents()


def wheel(chart: Chart, place: QPoint, clicks: int, *, ctrl: bool = False) -> None:
    viewport = chart.plot.viewport()
    modifiers = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(place),
        viewport.mapToGlobal(QPointF(place)),
        QPoint(),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


# --- what is drawn ----------------------------------------------------------------------------


def test_losses_are_the_logarithms_of_the_runs_own_numbers(panel, show):
    run = make_run(count=120)
    panel.bar.smoothing.setValue(1)
    show(run)
    drawn = traces(chart(panel, "Loss"))
    assert set(drawn) == {"loss", *TERMS}
    for term in TERMS:
        expected = run.steps.column(f"weighted/{term}")
        np.testing.assert_array_equal(drawn[term].x, run.steps.column("step"))
        np.testing.assert_allclose(10 ** drawn[term].y, expected)
    np.testing.assert_allclose(10 ** drawn["loss"].y, run.steps.column("loss"))


def test_raw_shows_the_unweighted_terms_and_no_sum(panel, show, qtbot):
    run = make_run(count=120)
    panel.bar.smoothing.setValue(1)
    show(run)
    panel.weighting.set_value("Raw")
    settle(panel, qtbot)
    drawn = traces(panel.loss)
    assert set(drawn) == set(TERMS)
    np.testing.assert_allclose(10 ** drawn["betas"].y, run.steps.column("raw/betas"))


def test_the_log_button_and_the_key_change_the_axis(panel, show, qtbot):
    run = make_run(count=120)
    panel.bar.smoothing.setValue(1)
    show(run)
    qtbot.mouseClick(panel.bar.log, Qt.MouseButton.LeftButton)
    settle(panel, qtbot)
    np.testing.assert_allclose(traces(panel.loss)["loss"].y, run.steps.column("loss"))
    assert panel.loss.layout_.value_range[0] == 0 and "log" not in subtitle(panel.loss)
    qtbot.keyClick(panel.loss.plot, Qt.Key.Key_L)
    np.testing.assert_allclose(10 ** traces(panel.loss)["loss"].y, run.steps.column("loss"))
    assert not chart(panel, "Gradient norm").is_log and not panel.bar.log.isChecked()


def subtitle(chart: Chart) -> str:
    return chart.header.subtitle.text()


def test_the_slider_smooths_and_leaves_what_was_measured_as_a_trace(panel, show, qtbot):
    run = make_run(count=120)
    show(run)
    panel.bar.smoothing.setFocus()
    spans = []
    while panel.bar.chosen_span != 10:
        qtbot.keyClick(panel.bar.smoothing, Qt.Key.Key_Right)
        spans.append(panel.settings.span)
    settle(panel, qtbot)
    assert spans == [1, 5, 10] and panel.bar._span_words.text() == "smoothing 10 steps"
    norm, decay = run.steps.column("gradient_norm"), 0.9
    weights = decay ** np.arange(119, -1, -1)
    drawn = traces(chart(panel, "Gradient norm"))
    assert 10 ** drawn["norm"].y[-1] == pytest.approx((weights * norm).sum() / weights.sum())
    np.testing.assert_allclose(10 ** drawn["norm raw"].y, norm)


@pytest.mark.parametrize(("count", "span"), [(90, 1), (700, 5), (6000, 50)])
def test_smoothing_suits_the_length_of_the_run_at_first(panel, show, count, span):
    show(make_run(count=count))
    assert panel.settings.span == span
    assert "auto" in panel.bar._span_words.text()


def test_shares_are_stacked_to_a_hundred_per_cent(panel, show):
    show(make_run(count=2000))
    drawn = chart(panel, "Gradient share").layout_.drawing.traces
    np.testing.assert_array_equal(drawn[0].floor, 0)
    np.testing.assert_allclose(drawn[-1].y, 100)
    for lower, upper in pairwise(drawn):
        np.testing.assert_allclose(lower.y, upper.floor)


def test_the_clipped_share_counts_the_last_two_thousand_steps(panel, show):
    columns = step_columns(5000)
    clipped = np.zeros(5000)
    clipped[1000:1800] = 1  # 800 of them: 40 % of the steps before 2,500
    clipped[4900:4950] = 1
    columns.values[columns.names.index("clipped")][:] = clipped
    show(make_run(count=5000, steps=columns))
    norm = chart(panel, "Gradient norm")
    assert legend(norm)["clipped"] == "2 % of last 2k"
    hover(norm, 2500)
    assert legend(norm)["clipped"] == "40 % of last 2k"
    dots = traces(norm)["clipped"]
    assert dots.only_dots
    assert set(dots.x) <= set(np.flatnonzero(clipped) + 1.0)
    assert norm.layout_.drawing.lines[0].y == pytest.approx(0)  # log10 of the limit, 1


def test_validation_stands_beside_the_constants_and_the_other_runs(panel, show):
    runs = make_run("a", validations=5), make_run("b", seed=3, validations=7)
    show(*runs)
    validation = chart(panel, "Validation")
    drawn = traces(validation)
    np.testing.assert_array_equal(drawn["mpjpe_mm"].y, runs[0].validation["mpjpe_mm"].value)
    np.testing.assert_array_equal(drawn["/runs/b"].y, runs[1].validation["mpjpe_mm"].value)
    assert drawn["/runs/b"].label == "b" and drawn["/runs/b"].ink.dashes
    assert not drawn["mpjpe_mm"].ink.dashes
    assert [line.y for line in validation.layout_.drawing.lines] == [38.0, 13.9]
    assert legend(validation)["mean pose"] == "38.0"
    assert "/runs/b" in traces(panel.loss)
    assert [entry.title for entry in panel.bar.runs.entries] == ["a", "b"]


def test_ratios_outside_the_healthy_band_are_warnings(panel, show):
    updates = {
        "backbone": Curve(np.array([10.0, 20.0]), np.array([1e-3, 4e-2])),
        "tokens": Curve(np.array([10.0, 20.0]), np.array([2e-6, 2e-4])),
    }
    show(make_run(updates=updates))
    ratios = chart(panel, "Update / weight ratio")

    def warnings() -> dict[str, tuple[str, bool]]:
        return {entry.title: (entry.value, entry.is_warning) for entry in ratios.legend.entries}

    assert warnings() == {"backbone": ("4e-2", True), "tokens": ("2e-4", False)}
    hover(ratios, 10)
    assert warnings() == {"backbone": ("1e-3", False), "tokens": ("2e-6", True)}
    assert ratios.layout_.drawing.band[:2] == pytest.approx((-5, -2))


def test_the_rate_is_drawn_over_the_configured_one_up_to_the_end_of_the_run(panel, show):
    show(make_run(count=200))
    rate = panel.rate
    assert set(traces(rate)) == {"configured", "actual"}
    assert rate.plot.shown[1] >= 800 > panel.loss.plot.shown[1]
    # Without a crosshair both are told at the newest step, not at the end of the run.
    assert legend(rate)["configured"] != "0"
    assert [dot.x for dot in rate.crosshair.dots] == [200]


# --- few points, none, and what is not finite -------------------------------------------------


def test_without_a_run_every_chart_says_what_will_be_there(panel, show):
    show()
    for each in panel.charts:
        assert each.notice.isVisible() and "No run yet" in each.notice.text()


@pytest.mark.parametrize("is_live", [True, False])
def test_a_run_without_steps_says_what_it_waits_for(panel, show, is_live):
    show(RunCurves("/runs/x", "x", is_live=is_live))
    words = [each.notice.text() for each in panel.charts]
    assert all("still" in w or "ing computed" in w or "measured" in w for w in words) or not is_live
    assert all("ended" in w for w in words) or is_live
    assert all(w for w in words)


@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_steps_are_drawn(panel, show, count):
    show(make_run(count=count, validations=1))
    for each in panel.charts:
        assert not each.content.empty
    assert len(traces(panel.loss)["loss"].x) == count
    assert not panel.grab().isNull()


def test_a_value_that_is_not_finite_is_told_everywhere(panel, show):
    columns = step_columns(500)
    columns.values[columns.names.index("weighted/joints_3d")][300:] = np.nan
    columns.values[columns.names.index("loss")][300:] = np.inf
    show(make_run(count=500, steps=columns))
    assert panel.loss.note.isVisible()
    assert panel.loss.note.text() == "not finite at step 301, 199 more"
    assert legend(panel.loss)["3D"] == NOT_FINITE
    hover(panel.loss, 200)
    assert legend(panel.loss)["3D"] != NOT_FINITE
    assert "not finite" in panel.loss._tip_at(QPointF(place_of(panel.loss, 400)))
    assert np.isfinite(panel.loss.layout_.value_range).all()


def test_marks_are_told_by_the_pointer(panel, show):
    marks = (AxisMark(100, "error", "disk full: 0 bytes left"),)
    show(make_run(count=200, marks=marks))
    foot = place_of(panel.loss, 100, share=1.0) - QPoint(0, 4)
    assert panel.loss._tip_at(QPointF(foot)) == "step 100: disk full: 0 bytes left"
    pointer.hover(panel.loss.plot.viewport(), foot)
    assert QToolTip.text() == "step 100: disk full: 0 bytes left"
    QToolTip.hideText()
    assert panel.loss._tip_at(QPointF(foot - QPoint(60, 0))) == ""


def test_the_crosshair_tells_marks_too_so_that_keys_reach_them(panel, show, qtbot):
    show(make_run(count=200, marks=(AxisMark(100, "warning", "3 frames are unreadable"),)))
    panel.axis.set_cursor(100)
    assert panel.bar.readout.text().endswith(" · 3 frames are unreadable")
    panel.axis.set_cursor(150)
    assert "unreadable" not in panel.bar.readout.text()


# --- the crosshair ----------------------------------------------------------------------------


def test_one_crosshair_tells_the_values_of_all_charts(panel, show):
    run = make_run(count=1000)
    panel.bar.smoothing.setValue(1)
    show(run)
    hover(chart(panel, "Gradient norm"), 400)
    step = panel.axis.cursor
    assert step == pytest.approx(400, abs=3)
    assert all(each.crosshair.step == step for each in panel.charts)
    row = int(step) - 1
    assert legend(panel.loss)["2D"] == f"{run.steps.column('weighted/keypoints_2d')[row]:.2f}"
    share = run.shares["betas"]
    near = np.abs(share.step - step).argmin()
    assert legend(chart(panel, "Gradient share"))["shape"] == f"{100 * share.value[near]:.0f} %"
    assert panel.bar.readout.text().startswith(f"step {step:,.0f} · epoch ")
    dots = chart(panel, "Gradient norm").crosshair.dots
    assert dots[0].y == pytest.approx(np.log10(run.steps.column("gradient_norm")[row]))


def test_the_crosshair_goes_with_the_pointer(panel, show):
    show(make_run())
    hover(panel.loss, 400)
    assert panel.axis.cursor is not None
    QApplication.sendEvent(panel.loss.plot, QEvent(QEvent.Type.Leave))
    assert panel.axis.cursor is None and panel.bar.readout.text() == ""


def test_keys_move_the_crosshair_over_the_points(panel, show, qtbot):
    show(make_run(count=100, validations=4))
    validation = chart(panel, "Validation")
    steps = [25, 50, 75, 100]
    validation.plot.setFocus()
    for key, step in (("End", 100), ("Left", 75), ("Left", 50), ("Home", 25), ("Right", 50)):
        qtbot.keyClick(validation.plot, getattr(Qt.Key, f"Key_{key}"))
        assert panel.axis.cursor == step and step in steps
    qtbot.keyClick(panel.loss.plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert panel.axis.cursor == 60
    panel.bar.smoothing.setFocus()
    assert panel.axis.cursor is None


# --- zoom, pan, follow ------------------------------------------------------------------------


def test_the_wheel_zooms_all_charts_about_the_pointer(panel, show, qtbot):
    show(make_run(count=1000))
    place = place_of(panel.loss, 400)
    before = panel.loss.plot.shown
    wheel(panel.loss, place, 3)
    settle(panel, qtbot)
    left, right = panel.loss.plot.shown
    assert right - left == pytest.approx((before[1] - before[0]) * 0.8**3, rel=0.01)
    assert abs((place_of(panel.loss, 400) - place).x()) <= 2
    assert all(each.plot.shown == (left, right) for each in panel.charts)
    # The values fit what is in view now.
    loss = make_run(count=1000).steps.column("loss")[int(left) : int(right)]
    assert panel.loss.layout_.value_range[1] < np.log10(loss.max()) + 0.6


def test_dragging_pans_and_a_double_click_fits(panel, show, qtbot):
    show(make_run(count=1000))
    wheel(panel.loss, place_of(panel.loss, 500), 5)
    settle(panel, qtbot)
    left, right = panel.loss.plot.shown
    start = place_of(panel.loss, 500)
    viewport = panel.loss.plot.viewport()
    pointer.drag(viewport, start, *(start + QPoint(dx, 0) for dx in (10, 30, 60)))
    settle(panel, qtbot)
    moved = 60 / panel.loss.plot.view_px.width() * (right - left)
    assert panel.loss.plot.shown == pytest.approx((left - moved, right - moved), abs=2)
    assert not panel.bar.follow.isChecked()
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=start)
    settle(panel, qtbot)
    assert panel.axis.span is None and panel.loss.plot.shown[1] >= 1000
    assert panel.bar.follow.isChecked()


def test_values_are_zoomed_with_ctrl_and_fit_again(panel, show, qtbot):
    show(make_run(count=300))
    before = panel.loss.layout_.value_range
    wheel(panel.loss, place_of(panel.loss, 100), 4, ctrl=True)
    low, high = panel.loss.layout_.value_range
    assert high - low == pytest.approx((before[1] - before[0]) * 0.8**4)
    assert panel.axis.span is None
    qtbot.keyClick(panel.loss.plot, Qt.Key.Key_0)
    settle(panel, qtbot)
    assert panel.loss.layout_.value_range == before


def test_a_zoomed_view_at_the_end_follows_the_run(panel, show, qtbot):
    show(make_run(count=1000, is_live=True))
    wheel(panel.loss, place_of(panel.loss, 1000), 5)
    settle(panel, qtbot)
    left, right = panel.axis.span
    assert panel.bar.follow.isChecked()
    show(make_run(count=1200, is_live=True))
    assert panel.axis.span == pytest.approx((left + 200, right + 200))
    qtbot.mouseClick(panel.bar.follow, Qt.MouseButton.LeftButton)
    show(make_run(count=1500, is_live=True))
    assert panel.axis.span == pytest.approx((left + 200, right + 200))
    qtbot.mouseClick(panel.bar.follow, Qt.MouseButton.LeftButton)
    assert panel.axis.span[1] >= 1500


def test_keys_zoom_and_pan(panel, show, qtbot):
    show(make_run(count=1000))
    plot = panel.loss.plot
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    left, right = panel.axis.span
    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert panel.axis.span[0] < left
    qtbot.keyClick(plot, Qt.Key.Key_Minus)
    assert panel.axis.span[1] - panel.axis.span[0] > right - left


# --- series, expanding, arranging -------------------------------------------------------------


def test_clicking_a_legend_entry_hides_its_series_and_the_digit_too(panel, show, qtbot):
    show(make_run())
    box = panel.loss.legend._places()[1]  # 2D, after the total
    qtbot.mouseClick(panel.loss.legend, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
    settle(panel, qtbot)
    assert "keypoints_2d" not in traces(panel.loss)
    assert panel.loss.legend.entries[1].is_hidden
    qtbot.keyClick(panel.loss.plot, Qt.Key.Key_2)
    assert "keypoints_2d" in traces(panel.loss)


def test_entries_without_room_are_counted_and_named(panel, show, qtbot):
    panel.resize(760, 400)
    show(make_run())
    row = panel.loss.legend
    qtbot.waitUntil(lambda: bool(row.folded), timeout=WAIT_MS)
    assert [e.title for e in row.entries][-len(row.folded) :] == [
        entry.title for entry in row.folded
    ]
    assert row.folded[-1].words in row.tip_at(QPointF(row.width() - 1, 10))


@pytest.mark.parametrize("how", ["button", "keys"])
def test_a_chart_takes_the_whole_room_and_gives_it_back(panel, show, qtbot, how):
    show(make_run())
    validation = chart(panel, "Validation")
    small = validation.width()
    if how == "button":
        qtbot.mouseClick(validation.expand_button, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(validation.plot, Qt.Key.Key_Return)
    settle(panel, qtbot)
    assert [each for each in panel.charts if each.isVisible()] == [validation]
    qtbot.waitUntil(lambda: validation.width() > 2.5 * small, timeout=WAIT_MS)
    assert validation.plot.hasFocus()
    if how == "button":
        qtbot.mouseClick(validation.expand_button, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(validation.plot, Qt.Key.Key_Escape)
    settle(panel, qtbot)
    assert all(each.isVisible() for each in panel.charts)
    qtbot.waitUntil(lambda: validation.width() == small, timeout=WAIT_MS)


def test_the_learning_rate_folds_first_and_can_be_reached(panel, show, qtbot):
    show(make_run())
    panel.resize(560, 420)
    qtbot.waitUntil(lambda: not panel.rate.isVisible(), timeout=WAIT_MS)
    assert all(each.isVisible() for each in panel.charts[:-1])
    qtbot.mouseClick(panel.bar.folded, Qt.MouseButton.LeftButton)
    settle(panel, qtbot)
    assert panel.rate.isVisible() and traces(panel.rate)
    qtbot.keyClick(panel.rate.plot, Qt.Key.Key_Escape)
    panel.resize(1053, 520)
    qtbot.waitUntil(lambda: all(each.isVisible() for each in panel.charts), timeout=WAIT_MS)


def test_every_chart_can_be_reached_with_tab(panel, show, qtbot):
    show(make_run())
    panel.bar.smoothing.setFocus()
    seen = set()
    for _ in range(60):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.add(QApplication.focusWidget())
    assert {each.plot for each in panel.charts} <= seen
    assert {each.expand_button for each in panel.charts} <= seen


# --- following --------------------------------------------------------------------------------


def test_charts_take_turns_one_a_pass_of_the_event_loop(panel, show, qtbot):
    show(make_run(count=100))
    order = []
    for each in panel.charts:
        each.take_turn = lambda each=each, work=each.take_turn: (order.append(each), work())
    for count in (200, 300):  # the second before the first was drawn: it is drawn once
        panel.show_curves([make_run(count=count)])
    settle(panel, qtbot)
    assert order == panel.charts
    assert traces(panel.loss)["loss"].x[-1] == 300


def test_long_smoothing_is_spread_over_turns(panel, show, monkeypatch):
    runs = make_run("a", count=400), make_run("b", count=2, seed=1)
    panel.bar.smoothing.setValue(3)
    show(*runs)
    expected = {key: trace.y for key, trace in traces(panel.loss).items()}
    monkeypatch.setattr("utnet_viewer.training.charts.contents._MOST_SMOOTHING_S", 0.0)
    panel.settings.smoothers.keep_only(set())
    turns = []
    panel.loss.take_turn = lambda work=panel.loss.take_turn: (turns.append(1), work())
    show(*runs)
    assert len(turns) == 1 + len(TERMS)  # a column a turn, the sum and its terms
    for key, trace in traces(panel.loss).items():
        np.testing.assert_allclose(trace.y, expected[key])


def test_hidden_charts_cost_nothing_and_catch_up_when_they_are_shown(panel, show, qtbot):
    show(make_run(count=100))
    panel.hide()
    panel.show_curves([make_run(count=300)])
    QApplication.processEvents()
    assert traces(panel.loss)["loss"].x[-1] == 100
    panel.show()
    qtbot.waitUntil(lambda: traces(panel.loss)["loss"].x[-1] == 300, timeout=WAIT_MS)


def test_another_current_run_is_shown_whole(panel, show, qtbot):
    first, second = make_run("a", count=1000), make_run("b", count=300, seed=1)
    show(first, second)
    wheel(panel.loss, place_of(panel.loss, 400), 4)
    settle(panel, qtbot)
    show(second, first)
    assert panel.axis.span is None
    np.testing.assert_array_equal(traces(panel.loss)["betas"].x[-1], 300)


def test_a_resumed_run_is_smoothed_anew(panel, show):
    first = make_run(count=200)
    panel.bar.smoothing.setValue(5)
    show(first)
    columns = step_columns(200, seed=5)
    columns.values[:, -1] = first.steps.values[:, -1]  # the same last row over another past
    show(replace(make_run(count=200), steps=columns, resumed=1))
    assert panel.settings.span == 50
    loss, decay = columns.column("loss"), 1 - 1 / 50
    weights = decay ** np.arange(199, -1, -1)
    drawn = 10 ** traces(panel.loss)["loss"].y[-1]
    assert drawn == pytest.approx((weights * loss).sum() / weights.sum())


def test_both_themes_draw_in_their_own_colours(panel, show, qtbot):
    show(make_run(), make_run("b", seed=1))
    dark = {key: trace.ink.colour for key, trace in traces(panel.loss).items()}
    panel.theme.use(LIGHT)
    settle(panel, qtbot)
    light = {key: trace.ink.colour for key, trace in traces(panel.loss).items()}
    assert dark["keypoints_2d"] == DARK.series[0] and light["keypoints_2d"] == LIGHT.series[0]
    assert all(dark[key] != light[key] for key in dark)


@pytest.mark.parametrize(("words", "names"), StepPlot.SHEET_KEYS)
def test_every_key_on_the_shortcut_sheet_is_heard(panel, show, words, names):
    show(make_run(count=200))
    for name in re.split(" or | to ", names):
        (combination,) = [QKeySequence(name)[at] for at in range(QKeySequence(name).count())]
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, combination.key(), combination.keyboardModifiers()
        )
        assert panel.loss.plot._action(event) is not None, (words, name)
