"""Crops with skeletons on them, one sample after the other."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.doctor.evidence import Overlay
from utnet_viewer.doctor.telling import label
from utnet_viewer.image.paint import (
    paint_links,
    paint_prediction_bones,
    paint_prediction_joints,
    paint_tag,
    paint_truth_bones,
    paint_truth_joints,
    solid_pen,
)
from utnet_viewer.image.picture import to_qimage
from utnet_viewer.theme import OVER_IMAGERY, SIZE_LABEL, Theme, ui_font

JOINTS = 21
_LEGEND = 26


class OverlayView(QWidget):
    """One crop as large as there is room; the first skeleton solid, the second dashed."""

    changed = Signal()  # another sample is shown

    def __init__(
        self, overlays: Sequence[Overlay], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._overlays, self._theme, self._row = tuple(overlays), theme, 0
        self._pixmaps: dict[int, QPixmap] = {}
        self.setMinimumSize(220, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Labels and pixels")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Tall, as crops are."""
        return QSize(420, 420)

    @property
    def current(self) -> Overlay:
        """What is shown."""
        return self._overlays[self._row]

    @property
    def position(self) -> tuple[int, int]:
        """Which one is shown, from 1, of how many."""
        return self._row + 1, len(self._overlays)

    def step(self, by: int) -> None:
        """Another sample; the ends hold."""
        row = min(max(self._row + by, 0), len(self._overlays) - 1)
        if row != self._row:
            self._row = row
            self.update()
            self.changed.emit()

    def keyPressEvent(self, event) -> None:
        """Left and Right change the sample."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key())
        if step is None:
            super().keyPressEvent(event)
        else:
            self.step(step)

    def _pixmap(self) -> QPixmap:
        if self._row not in self._pixmaps:
            image = np.ascontiguousarray(self.current.image)
            self._pixmaps[self._row] = QPixmap.fromImage(to_qimage(image))
        return self._pixmaps[self._row]

    def _place(self, pixmap: QPixmap) -> QRectF:
        """The crop in the middle, in its proportions."""
        room = QRectF(self.rect()).adjusted(0, _LEGEND, 0, 0)
        size = pixmap.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(room.center())
        return place

    def paintEvent(self, event) -> None:
        """Picture, skeletons, what they are."""
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        painter.fillRect(self.rect(), self._theme.palette.colour("bg2"))
        self._paint_legend(painter)
        pixmap = self._pixmap()
        place = self._place(pixmap)
        well = QRectF(self.rect()).adjusted(0, _LEGEND, 0, 0)
        painter.fillRect(well, OVER_IMAGERY.colour("bg1"))
        painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
        painter.setClipRect(well)
        self._paint_skeletons(painter, place, pixmap)
        paint_tag(painter, QPointF(place.left() + 8, place.bottom() - 28), self.current.sample)

    def _skeletons(self) -> list[tuple[str, np.ndarray]]:
        return [(n, np.asarray(p, float)) for n, p in self.current.skeletons_px.items()]

    def _paint_skeletons(self, painter: QPainter, place: QRectF, pixmap: QPixmap) -> None:
        scale = np.array([place.width() / pixmap.width(), place.height() / pixmap.height()])
        corner = np.array([place.left(), place.top()])
        found = [(p + 0.5) * scale + corner for _, p in self._skeletons() if p.shape == (JOINTS, 2)]
        # What lies far outside would only cost time.
        limit = 20 * max(place.width(), place.height())
        found = [np.where(np.abs(p) < limit, p, np.nan) for p in found]
        if len(found) > 1:
            paint_links(painter, found[0], found[1])
        if found:
            paint_truth_bones(painter, found[0])
            paint_truth_joints(painter, found[0], np.zeros(JOINTS, bool))
        for points in found[1:]:
            paint_prediction_bones(painter, points)
            paint_prediction_joints(painter, points)

    def _paint_legend(self, painter: QPainter) -> None:
        palette, x, y = self._theme.palette, 12.0, _LEGEND / 2 - 1
        painter.setFont(ui_font(SIZE_LABEL))
        for number, (name, _) in enumerate(self._skeletons()):
            colour = palette.colour("t1")
            painter.setPen(solid_pen(colour, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if number == 0:
                painter.drawLine(QPointF(x, y), QPointF(x + 18, y))
                painter.setBrush(colour)
                painter.drawEllipse(QPointF(x + 9, y), 3, 3)
            else:
                painter.drawLine(QPointF(x, y), QPointF(x + 5, y))
                painter.drawLine(QPointF(x + 13, y), QPointF(x + 18, y))
                painter.drawPolygon(
                    [QPointF(x + 9, y - 4), QPointF(x + 13, y), QPointF(x + 9, y + 4),
                     QPointF(x + 5, y)]
                )  # fmt: skip
            words = label(name)
            painter.setPen(palette.colour("t2"))
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(QPointF(x + 25, y + 4.5), words)
            x += 25 + width + 16
