"""The window's frame: bars, docks, menus, remembered layout. It imports nothing heavy, so that it
is on screen before the libraries that fill it are loaded."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

from utnet_viewer.actions import Actions
from utnet_viewer.crash_log import log
from utnet_viewer.docks import INSPECT, WORKSPACES, Docks, Workspace, workspace_named
from utnet_viewer.notices import Notice
from utnet_viewer.settings import Settings
from utnet_viewer.state_page import StatePage
from utnet_viewer.status_bar import StatusBar
from utnet_viewer.theme import DARK, GUTTER, LIGHT, Theme
from utnet_viewer.timeline import Timeline
from utnet_viewer.top_bar import TopBar
from utnet_viewer.widgets.focus_ring import FocusRing
from utnet_viewer.widgets.panel import Panel

#: Raised when the docks change their names or number: an older saved layout is not applied then.
LAYOUT_VERSION = 1

#: What the panels' own states are remembered under.
PANELS_KEY = "panels"


class MainWindow(QMainWindow):
    """The frame; `utnet_viewer.session.Session` fills it."""

    painted = Signal()  # once, after the first paint
    paths_dropped = Signal(list)  # list[Path]
    workspace_changed = Signal(str)  # its name
    page_reset_wanted = Signal()  # the page that is shown is to be arranged as at first
    closing = Signal()

    def __init__(self, theme: Theme, settings: Settings, *, remembers_layout: bool = True) -> None:
        super().__init__()
        self.theme, self.settings = theme, settings
        self._remembers_layout, self._has_painted = remembers_layout, False
        self._panels: list[Panel] = []
        self.setWindowTitle("UTNet Viewer")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        # Not Qt's list of bars and docks: whoever listens says what can be done with a panel.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setContentsMargins(GUTTER, 0, GUTTER, 0)
        self.actions_ = Actions(self)
        self.top_bar = TopBar(theme)
        self.setMenuWidget(self.top_bar)
        self.docks = Docks(self, theme, INSPECT.docks)
        self.docks.arrange()
        self.timeline, self.status = Timeline(theme), StatusBar(theme)
        # The bottom area fills from below.
        self._add_bar("Status", self.status)
        self.addToolBarBreak(Qt.ToolBarArea.BottomToolBarArea)
        self._timeline_bar = self._add_bar("Timeline", self.timeline)
        self.page = StatePage(theme, self)
        self.page.hide()
        self.top_bar.resized.connect(self._place_page)
        self._focus_ring = FocusRing(theme, self)
        self.workspace = INSPECT
        self._pages = QStackedWidget()  # of the workspaces without docks
        self._pages.hide()
        self.setCentralWidget(self._pages)
        self._page_makers: dict[str, Callable[[], QWidget]] = {}
        self._made_pages: dict[str, QWidget] = {}
        self._dock_layout = QByteArray()  # while the docks are not shown
        self._close_questions: list[Callable[[], bool]] = []
        self._last_questions: list[Callable[[], bool]] = []
        self._add_tabs()

    def _add_bar(self, title: str, widget: QWidget) -> QToolBar:
        bar = QToolBar(title)
        bar.setObjectName(f"bar{title}")
        bar.setMovable(False)
        bar.toggleViewAction().setEnabled(False)
        gap = QWidget()
        layout = QVBoxLayout(gap)
        layout.setContentsMargins(0, GUTTER if widget is self.timeline else 0, 0, 0)
        layout.addWidget(widget)
        bar.addWidget(gap)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)
        return bar

    # Workspaces.

    def _add_tabs(self) -> None:
        for workspace in WORKSPACES:
            action = self.actions_.add(
                f"workspace_{workspace.name.lower()}",
                workspace.name,
                lambda shown=workspace: self.show_workspace(shown),
                group="View",
                shortcut=workspace.key,
                checkable=True,
            )
            action.setChecked(workspace == INSPECT)
            self.top_bar.add_tab(action, workspace.icon)

    def set_page(self, workspace: Workspace, make: Callable[[], QWidget]) -> None:
        """Say who makes the page of a workspace without docks, when it is first shown."""
        self._page_makers[workspace.name] = make
        if self.workspace == workspace:
            QTimer.singleShot(0, self, lambda: self._show_page(self.workspace))

    def show_workspace(self, workspace: Workspace) -> None:
        """Show a workspace's docks or page; the docks keep their arrangement meanwhile."""
        self.actions_[f"workspace_{workspace.name.lower()}"].setChecked(True)
        if workspace == self.workspace:
            return
        if self.workspace.docks:
            self._dock_layout = self.saveState(LAYOUT_VERSION)
        self.workspace = workspace
        self.setUpdatesEnabled(False)
        self._pages.setVisible(not workspace.docks)
        self._timeline_bar.setVisible(bool(workspace.docks))
        if workspace.docks:
            self._restore_docks()
        else:
            self.setFocus()  # or hiding the docks hands it on as Tab does, and marks where it is
            for dock in self.docks.values():
                dock.hide()
            self._show_page(workspace)
        self.page.allow(bool(workspace.docks))
        self.actions_.use_workspace(workspace.name)
        # The focus belongs to what is seen, not to the next button in the tab order.
        (self.page.returns_focus_to or self if workspace.docks else self._pages).setFocus()
        self.setUpdatesEnabled(True)
        self.workspace_changed.emit(workspace.name)

    def _restore_docks(self) -> None:
        if not self.restoreState(self._dock_layout, LAYOUT_VERSION):
            self.docks.arrange()
            QTimer.singleShot(0, self, self.docks.proportion)

    def _show_page(self, workspace: Workspace) -> None:
        """Show the page, making it where that is possible already."""
        self.make_page(workspace)
        if workspace.name in self._made_pages:
            self._pages.setCurrentWidget(self._made_pages[workspace.name])

    def make_page(self, workspace: Workspace) -> None:
        """Make a page before it is shown, where that is possible already: another one needs it."""
        name = workspace.name
        if name not in self._made_pages and name in self._page_makers:
            self._made_pages[name] = self._page_makers[name]()
            self._pages.addWidget(self._made_pages[name])

    # Panels.

    def add_panel(self, title: str, panel: Panel) -> None:
        """Put a panel into its dock, list its actions, restore its state."""
        self.docks.fill(title, panel)
        self._panels.append(panel)
        self.actions_.adopt(title, panel.actions(), workspace=INSPECT.name)
        if self._remembers_layout:
            self._restore_panel(panel)

    def _restore_panel(self, panel: Panel) -> None:
        state = self.settings.text(f"{PANELS_KEY}/{panel.title}")
        if not state:
            return
        try:
            panel.restore_state(state)
        except ValueError as error:
            log.warning("the settings of the %s panel are not used: %s", panel.title, error)

    def _save_panels(self) -> None:
        for panel in self._panels:
            self.settings.put(f"{PANELS_KEY}/{panel.title}", panel.save_state())

    # Notices.

    def add_notice(self, notice: Notice) -> None:
        """Show a bar under the top bar until it is dismissed; the same words only once."""
        self.drop_notices(notice.title)
        self.top_bar.notices.addWidget(notice)

    def drop_notices(self, title: str) -> None:
        """Take away what was said under this title: it is no longer so."""
        layout = self.top_bar.notices
        for position in range(layout.count()):
            notice = layout.itemAt(position).widget()
            if isinstance(notice, Notice) and notice.title == title:
                notice.deleteLater()

    # The layout from last time.

    def place(self, size: tuple[int, int] | None = None) -> None:
        """Take the size asked for, else last time's place, else a size that fits the screen."""
        if size is not None:
            self.resize(*size)
        elif not self._remembers_layout or not self.restoreGeometry(
            self.settings.bytes("geometry")
        ):
            room = QGuiApplication.primaryScreen().availableSize()
            self.resize(min(1600, room.width()), min(1000, room.height()))
        if self._remembers_layout and size is None:
            self._dock_layout = self.settings.bytes("layout")
        self._restore_docks()
        name = self.settings.text("workspace") if self._remembers_layout else ""
        self.show_workspace(workspace_named(name))

    def reset_layout(self) -> None:
        """Arrange what is seen as at the very first start."""
        if not self.workspace.docks:
            self.page_reset_wanted.emit()
            return
        for dock in self.docks.values():
            dock.setFloating(False)
        self.docks.arrange()
        QTimer.singleShot(0, self, self.docks.proportion)

    def save_layout(self) -> None:
        """Remember geometry, docks and what the panels show."""
        if self._remembers_layout:
            is_docked = bool(self.workspace.docks)
            layout = self.saveState(LAYOUT_VERSION) if is_docked else self._dock_layout
            self.settings.put("geometry", self.saveGeometry())
            self.settings.put("layout", layout)
            self.settings.put("workspace", self.workspace.name)
            self._save_panels()

    # Theme.

    def follow_theme(self, choice: str) -> None:
        """Use "light", "dark", or with "system" whatever the system asks for now."""
        scheme = QGuiApplication.styleHints().colorScheme()
        wants_light = choice == "light" or (choice == "system" and scheme == Qt.ColorScheme.Light)
        self.theme.use(LIGHT if wants_light else DARK)

    # Events.

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab: from now on the focus is marked."""
        self._focus_ring.begin()
        return super().focusNextPrevChild(forward)

    def resizeEvent(self, event) -> None:
        """Keep the state page over the docks."""
        super().resizeEvent(event)
        self._place_page()

    def _place_page(self) -> None:
        top = self.top_bar.height()
        height = self.timeline.mapTo(self, QPoint(0, 0)).y() - top
        self.page.setGeometry(GUTTER, top, self.width() - 2 * GUTTER, max(0, height))

    def paintEvent(self, event) -> None:
        """Say once that the window has been painted."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def dragEnterEvent(self, event) -> None:
        """Folders and files of this computer can be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        """Hand on what was dropped."""
        urls = event.mimeData().urls()
        event.acceptProposedAction()
        self.paths_dropped.emit([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])

    def ask_before_closing(self, may_close: Callable[[], bool], *, is_last: bool = False) -> None:
        """`may_close` says whether the window may close now; it may ask, and close it later.

        They are asked in the order in which they came, the last one after all others: what those
        still write down is its concern.
        """
        questions = self._last_questions if is_last else self._close_questions
        questions.append(may_close)

    def ask_nothing_more(self) -> None:
        """Close without asking anybody from now on."""
        self._close_questions.clear()
        self._last_questions.clear()

    def closeEvent(self, event) -> None:
        """Remember the layout and let the session end its processes."""
        # A window that is there for a picture asks nobody.
        asked = [*self._close_questions, *self._last_questions]
        questions = asked if self._remembers_layout else []
        if not all(may_close() for may_close in questions):
            event.ignore()
            return
        self.save_layout()
        self.closing.emit()
        super().closeEvent(event)
