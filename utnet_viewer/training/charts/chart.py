"""One chart: header, legend with values, plot. What it shows is a `Content`."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QLabel, QWidget

from utnet_viewer.theme import SIZE_AXIS, SIZE_LABEL, Theme, ui_font
from utnet_viewer.training.charts import layout
from utnet_viewer.training.charts.content import Content, Series
from utnet_viewer.training.charts.crosshair import Crosshair, Dot
from utnet_viewer.training.charts.legend import Legend, LegendEntry
from utnet_viewer.training.charts.scales import Ticks, linear_ticks, log_ticks, step_ticks
from utnet_viewer.training.charts.shared_axis import SharedAxis
from utnet_viewer.training.charts.step_plot import StepPlot
from utnet_viewer.training.charts.traces import TracesItem
from utnet_viewer.widgets.controls import IconButton
from utnet_viewer.widgets.panel import Panel

#: From this height on the legend may take a second row; expanded a third.
_TALL, _VERY_TALL = 210, 420
_END_PX = 8.0


class Chart(Panel):
    """Draws a `Content` over the shared step axis.

    It works only when it is given a turn (`take_turn`), which it asks for by `wants_turn`: so that
    many charts never keep the event loop for long. `build` gives what is to be shown, or None
    where it needs another turn for that.
    """

    wants_turn = Signal()
    expand_requested = Signal(object)  # this chart
    leave_requested = Signal()
    log_changed = Signal(bool)

    def __init__(
        self,
        title: str,
        theme: Theme,
        axis: SharedAxis,
        *,
        build: Callable[[], Content | None],
        subtitle: str = "",
        is_log: bool = False,
        can_change_log: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, theme, parent)
        self.axis, self.is_log = axis, is_log
        self._build, self._can_change_log = build, can_change_log
        self._is_stale = True
        self.content = Content()
        self.layout_ = layout.Layout()
        self.hidden: set[str] = set()
        self._values: tuple[float, float] | None = None
        self._ticks: dict[str, Ticks] = {}
        self.legend = Legend(theme)
        self.plot = StepPlot(axis, next_step=self._next_step)
        self.traces, self.crosshair = TracesItem(), Crosshair()
        self.plot.addItem(self.traces, ignoreBounds=True)
        self.plot.addItem(self.crosshair, ignoreBounds=True)
        self.notice, self.note = self._label(SIZE_LABEL), self._label(SIZE_AXIS)
        self.notice.setWordWrap(True)
        self.expand_button = IconButton("arrows-out-simple", f"Enlarge {title.lower()}", theme)
        self._subtitle = subtitle
        self._name()
        self.set_legend(self.legend)
        self.set_body(self.plot)
        self._connect()
        self.restyle()

    def _label(self, size_px: int) -> QLabel:
        label = QLabel(self.plot)
        label.setFont(ui_font(size_px))
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.hide()
        return label

    def _name(self) -> None:
        self._say_scale()
        self.plot.setAccessibleName(f"{self.title}, chart")
        self.plot.setAccessibleDescription(StepPlot.KEYS)
        self.expand_button.action.setToolTip(
            f"Enlarge {self.title.lower()}, and back (Enter on the chart)\n\n{StepPlot.KEYS}"
        )

    def _connect(self) -> None:
        self.axis.range_changed.connect(self._on_range_changed)
        self.axis.cursor_changed.connect(self.show_values)
        self.theme.changed.connect(self.restyle)
        self.legend.toggled.connect(self.toggle_series)
        plot = self.plot
        plot.tip_at = self._tip_at
        plot.values_zoomed.connect(self._zoom_values)
        plot.values_panned.connect(self._pan_values)
        plot.fit_requested.connect(self.fit)
        plot.expand_requested.connect(lambda: self.expand_requested.emit(self))
        plot.leave_requested.connect(self.leave_requested)
        plot.log_requested.connect(lambda: self.set_log(not self.is_log))
        plot.series_requested.connect(self._toggle_at)
        plot.getViewBox().sigResized.connect(lambda _box: self.wants_turn.emit())
        self.expand_button.action.triggered.connect(lambda: self.expand_requested.emit(self))

    def set_words(self, subtitle: str) -> None:
        """Other words beside the title; the scale follows them."""
        self._subtitle = subtitle
        self._say_scale()

    def _say_scale(self) -> None:
        parts = [self._subtitle, "log" if self.is_log else ""]
        self.set_subtitle(" · ".join(part for part in parts if part))

    def add_expand(self) -> None:
        """The button at the right end of the header, after the chart's own tools."""
        self.add_tool(self.expand_button)

    # What is shown.

    def mark_stale(self) -> None:
        """There is something else to show; it is asked for when it is the chart's turn."""
        self._is_stale = True
        self.wants_turn.emit()

    def take_turn(self) -> None:
        """Do what is due: fetch what is new, lay it out. Numbers that take long are fetched in
        several turns."""
        if self._is_stale:
            content = self._build()
            if content is None:
                self.wants_turn.emit()
                return
            self._is_stale, self.content = False, content
        self.relayout()

    def _on_range_changed(self) -> None:
        """The chart in hand moves at once, the others when it is their turn."""
        if self.plot.underMouse() or self.plot.hasFocus():
            self.relayout()
        else:
            self.wants_turn.emit()

    def set_log(self, is_log: bool) -> None:
        """Logarithmic or linear values, where the chart has both."""
        if self._can_change_log and is_log != self.is_log:
            self.is_log, self._values = is_log, None
            self._say_scale()
            self.log_changed.emit(is_log)
            self.relayout()

    def fit(self) -> None:
        """Everything in view again, in steps and values."""
        self.fit_values()
        self.axis.fit()

    def fit_values(self) -> None:
        """The value axis fits what is in view again."""
        self._values = None
        self.wants_turn.emit()

    def show_expanded(self, is_expanded: bool) -> None:
        """Say with the button what it does next."""
        self.expand_button.set_icon("arrows-in-simple" if is_expanded else "arrows-out-simple")

    def toggle_series(self, key: str) -> None:
        """Hide a series or show it again; the values fit what is left."""
        self.hidden ^= {key}
        self.relayout()

    def _toggle_at(self, position: int) -> None:
        titled = [series for series in self.content.series if series.title]
        if position < len(titled):
            self.toggle_series(titled[position].key)

    @property
    def shown_steps(self) -> tuple[float, float]:
        """First and last step that are to be in view."""
        if self.axis.span is not None:
            return self.axis.span
        # Room for half a mark at the end.
        room = _END_PX / max(self.plot.view_px.width(), 4 * _END_PX)
        return 0.0, max(self.content.last_step, self.content.end_step, 1.0) * (1.0 + room)

    def relayout(self) -> None:
        """Cut the series down to what the view can show, fit the values, place ticks and words."""
        box = self.plot.view_px
        left, right = self.shown_steps
        self.layout_ = layout.lay_out(
            self.content,
            span=(left, right),
            width_px=max(box.width(), 16.0),
            is_log=self.is_log,
            hidden=frozenset(self.hidden),
            palette=self.theme.palette,
            values=self._values,
        )
        low, high = self.layout_.value_range
        self.plot.setXRange(left, right)
        self.plot.setYRange(low, high)
        self._set_ticks("bottom", self._step_ticks(left, right, box.width()))
        self._set_ticks("left", self._value_ticks(low, high, box.height()))
        self.traces.show_drawing(self.layout_.drawing)
        self._say(self.content.empty, self.layout_.note)
        self.show_values()

    def _set_ticks(self, side: str, ticks: Ticks) -> None:
        """An axis is drawn anew for every list it is given, also for an equal one."""
        if self._ticks.get(side) != ticks:
            self._ticks[side] = ticks
            self.plot.getAxis(side).setTicks([ticks])

    def _step_ticks(self, left: float, right: float, width_px: float) -> Ticks:
        advance = QFontMetricsF(ui_font(SIZE_AXIS)).horizontalAdvance
        return (
            []
            if self.content.empty
            else step_ticks(left, right, width_px=width_px, advance=advance)
        )

    def _value_ticks(self, low: float, high: float, height_px: float) -> Ticks:
        if self.content.empty:
            return []
        ticks = log_ticks if self.is_log else linear_ticks
        return ticks(low, high, height_px=height_px)

    # The crosshair and the legend.

    def show_values(self) -> None:
        """Move the crosshair and say the values under it; without one, the last."""
        cursor = self.axis.cursor
        step = self.content.last_step if cursor is None else cursor
        visible = [s for s in self.content.series if s.key not in self.hidden]
        dots = [
            self._dot(s, step)
            for s in visible
            if s.floor is None and not s.only_dots and (cursor is not None or s.has_end_dot)
        ]
        self.crosshair.show_at(cursor, tuple(dot for dot in dots if dot is not None))
        entries = [self._entry(s, step) for s in self.content.series if s.title]
        levels = [
            LegendEntry("", v.title, v.text, v.ink, is_line=True) for v in self.content.levels
        ]
        self.legend.show_entries(tuple(entries + [v for v in levels if v.title]))

    def _dot(self, series: Series, step: float) -> Dot | None:
        """On the point of a line that is nearest to a step."""
        row = series.curve.nearest(step)
        if row < 0:
            return None
        x, y = series.curve.step[row], series.line[row]
        if self.is_log:
            y = np.log10(y) if y > 0 else np.nan
        return Dot(float(x), float(y), series.ink.colour) if np.isfinite(y) else None

    def _entry(self, series: Series, step: float) -> LegendEntry:
        value, is_warning = series.read(step)
        is_hidden = series.key in self.hidden
        return LegendEntry(
            series.key, series.title, value, series.ink, series.is_stroke, is_warning, is_hidden
        )

    def _next_step(self, step: float | None, points: int) -> float | None:
        """The step of the data so many points after the one nearest to `step`."""
        curves = [s.curve for s in self.content.series if len(s.curve)]
        if not curves:
            return None
        longest = max(curves, key=len)
        row = min(max(longest.nearest(step) + points, 0), len(longest) - 1)
        return float(longest.step[row])

    def mark_words(self, step: float) -> str:
        """What the marks at a step say; "" where there is none."""
        left, right = self.plot.shown
        share = (step - left) / (right - left)
        return self.layout_.tip_at(share * self.plot.view_px.width(), 0)

    def _tip_at(self, place: QPointF) -> str:
        box = self.plot.view_px
        return self.layout_.tip_at(place.x() - box.left(), box.bottom() - place.y())

    # Values.

    def _zoom_values(self, factor: float, about: float) -> None:
        if self.content.value_range is None:
            low, high = self.layout_.value_range
            self._values = (about - (about - low) * factor, about + (high - about) * factor)
            self.relayout()

    def _pan_values(self, by: float) -> None:
        """Only where the values have been zoomed: a fitted axis stays fitted."""
        if self._values is not None:
            self._values = (self._values[0] + by, self._values[1] + by)
            self.relayout()

    # Looks.

    def restyle(self) -> None:
        """Take the theme's colours."""
        palette = self.theme.palette
        self.plot.restyle(palette)
        self.crosshair.set_colours(palette.colour("t1", 0.75), palette.colour("bg2"))
        paper = palette.colour("bg2", 0.8).name(QColor.NameFormat.HexArgb)
        words = f"background: {paper}; padding: 1px 6px;"
        self.notice.setStyleSheet(f"color: {palette.t3}; {words}")
        self.note.setStyleSheet(f"color: {palette.fault}; {words}")
        self.wants_turn.emit()

    def showEvent(self, event) -> None:
        """Catch up with what happened while nobody saw the chart."""
        super().showEvent(event)
        self.wants_turn.emit()

    def resizeEvent(self, event) -> None:
        """More room is more legend."""
        super().resizeEvent(event)
        rows = 1 + (self.height() >= _TALL) + 2 * (self.height() >= _VERY_TALL)
        self.legend.set_most_rows(rows)

    def _say(self, empty: str, note: str) -> None:
        room = self.plot.view_px.toRect()
        for label, words in ((self.notice, empty), (self.note, note)):
            label.setText(words)
            label.setVisible(bool(words))
        if empty:
            self.notice.setFixedWidth(max(80, min(room.width() - 8, 320)))
            self.notice.adjustSize()
            self.notice.move(room.center() - self.notice.rect().center())
        if note:
            self.note.adjustSize()
            self.note.move(max(room.left(), room.right() - self.note.width()), room.top() + 10)
