"""A view as bytes of a picture file: PNG with so many pixels a point, or SVG."""

import html
import re

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPaintDevice, QPainter
from PySide6.QtSvg import QSvgGenerator

from utnet_viewer.taking.views import View
from utnet_viewer.theme import mono_font, ui_font

#: Pixels of pictures inside an SVG, a point.
SVG_PIXELS = 2.0
#: A point is a ninety-sixth of an inch, as in CSS: 96 points are 25.4 mm.
_POINTS_A_METRE = 96 / 0.0254
#: What a reader without the window's fonts shows instead.
_STAND_INS = {"Inter": "Arial, sans-serif", "JetBrains Mono": "monospace"}


def painted(view: View, *, pixels: float = 1.0) -> QImage:
    """The view as a picture; call it in the thread of the window."""
    size = view.size()
    image = QImage(size * pixels, QImage.Format.Format_RGB32)
    if image.isNull():
        raise MemoryError(f"a picture of {size.width()} × {size.height()} points × {pixels:g}")
    image.setDevicePixelRatio(pixels)
    image.fill(QColor("#FFFFFF"))
    _paint(view, image, pixels)
    return image


def png(image: QImage, *, title: str) -> bytes:
    """The picture as PNG, with its size on paper and what it shows; in any thread."""
    pixels_a_metre = round(_POINTS_A_METRE * image.devicePixelRatio())
    image.setDotsPerMeterX(pixels_a_metre)
    image.setDotsPerMeterY(pixels_a_metre)
    image.setText("Title", title)
    image.setText("Software", "UTNet Viewer")
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Qt's scale runs backwards: 100 is the fastest, 60 packs nearly as well as the slowest.
    if not image.save(buffer, "PNG", 60):
        raise ValueError(f"{title}: Qt cannot write the picture as PNG")
    return bytes(data.data())


def svg(view: View, *, title: str) -> bytes:
    """The view as SVG: lines, marks and texts as such, photos and surfaces as pictures in it.

    Texts name the window's fonts and say how wide they are, so that they fit where they stand in
    whatever font a reader has instead.
    """
    size: QSize = view.size()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # Tiny 1.2, Qt's choice where none is made, knows no clipping: curves would cross their axes.
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setResolution(96)
    generator.setTitle(title)
    generator.setDescription("Made by UTNet Viewer")
    _paint(view, generator, SVG_PIXELS)
    return _TEXT.sub(_with_width, data.data().decode("utf-8")).encode("utf-8")


def _paint(view: View, target: QPaintDevice, pixels: float) -> None:
    painter = QPainter(target)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        view.paint(painter, pixels)
    finally:
        painter.end()  # Qt ends the program where a target goes that is still painted on


#: A text as Qt writes it.
_TEXT = re.compile(r"<text ([^<>]*)>([^<>]*)</text>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')


def _with_width(text: re.Match) -> str:
    """The text element with its width, and with what may stand in for the window's fonts."""
    attributes, words = text.groups()
    said = dict(_ATTRIBUTE.findall(attributes))
    family = said.get("font-family", "")
    if family not in _STAND_INS:
        return text.group()
    font = ui_font() if family == "Inter" else mono_font()
    font.setPixelSize(round(float(said["font-size"])))
    font.setWeight(QFont.Weight(int(said["font-weight"])))
    width = QFontMetricsF(font).horizontalAdvance(html.unescape(words))
    attributes = attributes.replace(
        f'font-family="{family}"', f'font-family="{family}, {_STAND_INS[family]}"'
    )
    fit = f'textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {attributes} {fit}>{words}</text>"
