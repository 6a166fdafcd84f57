"""Closing the window while runs go on: keep them running, stop them first, or stay."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.training.run_folder import RunSummary


class CloseQuestion(QDialog):
    """`answered` tells "keep" or "stop"; Cancel and Escape tell nothing and close nothing."""

    answered = Signal(str)

    def __init__(self, runs: Sequence[RunSummary], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Runs go on")
        self.setMinimumWidth(460)
        names = ", ".join(run.name for run in runs)
        one = len(runs) == 1
        self.title = QLabel(f"{names} {'is' if one else 'are'} still training")
        self.title.setObjectName("heading")
        self.title.setWordWrap(True)
        self.text = QLabel(
            f"{'A run is' if one else 'Runs are'} a process of {'its' if one else 'their'} own: "
            f"{'it goes' if one else 'they go'} on when the window is closed, and the window finds "
            f"{'it' if one else 'them'} again with the whole history."
        )
        self.text.setObjectName("quiet")
        self.text.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.hide()
        self.keep, self.stop = QPushButton("Keep running"), QPushButton("Stop first")
        self.cancel = QPushButton("Cancel")
        self.keep.setObjectName("primary")
        self.keep.setDefault(True)
        self.keep.setToolTip("Close the window; the training goes on")
        self.stop.setToolTip("Save a checkpoint, stop, then close; the run can be resumed")
        self.keep.clicked.connect(lambda: self._answer("keep"))
        self.stop.clicked.connect(lambda: self._answer("stop"))
        self.cancel.clicked.connect(self.reject)
        self._arrange()
        self.keep.setFocus()

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.cancel, self.stop, self.keep):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        for part in (self.title, self.text, self.progress):
            layout.addWidget(part)
        layout.addSpacing(4)
        layout.addLayout(buttons)

    def _answer(self, answer: str) -> None:
        if answer == "stop":
            self.title.setText("Stopping")
            self.text.setText(
                "Waiting until the checkpoint is saved. The window closes by itself then."
            )
            self.progress.show()
            self.stop.hide()
            self.keep.setText("Close without waiting")
        self.answered.emit(answer)
