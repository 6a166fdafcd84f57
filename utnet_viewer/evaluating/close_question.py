"""Closing the window while it evaluates: stop, which keeps every row that is done, or stay."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.evaluating.evaluating import Run


class CloseQuestion(QDialog):
    """`agreed` tells that it may end; Stay and Escape close nothing."""

    agreed = Signal()

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("An evaluation is running")
        self.setMinimumWidth(440)
        title = QLabel(f"{run.subject.name} is being evaluated")
        title.setObjectName("heading")
        title.setWordWrap(True)
        kept = f"The {run.done:,} of {run.total:,} frames that are done are kept: "
        self.text = QLabel(
            f"It ends with the window. {kept if run.total else ''}open the same split and "
            "checkpoint again, and Go on continues from there."
        )
        self.text.setObjectName("quiet")
        self.text.setWordWrap(True)
        self.stop, self.stay = QPushButton("Stop and close"), QPushButton("Stay")
        self.stop.setObjectName("primary")
        self.stop.setDefault(True)
        self.stop.clicked.connect(self._agree)
        self.stay.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stay)
        buttons.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        for part in (title, self.text):
            layout.addWidget(part)
        layout.addSpacing(4)
        layout.addLayout(buttons)
        self.stop.setFocus()

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit()
