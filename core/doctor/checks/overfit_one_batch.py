"""Can it learn at all: does a fresh network learn one batch by heart?"""

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars, Curves
from core.doctor.lab import Lab
from core.doctor.trials.shared_work import spread_over
from core.doctor.trials.trial import Trial, train_on_batch, trial

#: Of the long check: its batch, and the steps after which it may be over.
_LONG_BATCH = 16
_LONG_LOOKS = (200, 300, 400, 500, 600)


def _run(lab: Lab) -> Outcome:
    tried = trial(lab)
    limit = lab.thresholds["overfit_one_batch.error_share"]
    readings = (
        Reading(
            quantity="batch_error_share",
            value=tried.errors.worst_share,
            threshold="overfit_one_batch.error_share",
        ),
        *_more(tried),
    )
    has_learned = tried.errors.worst_share <= limit  # false of NaN too
    return Outcome(
        readings=readings, named=() if has_learned else (_named(tried),), evidence=_evidence(tried)
    )


def _run_long(lab: Lab) -> Outcome:
    batch = spread_over(lab.subject.samples, _LONG_BATCH)
    fall, error_mm = (lab.thresholds[f"overfit_one_batch_long.{k}"] for k in ("fall", "error_mm"))
    tried = train_on_batch(lab, batch, looks=_LONG_LOOKS, enough=0.05)
    readings = (
        Reading(
            quantity="batch_joints_mm",
            value=tried.errors.joints_mm,
            unit="mm",
            threshold="overfit_one_batch_long.error_mm",
        ),
        Reading(
            quantity="batch_loss_fall",
            value=tried.fall,
            threshold="overfit_one_batch_long.fall",
            is_high_bad=False,
        ),
        Reading(quantity="batch_error_share", value=tried.errors.worst_share),
    )
    has_learned = tried.errors.joints_mm <= error_mm and tried.fall >= fall
    return Outcome(
        readings=readings, named=() if has_learned else (_named(tried),), evidence=_evidence(tried)
    )


def _more(tried: Trial) -> tuple[Reading, ...]:
    return (
        Reading(quantity="batch_loss_fall", value=tried.fall),
        Reading(quantity="batch_joints_mm", value=tried.errors.joints_mm, unit="mm"),
        Reading(quantity="batch_keypoints_px", value=tried.errors.keypoints_px, unit="px"),
    )


def _named(tried: Trial) -> Named:
    return Named(
        cause="cannot_overfit",
        numbers={
            "steps": len(tried.records),
            "fall": tried.fall,
            "joints_mm": tried.errors.joints_mm,
            "joints_share": tried.errors.joints_share,
            "keypoints_px": tried.errors.keypoints_px,
            "keypoints_share": tried.errors.keypoints_share,
        },
    )


def _evidence(tried: Trial) -> tuple[Curves | Bars, ...]:
    errors = tried.errors
    curve = Curves(
        title="batch_loss",
        x=np.arange(1, len(tried.records) + 1, dtype=float),
        curves={"loss": tried.loss},
        x_label="step",
        y_label="loss",
        is_log_y=True,
    )
    bars = Bars(
        title="batch_errors",
        labels=("joints_3d", "keypoints_2d"),
        values=np.array([errors.joints_share, errors.keypoints_share]),
        limits=(1.0,),
    )
    return curve, bars


_NEEDS = ("samples", "network", "training")
_AFTER = ("load", "targets/labels_not_finite", "gradient_flow", "learning_rate", "precision")

CHECK = Check(id="overfit_one_batch", tier=Tier.MINUTES, needs=_NEEDS, after=_AFTER, run=_run)
CHECK_LONG = Check(
    id="overfit_one_batch_long",
    tier=Tier.LONG,
    needs=_NEEDS,
    after=(*_AFTER, "overfit_one_batch"),
    run=_run_long,
)
