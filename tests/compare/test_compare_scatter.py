"""The cloud of errors: what is drawn where, what a click means, and what a filter leaves."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from utnet_viewer.compare.cloud import paint_points
from utnet_viewer.compare.scatter import DIMMED, GAIN, LOSS, SAME, Cloud, ScatterPanel

RED, BLUE = (255, 0, 0), (0, 0, 255)


def drawn(x, y, kinds, size=(20, 10), radius=0.5):
    return paint_points(
        np.array(x, float),
        np.array(y, float),
        np.array(kinds),
        size_px=size,
        colours=(RED, BLUE),
        radius_px=radius,
        alphas=(0.5, 0.5),
    )


def test_a_point_is_drawn_where_it_is_in_its_colour():
    picture = drawn([3.5, np.nan, 40.0], [7.5, 1.0, 1.0], [1, 1, 1])
    assert picture.shape == (10, 20, 4)
    assert picture[7, 3].tolist() == [0, 0, 128, 128]  # premultiplied
    picture[7, 3] = 0
    assert not picture.any()  # what is NaN or outside is nowhere


def test_points_on_one_place_are_denser_and_later_kinds_lie_over_earlier_ones():
    twice = drawn([3.5, 3.5], [7.5, 7.5], [0, 0])
    assert twice[7, 3].tolist() == [191, 0, 0, 191]  # 1 - 0.5 * 0.5
    both = drawn([3.5, 3.5], [7.5, 7.5], [1, 0])
    assert both[7, 3].tolist() == [64, 0, 128, 191]


def cloud(**changes) -> Cloud:
    first, second = np.array([10.0, 20.0, 30.0, 5.0]), np.array([4.0, 20.5, 38.0, np.nan])
    return Cloud(**{"rows": np.array([7, 9, 2, 4]), "first": first, "second": second, **changes})


def test_less_error_is_a_gain_and_less_score_is_a_loss():
    assert cloud().kinds().tolist() == [GAIN, SAME, LOSS, SAME]
    score = cloud(higher_is_better=True, unit="")
    assert score.kinds().tolist() == [LOSS, GAIN, GAIN, SAME]
    some = cloud(is_shown=np.array([True, False, False, True]))
    assert some.kinds().tolist() == [GAIN, DIMMED, DIMMED, SAME]


@pytest.fixture
def panel(qtbot, theme) -> ScatterPanel:
    panel = ScatterPanel(theme, name_of=lambda row: f"AB1/{row:04d}")
    qtbot.addWidget(panel)
    panel.resize(420, 400)
    panel.show()
    panel.show_cloud(cloud())
    qtbot.wait(20)
    return panel


def place_of(panel: ScatterPanel, position: int) -> QPoint:
    at = panel.cloud.first[position], panel.cloud.second[position]
    return panel.plot.to_widget(*map(float, at)).toPoint()


def test_a_click_on_a_point_opens_its_frame_and_one_beside_it_none(panel, qtbot):
    with qtbot.waitSignal(panel.opened) as opened:
        QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place_of(panel, 2))
    assert opened.args == [2]
    assert panel.words_at(2) == ("AB1/0002", "A 30.0   B 38.0 mm")
    with qtbot.assertNotEmitted(panel.opened):
        far = place_of(panel, 2) + QPoint(0, 60)
        QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=far)


def test_view_and_widget_coordinates_are_each_others_inverse(panel):
    place = panel.plot.to_widget(12.5, 3.25)
    back = panel.plot.to_view(place)
    assert (back.x(), back.y()) == pytest.approx((12.5, 3.25))
    through_qt = panel.plot.getViewBox().mapSceneToView(place)
    assert (through_qt.x(), through_qt.y()) == pytest.approx((12.5, 3.25), abs=0.1)  # a pixel


def test_keys_walk_from_the_largest_gain_to_the_largest_loss_and_open(panel, qtbot):
    panel.plot.setFocus()
    for expected in (0, 1, 2):  # positions by gain: -6, +0.5, +8
        QTest.keyClick(panel.plot, Qt.Key.Key_Right)
        assert panel.pointed == expected
    with qtbot.waitSignal(panel.opened) as opened:
        QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    assert opened.args == [2]


def test_what_a_filter_dims_cannot_be_opened(panel, qtbot):
    panel.show_cloud(cloud(is_shown=np.array([True, False, False, True]), filter_name="AB1"))
    with qtbot.assertNotEmitted(panel.opened):
        QTest.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place_of(panel, 2))
    assert [entry.title for entry in panel.legend.entries][-1] == "AB1"
    assert panel.taken_table().columns()[0] == ["AB1/0007", "AB1/0004"]


def test_zoom_keeps_what_is_under_the_pointer_and_zero_shows_everything(panel):
    whole = panel.shown_range
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Plus)
    left, right, *_ = panel.shown_range
    assert right - left == pytest.approx(0.8 * (whole[1] - whole[0]))
    assert (left + right) / 2 == pytest.approx((whole[0] + whole[1]) / 2)
    QTest.keyClick(panel.plot, Qt.Key.Key_0)
    assert panel.shown_range == pytest.approx(whole)


def test_no_frames_are_said_in_words(panel):
    empty = np.empty(0)
    panel.show_cloud(Cloud(np.empty(0, int), empty, empty))
    assert panel.empty.isVisible() and "No frame" in panel.empty.text()
    assert panel.taken_table() is None and panel.nearest(panel.plot.to_view(QPoint(9, 9))) == -1
