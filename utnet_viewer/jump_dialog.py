"""Ctrl+G: type ``SEQ/ID``, or the number in the list, and go there."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.theme import mono_font


class JumpDialog(QDialog):
    """Stays open, saying why, until the text names a sample."""

    def __init__(
        self,
        jump: Callable[[str], str],
        *,
        current: str,
        sequences: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        """`jump` goes to a text and returns why it cannot, or ""."""
        super().__init__(parent)
        self._jump = jump
        self.setWindowTitle("Go to a sample")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(380)
        head = QLabel("Sequence/frame, or the number in the list")
        head.setObjectName("quiet")
        self.field = QLineEdit(current)
        self.field.setFont(mono_font())
        self.field.selectAll()
        completer = QCompleter([f"{name}/" for name in sequences], self.field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.field.setCompleter(completer)
        self.error = QLabel()
        self.error.setObjectName("filterError")
        self.error.setWordWrap(True)
        self.error.hide()
        go, cancel = QPushButton("Go"), QPushButton("Cancel")
        go.setObjectName("primary")
        go.setDefault(True)
        go.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        for part in (head, self.field, self.error):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def accept(self) -> None:
        """Go, or say why not."""
        problem = self._jump(self.field.text())
        self.error.setText(problem)
        self.error.setVisible(bool(problem))
        self.field.setProperty("invalid", bool(problem))
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)
        if not problem:
            super().accept()
