"""Which rows are on screen: those that pass the filter and lie within the brush."""

from __future__ import annotations

import numpy as np

from core.evaluation.frame_filter import parse
from utnet_viewer.samples.catalogue import Catalogue
from utnet_viewer.samples.histogram import Brush


class RowChoice:
    """A filter that was understood, and a brush over one column's figures."""

    def __init__(self) -> None:
        self._filter = parse("")
        self._passing: np.ndarray | None = None  # (N,) of the filter alone
        self.brush: Brush | None = None

    def use_filter(self, text: str, catalogue: Catalogue | None) -> None:
        """Take another filter; raises FilterError and stays as it was where there is a fault."""
        wanted = parse(text)
        passing = None if catalogue is None else wanted.mask(catalogue)
        self._filter, self._passing = wanted, passing

    def forget_rows(self) -> None:
        """Another list is open: all of its rows pass until the filter is applied to it."""
        self._passing, self.brush = None, None

    def filtered(self, values: np.ndarray) -> np.ndarray:
        """Of figures (N,) those (M,) that the filter passes, whatever is brushed."""
        return values if self._passing is None else values[self._passing]

    def mask(self, catalogue: Catalogue) -> np.ndarray:
        """The mask (N,) of rows that pass both."""
        mask = np.ones(len(catalogue), bool) if self._passing is None else self._passing
        brush = self.brush
        if brush is None or not catalogue.has_figures(brush.column.key):
            return mask
        values = catalogue.figures(brush.column.key)
        # Of another checkpoint nothing may be known yet: a brush over nothing hides nothing.
        return mask if np.isnan(values).all() else mask & brush.mask(values)

    @property
    def text(self) -> str:
        """Both as one filter."""
        text = self._filter.text.strip()
        terms = "" if self.brush is None else self.brush.filter_text
        return f"({text}) and {terms}" if text and terms else text or terms
