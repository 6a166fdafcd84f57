"""Levenberg-Marquardt (Levenberg 1944, Marquardt 1963) over a hand's 61 parameters."""

from dataclasses import dataclass

import numpy as np

from core.hand.fitting.chain import BETAS, PARAMETER_COUNT, HandState
from core.hand.fitting.problem import FitProblem, Place

_FIRST_DAMPING, _LEAST_DAMPING, _MUCH_DAMPED, _MOST_DAMPING = 1e-3, 1e-9, 0.5, 1e9
_RAISE, _LEAST_RAISED = 8.0, 0.03
#: A step that promises to make the sum of squares smaller by less than this share of it, and this
#: many squared deviations, is not tried any more.
_LEAST_GAIN, _LEAST_DROP = 1e-4, 1e-3


@dataclass(frozen=True)
class Solution:
    """Where a search ended: `iterations` steps were tried."""

    state: HandState
    cost: float
    iterations: int
    is_converged: bool


def minimise(problem: FitProblem, start: Place, *, max_iterations: int) -> Solution:
    """Search the nearest minimum from a place whose cost is finite.

    A step's gain is compared with the one that the quadratic expected (Fletcher 1971): where points
    stay far off, full steps would swing to and fro about the minimum.
    """
    free = np.ones(PARAMETER_COUNT, bool)
    free[BETAS] = not problem.is_shape_fixed
    here, damping = start, _FIRST_DAMPING
    gradient, curvature = problem.slope(here)
    for iteration in range(1, max_iterations + 1):
        step = _step(gradient, curvature, free, damping)
        expected = -(2 * gradient @ step + step @ curvature @ step)
        is_small = expected < _LEAST_DROP + _LEAST_GAIN * here.cost
        # A step that is damped much promises little wherever it is.
        if is_small and not _MUCH_DAMPED < damping < _MOST_DAMPING:
            return Solution(here.state, here.cost, iteration, True)
        candidate = problem.at(here.state.moved(step))
        gain = here.cost - candidate.cost
        if not gain > 0.25 * expected:  # too far: the hand's own bend was not in the step
            damping = max(_RAISE * damping, _LEAST_RAISED)
        elif gain > 0.75 * expected:
            damping = max(damping / _RAISE, _LEAST_DAMPING)
        if gain > 0:
            here = candidate
            gradient, curvature = problem.slope(here)
    return Solution(here.state, here.cost, max_iterations, False)


def _step(
    gradient: np.ndarray, curvature: np.ndarray, free: np.ndarray, damping: float
) -> np.ndarray:
    """The damped step (61,); parameters that are not free keep still."""
    curvature = curvature[np.ix_(free, free)]
    scale = np.diag(curvature)
    # A direction that nothing speaks of keeps still instead of making the system singular.
    curvature = curvature + np.diag(damping * scale + 1e-9 * scale.max())
    step = np.zeros(PARAMETER_COUNT)
    step[free] = -np.linalg.solve(curvature, gradient[free])
    return step
