"""Rules on gradients, updates, learning rate and metrics of a run; see `core.training.sign`."""

from collections.abc import Mapping

import numpy as np

from core.training.sign import Limits, Sign

#: Gradient norms of fewer steps have no usual size.
_LEAST_NORMS = 60


def imbalance(shares: Mapping[str, float], limits: Limits, *, step: int = 0) -> Sign | None:
    """Does one term have all of the gradient? `shares` are of the gradient, by term."""
    known = {term: share for term, share in shares.items() if np.isfinite(share)}
    if len(known) < 2:
        return None
    term = max(known, key=known.__getitem__)
    return Sign(
        cause="loss_imbalance_run",
        limit="gradient_share",
        value=known[term],
        is_seen=known[term] > limits["gradient_share"],
        numbers={"term": term, "share": known[term]},
        step=step,
    )


def clipped(
    step: np.ndarray, norm: np.ndarray, is_clipped: np.ndarray, clip_norm: float, limits: Limits
) -> Sign | None:
    """Is every gradient shortened, by so much that its limit is of another kind than it is?

    Clipping in every step alone harms nobody: AdamW's steps do not depend on the gradient's size.
    """
    if not clip_norm > 0 or np.count_nonzero(np.isfinite(norm)) < _LEAST_NORMS:
        return None
    half = len(norm) // 2
    share = float(np.mean(is_clipped[half:] > 0))
    middle = float(np.nanmedian(norm[half:]))
    return Sign(
        cause="clipped_run",
        limit="clip_factor",
        value=middle / clip_norm,
        is_seen=bool(
            share > limits["clipped_share"] and middle / clip_norm > limits["clip_factor"]
        ),
        numbers={
            "share": share,
            "factor": middle / clip_norm,
            "norm": middle,
            "clip_norm": clip_norm,
        },
        step=int(step[half]),
    )


def spikes(
    step: np.ndarray, norm: np.ndarray, is_clipped: np.ndarray, limits: Limits
) -> Sign | None:
    """Does a gradient far above the usual one go through unshortened?"""
    known = np.isfinite(norm)
    if np.count_nonzero(known) < _LEAST_NORMS:
        return None
    middle = float(np.median(norm[known]))
    through = np.where(known & (is_clipped == 0), norm, -np.inf)
    worst = int(np.argmax(through))
    ratio = max(float(through[worst]), 0.0) / max(middle, 1e-12)
    return Sign(
        cause="spikes_run",
        limit="spike",
        value=ratio,
        is_seen=ratio > limits["spike"],
        numbers={
            "ratio": ratio,
            "norm": float(norm[worst]),
            "usual": middle,
            "at": int(step[worst]),
        },
        step=int(step[worst]),
    )


def rate_mismatch(
    step: np.ndarray, applied: np.ndarray, configured: np.ndarray, limits: Limits
) -> Sign | None:
    """Is the learning rate what the configuration says? Where that is NaN, nothing is asked."""
    known = np.isfinite(configured) & np.isfinite(applied)
    if not known.any():
        return None
    step, applied, configured = step[known], applied[known], configured[known]
    peak = max(float(np.abs(configured).max()), 1e-30)
    off = np.abs(applied - configured) / peak
    worst = int(np.argmax(off))
    return Sign(
        cause="rate_mismatch_run",
        limit="rate_off",
        value=float(off[worst]),
        is_seen=bool(off[worst] > limits["rate_off"]),
        numbers={
            "applied": float(applied[worst]),
            "configured": float(configured[worst]),
            "at": int(step[worst]),
        },
        step=int(step[int(np.argmax(off > limits["rate_off"]))]),
    )


def frozen_metric(
    validation_step: np.ndarray,
    metrics: Mapping[str, np.ndarray],
    step: np.ndarray,
    learning_rate: np.ndarray,
    limits: Limits,
) -> Sign | None:
    """Do validations repeat each other to the last digit though the weights moved between them?"""
    rows = np.array(list(metrics.values())).T
    if len(validation_step) < 2 or not rows.size:
        return None
    same = 0
    for number in range(len(validation_step) - 1, 0, -1):
        earlier, later = rows[number - 1], rows[number]
        known = np.isfinite(earlier) & np.isfinite(later)
        between = (step > validation_step[number - 1]) & (step <= validation_step[number])
        if not (known.any() and (earlier == later)[known].all() and learning_rate[between].any()):
            break
        same += 1
    name = next(iter(metrics))
    return Sign(
        cause="metric_frozen_run",
        limit="same_validations",
        value=float(same),
        is_seen=same >= limits["same_validations"],
        numbers={
            "count": same + 1,
            "metric": name,
            "value": float(metrics[name][-1]),
            "since": int(validation_step[len(validation_step) - 1 - same]),
        },
        step=int(validation_step[-1]),
    )


def update_ratios(
    ratios: Mapping[str, float],
    learning_rate: float,
    peak_rate: float,
    limits: Limits,
    *,
    step: int,
) -> list[Sign]:
    """Does a part of the network move far too much, or not at all, at a rate near the largest?"""
    known = {part: ratio for part, ratio in ratios.items() if np.isfinite(ratio)}
    if not known or learning_rate < limits["rate_share"] * peak_rate:
        return []
    most, least = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    return [
        Sign(
            cause="updates_too_large_run",
            limit="update_most",
            value=known[most],
            is_seen=known[most] > limits["update_most"],
            numbers={"part": most, "ratio": known[most]},
            step=step,
        ),
        Sign(
            cause="updates_too_small_run",
            limit="update_least",
            value=known[least],
            is_seen=known[least] < limits["update_least"],
            numbers={"part": least, "ratio": known[least]},
            step=step,
        ),
    ]


def constant_output(
    spread_px: float, error_mm: float, constant_mm: float, limits: Limits, *, step: int
) -> Sign | None:
    """Is the network no better than a constant, and says the same of every frame?

    Args:
        spread_px: Root mean square distance of its keypoints from their mean over the frames.
        error_mm: Its validated error.
        constant_mm: What the constant predictor reaches there.
    """
    if not np.isfinite([spread_px, error_mm, constant_mm]).all():
        return None
    share = error_mm / max(constant_mm, 1e-12)
    return Sign(
        cause="constant_output_run",
        limit="spread_px",
        value=spread_px,
        is_seen=bool(spread_px < limits["spread_px"] and share > limits["constant_share"]),
        numbers={"spread_px": spread_px, "error_mm": error_mm, "constant_mm": constant_mm},
        step=step,
    )
