"""Levenberg-Marquardt (Levenberg 1944, Marquardt 1963) over a hand's 61 parameters."""

from dataclasses import dataclass

import numpy as np

from core.hand.fitting.chain import BETAS, PARAMETER_COUNT, HandState
from core.hand.fitting.problem import FitProblem

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-9, 1e9
#: A step that makes the sum of squares smaller by less than this share of it ends the fit ...
_LEAST_GAIN = 1e-4
#: ... unless it is still larger than what this many squared deviations add up to.
_LEAST_DROP = 1e-3


@dataclass(frozen=True)
class Solution:
    """Where a search ended: `iterations` steps were tried."""

    state: HandState
    cost: float
    iterations: int
    is_converged: bool


def minimise(problem: FitProblem, start: HandState, *, max_iterations: int) -> Solution:
    """Search the nearest minimum from a start whose joints are all before the camera."""
    free = np.ones(PARAMETER_COUNT, bool)
    free[BETAS] = not problem.is_shape_fixed
    here, damping = problem.at(start), _FIRST_DAMPING
    gradient, curvature = problem.slope(here)
    for iteration in range(1, max_iterations + 1):
        candidate = problem.at(here.state.moved(_step(gradient, curvature, free, damping)))
        if not candidate.cost < here.cost:
            damping *= 8
            if damping > _MOST_DAMPING:
                return Solution(here.state, here.cost, iteration, True)
            continue
        gain, here = here.cost - candidate.cost, candidate
        if gain < _LEAST_DROP + _LEAST_GAIN * here.cost:
            return Solution(here.state, here.cost, iteration, True)
        gradient, curvature = problem.slope(here)
        damping = max(damping / 8, _LEAST_DAMPING)
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
