"""The Annotate workspace: queue and history, the photo, mesh with joints and marks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from utnet_viewer.annotate.edit_card import residual_px
from utnet_viewer.annotate.edit_panel import EditPanel
from utnet_viewer.annotate.editing import HandEditor
from utnet_viewer.annotate.mesh_panel import MeshEditPanel
from utnet_viewer.annotate.queue_panel import QueuePanel
from utnet_viewer.numbers import fixed
from utnet_viewer.processes.fit_client import FitClient
from utnet_viewer.session import Session
from utnet_viewer.state_page import Button, StatePage
from utnet_viewer.theme import GUTTER
from utnet_viewer.widgets.panel import Panel

#: What is remembered under which name.
KEEP = "annotate"

#: The mock-up's sizes at 1600x1000; smaller windows keep the proportions.
_COLUMNS = (300, 852, 424)
_LEFT = (690, 80, 150)
_RIGHT = (350, 376, 192)
_LEFT_LEAST, _RIGHT_LEAST, _IMAGE_LEAST = 232, 300, 420


class AnnotateWorkspace(QWidget):
    """Everything of the tab; what leaves it goes out as signals."""

    said = Signal(str, str)  # sentence for the status bar, its kind
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(
        self, session: Session, fitter: FitClient, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        document, theme = session.document, session.window.theme
        self._session, self.theme, self.settings = session, theme, session.window.settings
        self.document, self.annotations, self.fitter = document, session.annotations, fitter
        self.editor = HandEditor(document, session.annotations, fitter, self)
        self.image = EditPanel(document, theme, self.editor)
        # The left column, from above: D's queue, F's review strip, F's history.
        self.queue = QueuePanel(document, theme, session.annotations, session.samples)
        self.review = _empty("Review", theme)
        self.history = _empty("History", theme)
        # The right column, from above: G's mesh, F's joints, F's flags and note.
        self.mesh = MeshEditPanel(document, self.editor, theme)
        self.joints = _empty("Joints", theme)
        self.marks = _empty("Flags and note", theme)
        self._arrange()
        self._connect()
        self._restore()

    def _arrange(self) -> None:
        left = self._column((self.queue, self.review, self.history), least=_LEFT_LEAST)
        right = self._column((self.mesh, self.joints, self.marks), least=_RIGHT_LEAST)
        self.image.setMinimumWidth(_IMAGE_LEAST)
        columns = QSplitter(Qt.Orientation.Horizontal)
        for widget in (left, self.image, right):
            columns.addWidget(widget)
        columns.setStretchFactor(1, 1)
        self._splitters = {"columns": columns, "left": left, "right": right}
        for splitter in self._splitters.values():
            splitter.setHandleWidth(GUTTER)
            splitter.setChildrenCollapsible(False)
        self.page = StatePage(self.theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(columns)
        self.pages.addWidget(self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.reset_layout()

    @staticmethod
    def _column(widgets: tuple[QWidget, ...], *, least: int) -> QSplitter:
        column = QSplitter(Qt.Orientation.Vertical)
        for widget in widgets:
            column.addWidget(widget)
        column.setMinimumWidth(least)
        return column

    def _connect(self) -> None:
        self.editor.said.connect(self.said)
        self.editor.committed.connect(self._say_fit)
        self.image.undo_wanted.connect(self.undo_wanted)
        self.image.redo_wanted.connect(self.redo_wanted)

    # What the window does with it.

    def actions_of_panels(self) -> dict[str, list[QAction]]:
        """What the panels can do by their titles, for menus and the shortcut sheet."""
        panels = {
            "Queue": self.queue,
            "Edited photo": self.image,
            "Edited mesh": self.mesh,
            "Joints": self.joints,
            "Flags and note": self.marks,
            "History": self.history,
        }
        return {title: panel.actions() for title, panel in panels.items() if panel.actions()}

    def show_message(self, icon: str, title: str, text: str, buttons: list[Button]) -> None:
        """Words instead of everything: there is nothing to annotate."""
        self.page.show_message(icon, title, text, buttons)
        self.pages.setCurrentWidget(self.page)

    def show_panels(self) -> None:
        """There is something to annotate."""
        self.pages.setCurrentIndex(0)

    @property
    def is_settled(self) -> bool:
        """Whether everything that will come by itself is there."""
        return self.mesh.is_settled and not self.editor.is_refitting

    def _say_fit(self) -> None:
        fit = self.editor.fit
        if fit is not None:
            residual = residual_px(self.editor)
            words = f"Refitted the hand in {fixed(fit.milliseconds, 0)} ms"
            self.said.emit(f"{words}, residual {fixed(residual)} px", "success")

    # What is remembered.

    def reset_layout(self) -> None:
        """As at the very first start."""
        sizes = {"columns": _COLUMNS, "left": _LEFT, "right": _RIGHT}
        for name, splitter in self._splitters.items():
            splitter.setSizes(list(sizes[name]))

    def _restore(self) -> None:
        for name, splitter in self._splitters.items():
            state = self.settings.bytes(f"{KEEP}/splitter_{name}")
            if not state.isEmpty():
                splitter.restoreState(state)

    def shut_down(self) -> None:
        """Keep what is being dragged, end threads and the fitter, remember the layout."""
        self.editor.shut_down()
        self.queue.shut_down()
        self.mesh.shut_down()
        self.fitter.shut_down()
        for name, splitter in self._splitters.items():
            self.settings.put(f"{KEEP}/splitter_{name}", splitter.saveState())


def _empty(title: str, theme) -> Panel:
    """Where a panel will stand."""
    panel = Panel(title, theme)
    panel.set_body(QWidget())
    return panel
