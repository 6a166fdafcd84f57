"""Are the labels sane: finite, in front of the camera, each sample its own, a hand's size?"""

from dataclasses import replace

import numpy as np

from core.conventions import JOINT_COUNT, WRIST
from core.doctor.check import Check, Named, Outcome, Reading, Tier, Verdict
from core.doctor.evidence import Scatter
from core.doctor.lab import Lab
from core.doctor.measures.labels import Labels, extents_mm, median, worst_first
from core.doctor.measures.mending import leaving_out, map_samples
from core.doctor.measures.opengl import is_opengl, to_camera_axes
from core.doctor.measures.pictures import overlay
from core.doctor.measures.posed_labels import PosedLabels
from core.doctor.measures.units import unit_of
from core.doctor.subject import Sample, Subject

Found = tuple[Reading, Named | None]

_REST_EXTENT_MM = 160.0


def _run(lab: Lab) -> Outcome:
    samples = lab.subject.samples
    labels = Labels.of(samples)
    found: list[Found] = [
        _confidence(lab),
        _finite(lab),
        _sentinels(lab, labels),
        _repeats(lab, labels),
        *_in_front(lab, labels),
        *_hand_size(lab, labels),
        *_shape(lab),
        _root_only(lab, labels),
    ]
    found.sort(key=lambda pair: pair[1] is None)
    named = tuple(cause for _, cause in found if cause is not None)
    faults = [cause for cause in named if cause.verdict is Verdict.FAULT]
    warnings = [cause for cause in named if cause.verdict is not Verdict.FAULT]
    return Outcome(
        readings=tuple(reading for reading, _ in found),
        named=(*_at_once(faults), *warnings),
        evidence=_evidence(lab, labels, faults or warnings),
    )


def _at_once(faults: list[Named]) -> list[Named]:
    """One at a time, for a mended cause may be the reason for the next one.

    Those that nothing mends come last and together: after them there is no other look.
    """
    mendable = [cause for cause in faults if cause.mend is not None]
    return mendable[:1] or faults


def _evidence(lab: Lab, labels: Labels, named: list[Named]):
    samples = lab.subject.samples
    shown = next((cause.where[0] for cause in named if cause.where), samples[0].name)
    row = labels.names.index(shown)
    distance = np.array([median(joints[:, 2]) for joints in labels.joints_mm])
    scatter = Scatter(
        title="extent_and_distance",
        x=distance,
        y=extents_mm(labels.joints_mm),
        x_label="distance_mm",
        y_label="extent_mm",
        names=labels.names,
    )
    return (scatter, overlay("labels", samples[row], {"label": labels.keypoints_px[row]}))


def _confidence(lab: Lab) -> Found:
    """Whether any label counts at all."""
    samples = lab.subject.samples
    counts = {
        "3D": float(np.mean([np.asarray(s.joint_weights) > 0 for s in samples])),
        "2D": float(np.mean([np.asarray(s.keypoint_weights) > 0 for s in samples])),
    }
    reading = Reading(
        quantity="labelled_share",
        value=max(counts.values()),
        threshold="targets.labelled_share",
        is_high_bad=False,
    )
    limit = lab.thresholds["targets.labelled_share"]
    silent = [which for which, share in counts.items() if share <= limit]
    if not silent:
        return reading, None
    # Without labels of one kind, the other kind can still teach.
    verdict = Verdict.FAULT if len(silent) == len(counts) else Verdict.WARNING
    numbers = {"which": " + ".join(silent)}
    mend = None
    if any(_with_confidence(s).joint_weights.any() for s in samples):
        mend = lambda subject: map_samples(subject, _with_confidence)
    return reading, Named(cause="zero_confidence", numbers=numbers, verdict=verdict, mend=mend)


def _with_confidence(sample: Sample) -> Sample:
    """Confidence 1 for what looks like labels: finite, and not in one place with most joints.

    A placeholder of some joints keeps it, so that it is seen as one; the wrist always has it.
    """

    def confidence(values: np.ndarray) -> np.ndarray:
        values = np.asarray(values, float)
        same = (values[:, None] == values[None]).all(-1).sum(1)
        own = same <= JOINT_COUNT // 2
        own[WRIST] = True
        return (np.isfinite(values).all(-1) & own).astype(float)

    return replace(
        sample,
        joint_weights=confidence(sample.joints_mm),
        keypoint_weights=confidence(sample.keypoints_norm),
    )


