"""The window's panels without the window: set up once, shown one sample after the other."""

from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter

from core.cli.render_order import RenderOrder
from core.hand.hand_model import HandModel
from utnet_viewer.document import Document, Sample
from utnet_viewer.image.layers import LAYERS
from utnet_viewer.image.panel import ImagePanel
from utnet_viewer.mesh.panel import LAYER_TOGGLES, MeshPanel
from utnet_viewer.mesh.scene import Alignment
from utnet_viewer.numbers import fixed
from utnet_viewer.taking.views import View, view_of
from utnet_viewer.theme import DARK, LIGHT, PADDING, PANEL_HEADER, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.panel import Panel

#: Size in points of one view: a photo of 640 × 480 as it is, under the row of marks.
USUAL_SIZE = QSize(640, 506)
CAPTION_HEIGHT = 28
_MESH_LAYERS = [name for name, *_ in LAYER_TOGGLES] + ["object_box"]


class Studio:
    """Panels as an order wants them; `view` is the picture of the sample that was shown last."""

    def __init__(self, order: RenderOrder, index: object, hand_model: HandModel) -> None:
        """Raises ValueError for a layer that does not exist."""
        _check(order.layers, [layer.name for layer in LAYERS], "layers")
        _check(order.mesh_layers, _MESH_LAYERS, "mesh layers")
        self.theme = Theme(LIGHT if order.theme == "light" else DARK)
        self.document = Document(hand_model)
        self.document.set_index(index)
        self._has_caption = not order.frame
        self._model = order.checkpoint.rpartition("/")[2].rpartition(".")[0]
        self.panels: list[Panel] = []
        if order.view in ("image", "both"):
            self.panels.append(self._image(order))
        if order.view in ("mesh", "both"):
            self.panels.append(self._mesh(order))
        self._place(order)

    def _image(self, order: RenderOrder) -> ImagePanel:
        panel = ImagePanel(self.document, self.theme)
        if order.layers is not None:
            for name, toggle in panel.toggles.items():
                toggle.setChecked(name in order.layers)
        elif order.fit == "whole":
            panel.toggles["crop_box"].setChecked(False)
        if order.fit == "whole":
            panel.canvas.view.fit_whole()
        return panel

    def _mesh(self, order: RenderOrder) -> MeshPanel:
        from utnet_viewer.mesh.open3d_loading import leave_out_web_pages

        leave_out_web_pages()
        import open3d  # noqa: F401  the panel draws at once where it is there

        panel = MeshPanel(self.document, self.theme)
        panel.alignments.set_value(Alignment[order.alignment.upper()].value)
        if order.mesh_layers is not None:
            shown = {name: name in order.mesh_layers for name in _MESH_LAYERS}
            panel.view.set_layers(replace(panel.view.layers, **shown))
        return panel

    def _place(self, order: RenderOrder) -> None:
        count = len(self.panels)
        width = (order.width or USUAL_SIZE.width() * count) // count
        height = order.height - (CAPTION_HEIGHT if self._has_caption else 0)
        height = height if order.height else USUAL_SIZE.height()
        for panel in self.panels:
            panel.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            panel.resize(width, height + PANEL_HEADER)
            panel.show()  # lays out what is in it
            if isinstance(panel, MeshPanel):
                panel.view.sharpening.pause()  # it is drawn when it is taken, once

    def show(self, sample: Sample) -> None:
        """Put a sample before the panels."""
        self.document.select(sample.row)
        self.document.set_sample(sample)
        self.document.turns.finish()

    def view(self) -> View:
        """The panels beside each other, for a film with a line of words below."""
        views = [view_of(panel) for panel in self.panels]
        caption = CAPTION_HEIGHT if self._has_caption else 0

        def size() -> QSize:
            sizes = [view.size() for view in views]
            width = sum(each.width() for each in sizes)
            return QSize(width, max(each.height() for each in sizes) + caption)

        def prepare(pixels: float) -> Iterator[None]:
            for view in views:
                if view.prepare is not None:
                    yield from view.prepare(pixels)

        def paint(painter: QPainter, pixels: float) -> None:
            x = 0
            for view in views:
                painter.save()
                painter.translate(QPoint(x, 0))
                view.paint(painter, pixels)
                painter.restore()
                x += view.size().width()
            if caption:
                self._paint_caption(painter, QRectF(0, size().height() - caption, x, caption))

        return View("Frame", size, paint, prepare)

    def _paint_caption(self, painter: QPainter, place: QRectF) -> None:
        palette, sample = self.theme.palette, self.document.sample
        painter.fillRect(place, palette.colour("bg2"))
        words = place.adjusted(PADDING, 0, -PADDING, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(ui_font(SIZE_LABEL, 500))
        painter.setPen(palette.colour("t1"))
        painter.drawText(words, int(middle | Qt.AlignmentFlag.AlignLeft), _words(sample))
        painter.setPen(palette.colour("t3"))
        made = f"{self._model} · {self.document.hand_model.name}"
        painter.drawText(words, int(middle | Qt.AlignmentFlag.AlignRight), made)

    def close(self) -> None:
        """End what the panels started."""
        for panel in self.panels:
            if isinstance(panel, MeshPanel):
                panel.shut_down()
            panel.close()
            panel.deleteLater()


def _words(sample: Sample) -> str:
    """The frame's name and its errors with their units."""
    if sample.frame is None:
        return sample.problem
    parts = [str(sample.frame.frame_id)]
    if sample.metrics is not None:
        parts.append(f"PA-MPJPE {fixed(sample.metrics.pa_mpjpe_mm, 1)} mm")
        parts.append(f"MPJPE {fixed(sample.metrics.mpjpe_mm, 1)} mm")
        parts.append(f"2D {fixed(sample.metrics.keypoint_error_px, 1)} px")
    return "   ".join(parts)


def _check(asked: tuple[str, ...] | None, known: list[str], what: str) -> None:
    for name in asked or ():
        if name not in known:
            raise ValueError(f"there is no {name!r} among the {what}: {', '.join(known)}")
