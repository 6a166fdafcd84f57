"""The bar at the bottom: what just happened, whose hand is in use, how the engine is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from utnet_viewer.theme import STATUS_BAR, Theme
from utnet_viewer.widgets.icons import pixmap

#: Icon and colour token of each kind of message.
KINDS = {
    "info": ("info", "t2"),
    "success": ("check-circle", "success"),
    "busy": ("circle-half", "accent_text"),
    "warning": ("warning", "warning"),
    "fault": ("x-circle", "fault"),
}


class StatusBar(QFrame):
    """28 px; a state is icon, word and colour together."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setFixedHeight(STATUS_BAR)
        self._theme, self._kind = theme, "info"
        self._icon, self._text = QLabel(), QLabel()
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.hand, self.engine = QLabel(), QLabel()
        self.restart = QPushButton("Restart")
        self.restart.setObjectName("link")
        self.restart.hide()
        self.shortcuts = QPushButton("? shortcuts")
        self.shortcuts.setObjectName("link")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 4, 0)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        for part in (self.hand, self.engine, self.restart, self.shortcuts):
            layout.addWidget(part)
        theme.changed.connect(self._tint)
        self._tint()

    @property
    def message(self) -> str:
        """What stands at the left."""
        return self._text.text()

    def say(self, text: str, kind: str = "info") -> None:
        """Show a sentence; `kind` is one of `KINDS`."""
        self._kind = kind
        self._text.setText(text)
        self._text.setToolTip(text)
        self._tint()

    def say_engine(self, text: str, *, kind: str = "", hint: str = "") -> None:
        """How the engine is; `kind` colours it ("", "warning", "fault")."""
        self.engine.setText(text)
        self.engine.setToolTip(hint)
        self._colour(self.engine, kind)

    def say_hand(self, text: str, *, kind: str = "") -> None:
        """Which hand model is in use, and what follows from it."""
        self.hand.setText(text)
        self.hand.setToolTip(text)
        self._colour(self.hand, kind)

    @staticmethod
    def _colour(label: QLabel, kind: str) -> None:
        label.setProperty("kind", kind)
        label.style().unpolish(label)
        label.style().polish(label)

    def _tint(self) -> None:
        name, token = KINDS[self._kind]
        colour = getattr(self._theme.palette, token)
        self._icon.setPixmap(pixmap(name, colour, scale=self.devicePixelRatioF()))
        self._icon.setVisible(bool(self._text.text()))
        self._colour(self._text, self._kind if self._kind in ("warning", "fault") else "")
