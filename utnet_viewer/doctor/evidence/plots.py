"""Scatter, curves and bars as charts."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from core.doctor import phrases
from core.doctor.evidence import Bars, Curves, Scatter
from utnet_viewer.doctor.evidence.chart import (
    DASHES,
    Axis,
    Chart,
    Key,
    axis_over,
    elide,
    line_pen,
    nearest,
    pair,
)
from utnet_viewer.doctor.telling import axis_label, label
from utnet_viewer.numbers import compact
from utnet_viewer.theme import SIZE_AXIS, SIZE_LABEL, Theme, ui_font

#: Wider ranges than this are drawn on logarithmic axes where all is positive.
_LOG_FROM = 50.0
_BAR_ROW, _BAR_FOOT = 32, 32


class ScatterChart(Chart):
    """Points; on the diagonal both are equal."""

    def __init__(self, evidence: Scatter, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._evidence = evidence
        self._x, self._y = np.asarray(evidence.x, float), np.asarray(evidence.y, float)
        x_label, y_label = axis_label(evidence.x_label), axis_label(evidence.y_label)
        if evidence.diagonal:
            # One scale on both axes where the clouds are near; else the difference is the news.
            both = np.concatenate([self._x, self._y])
            is_log = _spans_much(both)
            self.x_axis = axis_over(both, is_log=is_log, caption=x_label)
            self.y_axis = axis_over(both, is_log=is_log, caption=y_label)
        else:
            self.x_axis = axis_over(self._x, is_log=False, caption=x_label)
            self.y_axis = axis_over(self._y, is_log=False, caption=y_label)
        self.setAccessibleName(label(evidence.title))
        finite = np.isfinite(self._x) & np.isfinite(self._y)
        self._left_out = int((~finite).sum())

    def keys(self) -> list[Key]:
        """What the diagonal means."""
        palette = self.theme.palette
        keys = [Key("samples", QColor(palette.accent), "dot")]
        if self._evidence.diagonal:
            keys.append(Key("equal", QColor(palette.success), "line", DASHES[1]))
        if self._left_out:
            keys.append(Key(f"{self._left_out} not finite", QColor(palette.fault), "box"))
        return keys

    def paint_data(self, painter: QPainter, place: QRectF) -> None:
        """Diagonal, then points."""
        palette = self.theme.palette
        if self._evidence.diagonal:
            ends = np.array([self.x_axis.low, self.x_axis.high])
            ends = 10**ends if self.x_axis.is_log else ends
            (x1, y1), (x2, y2) = self.on_screen(ends, ends)
            painter.setPen(line_pen(QColor(palette.success), 1.25, DASHES[1]))
            painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour("accent", 0.75))
        for x, y in self.on_screen(self._x, self._y):
            if np.isfinite(x) and np.isfinite(y):
                painter.drawEllipse(QPointF(x, y), 3, 3)

    def words_at(self, point: QPointF) -> str:
        """The sample under the pointer."""
        row = nearest(self.on_screen(self._x, self._y), point)
        if row < 0:
            return ""
        names = self._evidence.names
        name = f"{names[row]}: " if row < len(names) else ""
        return name + pair(self._x[row], self._y[row])


class CurvesChart(Chart):
    """Curves over one axis, with marks."""

    def __init__(self, evidence: Curves, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._evidence, self._x = evidence, np.asarray(evidence.x, float)
        self._curves = {name: np.asarray(v, float) for name, v in evidence.curves.items()}
        marks = np.array(list(evidence.marks.values()), float)
        every = np.concatenate([*self._curves.values(), np.empty(0)])
        self.x_axis = axis_over(
            np.concatenate([self._x, marks]),
            is_log=evidence.is_log_x,
            caption=axis_label(evidence.x_label),
        )
        self.y_axis = axis_over(
            every, is_log=evidence.is_log_y, caption=axis_label(evidence.y_label), from_zero=True
        )
        self.setAccessibleName(label(evidence.title))

    def _colour(self, number: int) -> QColor:
        series = self.theme.palette.series
        return QColor(series[number % len(series)])

    def keys(self) -> list[Key]:
        """One per curve."""
        return [
            Key(label(name), self._colour(number), "line", DASHES[number % len(DASHES)])
            for number, name in enumerate(self._curves)
        ]

    def paint_data(self, painter: QPainter, place: QRectF) -> None:
        """Marks, then curves."""
        for name, at in self._evidence.marks.items():
            self._paint_mark(painter, place, label(name), at)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, values in enumerate(self._curves.values()):
            count = min(len(values), len(self._x))
            points = self.on_screen(self._x[:count], values[:count])
            dashes = DASHES[number % len(DASHES)]
            painter.setPen(line_pen(self._colour(number), 1.75, dashes))
            painter.drawPath(_path(points))

    def _paint_mark(self, painter: QPainter, place: QRectF, name: str, at: float) -> None:
        share = float(self.x_axis.place(np.array([at]))[0])
        if not 0 <= share <= 1:
            return
        x = place.left() + share * place.width()
        warning = QColor(self.theme.palette.warning)
        painter.setPen(line_pen(warning, 1.25, DASHES[1]))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
        painter.setFont(ui_font(SIZE_AXIS))
        is_right = share > 0.6
        align = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
        left = x - 126 if is_right else x + 6
        painter.drawText(QRectF(left, place.top(), 120, 16), align, name)

    def words_at(self, point: QPointF) -> str:
        """Every curve's value at the pointer's place."""
        place = self.plot_place
        if not place.contains(point) or not len(self._x):
            return ""
        columns = self.on_screen(self._x, np.ones(len(self._x)))[:, 0]
        if not np.isfinite(columns).any():
            return ""
        row = int(np.nanargmin(np.abs(columns - point.x())))
        lines = [f"{self.x_axis.caption} {compact(self._x[row])}"]
        lines += [
            f"{label(name)}: {compact(values[row])}"
            for name, values in self._curves.items()
            if row < len(values)
        ]
        return "\n".join(lines)


def bars_height(count: int) -> int:
    """Of a chart with so many bars; more than some become thinner."""
    return min(count, 20) * _BAR_ROW + _BAR_FOOT


class BarsChart(Chart):
    """Horizontal bars with their values; limits are dashed lines."""

    def __init__(self, evidence: Bars, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._evidence = evidence
        self._values = np.asarray(evidence.values, float)
        self._labels = [label(name) for name in evidence.labels]
        reach = np.concatenate([self._values, np.asarray(evidence.limits, float)])
        if evidence.is_log:
            self._axis = axis_over(reach, is_log=True, caption="")
        else:
            finite = reach[np.isfinite(reach)]
            low, high = min([0.0, *finite]), max([0.0, *finite]) or 1.0
            self._axis = Axis(float(low), float(high) * 1.05)
        self.setMinimumHeight(0)
        self.setAccessibleName(label(evidence.title))
        pairs = zip(self._labels, self._values, strict=False)
        self.setAccessibleDescription("; ".join(f"{n} {self._words(v)}" for n, v in pairs))

    def _words(self, value: float) -> str:
        return f"{phrases.number(value)} {self._evidence.unit}".rstrip()

    def paintEvent(self, event) -> None:
        """Name, bar and value, row by row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.theme.palette
        painter.fillRect(self.rect(), palette.colour("bg2"))
        count = max(1, len(self._labels))
        row_height = min(float(_BAR_ROW), (self.height() - _BAR_FOOT) / count)
        names = min(150.0, self.width() * 0.32)
        track = QRectF(names + 16, 6, max(20, self.width() - names - 16 - 86), row_height * count)
        zero = float(self._axis.place(np.zeros(1))[0]) if not self._axis.is_log else 0.0
        for number, (name, value) in enumerate(zip(self._labels, self._values, strict=False)):
            top = track.top() + number * row_height
            row = QRectF(track.left(), top, track.width(), row_height)
            self._paint_row(painter, row, zero, name, float(value))
        self._paint_limits(painter, track)

    def _paint_row(
        self, painter: QPainter, row: QRectF, zero: float, name: str, value: float
    ) -> None:
        palette, middle = self.theme.palette, Qt.AlignmentFlag.AlignVCenter
        font = ui_font(SIZE_LABEL)
        painter.setFont(font)
        painter.setPen(palette.colour("t2"))
        place = QRectF(12, row.top(), row.left() - 20, row.height())
        painter.drawText(place, middle, elide(name, font, place.width()))
        bar = QRectF(row.left(), row.center().y() - 6, row.width(), 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour("bg3"))
        painter.drawRoundedRect(bar, 3, 3)
        share = float(self._axis.place(np.array([value]))[0])
        if np.isfinite(share):
            left, right = sorted((zero, min(max(share, 0.0), 1.0)))
            filled = QRectF(
                bar.left() + left * bar.width(), bar.top(), max(2, (right - left) * bar.width()), 12
            )
            painter.setBrush(palette.colour("accent" if self._is_within(value) else "fault"))
            painter.drawRoundedRect(filled, 3, 3)
        is_bad = not np.isfinite(value) or not self._is_within(value)
        painter.setFont(ui_font(SIZE_LABEL, 600))
        painter.setPen(palette.colour("fault" if is_bad else "t1"))
        right = QRectF(row.right() + 6, row.top(), 80, row.height())
        painter.drawText(right, middle, self._words(value))

    def _is_within(self, value: float) -> bool:
        """One limit is a ceiling, two are a band."""
        limits = self._evidence.limits
        if not limits or not np.isfinite(value):
            return True
        return value <= max(limits) and (len(limits) < 2 or value >= min(limits))

    def _paint_limits(self, painter: QPainter, track: QRectF) -> None:
        painter.setFont(ui_font(SIZE_AXIS))
        for limit in self._evidence.limits:
            share = float(self._axis.place(np.array([limit]))[0])
            if not 0 <= share <= 1:
                continue
            x = track.left() + share * track.width()
            painter.setPen(line_pen(QColor(self.theme.palette.warning), 1.25, DASHES[1]))
            painter.drawLine(QPointF(x, track.top()), QPointF(x, track.bottom() + 2))
            middle = Qt.AlignmentFlag.AlignHCenter
            painter.drawText(
                QRectF(x - 50, track.bottom() + 3, 100, 16), middle, phrases.number(limit)
            )

    def words_at(self, point: QPointF) -> str:
        """Nothing: every value is written out."""
        return ""


def _spans_much(values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > _LOG_FROM * finite.min())


def _path(points: np.ndarray) -> QPainterPath:
    """A line through the points, broken where one is missing."""
    path, is_down = QPainterPath(), False
    for x, y in points.tolist():
        if not (np.isfinite(x) and np.isfinite(y)):
            is_down = False
        elif is_down:
            path.lineTo(x, y)
        else:
            path.moveTo(x, y)
            is_down = True
    return path
