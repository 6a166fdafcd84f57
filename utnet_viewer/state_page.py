"""The page over the docks while there is nothing to show: empty, opening, or failed."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.theme import Theme, mono_font
from utnet_viewer.widgets.icons import pixmap

#: Width of the card and of its margins at the sides.
CARD_WIDTH, CARD_MARGIN = 560, 28

Button = tuple[str, Callable[[], None]]


class StatePage(QWidget):
    """A card in the middle: icon, title, words, path, progress, buttons (the first primary)."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._icon_name, self._token = theme, "database", "t3"
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("statePage")
        card = QFrame()
        card.setObjectName("card")
        card.setFixedWidth(CARD_WIDTH)
        self._icon, self.title, self.text, self.path = QLabel(), QLabel(), QLabel(), QLabel()
        self.title.setObjectName("heading")
        self.text.setObjectName("quiet")
        self.path.setObjectName("path")
        self.path.setFont(mono_font())
        for label in (self.title, self.text, self.path):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout = QVBoxLayout(card)
        layout.setContentsMargins(CARD_MARGIN, 26, CARD_MARGIN, 24)
        layout.setSpacing(10)
        parts = (self._icon, self.title, self.text, self.path, self.progress)
        for part in parts:
            layout.addWidget(part)
        layout.addSpacing(6)
        layout.addLayout(self._buttons)
        layout.addLayout(self._recent)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        theme.changed.connect(self._tint)
        self.returns_focus_to: QWidget | None = None
        self._is_wanted, self._is_allowed = False, True

    def leave(self) -> None:
        """Go away; the focus goes where it belongs, not to whatever is next in the tab order."""
        if self.isAncestorOf(self.window().focusWidget() or self.window()):
            (self.returns_focus_to or self.window()).setFocus()
        self._is_wanted = False
        self.hide()

    def allow(self, is_allowed: bool) -> None:
        """Whether the page may be shown at all: not where what it covers is hidden."""
        self._is_allowed = is_allowed
        self.setVisible(is_allowed and self._is_wanted)

    def show_empty(self, buttons: list[Button], recent: list[Button]) -> None:
        """Nothing is open: what to do next."""
        self._set("database", "t3", "No dataset is open")
        self._say(
            self.text,
            "Open a folder of HO-3D, H2O-3D, DexYCB, FreiHAND or of your own pictures, or drop one "
            "anywhere on this window.",
        )
        self._fill(buttons, recent)

    def show_message(self, icon: str, title: str, text: str, buttons: list[Button]) -> None:
        """Anything else that has to be said in place of what cannot be shown."""
        self._set(icon, "t3", title)
        self._say(self.text, text)
        self._fill(buttons, [])

    def show_loading(self, what: str, path: str, cancel: Callable[[], None]) -> None:
        """Something takes a while; `say_progress` tells how far it is."""
        self._set("circle-half", "accent_text", what)
        self._say(self.text, "Reading the list of samples…")
        self._say(self.path, path)
        self.path.show()
        self.progress.setRange(0, 0)
        self.progress.show()
        self._fill([("Cancel", cancel)], [], primary=False)

    def say_progress(self, done: int, total: int, words: str) -> None:
        """`done` of `total` steps; a `total` of 0 is "nobody knows"."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self._say(self.text, words)

    def show_failure(
        self, title: str, text: str, path: str, details: str, buttons: list[Button]
    ) -> None:
        """What happened, to which folder, and what to do."""
        self._set("x-circle", "fault", title)
        self._say(self.text, text)
        self._say(self.path, path)
        self.path.setVisible(bool(path))
        copy = ("Copy details", lambda: QGuiApplication.clipboard().setText(details))
        self._fill([*buttons, copy], [])

    def _say(self, label: QLabel, text: str) -> None:
        """Show a text whole: a wrapped label in a centred card is not given its height."""
        label.setText(text)
        label.setMinimumHeight(label.heightForWidth(CARD_WIDTH - 2 * CARD_MARGIN))

    def _set(self, icon_name: str, token: str, title: str) -> None:
        self._icon_name, self._token = icon_name, token
        self.title.setText(title)
        self.path.hide()
        self.progress.hide()
        self._tint()
        self._is_wanted = True
        self.setVisible(self._is_allowed)
        self.raise_()

    def _tint(self) -> None:
        colour = getattr(self._theme.palette, self._token)
        scale = self.devicePixelRatioF()
        self._icon.setPixmap(pixmap(self._icon_name, colour, size_px=32, scale=scale))

    def _fill(self, buttons: list[Button], recent: list[Button], *, primary: bool = True) -> None:
        for layout in (self._buttons, self._recent):
            while layout.count():
                widget = layout.takeAt(0).widget()
                if widget is not None:
                    widget.deleteLater()
        for position, (text, run) in enumerate(buttons):
            button = QPushButton(text)
            button.setObjectName("primary" if primary and position == 0 else "")
            button.clicked.connect(lambda _=False, run=run: run())
            self._buttons.addWidget(button)
            if position == 0 and self._is_allowed:
                button.setFocus()
        self._buttons.addStretch(1)
        if recent:
            head = QLabel("Recent")
            head.setObjectName("hint")
            self._recent.addWidget(head)
        for text, run in recent:
            button = QPushButton(text)
            button.setObjectName("link")
            button.clicked.connect(lambda _=False, run=run: run())
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
