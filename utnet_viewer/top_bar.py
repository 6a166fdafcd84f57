"""The bar at the top: the mark, menus, workspace tabs, and chips that say what is in use."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenuBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.theme import ICON, TOP_BAR, Theme
from utnet_viewer.widgets.icons import icon


class Mark(QWidget):
    """The project's mark: five fingers in the five finger colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(24, 24)
        theme.changed.connect(self.update)

    def paintEvent(self, event) -> None:
        """Five strokes from a wrist."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        wrist = QPointF(12, 20.5)
        tips = {"thumb": (3.2, 12.5), "index": (6.8, 5.2), "middle": (12, 3.2), "ring": (17.2, 5.2)}
        tips["pinky"] = (20.8, 11)
        for finger, tip in tips.items():
            pen = QPen(palette.colour(finger), 2.3)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(wrist, QPointF(*tip))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.colour("t1"))
        painter.drawEllipse(wrist, 2.2, 2.2)


class Chip(QToolButton):
    """What is in use (dataset, model, hand, device); a click opens the matching action."""

    TEXT_LIMIT = 26
    #: Between icon and words, at most.
    _GAP = 10

    def __init__(self, icon_name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self._icon_name, self._theme, self._dot = icon_name, theme, ""
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(ICON, ICON))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._tint)
        self._tint()

    def say(self, text: str, *, hint: str, dot: str = "") -> None:
        """Show a text; `hint` explains it in full, `dot` is a palette token or ""."""
        limit = self.TEXT_LIMIT
        shown = text if len(text) <= limit else text[: limit - 9] + "…" + text[-8:]
        self._dot = dot
        # Room for the dot, which is painted over the button's end.
        self.setText(f" {shown}" + ("     " if dot else ""))
        self.setToolTip(hint)
        self.setAccessibleName(hint)
        self.update()

    @property
    def is_short(self) -> bool:
        """Whether only the icon is shown; the hint has the words."""
        return self.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly

    @property
    def words_width(self) -> int:
        """What leaving the words away saves, rather too much than too little."""
        return self.fontMetrics().horizontalAdvance(self.text()) + self._GAP

    def set_short(self, is_short: bool) -> None:
        """Show the icon alone, or the words as well."""
        if is_short != self.is_short:
            styles = Qt.ToolButtonStyle
            words = styles.ToolButtonTextBesideIcon
            self.setToolButtonStyle(styles.ToolButtonIconOnly if is_short else words)

    def _tint(self) -> None:
        self.setIcon(icon(self._icon_name, self._theme.palette.t2))

    def paintEvent(self, event) -> None:
        """The button and its coloured dot."""
        super().paintEvent(event)
        if not self._dot:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._theme.palette, self._dot)))
        painter.drawEllipse(QRectF(self.width() - 18, self.height() / 2 - 3.5, 7, 7))


class TopBar(QFrame):
    """46 px above everything; below it there is room for notices."""

    resized = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self._theme = theme
        self.menus = QMenuBar()
        self.menus.setNativeMenuBar(False)
        self.menus.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.dataset = Chip("database", theme)
        self.model = Chip("tree-structure", theme)
        self.hand = Chip("hand", theme)
        self.device = Chip("cpu", theme)
        self._tabs = QHBoxLayout()
        self._tabs.setSpacing(4)
        self._tab_group = QActionGroup(self)
        self._tab_icons: list[tuple[QAction, str]] = []
        self.notices = QVBoxLayout()
        self.notices.setSpacing(0)
        self._arrange()
        theme.changed.connect(self._tint)

    def resizeEvent(self, event) -> None:
        """Notices come and go below the bar."""
        super().resizeEvent(event)
        self._give_room()
        self.resized.emit()

    def eventFilter(self, bar: QWidget, event: QEvent) -> bool:
        """Words, tabs or menus in the bar have changed."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._give_room()
        return super().eventFilter(bar, event)

    def _give_room(self) -> None:
        """Chips lose their words one after the other before a menu or a tab is hidden."""
        # The status bar names the hand as well. The device's dot needs its room, and is short.
        chips = (self.hand, self.model, self.dataset)
        wanted = self._bar.layout().sizeHint().width()
        wanted += sum(chip.words_width for chip in chips if chip.is_short)
        for chip in chips:
            chip.set_short(wanted > self.width())
            wanted -= chip.words_width if chip.is_short else 0

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(Mark(self._theme))
        row.addSpacing(4)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addLayout(self._tabs)
        row.addStretch(1)
        for chip in (self.dataset, self.model, self.hand, self.device):
            row.addWidget(chip)
        bar = self._bar = QWidget()
        bar.setFixedHeight(TOP_BAR)
        bar.setLayout(row)
        bar.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addLayout(self.notices)

    def add_tab(self, action: QAction, icon_name: str) -> None:
        """A workspace; its action is checkable and shared with the View menu."""
        action.setIconText(f" {action.text()}")
        self._tab_group.addAction(action)
        self._tab_icons.append((action, icon_name))
        button = QToolButton()
        button.setObjectName("workspaceTab")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(ICON, ICON))
        button.setDefaultAction(action)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tabs.addWidget(button)
        self._tint()

    def _tint(self) -> None:
        palette = self._theme.palette
        for action, name in self._tab_icons:
            action.setIcon(icon(name, palette.t2, on=palette.accent_text))
