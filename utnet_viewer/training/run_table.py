"""The Runs panel: every run of the folder, to be chosen, compared, opened and put aside."""

from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from core.training.run_folder import RunSummary
from utnet_viewer.theme import TABLE_HEAD, TABLE_ROW, Theme
from utnet_viewer.training.run_delegate import RunDelegate
from utnet_viewer.training.run_model import BEST, DIFFERENCE, NAME, STATUS, TICK, RunModel, RunRow
from utnet_viewer.widgets.controls import make_action

COLUMN_WIDTHS = {TICK: 30, NAME: 112, STATUS: 132, BEST: 76}


class _Table(QTableView):
    """Takes the focus without choosing a run: Qt would make the first row current, unselected."""

    def focusInEvent(self, event) -> None:
        """As Qt does, where there is a current run."""
        if self.currentIndex().isValid():
            super().focusInEvent(event)
        else:
            QWidget.focusInEvent(self, event)

    def mousePressEvent(self, event) -> None:
        """A click on a tick changes the tick, not the run that is shown."""
        index = self.indexAt(event.position().toPoint())
        if index.column() == TICK and event.button() == Qt.MouseButton.LeftButton:
            self.model().toggle(index.row())
        else:
            super().mousePressEvent(event)


class RunTable(QWidget):
    """Table, buttons, and a sentence while there is no run."""

    current_changed = Signal(object)  # Path | None
    ticked_changed = Signal(object)  # frozenset[Path]
    hidden_changed = Signal(object)  # frozenset[str]: names
    baseline_wanted = Signal(object)  # Path
    configuration_wanted = Signal(object)  # Path: its values into the form
    open_best_wanted = Signal(object)  # Path
    folder_wanted = Signal(object)  # Path
    ask_wanted = Signal(object)  # Path: why does its loss not fall?

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summaries: list[RunSummary] = []
        self._differences: dict[Path, tuple[str, str]] = {}
        self.hidden: frozenset[str] = frozenset()
        self._shows_hidden = False
        self.model = RunModel(self)
        self.table = self._make_table(theme)
        self._make_actions()
        self.empty = QLabel()
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(20)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self.open_best = QPushButton("Open best in Inspect")
        self.open_best.clicked.connect(self.open_best_action.trigger)
        self.show_folder = QPushButton("Show folder")
        self.show_folder.clicked.connect(self.folder_action.trigger)
        self.ask = QPushButton("Ask the doctor")
        self.ask.setToolTip("Why does the loss of this run not fall?  (Ctrl+Shift+D)")
        self.ask.clicked.connect(self.ask_action.trigger)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(10, 4, 10, 10)
        buttons.setSpacing(8)
        buttons.addWidget(self.open_best)
        buttons.addWidget(self.ask)
        buttons.addWidget(self.show_folder)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addLayout(buttons)
        self._enable()

    def _make_table(self, theme: Theme) -> _Table:
        table = _Table()
        table.setModel(self.model)
        table.setItemDelegate(RunDelegate(theme, table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setMouseTracking(True)
        table.setAccessibleName("Runs")
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        table.installEventFilter(self)
        rows, heads = table.verticalHeader(), table.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(TABLE_ROW)
        heads.setFixedHeight(TABLE_HEAD)
        heads.setHighlightSections(False)
        heads.setSectionsClickable(False)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(DIFFERENCE, QHeaderView.ResizeMode.Stretch)
        for column, width in COLUMN_WIDTHS.items():
            table.setColumnWidth(column, width)
        table.selectionModel().currentRowChanged.connect(self._on_current)
        self.model.dataChanged.connect(self._on_data_changed)
        return table

    def _make_actions(self) -> None:
        def action(text: str, run, *, shortcut: str = "", checkable: bool = False) -> QAction:
            made = make_action(self, text, shortcut=shortcut, checkable=checkable)
            made.triggered.connect(lambda checked=False: run(checked))
            return made

        self.open_best_action = action(
            "Open best in Inspect",
            lambda _: self._emit(self.open_best_wanted),
            shortcut="Ctrl+B",
        )
        self.folder_action = action(
            "Show the run's folder", lambda _: self._emit(self.folder_wanted)
        )
        self.ask_action = action(
            "Ask the doctor about this run",
            lambda _: self._emit(self.ask_wanted),
            shortcut="Ctrl+Shift+D",
        )
        self.baseline_action = action(
            "Compare the others with this run", lambda _: self._emit(self.baseline_wanted)
        )
        self.configuration_action = action(
            "Use this run's configuration", lambda _: self._emit(self.configuration_wanted)
        )
        self.hide_action = action("Hide this run", lambda _: self._hide_current())
        self.hidden_action = action("Show hidden runs", self.show_hidden, checkable=True)

    @property
    def current(self) -> Path | None:
        """The run that is shown."""
        row = self.table.currentIndex().row()
        return self.model.rows[row].summary.path if 0 <= row < len(self.model.rows) else None

    @property
    def shown(self) -> list[Path]:
        """Every run in the table, in its order."""
        return [row.summary.path for row in self.model.rows]

    # What the window tells.

    def say_empty(self, text: str) -> None:
        """What stands there while there is no run: what to do next."""
        self.empty.setText(text)

    def show_runs(self, summaries: list[RunSummary]) -> None:
        """Show these, newest first as given; hidden ones only where asked for."""
        self._summaries = summaries
        current = self.current
        rows = [
            RunRow(summary, *self._differences.get(summary.path, ("", "")))
            for summary in summaries
            if self._shows_hidden or summary.name not in self.hidden
        ]
        was_reset = [row.summary.path for row in rows] != self.shown
        self.model.show(rows)
        if was_reset and current is not None:
            self.select(current)
        self._stack.setCurrentWidget(self.table if rows else self.empty)
        self._enable()

    def set_difference(self, path: Path, short: str, full: str) -> None:
        """The difference of a run against the baseline became known."""
        self._differences[path] = (short, full)
        self.model.set_difference(path, short, full)

    def set_hidden(self, names: frozenset[str]) -> None:
        """Names of the runs that are not shown."""
        self.hidden = names
        self.show_runs(self._summaries)

    def select(self, path: Path | None) -> None:
        """Choose a run, without a word where it is chosen already or not there."""
        row = self.model.row_of(path)
        if row >= 0 and path != self.current:
            how = QItemSelectionModel.SelectionFlag.ClearAndSelect
            rows = QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(row, NAME), how | rows)
        self._enable()

    def select_next(self, step: int) -> None:
        """The next run in the list."""
        row = self.table.currentIndex().row() + step
        if 0 <= row < len(self.model.rows):
            self.select(self.model.rows[row].summary.path)

    # What the person does.

    #: What a key does in the table, for the shortcut sheet.
    SHEET_KEYS = (
        ("Another run", "Up or Down"),
        ("Draw the run in the charts too", "Space"),
        ("Open its best checkpoint in Inspect", "Return"),
    )

    def eventFilter(self, watched, event) -> bool:
        """Space ticks the current run; Enter opens its best checkpoint."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        row = self.table.currentIndex().row()
        if row >= 0 and event.key() == Qt.Key.Key_Space:
            self.model.toggle(row)
            return True
        if row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_best_action.trigger()
            return True
        return False

    def _show_menu(self, place: QPoint) -> None:
        index = self.table.indexAt(place)
        if index.isValid():
            self.table.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.open_best_action, self.ask_action, self.folder_action])
        menu.addSeparator()
        menu.addActions([self.baseline_action, self.configuration_action])
        menu.addSeparator()
        menu.addActions([self.hide_action, self.hidden_action])
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _hide_current(self) -> None:
        row, current = self.table.currentIndex().row(), self.current
        if current is None:
            return
        self.set_hidden(self.hidden ^ {current.name})
        self.hidden_changed.emit(self.hidden)
        if self.current is None and self.shown:
            self.select(self.shown[min(row, len(self.shown) - 1)])

    def show_hidden(self, is_shown: bool) -> None:
        """Show the runs too that were hidden."""
        self._shows_hidden = is_shown
        self.show_runs(self._summaries)

    def _emit(self, signal) -> None:
        if self.current is not None:
            signal.emit(self.current)

    def _on_current(self, *_: object) -> None:
        self._enable()
        self.current_changed.emit(self.current)

    def _on_data_changed(self, first, last) -> None:
        if first.column() == last.column() == TICK:
            self.ticked_changed.emit(frozenset(self.model.ticked))
        self._enable()

    def _enable(self) -> None:
        row = self.table.currentIndex().row()
        is_there = 0 <= row < len(self.model.rows)
        has_best = is_there and self.model.rows[row].best == self.model.rows[row].best
        for action in (self.folder_action, self.baseline_action, self.configuration_action):
            action.setEnabled(is_there)
        self.hide_action.setEnabled(is_there)
        is_hidden = is_there and self.model.rows[row].summary.name in self.hidden
        self.hide_action.setText("Show this run again" if is_hidden else "Hide this run")
        self.open_best_action.setEnabled(has_best)
        self.open_best.setEnabled(has_best)
        self.open_best.setToolTip(
            "Predict with the run's best checkpoint  (Ctrl+B)"
            if has_best
            else "There is no best checkpoint before the first validation"
        )
        self.show_folder.setEnabled(is_there)
        self.ask_action.setEnabled(is_there)
        self.ask.setEnabled(is_there)
