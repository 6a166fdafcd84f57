"""Painting over the picture: skeletons, links, names, boxes, outlines, tags.

Ground truth is solid with filled circles, the prediction dashed with hollow diamonds, so the two
differ by shape in every colour vision; both have a dark casing, to be seen on any picture. Over
imagery the dark theme's colours are used in both themes.
"""

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from core.conventions import FINGER_JOINTS, FINGER_OF_JOINT, JOINT_COUNT, JOINT_NAMES, WRIST
from utnet_viewer.image.overlay import CUBOID_EDGES
from utnet_viewer.image.stamps import stamp
from utnet_viewer.theme import OVER_IMAGERY, TAG_RADIUS, ui_font

TRUTH_WIDTH, PREDICTION_WIDTH, LINK_WIDTH = 2.6, 2.0, 1.1
TRUTH_RADIUS, PREDICTION_RADIUS = 4.0, 4.6
#: Dash and gap in units of the line's width, as Qt counts them.
PREDICTION_DASHES = (2.4, 1.7)
CASING_GROWTH = 1.8

_STROKE = 1.2  # of the diamond, measured along its axes
_INSIDE = QColor("#16181C")
WHITE = QColor(OVER_IMAGERY.t1)
CASING = OVER_IMAGERY.colour("bg0", 0.72)
CARD = OVER_IMAGERY.colour("bg0", 0.89)

FINGER_COLOURS = {finger: QColor(getattr(OVER_IMAGERY, finger)) for finger in FINGER_JOINTS}
JOINT_COLOURS = [
    WHITE if joint == WRIST else FINGER_COLOURS[FINGER_OF_JOINT[joint]]
    for joint in range(JOINT_COUNT)
]


def _diamond(radius: float) -> QPolygonF:
    corners = ((0, -radius), (radius, 0), (0, radius), (-radius, 0))
    return QPolygonF([QPointF(x, y) for x, y in corners])


_DIAMOND_LAYERS = (
    (_diamond(PREDICTION_RADIUS + _STROKE + 1.3), CASING),
    (_diamond(PREDICTION_RADIUS + _STROKE), None),
    (_diamond(PREDICTION_RADIUS - _STROKE), _INSIDE),
)
_CHAINS = {finger: [WRIST, *joints] for finger, joints in FINGER_JOINTS.items()}


def solid_pen(colour: QColor, width: float) -> QPen:
    """A solid pen with flat ends."""
    cap, join = Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.BevelJoin
    return QPen(QBrush(colour), width, Qt.PenStyle.SolidLine, cap, join)


