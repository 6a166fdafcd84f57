"""What stands at the edges of the picture: scale bar, error bar, axes, cards, messages."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from utnet_viewer.mesh.stage import Stage
from utnet_viewer.theme import (
    ERROR_COLOURS,
    ERROR_RANGE_MM,
    SIZE_AXIS,
    SIZE_BODY,
    SIZE_LABEL,
    ui_font,
)

SCALE_LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SHORTEST_SCALE_PX = 44
MARGIN = 16
#: Right edge that cards leave to the error bar.
RESERVED = 92
_AXIS_COLOURS = ("#F0705A", "#46B981", "#5B9BF0")
ALIGN_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ALIGN_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def scale_bar(px_per_mm: float) -> tuple[int, float]:
    """A round length in mm and its width in pixels, readable at this magnification."""
    for length_mm in SCALE_LENGTHS_MM:
        if length_mm * px_per_mm >= SHORTEST_SCALE_PX:
            break
    return length_mm, length_mm * px_per_mm


def paint_scale_bar(painter: QPainter, stage: Stage) -> None:
    """Lower left; true at the depth of the camera's target, the middle of the picture."""
    length_mm, width = scale_bar(stage.camera.px_per_mm(stage.height))
    y, left, right = stage.height - 20.5, MARGIN + 0.5, MARGIN + 0.5 + width
    painter.setPen(QPen(stage.palette.colour("t1"), 1.5))
    painter.drawLines(
        [QLineF(left, y, right, y), *(QLineF(x, y - 4, x, y + 4) for x in (left, right))]
    )
    painter.setFont(ui_font(SIZE_LABEL, 500))
    painter.drawText(QPointF(left, y - 9), f"{length_mm} mm")


def error_bar_area(stage: Stage) -> QRectF:
    """Where the coloured bar stands."""
    height = min(220.0, stage.height * 0.46)
    return QRectF(stage.width - 25, (stage.height - height) * 0.46, 8, height)


def error_labels() -> tuple[tuple[float, str], ...]:
    """Values in mm on the bar and what stands beside them; the last says that it clamps."""
    quarters = [ERROR_RANGE_MM * quarter / 4 for quarter in range(4)]
    return (*((v, f"{v:.0f}") for v in quarters), (ERROR_RANGE_MM, f"≥ {ERROR_RANGE_MM:.0f}"))


def paint_error_bar(painter: QPainter, stage: Stage) -> None:
    """The scale of error colours in mm, with a mark at the mean over the surface."""
    area = error_bar_area(stage)
    if area.height() < 90:
        return
    gradient = QLinearGradient(area.bottomLeft(), area.topLeft())
    for stop, colour in enumerate(ERROR_COLOURS):
        gradient.setColorAt(stop / (len(ERROR_COLOURS) - 1), QColor(colour))
    painter.setPen(QPen(stage.palette.colour("t1", 0.18), 1))
    painter.setBrush(gradient)
    painter.drawRoundedRect(area, 4, 4)
    painter.setFont(ui_font(SIZE_LABEL, 500))
    painter.setPen(stage.palette.colour("t2"))
    title = QRectF(stage.width - 116, area.top() - 36, 100, 18)
    painter.drawText(title, ALIGN_RIGHT, "error, mm")
    for value_mm, text in error_labels():
        y = area.bottom() - area.height() * value_mm / ERROR_RANGE_MM
        painter.drawText(QRectF(area.left() - 70, y - 9, 62, 18), ALIGN_RIGHT, text)
    mean_mm = float(np.mean(stage.scene.vertex_errors_mm))
    y = area.bottom() - area.height() * min(mean_mm / ERROR_RANGE_MM, 1.0)
    mark = QLineF(area.left() - 4, y, area.right() + 4, y)
    for colour, width in (("bg1", 4.0), ("t1", 1.8)):
        painter.setPen(QPen(stage.palette.colour(colour), width))
        painter.drawLine(mark)


def paint_axes(painter: QPainter, stage: Stage) -> None:
    """The camera's axes, lower right: x right, y down, z away from the photo's viewer."""
    centre = QPointF(stage.width - 46, stage.height - 40)
    axes = stage.camera.rotation.T  # row i: axis i in view axes
    painter.setFont(ui_font(SIZE_LABEL, 600))
    for axis in np.argsort(-axes[:, 2]):
        colour = QColor(_AXIS_COLOURS[axis])
        if not stage.is_dark:
            colour = colour.darker(125)
        tip = QPointF(axes[axis, 0], axes[axis, 1])
        painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(centre, centre + tip * 22)
        label = centre + tip * 31
        area = QRectF(label.x() - 8, label.y() - 8, 16, 16)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "xyz"[axis])


