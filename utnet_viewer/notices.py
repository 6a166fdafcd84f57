"""Bars under the top bar that say what went wrong and offer what to do about it."""

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.icons import pixmap


class Notice(QFrame):
    """One message: a title, a sentence, perhaps a button, always "Copy details" and a cross."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        text: str,
        *,
        details: str = "",
        kind: str = "fault",
        button: str = "",
        run: Callable[[], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`kind` is "fault" or "warning"; `run` belongs to `button`; `details` is for copying."""
        super().__init__(parent)
        self.setObjectName("errorBar" if kind == "fault" else "warningBar")
        self.title, self.text = title, text
        self._details = details or f"{title}\n{text}"
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 6, 5)
        layout.setSpacing(8)
        colour = theme.palette.fault if kind == "fault" else theme.palette.warning
        picture = QLabel()
        picture.setPixmap(pixmap("x-circle" if kind == "fault" else "warning", colour))
        head, words = QLabel(title), QLabel(text)
        head.setObjectName("errorTitle" if kind == "fault" else "warningTitle")
        words.setWordWrap(True)
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout.addWidget(picture)
        layout.addWidget(head)
        layout.addWidget(words, 1)
        if button and run is not None:
            self._add_button(button, lambda: (self.deleteLater(), run()))
        self._add_button("Copy details", self.copy_details)
        cross = IconButton("x", "Dismiss", theme)
        cross.action.triggered.connect(self.deleteLater)
        layout.addWidget(cross)

    def _add_button(self, text: str, run: Callable[[], object]) -> None:
        button = QPushButton(text)
        button.clicked.connect(lambda: run())
        self.layout().addWidget(button)

    def copy_details(self) -> None:
        """Put everything that is known onto the clipboard."""
        QGuiApplication.clipboard().setText(self._details)
