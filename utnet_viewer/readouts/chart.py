"""What both charts share: a plot without frame and ticks, a head above it, fingers below it."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

import pyqtgraph as pg  # isort: skip

from core.conventions import FINGER_JOINTS, FINGERS, WRIST
from utnet_viewer.numbers import signed
from utnet_viewer.theme import SIZE_LABEL, Theme, ui_font
from utnet_viewer.widgets.plot import AXIS_HEIGHT, QuietPlot

#: Tops of axes, so that the scale holds still from frame to frame.
AXIS_TOPS = (1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000)
GROUP = 5.0
_AXIS_WIDTH = 34

#: Place of every joint's bar: the wrist, then the fingers from knuckle to tip.
JOINT_X = {WRIST: -0.9} | {
    joint: 1.0 + GROUP * finger + step
    for finger, name in enumerate(FINGERS)
    for step, joint in enumerate(FINGER_JOINTS[name])
}

#: Middle of every finger's group.
FINGER_X = {finger: 1.0 + GROUP * number + 1.5 for number, finger in enumerate(FINGERS)}


def axis_top(value: float) -> float:
    """The smallest top of an axis that leaves some headroom above `value`."""
    return next((top for top in AXIS_TOPS if value <= top * 0.98), float(value) * 1.1)


def steady_top(value: float, current: float) -> float:
    """`axis_top`, but the current one stays while it is not twice too large: the scale holds
    still from frame to frame, and bars can be compared by eye."""
    top = axis_top(value)
    return current if top <= current <= 2.1 * top else top


def axis_steps(top: float) -> list[float]:
    """Where an axis up to `top` carries numbers: at a half and at the whole, or by thirds."""
    parts = 3 if str(int(top)).startswith(("3", "6", "15")) and top >= 1 else 2
    return [top * part / parts for part in range(1, parts + 1)]


def axis_text(value: float) -> str:
    """``+7.5``, ``−15``, ``0``: decimals only where there are any."""
    return signed(value, 0 if value == int(value) else 1)


class ChartHead(QWidget):
    """Title and unit at the left, one figure at the right."""

    def __init__(self, title: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.unit, self.figure = title, "", ""
        self.has_dash = False
        self._theme = theme
        self.setFixedHeight(22)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.changed.connect(self.update)

    def show_text(self, *, title: str, unit: str, figure: str, has_dash: bool = False) -> None:
        """`has_dash` draws the dashed line that the figure names before it."""
        if (title, unit, figure, has_dash) != (self.title, self.unit, self.figure, self.has_dash):
            self.title, self.unit, self.figure, self.has_dash = title, unit, figure, has_dash
            self.update()

    def paintEvent(self, event) -> None:
        """The figure gives way where there is no room for both."""
        painter = QPainter(self)
        palette = self._theme.palette
        painter.fillRect(self.rect(), QColor(palette.bg2))
        middle = Qt.AlignmentFlag.AlignVCenter
        font = ui_font(SIZE_LABEL, 600)
        painter.setFont(font)
        painter.setPen(QColor(palette.t1))
        painter.drawText(QRectF(self.rect()), middle, self.title)
        x = QFontMetricsF(font).horizontalAdvance(self.title) + 7
        plain = ui_font(SIZE_LABEL)
        advance = QFontMetricsF(plain).horizontalAdvance
        painter.setFont(plain)
        painter.setPen(QColor(palette.t3))
        painter.drawText(QRectF(x, 0, self.width() - x, self.height()), middle, self.unit)
        used, room = x + advance(self.unit) + 28, advance(self.figure)
        if not self.figure or used + room > self.width():
            return
        painter.setPen(QColor(palette.t2))
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(self.rect()), right, self.figure)
        if self.has_dash:
            y, end = self.height() / 2 + 0.5, self.width() - room - 6
            painter.setPen(QPen(QColor(palette.t2), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(end - 12, y), QPointF(end, y))


class HandChart(QWidget):
    """A chart with one place per joint; the joint under the pointer is told and marked."""

    hovered = Signal(int)  # joint, -1 for none

    def __init__(
        self, title: str, theme: Theme, *, groups: dict[str, float], parent: QWidget | None = None
    ) -> None:
        """`groups` are the words below the plot and their places."""
        super().__init__(parent)
        self.theme = theme
        self.head = ChartHead(title, theme)
        self.plot = _Plot(self._joint_at, self.hovered.emit)
        self.plot.getAxis("bottom").setTicks([[(x, word) for word, x in groups.items()]])
        self.top = 0.0
        self._mark = pg.QtWidgets.QGraphicsRectItem()
        self._mark.setZValue(-10)
        self._mark.setPen(QPen(Qt.PenStyle.NoPen))
        self._mark.hide()
        self.plot.addItem(self._mark, ignoreBounds=True)
        self.notice = QLabel(self.plot)
        self.notice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.notice.setFont(ui_font(SIZE_LABEL))
        self.notice.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 10, 4)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.plot, 1)
        self.setMinimumWidth(120)

    def say(self, words: str) -> None:
        """Say in the empty chart why it is empty; "" where it is not."""
        self.notice.setText(words)
        self.notice.setVisible(bool(words))
        self._place_notice()

    def resizeEvent(self, event) -> None:
        """The notice stands in the middle of the plot."""
        super().resizeEvent(event)
        self._place_notice()

    def _place_notice(self) -> None:
        room = self.plot.rect().adjusted(_AXIS_WIDTH, 0, 0, -AXIS_HEIGHT)
        self.notice.resize(self.notice.sizeHint().boundedTo(room.size()))
        self.notice.move(room.center() - self.notice.rect().center())

    def colours(self) -> dict[str, QColor]:
        """The theme's finger colours (charts are no imagery)."""
        return {finger: QColor(getattr(self.theme.palette, finger)) for finger in FINGERS}

    def mark_joint(self, joint: int) -> None:
        """Mark a joint's place, -1 for none."""
        x = JOINT_X.get(joint)
        is_shown = x is not None and self.has_joint(joint)
        if is_shown:
            (_, _), (low, high) = self.plot.getViewBox().viewRange()
            self._mark.setRect(QRectF(x - 0.5, low, 1.0, high - low))
        self._mark.setVisible(is_shown)

    def has_joint(self, joint: int) -> bool:
        """Whether the chart has a place for the joint."""
        return joint in JOINT_X

    def restyle(self) -> None:
        """Take the theme's colours."""
        palette = self.theme.palette
        self.plot.restyle(palette)
        self._mark.setBrush(palette.colour("t1", 0.09))
        self.notice.setStyleSheet(
            f"color: {palette.t3}; background: {palette.bg2}; padding: 2px 8px;"
        )

    def _joint_at(self, x: float) -> int:
        near = min(JOINT_X, key=lambda joint: abs(JOINT_X[joint] - x))
        return near if abs(JOINT_X[near] - x) <= 0.75 and self.has_joint(near) else -1


class _Plot(QuietPlot):
    """Says which joint the pointer is over."""

    def __init__(self, joint_at, say_hovered) -> None:
        super().__init__(axis_width=_AXIS_WIDTH)
        self._joint_at, self._say_hovered = joint_at, say_hovered

    def mouseMoveEvent(self, event) -> None:
        """Say which joint the pointer is over."""
        super().mouseMoveEvent(event)
        point = self.getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        self._say_hovered(self._joint_at(point.x()))

    def leaveEvent(self, event) -> None:
        """Nothing is hovered any more."""
        super().leaveEvent(event)
        self._say_hovered(-1)
