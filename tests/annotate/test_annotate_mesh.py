"""The mesh view of Annotate: it follows the edited hand, and its joints are dragged in space."""

from dataclasses import replace

import numpy as np
import open3d  # noqa: F401  (so that the panel is ready at once)
import pytest
from fake_hand_editor import FakeHandEditor
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from support_mesh import colours_of, move
from support_samples import make_document, make_sample

from core.conventions import WRIST
from core.hand.hand_model import HandMesh
from utnet_viewer.annotate.mesh_panel import MeshEditPanel
from utnet_viewer.mesh.render_state import Quality
from utnet_viewer.theme import Theme

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
INDEX_TIP, THUMB_TIP = 17, 16


@pytest.fixture
def document():
    return make_document(make_sample(seed=1))


@pytest.fixture
def editor(document):
    return FakeHandEditor(document)


@pytest.fixture
def panel(qtbot, document, editor):
    panel = MeshEditPanel(document, editor, Theme())
    qtbot.addWidget(panel)
    panel.resize(420, 380)
    with qtbot.waitExposed(panel):
        panel.show()
    document.turns.finish()
    yield panel
    document.turns.forget()  # as the session's end does
    panel.shut_down()


@pytest.fixture
def view(panel):
    panel.view.setFocus()
    return panel.view


def place_of(view, joint: int) -> QPoint:
    joints_mm = view.scene.prediction.joints_mm
    x, y, _ = view.camera.project(joints_mm[[joint]], view.width(), view.height())[0]
    return QPoint(round(x), round(y))


def drag(qtbot, view, joint: int, *steps: QPoint, keys=NO_KEYS, drops: bool = True) -> None:
    """Take a joint, move over steps from where it was, and let go."""
    start = place_of(view, joint)
    qtbot.mousePress(view, LEFT, NO_KEYS, start)
    for step in steps:
        move(view, start + step, LEFT, keys)
        view.repaint()
    if drops:
        qtbot.mouseRelease(view, LEFT, keys, start + steps[-1])


def wishes_of(editor) -> list[np.ndarray]:
    return [asked[2] for asked in editor.asked if asked[0] == "drag_mm"]


def in_view(view, by_mm: np.ndarray) -> np.ndarray:
    """A step in camera axes, in view axes: right, down, away."""
    return view.camera.rotation @ by_mm


def test_says_what_is_drawn_and_by_which_hand_model(panel):
    assert panel.title == "Mesh"
    assert panel.subtitle == "follows the drag"
    assert panel.legend.words == "edited; original"
    assert panel.legend.hand_model.text() == "stand-in hand, not MANO"


def test_follows_the_hand_that_is_dragged_elsewhere(document, editor, panel, view):
    before_mm = view.scene.prediction.joints_mm
    ghost = view.scene.truth
    editor.drag_mm(THUMB_TIP, editor.hand.mesh.joints_mm[THUMB_TIP] + [5.0, 0, 0])
    assert view.scene.prediction.joints_mm is before_mm  # the photo comes first
    document.turns.finish()
    assert np.allclose(view.scene.prediction.joints_mm - before_mm, [5.0, 0, 0])
    assert view.scene.truth is ghost  # the original and the origin stay
    assert view.quality is Quality.MOVING


def test_of_many_changes_only_the_newest_is_arranged(document, editor, panel, view):
    scenes = []
    show = view.set_scene
    view.set_scene = lambda scene: (scenes.append(scene), show(scene))
    for _ in range(20):
        editor.drag_mm(THUMB_TIP, editor.hand.mesh.joints_mm[THUMB_TIP] + [1.0, 0, 0])
    document.turns.finish()
    assert len(scenes) == 1
    joints_mm = scenes[0].prediction.joints_mm + scenes[0].anchor_mm
    assert np.allclose(joints_mm, editor.hand.mesh.joints_mm)


def test_what_leaves_the_hand_alone_leaves_its_picture_alone(qtbot, document, editor, panel, view):
    qtbot.waitUntil(lambda: panel.is_settled, timeout=5000)
    scene = view.scene
    editor.select(INDEX_TIP)
    editor.changed.emit()  # such as a joint's visibility
    document.turns.finish()
    assert view.scene is scene
    assert panel.is_settled
    assert view.selected == INDEX_TIP


def test_becomes_fine_when_the_drag_rests(qtbot, document, editor, panel, view):
    editor.drag_mm(THUMB_TIP, editor.hand.mesh.joints_mm[THUMB_TIP] + [5.0, 0, 0])
    document.turns.finish()
    assert not panel.is_settled
    qtbot.waitUntil(lambda: panel.is_settled, timeout=5000)


def test_hidden_it_arranges_nothing(document, editor, panel, view):
    panel.hide()
    before = view.scene
    editor.drag_mm(THUMB_TIP, editor.hand.mesh.joints_mm[THUMB_TIP] + [5.0, 0, 0])
    document.turns.finish()
    assert view.scene is before
    panel.show()
    document.turns.finish()
    assert view.scene is not before


