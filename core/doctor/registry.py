"""All checks, upstream first: a fault above masks or mimics those below it."""

from core.doctor.check import Check
from core.doctor.checks import (
    clipping,
    collapse,
    gradient_flow,
    learning_rate,
    load,
    loss_balance,
    metric,
    oracle,
    overfit_one_batch,
    precision,
    prediction_scale,
    run_trend,
)

CHECKS: tuple[Check, ...] = (
    load.CHECK,
    prediction_scale.CHECK,
    oracle.CHECK,
    loss_balance.CHECK,
    gradient_flow.CHECK,
    collapse.CHECK,
    clipping.CHECK,
    learning_rate.CHECK,
    precision.CHECK,
    overfit_one_batch.CHECK,
    overfit_one_batch.CHECK_LONG,
    metric.CHECK,
    run_trend.CHECK,
)
