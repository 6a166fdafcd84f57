"""The share of correct joints over the error that still counts as correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from utnet_viewer.compare.plot import PointedPlot
from utnet_viewer.compare.table_panel import table_of_rows
from utnet_viewer.numbers import fixed
from utnet_viewer.taking.tables import Table
from utnet_viewer.theme import Palette, Theme
from utnet_viewer.training.charts.content import Ink
from utnet_viewer.training.charts.crosshair import Crosshair, Dot
from utnet_viewer.training.charts.legend import Legend, LegendEntry
from utnet_viewer.training.charts.scales import linear_ticks
from utnet_viewer.training.charts.traces import pen_of
from utnet_viewer.widgets.panel import Panel

#: Where the crosshair stands while nobody points.
RESTING_MM = 20.0
_TOP = 104.0  # %, so that the tick of 100 is seen whole


@dataclass(frozen=True, eq=False)
class PckCurve:
    """One model.

    Attributes:
        letter: "A", "B", …
        name: The checkpoint's.
        thresholds_mm: (K,) ascending.
        share: (K,) of joints whose error is within the threshold, 0 to 1.
        auc: Area under the curve over its range, 0 to 1.
    """

    letter: str
    name: str
    thresholds_mm: np.ndarray
    share: np.ndarray
    auc: float

    def at(self, threshold_mm: float) -> float:
        """The share at a threshold, between two of them by a straight line."""
        return float(np.interp(threshold_mm, self.thresholds_mm, self.share))


def ink_of(palette: Palette, number: int) -> Ink:
    """Of the model number 0 (A: grey, dashed), 1 (B: accent, solid) or a further one.

    No two have the same dashes, so that no eye needs the colours.
    """
    if number == 0:
        return Ink(palette.t2, dashes=(4.0, 2.2))
    if number == 1:
        return Ink(palette.accent)
    dashes = ((1.2, 1.6), (6.0, 1.8, 1.2, 1.8), (8.0, 2.0))
    colours = (palette.series[1], palette.series[2], palette.series[3])
    further = (number - 2) % len(dashes)
    return Ink(colours[further], dashes=dashes[further])


class PckPanel(Panel):
    """Curves, their AUC, and their values at the crosshair."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("PCK", theme)
        self.curves: tuple[PckCurve, ...] = ()
        self.at_mm = RESTING_MM
        self.hidden: set[str] = set()
        self.legend, self.plot = Legend(theme), PointedPlot(can_zoom=False)
        self.legend.set_most_rows(3)
        self.legend.toggled.connect(self.toggle)
        self.crosshair = Crosshair()
        self._lines: list[pg.PlotCurveItem] = []
        self.plot.addItem(self.crosshair)
        self.set_legend(self.legend)
        self.set_body(self.plot)
        self.plot.setAccessibleName("Share of correct joints over the error in mm")
        self.plot.pointed.connect(self._on_pointed)
        self.plot.stepped.connect(lambda right, up: self.point_at(self.at_mm + (right or up)))
        self.plot.laid_out.connect(self._place_ticks)
        theme.changed.connect(self._draw)
        self._draw()

    def show_curves(self, curves: Sequence[PckCurve], *, subtitle: str = "") -> None:
        """Draw the curves of A, B and further models, in this order."""
        self.curves = tuple(curves)
        self.set_subtitle(subtitle)
        self._draw()

    def toggle(self, letter: str) -> None:
        """Hide a curve or show it again."""
        self.hidden ^= {letter}
        self._draw()

    def point_at(self, threshold_mm: float) -> None:
        """Put the crosshair at an error."""
        self.at_mm = min(max(threshold_mm, 0.0), self.last_mm)
        self._show_values()

    @property
    def last_mm(self) -> float:
        """Where the axis ends."""
        ends = [float(curve.thresholds_mm[-1]) for curve in self.curves]
        return max(ends, default=50.0)

    def _on_pointed(self, place: QPointF | None) -> None:
        if place is not None:
            self.point_at(place.x())
        elif not self.plot.hasFocus():
            self.point_at(RESTING_MM)

    def _draw(self) -> None:
        palette = self.theme.palette
        self.plot.restyle(palette)
        for item in self._lines:
            self.plot.getViewBox().removeItem(item)
        self._lines = []
        for number, curve in enumerate(self.curves):
            if curve.letter in self.hidden:
                continue
            pen = pen_of(ink_of(palette, number))
            pen.setCosmetic(True)
            line = pg.PlotCurveItem(curve.thresholds_mm, curve.share * 100, pen=pen, antialias=True)
            line.setZValue(2 - 0.1 * number)
            self.plot.addItem(line)
            self._lines.append(line)
        self.crosshair.set_colours(palette.colour("t1", 0.6), palette.colour("bg2"))
        self.plot.setXRange(0, self.last_mm)
        self.plot.setYRange(0, _TOP)
        self._place_ticks()
        self._show_values()

    def _place_ticks(self) -> None:
        box = self.plot.view_px
        ticks = linear_ticks(0, self.last_mm, height_px=box.width() * 25 / 46)
        ticks = [(place, text) for place, text in ticks if place < self.last_mm]
        if ticks:
            ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]} mm")
        shares = linear_ticks(0, 100, height_px=box.height() * 25 / 34)
        self.plot.getAxis("bottom").setTicks([ticks if self.curves else []])
        self.plot.getAxis("left").setTicks(
            [[(place, f"{text}") for place, text in shares] if self.curves else []]
        )

    def _show_values(self) -> None:
        palette, entries, dots = self.theme.palette, [], []
        for number, curve in enumerate(self.curves):
            ink, is_hidden = ink_of(palette, number), curve.letter in self.hidden
            share = 100 * curve.at(self.at_mm)
            words = f"AUC {fixed(curve.auc, 3)} · {fixed(share, 1)} %"
            entries.append(
                LegendEntry(
                    curve.letter, curve.letter, words, ink, is_line=True, is_hidden=is_hidden
                )
            )
            if not is_hidden:
                dots.append(Dot(self.at_mm, share, QColor(ink.colour).name()))
        self.crosshair.show_at(self.at_mm if self.curves else None, tuple(dots))
        if self.curves:
            place = LegendEntry("", f"at {fixed(self.at_mm, 0)} mm", "", Ink("#00000000"))
            entries.append(place)
        self.legend.show_entries(tuple(entries))

    def rows_for_export(self) -> tuple[list[str], list[list[object]]]:
        """Heads and rows: the threshold in mm, and the share of every model in %."""
        heads = ["threshold (mm)"] + [f"{c.letter} {c.name} (%)" for c in self.curves]
        if not self.curves:
            return heads, []
        thresholds_mm = self.curves[0].thresholds_mm
        return heads, [
            [float(mm), *[100 * curve.at(float(mm)) for curve in self.curves]]
            for mm in thresholds_mm
        ]

    def taken_table(self) -> Table | None:
        """The curves, for CSV."""
        return table_of_rows("PCK", *self.rows_for_export()) if self.curves else None
