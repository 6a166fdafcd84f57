"""The photo of Annotate: joints are dragged by mouse and keys, and what is said of them."""

from pathlib import Path

import numpy as np
import pytest
from annotate_bench import Bench
from pointer import hover
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shift_fitter import ShiftFitter
from support_samples import stand_in_hand
from support_window import write_dataset

from core.annotation.records import Visibility
from core.conventions import WRIST
from utnet_viewer.annotate.edit_card import edit_card
from utnet_viewer.annotate.edit_panel import MODE_WORDS, EditPanel
from utnet_viewer.annotate.editing import FREE_2D, HAND
from utnet_viewer.document import Sample

INDEX_PIP, THUMB_TIP = 2, 16
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class PhotoBench(Bench):
    """The bench with photos, and the panel that shows them in place of the others."""

    def __init__(self, dataset: Path, store: Path) -> None:
        super().__init__(dataset, store=store, fitter=ShiftFitter(stand_in_hand()))
        self.image = EditPanel(self.document, self.theme, self.editor, self.actions_)
        for panel in (self.review, self.history, self.joints, self.marks):
            panel.hide()
        self.centralWidget().layout().addWidget(self.image, 1)
        self.resize(760, 620)

    def _bring(self, row: int) -> None:
        if row >= 0:
            frame = self.document.index.read(row)
            truth = self.document.hand_model.pose(frame.hand.mano)
            self.document.set_sample(Sample(row, frame, truth, problem="no network here"))


@pytest.fixture(scope="module")
def photo_set(tmp_path_factory) -> Path:
    """Photos as large as HO-3D's, so that the hands lie in them."""
    root = tmp_path_factory.mktemp("sets") / "HO3D_photos"
    write_dataset(root, size=(480, 640))
    return root


@pytest.fixture
def bench(fonts, qtbot, photo_set, tmp_path):
    made = PhotoBench(photo_set, tmp_path / "marks.sqlite")
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    made.document.select(0)
    made.image.canvas.setFocus()
    yield made
    made.shut_down()


@pytest.fixture
def canvas(bench):
    return bench.image.canvas


@pytest.fixture
def editor(bench):
    return bench.editor


def place_of(bench, joint: int) -> QPoint:
    """Where a joint of the edited hand is on the canvas."""
    x, y = bench.image.canvas.view.to_canvas(bench.editor.keypoints_px[joint])
    return QPoint(round(x), round(y))


def move(canvas, place: QPoint, button=LEFT) -> None:
    at = QPointF(place)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, at, QPointF(canvas.mapToGlobal(place)), button, button, NO_KEYS
    )
    QApplication.sendEvent(canvas, event)


def drag(bench, joint: int, *steps: QPoint, drops: bool = True) -> None:
    """Take a joint with the mouse, move over steps from where it was, and let go."""
    canvas = bench.image.canvas
    start = place_of(bench, joint)
    QTest.mousePress(canvas, LEFT, NO_KEYS, start)
    for step in steps:
        move(canvas, start + step)
        canvas.repaint()
    if drops:
        QTest.mouseRelease(canvas, LEFT, NO_KEYS, start + steps[-1])


def test_a_joint_dragged_with_the_mouse_comes_where_it_was_let_go(bench, editor, canvas):
    begin_px = editor.keypoints_px[INDEX_PIP].copy()
    drag(bench, INDEX_PIP, QPoint(8, 3), QPoint(30, 12))
    assert editor.selected == INDEX_PIP and len(bench.fitter.asked) == 2
    bench.fitter.answer()
    wanted_px = begin_px + np.array([30, 12]) / canvas.view.scale
    assert np.allclose(editor.keypoints_px[INDEX_PIP], wanted_px, atol=0.01)
    card = dict(edit_card(editor, INDEX_PIP).rows)
    moved = np.hypot(30, 12) / canvas.view.scale
    assert card["moved"].startswith(f"{moved:.1f} px   ") and card["moved"].endswith(" mm")
    assert card["hand refitted in"] == "9 ms" and card["fit residual"] == "0.0 px"
    assert card["bone lengths"] == "kept"


def test_a_click_chooses_and_changes_nothing(bench, editor, canvas):
    QTest.mouseClick(canvas, LEFT, NO_KEYS, place_of(bench, THUMB_TIP) + QPoint(3, 2))
    assert editor.selected == THUMB_TIP and bench.fitter.asked == []
    assert not editor.is_corrected


def test_a_second_quick_drag_is_a_drag_and_no_double_click(bench, editor, canvas):
    scale = canvas.view.scale
    start = place_of(bench, INDEX_PIP)
    QTest.mouseClick(canvas, LEFT, NO_KEYS, start)
    QTest.mouseDClick(canvas, LEFT, NO_KEYS, start)
    assert canvas.view.scale == scale and not editor.is_corrected
    twice = QMouseEvent.Type.MouseButtonDblClick
    at = QPointF(start)
    there = QPointF(canvas.mapToGlobal(start))
    QApplication.sendEvent(canvas, QMouseEvent(twice, at, there, LEFT, LEFT, NO_KEYS))
    move(canvas, start + QPoint(20, 0))
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, start + QPoint(20, 0))
    bench.fitter.answer()
    assert editor.is_corrected
    QTest.mouseDClick(canvas, LEFT, NO_KEYS, QPoint(10, 10))
    assert canvas.view.scale != scale


