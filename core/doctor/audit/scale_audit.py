"""The scale audit: do labels and predictions have the same units, axes and normalisation?

An old report on UTNet said "yes" with a hard-coded tick. Here every line is measured, and what
was not measured says so.
"""

from collections.abc import Sequence

from core.doctor.audit import label_checks, prediction_checks
from core.doctor.audit.check import Check, Finding, Outcome, Verdict
from core.doctor.audit.samples import AuditSample

CHECKS: tuple[Check, ...] = (*label_checks.CHECKS, *prediction_checks.CHECKS)


def audit(samples: Sequence[AuditSample]) -> list[Finding]:
    """Run every check on the samples, in order."""
    return [Finding(check, _run(check, samples)) for check in CHECKS]


def _run(check: Check, samples: Sequence[AuditSample]) -> Outcome:
    if not samples:
        return Outcome(Verdict.NOT_TESTED, explanation="There are no labelled samples.")
    if check.needs_prediction and any(sample.prediction is None for sample in samples):
        return Outcome(Verdict.NOT_TESTED, explanation="No checkpoint was given.")
    return check.measure(samples)
