"""Speed of the mesh view: orbiting, stills, and what a new sample costs. ``make bench``."""

import open3d  # noqa: F401  (so that panels are ready at once)
import pytest
from support_samples import make_document, make_sample, show

from utnet_viewer.mesh.panel import MeshPanel
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.mesh.renderer import BAND_RAYS
from utnet_viewer.theme import Theme

pytestmark = pytest.mark.benchmark


def _panel(qtbot, width: int, height: int) -> MeshPanel:
    """A visible panel whose view has this size, with both hands at rest."""
    panel = MeshPanel(make_document(make_sample(seed=1)), Theme())
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    view = panel.view
    chrome = panel.height() - view.height()
    panel.resize(width, height + chrome)
    qtbot.waitUntil(lambda: (view.width(), view.height()) == (width, height))
    view.fit()
    view.repaint()
    assert view.sharpening.picture.front is not None
    return panel


@pytest.mark.parametrize("size", [(556, 500), (640, 480), (960, 720)], ids=str)
def test_orbit_two_meshes(benchmark, qtbot, size):
    """One frame of a drag, painting included; the aim is 33 ms."""
    view = _panel(qtbot, *size).view

    def orbit():
        view.set_camera(view.camera.orbit(3, 1))
        view.repaint()

    benchmark.pedantic(orbit, rounds=30, warmup_rounds=3)


@pytest.mark.parametrize("size", [(556, 500), (640, 480), (960, 720)], ids=str)
def test_still_of_two_meshes(benchmark, qtbot, size):
    """A frame at full resolution, all its bands and painting; the aim is 40 ms at 640x480."""
    view = _panel(qtbot, *size).view

    def settle():
        view.sharpening.settle()
        view.sharpening.finish()
        view.repaint()

    def prepare():
        view.set_camera(view.camera.orbit(3, 1))

    benchmark.pedantic(settle, setup=prepare, rounds=20, warmup_rounds=2)


def test_new_sample(benchmark, qtbot):
    """Scene, surfaces and first paint of another sample at the mock-up's size."""
    panel = _panel(qtbot, 556, 500)
    samples = [make_sample(row=row, seed=row) for row in range(8)]
    state = {"row": 0}

    def step():
        state["row"] = (state["row"] + 1) % len(samples)
        show(panel.document, samples[state["row"]])
        panel.view.repaint()

    benchmark.pedantic(step, rounds=24, warmup_rounds=3)


def test_refinement_band(benchmark, qtbot):
    """The longest that refining may hold up the event loop: one band of rays."""
    view = _panel(qtbot, 960, 720).view
    drawing = view._drawing(960, 720, Quality.REFINED)
    assert len(drawing._bands) > 10, f"bands of {BAND_RAYS} rays should be many"
    benchmark.pedantic(drawing.step, rounds=10)


def test_pick(benchmark, qtbot):
    """What a movement of the pointer over the hand costs before painting."""
    view = _panel(qtbot, 556, 500).view
    view.repaint()
    middle = view.rect().center().toPointF()
    benchmark(lambda: view._pick(middle))
