"""The Annotate tab in the whole window, with the real fitter: a drag, undo, another start."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid
from support_window import (
    Starter,
    close,
    is_running,
    start_window,
    wait_until,
    wait_whole,
    write_dataset,
)

from core.annotation.records import ReviewState
from utnet_viewer.docks import ANNOTATE

CTRL = Qt.KeyboardModifier.ControlModifier
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
INDEX_TIP = 17

#: The mesh view goes on refining itself while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets") / "HO3D_photos"
    write_dataset(root, size=(480, 640))
    return root


@pytest.fixture
def opener(fonts, dataset) -> Iterator[Callable[[], Starter]]:
    opened = []

    def open_(*arguments: str) -> Starter:
        starter = start_window("--size", "1280x800", dataset, "--split", "train", *arguments)
        opened.append(starter)
        wait_whole(starter)
        return starter

    yield open_
    for starter in opened:
        if isValid(starter.window) and starter.window.isVisible():
            close(starter)


def open_annotate(starter: Starter):
    QTest.keyClick(starter.window, Qt.Key.Key_4, CTRL)
    entry = starter._menus.annotate
    wait_until(lambda: entry.is_ready)
    assert starter.window.workspace == ANNOTATE
    return entry.workspace


def drag(workspace, joint: int, by: QPoint) -> None:
    canvas, editor = workspace.image.canvas, workspace.editor
    x, y = canvas.view.to_canvas(editor.keypoints_px[joint])
    start = QPoint(round(x), round(y))
    QTest.mousePress(canvas, LEFT, NO_KEYS, start)
    for share in (0.3, 0.6, 1.0):
        at = QPointF(start) + QPointF(by) * share
        there = QPointF(canvas.mapToGlobal(at.toPoint()))
        kind = QMouseEvent.Type.MouseMove
        QApplication.sendEvent(canvas, QMouseEvent(kind, at, there, LEFT, LEFT, NO_KEYS))
        QTest.qWait(20)
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, start + by)
    wait_until(lambda: not editor.is_refitting)


def bones_mm(joints_mm: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.diff(joints_mm[[0, 1, 2, 3]], axis=0), axis=1)


def test_a_drag_is_undone_redone_and_there_after_a_restart(opener, qtbot):
    starter = opener()
    workspace = open_annotate(starter)
    editor, annotations = workspace.editor, starter.session.annotations
    label_px, label_mm = editor.keypoints_px.copy(), editor.joints_mm.copy()
    assert starter.window.actions_.clashes() == []

    drag(workspace, INDEX_TIP, QPoint(24, 16))
    wanted_px = label_px[INDEX_TIP] + np.array([24, 16]) / workspace.image.canvas.view.scale
    assert np.linalg.norm(editor.keypoints_px[INDEX_TIP] - wanted_px) < 1.0
    assert np.allclose(bones_mm(editor.joints_mm), bones_mm(label_mm), atol=0.01)  # same shape
    assert np.linalg.norm(editor.keypoints_px[20] - label_px[20]) < 4  # the little finger stays
    assert workspace.mesh.view.scene.prediction is not None
    assert starter.window.status.message.startswith("Refitted the hand in ")
    name = editor.frame_name
    assert annotations.state(name).review == ReviewState.IN_REVIEW

    moved_px = editor.keypoints_px.copy()
    starter.session.document.select(5)
    wait_until(lambda: editor.row == 5)
    QTest.keyClick(starter.window, Qt.Key.Key_Z, CTRL)  # goes back to where that was done
    wait_until(lambda: editor.row == 0 and np.array_equal(editor.keypoints_px, label_px))
    wait_until(starter.window.actions_["annotate_redo"].isEnabled)
    QTest.keyClick(starter.window, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    wait_until(lambda: np.allclose(editor.keypoints_px, moved_px))
    wait_until(lambda: annotations.pending == 0)
    fitter_id = workspace.fitter.process_id
    close(starter)
    wait_until(lambda: not is_running(fitter_id))

    again = opener("--frame", name)
    workspace = open_annotate(again)
    wait_until(lambda: workspace.editor.is_corrected)
    assert np.allclose(workspace.editor.keypoints_px, moved_px)
    assert workspace.editor.placed == {INDEX_TIP}


def test_a_fitter_that_dies_loses_no_drag_and_without_a_dataset_it_says_what_to_do(opener):
    starter = opener()
    workspace = open_annotate(starter)
    drag(workspace, INDEX_TIP, QPoint(10, 0))
    fitter = psutil.Process(workspace.fitter.process_id)
    fitter.kill()
    fitter.wait(5)
    drag(workspace, INDEX_TIP, QPoint(10, 5))
    assert workspace.editor.is_corrected
    assert np.isfinite(workspace.editor.keypoints_px).all()

    starter.session.document.set_index(None)
    assert workspace.pages.currentWidget() is workspace.page
    assert workspace.page.title.text() == "No dataset is open"
    assert workspace.editor.hand is None and not workspace.editor.can_edit