def _broken(sample: Sample) -> bool:
    """Whether anything that counts is no number."""
    joints = np.asarray(sample.joints_mm)[np.asarray(sample.joint_weights) != 0]
    keypoints = np.asarray(sample.keypoints_norm)[np.asarray(sample.keypoint_weights) != 0]
    others = [sample.joint_weights, sample.keypoint_weights, sample.intrinsics]
    others += [part for part in (sample.pose_rad, sample.betas) if part is not None]
    return not all(np.isfinite(part).all() for part in [joints, keypoints, *others])


def _finite(lab: Lab) -> Found:
    broken = np.array([_broken(sample) for sample in lab.subject.samples])
    share = float(broken.mean())
    reading = Reading(
        quantity="not_finite_share", value=share, threshold="targets.not_finite_share"
    )
    if share <= lab.thresholds["targets.not_finite_share"]:
        return reading, None
    where = worst_first([sample.name for sample in lab.subject.samples], broken.astype(float))
    numbers = {"share": share, "count": int(broken.sum())}
    return reading, Named(
        cause="labels_not_finite",
        numbers=numbers,
        where=where,
        mend=lambda subject: map_samples(subject, _without_broken),
    )


def _without_broken(sample: Sample) -> Sample:
    """Confidence 0 where there is no number."""

    def kept(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        good = np.isfinite(values).all(-1) & np.isfinite(weights)
        return np.where(good[:, None], values, 0.0), np.where(good, weights, 0.0)

    joints_mm, joint_weights = kept(sample.joints_mm, sample.joint_weights)
    keypoints_norm, keypoint_weights = kept(sample.keypoints_norm, sample.keypoint_weights)
    has_mano = all(
        part is not None and np.isfinite(part).all() for part in (sample.pose_rad, sample.betas)
    )
    return replace(
        sample,
        joints_mm=joints_mm,
        joint_weights=joint_weights,
        keypoints_norm=keypoints_norm,
        keypoint_weights=keypoint_weights,
        pose_rad=sample.pose_rad if has_mano else None,
        betas=sample.betas if has_mano else None,
        intrinsics=sample.intrinsics if np.isfinite(sample.intrinsics).all() else np.eye(3),
    )


def _placeholders(values: np.ndarray, repeated_rows: np.ndarray) -> np.ndarray:
    """(N, 21) which labels (N, 21, D) are one and the same point as labels of other joints.

    Measured coordinates are never equal to the last digit; a placeholder always is.
    """
    known = np.isfinite(values).all(-1) & ~repeated_rows[:, None]
    found = np.zeros(known.shape, bool)
    points, inverse = np.unique(values[known], axis=0, return_inverse=True)
    if not len(points):
        return found
    joints = np.broadcast_to(np.arange(JOINT_COUNT), known.shape)[known]
    inverse = inverse.ravel()
    times = np.bincount(inverse)
    different = np.array([len(np.unique(joints[inverse == n])) for n in range(len(points))])
    # A point that several joints share; one joint alone may lie in one place, as a wrist does.
    found[known] = ((times >= 3) & (different >= 2))[inverse]
    return found


def _sentinels(lab: Lab, labels: Labels) -> Found:
    repeated = _repeated_rows(labels)
    joints = _placeholders(labels.joints_mm, repeated)
    keypoints = _placeholders(labels.keypoints_norm, repeated)
    # A hand that is one point altogether is no hand with gaps: see root_only_labels.
    whole = joints.sum(1) >= JOINT_COUNT - 1
    joints[whole] = False
    keypoints[whole & (keypoints.sum(1) >= JOINT_COUNT - 1)] = False
    share = max(float(joints.mean()), float(keypoints.mean()))
    reading = Reading(quantity="placeholder_share", value=share, threshold="targets.placeholder")
    if share <= lab.thresholds["targets.placeholder"]:
        return reading, None
    source, flags = (
        (labels.joints_mm, joints) if joints.sum() >= keypoints.sum()
        else (labels.keypoints_norm, keypoints)
    )  # fmt: skip
    points, times = np.unique(source[flags], axis=0, return_counts=True)
    commonest = points[times.argmax()]
    numbers = {
        "point": "(" + ", ".join(f"{value:.4g}" for value in commonest) + ")",
        "share": share,
    }
    where = worst_first(labels.names, (joints | keypoints).sum(1).astype(float))
    bad = {tuple(point) for point in points}
    for flagged, all_of in ((joints, labels.joints_mm), (keypoints, labels.keypoints_norm)):
        bad |= {tuple(point) for point in np.unique(all_of[flagged], axis=0)}
    return reading, Named(
        cause="sentinel_joints", numbers=numbers, where=where, mend=_without_points(bad)
    )


def _without_points(points: set[tuple[float, ...]]):
    """Confidence 0 for placeholders, and for those joints in the other labels too."""

    def cleared(sample: Sample) -> Sample:
        is_bad = np.array(
            [tuple(joint) in points for joint in np.asarray(sample.joints_mm, float).tolist()]
        ) | np.array(
            [tuple(point) in points for point in np.asarray(sample.keypoints_norm, float).tolist()]
        )
        return replace(
            sample,
            joint_weights=np.where(is_bad, 0.0, sample.joint_weights),
            keypoint_weights=np.where(is_bad, 0.0, sample.keypoint_weights),
        )

    return lambda subject: map_samples(subject, cleared)


def _repeated_rows(labels: Labels) -> np.ndarray:
    """(N,) whose 3D about its wrist is another sample's, digit by digit."""
    joints = labels.joints_mm
    rows = np.where(np.isfinite(joints), joints, 0.0).reshape(len(joints), -1)
    size = np.nanmax(np.abs(rows), initial=1e-12, axis=1)
    is_hand = np.nan_to_num(extents_mm(joints)) > 1e-6 * size
    # A wrist alone may rest, but about no two other hands are crops the same: its 2D label moves.
    has_wrist = np.isfinite(joints[:, WRIST]).all(-1) & (size > 1e-6)
    known = is_hand | has_wrist
    wrist_norm = np.nan_to_num(labels.keypoints_norm[:, WRIST])
    apart = np.abs(rows[:, None] - rows[None]).max(-1)
    # Relative, so that metres are no more alike than millimetres.
    same = (apart <= 1e-7 * size[:, None]) & known[:, None] & known[None]
    in_one_place = np.abs(wrist_norm[:, None] - wrist_norm[None]).max(-1) <= 1e-7
    same &= (is_hand[:, None] & is_hand[None]) | in_one_place
    return same.sum(1) > 1


def _repeats(lab: Lab, labels: Labels) -> Found:
    repeated = _repeated_rows(labels)
    share = float(repeated.mean())
    reading = Reading(
        quantity="repeated_label_share", value=share, threshold="targets.repeated_share"
    )
    if share <= lab.thresholds["targets.repeated_share"] or _same_pictures(lab, repeated):
        return reading, None
    numbers = {"share": share, "count": int(repeated.sum())}
    where = worst_first(labels.names, repeated.astype(float))
    mend = leaving_out(repeated)
    return reading, Named(cause="repeated_labels", numbers=numbers, where=where, mend=mend)


def _same_pictures(lab: Lab, rows: np.ndarray) -> bool:
    """Whether pictures repeat just as the labels do: then it is a sample that repeats."""
    thumbs = np.stack([s.image[:, ::16, ::16].ravel() for s in lab.subject.samples])[rows]
    same = np.isclose(thumbs[:, None], thumbs[None], atol=1e-3).all(-1)
    return bool((same.sum(1) > 1).all())


def _root_only(lab: Lab, labels: Labels) -> Found:
    known = np.isfinite(labels.joints_mm).all(-1)
    extent = np.nan_to_num(extents_mm(labels.joints_mm))
    away = np.abs(np.nan_to_num(labels.joints_mm)).max((1, 2))
    # The wrist's label alone, or written into every joint.
    only = known[:, WRIST] & ((known.sum(1) == 1) | (extent <= 1e-6 * away))
    labelled = max(1, int(known.any(1).sum()))
    share = float(only.sum() / labelled)
    reading = Reading(quantity="root_only_share", value=share, threshold="targets.root_only_share")
    if share <= lab.thresholds["targets.root_only_share"]:
        return reading, None
    numbers = {"share": share, "count": int(only.sum())}
    where = worst_first(labels.names, only.astype(float))
    return reading, Named(cause="root_only_labels", numbers=numbers, where=where)


def _in_front(lab: Lab, labels: Labels) -> list[Found]:
    """Whether hands are before the camera; 3D about the wrist says nothing of it."""
    if labels.is_wrist_relative:
        return []
    depth = labels.joints_mm[..., 2]
    behind = (depth <= 0).sum(1) / np.maximum(np.isfinite(depth).sum(1), 1)
    share = float((behind > 0).mean())
    reading = Reading(quantity="behind_share", value=share, threshold="targets.behind_share")
    if share <= lab.thresholds["targets.behind_share"]:
        return [(reading, None)]
    numbers = {"share": share, "z_mm": median(depth[depth <= 0])}
    where = worst_first(labels.names, behind)
    if is_opengl(labels):
        opengl = Named(cause="opengl_axes", numbers=numbers, where=where, mend=to_camera_axes)
        return [(reading, opengl)]
    mend = leaving_out(behind > 0)
    return [(reading, Named(cause="behind_camera", numbers=numbers, where=where, mend=mend))]


def _hand_size(lab: Lab, labels: Labels) -> list[Found]:
    """Hands that are too small or too large, and not merely in another unit (see `scale`)."""
    whole = np.isfinite(labels.joints_mm).all((1, 2))
    extent = np.where(whole, extents_mm(labels.joints_mm), np.nan)
    low, high = lab.thresholds["targets.extent_low"], lab.thresholds["targets.extent_high"]
    units = np.array([unit_of(value, low, high) for value in extent])
    in_mm = extent / units
    wrong = (in_mm < low) | (in_mm > high) | (np.isnan(units) & (extent > 0))
    value = median(in_mm if np.isfinite(in_mm).any() else extent)
    if not np.isfinite(value):
        return []
    share = float(wrong.mean())
    reading = Reading(quantity="wrong_size_share", value=share, threshold="targets.size_share")
    if share <= lab.thresholds["targets.size_share"]:
        return [(reading, None)]
    wrong_mm = median(extent[wrong])
    numbers = {"share": share, "extent_mm": wrong_mm, "low_mm": low, "high_mm": high}
    where = worst_first(labels.names, np.where(wrong, np.abs(np.log(extent / 165)), 0))
    named = Named(
        cause="hand_size_implausible",
        numbers=numbers,
        where=where,
        mend=None if not wrong.all() else _resized(wrong_mm),
    )
    return [(reading, named)]


def _resized(extent_mm: float):
    """Hands of a usual size: the camera sees the same, for it cannot tell size from distance."""

    def mend(subject: Subject) -> Subject:
        posed = PosedLabels.of(subject)
        if posed is None:
            factor = _REST_EXTENT_MM / extent_mm
        else:
            sizes = extents_mm(posed.chosen(posed.posed_mm)) / extents_mm(posed.targets_mm)
            factor = median(sizes)
        resized = lambda sample: replace(sample, joints_mm=np.asarray(sample.joints_mm) * factor)
        return map_samples(subject, resized)

    return mend


def _shape(lab: Lab) -> list[Found]:
    samples = [sample for sample in lab.subject.samples if sample.betas is not None]
    if not samples:
        return []
    largest = np.array([np.abs(np.nan_to_num(sample.betas)).max() for sample in samples])
    value = float(largest.max())
    reading = Reading(quantity="largest_beta", value=value, unit="σ", threshold="targets.beta")
    if value <= lab.thresholds["targets.beta"]:
        return [(reading, None)]
    is_fault = value > lab.thresholds["targets.beta_fault"]
    over = largest > lab.thresholds["targets.beta"]
    named = Named(
        cause="impossible_shape",
        numbers={"beta": value, "share": float(over.mean())},
        verdict=Verdict.FAULT if is_fault else Verdict.WARNING,
        where=worst_first([sample.name for sample in samples], np.where(over, largest, 0)),
        mend=_without_shape(lab.thresholds["targets.beta"]) if is_fault else None,
    )
    return [(reading, named)]


def _without_shape(limit: float):
    def shapeless(sample: Sample) -> Sample:
        if sample.betas is None or np.abs(sample.betas).max() <= limit:
            return sample
        return replace(sample, betas=None)

    return lambda subject: map_samples(subject, shapeless)


CHECK = Check(id="targets", tier=Tier.SECONDS, run=_run)
