"""Small controls that every panel shares: icon buttons, segments, tags.

Each control that does something owns a `QAction`, so that the window can list it in a menu, show
its key on the shortcut sheet and see that no two share one.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from utnet_viewer.theme import ICON, ICON_BUTTON, SEGMENT, Theme
from utnet_viewer.widgets.icons import icon


def make_action(
    owner: QWidget, text: str, *, shortcut: str = "", checkable: bool = False
) -> QAction:
    """A window-wide action whose tool tip names its key; it is added to `owner`."""
    action = QAction(text, owner)
    action.setCheckable(checkable)
    action.setIconVisibleInMenu(False)
    if shortcut:
        action.setShortcut(QKeySequence(shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{text}  ({keys})")
    owner.addAction(action)
    return action


class IconButton(QToolButton):
    """A 26 px button with an icon.

    `action` carries text, key, tool tip and enabled state: connect to ``action.triggered``, which
    also hears the key and the menu.
    """

    def __init__(
        self,
        icon_name: str,
        text: str,
        theme: Theme,
        *,
        shortcut: str = "",
        checkable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name, self._theme = icon_name, theme
        self.action = make_action(self, text, shortcut=shortcut, checkable=checkable)
        self.setDefaultAction(self.action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.setIconSize(QSize(ICON, ICON))
        self.setFixedSize(ICON_BUTTON, ICON_BUTTON)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon_name: str) -> None:
        """Show another icon, such as pause for play."""
        self._icon_name = icon_name
        self._tint()

    def _tint(self) -> None:
        palette = self._theme.palette
        self.action.setIcon(
            icon(self._icon_name, palette.t2, on=palette.accent_text, disabled=palette.line2)
        )


class IconToggle(IconButton):
    """An icon button that stays down: `isChecked`, `setChecked`, and the signal `toggled`."""

    def __init__(
        self,
        icon_name: str,
        text: str,
        theme: Theme,
        *,
        shortcut: str = "",
        checked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(icon_name, text, theme, shortcut=shortcut, checkable=True, parent=parent)
        self.action.setChecked(checked)

    def setChecked(self, checked: bool) -> None:
        """Press or release; goes through the action, so that menus agree."""
        self.action.setChecked(checked)


class SegmentedControl(QFrame):
    """One of several words, such as Frame | Crop | Depth."""

    changed = Signal(str)

    def __init__(
        self,
        options: Sequence[str],
        *,
        shortcuts: Sequence[str] = (),
        title: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`title` goes before each option in menus and tool tips: "View: Crop"."""
        super().__init__(parent)
        self.setAccessibleName(title)
        self._group = QActionGroup(self)
        self._actions: dict[str, QAction] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(0)
        keys = list(shortcuts) + [""] * (len(options) - len(shortcuts))
        for option, key in zip(options, keys, strict=True):
            text = f"{title}: {option}" if title else option
            action = make_action(self, text, shortcut=key, checkable=True)
            action.setIconText(option)
            action.triggered.connect(lambda _=False, value=option: self.changed.emit(value))
            self._group.addAction(action)
            self._actions[option] = action
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setFixedHeight(SEGMENT - 4)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)
        self.setFixedHeight(SEGMENT)
        self._actions[options[0]].setChecked(True)

    @property
    def value(self) -> str:
        """The option that is chosen."""
        return next(option for option, action in self._actions.items() if action.isChecked())

    def set_value(self, option: str) -> None:
        """Choose an option and say so, unless it is chosen already; KeyError for a stranger."""
        if not self._actions[option].isChecked():
            self._actions[option].trigger()

    def set_option_enabled(self, option: str, enabled: bool) -> None:
        """Grey an option out, such as Depth for a frame without depth."""
        self._actions[option].setEnabled(enabled)


class ThinSlider(QSlider):
    """A horizontal slider that steps back: a hairline and a small handle."""

    def __init__(self, name: str, theme: Theme, *, width: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFixedWidth(width)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        palette = self._theme.palette
        self.setStyleSheet(
            f"QSlider::groove:horizontal {{ height: 3px; border-radius: 1px;"
            f" background: {palette.bg4}; }}"
            f"QSlider::sub-page:horizontal {{ border-radius: 1px; background: {palette.t3}; }}"
            f"QSlider::handle:horizontal {{ width: 10px; margin: -4px 0; border-radius: 5px;"
            f" background: {palette.t2}; }}"
            f"QSlider::handle:horizontal:focus {{ background: {palette.accent}; }}"
        )


class Tag(QLabel):
    """A word on a tint: `kind` is plain, accent, success, warning or fault."""

    def __init__(self, text: str = "", kind: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.set_kind(kind)

    def set_kind(self, kind: str) -> None:
        """Change the colours."""
        if kind not in ("plain", "accent", "success", "warning", "fault"):
            raise ValueError(f"no such kind of tag: {kind!r}")
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
