"""The parts of the run header: a figure under its caption, the state's tag, the message strip."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from utnet_viewer.theme import Theme, ui_font
from utnet_viewer.training.run_words import TOKENS, Told
from utnet_viewer.widgets.icons import pixmap

_LINE_HEIGHT = 4


class Figure(QWidget):
    """A caption over a value."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caption, self.value = QLabel(caption), QLabel("—")
        self.caption.setObjectName("figureCaption")
        self.value.setFont(ui_font(weight=600))
        line = QFrame()
        line.setObjectName("hairline")
        line.setFixedWidth(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(2, 0, 2, 0)
        grid.setHorizontalSpacing(9)
        grid.setVerticalSpacing(0)
        grid.addWidget(line, 0, 0, 2, 1)
        grid.addWidget(self.caption, 0, 1)
        grid.addWidget(self.value, 1, 1)

    def say(self, text: str, *, caption: str = "") -> None:
        """Show a value; `caption` "" leaves that as it is."""
        self.value.setText(text)
        if caption:
            self.caption.setText(caption)


class StateTag(QFrame):
    """Icon and word on a tint."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stateTag")
        self._theme, self._told = theme, None
        self._icon, self._word = QLabel(), QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(self._word)
        theme.changed.connect(self._tint)

    def text(self) -> str:
        """The word."""
        return self._word.text()

    def show_state(self, told: Told) -> None:
        """Show a state; costs nothing where it is shown already."""
        if told == self._told:
            return
        self._told = told
        self._word.setText(told.word)
        self.setProperty("kind", told.kind)
        for widget in (self, self._word):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._tint()

    def _tint(self) -> None:
        if self._told is not None:
            colour = getattr(self._theme.palette, TOKENS[self._told.kind])
            scale = self.devicePixelRatioF()
            self._icon.setPixmap(pixmap(self._told.icon, colour, scale=scale))


class ProgressLine(QWidget):
    """A thin bar. Qt's own paints at once when its value changes, and with it whatever else of
    the window waits to be painted."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._done, self._total = theme, 0, 0
        self.setFixedHeight(_LINE_HEIGHT)
        self.setAccessibleName("Progress of the run")
        theme.changed.connect(self.update)

    def value(self) -> int:
        """Steps that are done."""
        return self._done

    def maximum(self) -> int:
        """Steps of the whole run."""
        return self._total

    def show_progress(self, done: int, total: int) -> None:
        """Show how far the run is."""
        if (done, total) != (self._done, self._total):
            self._done, self._total = done, total
            self.setToolTip(f"{done / total:.1%}" if total else "")
            self.update()

    def paintEvent(self, event) -> None:
        """The track, and on it what is done."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        palette, track, radius = self._theme.palette, QRectF(self.rect()), _LINE_HEIGHT / 2
        painter.setBrush(palette.colour("bg4"))
        painter.drawRoundedRect(track, radius, radius)
        if self._total and self._done:
            share = min(self._done / self._total, 1.0)
            track.setWidth(max(_LINE_HEIGHT, track.width() * share))
            painter.setBrush(palette.colour("accent"))
            painter.drawRoundedRect(track, radius, radius)


class MessageStrip(QFrame):
    """What went wrong or wants attention, with what can be done about it."""

    act_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._kind = theme, ""
        self.message, self._icon = QLabel(), QLabel()
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.act, self.copy = QPushButton(), QPushButton("Copy details")
        self.act.clicked.connect(self.act_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 4, 4)
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.message, 1)
        row.addWidget(self.act)
        row.addWidget(self.copy)
        theme.changed.connect(self._tint)

    def say(self, text: str, *, kind: str, act: str = "") -> None:
        """Show a sentence; `kind` is "warning" or "fault", `act` the words of the button."""
        self.message.setText(text)
        self.act.setText(act)
        self.act.setVisible(bool(act))
        self.setVisible(bool(text))
        if kind != self._kind:
            self._kind = kind
            self.setObjectName(f"{kind}Strip")
            for widget in (self, self.message):
                widget.style().unpolish(widget)
                widget.style().polish(widget)
            self._tint()

    def _tint(self) -> None:
        if self._kind:
            name = "x-circle" if self._kind == "fault" else "warning"
            colour = getattr(self._theme.palette, self._kind)
            self._icon.setPixmap(pixmap(name, colour, scale=self.devicePixelRatioF()))
