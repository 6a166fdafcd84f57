"""A label of several lines that is never cut, however narrow its place."""

from PySide6.QtWidgets import QLabel, QWidget


class WrappedLabel(QLabel):
    """As high as its text needs at its width: layouts inside of layouts do not ask for that."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(text)
        self._fit()

    def resizeEvent(self, event) -> None:
        """Another width, another height."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(max(0, self.heightForWidth(self.width())))
