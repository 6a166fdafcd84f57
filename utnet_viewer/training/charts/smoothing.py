"""Smoothing of noisy curves."""

from itertools import accumulate

import numpy as np

#: As suits the length of the run, see `suitable_span`.
AUTOMATIC = 0
#: What the slider offers: over about so many steps; 1 is none.
SPANS = (AUTOMATIC, 1, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


#: Values that are summed by one product of matrices.
_BLOCK = 64


def running_sums(values: np.ndarray, decay: float, before: float) -> np.ndarray:
    """s_k = decay s_(k-1) + x_k (n,) of the x_k (n,), `before` being the sum before the first.

    What `scipy.signal.lfilter` computes, whose import takes longer than all smoothing of a long
    run. In blocks: inside one a product with the powers of `decay`, between them the sum at its
    end. `decay` is in [0, 1), so nothing grows.
    """
    block = min(_BLOCK, len(values))
    whole = np.zeros((-(-len(values) // block), block))
    whole.ravel()[: len(values)] = values
    powers = decay ** np.arange(block + 1)
    apart = np.subtract.outer(np.arange(block), np.arange(block))
    sums = whole @ np.where(apart >= 0, powers[np.maximum(apart, 0)], 0.0).T
    ends = accumulate(
        sums[:-1, -1].tolist(), lambda sum_, end: powers[block] * sum_ + end, initial=before
    )
    sums += np.fromiter(ends, float, len(sums))[:, None] * powers[1:]
    return sums.ravel()[: len(values)]


def suitable_span(steps: int) -> int:
    """A hundredth of a run of so many steps, rounded down to one that the slider offers: enough to
    calm the noise, too little to trail behind the fall of the loss."""
    return max((span for span in SPANS if span <= max(steps / 100, 1)), default=1)


class Smoother:
    """Debiased exponential moving average of a growing column.

    With β = 1 − 1/span, over the finite values x_1 … x_k so far::

        s_k = Σ_i β^(k−i) x_i / Σ_i β^(k−i) = (1 − β) Σ_i β^(k−i) x_i / (1 − β^k)

    which is Adam's bias correction (Kingma and Ba 2015, algorithm 1) and the smoothing of
    TensorBoard: the start is no mixture with zero. A value that is not finite has no average (NaN)
    and leaves the later ones as if it had not been.
    """

    def __init__(self, span: int) -> None:
        """`span` in steps, at least 1; 1 gives the finite values back."""
        if span < 1:
            raise ValueError(f"smoothing over {span} steps makes no sense")
        self.span = span
        self._forget()

    def _forget(self) -> None:
        self._smooth = np.empty(0)
        self._last_seen = np.nan
        self._sum, self._count = 0.0, 0  # (1 − β) Σ β^(k−i) x_i, and k

    def update(self, values: np.ndarray) -> np.ndarray:
        """The average (n,) of `values` (n,): those of the last call with new ones after them.

        Only the new ones cost time. Other values (a run that was rewound) start from scratch.
        """
        known = len(self._smooth)
        if not self._continues(values, known):
            self._forget()
            known = 0
        fresh = values[known:]
        if len(fresh):
            self._smooth = np.concatenate([self._smooth, self._averages(fresh)])
            self._last_seen = values[-1]
        return self._smooth

    def has(self, values: np.ndarray) -> bool:
        """Whether `update` would have nothing to compute."""
        return len(values) == len(self._smooth) and self._continues(values, len(values))

    def _continues(self, values: np.ndarray, known: int) -> bool:
        if known == 0 or len(values) < known:
            return known == 0
        return np.array_equal(values[known - 1], self._last_seen, equal_nan=True)

    def _averages(self, fresh: np.ndarray) -> np.ndarray:
        finite = np.isfinite(fresh)
        is_whole = bool(finite.all())
        known = fresh if is_whole else fresh[finite]
        if not len(known):
            return np.full(len(fresh), np.nan)
        decay = 1.0 - 1.0 / self.span
        sums = running_sums(known * (1.0 - decay), decay, self._sum)
        self._sum = float(sums[-1])
        # Later on the denominator is 1 to the last bit.
        biased = min(len(sums), max(0, 40 * self.span - self._count))
        sums[:biased] /= 1.0 - decay ** np.arange(self._count + 1, self._count + biased + 1)
        self._count += len(sums)
        if is_whole:
            return sums
        averages = np.full(len(fresh), np.nan)
        averages[finite] = sums
        return averages


class Smoothers:
    """A smoother for every column of every run, so that following a run costs only what is new."""

    def __init__(self) -> None:
        self._smoothers: dict[tuple[str, str], Smoother] = {}

    def smooth(self, run: str, column: str, values: np.ndarray, span: int) -> np.ndarray:
        """`values` (n,) averaged over about `span` steps; see `Smoother`."""
        smoother = self._smoothers.get((run, column))
        if smoother is None or smoother.span != span:
            smoother = self._smoothers[run, column] = Smoother(span)
        return smoother.update(values)

    def has(self, run: str, column: str, values: np.ndarray, span: int) -> bool:
        """Whether `smooth` would have nothing to compute."""
        smoother = self._smoothers.get((run, column))
        return smoother is not None and smoother.span == span and smoother.has(values)

    def keep_only(self, runs: set[str]) -> None:
        """Forget all runs that are no longer shown, and what a resumed run has made void."""
        for key in [key for key in self._smoothers if key[0] not in runs]:
            del self._smoothers[key]
