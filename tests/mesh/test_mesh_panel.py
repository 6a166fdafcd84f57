"""The mesh panel driven by mouse and keys, as a person would."""

import threading
from dataclasses import replace

import numpy as np
import open3d  # noqa: F401  (so that the panel is ready at once)
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from support_samples import make_document, make_sample, show

from core.conventions import JOINT_NAMES
from utnet_viewer.document import EngineState
from utnet_viewer.mesh import panel as panel_module
from utnet_viewer.mesh import renderer as renderer_module
from utnet_viewer.mesh.external_viewer import load_meshes, save_scene
from utnet_viewer.mesh.open3d_loading import Open3DLoader
from utnet_viewer.mesh.panel import MeshPanel
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.mesh.scene import Alignment, build_scene
from utnet_viewer.mesh.sharpening import SETTLE_MS
from utnet_viewer.theme import DARK, LIGHT, Theme

SIZE = (300, 300)


@pytest.fixture
def document():
    return make_document(make_sample(seed=1))


@pytest.fixture
def panel(qtbot, document):
    panel = MeshPanel(document, Theme())
    qtbot.addWidget(panel)
    panel.resize(*SIZE)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def view(panel):
    panel.view.repaint()
    return panel.view


def _colours(widget) -> np.ndarray:
    """(h, w, 3) of what is on screen."""
    image = widget.grab().toImage().convertToFormat(image_format())
    flat = np.frombuffer(image.constBits(), np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())[:, : 4 * image.width()]
    return rows.reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def image_format():
    from PySide6.QtGui import QImage

    return QImage.Format.Format_RGBA8888


def _surface_point(view, joint: int) -> QPoint:
    """A pixel of the drawn surface near a joint of the prediction."""
    x, y, _ = view.camera.project(
        view.scene.prediction.joints_mm[[joint]], view.width(), view.height()
    )[0]
    return QPoint(round(x), round(y))


def _drag(qtbot, view, by: QPoint, button=Qt.MouseButton.LeftButton, keys=None):
    keys = keys or Qt.KeyboardModifier.NoModifier
    start = QPoint(20, 20)
    qtbot.mousePress(view, button, keys, start)
    for step in (by / 2, by):
        event_at = start + step
        _move(view, event_at, button, keys)
    qtbot.mouseRelease(view, button, keys, start + by)


