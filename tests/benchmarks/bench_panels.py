"""What a step costs in the image and readouts panels, painting included. ``make bench``."""

from itertools import count

import pytest
from PySide6.QtWidgets import QApplication
from support_samples import make_document, make_sample, show

from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.readouts.panel import ReadoutsPanel
from utnet_viewer.style import apply_theme, load_fonts
from utnet_viewer.theme import Theme

pytestmark = pytest.mark.benchmark

SAMPLES = 10


def _stepper(qtbot, make_panel, size: tuple[int, int]):
    """A visible panel, and what shows the next sample and paints it."""
    load_fonts()
    theme = Theme()
    apply_theme(QApplication.instance(), theme)
    document = make_document(rows=SAMPLES)
    panel = make_panel(document, theme)
    qtbot.addWidget(panel)
    panel.resize(*size)
    with qtbot.waitExposed(panel):
        panel.show()
    samples = [make_sample(row=row, seed=row) for row in range(SAMPLES)]
    steps = count()

    def step():
        show(document, samples[next(steps) % SAMPLES])
        QApplication.processEvents()

    step()
    return panel, step


@pytest.mark.parametrize("zoom", [1.0, 2.2])
@pytest.mark.parametrize("view", ["Frame", "Crop", "Depth"])
def test_image_step(benchmark, qtbot, view, zoom):
    """Photo, both hands and links; the aim is 5 ms for the fitted frame."""
    panel, step = _stepper(qtbot, ImagePanel, (680, 560))
    panel.modes.set_value(view)
    panel.canvas.zoom(zoom)
    benchmark.pedantic(step, rounds=60, warmup_rounds=10)


def test_image_step_with_every_layer(benchmark, qtbot):
    """Names, boxes and the outlines of both surfaces as well."""
    panel, step = _stepper(qtbot, ImagePanel, (680, 560))
    for toggle in panel.toggles.values():
        toggle.setChecked(True)
    benchmark.pedantic(step, rounds=40, warmup_rounds=10)


def test_readouts_step(benchmark, qtbot):
    """Eight numbers, two charts, the hand's size; the aim is 6 ms."""
    _, step = _stepper(qtbot, ReadoutsPanel, (1250, 292))
    benchmark.pedantic(step, rounds=60, warmup_rounds=10)