def test_beside_the_hand_and_with_space_or_the_middle_button_the_photo_is_panned(bench, canvas):
    view, editor = canvas.view, bench.editor
    view.zoom(2.0)
    start = place_of(bench, INDEX_PIP)
    offset = view.offset.copy()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(bench, INDEX_PIP, QPoint(20, 10))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert np.allclose(view.offset - offset, (20, 10)) and editor.selected == -1
    offset = view.offset.copy()
    start = place_of(bench, INDEX_PIP)
    QTest.mousePress(canvas, Qt.MouseButton.MiddleButton, NO_KEYS, start)
    move(canvas, start + QPoint(-15, 5), Qt.MouseButton.MiddleButton)
    QTest.mouseRelease(canvas, Qt.MouseButton.MiddleButton, NO_KEYS, start)
    assert np.allclose(view.offset - offset, (-15, 5)) and bench.fitter.asked == []
    drag(bench, INDEX_PIP, QPoint(6, 0))  # Space was let go
    assert editor.selected == INDEX_PIP


def test_arrows_nudge_the_chosen_joint_by_pixels_of_the_photo(bench, editor, canvas):
    editor.select(INDEX_PIP)
    begin_px = editor.keypoints_px[INDEX_PIP].copy()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Up, SHIFT)
    wanted_px = bench.fitter.target.keypoints_px[INDEX_PIP]
    assert np.allclose(wanted_px - begin_px, (1, -10))
    bench.fitter.answer()
    editor.release()
    assert editor.is_corrected


def test_tab_goes_from_joint_to_joint_and_out_at_the_end(bench, editor, canvas):
    editor.select(WRIST)
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert editor.selected == 13 and canvas.hasFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Backtab, SHIFT)
    assert editor.selected == WRIST and canvas.hasFocus()
    editor.select(20)  # the last one
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert editor.selected == 20 and not canvas.hasFocus()


def test_esc_leaves_the_drag_and_then_the_joint(bench, editor, canvas):
    label_px = editor.keypoints_px.copy()
    drag(bench, INDEX_PIP, QPoint(12, 0), drops=False)
    bench.fitter.answer()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert np.array_equal(editor.keypoints_px, label_px) and not editor.is_corrected
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, place_of(bench, INDEX_PIP))
    assert not editor.is_corrected and editor.selected == INDEX_PIP
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert editor.selected == -1


def test_another_frame_takes_the_joint_out_of_the_hand(bench, editor, canvas):
    drag(bench, INDEX_PIP, QPoint(12, 0), drops=False)
    bench.fitter.answer()
    bench.document.select(1)
    asked = len(bench.fitter.asked)
    move(canvas, place_of(bench, INDEX_PIP) + QPoint(40, 0))
    assert not canvas.tool.is_dragging and len(bench.fitter.asked) == asked
    assert not editor.is_corrected
    assert bench.annotations.state("AB1/0000", "train").correction is not None


def test_keys_act_on_the_joint_under_the_ring(bench, editor, canvas):
    editor.select(INDEX_PIP)
    bench.press(Qt.Key.Key_V)
    assert bench.state.visibility[INDEX_PIP] == Visibility.OCCLUDED
    bench.press(Qt.Key.Key_L)
    assert editor.locked == {INDEX_PIP}
    assert edit_card(editor, INDEX_PIP).title == "index PIP · occluded · locked"
    bench.press(Qt.Key.Key_F)
    assert editor.mode == FREE_2D and bench.image.modes.value == MODE_WORDS[FREE_2D]
    drag(bench, INDEX_PIP, QPoint(12, 0))
    assert dict(edit_card(editor, INDEX_PIP).rows)["hand"] == "free 2D, not fitted"
    bench.image.modes.set_value(MODE_WORDS[HAND])
    assert editor.mode == HAND and editor.is_refitting


def test_z_takes_the_drag_back(bench, editor, canvas, qtbot):
    label_px = editor.keypoints_px.copy()
    drag(bench, INDEX_PIP, QPoint(30, 12))
    bench.fitter.answer()
    bench.press(Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: np.array_equal(editor.keypoints_px, label_px), timeout=5000)


def test_what_is_drawn_moves_with_the_hand(bench, editor, canvas, qtbot):
    at = place_of(bench, THUMB_TIP)
    before = canvas.grab().toImage()
    drag(bench, THUMB_TIP, QPoint(60, 40))
    bench.fitter.answer()
    hover(canvas, QPoint(5, 5))
    after = canvas.grab().toImage()
    thumb = before.pixelColor(at)
    assert after.pixelColor(at) != thumb
    editor.select(-1)
    assert canvas.grab().toImage().pixelColor(place_of(bench, THUMB_TIP)) == thumb
    editor.set_visibility(THUMB_TIP, Visibility.OCCLUDED)  # hollow: dark inside
    hollow = canvas.grab().toImage().pixelColor(place_of(bench, THUMB_TIP))
    assert hollow.lightness() < 60 < thumb.lightness()


def test_the_card_stays_while_the_joint_is_dragged(bench, editor, canvas):
    drag(bench, INDEX_PIP, QPoint(4, 0), drops=False)
    place = canvas.tool._card_place[1].topLeft()
    start = place_of(bench, INDEX_PIP)
    for step in (3, 6, 9):
        move(canvas, start + QPoint(step, step))
        canvas.repaint()
        assert canvas.tool._card_place[1].topLeft() == place


def test_the_legend_says_when_no_hand_is_fitted(bench, editor):
    assert bench.image.legend.words.text() == ""
    editor.set_mode(FREE_2D)
    editor.nudge(INDEX_PIP, (3, 0))
    editor.release()
    assert bench.image.legend.words.text() == "free 2D: no hand is fitted"
    assert bench.image.subtitle == "AB1 / 0000"
