"""Are labels the joints that the hand model has, in its order, along its axes?"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.conventions import HO3D_TO_OPENPOSE, JOINT_COUNT, JOINT_NAMES, MANO_JOINT_COUNT
from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars
from core.doctor.lab import Lab
from core.doctor.measures.joint_matching import (
    Match,
    as_labelled,
    best_match,
    best_order_of_bones,
    bone_errors,
    name_axes,
    name_order,
)
from core.doctor.measures.labels import Labels, extents_mm, median, worst_first
from core.doctor.measures.mending import map_samples
from core.doctor.measures.pictures import overlay
from core.doctor.measures.posed_labels import (
    PosedLabels,
    centred,
    other_side_mm,
    rotations_onto,
    side_models,
    turned_residuals_mm,
)
from core.doctor.subject import Sample, Subject
from core.geometry.rotation import axis_angle_from_matrix, matrix_from_axis_angle
from core.hand.posed_joints import JointModel


def _run(lab: Lab) -> Outcome:
    posed = PosedLabels.of(lab.subject)
    if posed is None:
        return _by_bones(lab)
    source, target = posed.chosen(posed.posed_mm), posed.targets_mm
    claimed, best = as_labelled(source, target), best_match(source, target)
    lab.tick(0.5)
    if _explains(lab, source, target, claimed, best):
        gain = _gain(claimed, best)
    else:
        best = (
            _turned_match(lab, source, target)
            or _turned_mirror(lab, posed, lab.subject)
            or _of_other_side(lab, posed, lab.subject)
            or claimed
        )
        in_order = _turned(source, target, np.arange(source.shape[1]))
        gain = 0.0 if best is claimed else _gain(in_order, best)
    readings = (
        Reading(quantity="order_gain", value=gain, threshold="joint_order.gain"),
        Reading(quantity="claimed_mm", value=claimed.cost_mm, unit="mm"),
        Reading(quantity="best_mm", value=best.cost_mm, unit="mm"),
    )
    evidence = [
        Bars(
            title="distance_as_labelled",
            labels=tuple(JOINT_NAMES[joint] for joint in posed.joints),
            values=claimed.distances_mm,
            unit="mm",
        )
    ]
    named = None if best is claimed else _name(posed, claimed, best, lab.subject)
    if named is not None:
        row = lab.subject.samples.index(_sample(lab.subject, named.where[0]))
        labels = Labels.of(lab.subject.samples)
        skeletons = {"label": labels.keypoints_px[row], "projected": labels.projected_px[row]}
        evidence.append(overlay("order_of_labels", lab.subject.samples[row], skeletons))
    return Outcome(readings=readings, named=(named,) if named else (), evidence=tuple(evidence))


def _sample(subject: Subject, name: str) -> Sample:
    return next(sample for sample in subject.samples if sample.name == name)


def _gain(claimed: Match, best: Match) -> float:
    """Share of the distance that the best order and axes take away, of the joints they move."""
    moved = best.moved if best.keeps_axes and best.moved.any() else np.ones_like(best.moved)
    before = claimed.distances_mm[moved].mean()
    return float(1 - best.distances_mm[moved].mean() / before) if before > 0 else 0.0


def _explains(
    lab: Lab, source: np.ndarray, target: np.ndarray, claimed: Match, best: Match
) -> bool:
    """Whether another order or other axes are really what is wrong, and no accident of the fit."""
    if not best.moved.any() and best.keeps_axes:
        return False
    if _gain(claimed, best) < lab.thresholds["joint_order.gain"]:
        return False
    # Each half of the hands must say the same.
    halves = [best_match(source[half], target[half]) for half in (np.s_[::2], np.s_[1::2])]
    for half in halves:
        if not (np.array_equal(half.order, best.order) and np.array_equal(half.axes, best.axes)):
            return False
    # A hand that need only be turned has its joints in order: the orientation is at fault.
    turned = float(np.mean(turned_residuals_mm(source, target)))
    slack = 1 + lab.thresholds["joint_order.slack"]
    if best.cost_mm > turned * slack:
        return False
    return best.moved.sum() == 0 or _is_close(lab, best, target)


def _is_close(lab: Lab, best: Match, target: np.ndarray) -> bool:
    """An order is named by where its joints then lie; the known one may leave other faults."""
    if np.array_equal(best.order, HO3D_TO_OPENPOSE):
        return True
    radius = float(np.linalg.norm(target, axis=-1).mean())
    return (
        float(best.distances_mm[best.moved].mean()) <= lab.thresholds["joint_order.near"] * radius
    )


def _turned_match(lab: Lab, source: np.ndarray, target: np.ndarray) -> Match | None:
    """An order that shows only once each hand is turned: orientations are wrong as well.

    Tried are thumb-first, and any order of the tips about joints that are in place.
    """
    if source.shape[1] != JOINT_COUNT:
        return None
    claimed = _turned(source, target, np.arange(JOINT_COUNT))
    for order in (np.array(HO3D_TO_OPENPOSE), _order_of_tips(source, target)):
        match = _turned(source, target, order)
        if match.moved.any() and _gain(claimed, match) >= lab.thresholds["joint_order.gain"]:
            return match
    return None


def _turned_mirror(lab: Lab, posed: PosedLabels, subject: Subject) -> Match | None:
    """Mirrored axes that show only once each hand is turned: orientations are wrong as well.

    Any mirrored axis is then as good as another but for the 2D labels, which tell.
    """
    source, target = posed.chosen(posed.posed_mm), posed.targets_mm
    order = np.arange(source.shape[1])
    claimed, match = _turned(source, target, order), _turned(-source, target, order)
    radius = float(np.linalg.norm(target, axis=-1).mean())
    is_close = match.cost_mm <= lab.thresholds["joint_order.near"] * radius
    if not is_close or _gain(claimed, match) < lab.thresholds["joint_order.gain"]:
        return None
    mirrors = [np.diag(np.where(np.arange(3) == axis, -1.0, 1.0)) for axis in range(3)]
    labels = Labels.of(subject.samples)
    return replace(match, axes=min(mirrors, key=lambda axes: _unlikeness(labels, axes)))


def _unlikeness(labels: Labels, axes: np.ndarray) -> float:
    """How unlike the 2D labels the joints are, put into `axes` about the wrist."""
    wrist = labels.joints_mm[:, :1]
    turned = replace(labels, joints_mm=(labels.joints_mm - wrist) @ axes + wrist)
    distance = _shape_distance(turned.projected_px, labels.keypoints_px)
    return distance if np.isfinite(distance) else np.inf


def _of_other_side(lab: Lab, posed: PosedLabels, subject: Subject) -> Match | None:
    """Orders and axes that show only on hands of the other side: sides are wrong as well."""
    models = side_models(subject)
    other = other_side_mm(models, posed.pose_rad, posed.betas, posed.is_right)
    source, target = posed.chosen(other), posed.targets_mm
    claimed, best = as_labelled(source, target), best_match(source, target)
    if not _explains(lab, source, target, claimed, best):
        return None
    same_side = as_labelled(posed.chosen(posed.posed_mm), target)
    return best if _gain(same_side, best) >= lab.thresholds["joint_order.gain"] else None


def _turned(source: np.ndarray, target: np.ndarray, order: np.ndarray) -> Match:
    """How far labels are from joints in an order, every hand turned onto its labels."""
    ordered = source[:, order]
    turns = rotations_onto(ordered, target)
    apart = np.linalg.norm(ordered @ np.swapaxes(turns, 1, 2) - target, axis=-1)
    return Match(np.eye(3), order, apart.mean(0))


def _order_of_tips(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The tips' best assignment, hands turned by their other joints alone."""
    body = np.s_[:, :MANO_JOINT_COUNT]
    origins = [side[body].mean(1, keepdims=True) for side in (source, target)]
    source, target = source - origins[0], target - origins[1]
    turns = rotations_onto(source[body], target[body])
    turned = source @ np.swapaxes(turns, 1, 2)
    tips = np.s_[:, MANO_JOINT_COUNT:]
    apart = np.linalg.norm(turned[tips][:, :, None] - target[tips][:, None], axis=-1).mean(0)
    rows, columns = linear_sum_assignment(apart)
    order = np.arange(JOINT_COUNT)
    order[MANO_JOINT_COUNT + columns] = MANO_JOINT_COUNT + rows
    return order


