"""The history: the newest edits of everything or of the frame on screen; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QListView, QStackedWidget, QWidget

from utnet_viewer.annotate.history_delegate import HistoryDelegate
from utnet_viewer.annotate.history_model import HistoryModel, history_rows, this_author
from utnet_viewer.document import Document
from utnet_viewer.theme import Theme
from utnet_viewer.widgets.controls import SegmentedControl
from utnet_viewer.widgets.panel import Panel

if TYPE_CHECKING:
    from utnet_viewer.annotate.annotations import Annotations

ALL, FRAME = "All", "Frame"

#: "12 s" is told anew this often while it is seen.
TICK_MS = 1000

#: Edits asked for; older ones are in the store, not in this list.
NEWEST = 200


class HistoryList(QListView):
    """Rows of edits; a click or Return goes to the frame."""

    opened = Signal(int)  # row of the list

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("verdicts")  # the style of lists that paint themselves
        self.setAccessibleName("History of the annotations")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(HistoryDelegate(theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setMinimumHeight(50)
        self.clicked.connect(lambda index: self.opened.emit(index.row()))
        theme.changed.connect(self.viewport().update)

    def keyPressEvent(self, event) -> None:
        """Return goes to the frame."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)


class HistoryPanel(Panel):
    """The list, and whether it is of all frames."""

    frame_wanted = Signal(str, str)  # split, frame

    def __init__(
        self,
        document: Document,
        theme: Theme,
        annotations: Annotations,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("History", theme, parent)
        self._annotations, self._author = annotations, this_author()
        self.model = HistoryModel(self)
        self.list = HistoryList(theme)
        self.list.setModel(self.model)
        self.empty = QLabel()
        self.empty.setObjectName("hint")
        self.empty.setWordWrap(True)
        self.empty.setMargin(12)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.scope = SegmentedControl((ALL, FRAME), title="History")
        self.scope.changed.connect(lambda _scope: self.show_edits())
        self.add_tool(self.scope)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.list)
        self.set_body(self._stack)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self.list.opened.connect(self._on_opened)
        annotations.history_changed.connect(self.show_edits)
        annotations.opened.connect(self.show_edits)
        document.row_changed.connect(lambda _row: self._on_row())
        self.show_edits()

    def show_edits(self) -> None:
        """Show the newest edits."""
        annotations = self._annotations
        is_frame = self.scope.value == FRAME
        frame = annotations.current_frame if is_frame else ""
        edits = [] if is_frame and not frame else annotations.history(frame=frame, limit=NEWEST)
        rows = history_rows(edits, own_author=self._author)
        self.model.show(rows, names_frames=not is_frame)
        if not rows:
            what = "this frame" if is_frame else "this dataset"
            self.empty.setText(f"Nothing was said of {what} yet. Whatever is can be taken back.")
        self._stack.setCurrentWidget(self.list if rows else self.empty)

    def _on_row(self) -> None:
        if self.scope.value == FRAME:
            self.show_edits()

    def _on_opened(self, number: int) -> None:
        row = self.model.rows[number]
        self.frame_wanted.emit(row.split, row.frame)

    def _on_tick(self) -> None:
        self.model.tick()
        self.list.viewport().update()

    def showEvent(self, event) -> None:
        """What is seen tells the time."""
        super().showEvent(event)
        self._on_tick()
        self._tick.start()

    def hideEvent(self, event) -> None:
        """What is not seen needs no clock."""
        super().hideEvent(event)
        self._tick.stop()
