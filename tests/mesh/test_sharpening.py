"""How finely the mesh view draws, and when: half resolution at once, the finest at rest."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from support_mesh import move
from support_samples import make_sample, show

from utnet_viewer.document import EngineState
from utnet_viewer.mesh import renderer as renderer_module
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.mesh.scene import Alignment, build_scene
from utnet_viewer.mesh.sharpening import SETTLE_MS


def test_half_resolution_while_dragging_full_on_release_finest_at_rest(qtbot, panel, view):
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    move(view, QPoint(60, 20), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    view.repaint()
    assert view.quality is Quality.MOVING
    assert view.sharpening.picture.front.width == round(view.width() / 2)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(60, 20))
    view.repaint()
    assert view.quality is Quality.STILL
    assert view.sharpening.picture.front.width == round(view.width() / 2)  # until it is drawn
    view.sharpening.finish()
    assert view.sharpening.picture.front.width == view.width()
    assert view.quality is Quality.STILL
    coarse = view.sharpening.picture.front.image.copy()
    assert not panel.is_settled
    qtbot.waitUntil(lambda: panel.is_settled, timeout=15_000)
    assert view.quality is Quality.REFINED
    assert view.sharpening.picture.front.width == view.width()
    assert not np.array_equal(view.sharpening.picture.front.image, coarse)
    alphas = np.unique(view.sharpening.picture.front.image[..., 3])
    assert len(alphas) > len(np.unique(coarse[..., 3]))  # soft edges


def test_a_movement_interrupts_refining(qtbot, view, monkeypatch):
    monkeypatch.setattr(renderer_module, "BAND_RAYS", 500)  # refining takes many turns
    qtbot.waitUntil(lambda: view.quality is Quality.REFINING, timeout=15_000)
    view.set_camera(view.camera.orbit(5, 0))
    assert view.quality is Quality.MOVING
    assert view.sharpening.picture is None


def test_going_on_stops_refining_until_the_next_sample_is_there(panel, view, document):
    document.select(3)
    assert not view.sharpening.is_active
    show(document, make_sample(row=3, seed=8))
    assert view.sharpening.is_active


def test_what_a_prediction_will_replace_is_not_refined_at_once(qtbot, panel, view, document):
    document.set_engine(EngineState("ready", model="demo"))
    show(document, make_sample(row=3, with_prediction=False))
    view.repaint()
    qtbot.wait(2 * SETTLE_MS)
    assert view.quality is Quality.MOVING
    document.set_engine(EngineState("dead"))  # nothing will come any more
    show(document, make_sample(row=4, with_prediction=False))
    qtbot.waitUntil(lambda: panel.is_settled, timeout=15_000)


def test_a_neighbour_drawn_ahead_is_shown_as_if_it_were_drawn_now(qtbot, panel, view, document):
    first, following = make_sample(row=2, seed=4), make_sample(row=3, seed=8)
    show(document, first)
    document.neighbour_ready.emit(following)
    qtbot.waitUntil(lambda: panel._ahead.drawn is not None)
    ahead = panel._ahead.drawn.picture
    show(document, following)
    assert view.sharpening.picture is ahead
    assert view.quality is Quality.MOVING and view.sharpening.is_active
    assert view.scene.frame is following.frame
    shown = ahead.front.depth_mm.copy()
    show(document, first)
    show(document, following)
    view.repaint()
    assert view.sharpening.picture is not ahead
    np.testing.assert_array_equal(view.sharpening.picture.front.depth_mm, shown)


def test_what_was_drawn_ahead_is_dropped_when_the_camera_moved(qtbot, panel, view, document):
    following = make_sample(row=3, seed=8)
    document.neighbour_ready.emit(following)
    qtbot.waitUntil(lambda: panel._ahead.drawn is not None)
    ahead = panel._ahead.drawn.picture
    view.set_camera(view.camera.orbit(30, 0))
    show(document, following)
    view.repaint()
    assert view.sharpening.picture is not ahead
    vertices_mm = view.scene.prediction.vertices_mm.astype(np.float32)
    np.testing.assert_array_equal(view.subjects.solid(view.layers).coarse_mm, vertices_mm)


def test_what_was_drawn_ahead_is_dropped_with_another_alignment(qtbot, panel, view, document):
    following = make_sample(row=3, seed=8)
    document.neighbour_ready.emit(following)
    qtbot.waitUntil(lambda: panel._ahead.drawn is not None)
    panel.alignments.set_value(Alignment.CAMERA.value)
    show(document, following)
    expected = build_scene(following, Alignment.CAMERA)
    np.testing.assert_allclose(
        view.scene.prediction.vertices_mm, expected.prediction.vertices_mm, atol=1e-9
    )


def test_hidden_view_rests(qtbot, panel, view):
    panel.hide()
    assert not view.sharpening.is_active
    panel.show()
    qtbot.waitUntil(lambda: view.quality is Quality.REFINED, timeout=15_000)
