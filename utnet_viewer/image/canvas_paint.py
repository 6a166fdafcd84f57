"""How the canvas's parts are put together on screen, from the picture up to the hover card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen

from utnet_viewer.image import layers, paint
from utnet_viewer.image.depth_colours import DEPTH_COLOURS
from utnet_viewer.image.hover_card import paint_card
from utnet_viewer.image.picture import DEPTH, paint_overview
from utnet_viewer.image.states import Message, message_for
from utnet_viewer.numbers import fixed
from utnet_viewer.theme import OVER_IMAGERY, Palette, ui_font
from utnet_viewer.widgets.icons import pixmap

if TYPE_CHECKING:
    from utnet_viewer.image.canvas import ImageCanvas

_MARGIN = 12.0
_OVERVIEW_WIDTH = 150.0
_OBJECT_COLOUR = QColor("#E58BD1")
_HAND_BOX_COLOUR = QColor(OVER_IMAGERY.accent_text)
_LEGEND_SIZE = (74.0, 176.0)


def paint_canvas(painter: QPainter, canvas: ImageCanvas) -> None:
    """Picture, overlays, overview, tags and card of a canvas that has a picture."""
    canvas.picture.paint(painter, canvas.view, canvas.devicePixelRatioF())
    overview = overview_place(canvas)
    painter.setOpacity(canvas.opacity)
    _paint_surfaces_and_boxes(painter, canvas, overview)
    _paint_hands(painter, canvas)
    painter.setOpacity(1.0)
    if overview is not None:
        paint_overview(painter, canvas.picture, canvas.view, overview, QColor(OVER_IMAGERY.accent))
    if canvas.picture.range_mm is not None:
        _paint_depth_legend(painter, legend_place(canvas), canvas.picture.range_mm)
    canvas.tool.paint(painter)
    _paint_notes(painter, canvas)
    _paint_pixel_readout(painter, canvas)
    _paint_hovered(painter, canvas)


def paint_taken(painter: QPainter, canvas: ImageCanvas, pixels: float) -> None:
    """Picture, overlays and tags without what belongs to the screen: inset, pointer, focus.

    `pixels` is how many a point of the canvas will have.
    """
    place = QRectF(canvas.rect())
    painter.setClipRect(place)
    painter.fillRect(place, QColor(canvas.theme.palette.bg1))
    if canvas.picture is None:
        message = message_for(canvas.document, canvas.sample)
        if message is not None:
            paint_message(painter, place, message, canvas.theme.palette)
        return
    canvas.picture.paint(painter, canvas.view, pixels)
    painter.setOpacity(canvas.opacity)
    _paint_surfaces_and_boxes(painter, canvas, None)
    _paint_hands(painter, canvas)
    painter.setOpacity(1.0)
    if canvas.picture.range_mm is not None:
        _paint_depth_legend(painter, legend_place(canvas), canvas.picture.range_mm)
    _paint_notes(painter, canvas)


def _paint_surfaces_and_boxes(
    painter: QPainter, canvas: ImageCanvas, overview: QRectF | None
) -> None:
    shown, overlay, to_canvas = canvas.shown_layers, canvas.overlay, canvas.view.to_canvas
    if layers.OUTLINE in shown:
        for is_prediction, outlines in canvas.outlines().items():
            placed = [to_canvas(outline) for outline in outlines]
            paint.paint_outline(painter, placed, is_prediction=is_prediction)
    if layers.OBJECT_BOX in shown and overlay.object_px is not None:
        corners = to_canvas(overlay.object_px)
        paint.paint_cuboid(painter, corners, overlay.object_back, _OBJECT_COLOUR)
        if np.isfinite(corners).all():
            top = corners[corners[:, 1].argmin()]
            at = QPointF(*top) + QPointF(4, -24)
            _paint_tag_inside(painter, canvas, overview, at, overlay.object_name)
    if layers.HAND_BOX in shown and overlay.hand_box_px is not None:
        corners = to_canvas(overlay.hand_box_px)
        paint.paint_polygon(painter, corners, _HAND_BOX_COLOUR)
        at = QPointF(*corners[3]) + QPointF(0, 5)
        _paint_tag_inside(painter, canvas, overview, at, "hand box")
    if layers.CROP_BOX in shown and overlay.crop_px is not None and not canvas.in_crop:
        corners = to_canvas(overlay.crop_px)
        paint.paint_crop(painter, corners)
        _paint_crop_tag(painter, canvas, overview, corners)


def _paint_crop_tag(
    painter: QPainter, canvas: ImageCanvas, overview: QRectF | None, corners: np.ndarray
) -> None:
    """In the first corner of the crop, from its top left, where the tag covers no finger; else
    above it."""
    width, height = 108.0, 20.0
    inwards = ((6.0, 6.0), (-6.0 - width, 6.0), (6.0, -6.0 - height), (-6.0 - width, -6.0 - height))
    places = [
        QRectF(corner[0] + dx, corner[1] + dy, width, height)
        for corner, (dx, dy) in zip(corners[[0, 1, 3, 2]], inwards, strict=True)
    ]
    places.append(places[0].translated(-6.0, -32.0))
    places = [_kept_inside(canvas, overview, place) for place in places]
    hand = canvas.view.to_canvas(canvas.overlay.hand_points_px)
    best = min(places, key=lambda place: _covered(place, hand))
    paint.paint_tag(painter, best.topLeft(), "crop 256 × 192")


def _kept_inside(canvas: ImageCanvas, overview: QRectF | None, place: QRectF) -> QRectF:
    """The place, moved onto the canvas and off the overview."""
    x = min(max(place.x(), _MARGIN / 2), canvas.width() - place.width() - _MARGIN / 2)
    y = min(max(place.y(), _MARGIN / 2), canvas.height() - place.height() - _MARGIN / 2)
    if overview is not None and overview.adjusted(-6, -6, 6, 6).contains(QPointF(x, y)):
        is_left = overview.x() < canvas.width() / 2
        x = overview.right() + 8 if is_left else overview.left() - place.width() - 8
    return QRectF(x, y, place.width(), place.height())


def _covered(place: QRectF, points: np.ndarray) -> int:
    """How many canvas points (n, 2) lie under a place."""
    x, y = points.T
    inside = (x > place.left()) & (x < place.right()) & (y > place.top()) & (y < place.bottom())
    return int(inside.sum())


def _paint_tag_inside(
    painter: QPainter, canvas: ImageCanvas, overview: QRectF | None, at: QPointF, text: str
) -> None:
    """A tag that stays on the canvas while its box reaches beyond it."""
    place = _kept_inside(canvas, overview, QRectF(at.x(), at.y(), 110.0, 20.0))
    paint.paint_tag(painter, place.topLeft(), text)


def _paint_hands(painter: QPainter, canvas: ImageCanvas) -> None:
    overlay, shown, to_canvas = canvas.overlay, canvas.shown_layers, canvas.view.to_canvas
    truth = prediction = None
    if overlay.truth_px is not None and layers.TRUTH in shown:
        truth = to_canvas(overlay.truth_px)
        paint.paint_truth_bones(painter, truth)
    if overlay.prediction_px is not None and layers.PREDICTION in shown:
        prediction = to_canvas(overlay.prediction_px)
        paint.paint_prediction_bones(painter, prediction)
    if layers.LINKS in shown and overlay.truth_px is not None and overlay.prediction_px is not None:
        paint.paint_links(painter, to_canvas(overlay.truth_px), to_canvas(overlay.prediction_px))
    if truth is not None:
        paint.paint_truth_joints(painter, truth, overlay.hidden)
    if prediction is not None:
        paint.paint_prediction_joints(painter, prediction)
    if layers.NAMES in shown:
        named = truth if truth is not None and np.isfinite(truth).all() else prediction
        named = truth if named is None else named
        if named is not None:
            paint.paint_names(painter, named)


def overview_place(canvas: ImageCanvas) -> QRectF | None:
    """Where the inset stands, or None: the whole picture is seen, or there is no room."""
    if canvas.picture is None or canvas.view.shows_all():
        return None
    width, height = canvas.picture.size
    inset_width = min(
        _OVERVIEW_WIDTH, canvas.width() * 0.26, canvas.height() * 0.3 * width / height
    )
    if inset_width < 60:
        return None
    left = QRectF(_MARGIN, _MARGIN, inset_width, inset_width * height / width)
    if canvas.picture.range_mm is not None:
        return left
    right = left.translated(canvas.width() - 2 * _MARGIN - inset_width, 0)
    hand = canvas.view.to_canvas(canvas.overlay.hand_points_px)
    return right if _covered(right, hand) < _covered(left, hand) else left


def legend_place(canvas: ImageCanvas) -> QRectF:
    """Where the legend of the depth colours stands."""
    width, height = _LEGEND_SIZE[0], min(_LEGEND_SIZE[1], canvas.height() - 2 * _MARGIN)
    return QRectF(canvas.width() - width - _MARGIN, _MARGIN, width, height)


def fixed_places(canvas: ImageCanvas) -> list[QRectF]:
    """What else stands on the canvas, for cards to avoid."""
    places = [overview_place(canvas)]
    if canvas.picture is not None and canvas.picture.range_mm is not None:
        places.append(legend_place(canvas))
    return [place for place in places if place is not None]


def _paint_depth_legend(painter: QPainter, place: QRectF, range_mm: tuple[float, float]) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(paint.CARD)
    painter.drawRoundedRect(place, 6, 6)
    painter.setFont(ui_font(11, 500))
    painter.setPen(OVER_IMAGERY.colour("t2"))
    title = QRectF(place.x() + 10, place.y() + 6, place.width() - 12, 16)
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, "depth, mm")
    bar = QRectF(place.x() + 10, place.y() + 30, 8, place.height() - 66)
    gradient = QLinearGradient(bar.topLeft(), bar.bottomLeft())
    for number, colour in enumerate(DEPTH_COLOURS):
        gradient.setColorAt(number / (len(DEPTH_COLOURS) - 1), QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 2, 2)
    near, far = range_mm
    painter.setPen(paint.WHITE)
    for share, sign in ((0.0, "≤ "), (0.5, ""), (1.0, "≥ ")):
        y = bar.y() + share * bar.height()
        label = QRectF(bar.right() + 8, y - 8, place.width() - 28, 16)
        text = sign + fixed(near + share * (far - near), 0)
        painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, text)
    swatch = QRectF(bar.x(), place.bottom() - 22, 8, 12)
    painter.fillRect(swatch, QColor(20, 22, 26))
    painter.setPen(QPen(QColor(110, 118, 130), 1.2))
    painter.drawLine(swatch.bottomLeft(), swatch.topRight())
    painter.setPen(OVER_IMAGERY.colour("t2"))
    label = QRectF(bar.right() + 8, swatch.y() - 2, place.width() - 28, 16)
    painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, "none")


def _paint_notes(painter: QPainter, canvas: ImageCanvas) -> None:
    canvas.note_places = []
    y = canvas.height() - _MARGIN - 20
    for note in canvas.notes:
        is_warning = note.kind == "warning"
        colour = OVER_IMAGERY.warning if is_warning else OVER_IMAGERY.t2
        mark = "warning" if is_warning else "circle-half"
        at = QPointF(_MARGIN, y)
        place = paint.paint_tag(painter, at, "      " + note.text, QColor(colour))
        painter.drawPixmap(at + QPointF(6, 3), pixmap(mark, colour, size_px=14, scale=2.0))
        canvas.note_places.append((place, note))
        y -= 24


def pixel_readout(canvas: ImageCanvas) -> str:
    """What is under the pointer: in the depth view the depth, else pixel and depth; "" for none."""
    if canvas.pointer is None or canvas.picture is None or canvas.document.hovered_joint >= 0:
        return ""
    pixel = canvas.view.to_picture((canvas.pointer.x(), canvas.pointer.y()))
    x, y = (int(v) for v in np.floor(pixel + 0.5))
    width, height = canvas.picture.size
    if not (0 <= x < width and 0 <= y < height):
        return ""
    depth = _depth_text(canvas.picture.depth_at(x, y))
    if canvas.mode == DEPTH and depth:
        return depth
    return f"{x}, {y} px" + (f" · {depth}" if depth else "")


def _paint_pixel_readout(painter: QPainter, canvas: ImageCanvas) -> None:
    """Beside the pointer in the depth view, else in the lower right corner."""
    text = pixel_readout(canvas)
    if not text:
        return
    if canvas.mode == DEPTH:
        at = canvas.pointer + QPointF(16, 14)
        at = QPointF(min(at.x(), canvas.width() - 84.0), min(at.y(), canvas.height() - 26.0))
        paint.paint_tag(painter, at, text)
        return
    room = QFontMetricsF(ui_font(12, 500)).horizontalAdvance(text) + 12
    at = QPointF(canvas.width() - _MARGIN - room, canvas.height() - _MARGIN - 20)
    paint.paint_tag(painter, at, text, OVER_IMAGERY.colour("t2"))


def _depth_text(depth_mm: float | None) -> str:
    if depth_mm is None:
        return ""
    return f"{fixed(depth_mm, 0)} mm" if depth_mm > 0 else "no depth"


def _paint_hovered(painter: QPainter, canvas: ImageCanvas) -> None:
    hovered = canvas.card()
    if hovered is None:
        return
    card, place, anchor = hovered
    paint.paint_focus_ring(painter, anchor)
    paint_card(painter, card, place, anchor)


def paint_message(painter: QPainter, room: QRectF, message: Message, palette: Palette) -> None:
    """An icon, a sentence and a hint in the middle of an empty canvas."""
    colour = palette.fault if message.is_fault else palette.t3
    middle, width = room.center(), min(room.width() - 32, 440.0)
    icon_px = 32
    top = middle.y() - 56
    painter.drawPixmap(
        QPointF(middle.x() - icon_px / 2, top),
        pixmap(message.icon, colour, size_px=icon_px, scale=2.0),
    )
    painter.setFont(ui_font(15, 600))
    painter.setPen(QColor(palette.t1))
    title = QRectF(middle.x() - width / 2, top + icon_px + 10, width, 24)
    painter.drawText(title, Qt.AlignmentFlag.AlignCenter, message.title)
    painter.setFont(ui_font(13))
    painter.setPen(QColor(palette.t2))
    detail = QRectF(title.x(), title.bottom() + 4, width, room.bottom() - title.bottom() - 8)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(detail, flags | Qt.TextFlag.TextWrapAnywhere, message.detail)


def paint_focus(painter: QPainter, canvas: ImageCanvas) -> None:
    """The canvas has the keyboard."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(canvas.theme.palette.accent), 1))
    painter.drawRect(QRectF(canvas.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
