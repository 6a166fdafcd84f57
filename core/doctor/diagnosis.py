"""From findings to root causes, the most probable first."""

from collections.abc import Sequence

from core.doctor.check import Finding, Verdict
from core.doctor.examination import Cause

#: These say that learning fails, not why: any other fault explains them.
SYMPTOMS = frozenset(
    {
        "constant_predictor",
        "image_ignored",
        "cannot_overfit",
        "labels_not_representable",
        "plateau",
        "divergence",
        "oscillation",
        "overfitting",
        "constant_output_run",
        "pa_ratio_suspicious",
    }
)

#: What follows from what, where nothing blocks: a gradient's norm grows with the loss's factor.
FOLLOWS = {"always_clipped": frozenset({"weights_scaled_alike", "sum_reduction"})}


def diagnose(findings: Sequence[Finding]) -> tuple[Cause, ...]:
    """Causes in order: faults before warnings, reasons before symptoms, upstream before downstream.

    Upstream first, because a fault above makes those below it likely, and never the reverse; but
    what follows from another cause comes after it. Each cause explains the checks that it blocked
    and what follows from it; the first also explains the symptoms that are left.
    """
    found = [(finding.check, named) for finding in findings for named in finding.outcome.named]
    names = frozenset(named.cause for _, named in found)
    causes = [
        Cause(named=named, check=check, explains=_explained(named.cause, findings))
        for check, named in found
    ]
    ordered = sorted(
        causes,
        key=lambda cause: (_is_warning(cause), _is_symptom(cause), _follows(cause, names)),
    )
    if not ordered or _is_symptom(ordered[0]) or _is_warning(ordered[0]):
        return tuple(ordered)
    symptoms = tuple(cause.check for cause in ordered if _is_symptom(cause))
    first = ordered[0]
    explains = tuple(dict.fromkeys((*first.explains, *symptoms)))
    return (Cause(named=first.named, check=first.check, explains=explains), *ordered[1:])


def _is_warning(cause: Cause) -> bool:
    return cause.named.verdict is Verdict.WARNING


def _is_symptom(cause: Cause) -> bool:
    return cause.named.cause in SYMPTOMS


def _follows(cause: Cause, names: frozenset[str]) -> bool:
    return bool(FOLLOWS.get(cause.named.cause, frozenset()) & names)


def _explained(cause: str, findings: Sequence[Finding]) -> tuple[str, ...]:
    """Checks that this cause blocked, and those that found what follows from it."""
    return tuple(
        finding.check
        for finding in findings
        if (finding.outcome.reason == "blocked" and cause in finding.outcome.detail.split(", "))
        or any(cause in FOLLOWS.get(named.cause, ()) for named in finding.outcome.named)
    )
