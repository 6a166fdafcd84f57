"""All checks, upstream first: a fault above masks or mimics those below it."""

from core.doctor.check import Check

CHECKS: tuple[Check, ...] = ()
