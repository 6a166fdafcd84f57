"""Own pictures in the whole window: from a folder to a prediction, by keys and mouse."""

import shutil

import pointer
import pytest
from ho3d_tree import encode, picture
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from support_window import WAIT_MS, close, start_window

#: The mesh view goes on refining while the test ends.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture
def window(fonts, tmp_path):
    folder = tmp_path / "Desk"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(encode(picture((240, 320)), ".jpg"))
    starter = start_window(folder, "--size", "1280x800")
    yield starter
    close(starter)
    shutil.rmtree(folder)


def test_a_drawn_box_is_predicted_at_once_and_stays(window, qtbot):
    document = window.session.document
    canvas = window._panels["Image"].canvas
    qtbot.waitUntil(lambda: document.sample and document.sample.frame is not None, timeout=WAIT_MS)
    assert document.sample.prediction is None and "key D" in document.sample.problem
    assert "key D" in canvas.tool.words
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_D)
    begin, end = (QPointF(*canvas.view.to_canvas(p)).toPoint() for p in ((90, 60), (210, 190)))
    pointer.drag(canvas, begin, end)
    QTest.keyClick(canvas, Qt.Key.Key_L)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.sample.prediction is not None, timeout=WAIT_MS)
    assert not document.sample.prediction.is_right
    assert "mirrored" in window.window.top_bar.hand.text()
    document.select(1)
    qtbot.waitUntil(lambda: "mirrored" not in window.window.top_bar.hand.text(), timeout=WAIT_MS)
    document.select(0)
    qtbot.waitUntil(lambda: document.sample.prediction is not None, timeout=WAIT_MS)
