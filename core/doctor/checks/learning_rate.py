"""Is the learning rate of the right order of magnitude, and does it go as configured?"""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Curves, Evidence
from core.doctor.lab import Lab
from core.doctor.subject import TrainingFacts
from core.doctor.trials.loss_weights import common_factor, scaled_alike, weights_table
from core.doctor.trials.other_training import with_facts, with_rate
from core.doctor.trials.shared_work import loss_batch, network, seeded
from core.doctor.trials.trial import falls_at

#: Steps of a trial at one rate; decades below and above the configured rate that are tried.
_STEPS = 6
_DECADES = (-2, -1, 0, 1, 2)
#: No network learns beyond this.
_LARGEST = 10.0
#: A warm-up shorter than this cannot be told from none.
_LEAST_WARMUP = 4
#: Steps of the schedule that are compared.
_COMPARED = 24


def _run(lab: Lab) -> Outcome:
    facts = lab.subject.training.facts
    rates, falls = _range_test(lab)
    low, high = _falling_region(rates, falls, lab.thresholds["learning_rate.fall_share"])
    best = float(rates[np.argmax(falls)])
    rate = facts.learning_rate
    is_telling = falls.max() >= lab.thresholds["learning_rate.least_fall"]
    readings = [
        Reading(
            quantity="rate_above",
            value=rate / high,
            unit="×",
            threshold="learning_rate.factor_high",
        ),
        Reading(
            quantity="rate_below", value=low / rate, unit="×", threshold="learning_rate.factor_low"
        ),
        Reading(
            quantity="best_fall",
            value=float(falls.max()),
            threshold="learning_rate.least_fall",
            is_high_bad=False,
        ),
    ]
    named = list(_wrong_size(lab, rate, low, high, best)) if is_telling else []
    evidence: list[Evidence] = [_range_curves(rates, falls, rate)]
    named += list(_warmup(lab, readings))
    named += _schedule(lab, readings, evidence)
    factor, reading = scaled_alike(facts.weights, lab.thresholds, "learning_rate")
    if reading is not None:
        readings.append(reading)
    if factor is not None:
        named.append(factor)
        evidence.append(weights_table(facts.weights, common_factor(facts.weights)))
    return Outcome(readings=tuple(readings), named=tuple(named), evidence=tuple(evidence))


# The range test.


def _range_test(lab: Lab) -> tuple[np.ndarray, np.ndarray]:
    """Rates and the share of the loss that is gone after some steps at each; -1 where it grew.

    Where nothing falls about the configured rate, larger rates are tried too.
    """
    rate = lab.subject.training.facts.learning_rate
    rates = [rate * 10.0**decade for decade in _DECADES if rate * 10.0**decade <= _LARGEST]
    losses = falls_at(lab, rates, steps=_STEPS, tick=lambda share: lab.tick(0.8 * share))
    falls = [_fall(each) for each in losses]
    least = lab.thresholds["learning_rate.least_fall"]
    while max(falls) < least and falls[-1] > -least and rates[-1] * 10 <= 1.0:
        rates.append(rates[-1] * 10)
        losses = falls_at(lab, rates[-1:], steps=_STEPS, tick=lambda _: lab.tick(0.8))
        falls.append(_fall(losses[0]))
    return np.array(rates), np.array(falls)


def _fall(losses: np.ndarray) -> float:
    if len(losses) < _STEPS or not np.isfinite(losses).all() or losses[0] <= 0:
        return -1.0
    return float(max(-1.0, 1 - np.median(losses[-2:]) / losses[0]))


def _falling_region(rates: np.ndarray, falls: np.ndarray, share: float) -> tuple[float, float]:
    """Between which rates the fall is at least that share of the best; between tried rates by
    their logarithms."""
    wanted, best = share * falls.max(), int(np.argmax(falls))
    logs = np.log10(rates)
    low, high = logs[0], logs[-1]
    for number in range(best, 0, -1):
        if falls[number - 1] < wanted:
            low = np.interp(wanted, falls[number - 1 : number + 1], logs[number - 1 : number + 1])
            break
    for number in range(best, len(rates) - 1):
        if falls[number + 1] < wanted:
            pair = slice(number, number + 2)
            high = np.interp(wanted, falls[pair][::-1], logs[pair][::-1])
            break
    return float(10**low), float(10**high)


def _wrong_size(lab: Lab, rate: float, low: float, high: float, best: float) -> Iterator[Named]:
    numbers = {"rate": rate, "low": low, "high": high, "best": best}
    changes = {"optimisation.learning_rate": float(f"{best:.1g}")}
    mend = lambda subject: replace(subject, training=with_rate(subject.training, best))
    if rate > lab.thresholds["learning_rate.factor_high"] * high:
        yield Named(cause="rate_too_high", numbers=numbers, changes=changes, mend=mend)
    elif low > lab.thresholds["learning_rate.factor_low"] * rate:
        yield Named(cause="rate_too_low", numbers=numbers, changes=changes, mend=mend)


