"""What kind of painter something is painted with."""

from PySide6.QtGui import QPaintEngine, QPainter


def is_vector(painter: QPainter) -> bool:
    """Whether what is painted stays shapes, as in an SVG: no pictures of shapes then."""
    return painter.paintEngine().type() == QPaintEngine.Type.SVG
