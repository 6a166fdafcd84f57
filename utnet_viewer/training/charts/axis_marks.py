"""Small marks at the foot of a chart: checkpoints, resumed runs, warnings, errors."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from utnet_viewer.theme import Palette
from utnet_viewer.training.charts.run_data import (
    BEST,
    CHECKPOINT,
    DOCTOR,
    ERROR,
    MARK_WEIGHTS,
    RESUMED,
    WARNING,
    AxisMark,
)

#: Marks nearer than this are one.
_NEAR_PX = 7.0
_HEIGHT_PX = 14.0
_MOST_WORDS = 6
_TOKENS = {
    CHECKPOINT: "t3",
    BEST: "success",
    RESUMED: "accent",
    WARNING: "warning",
    DOCTOR: "warning",
    ERROR: "fault",
}
_LINE_ALPHA = 0.55
#: So near a line the pointer is on it.
_LINE_NEAR_PX = 3.0
_LINE_DASHES = [3.0, 3.0]


@dataclass(frozen=True)
class MarkGroup:
    """Marks that stand at (almost) one place; the weightiest gives its shape."""

    x_px: float
    marks: tuple[AxisMark, ...]

    @property
    def kind(self) -> str:
        """Kind of the weightiest."""
        return max((mark.kind for mark in self.marks), key=MARK_WEIGHTS.index)

    @property
    def has_line(self) -> bool:
        """Whether one of them is of the doctor's: these have a line up the chart."""
        return any(mark.kind == DOCTOR for mark in self.marks)

    @property
    def words(self) -> str:
        """One line a mark, the weightiest first; many of them are counted."""
        ordered = sorted(self.marks, key=lambda m: (-MARK_WEIGHTS.index(m.kind), m.step))
        lines = [f"step {mark.step:,}: {mark.words}" for mark in ordered[:_MOST_WORDS]]
        if len(ordered) > _MOST_WORDS:
            lines.append(f"and {len(ordered) - _MOST_WORDS} more")
        return "\n".join(lines)


def group_marks(
    marks: tuple[AxisMark, ...], *, left: float, right: float, width_px: float
) -> list[MarkGroup]:
    """The marks between the steps `left` and `right`, neighbours joined; x from the left edge."""
    groups: list[list[tuple[float, AxisMark]]] = []
    inside = (mark for mark in marks if left <= mark.step <= right)
    for mark in sorted(inside, key=lambda mark: mark.step):
        x = (mark.step - left) / (right - left) * width_px
        if groups and x - groups[-1][0][0] < _NEAR_PX:
            groups[-1].append((x, mark))
        else:
            groups.append([(x, mark)])
    result = []
    for group in groups:
        weight = max(MARK_WEIGHTS.index(mark.kind) for _, mark in group)
        places = [x for x, mark in group if MARK_WEIGHTS.index(mark.kind) == weight]
        result.append(MarkGroup(places[-1], tuple(mark for _, mark in group)))
    return result


def group_at(groups: Sequence[MarkGroup], x_px: float, above_axis_px: float) -> MarkGroup | None:
    """The marks under the pointer, both distances from the plot's lower left corner."""
    if not -3 <= above_axis_px <= _HEIGHT_PX:
        return None
    near = min(groups, key=lambda group: abs(group.x_px - x_px), default=None)
    return near if near is not None and abs(near.x_px - x_px) <= _NEAR_PX else None


def line_at(groups: Sequence[MarkGroup], x_px: float) -> MarkGroup | None:
    """The marks whose line through the whole chart is under the pointer."""
    lines = [group for group in groups if group.has_line]
    near = min(lines, key=lambda group: abs(group.x_px - x_px), default=None)
    return near if near is not None and abs(near.x_px - x_px) <= _LINE_NEAR_PX else None


def paint_marks(painter: QPainter, groups: Sequence[MarkGroup], view: QRectF, palette: Palette):
    """Told apart by shape: a dot (checkpoint), a flag (best), a bar (resumed),
    a triangle (warning), a line up the chart with a triangle (what the doctor saw), a cross
    (error)."""
    for group in groups:
        colour = QColor(getattr(palette, _TOKENS[group.kind]))
        if group.has_line:
            line = palette.colour(_TOKENS[DOCTOR], _LINE_ALPHA)
            _paint_line(painter, view, view.left() + group.x_px, line)
        _paint_mark(painter, group.kind, QPointF(view.left() + group.x_px, view.bottom()), colour)


def _paint_mark(painter: QPainter, kind: str, foot: QPointF, colour: QColor) -> None:
    x, y = round(foot.x()) + 0.5, foot.y()
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour)
    if kind == CHECKPOINT:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(x, y - 3), 1.7, 1.7)
    elif kind == RESUMED:
        painter.drawLine(QPointF(x, y), QPointF(x, y - 9))
    elif kind == BEST:
        painter.drawLine(QPointF(x, y), QPointF(x, y - 9))
        _paint_shape(painter, x, y, ((0, -9), (5, -7), (0, -5)))
    elif kind in (WARNING, DOCTOR):
        _paint_shape(painter, x, y, ((0, -9), (4.5, -1.5), (-4.5, -1.5)))
    elif kind == ERROR:
        painter.setPen(QPen(colour, 2.0))
        painter.drawLine(QPointF(x - 3.5, y - 9), QPointF(x + 3.5, y - 2))
        painter.drawLine(QPointF(x - 3.5, y - 2), QPointF(x + 3.5, y - 9))


def _paint_line(painter: QPainter, view: QRectF, x: float, colour: QColor) -> None:
    pen = QPen(colour, 1.0)
    pen.setDashPattern(_LINE_DASHES)
    painter.setPen(pen)
    painter.drawLine(QPointF(round(x) + 0.5, view.top()), QPointF(round(x) + 0.5, view.bottom()))


def _paint_shape(painter: QPainter, x: float, y: float, corners) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawConvexPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners]))