def _range_curves(rates: np.ndarray, falls: np.ndarray, rate: float) -> Curves:
    return Curves(
        title="range_test",
        x=rates,
        curves={"loss_fall": falls},
        x_label="learning_rate",
        y_label="loss_fall",
        is_log_x=True,
        marks={"configured": rate},
    )


# What is configured, and what is done.


def configured_rate(facts: TrainingFacts, step: int) -> float:
    """The learning rate that the facts say for a step, 0 being the first; NaN for a schedule
    that is not known by its name."""
    if step < facts.warmup_steps:
        return facts.learning_rate * (step + 1) / facts.warmup_steps
    if facts.schedule == "constant":
        return facts.learning_rate
    if facts.schedule != "cosine":
        return math.nan
    way = max(1, facts.total_steps - facts.warmup_steps)
    done = min(1.0, (step + 1 - facts.warmup_steps) / way)
    cosine = 0.5 + 0.5 * math.cos(math.pi * done)
    return facts.learning_rate * (facts.final_share + (1 - facts.final_share) * cosine)


def _warmup(lab: Lab, readings: list[Reading]) -> Iterator[Named]:
    """Whether the first steps are as small as the warm-up says, by how far weights really move."""
    facts = lab.subject.training.facts
    if facts.warmup_steps < _LEAST_WARMUP:
        return
    moved, recorded = _first_updates(lab, None)
    moved_full, _ = _first_updates(lab, facts.learning_rate)
    parts = [part for part, ratio in moved_full.items() if ratio > 0]
    shares = [moved.get(part, 0.0) / moved_full[part] for part in parts]
    applied = facts.learning_rate * float(np.median(shares)) if shares else recorded
    applied = max(applied, recorded)
    excess = applied / configured_rate(facts, 0)
    readings.append(
        Reading(
            quantity="warmup_excess",
            value=excess,
            unit="×",
            threshold="learning_rate.warmup_excess",
        )
    )
    # A hundredth for rounding: counting from 1 in place of 0 is exactly twice.
    if excess > 1.01 * lab.thresholds["learning_rate.warmup_excess"]:
        # The schedule, which counts from the warm-up's end, has been looked at by then.
        facts_as_done = replace(facts, warmup_steps=0, schedule="as applied")
        yield Named(
            cause="warmup_ignored",
            numbers={"applied": applied, "rate": facts.learning_rate, "steps": facts.warmup_steps,
                     "configured": configured_rate(facts, 0)},
            mend=lambda s: replace(s, training=with_facts(s.training, facts_as_done)),
        )  # fmt: skip


def _first_updates(lab: Lab, rate: float | None) -> tuple[dict[str, float], float]:
    """Update ratios by part of the first step, and the learning rate that it says it took.

    AdamW's first step moves every weight by the learning rate, whatever the gradient is, so the
    ratio of two first steps is that of their rates.
    """
    training, access = lab.subject.training, lab.subject.network
    module = copy.deepcopy(network(lab))
    with seeded(lab.seed):
        batches = [loss_batch(lab)]
        steps = training.train(access, module, batches, learning_rate=rate, measure_updates=True)
        record = next(iter(steps))
    return dict(record.update_ratios), record.learning_rate


def _schedule(lab: Lab, readings: list[Reading], evidence: list[Evidence]) -> Iterator[Named]:
    """Whether the rate after the warm-up goes as configured."""
    training = lab.subject.training
    facts = training.facts
    last = max(facts.total_steps - 1, facts.warmup_steps)
    steps = np.unique(np.linspace(facts.warmup_steps, last, _COMPARED).round().astype(int))
    expected = np.array([configured_rate(facts, int(step)) for step in steps])
    if not np.isfinite(expected).all():
        return
    # Whether steps count from 0 or from 1 is a convention.
    by_shift = [
        np.array([training.scheduled(max(0, int(step) + shift)) for step in steps])
        for shift in (0, -1, 1)
    ]
    off = [np.abs(applied - expected) / facts.learning_rate for applied in by_shift]
    nearest = int(np.argmin([each.max() for each in off]))
    applied, worst = by_shift[0], int(np.argmax(off[nearest]))
    value = float(off[nearest][worst])
    readings.append(
        Reading(quantity="schedule_off", value=value, threshold="learning_rate.rate_off")
    )
    evidence.append(
        Curves(
            title="schedule",
            x=steps.astype(float),
            curves={"configured": expected, "applied": applied},
            x_label="step",
            y_label="learning_rate",
        )
    )
    if value > lab.thresholds["learning_rate.rate_off"]:
        as_done = replace(facts, schedule="as applied")
        yield Named(
            cause="schedule_ignored",
            numbers={"schedule": facts.schedule, "at": int(steps[worst]),
                     "applied": float(applied[worst]), "configured": float(expected[worst])},
            mend=lambda s: replace(s, training=with_facts(s.training, as_done)),
        )  # fmt: skip


CHECK = Check(
    id="learning_rate",
    tier=Tier.MINUTES,
    needs=("samples", "network", "training"),
    after=("load", "targets/labels_not_finite", "gradient_flow"),
    run=_run,
)
