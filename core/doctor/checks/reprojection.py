"""Do the 3D labels, seen through the crop's camera, give the 2D labels?"""

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Scatter
from core.doctor.lab import Lab
from core.doctor.measures.camera_hypotheses import (
    Hypothesis,
    against_x,
    divided_focal,
    fixed_camera,
    implied_cameras,
    is_constant,
    mirrored,
    reordered,
    reprojected,
    scaled_box,
    with_implied_camera,
)
from core.doctor.measures.labels import Labels, median, worst_first
from core.doctor.measures.mending import map_samples
from core.doctor.measures.pictures import overlay
from core.doctor.measures.plane_fit import PlaneFit, error_px, fit_plane

_SLIPS = (mirrored, divided_focal, scaled_box, fixed_camera, reordered)


def _run(lab: Lab) -> Outcome:
    labels = Labels.of(lab.subject.samples)
    if labels.is_wrist_relative:
        return Outcome(reason="wrist_relative")
    fit = fit_plane(labels.projected_px, labels.keypoints_px)
    if not np.isfinite(fit.scatter).any():
        return Outcome(reason="no_labels")
    offset = fit.sure_offset_px()
    rotation = abs(median(fit.rotation_deg))
    readings = (
        Reading(
            quantity="offset_px",
            value=median(offset),
            unit="px",
            threshold="reprojection.offset_px",
        ),
        Reading(
            quantity="stretch_error",
            value=fit.stretch_error(),
            threshold="reprojection.stretch_error",
        ),
        Reading(
            quantity="rotation_deg",
            value=rotation,
            unit="°",
            threshold="reprojection.rotation_deg",
        ),
        Reading(
            quantity="scatter_px",
            value=median(fit.scatter),
            unit="px",
            threshold="reprojection.scatter_px",
        ),
    )
    beyond = [reading.value > lab.thresholds[reading.threshold] for reading in readings]
    readings = tuple(sorted(readings, key=lambda r: r.value <= lab.thresholds[r.threshold]))
    named = (_name(labels, fit, offset, readings[0]),) if any(beyond) else ()
    return Outcome(readings=readings, named=named, evidence=_evidence(lab, labels, offset))


def _evidence(lab: Lab, labels: Labels, offset: np.ndarray):
    projected = labels.projected_px
    worst = int(np.nanargmax(offset)) if np.isfinite(offset).any() else 0
    skeletons = {"label": labels.keypoints_px[worst], "projected": projected[worst]}
    scatter = Scatter(
        title="projected_and_labelled",
        x=projected[..., 0].ravel(),
        y=labels.keypoints_px[..., 0].ravel(),
        x_label="projected_x_px",
        y_label="label_x_px",
        diagonal=True,
    )
    return (overlay("reprojection", lab.subject.samples[worst], skeletons), scatter)


def _name(labels: Labels, fit: PlaneFit, offset: np.ndarray, deciding: Reading) -> Named:
    numbers = {
        "offset_px": median(offset),
        "error_px": error_px(labels.projected_px, labels.keypoints_px),
        "stretch_x": median(fit.stretch[:, 0]),
        "stretch_y": median(fit.stretch[:, 1]),
    }
    distance = np.linalg.norm(labels.projected_px - labels.keypoints_px, axis=-1)
    where = worst_first(labels.names, np.nan_to_num(distance).max(1))
    found = _explanation(labels, fit)
    if found is None:
        found = against_x(labels, fit) or _camera_slip(labels, fit)
    return Named(cause=found.cause, numbers=numbers | found.numbers, where=where, mend=found.mend)


def _explanation(labels: Labels, fit: PlaneFit) -> Hypothesis | None:
    """The slip whose projection is as close to the labels as their own scatter allows."""
    hypotheses = [hypothesis for slip in _SLIPS for hypothesis in slip(labels, fit)]
    if not hypotheses:
        return None
    errors = [error_px(h.projected_px, labels.keypoints_px) for h in hypotheses]
    errors = [error if np.isfinite(error) else np.inf for error in errors]
    best = hypotheses[int(np.argmin(errors))]
    # A joints' mean distance is below their RMS, so the scatter itself is room enough for noise;
    # a pixel more is rounding's. A wrong order is scatter by itself.
    now = error_px(labels.projected_px, labels.keypoints_px)
    room = (
        min(median(fit.scatter), 0.5 * now)
        if best.cause == "keypoints_permuted"
        else median(fit.scatter)
    )
    return best if min(errors) <= 1.15 * room + 1.0 else None


def _camera_slip(labels: Labels, fit: PlaneFit) -> Hypothesis:
    """Samples that each need another camera: whose cameras were they given?"""
    fits_each = median(fit.scatter) < 0.25 * median(_spread_px(labels))
    same_stretch = median(np.abs(np.log(np.abs(fit.stretch[:, 0] / fit.stretch[:, 1])))) < 0.1
    mend = lambda subject: map_samples(subject, with_implied_camera)
    if fits_each and same_stretch and is_constant(labels.intrinsics):
        numbers = {
            "focal_px": float(np.median(labels.intrinsics[:, 0, 0])),
            "x_px": float(np.median(labels.intrinsics[:, 0, 2])),
        }
        return Hypothesis("intrinsics_not_cropped", labels.projected_px, numbers, mend)
    if fits_each and same_stretch and _is_another(labels, fit):
        return Hypothesis("intrinsics_of_other_image", labels.projected_px, {}, mend)
    mend = lambda subject: map_samples(subject, reprojected)
    return Hypothesis("labels_off_projection", labels.projected_px, {}, mend)


def _spread_px(labels: Labels) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.nanstd(labels.keypoints_px, 1).mean(-1)


def _is_another(labels: Labels, fit: PlaneFit) -> bool:
    """Whether the cameras given are of the right kind, only each at the wrong place.

    They must then scatter about the right ones: over all samples they are the same in the middle,
    though no single one is right.
    """
    implied = implied_cameras(labels, fit)
    ratio = np.log(labels.intrinsics[:, 0, 0] / implied[:, 0, 0])
    offset = fit.offset
    spread = np.median(np.abs(offset - np.median(offset, 0)), axis=0)
    is_centred = (np.abs(np.nanmedian(offset, 0)) < 1.5 * spread + 3).all()
    return bool(abs(np.nanmedian(ratio)) < 0.2 and is_centred)


CHECK = Check(
    id="reprojection",
    tier=Tier.SECONDS,
    run=_run,
    after=("targets/zero_confidence", "targets/behind_camera"),
)