def _name(posed: PosedLabels, claimed: Match, best: Match, subject: Subject) -> Named:
    distances = np.linalg.norm(posed.chosen(posed.posed_mm) - posed.targets_mm, axis=-1).mean(1)
    names = [subject.samples[row].name for row in posed.rows]
    numbers = {"claimed_mm": claimed.cost_mm, "best_mm": best.cost_mm}
    where = worst_first(names, distances)
    if not best.moved.any():
        return Named(
            cause="mirrored_axes",
            numbers={**numbers, "axes": name_axes(best.axes)},
            where=where,
            mend=lambda subject: _with_axes(subject, best.axes),
        )
    order = np.arange(JOINT_COUNT)
    order[posed.joints] = posed.joints[best.order]
    moved = np.flatnonzero(order != np.arange(JOINT_COUNT))
    numbers["moved"] = len(moved)
    numbers["example"] = JOINT_NAMES[moved[0]]
    numbers["instead"] = JOINT_NAMES[order[moved[0]]]
    return Named(
        cause=name_order(order),
        numbers=numbers,
        where=where,
        mend=lambda subject: _in_order(subject, order),
    )


def _in_order(subject: Subject, order: np.ndarray) -> Subject:
    """Labels put back into place; the 2D ones too, unless they are in place already."""
    labels = Labels.of(subject.samples)
    projected = _unordered(np.swapaxes(labels.projected_px, 0, 1), order)
    projected = np.swapaxes(projected, 0, 1)
    flat_in_place = _shape_distance(projected, labels.keypoints_px)
    flat_moved = _shape_distance(labels.projected_px, labels.keypoints_px)
    moves_2d = not flat_in_place < flat_moved

    def ordered(sample: Sample) -> Sample:
        changed = replace(
            sample,
            joints_mm=_unordered(sample.joints_mm, order),
            joint_weights=_unordered(sample.joint_weights, order),
        )
        if not moves_2d:
            return changed
        return replace(
            changed,
            keypoints_norm=_unordered(sample.keypoints_norm, order),
            keypoint_weights=_unordered(sample.keypoint_weights, order),
        )

    return map_samples(subject, ordered)