def test_a_drag_moves_the_joint_in_the_plane_of_the_picture(qtbot, editor, panel, view):
    start_mm = editor.hand.mesh.joints_mm[INDEX_TIP].copy()
    at, depth_mm = (
        place_of(view, INDEX_TIP),
        view.camera.to_view(view.scene.prediction.joints_mm[INDEX_TIP])[2],
    )
    drag(qtbot, view, INDEX_TIP, QPoint(10, -4), QPoint(24, -18))
    assert [asked[0] for asked in editor.asked] == ["drag_mm", "drag_mm", "release"]
    assert editor.selected == INDEX_TIP
    right_mm, down_mm, away_mm = in_view(view, wishes_of(editor)[-1] - start_mm)
    # A pinhole: so many pixels at this depth and focal length.
    focal_px = view.height() / 2 / np.tan(np.radians(14))
    assert right_mm == pytest.approx(24 * depth_mm / focal_px, abs=1e-6)
    assert down_mm == pytest.approx(-18 * depth_mm / focal_px, abs=1e-6)
    assert away_mm == pytest.approx(0, abs=1e-9)
    panel.document.turns.finish()
    there = place_of(view, INDEX_TIP) - at
    assert abs(there.x() - 24) <= 1 and abs(there.y() + 18) <= 1


def test_with_shift_a_drag_moves_the_joint_along_the_view_axis(qtbot, editor, view):
    start_mm = editor.hand.mesh.joints_mm[INDEX_TIP].copy()
    drag(qtbot, view, INDEX_TIP, QPoint(9, -20), keys=SHIFT)
    right_mm, down_mm, away_mm = in_view(view, wishes_of(editor)[-1] - start_mm)
    assert (right_mm, down_mm) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))
    assert away_mm > 5  # up is away


def test_a_click_on_a_joint_selects_and_moves_nothing(qtbot, editor, view):
    qtbot.mouseClick(view, LEFT, NO_KEYS, place_of(view, THUMB_TIP))
    assert editor.selected == THUMB_TIP
    assert wishes_of(editor) == []


def test_of_two_joints_the_nearer_to_the_pointer_is_taken(view):
    for joint in (INDEX_TIP, THUMB_TIP, WRIST):
        x, y, _ = view.camera.project(
            view.scene.prediction.joints_mm[[joint]], view.width(), view.height()
        )[0]
        assert view.joint_at(QPointF(x, y)) == joint
        assert view.joint_at(QPointF(x, y) + QPointF(1.0, 1.0)) == joint


def test_beside_the_joints_the_mouse_turns_the_hand(qtbot, editor, view):
    camera = view.camera
    qtbot.mousePress(view, LEFT, NO_KEYS, QPoint(12, 12))
    move(view, QPoint(60, 40), LEFT, NO_KEYS)
    qtbot.mouseRelease(view, LEFT, NO_KEYS, QPoint(60, 40))
    assert view.camera != camera
    assert editor.asked == []


def test_escape_takes_the_drag_back(qtbot, document, editor, panel, view):
    start_mm = editor.hand.mesh.joints_mm.copy()
    drag(qtbot, view, INDEX_TIP, QPoint(24, -18), drops=False)
    assert not np.allclose(editor.hand.mesh.joints_mm, start_mm)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert editor.asked[-1] == ("cancel",)
    assert np.allclose(editor.hand.mesh.joints_mm, start_mm)
    move(view, QPoint(40, 40), LEFT, NO_KEYS)  # the button is still down
    qtbot.mouseRelease(view, LEFT, NO_KEYS, QPoint(40, 40))
    assert editor.asked[-1] == ("cancel",)


def test_arrow_keys_move_the_selected_joint_by_a_millimetre(qtbot, editor, panel, view):
    editor.select(INDEX_TIP)
    start_mm = editor.hand.mesh.joints_mm[INDEX_TIP].copy()
    keys = (Qt.Key.Key_Right, NO_KEYS), (Qt.Key.Key_Up, SHIFT), (Qt.Key.Key_PageUp, NO_KEYS)
    for key, modifiers in keys:
        qtbot.keyClick(view, key, modifiers)
    moved_mm = in_view(view, wishes_of(editor)[-1] - start_mm)
    assert moved_mm == pytest.approx([1.0, -5.0, 1.0], abs=1e-9)
    assert ("release",) not in editor.asked
    qtbot.waitUntil(lambda: editor.asked[-1] == ("release",), timeout=3000)
    assert editor.asked.count(("release",)) == 1  # three presses, one edit


def test_escape_takes_back_what_keys_moved(qtbot, editor, view):
    editor.select(INDEX_TIP)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert editor.asked[-1] == ("cancel",)
    assert not view.has_open_edit


def test_another_drag_in_between_is_not_ended_by_the_pause_of_the_keys(editor, panel, qtbot, view):
    editor.select(INDEX_TIP)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    editor.drag_mm(THUMB_TIP, editor.hand.mesh.joints_mm[THUMB_TIP] + [3.0, 0, 0])  # in the photo
    panel._keys_pause.timeout.emit()
    assert ("release",) not in editor.asked


