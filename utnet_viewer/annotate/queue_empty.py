"""What stands in an empty queue: why it is empty, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from utnet_viewer.annotate.suggesting import Suggesting
from utnet_viewer.document import Document
from utnet_viewer.samples.panel import SamplesPanel

_LOOK = (
    "Reads every label and its depth, in the background, and names those that are most likely "
    "wrong, each with its reason."
)
_EVALUATE = (
    "Evaluate this split first (F6 in Inspect) to find where prediction and label disagree, too."
)


class EmptyQueue(QWidget):
    """A title, a sentence or two, and one button."""

    def __init__(self, document: Document, samples: SamplesPanel, suggesting: Suggesting) -> None:
        super().__init__()
        self._document, self._samples, self._suggesting = document, samples, suggesting
        self._is_of_suggestions = False
        self.title, self.text, self.button = QLabel(), QLabel(), QPushButton()
        self.title.setObjectName("panelTitle")
        self.text.setObjectName("quiet")
        for label in (self.title, self.text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button.clicked.connect(self._act)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def show_for(self, *, is_of_suggestions: bool) -> None:
        """Of which source the empty queue is."""
        self._is_of_suggestions = is_of_suggestions
        self.refresh()

    def refresh(self) -> None:
        """Say why there is nothing, and what to do."""
        title, text, button = self._words()
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.button.setText(button)
        self.button.setVisible(bool(button))

    def _words(self) -> tuple[str, str, str]:
        if self._document.index is None:
            return "No dataset is open", "", ""
        if not self._is_of_suggestions:
            return "No frame passes the filter", "", "Show all frames"
        suggesting = self._suggesting
        if suggesting.phase == "running":
            return "Looking…", "What stands out is shown when all labels are read.", ""
        if suggesting.phase in ("none", "reading"):
            return "", "", ""
        if suggesting.problem:
            return "Nothing was found out", suggesting.problem, "Try again"
        if suggesting.kept is not None:
            return "No label stands out", "All are like the others of this split.", ""
        hint = "" if self._document.evaluation is not None else f"\n\n{_EVALUATE}"
        return "Which labels are wrong?", _LOOK + hint, "Find suspicious labels"

    def _act(self) -> None:
        if self._is_of_suggestions:
            self._suggesting.start()
        else:
            self._samples.clear_brush()
            self._samples.use_filter("")
