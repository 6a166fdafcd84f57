"""Reasons to look at a label: figures of all frames, and how unusual each is among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Quantiles of a split that measure its healthy frames: the usual figure, and the upper end of what
#: is usual. Errors are skewed, so that a spread towards large figures is what says what is unusual;
#: wrong labels are few, so that neither quantile knows them.
_USUAL, _UPPER = 0.5, 0.9
#: With fewer figures nothing can be said to be unusual.
LEAST_FRAMES = 10


@dataclass(frozen=True, eq=False)
class Reason:
    """One figure of every frame.

    Attributes:
        key: Short name, as in ``--json``.
        words: What it says of a label, with ``{value}`` (the figure with its unit), ``{joint}`` and
            ``{side}``.
        unit: "mm" or "px".
        badness: (N,) by which frames are judged; large is bad, NaN is unknown.
        values: (N,) what people are told.
        joints: (N,) which joint it is worst at, or -1.
        least: The smallest difference that is more than noise, in the unit.
        source: What it is taken from; of reasons from one source the strongest counts.
    """

    key: str
    words: str
    unit: str
    badness: np.ndarray
    values: np.ndarray
    joints: np.ndarray
    least: float
    source: str

    @property
    def scores(self) -> np.ndarray:
        """(N,) how far beyond the usual, in units of the spread of healthy frames; 0 is usual.

        An exponential tail with these two quantiles passes a score s with a probability of
        0.5 · 5^-s: scores of independent reasons can be added as logarithms of probabilities are.
        """
        known = self.badness[np.isfinite(self.badness)]
        if len(known) < LEAST_FRAMES:
            return np.zeros(len(self.badness))
        usual, upper = np.quantile(known, (_USUAL, _UPPER))
        scores = (self.badness - usual) / max(upper - usual, self.least)
        return np.nan_to_num(np.maximum(scores, 0.0), nan=0.0)


def worst_joint(deviations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of deviations (N, J) the largest (N,), NaN where none is known, and which it is (N,)."""
    filled = np.where(np.isnan(deviations), -np.inf, deviations)
    joints = filled.argmax(1)
    largest = filled[np.arange(len(filled)), joints]
    return np.where(np.isinf(largest), np.nan, largest), joints
