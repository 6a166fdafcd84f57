"""A small button for an action of the window, which carries its words, key and tool tip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from utnet_viewer.theme import ICON, ICON_BUTTON, Theme
from utnet_viewer.widgets.icons import icon


class ActionButton(QToolButton):
    """26 px with an icon, like `IconButton`, but the action is one that is there already.

    The icon stays the button's own: in menus the action stands by its words.
    """

    def __init__(
        self, action: QAction, icon_name: str, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name, self._theme, self._action = icon_name, theme, action
        self.setCheckable(action.isCheckable())
        self.setIconSize(QSize(ICON, ICON))
        self.setFixedSize(ICON_BUTTON, ICON_BUTTON)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(lambda: self._action.trigger())
        action.changed.connect(self._follow)
        theme.changed.connect(self._tint)
        self._follow()
        self._tint()

    def _follow(self) -> None:
        action = self._action
        self.setEnabled(action.isEnabled())
        self.setChecked(action.isChecked())
        self.setToolTip(action.toolTip())
        self.setAccessibleName(action.text())

    def _tint(self) -> None:
        palette = self._theme.palette
        picture = icon(self._icon_name, palette.t2, on=palette.accent_text, disabled=palette.line2)
        self.setIcon(picture)
