"""Annotate in the whole window: keys on the sheet, pictures and tables, its dialog's life."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from shiboken6 import isValid
from support_window import close, start_window, wait_until, wait_whole

from utnet_viewer.shortcut_sheet import ShortcutSheet
from utnet_viewer.taking.files import painted
from utnet_viewer.taking.tables import table_of
from utnet_viewer.taking.views import view_of
from utnet_viewer.widgets.controls import Tag
from utnet_viewer.widgets.panel import Panel

CTRL = Qt.KeyboardModifier.ControlModifier

#: The mesh view goes on refining itself while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture
def annotate(fonts, labelled_set):
    starter = start_window("--size", "1280x800", labelled_set, "--split", "train")
    wait_whole(starter)
    QTest.keyClick(starter.window, Qt.Key.Key_4, CTRL)
    entry = starter._menus.annotate
    wait_until(lambda: entry.is_ready)
    yield entry
    if isValid(starter.window) and starter.window.isVisible():
        close(starter)


def pixels_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)


def test_keys_pictures_tables_and_the_dialog(annotate, qtbot):
    workspace, window = annotate.workspace, annotate._window
    window.activateWindow()

    # The sheet: keys of the mesh, of the dialog, and the one that opens it.
    actions = window.actions_
    sheet = ShortcutSheet([*actions.entries, *actions.focus_keys])
    words = {label.text() for label in sheet.findChildren(QLabel)}
    tags = {tag.text() for tag in sheet.findChildren(Tag)}
    assert {"On the mesh of Annotate", "Move the selected joint by 1 mm, across"} <= words
    assert {"Take the drag back", "Tick or untick the chosen frames"} <= words
    assert "Fit the sequence from its corrected frames…" in words
    assert {"S", "PgUp or PgDown"} <= tags
    sheet.deleteLater()

    # Every panel as a picture, and the joints as a table.
    panels = [panel for panel in workspace.findChildren(Panel) if panel.isVisible()]
    titles = {panel.title for panel in panels}
    assert titles >= {"Queue", "History", "Image", "Mesh", "Joints", "Flags and note"}
    for panel in panels:
        view = view_of(panel)
        for _ in view.prepare(1.0) if view.prepare is not None else ():
            pass
        shown = pixels_of(painted(view, pixels=1.0))
        assert shown.shape == (view.size().height(), 4 * view.size().width()), panel.title
        assert np.ptp(shown, axis=1).max() > 60, f"nothing is seen of {panel.title}"
    joints = table_of(workspace.joints)
    assert len(joints.columns()[0]) == 21

    # The dialog opens by its key, and goes with the window.
    QTest.keyClick(window, Qt.Key.Key_S)
    wait_until(lambda: workspace.sequence is not None and workspace.sequence.isVisible())
    dialog = workspace.sequence
    wait_until(lambda: dialog.fitting.frames)
    assert dialog.head.text() == "Sequence AB1"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    window.activateWindow()
    wait_until(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_S)
    wait_until(dialog.isVisible)
