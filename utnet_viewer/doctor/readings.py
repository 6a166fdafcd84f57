"""Measured numbers beside their thresholds, one row each, with the place of both on a track."""

import math
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.doctor.check import Finding, Reading, Verdict
from core.doctor.phrases import Limit
from utnet_viewer.doctor.evidence.chart import DASHES, elide, line_pen
from utnet_viewer.doctor.telling import (
    is_beyond,
    limit_of,
    limit_text,
    quantity,
    value_text,
)
from utnet_viewer.theme import PADDING, SIZE_BODY, SIZE_LABEL, Theme, ui_font

_ROW, _PLAIN_ROW, _TOP = 52, 30, 4
#: On a track of ratios the ends are this many powers of ten away from the threshold.
_DECADES = 3.0


def track_shares(value: float, limit: float) -> tuple[float, float]:
    """Where a number and its threshold stand on a track, 0 to 1.

    Positive ones by their ratio, over three powers of ten to both sides; others linearly.
    """
    if math.isinf(value):
        return (1.0 if value > 0 else 0.0), 0.5
    if value > 0 and limit > 0:
        decades = math.log10(value / limit)
        return min(max(0.5 + decades / (2 * _DECADES), 0.0), 1.0), 0.5
    reach = max(abs(value), abs(limit)) * 1.1 or 1.0
    if value >= 0 and limit >= 0:
        return value / reach, limit / reach
    return 0.5 + value / (2 * reach), 0.5 + limit / (2 * reach)


class ReadingsView(QWidget):
    """Paints the readings of a finding."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._readings: tuple[Reading, ...] = ()
        self._overrides: Mapping[str, float] = {}
        self._bad = "fault"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def show_finding(self, finding: Finding | None, overrides: Mapping[str, float]) -> None:
        """Show what was measured."""
        self._readings = () if finding is None else finding.outcome.readings
        self._overrides = overrides
        is_warning = finding is not None and finding.verdict is Verdict.WARNING
        self._bad = "warning" if is_warning else "fault"
        self.setFixedHeight(_TOP + sum(self._height(r) for r in self._readings) + 4)
        self.setAccessibleName("Measured against threshold")
        self.setAccessibleDescription("; ".join(self.words(r) for r in self._readings))
        self.update()

    def words(self, reading: Reading) -> str:
        """As read aloud."""
        limit = limit_text(reading, self._limit(reading))
        expected = f", expected {limit}" if limit else ""
        return f"{quantity(reading)} {value_text(reading)}{expected}"

    def _height(self, reading: Reading) -> int:
        return _PLAIN_ROW if self._limit(reading) is None else _ROW

    def _limit(self, reading: Reading) -> Limit | None:
        return limit_of(reading, self._overrides)

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(320, self.height())

    def paintEvent(self, event) -> None:
        """Row by row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._theme.palette.colour("bg2"))
        top = float(_TOP)
        for reading in self._readings:
            height = self._height(reading)
            row = QRectF(PADDING, top, self.width() - 2 * PADDING, height)
            self._paint_row(painter, row, reading)
            top += height

    def _token(self, reading: Reading) -> str:
        limit = self._limit(reading)
        if is_beyond(reading, limit) or not math.isfinite(reading.value):
            return self._bad
        return "t1" if limit is None else "success"

    def _paint_row(self, painter: QPainter, row: QRectF, reading: Reading) -> None:
        palette, limit = self._theme.palette, self._limit(reading)
        line = QRectF(row.left(), row.top() + 3, row.width(), 22)
        middle = Qt.AlignmentFlag.AlignVCenter
        right = middle | Qt.AlignmentFlag.AlignRight
        taken = 0.0
        if limit is not None:
            small = ui_font(SIZE_LABEL)
            words = limit_text(reading, limit)
            taken = max(64.0, QFontMetricsF(small).horizontalAdvance(words) + 12)
            painter.setFont(small)
            painter.setPen(palette.colour("t2"))
            painter.drawText(line, int(right), words)
        strong, words = ui_font(SIZE_BODY, 600), value_text(reading)
        painter.setFont(strong)
        painter.setPen(palette.colour(self._token(reading)))
        place = line.adjusted(0, 0, -taken, 0)
        painter.drawText(place, int(right), words)
        room = place.width() - QFontMetricsF(strong).horizontalAdvance(words) - 10
        plain = ui_font(SIZE_LABEL)
        painter.setFont(plain)
        painter.setPen(palette.colour("t2"))
        painter.drawText(line, int(middle), elide(quantity(reading), plain, room))
        if limit is not None:
            track = QRectF(row.left(), row.top() + 32, row.width(), 6)
            self._paint_track(painter, track, reading, limit.value)

    def _paint_track(
        self, painter: QPainter, track: QRectF, reading: Reading, limit: float
    ) -> None:
        palette = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour("bg3"))
        painter.drawRoundedRect(track, 3, 3)
        share, edge = track_shares(reading.value, limit)
        at = track.left() + edge * track.width()
        good = QRectF(track)
        if reading.is_high_bad:
            good.setRight(at)
        else:
            good.setLeft(at)
        painter.setBrush(palette.colour("success", 0.28))
        painter.drawRoundedRect(good, 3, 3)
        painter.setPen(line_pen(QColor(palette.success), 1.25, DASHES[1]))
        painter.drawLine(QPointF(at, track.top() - 4), QPointF(at, track.bottom() + 4))
        if math.isnan(reading.value):
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour(self._token(reading)))
        painter.drawEllipse(QPointF(track.left() + share * track.width(), track.center().y()), 5, 5)

    def event(self, event) -> bool:
        """The threshold's reason as the row's tool tip."""
        if event.type() == event.Type.ToolTip:
            self.setToolTip(self._reason_at(event.pos().y()))
        return super().event(event)

    def _reason_at(self, y: float) -> str:
        top = _TOP
        for reading in self._readings:
            top += self._height(reading)
            if y < top:
                limit = self._limit(reading)
                why = "" if limit is None else limit.reason
                return "\n".join(part for part in (self.words(reading), why) if part)
        return ""
