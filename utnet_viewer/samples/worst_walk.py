"""From one bad sample to the next: the rows that pass the filter, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from utnet_viewer.samples.panel import SamplesPanel


class WorstWalk:
    """Begins at the worst, whatever the list's order, and remembers how far it came.

    Other steps in between change nothing, so that one can look around a bad sample and go on. A new
    filter, brush or metric begins at the worst again.
    """

    def __init__(self, panel: SamplesPanel) -> None:
        self._panel = panel
        self._rows: np.ndarray | None = None
        self._place = -1

    def forget(self) -> None:
        """What passes, or what is known of it, is another."""
        if self._rows is not None:
            self._rows, self._place = None, -1

    def rows(self) -> np.ndarray:
        """The dataset's rows (M,) of which the metric is known, worst first."""
        panel, catalogue = self._panel, self._panel.model.catalogue
        column = panel.spread_of
        if catalogue is None or not catalogue.has_figures(column.key):
            return np.empty(0, np.int64)
        rows = np.sort(panel.model.rows)
        badness = column.badness(catalogue.figures(column.key)[rows])
        known = ~np.isnan(badness)
        rows, badness = rows[known], badness[known]
        return rows[np.argsort(-badness, kind="stable")]

    def step(self, by: int) -> None:
        """To the next (1) or the previous (-1) of the worst; says where one is."""
        if self._rows is None:
            self._rows = self.rows()
        panel, count, column = self._panel, len(self._rows), self._panel.spread_of
        if not count:
            panel.said.emit(f"No figures of {column.title} are known yet: evaluate this split.")
            return
        self._place = min(max(self._place + by, 0), count - 1)
        row = int(self._rows[self._place])
        panel.go_to(row)
        figure = column.write(float(panel.model.catalogue.figures(column.key)[row]))
        panel.said.emit(f"Worst {self._place + 1:,} of {count:,} by {column.title}: {figure}")
