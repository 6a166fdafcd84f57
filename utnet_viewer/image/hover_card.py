"""The card that says all about one joint, and where it stands: never over the hand."""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from core.conventions import JOINT_NAMES, WRIST
from core.geometry.crop import CropTransform, normalise_keypoints
from utnet_viewer.document import Sample
from utnet_viewer.image.overlay import Overlay, shown_crop
from utnet_viewer.image.paint import CARD, JOINT_COLOURS, WHITE
from utnet_viewer.numbers import MISSING, fixed, point, signed_point
from utnet_viewer.theme import CONTROL_RADIUS, OVER_IMAGERY, ui_font

_PAD, _ROW, _TITLE, _GAP = 12.0, 18.0, 22.0, 18.0
_GRID = 20.0
#: Room kept between the card and the hand, and the card and the canvas's edge.
_CLEAR, _EDGE = 12.0, 10.0


@dataclass(frozen=True)
class JointCard:
    """What is known of one joint, ready to be painted: rows of label and value."""

    joint: int
    title: str
    rows: tuple[tuple[str, str], ...]

    @property
    def colour(self) -> QColor:
        """The finger's colour over imagery."""
        return JOINT_COLOURS[self.joint]

    def shortened(self) -> "JointCard":
        """The errors alone, for where the whole card would cover the hand."""
        errors = tuple(row for row in self.rows if row[0].startswith(("error", "after")))
        return replace(self, rows=errors)


def joint_card(sample: Sample, overlay: Overlay, joint: int, *, in_crop: bool) -> JointCard:
    """Collect what the sample knows about a joint; what is missing says so with a dash."""
    crop = shown_crop(sample)
    unit = "crop px" if in_crop else "px"
    truth = None if overlay.truth_px is None else overlay.truth_px[joint]
    prediction = None if overlay.prediction_px is None else overlay.prediction_px[joint]
    rows = [
        ("ground truth", _with_unit(_point(truth), unit)),
        ("prediction", _with_unit(_point(prediction), unit)),
        ("normalised GT", _normalised(truth, crop, in_crop)),
        ("normalised pred.", _predicted_norm(sample, joint)),
    ]
    rows += _error_rows(sample, truth, prediction, joint, unit)
    note = _note(sample, overlay, joint)
    return JointCard(joint, JOINT_NAMES[joint] + note, tuple(rows))


def _error_rows(sample: Sample, truth, prediction, joint: int, unit: str):
    pixels = None
    if truth is not None and prediction is not None:
        pixels = float(np.linalg.norm(np.subtract(truth, prediction)))
    metrics = sample.metrics
    if metrics is None:
        return [("error", _with_unit(fixed(pixels), unit))]
    # Wrist on wrist, the wrist's own error is nil by definition: the one in space says something.
    if joint == WRIST:
        label, millimetres = "error, in space", metrics.wrist_error_mm
    else:
        label, millimetres = "error, wrist-aligned", float(metrics.joint_errors_mm[joint])
    both = f"{_with_unit(fixed(pixels), unit)}   {_with_unit(fixed(millimetres), 'mm')}"
    procrustes = _with_unit(fixed(metrics.pa_joint_errors_mm[joint]), "mm")
    return [(label, both), ("after Procrustes", procrustes)]


def _with_unit(text: str, unit: str) -> str:
    return text if text == MISSING else f"{text} {unit}"


def _point(values) -> str:
    return MISSING if values is None else point(values)


def _normalised(truth, crop: CropTransform | None, in_crop: bool) -> str:
    if truth is None or crop is None:
        return MISSING
    return signed_point(normalise_keypoints(truth if in_crop else crop.keypoints(truth)))


def _predicted_norm(sample: Sample, joint: int) -> str:
    if sample.prediction is None:
        return MISSING
    return signed_point(sample.prediction.keypoints_norm[joint])


def _note(sample: Sample, overlay: Overlay, joint: int) -> str:
    if overlay.truth_px is None or not np.isfinite(overlay.truth_px[joint]).all():
        return " · not labelled"
    x, y = sample.frame.camera.project(sample.frame.hand.joints_mm[joint])
    height, width = sample.frame.image.shape[:2]
    if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):
        return " · outside the picture"
    return " · hidden" if overlay.hidden[joint] else ""


