"""Phosphor's icons, tinted with the theme's colours."""

from functools import cache, lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from utnet_viewer.theme import ICON


@cache
def _svg(name: str) -> str:
    file = files("resources") / "icons" / f"{name}.svg"
    if not file.is_file():
        raise ValueError(f"no icon named {name!r}; resources/icons holds the ones that are used")
    return file.read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def pixmap(name: str, colour: str, *, size_px: int = ICON, scale: float = 1.0) -> QPixmap:
    """One icon as a picture of `size_px`, for screens of `scale` device pixels per pixel.

    Raises ValueError for a name that is not in resources/icons.
    """
    svg = _svg(name).replace("currentColor", QColor(colour).name())
    picture = QPixmap(round(size_px * scale), round(size_px * scale))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture


def icon(name: str, colour: str, *, on: str = "", disabled: str = "", size_px: int = ICON) -> QIcon:
    """An icon in `colour` (hex); `on` is the colour when checked, `disabled` when disabled."""
    result = QIcon()
    states = [(QIcon.Mode.Normal, QIcon.State.Off, colour)]
    if on:
        states.append((QIcon.Mode.Normal, QIcon.State.On, on))
    if disabled:
        states.append((QIcon.Mode.Disabled, QIcon.State.Off, disabled))
    for mode, state, tint in states:
        for scale in (1.0, 2.0):
            result.addPixmap(pixmap(name, tint, size_px=size_px, scale=scale), mode, state)
    return result
