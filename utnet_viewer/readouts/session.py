"""Medians over the frames seen in this session, kept sorted so that a step costs microseconds."""

import math
from bisect import bisect_left, insort

from core.evaluation.metrics import FrameMetrics
from utnet_viewer.readouts.figures import FIGURES


class SeenFrames:
    """Remembers every frame's figures once, by its row."""

    def __init__(self) -> None:
        self._figures: dict[int, dict[str, float]] = {}
        self._sorted: dict[str, list[float]] = {figure.name: [] for figure in FIGURES}

    def clear(self) -> None:
        """Forget everything: another dataset, network or hand model."""
        self.__init__()

    def count(self, name: str) -> int:
        """How many frames the median of a figure rests on."""
        return len(self._sorted[name])

    def median(self, name: str) -> float:
        """Median of a figure over the frames that are remembered; NaN where there is none."""
        values = self._sorted[name]
        if not values:
            return math.nan
        middle = len(values) // 2
        return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2

    def add(self, row: int, metrics: FrameMetrics) -> None:
        """Remember a frame; one seen before is replaced. What is NaN does not count."""
        self.forget(row)
        figures = {figure.name: float(getattr(metrics, figure.name)) for figure in FIGURES}
        self._figures[row] = figures = {n: v for n, v in figures.items() if math.isfinite(v)}
        for name, value in figures.items():
            insort(self._sorted[name], value)

    def forget(self, row: int) -> None:
        """Take a frame out, so that it is compared with the others and not with itself."""
        for name, value in self._figures.pop(row, {}).items():
            values = self._sorted[name]
            del values[bisect_left(values, value)]
