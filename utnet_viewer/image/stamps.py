"""Marks painted once into small pictures and then stamped: 42 joints with every frame are many."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPixmap

from utnet_viewer.widgets.painters import is_vector

#: Paints one mark at a place in a colour.
PaintMark = Callable[[QPainter, QPointF, QColor], None]

#: Places within a pixel, along each axis, that marks are painted for.
_PHASES = 4
#: No mark reaches farther than this from its middle.
_REACH = 9


def stamp(painter: QPainter, paint_mark: PaintMark, at: tuple[float, float], colour: QColor):
    """Paint a mark at `at`, to an eighth of a device pixel, on a painter that is not scaled.

    In a drawing of shapes it stays a shape.
    """
    if is_vector(painter):
        paint_mark(painter, QPointF(*at), colour)
        return
    ratio = painter.device().devicePixelRatioF()
    column, phase_x = divmod(round(at[0] * ratio * _PHASES), _PHASES)
    row, phase_y = divmod(round(at[1] * ratio * _PHASES), _PHASES)
    picture = _picture(paint_mark, colour.rgba(), ratio, phase_x, phase_y)
    reach = picture.width() // 2
    painter.drawPixmap(QPointF((column - reach) / ratio, (row - reach) / ratio), picture)


@lru_cache(maxsize=1024)
def _picture(paint_mark: PaintMark, rgba: int, ratio: float, phase_x: int, phase_y: int) -> QPixmap:
    """The mark beside the middle of a picture by a part of a pixel."""
    reach = int(_REACH * ratio) + 1
    picture = QPixmap(2 * reach, 2 * reach)
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, y = (reach + phase / _PHASES for phase in (phase_x, phase_y))
    paint_mark(painter, QPointF(x / ratio, y / ratio), QColor.fromRgba(rgba))
    painter.end()
    return picture
