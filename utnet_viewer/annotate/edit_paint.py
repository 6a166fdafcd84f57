"""How the edited hand is painted over the photo: solid, with the original dashed behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from core.annotation.records import Visibility
from core.conventions import BONES
from utnet_viewer.image.paint import (
    CARD,
    CASING,
    JOINT_COLOURS,
    WHITE,
    dashed_pen,
    paint_circle,
    paint_ring,
    paint_truth_bones,
    solid_pen,
)
from utnet_viewer.image.stamps import stamp
from utnet_viewer.theme import CONTROL_RADIUS, OVER_IMAGERY, ui_font
from utnet_viewer.widgets.icons import pixmap

_ORIGINAL_WIDTH = 1.2
_RING = 11.5
_TICK = 4.0
_LOCK_PX = 13
_PILL_HEIGHT, _PILL_MARGIN, _PILL_PAD = 30.0, 12.0, 10.0


@dataclass(frozen=True)
class Hint:
    """What a key, or the mouse, does here."""

    key: str
    words: str


def paint_original(painter: QPainter, points: np.ndarray) -> None:
    """The label as it was: thin white dashes on a dark line; `points` (21, 2) on the canvas."""
    ends = points[np.array(BONES)].reshape(-1, 4)
    lines = [QLineF(*four) for four in ends[np.isfinite(ends).all(1)].tolist()]
    for pen in (solid_pen(CASING, 2.2), dashed_pen(WHITE, _ORIGINAL_WIDTH, (1.8, 1.4))):
        painter.setPen(pen)
        painter.drawLines(lines)


def paint_edited(
    painter: QPainter, points: np.ndarray, visibility: tuple[int, ...], locked: frozenset[int]
) -> None:
    """Bones in the fingers' colours; joints full, hollow where hidden, crossed where outside."""
    paint_truth_bones(painter, points)
    marks = {
        Visibility.LABELLED: paint_circle,
        Visibility.OCCLUDED: paint_hollow,
        Visibility.OUTSIDE: paint_cross,
    }
    for joint, (x, y) in enumerate(points.tolist()):
        if math.isfinite(x) and math.isfinite(y):
            stamp(painter, marks[Visibility(visibility[joint])], (x, y), JOINT_COLOURS[joint])
    for joint in locked:
        if np.isfinite(points[joint]).all():
            _paint_lock(painter, QPointF(*points[joint]))


def paint_hollow(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark of a joint that is hidden: the bones do not show through."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(OVER_IMAGERY.bg0))
    painter.drawEllipse(at, 4.4, 4.4)
    paint_ring(painter, at, colour)


def paint_cross(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark of a joint that lies outside of the picture."""
    arms = [QLineF(at - QPointF(4, 4), at + QPointF(4, 4))]
    arms.append(QLineF(at - QPointF(4, -4), at + QPointF(4, -4)))
    for width, pen_colour in ((4.2, CASING), (2.0, colour)):
        painter.setPen(QPen(pen_colour, width, c=Qt.PenCapStyle.RoundCap))
        painter.drawLines(arms)


def _paint_lock(painter: QPainter, at: QPointF) -> None:
    place = QRectF(at.x() + 5, at.y() - 6 - _LOCK_PX, _LOCK_PX + 4, _LOCK_PX + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(CARD)
    painter.drawRoundedRect(place, 4, 4)
    lock = pixmap("lock-simple", OVER_IMAGERY.t1, size_px=_LOCK_PX, scale=2.0)
    painter.drawPixmap(place.topLeft() + QPointF(2, 2), lock)


def paint_selected(
    painter: QPainter, at: QPointF, original: QPointF | None, wanted: QPointF | None
) -> None:
    """A ring with ticks; a dashed line to where the joint was, a thin one to where it is wanted."""
    if original is not None and QLineF(at, original).length() > _RING + 2:
        painter.setPen(solid_pen(CASING, 2.4))
        painter.drawLine(QLineF(original, at))
        painter.setPen(dashed_pen(WHITE, 1.2, (1.8, 1.4)))
        painter.drawLine(QLineF(original, at))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, colour in ((3.2, CASING), (1.5, WHITE)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(original, 4.5, 4.5)
    accent = QColor(OVER_IMAGERY.accent)
    if wanted is not None and QLineF(at, wanted).length() > 2:
        painter.setPen(QPen(accent, 1.2))
        painter.drawLine(QLineF(at, wanted))
        paint_cross(painter, wanted, accent)
    ticks = [
        QLineF(at + direction * (_RING - 1), at + direction * (_RING + _TICK))
        for direction in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1))
    ]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((4.2, CASING), (2.0, accent)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, _RING, _RING)
        painter.drawLines(ticks)


def hint_place(canvas: QRectF) -> QRectF:
    """The strip at the bottom that hints and tags share."""
    top = canvas.bottom() - _PILL_MARGIN - _PILL_HEIGHT
    return QRectF(_PILL_MARGIN, top, canvas.width() - 2 * _PILL_MARGIN, _PILL_HEIGHT)


def paint_hints(painter: QPainter, canvas: QRectF, hints: tuple[Hint, ...], *, room: float) -> None:
    """Keys and what they do, from the left as far as `room` goes."""
    ratio = painter.device().devicePixelRatioF()
    picture = _hint_picture(hints, round(room), ratio)
    if picture is not None:
        painter.drawPixmap(hint_place(canvas).topLeft(), picture)


@lru_cache(maxsize=8)
def _hint_picture(hints: tuple[Hint, ...], room: int, ratio: float) -> QPixmap | None:
    """Painted once: text takes longer than all the rest of the hand."""
    key_font, word_font = ui_font(11, 600), ui_font(12)
    key_width = QFontMetricsF(key_font).horizontalAdvance
    word_width = QFontMetricsF(word_font).horizontalAdvance
    widths = [key_width(h.key) + 12 + 8 + word_width(h.words) + 16 for h in hints]
    shown = 0
    while shown < len(hints) and sum(widths[: shown + 1]) + 2 * _PILL_PAD - 16 <= room:
        shown += 1
    if not shown:
        return None
    strip = QRectF(0, 0, sum(widths[:shown]) - 16 + 2 * _PILL_PAD, _PILL_HEIGHT)
    picture = QPixmap(math.ceil(strip.width() * ratio), math.ceil(_PILL_HEIGHT * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(CARD)
    painter.drawRoundedRect(strip, CONTROL_RADIUS, CONTROL_RADIUS)
    x = _PILL_PAD
    for hint, width in zip(hints[:shown], widths, strict=False):
        cap = QRectF(x, strip.center().y() - 9, key_width(hint.key) + 12, 18)
        painter.setPen(QPen(OVER_IMAGERY.colour("line2"), 1))
        painter.setBrush(QColor(OVER_IMAGERY.bg3))
        painter.drawRoundedRect(cap, 4, 4)
        painter.setFont(key_font)
        painter.setPen(WHITE)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, hint.key)
        painter.setFont(word_font)
        painter.setPen(OVER_IMAGERY.colour("t2"))
        words = QRectF(cap.right() + 8, 0, width, strip.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, hint.words)
        x += width
    painter.end()
    return picture


def between(points: np.ndarray) -> np.ndarray:
    """Points (60, 2) along the bones of a hand (21, 2), for what must not cover them."""
    parents, children = np.array(BONES).T
    shares = np.array([0.25, 0.5, 0.75])[:, None, None]
    return (points[parents] + shares * (points[children] - points[parents])).reshape(-1, 2)
