"""The frames that cannot be read, with file and reason, to look at and to copy."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.samples.catalogue import Catalogue

#: More lines than this help nobody on screen; all of them are copied.
SHOWN_LIMIT = 2000


def _summary(frames: int, notes: int) -> str:
    """How much there is to tell."""
    words = [f"{frames:,} {'frame' if frames == 1 else 'frames'} cannot be read"] if frames else []
    if notes:
        words.append(f"{notes:,} {'note' if notes == 1 else 'notes'} about the dataset")
    return ", ".join(words) or "Every frame can be read"


class UnreadableDialog(QDialog):
    """A list; activating a line goes to the frame."""

    row_chosen = Signal(int)

    def __init__(self, catalogue: Catalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Unreadable frames")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 420)
        problems = sorted(catalogue.problems.items())
        lines = [f"{catalogue.name(row)}\t{why}" for row, why in problems]
        self._text = "\n".join([*lines, *catalogue.notes])
        head = QLabel(_summary(len(problems), len(catalogue.notes)))
        head.setObjectName("heading")
        why = QLabel("Such frames stay in the list, flagged; everything else works.")
        why.setObjectName("quiet")
        self.list = QListWidget()
        self.list.setWordWrap(True)
        for row, problem in problems[:SHOWN_LIMIT]:
            item = QListWidgetItem(f"{catalogue.name(row)}   {problem}")
            item.setData(Qt.ItemDataRole.UserRole, row)
            self.list.addItem(item)
        for note in catalogue.notes[:SHOWN_LIMIT]:
            self.list.addItem(QListWidgetItem(note))
        self.list.itemActivated.connect(self._choose)
        copy, close = QPushButton("Copy all"), QPushButton("Close")
        copy.clicked.connect(self.copy_all)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        for part in (head, why, self.list):
            layout.addWidget(part)
        layout.addLayout(buttons)

    def copy_all(self) -> None:
        """Every frame and reason, one a line, onto the clipboard."""
        QGuiApplication.clipboard().setText(self._text)

    def _choose(self, item: QListWidgetItem) -> None:
        row = item.data(Qt.ItemDataRole.UserRole)
        if row is not None:  # a note about the dataset has no row
            self.row_chosen.emit(row)
            self.accept()
