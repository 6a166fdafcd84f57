"""The row above the picture: what the marks and colours mean, how large, how opaque."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from core.conventions import FINGERS
from utnet_viewer.image.paint import FINGER_COLOURS, dashed_pen
from utnet_viewer.theme import PADDING, SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.controls import ThinSlider

_HEIGHT = 26
_WORDS = ("ground truth", "prediction", *FINGERS)
_SHAPE_WIDTH, _DOT_WIDTH = 22.0, 14.0
_GAP, _SMALLEST_GAP = 14.0, 6.0


class MarkLegend(QWidget):
    """Ground truth and prediction by shape, then the fingers by colour; folds from the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(0)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for every entry."""
        return QSize(round(self._room() + (len(_WORDS) - 1) * _GAP), _HEIGHT)

    def _room(self) -> float:
        """Room of the marks and words alone, without the gaps between entries."""
        advance = QFontMetricsF(ui_font(SIZE_LABEL)).horizontalAdvance
        return sum(advance(word) for word in _WORDS) + 2 * _SHAPE_WIDTH + len(FINGERS) * _DOT_WIDTH

    def minimumSizeHint(self) -> QSize:
        """Entries without room are left out."""
        return QSize(0, _HEIGHT)

    def paintEvent(self, event) -> None:
        """Marks are drawn as they are on the picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(SIZE_LABEL))
        gap = (self.width() - self._room()) / (len(_WORDS) - 1)
        x, gap = 0.0, min(max(gap, _SMALLEST_GAP), _GAP)
        for word in _WORDS:
            x = self._entry(painter, x, word) + gap

    def _entry(self, painter: QPainter, x: float, word: str) -> float:
        """One mark and its word; nothing where there is no room. Returns where it ends."""
        colour = FINGER_COLOURS.get(word)
        mark_width = _SHAPE_WIDTH if colour is None else _DOT_WIDTH
        width = QFontMetricsF(painter.font()).horizontalAdvance(word)
        if x + mark_width + width > self.width() + 1:
            return float(self.width())
        middle = self.height() / 2
        if colour is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(x, middle - 4.5, 9, 9), 2, 2)
        elif word == "prediction":
            self._prediction_mark(painter, QPointF(x + 8, middle))
        else:
            self._truth_mark(painter, QPointF(x + 8, middle))
        painter.setPen(QColor(self._theme.palette.t2))
        text = QRectF(x + mark_width, 0, width + 4, self.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, word)
        return x + mark_width + width

    def _truth_mark(self, painter: QPainter, at: QPointF) -> None:
        colour = QColor(self._theme.palette.t1)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(at - QPointF(8, 0), at + QPointF(8, 0))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(at, 4, 4)

    def _prediction_mark(self, painter: QPainter, at: QPointF) -> None:
        colour = QColor(self._theme.palette.t1)
        painter.setPen(dashed_pen(colour, 2.0, (1.2, 1.0)))
        painter.drawLine(at - QPointF(9, 0), at + QPointF(9, 0))
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(QColor(self._theme.palette.bg2))
        painter.drawPolygon(
            [
                at + QPointF(0, -4.6),
                at + QPointF(4.6, 0),
                at + QPointF(0, 4.6),
                at + QPointF(-4.6, 0),
            ]
        )


class LegendRow(QWidget):
    """Marks at the left; opacity of the overlays and the zoom at the right."""

    opacity_changed = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self.marks = MarkLegend(theme)
        self.opacity = ThinSlider("Opacity of the overlays", theme, width=64)
        self.opacity.setObjectName("overlayOpacity")
        self.opacity.setRange(0, 100)
        self.opacity.setSingleStep(5)
        self.opacity.setPageStep(20)
        self.opacity.setValue(100)
        self.opacity.valueChanged.connect(self._say_opacity)
        self.zoom = QLabel()
        self.zoom.setObjectName("hint")
        self.zoom.setFont(ui_font(SIZE_LABEL))
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.zoom.setMinimumWidth(50)
        self.zoom.setToolTip("Screen points per pixel of the picture")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(PADDING, 0, PADDING, 2)
        layout.setSpacing(8)
        layout.addWidget(self.marks, 1)
        layout.addWidget(self.opacity)
        layout.addWidget(self.zoom)
        self._say_opacity(100)

    def resizeEvent(self, event) -> None:
        """What the marks mean goes before the slider, which has keys as well."""
        super().resizeEvent(event)
        others = self.zoom.minimumWidth() + self.opacity.width() + 2 * PADDING + 2 * 8
        self.opacity.setVisible(self.width() >= self.marks.sizeHint().width() + others)

    def set_zoom(self, scale: float, *, is_whole: bool) -> None:
        """State the zoom: ``×2.2``, and whether the whole picture is fitted."""
        digits = 2 if scale < 1 else 1
        self.zoom.setText(f"fit ×{scale:.{digits}f}" if is_whole else f"×{scale:.{digits}f}")

    def _say_opacity(self, percent: int) -> None:
        self.opacity.setToolTip(f"Opacity of the overlays: {percent} %  ([ and ])")
        self.opacity_changed.emit(percent / 100)
