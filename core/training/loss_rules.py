"""Rules on the loss and the validated error over a whole run; see `core.training.sign`."""

import numpy as np

from core.training.levels import (
    LEAST_BLOCK,
    MEDIAN_ERROR,
    Levels,
    levels_of,
    scatter,
)
from core.training.sign import Limits, Sign

#: So many standard errors off, what is seen is no noise, also where curves are looked at often.
_SIGMAS = 5.0


def not_finite(step: np.ndarray, loss: np.ndarray, limits: Limits, *, error: str = "") -> Sign:
    """Is the loss a number in every step? `error` is the code of what ended the run."""
    wrong = step[~np.isfinite(loss)]
    if error == "not finite":  # that step has no row: the run ended in it
        wrong = np.append(wrong, step[-1] + 1)
    first = int(wrong[0]) if len(wrong) else 0
    return Sign(
        cause="not_finite_run",
        limit="not_finite_steps",
        value=float(len(wrong)),
        is_seen=len(wrong) > limits["not_finite_steps"],
        numbers={"count": len(wrong), "at": first},
        step=first,
    )


def divergence(step: np.ndarray, loss: np.ndarray, limits: Limits) -> Sign | None:
    """Does the loss end far above the lowest level it had, and above a good part of its fall?"""
    levels = levels_of(step, loss)
    if levels is None:
        return None
    lowest = int(np.argmin(levels.level))
    best, error = levels.level[lowest], levels.error[lowest]
    tail = loss[np.isfinite(loss)][-2 * LEAST_BLOCK :]
    tail_error = MEDIAN_ERROR * scatter(tail) / np.sqrt(len(tail))
    # The last block, or where a curve shot up within it, its last steps alone.
    ends = [(levels.level[-1], levels.error[-1]), (float(np.median(tail)), tail_error)]
    last, last_error = max(ends)
    rise = (last - best) / max(abs(best), 1e-12)
    lost = (last - best) / max(levels.level[: lowest + 1].max() - best, 1e-12)
    is_real = last - best > _SIGMAS * np.hypot(error, last_error)
    is_for_good = _largest_return(levels.level, lowest) < 0.5 * (last - best)
    return Sign(
        cause="divergence",
        limit="rise",
        value=float(rise),
        is_seen=bool(
            rise > limits["rise"] and lost > limits["lost_share"] and is_real and is_for_good
        ),
        numbers={
            "best": float(best),
            "best_step": int(levels.step[lowest]),
            "last": float(last),
            "rise": float(rise),
        },
        step=int(levels.step[lowest]),
    )


def _largest_return(level: np.ndarray, lowest: int) -> float:
    """Largest rise that came down again: before the lowest level, or after it."""
    before, after = level[: lowest + 1], level[lowest:]
    rises = before - np.minimum.accumulate(before)
    falls = np.maximum.accumulate(after) - after
    return float(max(rises.max(), falls.max()))


def oscillation(step: np.ndarray, loss: np.ndarray, limits: Limits) -> Sign | None:
    """Does the loss swing, by far more than independent steps scatter?

    Measured on what is left over the falling curve that fits best, in shares of it: of independent
    steps half the mean square difference of neighbours is their variance, of slow swings it is far
    less, and of steps that pull to opposite sides in turn it is twice that (von Neumann, 1941).
    """
    levels = levels_of(step, loss)
    if levels is None:
        return None
    left = _about_the_fall(step, loss, levels, limits["swing_floor"])
    variance = max(float(np.var(left)), 1e-24)
    ratio = float(np.mean(np.diff(left) ** 2)) / variance / 2
    slow = np.sqrt(max(0.0, variance * (1 - ratio)))
    is_slow = slow > limits["swing"] and 1 - ratio > _SIGMAS / np.sqrt(len(left))
    is_fast = np.sqrt(variance) > limits["swing"] and ratio - 1 > limits["opposition"]
    half = len(levels.level) // 2
    early, late = levels.level[:half].min(), levels.level[half:].min()
    is_falling = early - late > limits["swing"] * abs(early)
    swing = float(np.sqrt(variance)) if is_fast else float(slow)
    return Sign(
        cause="oscillation",
        limit="swing",
        value=swing,
        is_seen=bool((is_slow or is_fast) and not is_falling),
        numbers={"swing": swing, "level": float(levels.level[-1])},
        step=int(levels.step[half]),
    )


