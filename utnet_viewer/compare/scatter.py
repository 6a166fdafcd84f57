"""Error of A against error of B, a point a frame; below the diagonal B is better."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QLabel

from utnet_viewer.compare.plot import PointedPlot
from utnet_viewer.compare.scatter_items import CloudItem, Mark, MarkItem
from utnet_viewer.numbers import fixed
from utnet_viewer.taking.tables import Table
from utnet_viewer.theme import SIZE_AXIS, Theme, ui_font
from utnet_viewer.training.charts.content import Ink
from utnet_viewer.training.charts.legend import Legend, LegendEntry
from utnet_viewer.training.charts.scales import Ticks, linear_ticks
from utnet_viewer.widgets.panel import Panel

#: The pointer means a point that is so near.
NEAR_PX = 14.0
#: Points farther out than this share of all do not make the others small.
_SHOWN_SHARE = 99.8
_HEADROOM = 1.06
#: Kinds of points, in the order in which they are drawn.
DIMMED, SAME, GAIN, LOSS = range(4)


@dataclass(frozen=True, eq=False)
class Cloud:
    """What is drawn.

    Attributes:
        rows: (M,) rows of the dataset, frames that both evaluations measured.
        first: (M,) figure of A.
        second: (M,) figure of B.
        name: Of the figure.
        unit: "mm", "px" or "".
        higher_is_better: For scores.
        is_shown: (M,) bool, False for points that a filter dims; None for all.
        filter_name: What is left by the filter, "" for all.
    """

    rows: np.ndarray
    first: np.ndarray
    second: np.ndarray
    name: str = ""
    unit: str = "mm"
    higher_is_better: bool = False
    is_shown: np.ndarray | None = None
    filter_name: str = ""

    @property
    def margin(self) -> float:
        """A smaller difference than this is drawn as none."""
        return 1.0 if self.unit else 0.02

    def kinds(self) -> np.ndarray:
        """(M,) DIMMED, SAME, GAIN or LOSS of every point."""
        gain = self.second - self.first if self.higher_is_better else self.first - self.second
        kinds = np.full(len(self.rows), SAME, np.int8)
        with np.errstate(invalid="ignore"):
            kinds[gain > self.margin] = GAIN
            kinds[gain < -self.margin] = LOSS
        if self.is_shown is not None:
            kinds[~self.is_shown] = DIMMED
        return kinds


NOTHING = Cloud(np.empty(0, int), np.empty(0), np.empty(0))


class ScatterPanel(Panel):
    """The cloud with its diagonal; pointing says which frame, a click or Enter opens it."""

    opened = Signal(int)  # row of the dataset

    def __init__(self, theme: Theme, *, name_of: Callable[[int], str]) -> None:
        """`name_of` gives a row's name, such as ``MC1/0012``."""
        super().__init__("Error, B against A", theme)
        self._name_of = name_of
        self.cloud = NOTHING
        self.pointed = -1  # position in the cloud
        self._current = -1
        self._order: np.ndarray | None = None  # of the points by gain, once somebody steps
        self.legend, self.plot = Legend(theme), PointedPlot(can_zoom=True)
        self.legend.set_most_rows(2)
        self.points, self.mark = CloudItem(), MarkItem()
        self.plot.addItem(self.points)
        self.plot.addItem(self.mark)
        self.empty = QLabel(self.plot)
        self.empty.setObjectName("quiet")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set_legend(self.legend)
        self.set_body(self.plot)
        self.plot.setAccessibleName("Error of B against error of A, one point a frame")
        self._connect()
        self.show_cloud(NOTHING)

    def _connect(self) -> None:
        plot = self.plot
        plot.pointed.connect(self._on_pointed)
        plot.clicked.connect(self._on_clicked)
        plot.zoomed.connect(self._zoom)
        plot.panned.connect(self._pan)
        plot.fit_requested.connect(self.fit)
        plot.stepped.connect(lambda right, up: self.step(right or up))
        plot.entered.connect(self._open_pointed)
        plot.laid_out.connect(self._place_ticks)
        self.theme.changed.connect(self.restyle)

    # What is shown.

    def show_cloud(self, cloud: Cloud) -> None:
        """Draw another cloud; the view fits it where its figure is another one."""
        is_other = (cloud.name, len(cloud.rows)) != (self.cloud.name, len(self.cloud.rows))
        self.cloud, self.pointed = cloud, -1
        self.mark.show_cross(None)
        self._order = None
        self.set_subtitle(f"{cloud.name}, {cloud.unit}" if cloud.unit else cloud.name)
        self._say()
        self._frame.layout().activate()  # the legend has its rows before the points are drawn
        if is_other:
            self.fit()
        self.restyle()

    def show_current(self, row: int) -> None:
        """Mark the frame that is looked at; -1 for none."""
        found = np.flatnonzero(self.cloud.rows == row)
        self._current = int(found[0]) if len(found) else -1
        self._show_mark()

    def fit(self) -> None:
        """All points, but for the farthest few."""
        values = np.concatenate([self.cloud.first, self.cloud.second])
        values = values[np.isfinite(values)]
        if len(values):
            top = float(np.percentile(values, _SHOWN_SHARE))
            top = float(values.max()) if values.max() < 1.5 * top else top
            low = float(values.min()) if self.cloud.higher_is_better else 0.0
            low = max(0.0, low - (top - low) * 0.06)
        else:
            low, top = 0.0, 1.0
        top = low + (top - low) * _HEADROOM or 1.0
        self._set_range(low, top, low, top)

    def _set_range(self, left: float, right: float, low: float, high: float) -> None:
        self.plot.setXRange(left, right)
        self.plot.setYRange(low, high)
        self._place_ticks()
        self._show_mark()

    @property
    def shown_range(self) -> tuple[float, float, float, float]:
        """Left, right, low and high end of what is in view."""
        (left, right), (low, high) = self.plot.getViewBox().viewRange()
        return left, right, low, high

    def _place_ticks(self) -> None:
        left, right, low, high = self.shown_range
        box = self.plot.view_px
        across = linear_ticks(left, right, height_px=box.width() * 25 / 52)
        upwards = linear_ticks(low, high, height_px=box.height() * 25 / 40)
        metrics = QFontMetricsF(ui_font(SIZE_AXIS))
        unit = f"{self.cloud.unit}, A" if self.cloud.unit else "A"
        across = _with_unit(across, right, box.width() / max(right - left, 1e-9), unit, metrics)
        is_empty = not len(self.cloud.rows)
        self.plot.getAxis("bottom").setTicks([[] if is_empty else across])
        self.plot.getAxis("left").setTicks([[] if is_empty else upwards])
        self.empty.setGeometry(box.toRect())

    def _say(self) -> None:
        cloud, palette = self.cloud, self.theme.palette
        kinds = cloud.kinds()
        shown = int((kinds != DIMMED).sum())
        margin = f"{cloud.margin:g} {cloud.unit}".strip()
        better, worse = (share_text(kinds == kind, shown) for kind in (GAIN, LOSS))
        entries = [
            LegendEntry("", f"B better by {margin}", better, Ink(palette.accent)),
            LegendEntry("", "worse", worse, Ink(palette.warning)),
        ]
        if cloud.filter_name:
            words = f"{shown:,} frames"
            entries.append(LegendEntry("", cloud.filter_name, words, Ink(palette.t3)))
        self.legend.show_entries(tuple(entries) if len(cloud.rows) else ())
        self.empty.setText("" if len(cloud.rows) else "No frame that both have measured.")
        self.empty.setVisible(not len(cloud.rows))

    # Pointing.

    def nearest(self, place: QPointF) -> int:
        """Position of the point nearest to a place (view coordinates) within reach, else -1."""
        cloud = self.cloud
        if not len(cloud.rows):
            return -1
        left, right, low, high = self.shown_range
        box = self.plot.view_px
        dx = (cloud.first - place.x()) * (box.width() / (right - left))
        dy = (cloud.second - place.y()) * (box.height() / (high - low))
        distance = dx * dx + dy * dy
        if cloud.is_shown is not None:
            distance = np.where(cloud.is_shown, distance, np.inf)
        position = int(np.nan_to_num(distance, nan=np.inf).argmin())
        return position if distance[position] <= NEAR_PX**2 else -1

    def _on_pointed(self, place: QPointF | None) -> None:
        self.pointed = -1 if place is None else self.nearest(place)
        self.mark.show_cross(place)
        self._show_mark()

    def _on_clicked(self, place: QPointF) -> None:
        self.pointed = self.nearest(place)
        self._open_pointed()

    def _open_pointed(self) -> None:
        if self.pointed >= 0:
            self.opened.emit(int(self.cloud.rows[self.pointed]))

    def step(self, by: int) -> None:
        """Point at the next frame in the order of gains, the largest first."""
        order = self._by_gain()
        if not len(order):
            return
        now = self.pointed if self.pointed >= 0 else self._current
        (found,) = np.nonzero(order == now)
        number = int(found[0]) + by if len(found) else 0
        self.pointed = int(order[min(max(number, 0), len(order) - 1)])
        self.mark.show_cross(self._place(self.pointed))
        self._show_mark()

    def _by_gain(self) -> np.ndarray:
        """Positions of the points that no filter dims, the largest gain first."""
        if self._order is None:
            cloud = self.cloud
            loss = cloud.second - cloud.first
            order = np.argsort(-loss if cloud.higher_is_better else loss, kind="stable")
            self._order = order if cloud.is_shown is None else order[cloud.is_shown[order]]
        return self._order

    def _place(self, position: int) -> QPointF:
        return QPointF(float(self.cloud.first[position]), float(self.cloud.second[position]))

    def _show_mark(self) -> None:
        position = self.pointed if self.pointed >= 0 else self._current
        if not 0 <= position < len(self.cloud.rows):
            self.mark.show_marks(None, None)
            return
        current = self._place(self._current) if self._current >= 0 else None
        at = self._place(position)
        self.mark.show_marks(Mark(at, self.words_at(position)), current)

    def words_at(self, position: int) -> tuple[str, str]:
        """Name, and both figures, of a point."""
        cloud = self.cloud
        digits, unit = (1, f" {cloud.unit}") if cloud.unit else (3, "")
        figures = (
            f"A {fixed(float(cloud.first[position]), digits)}   "
            f"B {fixed(float(cloud.second[position]), digits)}{unit}"
        )
        return self._name_of(int(cloud.rows[position])), figures

    # The view.

    def _zoom(self, factor: float, about: QPointF) -> None:
        left, right, low, high = self.shown_range
        self._set_range(
            about.x() - (about.x() - left) * factor,
            about.x() + (right - about.x()) * factor,
            about.y() - (about.y() - low) * factor,
            about.y() + (high - about.y()) * factor,
        )

    def _pan(self, by: QPointF) -> None:
        left, right, low, high = self.shown_range
        self._set_range(left + by.x(), right + by.x(), low + by.y(), high + by.y())

    def taken_table(self) -> Table | None:
        """Name and both figures of every frame that no filter dims, for CSV."""
        cloud = self.cloud
        if not len(cloud.rows):
            return None
        kept = slice(None) if cloud.is_shown is None else cloud.is_shown
        unit = f" ({cloud.unit})" if cloud.unit else ""
        rows, first, second = cloud.rows[kept], cloud.first[kept], cloud.second[kept]

        def columns() -> list[list[object]]:
            names = [self._name_of(row) for row in rows.tolist()]
            return [names, first.tolist(), second.tolist(), (second - first).tolist()]

        heads = ("frame", f"A {cloud.name}{unit}", f"B {cloud.name}{unit}", f"B - A{unit}")
        return Table(f"A against B {cloud.name}", heads, columns)

    def restyle(self) -> None:
        """Take the theme's colours."""
        palette = self.theme.palette
        self.plot.restyle(palette)
        self.points.show_points(
            self.cloud.first.astype(float), self.cloud.second.astype(float), self.cloud.kinds()
        )
        self.points.set_palette(palette)
        self.mark.set_palette(palette)
        self._say()


def share_text(mask: np.ndarray, count: int) -> str:
    """``71 %`` of so many."""
    return f"{100 * int(mask.sum()) / count:.0f} %" if count else "0 %"


def _with_unit(
    ticks: Ticks, right: float, px_per_unit: float, unit: str, metrics: QFontMetricsF
) -> Ticks:
    """The last tick that has room says the unit; what would be cut at the edge is left out."""

    def fits(place: float, text: str) -> bool:
        half = metrics.horizontalAdvance(text) / 2
        return math.isfinite(place) and (right - place) * px_per_unit >= half

    ticks = [(place, text) for place, text in ticks if fits(place, text)]
    for number in range(len(ticks) - 1, -1, -1):
        place, text = ticks[number]
        if fits(place, f"{text} {unit}"):
            ticks[number] = (place, f"{text} {unit}")
            break
    return ticks
