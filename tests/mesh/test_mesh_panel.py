"""The mesh panel driven by mouse and keys, as a person would."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from support_mesh import colours_of, drag, surface_point
from support_samples import make_document, make_sample, show

from utnet_viewer.mesh import panel as panel_module
from utnet_viewer.mesh.external_viewer import load_meshes, save_scene
from utnet_viewer.mesh.open3d_loading import Open3DLoader
from utnet_viewer.mesh.panel import MeshPanel
from utnet_viewer.mesh.scene import Alignment
from utnet_viewer.theme import DARK, LIGHT, Theme

# --- camera ----------------------------------------------------------------------------------


def test_left_drag_orbits(qtbot, view):
    before = view.camera
    drag(qtbot, view, QPoint(60, 0))
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
    drag(qtbot, view, QPoint(40, 10), button, keys)
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
    at = surface_point(view, 4)
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
    pick = view._pick(QPointF(surface_point(view, 4)))
    assert np.linalg.norm(vertices_mm - pick.point_mm, axis=1).min() < 8
    np.testing.assert_array_equal(
        view.subjects.solid(view.layers).coarse_mm, vertices_mm.astype(np.float32)
    )


# --- layers, alignment, theme ----------------------------------------------------------------


def test_every_layer_changes_the_picture_and_goes_away_again(qtbot, panel, view):
    before = colours_of(view)
    for toggle in (*(t.action for t in panel.toggles.values()), panel.object_box):
        toggle.trigger()
        changed = np.abs(colours_of(view) - before).sum(-1) > 12
        assert changed.sum() > 30, toggle.text()
        toggle.trigger()
    view.set_camera(view.camera)
    view.sharpening.settle()
    np.testing.assert_allclose(colours_of(view), before, atol=90)


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
    dark = colours_of(view)
    panel.theme.use(LIGHT)
    light = colours_of(view)
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
    flat = np.frombuffer(image.convertToFormat(QImage.Format.Format_RGBA8888).constBits(), np.uint8)
    pixels = flat.reshape(380, 400, 4)[..., :3].astype(int)
    clay = (pixels[..., 0] > pixels[..., 2] + 25).mean()  # warm colours: the hand
    on_screen = colours_of(view)
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
