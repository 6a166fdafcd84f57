"""The row of large readouts."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from utnet_viewer.numbers import MISSING
from utnet_viewer.readouts.figures import FIGURES, Figure, Reading
from utnet_viewer.theme import SIZE_LABEL, SIZE_READOUT, Theme, ui_font

HEIGHT = 68
_PAD = 14.0
#: Below this width a cell's number is smaller.
_NARROW = 100

_TITLE_FONT, _UNIT_FONT = ui_font(SIZE_LABEL), ui_font(SIZE_LABEL)
_VALUE_FONT, _NARROW_VALUE_FONT = ui_font(SIZE_READOUT, 600), ui_font(SIZE_READOUT - 4, 600)
_NOTE_FONT, _WARNING_FONT = ui_font(11, 500), ui_font(11, 600)


class ReadoutCell(QWidget):
    """One number with its unit, its title above and its comparison below."""

    def __init__(
        self, figure: Figure, theme: Theme, *, is_first: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.figure, self._theme, self._is_first = figure, theme, is_first
        self.reading = Reading()
        self._title = figure.title
        self.setObjectName(f"readout_{figure.name}")
        self.setFixedHeight(HEIGHT)
        # It fills itself: the panel's styled background below it need not be painted each time.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(figure.about)
        self.setAccessibleName(figure.title)
        theme.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        """Narrow cells leave out words, never the number."""
        return QSize(62, HEIGHT)

    def show_reading(self, reading: Reading) -> None:
        """Show another number; an equal one costs nothing."""
        if reading != self.reading:
            self.reading = reading
            self.setAccessibleDescription(f"{reading.value} {reading.unit}, {reading.notes[0]}")
            self.update()

    def resizeEvent(self, event) -> None:
        """A long title is cut with an ellipsis."""
        pad = _PAD if self.width() >= _NARROW else 8.0
        metrics = QFontMetricsF(_TITLE_FONT)
        elide = Qt.TextElideMode.ElideRight
        self._title = metrics.elidedText(self.figure.title, elide, self.width() - pad)

    def paintEvent(self, event) -> None:
        """Title, number, unit, comparison."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        painter.fillRect(self.rect(), QColor(palette.bg2))
        if not self._is_first:
            painter.fillRect(QRectF(0, 12, 1, HEIGHT - 20), QColor(palette.line))
        pad = _PAD if self.width() >= _NARROW else 8.0
        painter.setFont(_TITLE_FONT)
        painter.setPen(QColor(palette.t2))
        painter.drawText(QRectF(pad, 4, self.width() - pad, 17), 0, self._title)
        self._paint_value(painter, pad)
        self._paint_note(painter, pad)

    def _paint_value(self, painter: QPainter, pad: float) -> None:
        palette, reading = self._theme.palette, self.reading
        font = _VALUE_FONT if self.width() >= _NARROW else _NARROW_VALUE_FONT
        painter.setFont(font)
        painter.setPen(QColor(palette.t3 if reading.value == MISSING else palette.t1))
        painter.drawText(QPointF(pad, 43), reading.value)
        x = pad + QFontMetricsF(font).horizontalAdvance(reading.value) + 5
        if x + QFontMetricsF(_UNIT_FONT).horizontalAdvance(reading.unit) < self.width():
            painter.setFont(_UNIT_FONT)
            painter.setPen(QColor(palette.t3))
            painter.drawText(QPointF(x, 43), reading.unit)

    def _paint_note(self, painter: QPainter, pad: float) -> None:
        palette, reading = self._theme.palette, self.reading
        font = _WARNING_FONT if reading.is_warning else _NOTE_FONT
        painter.setFont(font)
        colour = QColor(palette.warning if reading.is_warning else palette.t3)
        x = pad
        if reading.trend:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            tip, base = (52.5, 60.0) if reading.trend > 0 else (60.0, 52.5)
            painter.drawPolygon([QPointF(x, base), QPointF(x + 8, base), QPointF(x + 4, tip)])
            x += 12
        advance = QFontMetricsF(font).horizontalAdvance
        room = self.width() - x - 6
        text = next((note for note in reading.notes if advance(note) <= room), reading.notes[-1])
        painter.setPen(colour)
        painter.drawText(QPointF(x, 60.5), text)


class ReadoutStrip(QWidget):
    """All readouts side by side."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.cells: dict[str, ReadoutCell] = {}
        for number, figure in enumerate(FIGURES):
            cell = ReadoutCell(figure, theme, is_first=number == 0)
            self.cells[figure.name] = cell
            layout.addWidget(cell, 1)
