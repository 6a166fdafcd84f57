"""Taking along from the window: by keys, by the right button, into files; what can go wrong."""

import os
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QTableView

from utnet_viewer.main_window import MainWindow
from utnet_viewer.settings import Settings
from utnet_viewer.taking.desk import FORMATS, TakingDesk
from utnet_viewer.taking.views import View
from utnet_viewer.theme import DARK, Theme
from utnet_viewer.widgets.panel import Panel


@pytest.fixture
def window(qtbot):
    window = MainWindow(Theme(DARK), Settings(), remembers_layout=False)
    window.desk = TakingDesk(window, lambda: "MC1_0012")
    for title in ("Image", "Mesh", "Readouts", "Samples"):
        panel = Panel(title, window.theme)
        label = QLabel(f"what {title} shows")
        label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        panel.set_body(label)
        panel.label = label
        window.add_panel(title, panel)
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield window
    window.close()


def panel_of(window, title: str) -> Panel:
    return window.docks[title].widget()


def test_the_panel_with_the_focus_is_copied(qtbot, window):
    panel = panel_of(window, "Mesh")
    panel.label.setFocus()
    QGuiApplication.clipboard().clear()
    QTest.keyClick(
        window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    )
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull())
    image = QGuiApplication.clipboard().image()
    assert image.width() == 2 * panel.frame.width()
    assert window.status._text.text() == "Copied: Mesh"


def test_the_menu_names_the_panel_under_the_right_button(qtbot, window):
    panel_of(window, "Mesh").label.setFocus()
    place = panel_of(window, "Readouts").label.mapTo(window, QPoint(5, 5))
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, QPoint(5, 5), window.mapToGlobal(place)
    )
    QApplication.sendEvent(panel_of(window, "Readouts").label, event)
    (menu,) = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    words = [action.text() for action in menu.actions()]
    assert words == ["Copy picture: Readouts", "Save picture: Readouts…"]
    menu.close()


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.words)
def test_every_format_is_saved_through_the_dialog(qtbot, window, tmp_path, form):
    panel_of(window, "Image").label.setFocus()
    window.desk.save_action.trigger()
    (dialog,) = window.findChildren(QFileDialog)
    dialog.selectNameFilter(form.filter)
    dialog.filterSelected.emit(form.filter)
    dialog.setDirectory(str(tmp_path))
    assert dialog.selectedFiles()[0].endswith(f"MC1_0012 Image{form.suffix}")
    with qtbot.waitSignal(window.desk.saved) as saved:
        dialog.fileSelected.emit(str(tmp_path / f"taken{form.suffix}"))
        dialog.close()
    path = Path(saved.args[0])
    if form.pixels is None:
        assert b"what Image shows" in path.read_bytes()
    else:
        assert QImage(str(path)).width() == form.pixels * panel_of(window, "Image").frame.width()


def view_of_size(points: int) -> View:
    paint = lambda painter, _: painter.fillRect(0, 0, points, points, QColor("#FF0000"))
    return View("red", lambda: QSize(points, points), paint)


def test_an_unwritable_folder_is_said_and_nothing_is_left(qtbot, window, tmp_path):
    path = tmp_path / "nowhere" / "red.png"
    with qtbot.waitSignal(window.desk.failed) as failed:
        window.desk.save_picture(view_of_size(10), path, 1.0)
    assert str(path) in failed.args[1] and "Choose another folder" in failed.args[1]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_and_no_half_of_a_new_one(
    qtbot, window, tmp_path, monkeypatch
):
    path = tmp_path / "red.png"
    path.write_bytes(b"old")
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(full))
    with qtbot.waitSignal(window.desk.failed) as failed:
        window.desk.save_picture(view_of_size(10), path, 1.0)
    assert "no room is left" in failed.args[1]
    assert [file.name for file in tmp_path.iterdir()] == ["red.png"]
    assert path.read_bytes() == b"old"


def test_a_newer_request_takes_the_place_of_one_that_is_being_prepared(qtbot, window, tmp_path):
    view = view_of_size(10)
    endless = View("slow", view.size, view.paint, prepare=lambda _pixels: iter(int, 1))
    window.desk.save_picture(endless, tmp_path / "slow.png", 1.0)
    with qtbot.waitSignal(window.desk.saved):
        window.desk.save_picture(view, tmp_path / "red.png", 1.0)
    assert [file.name for file in tmp_path.iterdir()] == ["red.png"]


def test_what_cannot_be_painted_is_said(qtbot, window, tmp_path):
    def refuse(_pixels):
        raise ValueError("The mesh view cannot draw yet.")
        yield

    view = View("mesh", lambda: QSize(9, 9), lambda *_: None, prepare=refuse)
    with qtbot.waitSignal(window.desk.failed) as failed:
        window.desk.save_picture(view, tmp_path / "mesh.png", 1.0)
    assert failed.args[1] == "The mesh view cannot draw yet."
    assert list(tmp_path.iterdir()) == []


def test_the_key_for_tables_lives_again_where_there_is_one(qtbot, window):
    listed = panel_of(window, "Samples")
    table = QTableView()
    listed.set_body(table)
    table.show()
    panel_of(window, "Mesh").label.setFocus()
    assert not window.desk.table_action.isEnabled()
    table.setFocus()
    assert window.desk.table_action.isEnabled()
    assert window.desk.table_action.text() == "Save table: Samples as CSV…"


def test_a_card_that_is_gone_is_not_asked_any_more(qtbot, window):
    card = Panel("Curve", window.theme, parent=panel_of(window, "Readouts").label)
    body = QLabel("a card inside")
    card.set_body(body)
    card.show()
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, QPoint(2, 2), body.mapToGlobal(QPoint(2, 2))
    )
    QApplication.sendEvent(body, event)
    (menu,) = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    assert menu.actions()[0].text() == "Copy picture: Curve"
    menu.close()
    window.desk.save_action.trigger()
    (dialog,) = window.findChildren(QFileDialog)
    shiboken6.delete(card)
    with qtbot.waitSignal(window.desk.failed) as failed:
        dialog.fileSelected.emit("nowhere.png")
    dialog.close()
    assert failed.args[1] == "The panel is gone meanwhile."
    window.desk.name_actions()
    assert "Curve" not in window.desk.copy_action.text()
