"""Length, width and thickness of both hands, flat, in millimetres."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from core.evaluation.hand_size import HandSize
from utnet_viewer.numbers import fixed, signed
from utnet_viewer.theme import SIZE_AXIS, SIZE_BODY, SIZE_LABEL, Theme, ui_font

_PAD = 12.0
_ROWS = ("length", "width", "thickness")
#: Larger differences are marked.
_LIMIT_MM = 3.0


class HandSizeTable(QWidget):
    """Three measures: truth, prediction, difference."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.truth: HandSize | None = None
        self.prediction: HandSize | None = None
        self.setMinimumWidth(232)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setToolTip(
            "Of the hand that the shape coefficients stand for, held flat, measured on the hand\n"
            f"model in use. Differences above {_LIMIT_MM:.0f} mm are marked."
        )
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Room for three columns of numbers."""
        return QSize(300, 140)

    def show_sizes(self, truth: HandSize | None, prediction: HandSize | None) -> None:
        """Show both hands; None leaves dashes."""
        if (truth, prediction) != (self.truth, self.prediction):
            self.truth, self.prediction = truth, prediction
            self.update()

    def rows(self) -> list[tuple[str, str, str, str, bool]]:
        """Name, truth, prediction, difference, and whether the difference is marked."""
        rows = []
        for name in _ROWS:
            truth, prediction = (
                None if size is None else getattr(size, f"{name}_mm")
                for size in (self.truth, self.prediction)
            )
            if truth is None or prediction is None:
                change, is_large = None, False
            else:
                change = prediction - truth
                is_large = abs(change) > _LIMIT_MM
            rows.append((name, fixed(truth), fixed(prediction), signed(change), is_large))
        return rows

    def paintEvent(self, event) -> None:
        """Head and three rows, as dense as the height asks for."""
        painter = QPainter(self)
        palette = self._theme.palette
        painter.fillRect(self.rect(), QColor(palette.bg2))
        painter.setFont(ui_font(SIZE_LABEL, 600))
        painter.setPen(QColor(palette.t1))
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(_PAD, 4, self.width(), 22), left, "Hand size")
        edges = self._columns()
        painter.setFont(ui_font(SIZE_AXIS))
        painter.setPen(QColor(palette.t3))
        painter.drawText(QRectF(_PAD, 26, self.width(), 20), left, "flat hand, mm")
        for edge, word in zip(edges, ("GT", "pred", "Δ"), strict=True):
            painter.drawText(QRectF(edge - 60, 26, 60, 20), right, word)
        painter.fillRect(QRectF(_PAD, 48, self.width() - _PAD, 1), QColor(palette.line))
        height = min(28.0, max(18.0, (self.height() - 54) / 3))
        for number, (name, truth, prediction, change, is_large) in enumerate(self.rows()):
            y = 51 + number * height
            painter.setFont(ui_font(SIZE_BODY))
            painter.setPen(QColor(palette.t2))
            painter.drawText(QRectF(_PAD, y, self.width(), height), left, name)
            painter.setPen(QColor(palette.t1))
            painter.drawText(QRectF(edges[0] - 70, y, 70, height), right, truth)
            painter.drawText(QRectF(edges[1] - 70, y, 70, height), right, prediction)
            painter.setFont(ui_font(SIZE_BODY, 600 if is_large else 400))
            painter.setPen(QColor(palette.warning if is_large else palette.t2))
            painter.drawText(QRectF(edges[2] - 60, y, 60, height), right, change)

    def _columns(self) -> tuple[float, float, float]:
        """Right edges of the three columns."""
        end = self.width() - _PAD
        step = min(66.0, (self.width() - _PAD * 2 - 66) / 3)
        return end - 2 * step, end - step, end
