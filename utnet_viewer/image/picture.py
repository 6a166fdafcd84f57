"""The picture under the overlays, ready to be painted: photo, crop or depth, and its overview."""

import cv2
import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from core.data.frame import Frame
from core.geometry.crop import CropTransform
from utnet_viewer.image.depth_colours import colour_depth, depth_range_mm
from utnet_viewer.image.view import View
from utnet_viewer.theme import OVER_IMAGERY
from utnet_viewer.widgets.painters import is_vector

FRAME, CROP, DEPTH = "Frame", "Crop", "Depth"
MODES = (FRAME, CROP, DEPTH)

#: From this zoom on, single pixels are shown as squares instead of being smoothed.
_PIXELS_FROM_SCALE = 6.0
_THUMBNAIL_WIDTH = 300


def to_qimage(picture: np.ndarray) -> QImage:
    """An RGB picture (H, W, 3) uint8 as a QImage that owns its pixels."""
    bgra = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2BGRA)
    height, width = bgra.shape[:2]
    # The image shares the array's memory, and the array is kept with it.
    image = QImage(bgra.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    image.pixels = bgra
    return image


class Picture:
    """One picture of a frame in one mode.

    Attributes:
        image: What is painted.
        depth_mm: Depth (H, W) in the same pixels, or None.
        range_mm: Range of the depth colours, None where there is no depth.
    """

    def __init__(self, frame: Frame, mode: str, crop: CropTransform | None) -> None:
        self.depth_mm = frame.depth_mm
        self.range_mm = None
        pixels = frame.image
        if mode == CROP and crop is not None:
            pixels = crop.image(frame.image)
            self.depth_mm = None if frame.depth_mm is None else crop.depth(frame.depth_mm)
        elif mode == DEPTH and frame.depth_mm is not None:
            self.range_mm = depth_range_mm(frame.depth_mm)
            pixels = colour_depth(frame.depth_mm, self.range_mm)
        self._pixels = pixels
        self.image = to_qimage(pixels)
        self._shrunk: dict[int, QImage] = {1: self.image}

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.width(), self.image.height()

    def depth_at(self, x: int, y: int) -> float | None:
        """Depth in mm at a pixel, 0 where unknown, None outside or without depth."""
        if self.depth_mm is None or not (0 <= x < self.size[0] and 0 <= y < self.size[1]):
            return None
        return float(self.depth_mm[y, x])

    def paint(self, painter: QPainter, view: View, device_scale: float) -> None:
        """Draw what the view shows of the picture; only the visible part is touched."""
        scale = view.scale * device_scale
        source = self._at_most(int(1 / scale) if scale < 0.5 else 1)
        x, y = view.offset
        smooth = view.scale < _PIXELS_FROM_SCALE
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        x1, y1, x2, y2 = view.visible_edges()
        # Whole pixels around what is visible, so that the edge pixels are not stretched.
        x1, y1 = np.floor(x1), np.floor(y1)
        x2, y2 = min(np.ceil(x2), self.size[0]), min(np.ceil(y2), self.size[1])
        if x2 <= x1 or y2 <= y1:
            return
        target = QRectF(
            x + x1 * view.scale, y + y1 * view.scale, (x2 - x1) * view.scale, (y2 - y1) * view.scale
        )
        ratio_x, ratio_y = source.width() / self.size[0], source.height() / self.size[1]
        part = QRectF(x1 * ratio_x, y1 * ratio_y, (x2 - x1) * ratio_x, (y2 - y1) * ratio_y)
        if is_vector(painter):  # there Qt draws whole images only
            painter.drawImage(target, source.copy(part.toRect()))
        else:
            painter.drawImage(target, source, part)

    def overview(self) -> QImage:
        """A small version for the inset."""
        return self._at_most(max(1, round(self.size[0] / _THUMBNAIL_WIDTH)))

    def _at_most(self, shrink: int) -> QImage:
        """The picture averaged down by a whole number: bilinear sampling alone would flicker."""
        if shrink not in self._shrunk:
            width, height = (max(1, side // shrink) for side in self.size)
            small = cv2.resize(self._pixels, (width, height), interpolation=cv2.INTER_AREA)
            self._shrunk[shrink] = to_qimage(small)
        return self._shrunk[shrink]


def paint_overview(painter: QPainter, picture: Picture, view: View, place: QRectF, colour) -> None:
    """The whole picture, small, with the part in view framed."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, picture.overview())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(OVER_IMAGERY.colour("t1", 0.35))
    painter.drawRect(place)
    scale = place.width() / picture.size[0]
    x1, y1, x2, y2 = (edge * scale for edge in view.visible_edges())
    painter.setPen(colour)
    painter.drawRect(QRectF(place.x() + x1, place.y() + y1, x2 - x1, y2 - y1))
