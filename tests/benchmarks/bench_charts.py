"""What following costs the window: ten runs of 100,000 steps on six charts. ``make bench``.

Aims: everything redrawn in under 100 ms, no pass of the event loop over 50 ms.
"""

import time
from dataclasses import replace

import numpy as np
import pytest
from curves_of_runs import make_run, step_columns
from PySide6.QtWidgets import QApplication

from core.training.steps import StepColumns
from utnet_viewer.style import apply_theme, load_fonts
from utnet_viewer.theme import Theme
from utnet_viewer.training.charts.panel import ChartsPanel

pytestmark = pytest.mark.benchmark

STEPS, RUNS = 100_000, 10
#: All eleven terms of the loss.
TERMS = (
    *("keypoints_2d", "joints_3d", "vertices_3d", "rotations", "betas", "wrist"),
    *("heatmaps", "auxiliary", "coarse", "prior_pose", "prior_shape"),
)


@pytest.fixture
def panel(qtbot) -> ChartsPanel:
    """As large as in a window of 1920×1080."""
    load_fonts()
    theme = Theme()
    apply_theme(QApplication.instance(), theme)
    panel = ChartsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(1560, 640)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture(scope="module")
def runs():
    """The first one, whose terms are drawn, and nine others."""
    return [
        make_run(f"run-{n}", STEPS, seed=n, steps=step_columns(STEPS, seed=n, terms=TERMS))
        for n in range(RUNS)
    ]


def draw(panel: ChartsPanel, runs) -> float:
    """Show runs and let every chart have its turn and be painted; returns the longest pass, s."""
    longest, began = 0.0, time.perf_counter()
    panel.show_curves(runs)
    while not panel.turns.is_settled:
        QApplication.processEvents()
        now = time.perf_counter()
        longest, began = max(longest, now - began), now
    QApplication.processEvents()
    return max(longest, time.perf_counter() - began)


def up_to(columns: StepColumns, count: int) -> StepColumns:
    return StepColumns(columns.names, columns.values[:, :count])


def test_redraw_of_everything(benchmark, panel, runs):
    """All six charts anew, ten runs; smoothing has been computed before."""
    draw(panel, runs)
    passes = []
    benchmark.pedantic(lambda: passes.append(draw(panel, runs)), rounds=20, warmup_rounds=2)
    benchmark.extra_info["longest_pass_ms"] = round(1e3 * max(passes), 1)
    benchmark.extra_info["median_longest_pass_ms"] = round(1e3 * float(np.median(passes)), 1)


def test_following_at_the_end_of_a_long_run(benchmark, panel, runs):
    """Two hundred new steps of the current run, as every quarter of a second."""
    full = runs[0].steps
    counts = iter(range(STEPS - 200 * 60, STEPS, 200))
    draw(panel, runs)
    passes = []

    def follow():
        grown = replace(runs[0], steps=up_to(full, next(counts)))
        passes.append(draw(panel, [grown, *runs[1:]]))

    benchmark.pedantic(follow, rounds=30, warmup_rounds=2)
    benchmark.extra_info["longest_pass_ms"] = round(1e3 * max(passes), 1)


def test_first_drawing(benchmark, panel, runs):
    """Nothing is known yet: all columns are smoothed from their start."""

    def forget():
        panel.settings.smoothers.keep_only(set())

    benchmark.pedantic(lambda: draw(panel, runs), setup=forget, rounds=5)


def test_another_smoothing(benchmark, panel, runs):
    """A step of the slider."""
    draw(panel, runs)
    spans = iter([3, 4, 5, 6, 7, 8, 9, 10] * 2)

    def slide():
        panel.bar.smoothing.setValue(next(spans))
        draw(panel, runs)

    benchmark.pedantic(slide, rounds=8)


def test_crosshair(benchmark, panel, runs):
    """One move of the pointer: crosshair and legends of all six charts, painted."""
    draw(panel, runs)
    steps = iter(range(1000, STEPS, 100))

    def move():
        panel.axis.set_cursor(next(steps))
        QApplication.processEvents()

    benchmark.pedantic(move, rounds=60, warmup_rounds=5)


def test_zoom(benchmark, panel, runs):
    """One turn of the wheel: all charts over other steps."""
    draw(panel, runs)
    factors = iter([0.8, 1.25] * 100)

    def zoom():
        panel.axis.zoom(next(factors), 40_000, panel.loss.shown_steps)
        while not panel.turns.is_settled:
            QApplication.processEvents()

    benchmark.pedantic(zoom, rounds=20, warmup_rounds=2)
