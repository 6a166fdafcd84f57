"""Ground truth and prediction differ by shape, not by colour alone; placing of cards."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from core.conventions import JOINT_COUNT
from utnet_viewer.image import paint
from utnet_viewer.image.hover_card import place_card
from utnet_viewer.image.stamps import stamp

SIDE = 121


def painted(draw, ground: int = 128) -> np.ndarray:
    """Lightness (121, 121) of what `draw` paints on a ground of even grey."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor(ground, ground, ground))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(SIDE, SIDE, 4)
    return pixels[..., :3].mean(2)


def one_bone(y: float) -> np.ndarray:
    """A hand of which only the wrist and one knuckle are known: a level line of 100 px."""
    points = np.full((JOINT_COUNT, 2), np.nan)
    points[0], points[13] = (10, y), (110, y)
    return points


def test_truth_is_a_filled_circle_and_prediction_a_hollow_diamond(qapp):
    at = QPointF(60.5, 60.5)
    white = QColor("white")
    circle = painted(lambda p: paint.paint_circle(p, at, white))
    diamond = painted(lambda p: paint.paint_diamond(p, at, white))
    assert circle[60, 60] > 240 and diamond[60, 60] < 60  # filled, hollow
    assert circle[62, 62] > 200  # inside the circle
    assert diamond[60, 65] > 150 and circle[60, 65] < 128  # the diamond's corner sticks out
    assert diamond[64, 64] < 128  # ... and its sides cut the square's corner


@pytest.mark.parametrize("mark", [paint.paint_circle, paint.paint_ring, paint.paint_diamond])
@pytest.mark.parametrize("at", [(60.5, 60.5), (60.13, 60.87), (3.3, 119.6)])
def test_a_stamped_mark_lies_where_it_would_be_painted(qapp, mark, at):
    colour = QColor("#5B9BF0")
    direct = painted(lambda p: mark(p, QPointF(*at), colour))
    stamped = painted(lambda p: stamp(p, mark, at, colour))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    middles = []
    for picture in (direct, stamped):
        weight = np.abs(picture - 128)
        middles.append(
            [(weight * rows).sum() / weight.sum(), (weight * columns).sum() / weight.sum()]
        )
    np.testing.assert_allclose(middles[1], middles[0], atol=0.25)
    assert np.abs(direct - stamped).max() < 60  # at the rim, an eighth of a pixel off


def test_a_hidden_joint_is_a_ring(qapp):
    at = QPointF(60.5, 60.5)
    ring = painted(lambda p: paint.paint_ring(p, at, QColor("white")))
    assert ring[60, 60] == pytest.approx(128, abs=2)
    assert ring[60, 64:66].max() > 200


def test_truth_is_solid_and_prediction_dashed(qapp):
    truth = painted(lambda p: paint.paint_truth_bones(p, one_bone(60.5)), 255)[60, 14:106]
    dashed = painted(lambda p: paint.paint_prediction_bones(p, one_bone(60.5)), 255)[60, 14:106]
    assert np.ptp(truth) < 3 and truth.max() < 200
    is_line = dashed < 200
    starts = (np.diff(is_line.astype(int)) == 1).sum()
    # Dash 4.8 px, gap 3.4 px: a period of 8.2 px over 92.
    assert 9 <= starts <= 13
    assert 0.4 < is_line.mean() < 0.85


def test_both_have_a_dark_casing(qapp):
    for bones in (paint.paint_truth_bones, paint.paint_prediction_bones):
        column = painted(lambda p, bones=bones: bones(p, one_bone(60.5)))[55:67, 12:20]
        assert column.min() < 100


def test_missing_joints_leave_their_bones_out(qapp):
    points = np.full((JOINT_COUNT, 2), np.nan)
    points[0], points[14], points[15] = (10, 20), (60, 100), (110, 100)
    picture = painted(lambda p: paint.paint_truth_bones(p, points), 255)
    assert picture[100, 65:105].max() < 200  # the bone that is known
    assert picture[:90].min() == 255  # nothing to the joint that is not


def test_paint_survives_a_hand_of_nothing(qapp):
    nothing = np.full((JOINT_COUNT, 2), np.nan)

    def draw(painter):
        paint.paint_truth_bones(painter, nothing)
        paint.paint_prediction_bones(painter, nothing)
        paint.paint_links(painter, nothing, nothing)
        paint.paint_truth_joints(painter, nothing, np.zeros(21, bool))
        paint.paint_prediction_joints(painter, nothing)
        paint.paint_names(painter, nothing)
        paint.paint_polygon(painter, nothing[:4], QColor("white"))
        paint.paint_cuboid(painter, nothing[:8], 0, QColor("white"))

    assert np.abs(painted(draw) - 128).max() == 0


def covers(rect: QRectF, points: np.ndarray) -> int:
    return sum(rect.contains(QPointF(x, y)) for x, y in points)


def test_a_card_stands_beside_the_hand_near_its_joint():
    canvas = QRectF(0, 0, 680, 500)
    hand = np.random.default_rng(0).uniform((250, 150), (430, 400), (200, 2))
    for anchor in (QPointF(250, 160), QPointF(430, 390), QPointF(340, 150)):
        rect, covered = place_card(QSizeF(220, 130), anchor, canvas, hand, [])
        assert covered == 0 and covers(rect, hand) == 0
        assert canvas.contains(rect)
        away = max(rect.left() - anchor.x(), anchor.x() - rect.right(), 0)
        assert away < 230


def test_a_card_avoids_what_else_is_there_but_rather_that_than_the_hand():
    canvas = QRectF(0, 0, 680, 500)
    hand = np.array([[600.0, 400.0], [620.0, 450.0]])
    taken = [QRectF(12, 12, 150, 112)]
    rect, _ = place_card(QSizeF(220, 130), QPointF(100, 60), canvas, np.empty((0, 2)), taken)
    assert not rect.intersects(taken[0])
    rect, covered = place_card(QSizeF(660, 300), QPointF(610, 420), canvas, hand, taken)
    assert covered == 0


def test_where_nothing_is_free_the_card_says_what_it_covers():
    canvas = QRectF(0, 0, 200, 120)
    hand = np.random.default_rng(0).uniform((0, 0), (200, 120), (200, 2))
    rect, covered = place_card(QSizeF(150, 100), QPointF(100, 60), canvas, hand, [])
    assert covered > 0 and canvas.contains(rect)
    rect, _ = place_card(QSizeF(400, 300), QPointF(100, 60), canvas, hand, [])
    assert rect.topLeft().x() >= 0  # larger than the canvas: its beginning is seen
