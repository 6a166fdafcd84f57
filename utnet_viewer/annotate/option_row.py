"""One of several ways, with what it means below its name."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QRadioButton, QVBoxLayout, QWidget

from utnet_viewer.annotate.wrapped_label import WrappedLabel

_INDENT = 24


class OptionRow(QWidget):
    """A radio button and a sentence; a click on the sentence chooses as well."""

    def __init__(self, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_refused = False
        self.button = QRadioButton(title)
        self.words = WrappedLabel(words)
        self.words.setObjectName("hint")
        self.words.setContentsMargins(_INDENT, 0, 0, 0)
        self.button.setAccessibleDescription(words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        layout.addWidget(self.words)

    def refuse(self, why: str) -> None:
        """It cannot be chosen, and this is why."""
        self._is_refused = True
        self.words.setText(why)
        self.button.setAccessibleDescription(why)
        self.button.setEnabled(False)

    def setEnabled(self, is_enabled: bool) -> None:
        """Never where it was refused."""
        self.button.setEnabled(is_enabled and not self._is_refused)

    def mouseReleaseEvent(self, event) -> None:
        """The whole row is the button."""
        if event.button() == Qt.MouseButton.LeftButton and self.button.isEnabled():
            self.button.setChecked(True)
            self.button.setFocus()
