"""What kind of painter something is painted with."""

from PySide6.QtGui import QPaintEngine, QPainter

#: Of an SVG, and of what is recorded to be played into one.
_VECTOR = (QPaintEngine.Type.SVG, QPaintEngine.Type.Picture)


def is_vector(painter: QPainter) -> bool:
    """Whether what is painted stays shapes, as in an SVG: no pictures of shapes then."""
    return painter.paintEngine().type() in _VECTOR
