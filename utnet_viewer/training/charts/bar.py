"""The row above the charts: which runs are shown, where the crosshair is, smoothing, following."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from utnet_viewer.theme import SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.charts.legend import Legend, LegendEntry
from utnet_viewer.training.charts.smoothing import AUTOMATIC, SPANS
from utnet_viewer.widgets.controls import IconButton, IconToggle, ThinSlider
from utnet_viewer.widgets.steady_text import say

_HEIGHT = 28


class ChartsBar(QWidget):
    """Controls that hold for all charts."""

    span_chosen = Signal()
    folded_chart_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self.runs = Legend(theme)
        self.readout, self._span_words = self._words(), self._words()
        self.smoothing = ThinSlider("Smoothing of the curves", theme, width=84)
        self.smoothing.setRange(0, len(SPANS) - 1)
        self.smoothing.setPageStep(2)
        self.smoothing.valueChanged.connect(self.span_chosen)
        self.folded = QPushButton("Learning rate")
        self.folded.setObjectName("link")
        self.folded.setToolTip("There is no room for this chart; shows it alone")
        self.folded.clicked.connect(self.folded_chart_requested)
        self.folded.hide()
        self.log = IconToggle("chart-line-up", "Logarithmic charts", theme, checked=True)
        self.log.action.setToolTip(
            "Loss, gradient norm and updates on logarithmic axes  (L on a chart: that one alone)"
        )
        self.follow = IconToggle("arrow-line-right", "Follow the newest step", theme, checked=True)
        self.fit = IconButton("corners-out", "Show all steps", theme)
        self.fit.action.setToolTip("Show all steps  (double click on a chart)")
        self._arrange()
        self.show_span(1)

    @staticmethod
    def _words() -> QLabel:
        label = QLabel()
        label.setObjectName("hint")
        label.setFont(ui_font(SIZE_LABEL))
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return label

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(self.runs, 1)
        for widget in (self.readout, self.folded, self._span_words, self.smoothing):
            layout.addWidget(widget)
        for button in (self.log, self.follow, self.fit):
            layout.addWidget(button)

    @property
    def chosen_span(self) -> int:
        """Steps that smoothing averages over; 1 is none, `AUTOMATIC` leaves it to the charts."""
        return SPANS[self.smoothing.value()]

    def show_runs(self, entries: tuple[LegendEntry, ...]) -> None:
        """Name the runs whose curves are on the charts."""
        self.runs.show_entries(entries)

    def show_position(self, words: str) -> None:
        """Say where the crosshair is."""
        say(self.readout, words)

    def show_following(self, is_following: bool) -> None:
        """Press or release the button without anything happening."""
        self.follow.action.blockSignals(True)
        self.follow.setChecked(is_following)
        self.follow.action.blockSignals(False)

    def show_span(self, span: int) -> None:
        """Say over how many steps the charts are smoothed."""
        words = "no smoothing" if span == 1 else f"smoothing {span:,} steps"
        if self.chosen_span == AUTOMATIC:
            words = "smoothing auto" if span == 1 else f"smoothing auto, {span:,} steps"
        say(self._span_words, words)
        self.smoothing.setToolTip(
            f"{words[0].upper()}{words[1:]}\nAn exponential moving average, debiased; "
            "the faint trace is what was measured"
        )
