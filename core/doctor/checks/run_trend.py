"""What did a run do: its loss, its validations, its gradients and its learning rate over time?"""

from collections.abc import Iterator, Mapping

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict, not_tested
from core.doctor.evidence import Curves, Evidence
from core.doctor.lab import Lab
from core.doctor.run_record import RunRecord
from core.doctor.thresholds import Thresholds
from core.doctor.trials.loss_weights import common_factor, scaled_alike, weights_table
from core.training import loss_rules, step_rules
from core.training.sign import LOW_IS_BAD, Limits, Sign
from core.training.steps import decimate

#: Causes that a person should look at though learning goes on.
_WARNINGS = {
    "clipped_run",
    "updates_too_large_run",
    "updates_too_small_run",
    "weights_scaled_alike",
}
#: The validated error that rules look at, and what a constant scores in it.
_ERROR, _CONSTANT = "mpjpe_mm", "mean_pose_mpjpe_mm"
#: Points of a curve in the evidence.
_POINTS = 400
#: Fewer steps have no course.
_LEAST_STEPS = 20


class _RunLimits:
    """This check's part of the table, by bare names, as the rules ask for it."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds

    def __getitem__(self, name: str) -> float:
        return self._thresholds[f"run_trend.{name}"]


def _run(lab: Lab) -> Outcome:
    run = lab.subject.run
    if len(run.step) < _LEAST_STEPS:
        return not_tested("too_few_steps", str(len(run.step)))
    limits = _RunLimits(lab.thresholds)
    signs = list(signs_of(run, limits))
    readings = [_reading(sign) for sign in signs]
    named = [
        Named(
            cause=sign.cause,
            numbers=sign.numbers,
            verdict=Verdict.WARNING if sign.cause in _WARNINGS else Verdict.FAULT,
        )
        for sign in signs
        if sign.is_seen
    ]
    factor, reading = scaled_alike(run.weights, lab.thresholds, "run_trend")
    if reading is not None:
        readings.append(reading)
    if factor is not None:
        named.append(factor)
    deciding = _deciding(signs)
    readings.sort(key=lambda reading: reading.quantity != deciding)
    return Outcome(
        readings=tuple(readings),
        named=tuple(sorted(named, key=_urgency)),
        evidence=tuple(_evidence(run, signs)),
    )


def signs_of(run: RunRecord, limits: Limits) -> Iterator[Sign]:
    """Everything the rules can measure on a run."""
    error_mm = run.metrics.get(_ERROR, np.empty(0))
    constant_mm = float(run.baselines.get(_CONSTANT, np.nan))
    divergence = loss_rules.divergence(run.step, run.loss, limits)
    # What went up for good did not swing; before that it may have.
    is_gone = divergence is not None and divergence.is_seen
    steady = run.step <= divergence.step if is_gone else slice(None)
    found = [
        loss_rules.not_finite(run.step, run.loss, limits, error=run.error),
        divergence,
        loss_rules.oscillation(run.step[steady], run.loss[steady], limits),
        loss_rules.plateau(run.step, run.loss, error_mm, constant_mm, limits),
        loss_rules.overfitting(
            run.step, run.loss, run.validation_step, error_mm, constant_mm, limits
        ),
        step_rules.imbalance(run.shares, limits),
        step_rules.clipped(run.step, run.gradient_norm, run.clipped, run.clip_norm, limits),
        step_rules.spikes(run.step, run.gradient_norm, run.clipped, limits),
        step_rules.frozen_metric(
            run.validation_step, run.metrics, run.step, run.learning_rate, limits
        ),
    ]
    if run.configured_rate is not None:
        found.append(
            step_rules.rate_mismatch(run.step, run.learning_rate, run.configured_rate, limits)
        )
    found += _updates(run, limits)
    return (sign for sign in found if sign is not None)


def _updates(run: RunRecord, limits: Limits) -> list[Sign]:
    """Median ratios of all measurements near the largest learning rate."""
    peak = float(np.nanmax(run.learning_rate))
    middle: dict[str, float] = {}
    for part, pairs in run.update_ratios.items():
        rates = np.interp(pairs[:, 0], run.step, run.learning_rate)
        near = pairs[rates >= limits["rate_share"] * peak, 1]
        if len(near) >= 3:
            middle[part] = float(np.median(near))
    return step_rules.update_ratios(middle, peak, peak, limits, step=int(run.step[-1]))


def _reading(sign: Sign) -> Reading:
    return Reading(
        quantity=sign.limit,
        value=sign.value,
        threshold=f"run_trend.{sign.limit}",
        is_high_bad=sign.cause not in LOW_IS_BAD,
    )


def _deciding(signs: list[Sign]) -> str:
    """The quantity that decides: of the gravest cause, else the loss's fall."""
    seen = [sign for sign in signs if sign.is_seen]
    if seen:
        return min(seen, key=lambda sign: _GRAVITY.index(sign.cause)).limit
    return "fall"


#: What explains others comes first: a wrong rate explains a divergence, and that a plateau.
_GRAVITY = (
    "not_finite_run",
    "rate_mismatch_run",
    "metric_frozen_run",
    "loss_imbalance_run",
    "spikes_run",
    "divergence",
    "oscillation",
    "overfitting",
    "plateau",
    "clipped_run",
    "updates_too_large_run",
    "updates_too_small_run",
    "weights_scaled_alike",
)


def _urgency(named: Named) -> tuple[bool, int]:
    return named.verdict is Verdict.WARNING, _GRAVITY.index(named.cause)


def _evidence(run: RunRecord, signs: list[Sign]) -> Iterator[Evidence]:
    marks = {sign.cause: float(sign.step) for sign in signs if sign.is_seen}
    yield _curves("run_loss", run.step, {"loss": run.loss}, "loss", marks=marks, is_log_y=True)
    if _ERROR in run.metrics and len(run.validation_step) > 1:
        curves = {_ERROR: run.metrics[_ERROR]}
        if _CONSTANT in run.baselines:
            constant = np.full(len(run.validation_step), run.baselines[_CONSTANT])
            curves["constant_predictor"] = constant
        yield Curves(
            title="run_validation",
            x=run.validation_step,
            curves=curves,
            x_label="step",
            y_label="error_mm",
        )
    norms = {"gradient_norm": run.gradient_norm}
    yield _curves("run_norm", run.step, norms, "gradient_norm", is_log_y=True)
    if run.configured_rate is not None:
        rates = {"applied": run.learning_rate, "configured": run.configured_rate}
        yield _curves("run_rate", run.step, rates, "learning_rate")
    if factor := common_factor(run.weights):
        yield weights_table(run.weights, factor)


def _curves(
    title: str,
    step: np.ndarray,
    curves: Mapping[str, np.ndarray],
    y_label: str,
    *,
    marks: Mapping[str, float] | None = None,
    is_log_y: bool = False,
) -> Curves:
    """Thinned out, with the extremes of the first curve kept."""
    first = next(iter(curves.values()))
    kept = np.searchsorted(step, decimate(step, first, _POINTS)[0])
    return Curves(
        title=title,
        x=step[kept],
        curves={name: values[kept] for name, values in curves.items()},
        x_label="step",
        y_label=y_label,
        is_log_y=is_log_y,
        marks=marks or {},
    )


CHECK = Check(id="run_trend", tier=Tier.SECONDS, needs=("run",), run=_run)
