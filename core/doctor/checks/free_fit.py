"""Can any parameters explain the labels: hands fitted to them directly, without a network?"""

import numpy as np

from core.conventions import JOINT_NAMES
from core.doctor.check import Check, Named, Outcome, Reading, Tier, not_tested
from core.doctor.evidence import Bars, Evidence
from core.doctor.lab import Lab
from core.doctor.measures.free_hand import HandFit, HandFitter, local_errors_mm
from core.doctor.measures.labels import Labels, median, worst_first
from core.doctor.measures.pictures import overlay
from core.doctor.subject import Sample
from core.doctor.trials.shared_work import spread_over
from core.hand.posed_joints import JointModel

_FITTED = 16
#: Fewer hands say nothing of what all of them share.
_LEAST_HANDS = 4
#: Millimetres and pixels left by a fit that needs no second one.
_GOOD = 2.0
#: Joints of a hand that must be labelled for it to be fitted.
_LEAST_JOINTS = 15


def _run(lab: Lab) -> Outcome:
    whole = [sample for sample in lab.subject.samples if _is_whole(sample)]
    if len(whole) < _LEAST_HANDS:
        return not_tested("too_few_samples", str(len(whole)))
    samples = spread_over(whole, _FITTED)
    labels = Labels.of(samples)
    fit = _fitted(lab, samples, labels)
    constant_px = _constant_error_px(labels)
    shared_mm, error_mm = _shared_errors(fit)
    worst = int(np.argmax(shared_mm))
    left_mm, left_px = median(fit.mean_mm), median(fit.mean_px)
    shape = float(np.abs(np.median(fit.betas, axis=0)).max())
    share = left_px / max(constant_px, lab.thresholds["free_fit.least_constant_px"])
    readings = (
        Reading(quantity="left_mm", value=left_mm, unit="mm", threshold="free_fit.left_mm"),
        Reading(
            quantity="shared_error_mm",
            value=float(shared_mm[worst]),
            unit="mm",
            threshold="free_fit.shared_mm",
        ),
        Reading(quantity="left_over_constant", value=share, threshold="free_fit.constant_part"),
        Reading(quantity="shared_shape", value=shape, threshold="free_fit.shape"),
        Reading(quantity="left_px", value=left_px, unit="px"),
        Reading(quantity="constant_px", value=constant_px, unit="px"),
    )
    is_noise = shared_mm[worst] < lab.thresholds["free_fit.standard_errors"] * error_mm[worst]
    is_bad = (
        left_mm > lab.thresholds["free_fit.left_mm"]
        or (shared_mm[worst] > lab.thresholds["free_fit.shared_mm"] and not is_noise)
        or share > lab.thresholds["free_fit.constant_part"]
        or shape > lab.thresholds["free_fit.shape"]
    )
    named = ()
    if is_bad:
        numbers = {
            "left_mm": left_mm,
            "left_px": left_px,
            "constant_px": constant_px,
            "joint": JOINT_NAMES[worst],
            "shared_mm": float(shared_mm[worst]),
            "shape": shape,
        }
        where = worst_first(labels.names, fit.mean_mm)
        named = (Named(cause="labels_not_representable", numbers=numbers, where=where),)
    evidence = _evidence(lab, samples, labels, fit, shared_mm)
    return Outcome(readings=readings, named=named, evidence=evidence)


def _is_whole(sample: Sample) -> bool:
    known = (sample.joint_weights > 0) & np.isfinite(sample.joints_mm).all(-1)
    seen = (sample.keypoint_weights > 0) & np.isfinite(sample.keypoints_norm).all(-1)
    camera = np.isfinite(sample.intrinsics).all() and abs(np.linalg.det(sample.intrinsics)) > 1e-6
    return bool(known.sum() >= _LEAST_JOINTS and seen.sum() >= _LEAST_JOINTS and camera)


def _fitted(lab: Lab, samples: tuple[Sample, ...], labels: Labels) -> HandFit:
    """The better of two fits of each hand: from rest, and from the labelled pose, if there is one.

    The second only helps the first out of a dead end: a wrong label of a pose cannot make a fit
    worse.
    """
    model = JointModel.of(lab.subject.hand_model)
    model_side = lab.subject.hand_model.is_right
    sides = [sample.is_right == model_side for sample in samples]
    if sum(sides) < len(sides) / 2:
        model = model.mirrored()
    fitter = HandFitter(model, labels, tick=lambda share: lab.tick(share / 2))
    fit = fitter.fit()
    poses = [sample.pose_rad for sample in samples]
    if any(pose is None or not np.isfinite(pose).all() for pose in poses):
        return fit
    if median(fit.mean_mm + fit.mean_px) < _GOOD:
        return fit
    return fit.better(fitter.fit(np.stack(poses)))


def _constant_error_px(labels: Labels) -> float:
    """Mean error of the best constant answer: each joint at its median place."""
    with np.errstate(all="ignore"):
        centre = np.nanmedian(labels.keypoints_px, axis=0)
    return float(np.nanmean(np.linalg.norm(labels.keypoints_px - centre, axis=-1)))


def _shared_errors(fit: HandFit) -> tuple[np.ndarray, np.ndarray]:
    """What all hands miss alike, (21,) mm, and its standard error: noise averages out, a label of
    something else does not. Errors are turned into the axes of the bone they end."""
    local = local_errors_mm(fit)
    known = np.isfinite(local).all(-1)
    count = np.maximum(known.sum(0), 1)
    local = np.nan_to_num(local)
    mean = local.sum(0) / count[:, None]
    variance = (((local - mean) ** 2).sum(-1) * known).sum(0) / count
    return np.linalg.norm(mean, axis=-1), np.sqrt(variance / count)


def _evidence(
    lab: Lab, samples: tuple[Sample, ...], labels: Labels, fit: HandFit, shared_mm: np.ndarray
) -> tuple[Evidence, ...]:
    worst = int(np.argmax(fit.mean_mm + fit.mean_px))
    bars = Bars(
        title="shared_errors",
        labels=JOINT_NAMES,
        values=shared_mm,
        unit="mm",
        limits=(lab.thresholds["free_fit.shared_mm"],),
    )
    label_px = labels.keypoints_px[worst]
    skeletons_px = {"label": label_px, "fitted": label_px + fit.errors_px[worst]}
    return overlay("fitted_hand", samples[worst], skeletons_px), bars


CHECK = Check(
    id="free_fit",
    tier=Tier.SECONDS,
    needs=("samples", "hand_model"),
    after=("targets", "scale", "joint_order", "mano_fit/left_as_right", "reprojection"),
    run=_run,
)