def card_size(card: JointCard) -> QSizeF:
    """Room the card needs."""
    label, value = QFontMetricsF(ui_font(12)), QFontMetricsF(ui_font(12, 500))
    rows = max(label.horizontalAdvance(a) + _GAP + value.horizontalAdvance(b) for a, b in card.rows)
    title = QFontMetricsF(ui_font(13, 600)).horizontalAdvance(card.title) + 16
    return QSizeF(max(rows, title) + 2 * _PAD, _TITLE + _ROW * len(card.rows) + 2 * _PAD - 4)


def place_card(
    size: QSizeF, anchor: QPointF, canvas: QRectF, hand: np.ndarray, taken: list[QRectF]
) -> tuple[QRectF, int]:
    """The nearest place to the joint that leaves the hand free, and what it covers even so.

    Args:
        size: Of the card.
        anchor: The joint on the canvas.
        canvas: Where the card may stand.
        hand: (n, 2) canvas points of the hand that must stay visible.
        taken: Other things on the canvas, to be avoided if the hand leaves room elsewhere.
    """
    width, height = size.width(), size.height()
    free_width = max(canvas.width() - 2 * _EDGE - width, 0.0)
    free_height = max(canvas.height() - 2 * _EDGE - height, 0.0)
    xs = canvas.x() + _EDGE + np.linspace(0, free_width, int(free_width / _GRID) + 1)
    ys = canvas.y() + _EDGE + np.linspace(0, free_height, int(free_height / _GRID) + 1)
    left, top = (a.ravel() for a in np.meshgrid(xs, ys))
    covered = _points_inside(hand, left - _CLEAR, top - _CLEAR, width, height)
    near_x = np.clip(anchor.x(), left, left + width) - anchor.x()
    near_y = np.clip(anchor.y(), top, top + height) - anchor.y()
    distance = np.hypot(near_x, near_y)
    cost = covered * 1e4 + np.where(distance < 28, 5e3, 0) + distance
    for rect in taken:
        overlaps = (left < rect.right() + 4) & (left + width > rect.left() - 4)
        overlaps &= (top < rect.bottom() + 4) & (top + height > rect.top() - 4)
        cost = cost + overlaps * 2e3
    best = int(cost.argmin())
    return QRectF(left[best], top[best], width, height), int(covered[best])


def _points_inside(points, left, top, width: float, height: float) -> np.ndarray:
    """How many points each candidate rectangle, grown by `_CLEAR`, would cover."""
    if len(points) == 0:
        return np.zeros(len(left))
    x, y = points[:, 0], points[:, 1]
    inside_x = (x > left[:, None]) & (x < left[:, None] + width + 2 * _CLEAR)
    inside_y = (y > top[:, None]) & (y < top[:, None] + height + 2 * _CLEAR)
    return (inside_x & inside_y).sum(1)


def paint_card(painter: QPainter, card: JointCard, rect: QRectF, anchor: QPointF) -> None:
    """The card and the hairline that ties it to its joint."""
    edge = QPointF(
        min(max(anchor.x(), rect.left()), rect.right()),
        min(max(anchor.y(), rect.top()), rect.bottom()),
    )
    away = edge - anchor
    length = max((away.x() ** 2 + away.y() ** 2) ** 0.5, 1e-6)
    if length > 12:
        painter.setPen(QPen(OVER_IMAGERY.colour("t1", 0.8), 1))
        painter.drawLine(anchor + away * (9.5 / length), edge)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(CARD)
    painter.drawRoundedRect(rect, CONTROL_RADIUS, CONTROL_RADIUS)

    line = QRectF(rect.x() + _PAD, rect.y() + _PAD - 4, rect.width() - 2 * _PAD, _TITLE)
    painter.setBrush(card.colour)
    painter.drawEllipse(QPointF(line.x() + 4, line.center().y()), 4, 4)
    painter.setPen(WHITE)
    painter.setFont(ui_font(13, 600))
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(line.adjusted(16, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, card.title)
    line = QRectF(line.x(), line.bottom() + 1, line.width(), _ROW)
    for label, value in card.rows:
        painter.setFont(ui_font(12))
        painter.setPen(OVER_IMAGERY.colour("t2"))
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignLeft, label)
        painter.setFont(ui_font(12, 500))
        painter.setPen(WHITE)
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, value)
        line.translate(0, _ROW)
