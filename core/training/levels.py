"""A noisy curve as levels: medians over blocks of its steps, and their trend.

Trends are the median of all slopes between levels (Theil, 1950; Sen, 1968), so that a few wild
steps change nothing.
"""

from dataclasses import dataclass

import numpy as np

#: Blocks that a curve is cut into, and the fewest steps of one: medians of fewer are mere noise.
_BLOCKS = 24
LEAST_BLOCK = 5
#: A curve with fewer blocks has no trend to speak of.
LEAST_BLOCKS = 12
#: Standard error of a median of normal numbers, over that of their mean.
MEDIAN_ERROR = 1.2533
#: Standard deviation over median absolute deviation of normal numbers.
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class Levels:
    """A noisy curve cut into blocks, all arrays (B,).

    Attributes:
        step: Middle of each block.
        level: Median of each.
        error: Standard error of each median, by the scatter inside its block.
    """

    step: np.ndarray
    level: np.ndarray
    error: np.ndarray

    @property
    def fallen(self) -> float:
        """How far the curve came down from its highest to its lowest level."""
        return float(self.level.max() - self.level.min())

    def trend(self) -> float:
        """Change over the whole length, by the median of all slopes between levels."""
        earlier, later = np.triu_indices(len(self.level), 1)
        slopes = (self.level[later] - self.level[earlier]) / (self.step[later] - self.step[earlier])
        return float(np.median(slopes) * (self.step[-1] - self.step[0]))


def levels_of(step: np.ndarray, values: np.ndarray) -> Levels | None:
    """Cut a curve into blocks, values that are no number left out; None where it is too short."""
    known = np.isfinite(values)
    step, values = step[known], values[known]
    count = min(_BLOCKS, len(values) // LEAST_BLOCK)
    if count < LEAST_BLOCKS:
        return None
    blocks = np.array_split(values, count)
    return Levels(
        np.array([np.median(part) for part in np.array_split(step, count)]),
        np.array([np.median(part) for part in blocks]),
        np.array([MEDIAN_ERROR * scatter(part) / np.sqrt(len(part)) for part in blocks]),
    )


def scatter(values: np.ndarray) -> float:
    """Robust standard deviation about the values' own slope, by differences of neighbours."""
    differences = np.diff(values)
    if not len(differences):
        return 0.0
    return float(MAD_TO_SIGMA * np.median(np.abs(differences)) / np.sqrt(2))
