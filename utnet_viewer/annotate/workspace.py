"""The Annotate workspace: queue and history, the photo, mesh with joints and marks."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from utnet_viewer.annotate.edit_card import residual_px
from utnet_viewer.annotate.edit_panel import EditPanel
from utnet_viewer.annotate.editing import HandEditor
from utnet_viewer.annotate.history_panel import HistoryPanel
from utnet_viewer.annotate.joints_panel import JointsPanel
from utnet_viewer.annotate.marks_panel import MarksPanel
from utnet_viewer.annotate.mesh_panel import MeshEditPanel
from utnet_viewer.annotate.queue_panel import QueuePanel
from utnet_viewer.annotate.review_strip import ReviewStrip
from utnet_viewer.annotate.sequence_dialog import SequenceDialog
from utnet_viewer.annotate.suggesting import opening_options
from utnet_viewer.numbers import fixed
from utnet_viewer.processes.fit_client import FitClient
from utnet_viewer.session import Session
from utnet_viewer.state_page import Button, StatePage
from utnet_viewer.theme import GUTTER

#: What is remembered under which name.
KEEP = "annotate"

#: The mock-up's sizes at 1600x1000; smaller windows keep the proportions of the columns.
_LEFT_SHARE, _RIGHT_SHARE = 300 / 1600, 424 / 1600
_LEFT, _RIGHT = (640, 80, 200), (350, 376, 192)
_LEFT_LEAST, _RIGHT_LEAST, _IMAGE_LEAST, _MARKS_LEAST = 248, 348, 420, 246


class AnnotateWorkspace(QWidget):
    """Everything of the tab; what leaves it goes out as signals.

    Made in three steps, each in a turn of its own: with the photo, `make_left`, `make_right`.
    """

    said = Signal(str, str)  # sentence for the status bar, its kind

    def __init__(
        self, session: Session, fitter: FitClient, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_arranged = False
        document, theme, annotations = session.document, session.window.theme, session.annotations
        self._session, self.theme, self.settings = session, theme, session.window.settings
        self.document, self.annotations, self.fitter = document, annotations, fitter
        self.editor = HandEditor(document, annotations, fitter, self)
        self.image = EditPanel(document, theme, self.editor, session.window.actions_)

    def make_left(self) -> None:
        """The queue, the review, the history: the second step of making the tab."""
        session, document, annotations = self._session, self.document, self.annotations
        actions = session.window.actions_
        self.queue = QueuePanel(
            document,
            self.theme,
            annotations,
            session.samples,
            options=lambda: opening_options(session),
        )
        self.review = ReviewStrip(document, self.theme, annotations, actions)
        self.history = HistoryPanel(document, self.theme, annotations)

    def make_right(self) -> None:
        """The mesh, the joints, flags and note, and everything in its place: the last step."""
        document, theme, actions = self.document, self.theme, self._session.window.actions_
        self.mesh = MeshEditPanel(document, self.editor, theme)
        self.joints = JointsPanel(document, theme, self.editor, actions)
        self.sequence: SequenceDialog | None = None  # made when it is first asked for
        self.marks = MarksPanel(document, theme, self.annotations, self.settings, actions)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        left = self._column((self.queue, self.review, self.history), least=_LEFT_LEAST)
        right = self._column((self.mesh, self.joints, self.marks), least=_RIGHT_LEAST)
        self.image.setMinimumWidth(_IMAGE_LEAST)
        self.marks.setMinimumHeight(_MARKS_LEAST)  # its own is that of a much narrower column
        columns = QSplitter(Qt.Orientation.Horizontal)
        for widget in (left, self.image, right):
            columns.addWidget(widget)
        columns.setStretchFactor(1, 1)
        left.setStretchFactor(0, 1)
        right.setStretchFactor(0, 1)
        right.setStretchFactor(1, 1)
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
        self.editor.loaded.connect(self._warm_up)
        self.marks.note_left.connect(self.image.canvas.setFocus)
        self._warm_up()

    def _warm_up(self) -> None:
        """Once, with the first hand that is shown."""
        if self.editor.mano is not None:
            self.editor.loaded.disconnect(self._warm_up)
            self.editor.warm_up()

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
        left = max(_LEFT_LEAST, round(self.width() * _LEFT_SHARE))
        right = max(_RIGHT_LEAST, round(self.width() * _RIGHT_SHARE))
        columns = (left, max(self.width() - left - right, _IMAGE_LEAST), right)
        sizes = {"columns": columns, "left": _LEFT, "right": _RIGHT}
        for name, splitter in self._splitters.items():
            splitter.setSizes(list(sizes[name]))

    def showEvent(self, event) -> None:
        """Sizes are shared out, or taken back, once there is something to share."""
        super().showEvent(event)
        if not self._is_arranged:
            self._is_arranged = True
            QTimer.singleShot(0, self, self._arrange_first)

    def _arrange_first(self) -> None:
        """In a turn of its own: the page has its size by then."""
        self.reset_layout()
        self._restore()

    def _restore(self) -> None:
        for name, splitter in self._splitters.items():
            state = self.settings.bytes(f"{KEEP}/splitter_{name}")
            if not state.isEmpty():
                splitter.restoreState(state)

    def fit_sequence(self) -> None:
        """Show the sequence on screen, to be fitted from its corrected frames."""
        if self.sequence is None:
            self.sequence = SequenceDialog(
                self.document, self.annotations, self.fitter, self.theme, self.window()
            )
            self.sequence.fitting.said.connect(self.said)
            self._session.window.ask_before_closing(self.sequence.keep)
        self.sequence.open_here()

    def shut_down(self) -> None:
        """Keep what is being dragged and typed, end threads and the fitter, remember the layout."""
        if self.sequence is not None:
            self.sequence.shut_down()
        self.editor.shut_down()
        self.marks.flush()
        self.queue.shut_down()
        self.mesh.shut_down()
        self.fitter.shut_down()
        if not self._is_arranged:
            return
        for name, splitter in self._splitters.items():
            self.settings.put(f"{KEEP}/splitter_{name}", splitter.saveState())
