"""Drawing a hand's box on own pictures, by mouse and keys."""

import numpy as np
import pointer
import pytest
from ho3d_tree import encode, picture
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from support_samples import make_document, make_sample, show, stand_in_hand

from core.data.opening import open_dataset
from core.data.own_pictures.boxes import HandBox
from utnet_viewer.document import Document
from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.reading import load
from utnet_viewer.theme import DARK, Theme

LEFT_BUTTON = Qt.MouseButton.LeftButton


@pytest.fixture
def index(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(encode(picture((240, 320)), ".jpg"))
    return open_dataset(tmp_path, hand_model=stand_in_hand())


@pytest.fixture
def document(index):
    """Reads its rows as the window's loader does, but at once."""
    document = Document(stand_in_hand())
    document.set_index(index)

    def read() -> None:
        document.set_sample(load(index, document.row, document.hand_model).sample)

    document.row_changed.connect(lambda row: read() if row >= 0 else None)
    document.labels_changed.connect(read)
    document.select(0)
    return document


@pytest.fixture
def panel(qtbot, document):
    panel = ImagePanel(document, Theme(DARK))
    qtbot.addWidget(panel)
    panel.resize(720, 600)
    panel.show()
    panel.activateWindow()
    qtbot.waitExposed(panel)
    qtbot.waitUntil(panel.isActiveWindow)
    return panel


def words(panel) -> str:
    return panel.canvas.tool.words


def at(panel, x: float, y: float) -> QPoint:
    """Where a picture's pixel is on the canvas."""
    return QPointF(*panel.canvas.view.to_canvas((x, y))).toPoint()


def drag(panel, begin, end) -> None:
    first, last = at(panel, *begin), at(panel, *end)
    pointer.drag(panel.canvas, first, (first + last) / 2, last)


def press(panel, key) -> None:
    QTest.keyClick(panel.canvas, key)


def box_of(panel, row=0) -> HandBox | None:
    return panel.document.index.hand_box(row)


def test_a_picture_without_a_box_says_what_to_do(panel):
    assert words(panel) == "Draw a box round the hand: key D"
    assert panel.canvas.notes[0].text == "assumed focal length: 384 px"
    assert not panel.box_drawing.left.isEnabled()
    drag(panel, (50, 50), (150, 150))  # pans: nothing is drawn before it is asked for
    assert box_of(panel) is None


def test_drag_and_enter_keep_a_box_and_the_sample_is_read_again(panel, qtbot):
    press(panel, Qt.Key.Key_D)
    assert words(panel).startswith("Drag a box")
    drag(panel, (200, 180), (80, 60))  # backwards, too
    assert "Enter: keep as a right hand" in words(panel)
    assert box_of(panel) is None
    with qtbot.waitSignal(panel.document.labels_changed):
        press(panel, Qt.Key.Key_Return)
    box = box_of(panel)
    np.testing.assert_allclose(box.box_px, (80, 60, 200, 180), atol=1)
    assert box.is_right and words(panel) == "" and not panel.box_drawing.draw.isChecked()
    crop = panel.document.sample.frame.crop()
    np.testing.assert_allclose(crop.centre_px, (140, 120), atol=1)


def test_escape_leaves_the_box_as_it_was(panel):
    panel.document.index.keep_hand_box(0, HandBox((100, 100, 150, 160)))
    panel.document.labels_changed.emit()
    press(panel, Qt.Key.Key_D)
    drag(panel, (10, 10), (60, 60))
    press(panel, Qt.Key.Key_Escape)
    assert box_of(panel).box_px == (100, 100, 150, 160) and words(panel) == ""


def test_handles_change_one_side_and_the_middle_moves_all(panel):
    panel.document.index.keep_hand_box(0, HandBox((100, 100, 160, 180)))
    panel.document.labels_changed.emit()
    press(panel, Qt.Key.Key_D)
    tool = panel.canvas.tool
    drag(panel, (160, 140), (200, 150))  # the right side's handle
    np.testing.assert_allclose(tool.box_px, (100, 100, 200, 180), atol=1)
    drag(panel, (100, 100), (90, 80))  # the top left corner's
    np.testing.assert_allclose(tool.box_px, (90, 80, 200, 180), atol=1)
    drag(panel, (140, 120), (160, 125))  # the middle
    np.testing.assert_allclose(tool.box_px, (110, 85, 220, 185), atol=1)
    drag(panel, (140, 120), (800, 120))  # never beyond the picture
    np.testing.assert_allclose(tool.box_px, (209, 85, 319, 185), atol=1)
    press(panel, Qt.Key.Key_Return)
    assert box_of(panel).box_px[2] == 319


def test_a_click_draws_no_box(panel):
    press(panel, Qt.Key.Key_D)
    QTest.mouseClick(panel.canvas, LEFT_BUTTON, pos=at(panel, 100, 100))
    assert panel.canvas.tool.box_px is None
    press(panel, Qt.Key.Key_Return)
    assert panel.canvas.tool.is_active and box_of(panel) is None


def test_a_left_hand_is_kept_as_one_and_seen_mirrored(panel):
    press(panel, Qt.Key.Key_D)
    drag(panel, (80, 60), (200, 180))
    press(panel, Qt.Key.Key_L)
    assert "keep as a left hand" in words(panel)
    press(panel, Qt.Key.Key_Return)
    assert not box_of(panel).is_right and panel.document.sample.frame.crop().is_mirrored
    press(panel, Qt.Key.Key_L)  # without drawing, at once
    assert box_of(panel).is_right and not panel.document.sample.frame.crop().is_mirrored
    assert not panel.box_drawing.left.isChecked()


def test_delete_forgets_and_another_picture_ends_the_drawing(panel):
    panel.document.index.keep_hand_box(0, HandBox((100, 100, 160, 180)))
    panel.document.labels_changed.emit()
    press(panel, Qt.Key.Key_D)
    press(panel, Qt.Key.Key_Delete)
    assert box_of(panel) is None and panel.document.sample.frame.hand is None
    press(panel, Qt.Key.Key_D)
    panel.document.select(1)
    assert not panel.canvas.tool.is_active
    assert words(panel) == "Draw a box round the hand: key D"


def test_the_words_can_be_clicked_instead_of_the_key(panel):
    middle = QPoint(panel.canvas.width() // 2, 26)
    QTest.mouseClick(panel.canvas, LEFT_BUTTON, pos=middle)
    assert panel.canvas.tool.is_active


def test_what_cannot_be_kept_is_said(panel, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(panel.document.index.boxes, "keep", refuse)
    press(panel, Qt.Key.Key_D)
    drag(panel, (80, 60), (200, 180))
    press(panel, Qt.Key.Key_Return)
    assert words(panel) == "The box cannot be kept: No space left on device"
    assert panel.canvas.tool.is_active


def test_other_datasets_take_no_boxes(qtbot):
    document = make_document(make_sample(row=3))
    panel = ImagePanel(document, Theme(DARK))
    qtbot.addWidget(panel)
    show(document, make_sample(row=4))
    assert not panel.box_drawing.draw.isEnabled() and words(panel) == ""
