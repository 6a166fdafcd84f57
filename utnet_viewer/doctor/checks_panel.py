"""The panel with every check and how it came out, and what to do with all of them."""

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from utnet_viewer.doctor.verdict_delegate import VerdictDelegate
from utnet_viewer.doctor.verdict_model import VerdictModel, VerdictRow
from utnet_viewer.theme import PADDING, Theme
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.elided_label import ElidedLabel
from utnet_viewer.widgets.panel import Panel

EMPTY = (
    "Choose above what is examined and press Examine. Each check measures a number, holds it "
    "against a threshold, and names the cause where it is beyond."
)


class ChecksPanel(Panel):
    """Follows the current row; the buttons say what they want."""

    check_chosen = Signal(str)
    again_wanted = Signal()  # the chosen check, and what it blocks

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Checks", theme, parent)
        self.again = IconButton(
            "arrow-clockwise",
            "Test this check and what follows from it again",
            theme,
            shortcut="Ctrl+T",
        )
        self.again.action.triggered.connect(self.again_wanted)
        self.add_tool(self.again)
        self.model = VerdictModel(self)
        self.list = self._make_list()
        self.empty = QLabel(EMPTY)
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setMargin(PADDING)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.list)
        self.note = ElidedLabel()
        self.note.setObjectName("hint")
        self.export = QPushButton("Export…")
        foot = QWidget()
        foot.setObjectName("formFoot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(PADDING, 8, PADDING, 8)
        row.addWidget(self.note, 1)
        row.addWidget(self.export)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addWidget(foot)
        self.set_body(body)
        self._current = ""
        self.show_rows([])

    def _make_list(self) -> QListView:
        view = QListView()
        view.setObjectName("verdicts")
        view.setModel(self.model)
        view.setItemDelegate(VerdictDelegate(self.theme, view))
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setMouseTracking(True)
        view.setAccessibleName("Checks and their verdicts")
        view.selectionModel().currentChanged.connect(self._on_current)
        self.theme.changed.connect(view.viewport().update)
        return view

    @property
    def current(self) -> str:
        """Id of the check that is chosen, "" for none."""
        return self._current

    def show_rows(self, rows: list[VerdictRow], *, note: str = "") -> None:
        """Show these; the chosen check stays chosen where it is still there."""
        current, place = self._current, self.list.verticalScrollBar().value()
        self.model.show(rows)
        self.list.verticalScrollBar().setValue(place)
        self._stack.setCurrentWidget(self.list if rows else self.empty)
        checks = [row for row in rows if row.check]
        self.set_subtitle(f"{len(checks)}" if checks else "")
        self.note.setText(note)
        self._mark(current)
        if self.model.row_of(current) < 0 and current:
            self._current = ""
            self.check_chosen.emit("")

    def select(self, check: str) -> None:
        """Choose a check; nothing where there is none of this id."""
        if check != self._current and self.model.row_of(check) >= 0:
            self._mark(check)
            self.check_chosen.emit(check)

    def _mark(self, check: str) -> None:
        row = self.model.row_of(check)
        if row < 0:
            return
        self._current = check
        if self.list.currentIndex().row() != row:
            index = self.model.index(row)
            how = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.list.selectionModel().setCurrentIndex(index, how)
            self.list.scrollTo(index)

    def _on_current(self, index, _previous) -> None:
        check = self.model.rows[index.row()].check if index.isValid() else ""
        if check and check != self._current:
            self._current = check
            self.check_chosen.emit(check)
