"""All checks, upstream first: a fault above masks or mimics those below it."""

from core.doctor.check import Check
from core.doctor.checks import (
    collapse,
    gradient_flow,
    load,
    loss_balance,
    oracle,
    prediction_scale,
)

CHECKS: tuple[Check, ...] = (
    load.CHECK,
    prediction_scale.CHECK,
    oracle.CHECK,
    loss_balance.CHECK,
    gradient_flow.CHECK,
    collapse.CHECK,
)
