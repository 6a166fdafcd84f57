"""Keys that a widget keeps for itself while it has the focus."""

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent


class OwnKeys:
    """Named before the Qt class among a widget's bases; `_action` says what a key does there."""

    def _action(self, event: QKeyEvent) -> Callable[[], object] | None:
        """What to do for a key; None for one that is not the widget's."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        """The widget's own keys go before those of the window, such as Left and Right."""
        if event.type() == QEvent.Type.ShortcutOverride and self._action(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key says; others go on to the window."""
        action = self._action(event)
        if action is None:
            event.ignore()
        else:
            action()