def test_another_frame_takes_the_drag_out_of_the_hand(qtbot, document, editor, view):
    drag(qtbot, view, INDEX_TIP, QPoint(24, -18), drops=False)
    document.select(3)
    assert not view.is_dragging
    count = len(editor.asked)
    move(view, QPoint(50, 50), LEFT, NO_KEYS)
    assert len(editor.asked) == count


def test_what_cannot_be_edited_cannot_be_taken(qtbot, document, editor, panel, view):
    editor.can_edit = False
    editor.changed.emit()
    document.turns.finish()
    drag(qtbot, view, INDEX_TIP, QPoint(24, -18))
    assert editor.asked == []


def test_root_alignment_puts_the_wrists_together_and_asks_in_camera_axes(
    qtbot, document, editor, panel, view
):
    editor.drag_mm(WRIST, editor.hand.mesh.joints_mm[WRIST] + [12.0, -7.0, 30.0])
    document.turns.finish()
    scene = view.scene
    assert np.linalg.norm(scene.prediction.joints_mm[WRIST] - scene.truth.joints_mm[WRIST]) > 30
    panel.alignments.set_value("Root")
    assert np.allclose(view.scene.prediction.joints_mm[WRIST], scene.truth.joints_mm[WRIST])
    start_mm = editor.hand.mesh.joints_mm[INDEX_TIP].copy()
    drag(qtbot, view, INDEX_TIP, QPoint(0, 4), QPoint(0, 12))
    step_mm = in_view(view, wishes_of(editor)[-1] - start_mm)
    assert 2 < step_mm[1] < 12
    assert step_mm[[0, 2]] == pytest.approx([0, 0], abs=1e-9)


def test_free_2d_says_so_instead_of_a_hand(document, editor, panel, view):
    editor.mode = "free 2D"
    editor.show(editor.hand.in_free_2d())
    document.turns.finish()
    assert view.scene is None
    assert view.message[0] == "Free 2D"


def test_a_label_of_joints_alone_says_what_to_do(document, editor, panel, view):
    editor.show(replace(editor.hand, mesh=None))
    document.turns.finish()
    assert view.scene is None
    assert "Drag one in the image" in view.message[1]


def test_the_selected_joint_is_ringed_on_screen_but_not_in_a_picture_to_take(panel, editor, view):
    def taken() -> np.ndarray:
        taken_view = panel.taken_view()
        image = QImage(taken_view.size(), QImage.Format.Format_RGBA8888)
        for _ in taken_view.prepare(1.0):
            pass
        painter = QPainter(image)
        taken_view.paint(painter, 1.0)
        painter.end()
        return np.frombuffer(image.constBits(), np.uint8).copy()

    on_screen, in_picture = colours_of(view), taken()
    editor.select(INDEX_TIP)
    at = place_of(view, INDEX_TIP)
    rows, columns = np.nonzero(np.abs(colours_of(view) - on_screen).sum(-1) > 60)
    assert len(rows) > 20
    assert np.hypot(columns - at.x(), rows - at.y()).max() < 14
    assert np.array_equal(taken(), in_picture)


def test_the_hand_fills_the_view_in_every_size_until_a_person_turns_it(qtbot, panel, view):
    def height_share() -> float:
        y = view.camera.project(view.scene.points_mm, view.width(), view.height())[:, 1]
        x = view.camera.project(view.scene.points_mm, view.width(), view.height())[:, 0]
        return max(np.ptp(y) / view.height(), np.ptp(x) / view.width())

    for size in ((300, 240), (700, 500)):
        panel.resize(*size)
        qtbot.waitUntil(lambda size=size: view.width() == size[0])
        assert 0.6 < height_share() < 0.85
    qtbot.keyClick(view, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier | ALT)
    camera = view.camera
    panel.resize(400, 300)
    qtbot.waitUntil(lambda: view.width() == 400)
    assert view.camera == camera
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert 0.6 < height_share() < 0.85


def test_another_hand_of_the_frame_is_brought_into_view(document, editor, panel, view):
    away_mm = np.array([300.0, 0.0, 0.0])
    mesh = HandMesh(editor.hand.mesh.vertices_mm + away_mm, editor.hand.mesh.joints_mm + away_mm)
    editor.hand = replace(editor.hand, mesh=mesh, joints_mm=mesh.joints_mm)
    editor.loaded.emit()
    document.turns.finish()
    at = place_of(view, WRIST)
    assert view.rect().contains(at)


def test_depth_points_are_shown_where_the_frame_has_them(panel, view):
    before = colours_of(view)
    panel.cloud.trigger()
    assert (np.abs(colours_of(view) - before).sum(-1) > 60).sum() > 500


def test_pointing_at_a_joint_tells_the_other_panels(document, view):
    view.point_at(QPointF(place_of(view, INDEX_TIP)))
    assert document.hovered_joint == INDEX_TIP
    view.point_at(QPointF(3, 3))
    assert document.hovered_joint == -1
