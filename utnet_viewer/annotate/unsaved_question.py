"""Closing the window while edits are not on the disk: try again, lose them, or stay."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.annotate.annotations import Annotations


class UnsavedQuestion(QDialog):
    """`agreed` tells that the window may close: all is saved by now, or may be lost."""

    agreed = Signal()

    def __init__(self, annotations: Annotations, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._annotations = annotations
        self.setWindowTitle("Annotations are not saved")
        self.setMinimumWidth(460)
        self.title, self.text = QLabel(), QLabel()
        self.title.setObjectName("heading")
        self.text.setObjectName("quiet")
        for label in (self.title, self.text):
            label.setWordWrap(True)
        self.again, self.lose = QPushButton("Try again"), QPushButton("Close without saving")
        self.stay = QPushButton("Stay")
        self.again.setObjectName("primary")
        self.again.setDefault(True)
        self.again.clicked.connect(annotations.try_again)
        self.lose.clicked.connect(self._agree)
        self.stay.clicked.connect(self.reject)
        self._arrange()
        annotations.saved.connect(self._show)
        annotations.failing.connect(self._show)
        self._show()
        self.again.setFocus()

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.stay, self.lose, self.again):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(4)
        layout.addLayout(buttons)

    def _show(self, *_: object) -> None:
        """What is so now; closes the window once all is saved."""
        count = self._annotations.pending
        if not count:
            self._agree()
            return
        edits = "1 edit is" if count == 1 else f"{count:,} edits are"
        self.title.setText(f"{edits} not on the disk yet")
        why = self._annotations.failure or "The disk has not answered yet."
        self.text.setText(
            f"{why.rstrip('.')}. Closing now loses {'it' if count == 1 else 'them'}; "
            "everything before is kept."
        )

    def _agree(self) -> None:
        if self.isVisible() or self.result() != QDialog.DialogCode.Accepted:
            self.accept()
            self.agreed.emit()
