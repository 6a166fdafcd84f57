"""The smoothest way through choices: Viterbi's algorithm over accelerations."""

import numpy as np

#: A frame that chooses otherwise than the one before pays as much as this many usual squared
#: accelerations; so does one that does not take its first choice, a little.
_SWITCH, _NOT_FIRST = 6.0, 0.3
#: A hand's joints accelerate this much (mm per frame²) were the labels ever so smooth.
_LEAST_ACCELERATION_MM = 1.0


def smoothest_way(
    ways_mm: np.ndarray, labels_mm: np.ndarray, times: np.ndarray, *, smoothness: float
) -> np.ndarray:
    """Choices (n,) that make the motion smoothest.

    The sum of mean squared accelerations of the joints, in units of what the labels usually have,
    and of the price for every switch is least, exactly (Viterbi 1967; a state is the choices of
    two neighbouring frames, since an acceleration takes three).

    Args:
        ways_mm: (n, c, 21, 3) the hand of every frame for every choice. First and last frame are
            known: their choices are all alike.
        labels_mm: (n, 21, 3) the labels, for what is usual.
        times: (n,) in frames, increasing.
        smoothness: Factor of the price for switches.
    """
    count, choices = ways_mm.shape[:2]
    usual = _usual_acceleration(labels_mm, times)
    switch = smoothness * _SWITCH * (1 - np.eye(choices))
    price = switch + smoothness * _NOT_FIRST * (np.arange(choices) > 0)
    # Of the best way to (choice before, choice now); all choices before the first are one.
    costs = np.broadcast_to(price[0] - switch[0], (choices, choices))
    best_before = np.zeros((count, choices, choices), int)
    for now in range(2, count):
        steps = np.diff(times[now - 2 : now + 1])
        squared = _squared_accelerations(ways_mm[now - 2 : now + 1], steps) / usual
        to_here = costs[:, :, None] + squared
        if now < count - 1:
            to_here = to_here + price
        best_before[now] = to_here.argmin(0)
        costs = to_here.min(0)
    return _traced(costs, best_before)


def _traced(costs: np.ndarray, best_before: np.ndarray) -> np.ndarray:
    """The choices of the cheapest way, from its end backwards."""
    chosen = np.zeros(len(best_before), int)
    chosen[-2], chosen[-1] = np.unravel_index(costs.argmin(), costs.shape)
    for now in range(len(best_before) - 1, 1, -1):
        chosen[now - 2] = best_before[now, chosen[now - 1], chosen[now]]
    return chosen


def _usual_acceleration(labels_mm: np.ndarray, times: np.ndarray) -> float:
    """Median over frames of the joints' mean squared acceleration; jumps do not count in it."""
    velocities = np.diff(labels_mm, axis=0) / np.diff(times)[:, None, None]
    squared = (np.diff(velocities, axis=0) ** 2).sum(-1).mean(-1)
    return float(max(np.median(squared), _LEAST_ACCELERATION_MM**2))


def _squared_accelerations(three_mm: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mean squared acceleration (c, c, c) of the joints for all choices of three frames."""
    before, now, after = three_mm  # (c, 21, 3) each
    first = (now[None] - before[:, None]) / steps[0]  # (before, now)
    second = (after[None] - now[:, None]) / steps[1]  # (now, after)
    change = second[None] - first[:, :, None]
    return (change**2).sum(-1).mean(-1)
