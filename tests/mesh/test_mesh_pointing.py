"""Pointing at surfaces and joints of the mesh view, and measuring between two points."""

import numpy as np
import pointer
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from support_mesh import colours_of, surface_point

from core.conventions import JOINT_NAMES


def test_pointing_names_vertex_part_and_error(qtbot, panel, view, document):
    at = surface_point(view, 3)
    pointer.hover(view, at)
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
    view.point_at(QPointF(surface_point(view, 3)))
    view.repaint()
    from utnet_viewer.mesh.furniture import Card

    stage = view._stage(view.width(), view.height(), view.sharpening.picture)
    x, y = view.card_corner
    width, height = Card("vertex 100", view.pick.rows, "#FFFFFF", (0, 0)).size
    assert stage.covered_share(x, y, x + width, y + height) < 0.1


def test_leaving_takes_card_and_mark_away(qtbot, view, document):
    view.point_at(QPointF(surface_point(view, 3)))
    assert document.hovered_joint >= 0
    QApplication.sendEvent(view, _leave_event())
    assert view.pick is None
    assert document.hovered_joint == -1


def _leave_event():
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


def test_a_joint_hovered_elsewhere_is_marked_here(panel, view, document):
    before = colours_of(view)
    document.hover(8)
    x, y, _ = view.camera.project(view.scene.truth.joints_mm[[8]], view.width(), view.height())[0]
    changed = np.abs(colours_of(view) - before).sum(-1) > 60
    rows, columns = np.nonzero(changed)
    assert len(rows) > 20
    distance = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
    assert distance.min() < 9


def test_ruler_measures_between_two_clicked_points(qtbot, panel, view):
    qtbot.keyClick(panel, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    first, second = surface_point(view, 4), surface_point(view, 3)
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
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=surface_point(view, 4))
    assert view.ruler_mm == []