def dashed_pen(colour: QColor, width: float, dashes: Sequence[float] = PREDICTION_DASHES) -> QPen:
    """A flat dashed pen; `dashes` in units of `PREDICTION_WIDTH`, whatever the pen's own width."""
    pen = QPen(QBrush(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([length * PREDICTION_WIDTH / width for length in dashes])
    return pen


_TRUTH_PENS = {finger: solid_pen(colour, TRUTH_WIDTH) for finger, colour in FINGER_COLOURS.items()}
_TRUTH_CASING = solid_pen(CASING, TRUTH_WIDTH + CASING_GROWTH)
_PREDICTION_PENS = {
    finger: dashed_pen(colour, PREDICTION_WIDTH) for finger, colour in FINGER_COLOURS.items()
}
_PREDICTION_CASING = dashed_pen(CASING, PREDICTION_WIDTH + CASING_GROWTH)


def chain_lines(points: np.ndarray, chain: Sequence[int]) -> list[QLineF]:
    """Lines along the chain's points (n, 2); a missing point (NaN) leaves its bones out."""
    corners = points[list(chain)]
    known = np.isfinite(corners).all(1)
    return [
        QLineF(*corners[n], *corners[n + 1])
        for n in range(len(chain) - 1)
        if known[n] and known[n + 1]
    ]


def paint_truth_bones(painter: QPainter, points: np.ndarray) -> None:
    """Solid lines from the wrist along every finger; `points` (21, 2) on the canvas."""
    _paint_bones(painter, points, _TRUTH_PENS, _TRUTH_CASING)


def paint_prediction_bones(painter: QPainter, points: np.ndarray) -> None:
    """Dashed lines from the wrist along every finger."""
    _paint_bones(painter, points, _PREDICTION_PENS, _PREDICTION_CASING)


def _paint_bones(painter: QPainter, points: np.ndarray, pens: dict, casing: QPen) -> None:
    # Separate lines with flat ends take Qt's short way; paths with round joins cost three times
    # as much, and the joints' marks cover the ends.
    lines = {finger: chain_lines(points, chain) for finger, chain in _CHAINS.items()}
    painter.setPen(casing)
    painter.drawLines([line for finger in lines.values() for line in finger])
    for finger, finger_lines in lines.items():
        painter.setPen(pens[finger])
        painter.drawLines(finger_lines)


def paint_links(painter: QPainter, truth: np.ndarray, prediction: np.ndarray) -> None:
    """Thin white lines from each labelled joint to its prediction."""
    ends = np.concatenate([truth, prediction], axis=1)
    lines = [QLineF(*end) for end in ends if np.isfinite(end).all()]
    for width, colour in ((LINK_WIDTH + 1.2, CASING), (LINK_WIDTH, WHITE)):
        painter.setPen(solid_pen(colour, width))
        painter.drawLines(lines)


def paint_truth_joints(painter: QPainter, points: np.ndarray, hidden: np.ndarray) -> None:
    """Filled circles; a ring where the joint is hidden."""
    for joint, (x, y) in enumerate(points.tolist()):
        if math.isfinite(x) and math.isfinite(y):
            mark = paint_ring if hidden[joint] else paint_circle
            stamp(painter, mark, (x, y), JOINT_COLOURS[joint])


def paint_prediction_joints(painter: QPainter, points: np.ndarray) -> None:
    """Hollow diamonds."""
    for joint, (x, y) in enumerate(points.tolist()):
        if math.isfinite(x) and math.isfinite(y):
            stamp(painter, paint_diamond, (x, y), JOINT_COLOURS[joint])


def paint_circle(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark of a labelled joint."""
    painter.setPen(Qt.PenStyle.NoPen)
    for radius, fill in ((TRUTH_RADIUS + 1.2, CASING), (TRUTH_RADIUS, colour)):
        painter.setBrush(fill)
        painter.drawEllipse(at, radius, radius)


def paint_ring(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark of a labelled joint that is hidden."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, pen_colour in ((1.6 + CASING_GROWTH, CASING), (1.6, colour)):
        painter.setPen(QPen(pen_colour, width))
        painter.drawEllipse(at, TRUTH_RADIUS + 0.4, TRUTH_RADIUS + 0.4)


def paint_diamond(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark of a predicted joint: hollow, its inside darkened so that it reads on any skin."""
    painter.setPen(Qt.PenStyle.NoPen)
    # Filled one over the other: three fills are cheaper than two strokes.
    for shape, fill in _DIAMOND_LAYERS:
        painter.setBrush(colour if fill is None else fill)
        painter.drawConvexPolygon(shape.translated(at))


def paint_focus_ring(painter: QPainter, at: QPointF) -> None:
    """Around the joint that is hovered, here or in another panel."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((3.4, CASING), (1.8, WHITE)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(at, 8.5, 8.5)


#: Tips are named first: where there is no room for all names, they are the ones to know.
_NAMING_ORDER = [*(chain[-1] for chain in _CHAINS.values()), WRIST] + [
    joint for chain in _CHAINS.values() for joint in reversed(chain[1:-1])
]


def paint_names(painter: QPainter, points: np.ndarray) -> None:
    """Names of joints beside them, away from the hand's middle; none over another."""
    known = np.isfinite(points).all(1)
    if not known.any():
        return
    font = ui_font(11, 500)
    painter.setFont(font)
    advance = QFontMetricsF(font).horizontalAdvance
    middle_x = points[known, 0].mean()
    taken: list[QRectF] = []
    for joint in (joint for joint in _NAMING_ORDER if known[joint]):
        box = _free_box(*points[joint], advance(JOINT_NAMES[joint]) + 6, middle_x, taken)
        if box is None:
            continue
        taken.append(box)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(OVER_IMAGERY.colour("bg0", 0.62))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(JOINT_COLOURS[joint])
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, JOINT_NAMES[joint])


def _free_box(
    x: float, y: float, width: float, middle_x: float, taken: list[QRectF]
) -> QRectF | None:
    """A name's place beside, above or below its joint that overlaps no other name."""
    sides = [QRectF(x + 8, y - 8, width, 15), QRectF(x - 8 - width, y - 8, width, 15)]
    if x < middle_x:
        sides.reverse()
    sides += [box.translated(0, dy) for box in sides for dy in (-13, 13)]
    return next((box for box in sides if not any(box.intersects(other) for other in taken)), None)


def paint_polygon(painter: QPainter, points: np.ndarray, colour: QColor, width: float = 1.3):
    """A closed solid outline with casing; nothing where a corner is missing."""
    if not np.isfinite(points).all():
        return
    shape = QPolygonF([QPointF(x, y) for x, y in points])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (solid_pen(CASING, width + CASING_GROWTH), solid_pen(colour, width)):
        painter.setPen(pen)
        painter.drawPolygon(shape)


def paint_crop(painter: QPainter, points: np.ndarray) -> None:
    """The crop's rectangle: white dashes on a dark line."""
    lines = [QLineF(*points[n - 1], *points[n]) for n in range(4)]
    for pen in (solid_pen(CASING, 1.6), dashed_pen(WHITE, 1.2, (2.2, 1.6))):
        painter.setPen(pen)
        painter.drawLines(lines)


def paint_cuboid(painter: QPainter, points: np.ndarray, back: int, colour: QColor) -> None:
    """The object's box: the three edges at its far corner are dotted, as they lie behind."""
    if not np.isfinite(points).all():
        return
    for width, pen_colour in ((1.3 + CASING_GROWTH, CASING), (1.3, colour)):
        for first, second in CUBOID_EDGES:
            is_behind = back in (first, second)
            if is_behind and pen_colour is CASING:
                continue
            is_dotted = is_behind
            pen = (
                dashed_pen(pen_colour, width, (0.8, 1.6))
                if is_dotted
                else solid_pen(pen_colour, width)
            )
            painter.setPen(pen)
            painter.drawLine(QPointF(*points[first]), QPointF(*points[second]))


def paint_outline(painter: QPainter, outlines: list[np.ndarray], *, is_prediction: bool) -> None:
    """Silhouettes: the truth a solid white line, the prediction dashed with a faint fill."""
    path = QPainterPath()
    for outline in outlines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in outline]))
        path.closeSubpath()
    accent = OVER_IMAGERY.colour("accent_text")
    if is_prediction:
        painter.fillPath(path, OVER_IMAGERY.colour("accent", 0.22))
        pens = (solid_pen(OVER_IMAGERY.colour("bg0", 0.5), 3.0), dashed_pen(accent, 1.6))
    else:
        pens = (solid_pen(CASING, 3.0), solid_pen(WHITE, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in pens:
        painter.setPen(pen)
        painter.drawPath(path)


def paint_tag(painter: QPainter, at: QPointF, text: str, colour: QColor = WHITE) -> QRectF:
    """A small dark tag with its top left at `at`; returns the place it took."""
    font = ui_font(12, 500)
    painter.setFont(font)
    box = QRectF(at.x(), at.y(), QFontMetricsF(font).horizontalAdvance(text) + 12, 20)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(CARD)
    painter.drawRoundedRect(box, TAG_RADIUS, TAG_RADIUS)
    painter.setPen(colour)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    return box
