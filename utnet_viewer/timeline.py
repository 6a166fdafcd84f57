"""The timeline: first, back, play, on, last; which frame; the whole list to scrub over; figures."""

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractSlider,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from utnet_viewer.theme import ICON, ICON_BUTTON, TIMELINE, Theme, ui_font
from utnet_viewer.widgets.icons import icon
from utnet_viewer.widgets.steady_text import keep_room, say


class Scrubber(QAbstractSlider):
    """The list from first to last as one line; the strip above it shows errors known so far."""

    #: Error in mm at which a tick of the strip is as high as it gets.
    FULL_MM = 20.0

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._strip = theme, QPixmap()
        self._profile_mm: list[float] = []
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Position in the list")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._forget_strip)

    def sizeHint(self) -> QSize:
        """Takes what there is."""
        return QSize(300, TIMELINE)

    def minimumSizeHint(self) -> QSize:
        """Still usable on a small screen."""
        return QSize(80, 26)

    def set_profile(self, profile_mm: Sequence[float]) -> None:
        """Errors in mm along the list, in equal bins; NaN where nothing is known."""
        self._profile_mm = list(profile_mm)
        self._forget_strip()

    def _forget_strip(self) -> None:
        self._strip = QPixmap()
        self.update()

    def resizeEvent(self, event) -> None:
        """The strip is painted for one width."""
        super().resizeEvent(event)
        self._forget_strip()

    def mousePressEvent(self, event) -> None:
        """Jump there and hold on."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._move_to(event.position().x())

    def mouseMoveEvent(self, event) -> None:
        """Scrub."""
        if self.isSliderDown():
            self._move_to(event.position().x())

    def mouseReleaseEvent(self, event) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _move_to(self, x: float) -> None:
        share = (x - 4) / max(1, self.width() - 8)
        span = self.maximum() - self.minimum()
        self.setValue(self.minimum() + round(min(max(share, 0), 1) * span))

    def _x(self) -> float:
        span = max(1, self.maximum() - self.minimum())
        return 4 + (self.value() - self.minimum()) / span * (self.width() - 8)

    def paintEvent(self, event) -> None:
        """The strip, the line, how far we are."""
        if self._strip.isNull():
            self._strip = self._paint_strip()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._strip)
        if not self.isEnabled():
            return
        palette, x, y = self._theme.palette, self._x(), self.height() / 2 + 10.5
        painter.setPen(QPen(palette.colour("accent"), 1.6))
        painter.drawLine(QLineF(4, y, x, y))
        painter.setPen(QPen(palette.colour("t2"), 1))
        painter.drawLine(QLineF(x, y - 22, x, y - 4))
        painter.setPen(QPen(palette.colour("bg2"), 1))
        painter.setBrush(palette.colour("accent"))
        painter.drawEllipse(QPointF(x, y), 4.2, 4.2)

    def _paint_strip(self) -> QPixmap:
        scale, palette = self.devicePixelRatioF(), self._theme.palette
        strip = QPixmap(self.size() * scale)
        strip.setDevicePixelRatio(scale)
        strip.fill(Qt.GlobalColor.transparent)
        painter = QPainter(strip)
        middle, width = self.height() / 2, self.width() - 8
        painter.fillRect(QRectF(4, middle + 10, width, 1), palette.colour("line2"))
        ticks = max(1, width // 4)
        bars: dict[str, list[QRectF]] = {"line2": [], "t3": [], "warning": []}
        for tick in range(ticks):
            value = self._worst(tick, ticks)
            known = value == value
            height = 3 + 13 * min(value / self.FULL_MM, 1) if known else 3
            token = "line2" if not known else ("warning" if value > self.FULL_MM / 2 else "t3")
            bars[token].append(QRectF(4 + tick * 4, middle + 6 - height, 2, height))
        painter.setPen(Qt.PenStyle.NoPen)
        for token, rectangles in bars.items():
            painter.setBrush(palette.colour(token))
            painter.drawRects(rectangles)
        painter.end()
        return strip

    def _worst(self, tick: int, ticks: int) -> float:
        """The largest known error under one tick, NaN where there is none."""
        bins = len(self._profile_mm)
        first = tick * bins // ticks
        last = max(first + 1, (tick + 1) * bins // ticks)
        known = [value for value in self._profile_mm[first:last] if value == value]
        return max(known, default=float("nan"))


class Timeline(QFrame):
    """46 px; its buttons take the window's actions, so that menu, key and button are one."""

    scrubbed = Signal(int)  # row

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFixedHeight(TIMELINE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._icons = theme, []
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2)
        self.frame_name = QToolButton()
        self.frame_name.setObjectName("frameName")
        self.frame_name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.frame_name.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.frame_name.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.frame_name.setFont(ui_font(weight=600))
        self.frame_name.setIconSize(QSize(12, 12))
        self.scrubber = Scrubber(theme)
        self.scrubber.valueChanged.connect(self.scrubbed)
        self.position, self.figures = QLabel(), QLabel()
        self.figures.setObjectName("hint")
        for label in (self.position, self.figures):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 12, 0)
        layout.setSpacing(8)
        layout.addLayout(self._buttons)
        layout.addWidget(self.frame_name)
        layout.addWidget(self.scrubber, 1)
        layout.addWidget(self.position)
        layout.addWidget(self.figures)
        theme.changed.connect(self._tint)
        self.show_nothing()

    def add_button(self, action, icon_name: str) -> None:
        """A 26 px button for an action of the window."""
        button = QToolButton()
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setIconSize(QSize(ICON, ICON))
        button.setFixedSize(ICON_BUTTON, ICON_BUTTON)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons.append([action, icon_name])
        self._buttons.addWidget(button)
        self._tint()

    def set_icon(self, action, icon_name: str) -> None:
        """Show another icon on an action's button."""
        for pair in self._icons:
            if pair[0] is action:
                pair[1] = icon_name
        self._tint()

    def set_jump(self, action) -> None:
        """The action behind the frame's name."""
        self.frame_name.clicked.connect(action.trigger)
        self.frame_name.setToolTip(action.toolTip())

    def show_nothing(self) -> None:
        """No dataset."""
        self.frame_name.setText("–")
        self.position.setText("")
        self.figures.setText("")
        self.scrubber.setEnabled(False)

    def show_row(self, row: int, count: int, name: str) -> None:
        """Row `row` (from 0) of `count`, called `name`."""
        blocked = self.scrubber.blockSignals(True)
        self.scrubber.setRange(0, max(0, count - 1))
        self.scrubber.setPageStep(10)
        self.scrubber.setValue(row)
        self.scrubber.blockSignals(blocked)
        self.scrubber.setEnabled(count > 0)
        self.scrubber.update()
        say(self.frame_name, name)
        room = 9 * len(f"{count:,}") + 40  # the scrubber does not give way to one more digit
        keep_room(self.position, QSize(room, self.position.sizeHint().height()))
        quiet = f"color:{self._theme.palette.t3}"
        say(
            self.position,
            f'<span style="font-weight:600">{row + 1:,}</span> '
            f'<span style="{quiet}">/ {count:,}</span>',
        )

    def show_figures(self, text: str) -> None:
        """Frames a second and the last latency."""
        say(self.figures, text)

    def _tint(self) -> None:
        palette = self._theme.palette
        for action, name in self._icons:
            action.setIcon(icon(name, palette.t2, disabled=palette.line2))
        self.frame_name.setIcon(icon("caret-down", palette.t3))
