"""The panels of the Compare workspace and where they stand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.hand.hand_model import HandModel
from utnet_viewer.compare.head_card import HeadCard
from utnet_viewer.compare.pair_reader import PairReader
from utnet_viewer.compare.pck_panel import PckPanel
from utnet_viewer.compare.result import Result
from utnet_viewer.compare.sample_panel import SamplePanel
from utnet_viewer.compare.scatter import ScatterPanel
from utnet_viewer.compare.strip import StripPanel
from utnet_viewer.compare.table_panel import DifferenceTable, TablePanel
from utnet_viewer.compare.view import joint_column
from utnet_viewer.settings import Settings
from utnet_viewer.state_page import StatePage
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.widgets.controls import SegmentedControl

#: What is remembered under which name.
KEEP = "compare"
METRICS_TAB, JOINTS_TAB, MODELS_TAB = "Figures", "Joints", "Models"

NO_FRAMES = "No frame was measured by both."

#: The mock-up's sizes at 1600x1000; smaller windows keep the proportions.
_CHARTS = (356, 328, 474, 404)
_ROWS = (500, 300)


class Board(QWidget):
    """The head card; charts and tables, or a sample side by side; gains and losses below."""

    def __init__(
        self,
        theme: Theme,
        settings: Settings,
        hand_model: HandModel,
        *,
        name_of: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.theme, self.settings = theme, settings
        self.reader = PairReader(self)
        self.head = HeadCard(theme)
        self.scatter, self.pck = ScatterPanel(theme, name_of=name_of), PckPanel(theme)
        self.figures, self.sequences = TablePanel("Table", theme), TablePanel("Sequences", theme)
        self.metric_table = DifferenceTable(theme, "figure", name_width=108, has_bar=False)
        self.joint_table = DifferenceTable(theme, "joint")
        self.model_table = DifferenceTable(theme, "model")
        self.sequence_table = DifferenceTable(theme, "sequence", name_width=70, has_count=True)
        self.tabs = SegmentedControl((METRICS_TAB, JOINTS_TAB, MODELS_TAB), title="Table")
        self._fill_tables()
        self.sample = SamplePanel(theme, hand_model)
        self.gains = StripPanel("Biggest gains", theme, self.reader, token="accent_text")
        self.losses = StripPanel("Biggest losses", theme, self.reader, token="warning")
        self.gains.set_subtitle("B better")
        self.losses.set_subtitle("B worse")
        self._arrange()
        for name, splitter in self._splitters.items():
            state = settings.bytes(f"{KEEP}/splitter_{name}")
            if not state.isEmpty():
                splitter.restoreState(state)

    def _fill_tables(self) -> None:
        self.figures.add_tool(self.tabs)
        self.tables = {
            METRICS_TAB: self.metric_table,
            JOINTS_TAB: self.joint_table,
            MODELS_TAB: self.model_table,
        }
        for name, table in self.tables.items():
            self.figures.add_table(table, f"{name}: A, B and their difference")
        self.figures.add_tool(self.figures.order)
        self.sequences.add_table(self.sequence_table, "Sequences: A, B and their difference")
        self.sequences.add_tool(self.sequences.order)

    def _arrange(self) -> None:
        self._charts = QSplitter(Qt.Orientation.Horizontal)
        for panel in (self.scatter, self.pck, self.figures, self.sequences):
            self._charts.addWidget(panel)
            panel.setMinimumWidth(232)
        self.upper = QStackedWidget()
        self.upper.addWidget(self._charts)
        self.upper.addWidget(self.sample)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(self.gains)
        lower.addWidget(self.losses)
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.addWidget(self.upper)
        self._rows.addWidget(lower)
        self.upper.setMinimumHeight(220)
        self._splitters = {"charts": self._charts, "rows": self._rows, "lower": lower}
        for splitter in self._splitters.values():
            splitter.setHandleWidth(GUTTER)
            splitter.setChildrenCollapsible(False)
        self._rows.setStretchFactor(0, 5)
        self._rows.setStretchFactor(1, 3)
        self._whole = QWidget()
        inner = QVBoxLayout(self._whole)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GUTTER)
        inner.addWidget(self.head)
        inner.addWidget(self._rows, 1)
        self.page = StatePage(self.theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._whole)
        self.pages.addWidget(self.page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.reset_layout()

    @property
    def shows_sample(self) -> bool:
        """Whether a sample stands where the charts are."""
        return self.upper.currentWidget() is self.sample

    def show_upper(self, *, sample: bool) -> None:
        """A sample side by side, or the charts."""
        self.upper.setCurrentWidget(self.sample if sample else self._charts)

    def actions_of_panels(self) -> dict[str, list[QAction]]:
        """What the panels can do by their titles, for menus and the shortcut sheet."""
        actions = [*self.figures.actions(), *self.sequences.actions()]
        return {
            "Tables": actions,
            "Gains and losses": [*self.gains.actions(), *self.losses.actions()],
            "Side by side": self.sample.actions(),
        }

    def show_tables(self, result: Result) -> None:
        """The rows of a comparison, in the table that is chosen."""
        self.metric_table.show_rows((*result.metrics, result.auc))
        self.metric_table.choose(result.metric.key)
        self.joint_table.show_rows(result.joints, unit=result.joint_unit)
        self.model_table.show_rows(result.models, unit=result.metric.unit)
        if not result.overall.count:
            self.figures.say(NO_FRAMES)
            return
        name = self.tabs.value
        self.figures.stack.setCurrentWidget(self.tables[name])
        about = {METRICS_TAB: "", JOINTS_TAB: result.metric.name, MODELS_TAB: "against A"}
        self.figures.set_subtitle(about[name])

    def show_sequences(self, result: Result) -> None:
        """The rows by sequence."""
        self.sequence_table.show_rows(result.sequences, unit=result.metric.unit)
        self.sequences.set_subtitle(result.metric.name)
        if result.overall.count:
            self.sequences.stack.setCurrentWidget(self.sequence_table)
        else:
            self.sequences.say(NO_FRAMES)

    def show_curves(self, result: Result) -> None:
        """The PCK of a comparison."""
        is_aligned = joint_column(result.metric) == "pa_joint_errors_mm"
        how = "joints, aligned" if is_aligned else "joints, wrist on wrist"
        self.pck.show_curves(result.curves, subtitle=how)

    def reset_layout(self) -> None:
        """As at the very first start."""
        self._charts.setSizes(list(_CHARTS))
        self._rows.setSizes(list(_ROWS))
        self._splitters["lower"].setSizes([1, 1])

    def keep_layout(self) -> None:
        """Remember where the splitters stand."""
        for name, splitter in self._splitters.items():
            self.settings.put(f"{KEEP}/splitter_{name}", splitter.saveState())
