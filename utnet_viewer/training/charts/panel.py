"""The six charts of the Train workspace and what they share: steps, crosshair, smoothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from core.training.config import TrainingConfig
from core.training.run_history import RunView
from utnet_viewer.theme import GUTTER, Theme
from utnet_viewer.training.charts import contents
from utnet_viewer.training.charts.bar import ChartsBar
from utnet_viewer.training.charts.chart import Chart
from utnet_viewer.training.charts.content import Content, Ink
from utnet_viewer.training.charts.contents import Settings
from utnet_viewer.training.charts.from_view import ViewReader
from utnet_viewer.training.charts.legend import LegendEntry
from utnet_viewer.training.charts.run_data import RunCurves
from utnet_viewer.training.charts.shared_axis import SharedAxis
from utnet_viewer.training.charts.smoothing import AUTOMATIC, suitable_span
from utnet_viewer.training.charts.turns import Turns
from utnet_viewer.widgets.controls import SegmentedControl

RAW, WEIGHTED = "Raw", "Weighted"
#: A chart smaller than this tells too little; with less room the learning rate folds away.
_LEAST_WIDTH, _LEAST_HEIGHT = 236, 148
_MOST_WORDS = 60


class ChartsPanel(QWidget):
    """Draws runs; the current one in full colours, the others thin and dashed.

    Every change is cheap for the caller: the charts catch up one after the other, in turns of the
    event loop.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.runs: list[RunCurves] = []
        self.settings = Settings(theme.palette)
        self.axis, self.turns = SharedAxis(self), Turns(self)
        self.bar = ChartsBar(theme)
        self.charts = self._make_charts()
        self.loss, self.rate = self.charts[0], self.charts[-1]
        self.expanded: Chart | None = None
        self._grid = QGridLayout()
        self._grid.setSpacing(GUTTER)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.bar)
        layout.addLayout(self._grid, 1)
        self._arrangement: tuple = ()
        self._views: list[RunView] = []
        self._readers: dict[Path, ViewReader] = {}
        self._configs: dict[Path, TrainingConfig] = {}
        self._connect()
        self._arrange()

    # Making.

    def _make_charts(self) -> list[Chart]:
        charts = [
            self._chart("Loss", contents.loss_content, "components", is_log=True),
            self._chart(
                "Gradient share",
                contents.share_content,
                "which term drives the weights",
                can_change_log=False,
            ),
            self._chart("Validation", contents.validation_content, "held-out frames"),
            self._chart("Gradient norm", contents.norm_content, "before clipping", is_log=True),
            self._chart(
                "Update / weight ratio",
                contents.update_content,
                "healthy band 1e-5 – 1e-2",
                is_log=True,
            ),
            self._chart("Learning rate", contents.rate_content, "", can_change_log=False),
        ]
        self._add_loss_tools(charts[0])
        for chart in charts:
            chart.add_expand()
            self.addActions(chart.actions())
        return charts

    def _chart(
        self,
        title: str,
        build: Callable[[Sequence[RunCurves], Settings], Content | None],
        subtitle: str,
        *,
        is_log: bool = False,
        can_change_log: bool = True,
    ) -> Chart:
        chart = Chart(
            title,
            self.theme,
            self.axis,
            build=lambda: build(self.runs, self.settings),
            subtitle=subtitle,
            is_log=is_log,
            can_change_log=can_change_log,
        )
        chart.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        return chart

    def _add_loss_tools(self, loss: Chart) -> None:
        self.weighting = SegmentedControl((RAW, WEIGHTED), title="Loss terms")
        self.weighting.set_value(WEIGHTED)
        self.weighting.changed.connect(self._on_weighting)
        loss.add_tool(self.weighting)

    def _connect(self) -> None:
        for chart in self.charts:
            chart.log_changed.connect(self._show_log)
            chart.wants_turn.connect(lambda chart=chart: self.turns.ask(chart))
            chart.expand_requested.connect(self.toggle_expanded)
            chart.leave_requested.connect(lambda: self.expand(None))
        self.bar.span_chosen.connect(self._on_span)
        self.bar.log.action.triggered.connect(self._on_log)
        self.bar.follow.action.toggled.connect(self._on_follow)
        self.bar.fit.action.triggered.connect(self._fit_all)
        self.bar.folded_chart_requested.connect(lambda: self.expand(self.rate))
        tools = (self.bar.log, self.bar.follow, self.bar.fit)
        self.addActions([action for tool in tools for action in tool.actions()])
        self.axis.range_changed.connect(self._show_following)
        self.axis.cursor_changed.connect(self._show_position)
        self.theme.changed.connect(self._on_theme)

    # Showing.

    def show_runs(self, views: Sequence[RunView], *, current: Path | None) -> None:
        """Show what is known of these runs now; `current` is the one that the charts are about."""
        ordered = sorted(views, key=lambda view: view.path != current)
        readers = {view.path: self._readers.get(view.path) or ViewReader() for view in ordered}
        self._views, self._readers = ordered, readers
        curves = [readers[v.path].read(v, self._configs.get(v.path)) for v in ordered]
        self.show_curves(curves)

    def set_config(self, path: Path, config: TrainingConfig | None) -> None:
        """What a run was started with: gives the clip line and the configured learning rate."""
        if config is not None and self._configs.get(path) != config:
            self._configs[path] = config
            if path in self._readers:
                self.show_runs(self._views, current=self._views[0].path)

    def show_curves(self, runs: Sequence[RunCurves]) -> None:
        """Show these runs; the first is the current one. An empty list empties the charts."""
        if runs and self.runs and runs[0].key != self.runs[0].key:
            self.axis.fit()
        self.runs = list(runs)
        self.settings.smoothers.keep_only({run.edition for run in runs})
        end = max((run.total_steps or 0 for run in runs[:1]), default=0)
        last = max((run.last_step for run in runs), default=0.0)
        self.axis.set_extent(last, float(end))
        self._use_span()
        self._show_runs()
        self._show_position()
        self._mark_all_stale()

    def _mark_all_stale(self) -> None:
        for chart in self.charts:
            chart.mark_stale()

    def _show_runs(self) -> None:
        palette = self.theme.palette
        entries = []
        for position, run in enumerate(self.runs):
            ink = Ink(palette.accent, width=2.5)
            if position:
                ink = contents.other_ink(position - 1, palette)
            entries.append(LegendEntry("", run.name, "", ink, is_line=True))
        self.bar.show_runs(tuple(entries) if len(entries) > 1 else ())

    def _show_position(self) -> None:
        words, step = "", self.axis.cursor
        if step is not None and self.runs:
            words = f"step {step:,.0f}"
            epoch = self.runs[0].epoch_at(step)
            if epoch == epoch and step <= self.runs[0].last_step:
                words += f" · epoch {epoch:,.1f}".removesuffix(".0")
            mark = self.loss.mark_words(step).partition("\n")[0].partition(": ")[2]
            words += f" · {mark[:_MOST_WORDS]}" if mark else ""
        self.bar.show_position(words)

    def _show_following(self) -> None:
        self.bar.show_following(self.axis.is_following)

    # What the person chooses.

    def _on_weighting(self, value: str) -> None:
        self.settings.is_weighted = value == WEIGHTED
        self.loss.mark_stale()

    def _on_span(self) -> None:
        self._use_span()
        self._mark_all_stale()

    def _use_span(self) -> None:
        span = self.bar.chosen_span
        if span == AUTOMATIC:
            span = suitable_span(len(self.runs[0].steps) if self.runs else 0)
        self.settings.span = span
        self.bar.show_span(span)

    @property
    def _log_charts(self) -> list[Chart]:
        """Those whose values span powers of ten: loss, gradient norm, updates."""
        return [self.charts[position] for position in (0, 3, 4)]

    def _on_log(self, is_log: bool) -> None:
        for chart in self._log_charts:
            chart.set_log(is_log)

    def _show_log(self) -> None:
        self.bar.log.setChecked(all(chart.is_log for chart in self._log_charts))

    def _on_follow(self, is_following: bool) -> None:
        self.axis.follow(is_following, self.loss.shown_steps)

    def _fit_all(self) -> None:
        for chart in self.charts:
            chart.fit_values()
        self.axis.fit()

    def _on_theme(self) -> None:
        self.settings.palette = self.theme.palette
        self._show_runs()
        self._mark_all_stale()

    # Arranging.

    def toggle_expanded(self, chart: Chart) -> None:
        """Give a chart the whole room, or all of them theirs again."""
        self.expand(None if self.expanded is chart else chart)

    def expand(self, chart: Chart | None) -> None:
        """Give a chart the whole room; None arranges all of them."""
        if chart is self.expanded:
            return
        before, self.expanded = self.expanded, chart
        for each in self.charts:
            each.show_expanded(each is chart)
        self._arrange()
        (chart or before).plot.setFocus(Qt.FocusReason.OtherFocusReason)  # Esc leads back

    def resizeEvent(self, event) -> None:
        """Other sizes, other arrangements."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns, count = self._fitting_arrangement()
        if (columns, count, self.expanded) == self._arrangement:
            return
        self._arrangement = (columns, count, self.expanded)
        shown = self.charts[:count] if self.expanded is None else [self.expanded]
        for chart in self.charts:
            self._grid.removeWidget(chart)
        for position, chart in enumerate(shown):
            row, column = divmod(position, columns)
            is_last = position == len(shown) - 1
            self._grid.addWidget(chart, row, column, 1, columns - column if is_last else 1)
        rows = -(-len(shown) // columns)
        for line in range(6):
            self._grid.setRowStretch(line, int(line < rows))
            self._grid.setColumnStretch(line, int(line < columns))
        for chart in self.charts:
            chart.setVisible(chart in shown)
        self.bar.folded.setVisible(count < len(self.charts) and self.expanded is None)

    def _fitting_arrangement(self) -> tuple[int, int]:
        """Columns, and how many charts: the learning rate folds first where there is no room."""
        width, height = self.width(), self.height() - self.bar.height()
        everything = len(self.charts)
        for columns, count in ((3, everything), (2, everything), (3, everything - 1)):
            rows = -(-count // columns)
            if width / columns >= _LEAST_WIDTH and height / rows >= _LEAST_HEIGHT:
                return columns, count
        return (3 if width / 3 >= _LEAST_WIDTH else 2), everything - 1
