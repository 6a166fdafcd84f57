"""Does a spike get through: what clipping does to the gradient's norm over some steps?"""

from collections.abc import Iterator

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict, not_tested
from core.doctor.evidence import Curves
from core.doctor.lab import Lab
from core.doctor.trials.trial import Trial, trial

#: An applied norm counts as shortened, or as above the limit, from this relative difference on.
_ROUNDING = 0.01


def _run(lab: Lab) -> Outcome:
    tried = trial(lab)
    norm = np.array([record.gradient_norm for record in tried.records])
    applied = np.array([record.applied_norm for record in tried.records])
    known = np.isfinite(norm) & (norm > 0)
    if known.sum() < 5:
        return not_tested("not_finite", "gradient_norm")
    norm, applied = norm[known], applied[known]
    is_clipped = applied < norm * (1 - _ROUNDING)
    usual = float(np.median(norm))
    through = np.where(is_clipped, 0.0, norm)
    spike = float(through.max() / usual)
    factor = float(np.median(norm / np.maximum(applied, 1e-30)))
    share = float(is_clipped.mean())
    readings = (
        Reading(quantity="gradient_spike", value=spike, unit="×", threshold="clipping.spike"),
        Reading(quantity="clip_factor", value=factor, unit="×", threshold="clipping.clip_factor"),
        Reading(quantity="clipped_share", value=share),
        Reading(quantity="largest_update_ratio", value=_largest_update(tried)),
    )
    numbers = {"spike": spike, "usual": usual, "share": share, "factor": factor}
    return Outcome(
        readings=readings,
        named=tuple(_named(lab, numbers, tried, applied)),
        evidence=(_curves(norm, applied),),
    )


def _named(
    lab: Lab, numbers: dict[str, float], tried: Trial, applied: np.ndarray
) -> Iterator[Named]:
    limits, clip_norm = lab.thresholds, lab.subject.training.facts.clip_norm
    if clip_norm > 0 and applied.max() > clip_norm * (1 + _ROUNDING):
        yield Named(
            cause="clip_ignored",
            numbers={"clip_norm": clip_norm, "applied": float(applied.max())},
        )
    if numbers["spike"] > limits["clipping.spike"]:
        yield Named(
            cause="exploding_unclipped",
            numbers=numbers,
            changes={"optimisation.clip_norm": float(f"{2 * numbers['usual']:.1g}")},
        )
    is_always = numbers["share"] > limits["clipping.clipped_share"]
    is_far = numbers["factor"] > limits["clipping.clip_factor"]
    is_still = _largest_update(tried) < limits["clipping.update_least"]
    if is_always and (is_far or is_still):
        yield Named(cause="always_clipped", numbers=numbers, verdict=Verdict.WARNING)


def _largest_update(tried: Trial) -> float:
    """Of the part that moves most, the median ratio over the steps; NaN where not measured."""
    parts = {part for record in tried.records for part in record.update_ratios}
    middle = [
        np.median([record.update_ratios.get(part, 0.0) for record in tried.records])
        for part in parts
    ]
    return float(max(middle, default=np.nan))


def _curves(norm: np.ndarray, applied: np.ndarray) -> Curves:
    return Curves(
        title="clipping_norms",
        x=np.arange(1, len(norm) + 1, dtype=float),
        curves={"before_clipping": norm, "after_clipping": applied},
        x_label="step",
        y_label="gradient_norm",
        is_log_y=True,
    )


CHECK = Check(
    id="clipping",
    tier=Tier.MINUTES,
    needs=("samples", "network", "training"),
    after=("load", "targets/labels_not_finite", "gradient_flow/not_finite_gradient"),
    run=_run,
)