def _unordered(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    result = np.empty_like(np.asarray(values, float))
    result[order] = values
    return result


def _shape_distance(first: np.ndarray, second: np.ndarray) -> float:
    """How unlike two sets of 2D points (N, 21, 2) are, wherever and however large they lie."""

    def standard(points: np.ndarray) -> np.ndarray:
        middle = np.nanmean(points, 1, keepdims=True)
        return (points - middle) / np.nanstd(points, 1, keepdims=True)

    with np.errstate(all="ignore"):
        return median(np.abs(standard(first) - standard(second)))


def _with_axes(subject: Subject, axes: np.ndarray) -> Subject:
    """Joints turned into the pose's axes, or the pose into theirs: whichever 2D sides with."""
    labels = Labels.of(subject.samples)
    as_it_is = _shape_distance(labels.projected_px, labels.keypoints_px)
    wrist = labels.joints_mm[:, :1]
    candidates = {}
    for about_wrist in (False, True):
        origin = wrist if about_wrist else 0.0
        turned = replace(labels, joints_mm=(labels.joints_mm - origin) @ axes + origin)
        candidates[about_wrist] = _shape_distance(turned.projected_px, labels.keypoints_px)
    candidates = {key: value for key, value in candidates.items() if np.isfinite(value)}
    best = min(candidates, key=candidates.__getitem__, default=True)
    pose_is_wrong = bool(as_it_is <= candidates.get(best, np.inf))

    def turned_joints(sample: Sample) -> Sample:
        joints = np.asarray(sample.joints_mm, float)
        origin = joints[:1] if best else 0.0
        return replace(sample, joints_mm=(joints - origin) @ axes + origin)

    def turned_pose(sample: Sample) -> Sample:
        if sample.pose_rad is None or np.linalg.det(axes) < 0:
            return replace(sample, pose_rad=None, betas=None)  # no pose mirrors a hand
        orientation = axes @ matrix_from_axis_angle(sample.pose_rad[0])
        pose = np.concatenate([axis_angle_from_matrix(orientation)[None], sample.pose_rad[1:]])
        return replace(sample, pose_rad=pose)

    return map_samples(subject, turned_pose if pose_is_wrong else turned_joints)


@dataclass(frozen=True)
class _Bones:
    """How much of the labels are bones in their own order, and in the best one."""

    claimed: float
    best: float
    order: np.ndarray


def _by_bones(lab: Lab) -> Outcome:
    """Without MANO labels: lengths of bones tell the order, though not the axes."""
    if lab.subject.hand_model is None:
        return Outcome(reason="missing", detail="hand_model")
    joints = Labels.of(lab.subject.samples).joints_mm
    # A hand that is one point has no bones.
    joints = joints[np.isfinite(joints).all((1, 2)) & np.isfinite(extents_mm(joints))]
    if len(joints) < 3:
        return Outcome(reason="too_few_samples", detail=str(len(joints)))
    rest = JointModel.of(lab.subject.hand_model).rest_mm
    bones = _measure_bones(centred(joints), rest)
    gain = 1 - bones.best / bones.claimed if bones.claimed > 0 else 0.0
    is_same = name_order(bones.order) == ""
    readings = (
        Reading(
            quantity="bone_order_gain",
            value=0.0 if is_same else gain,
            threshold="joint_order.bone_gain",
        ),
        Reading(quantity="bone_error", value=bones.claimed),
    )
    named: tuple[Named, ...] = ()
    if not is_same and gain > lab.thresholds["joint_order.bone_gain"]:
        moved = np.flatnonzero(bones.order != np.arange(JOINT_COUNT))
        named = (
            Named(
                cause=name_order(bones.order),
                numbers={
                    "claimed_mm": bones.claimed * 100,
                    "best_mm": bones.best * 100,
                    "moved": len(moved),
                    "example": JOINT_NAMES[moved[0]],
                    "instead": JOINT_NAMES[bones.order[moved[0]]],
                },
                mend=lambda subject: _in_order(subject, bones.order),
            ),
        )
    errors = bone_errors(centred(joints), rest, np.arange(JOINT_COUNT))
    evidence = Bars(title="bone_errors", labels=tuple(map(str, range(20))), values=errors)
    return Outcome(readings=readings, named=named, evidence=(evidence,))


def _measure_bones(joints: np.ndarray, rest: np.ndarray) -> _Bones:
    same = np.arange(JOINT_COUNT)
    order = best_order_of_bones(joints, rest)
    claimed, best = (bone_errors(joints, rest, which) for which in (same, order))
    changed = np.abs(claimed - best) > 1e-9
    if not changed.any():
        return _Bones(float(claimed.mean()), float(best.mean()), order)
    return _Bones(float(claimed[changed].mean()), float(best[changed].mean()), order)


CHECK = Check(
    id="joint_order",
    tier=Tier.SECONDS,
    run=_run,
    after=("targets/zero_confidence",),
)
