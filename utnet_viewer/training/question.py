"""A question with a few answers that does not hold up the window."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


@dataclass(frozen=True)
class Answer:
    """A button: what it tells, what stands on it, and its name in the style sheet."""

    value: str
    words: str
    style: str = ""


class Question(QDialog):
    """`answered` tells the value of the button; Cancel and Escape tell nothing."""

    answered = Signal(str)

    def __init__(
        self, title: str, text: str, answers: Sequence[Answer], parent: QWidget | None = None
    ) -> None:
        """The last answer is the default one."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(440)
        head, words = QLabel(title), QLabel(text)
        head.setObjectName("heading")
        words.setObjectName("quiet")
        for label in (head, words):
            label.setWordWrap(True)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.addStretch(1)
        for answer in (Answer("", "Cancel"), *answers):
            button = QPushButton(answer.words)
            button.setObjectName(answer.style)
            button.clicked.connect(lambda _=False, value=answer.value: self._answer(value))
            self.buttons[answer.value] = button
            row.addWidget(button)
        button.setDefault(True)
        button.setFocus()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(head)
        layout.addWidget(words)
        layout.addSpacing(4)
        layout.addLayout(row)

    def _answer(self, value: str) -> None:
        self.close()
        if value:
            self.answered.emit(value)
