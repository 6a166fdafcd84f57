"""Finished runs with something wrong in their curves."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from doctor_runs import exploding, flat, healthy_run, overfitted, swinging

from core.doctor.run_record import RunRecord
from core.doctor.subject import Subject
from doctor_plants.plant import Plant

#: Scatter of the loss and steps of the healthy run that a seed plants its fault into.
_SCATTER = (0.08, 0.03, 0.2, 0.1, 0.15)
_STEPS = (1200, 400, 3000, 800, 2000)


def run_of(seed: int) -> RunRecord:
    """The healthy run of a seed."""
    turn = seed % len(_SCATTER)
    return healthy_run(seed, scatter=_SCATTER[turn], steps=_STEPS[turn])


def no_warmup(run: RunRecord, seed: int) -> RunRecord:
    """The full rate from the first step on."""
    late = int(np.argmax(run.learning_rate))
    rate = run.learning_rate.copy()
    rate[:late] = rate.max()
    return replace(run, learning_rate=rate)


def lost_when_resumed(run: RunRecord, seed: int) -> RunRecord:
    """From the middle on the schedule begins anew."""
    half = len(run.step) // 2
    rate = run.learning_rate.copy()
    rate[half:] = rate[: len(rate) - half]
    return replace(run, learning_rate=rate)


def not_finite(run: RunRecord, seed: int) -> RunRecord:
    """NaN from some step on."""
    loss = run.loss.copy()
    loss[-len(loss) // 5 :] = np.nan
    return replace(run, loss=loss)


def one_term(run: RunRecord, seed: int) -> RunRecord:
    """One term's gradient is thousands of times that of the others."""
    shares = dict.fromkeys(run.shares, 0.0) | {"joints_3d": 0.9998, "keypoints_2d": 0.0002}
    return replace(run, shares=shares)


def far_above_the_limit(run: RunRecord, seed: int) -> RunRecord:
    """A summed loss's gradients under a limit for means."""
    norm = 1e4 * run.gradient_norm
    return replace(run, gradient_norm=norm, clipped=np.ones(len(norm)))


def spiking(run: RunRecord, seed: int) -> RunRecord:
    """No clipping, and a few gradients far beyond."""
    norm = run.gradient_norm.copy()
    norm[np.random.default_rng(seed).integers(20, len(norm), 3)] *= 2000
    return replace(run, gradient_norm=norm, clipped=np.zeros(len(norm)), clip_norm=0.0)


def frozen(run: RunRecord, seed: int) -> RunRecord:
    """Every validation repeats the first."""
    metrics = {name: np.full(len(v), v[0]) for name, v in run.metrics.items()}
    return replace(run, metrics=metrics)


def scaled(run: RunRecord, seed: int) -> RunRecord:
    """Every weight times a hundred."""
    return replace(run, weights={name: 100 * weight for name, weight in run.weights.items()})


def _ratios_times(factor: float) -> Callable[[RunRecord, int], RunRecord]:
    """The last part of the network moves by `factor` times what is usual."""

    def change(run: RunRecord, seed: int) -> RunRecord:
        part = list(run.update_ratios)[-1]
        pairs = run.update_ratios[part] * (1, factor)
        return replace(run, update_ratios={**run.update_ratios, part: pairs})

    return change


def _plant(id: str, cause: str, change: Callable[[RunRecord, int], RunRecord]) -> Plant:
    def apply(subject: Subject, seed: int) -> Subject:
        return replace(subject, run=change(run_of(seed), seed))

    return Plant(id, cause, apply)


PLANTS: tuple[Plant, ...] = (
    _plant("run_never_moves", "plateau", flat),
    _plant(
        "run_stays_at_the_constant", "plateau", lambda run, seed: flat(run, seed, from_share=0.15)
    ),
    _plant("run_diverges", "divergence", lambda run, _: exploding(run)),
    _plant(
        "run_blows_up_at_its_end",
        "divergence",
        lambda run, _: exploding(run, at_share=0.9, growth=30.0),
    ),
    _plant(
        "run_swings_slowly", "oscillation", lambda run, _: swinging(run, period=len(run.step) / 7)
    ),
    _plant("run_jumps_to_and_fro", "oscillation", lambda run, _: swinging(run, period=2.0001)),
    _plant("run_overfits", "overfitting", lambda run, _: overfitted(run)),
    _plant("run_of_one_term", "loss_imbalance_run", one_term),
    _plant("run_clipped_by_far", "clipped_run", far_above_the_limit),
    _plant("run_with_spikes", "spikes_run", spiking),
    _plant("run_without_warmup", "rate_mismatch_run", no_warmup),
    _plant("run_with_schedule_lost", "rate_mismatch_run", lost_when_resumed),
    _plant("run_not_finite", "not_finite_run", not_finite),
    _plant("run_with_frozen_metric", "metric_frozen_run", frozen),
    _plant("run_of_wild_updates", "updates_too_large_run", _ratios_times(1000.0)),
    _plant("run_with_a_frozen_part", "updates_too_small_run", _ratios_times(0.0)),
    _plant("run_with_scaled_weights", "weights_scaled_alike", scaled),
)
