"""What can be taken along as a picture: a name, a size, and a way to be painted.

Every `Panel` is one by itself (`panel_view`): its title, its legend and its body, painted by the
widgets that paint the screen, but on the painter that is given. So a picture is as large as asked
for, and in an SVG lines, marks and texts stay lines, marks and texts. A panel that paints better
than its widgets do overrides `Panel.taken_view`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPicture, QRegion
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QWidget

from utnet_viewer.theme import PADDING, PANEL_HEADER, SIZE_BODY, SIZE_LABEL, ui_font
from utnet_viewer.widgets.painters import is_vector
from utnet_viewer.widgets.panel import Panel


@dataclass(frozen=True)
class View:
    """A picture that can be painted.

    Attributes:
        name: What it shows, in words: part of the file's name.
        size: How large it is in points; asked when it is taken.
        paint: Paints it from (0, 0) over all of `size`. The second argument is how many pixels a
            point will have: pictures inside it (a photo, a rendered surface) are made for that.
        prepare: Makes what takes long, step by step, for so many pixels a point; `paint` follows.
    """

    name: str
    size: Callable[[], QSize]
    paint: Callable[[QPainter, float], None]
    prepare: Callable[[float], Iterator[None]] | None = None


def view_of(panel: Panel) -> View:
    """The panel as it is to be taken along."""
    return panel.taken_view() or panel_view(panel)


def panel_view(panel: Panel) -> View:
    """Title, legend and body of a panel, without its tools and without the rounded card."""

    def size() -> QSize:
        return QSize(panel.frame.width(), PANEL_HEADER + panel.frame.height())

    def paint(painter: QPainter, _pixels: float) -> None:
        painter.fillRect(QRectF(0, 0, size().width(), size().height()), panel.ground)
        _paint_title(painter, panel)
        for part in panel.parts:
            place = part.mapTo(panel.frame, QPoint(0, PANEL_HEADER))
            paint_widget(painter, part, place)

    return View(panel.title, size, paint)


def legend_and_body(
    panel: Panel,
    legend: QWidget,
    body: QWidget,
    paint_body: Callable[[QPainter, float], None],
    prepare: Callable[[float], Iterator[None]] | None = None,
) -> View:
    """A picture without a title: what its marks mean in a row, and below it the body."""

    def size() -> QSize:
        return QSize(body.width(), legend.height() + body.height())

    def paint(painter: QPainter, pixels: float) -> None:
        painter.fillRect(QRectF(0, 0, body.width(), legend.height()), panel.ground)
        paint_widget(painter, legend, QPoint(legend.x(), 0))
        painter.save()
        painter.translate(0, legend.height())
        paint_body(painter, pixels)
        painter.restore()

    return View(panel.title, size, paint, prepare)


def paint_widget(painter: QPainter, widget: QWidget, place: QPoint) -> None:
    """Paint a widget and what is in it at a place, by its own painting code."""
    with _uncached(widget):
        painter.save()
        painter.translate(place)
        if is_vector(painter):
            _paint_tree(painter, widget)
        else:
            flags = QWidget.RenderFlag.DrawChildren | QWidget.RenderFlag.IgnoreMask
            # A plot's own method of this name is another one.
            QWidget.render(widget, painter, QPoint(0, 0), QRegion(), flags)
        painter.restore()


def _paint_tree(painter: QPainter, widget: QWidget) -> None:
    """Widget by widget, each recorded alone and then played.

    Where widgets paint into an SVG at once, Qt writes what they clip as if all of them lay at its
    upper left corner.
    """
    recorded = QPicture()
    recorder = QPainter(recorded)
    flags = QWidget.RenderFlag.IgnoreMask
    QWidget.render(widget, recorder, QPoint(0, 0), QRegion(), flags)
    recorder.end()
    painter.save()
    painter.setClipRect(widget.rect(), Qt.ClipOperation.IntersectClip)
    recorded.play(painter)
    painter.restore()
    for child in widget.children():
        if isinstance(child, QWidget) and not child.isHidden() and not child.isWindow():
            painter.save()
            painter.translate(child.pos())
            _paint_tree(painter, child)
            painter.restore()


@contextmanager
def _uncached(widget: QWidget) -> Iterator[None]:
    """Meanwhile what plots keep as pictures (numbers, grid) is painted, not copied."""
    plots = widget.findChildren(QGraphicsView)
    plots += [widget] if isinstance(widget, QGraphicsView) else []
    none = QGraphicsItem.CacheMode.NoCache
    cached = [(item, item.cacheMode()) for plot in plots for item in plot.items()]
    cached = [(item, mode) for item, mode in cached if mode != none]
    grounds = [(plot, plot.cacheMode()) for plot in plots]
    for item, _ in cached:
        item.setCacheMode(none)
    for plot in plots:
        plot.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
    try:
        yield
    finally:
        for one, mode in (*cached, *grounds):
            one.setCacheMode(mode)


def _paint_title(painter: QPainter, panel: Panel) -> None:
    palette = panel.theme.palette
    middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
    room = QRectF(PADDING, 0, panel.frame.width() - 2 * PADDING, PANEL_HEADER)
    painter.setFont(ui_font(SIZE_BODY, 600))
    painter.setPen(palette.colour("t1"))
    title = painter.boundingRect(room, middle, panel.title)
    painter.drawText(room, middle, panel.title)
    painter.setFont(ui_font(SIZE_LABEL))
    painter.setPen(palette.colour("t3"))
    painter.drawText(room.adjusted(title.width() + 10, 0, 0, 0), middle, panel.subtitle)
