"""Paints one fixed sample: small in the table, large in the preview."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from core.conventions import CROP_SIZE_PX, FINGER_JOINTS, WRIST
from core.events import SampleEvent
from utnet_viewer.image.paint import (
    CASING,
    FINGER_COLOURS,
    WHITE,
    chain_lines,
    dashed_pen,
    paint_links,
    paint_prediction_bones,
    paint_prediction_joints,
    paint_tag,
    paint_truth_bones,
    paint_truth_joints,
    solid_pen,
)
from utnet_viewer.theme import OVER_IMAGERY, SIZE_LABEL, ui_font
from utnet_viewer.training.sample_history import points_of

_CHAINS = {finger: [WRIST, *joints] for finger, joints in FINGER_JOINTS.items()}
_TRUTH_WIDTH, _PREDICTION_WIDTH, _CASING_GROWTH = 1.0, 1.6, 1.2


def error_text(event: SampleEvent) -> str:
    """``16.3 px``; in words where there is no such number."""
    if np.isfinite(event.error_px):
        return f"{event.error_px:.1f} px"
    if not event.truth_px:
        return "no label"
    return "not finite"


def on_picture(points_px: np.ndarray, place: QRectF) -> np.ndarray:
    """Points of the crop (n, 2), pixel centres at integers, on the screen."""
    height, width = CROP_SIZE_PX
    scale = np.array([place.width() / width, place.height() / height])
    return (points_px + 0.5) * scale + (place.x(), place.y())


def paint_thumbnail(
    painter: QPainter, event: SampleEvent, picture: QPixmap | None, place: QRectF
) -> None:
    """Truth thin and white, prediction dashed in the fingers' colours, the error in a corner."""
    painter.save()
    painter.setClipRect(place)
    _paint_picture(painter, picture, place)
    truth, prediction = points_of(event.truth_px), points_of(event.keypoints_px)
    paint_small_hands(
        painter,
        None if truth is None else on_picture(truth, place),
        None if prediction is None else on_picture(prediction, place),
    )
    is_bad = bool(event.truth_px) and not np.isfinite(event.error_px)
    colour = OVER_IMAGERY.colour("fault") if is_bad else WHITE
    paint_tag(painter, QPointF(place.left() + 4, place.bottom() - 24), error_text(event), colour)
    painter.restore()


def paint_small_hands(
    painter: QPainter, truth: np.ndarray | None, prediction: np.ndarray | None
) -> None:
    """Both hands on a picture too small for marks: points (21, 2) on the screen, or None."""
    if truth is not None:
        every = [line for finger in _lines(truth).values() for line in finger]
        for pen in (
            solid_pen(CASING, _TRUTH_WIDTH + _CASING_GROWTH),
            solid_pen(WHITE, _TRUTH_WIDTH),
        ):
            painter.setPen(pen)
            painter.drawLines(every)
    if prediction is not None:
        for finger, lines in _lines(prediction).items():
            painter.setPen(solid_pen(CASING, _PREDICTION_WIDTH + _CASING_GROWTH))
            painter.drawLines(lines)
            painter.setPen(dashed_pen(FINGER_COLOURS[finger], _PREDICTION_WIDTH, (2.0, 1.3)))
            painter.drawLines(lines)


def paint_large(
    painter: QPainter, event: SampleEvent, picture: QPixmap | None, place: QRectF
) -> None:
    """Both skeletons with their joints and the links between them, as in the image view."""
    painter.save()
    painter.setClipRect(place)
    _paint_picture(painter, picture, place)
    truth, prediction = points_of(event.truth_px), points_of(event.keypoints_px)
    if truth is not None:
        truth = on_picture(truth, place)
    if prediction is not None:
        prediction = on_picture(prediction, place)
    if truth is not None and prediction is not None:
        paint_links(painter, truth, prediction)
    if truth is not None:
        paint_truth_bones(painter, truth)
        paint_truth_joints(painter, truth, np.zeros(len(truth), bool))
    if prediction is not None:
        paint_prediction_bones(painter, prediction)
        paint_prediction_joints(painter, prediction)
    painter.restore()


def _paint_picture(painter: QPainter, picture: QPixmap | None, place: QRectF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(place, OVER_IMAGERY.colour("bg1"))
    if picture is not None:
        painter.drawPixmap(place.topLeft(), picture)
        return
    painter.setFont(ui_font(SIZE_LABEL))
    painter.setPen(OVER_IMAGERY.colour("t3"))
    top = place.adjusted(4, 6, -4, 0)
    flags = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter
    painter.drawText(top, int(flags) | int(Qt.TextFlag.TextWordWrap), "no picture")


def _lines(points: np.ndarray) -> dict:
    return {finger: chain_lines(points, chain) for finger, chain in _CHAINS.items()}