def _about_the_fall(step: np.ndarray, loss: np.ndarray, levels: Levels, floor: float) -> np.ndarray:
    """Each step's distance from the falling curve in shares of it, a few wild ones cut."""
    # Within the first block a loss may fall more than in all that follow.
    known = np.isfinite(loss) & (step >= levels.step[1])
    fall = np.interp(step[known], levels.step, _falling(levels.level))
    # Near the bottom of a long fall small absolute swings are large relative ones.
    left = (loss[known] - fall) / (np.abs(fall) + floor * levels.fallen + 1e-12)
    return np.clip(left, -1.0, 3.0)


def _falling(level: np.ndarray) -> np.ndarray:
    """The curve that never rises and fits best: blocks that would rise are pooled to their mean."""
    pools: list[tuple[float, int]] = []
    for value in level:
        pools.append((float(value), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (left, many), (right, more) = pools[-2:]
            pools[-2:] = [((left * many + right * more) / (many + more), many + more)]
    return np.concatenate([np.full(count, value) for value, count in pools])


def plateau(
    step: np.ndarray,
    loss: np.ndarray,
    errors_mm: np.ndarray,
    constant_mm: float,
    limits: Limits,
) -> Sign | None:
    """Did nothing move: neither the loss, nor the validation error away from a constant's?

    Args:
        step, loss: (N,).
        errors_mm: (M,) validated errors; empty where nothing was validated.
        constant_mm: What a constant predictor reaches there; NaN where that is unknown.
    """
    levels = levels_of(step, loss)
    if levels is None:
        return None
    start = float(np.median(loss[np.isfinite(loss)][:LEAST_BLOCK]))
    scale = max(abs(start), abs(levels.level[0]), 1e-12)
    skip = int(limits["settling"] * len(levels.level))
    tail = Levels(levels.step[skip:], levels.level[skip:], levels.error[skip:])
    whole_fall = max(start - levels.level[-1], -levels.trend()) / scale
    late_fall = -tail.trend() / scale
    knows = len(errors_mm) > 0 and np.isfinite(constant_mm) and np.isfinite(errors_mm).any()
    share = float(np.nanmin(errors_mm) / constant_mm) if knows else float("nan")
    has_learned = knows and share < limits["constant_share"]
    # Without a validation only a loss that never moved is told; its mean may be all there is.
    fall = late_fall if knows else whole_fall
    error = np.sqrt(2) * float(np.median(levels.error)) / scale
    is_flat = fall < limits["fall"] and -tail.trend() < _SIGMAS * error * scale
    return Sign(
        cause="plateau",
        limit="fall",
        value=float(fall),
        is_seen=bool(is_flat and not has_learned),
        numbers={
            "first": start,
            "last": float(levels.level[-1]),
            "fall": float(max(fall, 0.0)),
            "steps": int(step[-1] - step[0] + 1),
        },
        step=int(step[-1]),
    )


def overfitting(
    step: np.ndarray,
    loss: np.ndarray,
    validation_step: np.ndarray,
    errors_mm: np.ndarray,
    constant_mm: float,
    limits: Limits,
) -> Sign | None:
    """Does the validation error rise again while the training loss does not?"""
    known = np.isfinite(errors_mm)
    at, errors = validation_step[known], errors_mm[known]
    if len(errors) < int(limits["least_validations"]):
        return None
    smooth = np.array([np.median(errors[max(0, n - 1) : n + 2]) for n in range(len(errors))])
    best = int(np.argmin(smooth))
    last = float(np.median(errors[-3:]))
    rise = (last - smooth[best]) / max(smooth[best], 1e-12)
    noise = scatter(errors)
    floor_mm = limits["error_floor"] * constant_mm if np.isfinite(constant_mm) else 0.0
    is_real = last - smooth[best] > max(_SIGMAS / np.sqrt(3) * noise, floor_mm)
    before, after = loss[step <= at[best]], loss[step > at[best]]
    goes_on = len(before) and len(after) and np.median(after) <= np.median(before[-len(after) :])
    return Sign(
        cause="overfitting",
        limit="error_rise",
        value=float(rise),
        is_seen=bool(rise > limits["error_rise"] and is_real and goes_on),
        numbers={"best": float(smooth[best]), "best_step": int(at[best]), "last": last},
        step=int(at[best]),
    )