def _move(view, at: QPoint, button, keys) -> None:
    """Qt's test mouse does not hold the button while it moves; a real one does."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    place = QPointF(at)
    event = QMouseEvent(QEvent.Type.MouseMove, place, view.mapToGlobal(place), button, button, keys)
    QApplication.sendEvent(view, event)


# --- camera ----------------------------------------------------------------------------------


def test_left_drag_orbits(qtbot, view):
    before = view.camera
    _drag(qtbot, view, QPoint(60, 0))
    assert view.camera.yaw_rad > before.yaw_rad + 0.3
    assert view.camera.target_mm == before.target_mm


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        (Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_middle_or_shift_drag_pans(qtbot, view, button, keys):
    before = view.camera
    target = np.array([before.target_mm])
    _drag(qtbot, view, QPoint(40, 10), button, keys)
    x, y, _ = view.camera.project(target, view.width(), view.height())[0]
    assert view.camera.yaw_rad == before.yaw_rad
    assert (x - view.width() / 2, y - view.height() / 2) == pytest.approx((40, 10), abs=1e-6)


def test_wheel_comes_closer(view):
    before = view.camera.distance_mm
    middle = QPointF(view.rect().center())
    event = QWheelEvent(
        middle,
        view.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert view.camera.distance_mm == pytest.approx(before * 0.88**2)


def test_double_click_beside_the_hand_fits(qtbot, view):
    fitted = view.camera
    view.set_camera(view.camera.zoom(-5).orbit(0, 0))
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert view.camera.distance_mm == pytest.approx(fitted.distance_mm, rel=0.05)


def test_double_click_on_the_hand_brings_that_point_to_the_middle(qtbot, view):
    at = _surface_point(view, 4)
    point_mm = view._pick(QPointF(at)).point_mm
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    np.testing.assert_allclose(view.camera.target_mm, point_mm, atol=1e-9)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_presets_by_number(qtbot, panel, number):
    before = panel.view.camera.rotation
    qtbot.keyClick(panel, Qt.Key(Qt.Key.Key_0 + number))
    assert not np.allclose(panel.view.camera.rotation, before)


def test_all_five_presets_differ(qtbot, panel):
    forwards = []
    for number in range(1, 6):
        qtbot.keyClick(panel, Qt.Key(Qt.Key.Key_0 + number))
        forwards.append(panel.view.camera.rotation[2])
    products = np.abs(np.array(forwards) @ np.array(forwards).T)
    palm_and_back = forwards[3] @ forwards[4]
    assert palm_and_back == pytest.approx(-1)
    assert np.linalg.matrix_rank(np.array(forwards), tol=0.2) == 3
    assert products[1, 2] < 0.01 and products[2, 3] < 0.01


def test_camera_stays_while_stepping(qtbot, panel, document):
    panel.view.set_camera(panel.view.camera.orbit(50, 10).zoom(2))
    kept = panel.view.camera
    show(document, make_sample(row=3, seed=8))
    assert panel.view.camera == kept


def test_another_sample_is_another_surface(panel, view, document):
    before = view.sharpening.picture.front.depth_mm.copy()
    show(document, make_sample(row=3, seed=8))
    view.repaint()
    view.sharpening.change()
    view.repaint()
    assert not np.array_equal(view.sharpening.picture.front.depth_mm, before)
    vertices_mm = view.scene.prediction.vertices_mm
    pick = view._pick(QPointF(_surface_point(view, 4)))
    assert np.linalg.norm(vertices_mm - pick.point_mm, axis=1).min() < 8
    np.testing.assert_array_equal(
        view.subjects.solid(view.layers).coarse_mm, vertices_mm.astype(np.float32)
    )


# --- how finely ------------------------------------------------------------------------------


def test_half_resolution_while_dragging_full_on_release_finest_at_rest(qtbot, panel, view):
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    _move(view, QPoint(60, 20), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
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


# --- picking and measuring -------------------------------------------------------------------


def test_pointing_names_vertex_part_and_error(qtbot, panel, view, document):
    at = _surface_point(view, 3)
    qtbot.mouseMove(view, at)
    qtbot.waitUntil(lambda: view.pick is not None)
    pick = view.pick
    nearest_mm = view.scene.prediction.vertices_mm[pick.vertex]
    assert np.linalg.norm(nearest_mm - pick.point_mm) < 8
    expected_mm = document.sample.metrics.pa_vertex_errors_mm[pick.vertex]
    part, error = pick.rows
    assert part == ("part", JOINT_NAMES[pick.joint])
    assert error == ("error", f"{expected_mm:.1f} mm")
    assert document.hovered_joint == pick.joint


def test_card_stands_off_the_hand(qtbot, panel, view):
    panel.resize(520, 480)
    qtbot.waitUntil(lambda: view.width() == 520)
    view.fit()
    view.point_at(QPointF(_surface_point(view, 3)))
    view.repaint()
    from utnet_viewer.mesh.furniture import Card

    stage = view._stage(view.width(), view.height(), view.sharpening.picture)
    x, y = view.card_corner
    width, height = Card("vertex 100", view.pick.rows, "#FFFFFF", (0, 0)).size
    assert stage.covered_share(x, y, x + width, y + height) < 0.1


def test_leaving_takes_card_and_mark_away(qtbot, view, document):
    view.point_at(QPointF(_surface_point(view, 3)))
    assert document.hovered_joint >= 0
    QApplication.sendEvent(view, _leave_event())
    assert view.pick is None
    assert document.hovered_joint == -1


def _leave_event():
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


def test_a_joint_hovered_elsewhere_is_marked_here(panel, view, document):
    before = _colours(view)
    document.hover(8)
    x, y, _ = view.camera.project(view.scene.truth.joints_mm[[8]], view.width(), view.height())[0]
    changed = np.abs(_colours(view) - before).sum(-1) > 60
    rows, columns = np.nonzero(changed)
    assert len(rows) > 20
    distance = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    assert distance.min() < 9


def test_ruler_measures_between_two_clicked_points(qtbot, panel, view):
    qtbot.keyClick(panel, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    first, second = _surface_point(view, 4), _surface_point(view, 3)
    expected = np.linalg.norm(
        view._pick(QPointF(first)).point_mm - view._pick(QPointF(second)).point_mm
    )
    lengths = []
    view.ruler_changed.connect(lengths.append)
    for at in (first, second):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert lengths[-1] == pytest.approx(expected)
    assert expected > 30
    qtbot.keyClick(panel, Qt.Key.Key_Escape)
    assert view.ruler_mm == []


def test_a_click_beside_the_hand_measures_nothing(qtbot, panel, view):
    panel.ruler.action.trigger()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert view.ruler_mm == []


def test_without_the_ruler_clicks_measure_nothing(qtbot, view):
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=_surface_point(view, 4))
    assert view.ruler_mm == []


# --- layers, alignment, theme ----------------------------------------------------------------


def test_every_layer_changes_the_picture_and_goes_away_again(qtbot, panel, view):
    before = _colours(view)
    for toggle in (*(t.action for t in panel.toggles.values()), panel.object_box):
        toggle.trigger()
        changed = np.abs(_colours(view) - before).sum(-1) > 12
        assert changed.sum() > 30, toggle.text()
        toggle.trigger()
    view.set_camera(view.camera)
    view.sharpening.settle()
    np.testing.assert_allclose(_colours(view), before, atol=90)


def test_alignment_by_key_changes_errors(qtbot, panel, document):
    assert panel.alignment is Alignment.PROCRUSTES
    aligned_mm = panel.view.scene.vertex_errors_mm.mean()
    qtbot.keyClick(panel, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert panel.alignment is Alignment.CAMERA
    camera_mm = panel.view.scene.vertex_errors_mm.mean()
    qtbot.keyClick(panel, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    assert panel.alignment is Alignment.ROOT
    root_mm = panel.view.scene.vertex_errors_mm.mean()
    assert aligned_mm == pytest.approx(document.sample.metrics.pa_mpvpe_mm)
    assert root_mm == pytest.approx(document.sample.metrics.mpvpe_mm)
    assert len({aligned_mm, camera_mm, root_mm}) == 3


def test_theme_switch_repaints(qtbot, panel, view):
    assert panel.theme.palette is DARK
    dark = _colours(view)
    panel.theme.use(LIGHT)
    light = _colours(view)
    assert light[4:30, 4:30].mean() > dark[4:30, 4:30].mean() + 150


def test_error_colours_are_on_screen(document, panel, view):
    """Where the surface is more than 20 mm wrong it is violet, not clay."""
    far = replace(
        document.sample.prediction, vertices_mm=document.sample.prediction.vertices_mm + [80, 0, 0]
    )
    document.update_sample(0, prediction=far)
    document.turns.finish()
    panel.alignments.set_value("Camera")
    view.fit()
    view.repaint()
    front = view.sharpening.picture.front
    solid = np.isfinite(front.depth_mm) & (front.image[..., 3] == 255)
    red, green, blue = front.image[solid][:, :3].astype(int).mean(0)
    assert blue > red > green


# --- what may be missing ---------------------------------------------------------------------


def test_without_prediction_the_truth_is_the_surface(panel, view, document):
    show(document, make_sample(row=1, with_prediction=False))
    view.repaint()
    assert panel.legend.words == "ground truth"
    assert np.isfinite(view.sharpening.picture.front.depth_mm).sum() > 200
    assert view.sharpening.picture.behind is None


def test_evaluation_frame_with_prediction(panel, view, document):
    show(document, make_sample(row=2, evaluation=True))
    view.repaint()
    assert panel.legend.words == "prediction"
    assert np.isfinite(view.sharpening.picture.front.depth_mm).sum() > 200


def test_empty_document_says_what_to_do(qtbot):
    panel = MeshPanel(make_document(), Theme())
    qtbot.addWidget(panel)
    panel.show()
    panel.grab()
    assert "Open a dataset" in panel.view.message[1]
    qtbot.keyClick(panel, Qt.Key.Key_4)
    qtbot.keyClick(panel, Qt.Key.Key_0)


def test_a_problem_is_the_message(panel, document):
    show(
        document,
        replace(
            make_sample(row=4, evaluation=True, with_prediction=False), problem="The engine died."
        ),
    )
    assert panel.view.message[1] == "The engine died."
    assert panel.view.scene is None


def test_broken_prediction_is_said_in_the_picture(panel, view, document):
    sample = make_sample(row=5, seed=2)
    broken = sample.prediction.vertices_mm.copy()
    broken[0] = np.nan
    bad = replace(sample, prediction=replace(sample.prediction, vertices_mm=broken))
    show(document, bad)
    panel.grab()
    assert "1 of 778 vertices are not numbers" in view.scene.problems[0]
    assert panel.legend.words == "ground truth"


# --- export and the end ----------------------------------------------------------------------


def test_export_is_the_same_view_in_any_size(panel, view):
    image = panel.render_image(400, 380)
    assert (image.width(), image.height()) == (400, 380)
    flat = np.frombuffer(image.convertToFormat(image_format()).constBits(), np.uint8)
    pixels = flat.reshape(380, 400, 4)[..., :3].astype(int)
    clay = (pixels[..., 0] > pixels[..., 2] + 25).mean()  # warm colours: the hand
    on_screen = _colours(view)
    assert clay == pytest.approx((on_screen[..., 0] > on_screen[..., 2] + 25).mean(), abs=0.08)
    assert clay > 0.05


def test_export_before_open3d_is_refused(panel):
    panel.view.is_ready = False
    with pytest.raises(RuntimeError, match="still being loaded"):
        panel.render_image(100, 100)


def test_panel_opens_before_open3d_and_draws_when_it_comes(qtbot, document, monkeypatch):
    monkeypatch.setattr(panel_module, "is_loaded", lambda: False)
    panel = MeshPanel(document, Theme())
    qtbot.addWidget(panel)
    assert not panel.view.is_ready
    with qtbot.waitExposed(panel):
        panel.show()
    panel.view.repaint()
    qtbot.waitUntil(lambda: panel.view.is_ready, timeout=30_000)
    panel.shut_down()
    panel.view.repaint()
    assert panel.view.sharpening.picture.front is not None


def test_a_missing_open3d_is_said(qtbot, panel):
    loader = Open3DLoader(library="open3d_that_is_not_there")
    loader.finished.connect(panel._on_open3d)
    with qtbot.waitSignal(loader.finished, timeout=10_000):
        loader.start()
    loader.join()
    assert "open3d_that_is_not_there" in panel.view.notice


def test_no_thread_outlives_the_panel(qtbot, document):
    before = set(threading.enumerate())
    panel = MeshPanel(document, Theme())
    panel.show()
    panel.close()
    panel.shut_down()
    panel.deleteLater()
    assert set(threading.enumerate()) <= before


def test_no_two_actions_of_the_panel_share_a_key(panel):
    keys = [a.shortcut().toString() for a in panel.panel_actions if a.shortcut().toString()]
    assert len(keys) == len(set(keys))
    assert all(action.toolTip() for action in panel.panel_actions)
    for name in ("Shift+G", "Shift+W", "Shift+E", "Shift+S", "Shift+R", "Shift+D", "Shift+O"):
        assert name in keys


# --- Open3D's own viewer ---------------------------------------------------------------------


def test_scene_comes_back_from_its_file(panel, tmp_path):
    scene, faces = panel.view.scene, panel.document.hand_model.faces
    save_scene(tmp_path / "scene.npz", scene, faces)
    prediction, truth = load_meshes(tmp_path / "scene.npz")
    np.testing.assert_array_equal(prediction.vertices_mm, scene.prediction.vertices_mm)
    np.testing.assert_array_equal(truth.vertices_mm, scene.truth.vertices_mm)
    np.testing.assert_array_equal(prediction.faces, faces)
    assert np.ptp(prediction.colours, axis=0).max() > 0.1  # by error
    assert np.ptp(truth.colours, axis=0).max() == 0


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "scene.npz"
    np.savez(path, prediction_mm=np.array([{"a": 1}], dtype=object), faces=np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"scene\.npz holds no scene"):
        load_meshes(path)


def test_a_viewer_that_cannot_open_says_so_in_the_window(qtbot, panel, monkeypatch):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with qtbot.waitSignal(panel._outside.failed, timeout=10_000):
        panel._open_outside()
    assert "did not start" in panel.view.notice
    panel.shut_down()


def test_without_a_screen_the_viewer_says_so(qtbot, panel, monkeypatch):
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with qtbot.waitSignal(panel._outside.failed, timeout=30_000) as failed:
        panel._open_outside()
    assert "there is no screen" in failed.args[0]
    assert panel.view.notice == failed.args[0]
    assert panel._outside._folder is None