@dataclass(frozen=True)
class Card:
    """A few measured values of one thing, tied to it by a hairline."""

    title: str
    rows: tuple[tuple[str, str], ...]
    colour: str
    at_px: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        label, value = QFontMetricsF(ui_font(SIZE_LABEL)), QFontMetricsF(ui_font(SIZE_BODY, 600))
        rows = [label.horizontalAdvance(a) + value.horizontalAdvance(b) + 30 for a, b in self.rows]
        title = value.horizontalAdvance(self.title) + 18
        return int(max([150, title, *rows]) + 22), 34 + 20 * len(self.rows)


def card_corner(card: Card, stage: Stage, previous: tuple[int, int] | None) -> tuple[int, int]:
    """Upper left corner for a card: off the hand, near its point, and not hopping about.

    `previous` is kept unless another place is clearly better.
    """
    width, height = card.size
    reserved = RESERVED if stage.width > 420 else MARGIN
    right, bottom = max(stage.width - width - reserved, 12), max(stage.height - height - 44, 12)
    places = [
        (int(x), int(y))
        for x in np.linspace(12, right, max(2, right // 60))
        for y in np.linspace(12, bottom, max(2, bottom // 40))
    ]
    best = min(places, key=lambda place: _cost(place, card, stage))
    if previous is None or previous[0] > right or previous[1] > bottom:
        return best
    return previous if _cost(previous, card, stage) < _cost(best, card, stage) + 60 else best


def _cost(corner: tuple[int, int], card: Card, stage: Stage) -> float:
    """Distance of the card from its point in px, plus much for covering the hand."""
    (x, y), (width, height) = corner, card.size
    covered = stage.covered_share(x - 8, y - 8, x + width + 8, y + height + 8)
    dx = max(x - card.at_px[0], 0, card.at_px[0] - x - width)
    dy = max(y - card.at_px[1], 0, card.at_px[1] - y - height)
    distance = float(np.hypot(dx, dy))
    return distance + 3000 * covered + (400 if distance < 24 else 0)


def paint_card(painter: QPainter, card: Card, corner: tuple[int, int]) -> None:
    """Dark in both themes; what it speaks of is ringed by the caller."""
    width, height = card.size
    area = QRectF(*corner, width, height)
    point = QPointF(*card.at_px)
    x = min(max(point.x(), area.left()), area.right())
    y = min(max(point.y(), area.top()), area.bottom())
    tie = QLineF(QPointF(x, y), point)
    if tie.length() > 8:
        tie.setLength(tie.length() - 7)
        painter.setPen(QPen(QColor(200, 206, 216, 190), 1))
        painter.drawLine(tie)
    painter.setPen(QPen(QColor(255, 255, 255, 26), 1))
    painter.setBrush(QColor(14, 16, 19, 232))
    painter.drawRoundedRect(area, 6, 6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(card.colour))
    painter.drawEllipse(QPointF(area.left() + 15, area.top() + 16), 4, 4)
    painter.setFont(ui_font(SIZE_BODY, 600))
    painter.setPen(QColor("#FFFFFF"))
    title = QRectF(area.left() + 26, area.top() + 6, width - 34, 20)
    painter.drawText(title, ALIGN_LEFT, card.title)
    for row, (label, value) in enumerate(card.rows):
        line = QRectF(area.left() + 11, area.top() + 27 + 20 * row, width - 22, 20)
        painter.setFont(ui_font(SIZE_LABEL))
        painter.setPen(QColor("#B1B7C3"))
        painter.drawText(line, ALIGN_LEFT, label)
        painter.setFont(ui_font(SIZE_BODY, 600))
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(line, ALIGN_RIGHT, value)


def paint_message(painter: QPainter, stage: Stage, title: str, text: str) -> None:
    """Says in the middle what is missing and what to do."""
    middle = QRectF(24, stage.height / 2 - 34, stage.width - 48, 24)
    painter.setFont(ui_font(15, 600))
    painter.setPen(stage.palette.colour("t1"))
    painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, title)
    painter.setFont(ui_font(SIZE_BODY))
    painter.setPen(stage.palette.colour("t2"))
    below = middle.translated(0, 28).adjusted(0, 0, 0, 60)
    alignment = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    painter.drawText(below, int(alignment | Qt.TextFlag.TextWordWrap), text)


def paint_notes(painter: QPainter, stage: Stage, notes: tuple[str, ...]) -> None:
    """Sentences about what is not drawn, at the top."""
    painter.setFont(ui_font(SIZE_AXIS + 1, 500))
    painter.setPen(stage.palette.colour("warning"))
    flags = int(ALIGN_LEFT | Qt.TextFlag.TextWordWrap)
    for row, note in enumerate(notes):
        area = QRectF(MARGIN, 10 + 34 * row, stage.width - 2 * MARGIN, 34)
        painter.drawText(area, flags, f"⚠ {note}")
