"""Do the MANO labels reproduce the joint labels, and if not: under which convention would they?"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars
from core.doctor.lab import Lab
from core.doctor.measures.labels import Labels, extents_mm, median, worst_first
from core.doctor.measures.mending import Change, map_samples
from core.doctor.measures.pictures import overlay
from core.doctor.measures.posed_labels import (
    PosedLabels,
    other_side_mm,
    posed_mm,
    residuals_mm,
    rotations_onto,
    side_models,
    turned_residuals_mm,
)
from core.doctor.measures.reorientation import reoriented
from core.doctor.subject import Sample, Subject
from core.geometry.rotation import angle_between_rad
from core.hand.posed_joints import JointModel

#: Two ways to read a pose from the hand model.
Read = Callable[[np.ndarray, JointModel], np.ndarray]


@dataclass(frozen=True, eq=False)
class _Convention:
    """Another reading of the same numbers.

    Attributes:
        cause: What it would be called.
        key: Its name in the evidence.
        posed_mm: (N, 21, 3) the hands it gives.
        change: To samples, if it is the right one.
    """

    cause: str
    key: str
    posed_mm: np.ndarray
    change: Change | None


def _as_it_is(pose: np.ndarray, _: JointModel) -> np.ndarray:
    return pose


def _plus_mean(pose: np.ndarray, model: JointModel) -> np.ndarray:
    return np.concatenate([pose[..., :1, :], pose[..., 1:, :] + model.pose_mean_rad], axis=-2)


def _minus_mean(pose: np.ndarray, model: JointModel) -> np.ndarray:
    return np.concatenate([pose[..., :1, :], pose[..., 1:, :] - model.pose_mean_rad], axis=-2)


def _from_pca(pose: np.ndarray, model: JointModel) -> np.ndarray:
    fingers = pose[..., 1:, :].reshape(*pose.shape[:-2], 45) @ model.pose_components
    return np.concatenate([pose[..., :1, :], fingers.reshape(*pose.shape[:-2], 15, 3)], axis=-2)


def _from_pca_with_mean(pose: np.ndarray, model: JointModel) -> np.ndarray:
    return _plus_mean(_from_pca(pose, model), model)


_READINGS: tuple[tuple[str, str, Read], ...] = (
    ("mean_hand_added", "plus_mean", _plus_mean),
    ("mean_hand_added", "minus_mean", _minus_mean),
    ("pca_as_axis_angle", "pca", _from_pca),
    ("pca_as_axis_angle", "pca_plus_mean", _from_pca_with_mean),
)


def _run(lab: Lab) -> Outcome:
    posed = PosedLabels.of(lab.subject)
    if posed is None:
        return Outcome(reason="missing", detail="mano")
    target = posed.targets_mm
    extent = median(extents_mm(target))
    current = residuals_mm(posed.chosen(posed.posed_mm), target)
    conventions = _conventions(lab.subject, posed)
    lab.tick(0.5)
    plain = {c.key: residuals_mm(posed.chosen(c.posed_mm), target) for c in conventions}
    turned = {c.key: turned_residuals_mm(posed.chosen(c.posed_mm), target) for c in conventions}
    share = median(current) / extent
    readings = [
        Reading(quantity="residual_share", value=share, threshold="mano_fit.residual_share"),
        Reading(quantity="residual_mm", value=median(current), unit="mm"),
    ]
    named = _name(lab, posed, conventions, plain, turned, extent)
    bars = Bars(
        title="residual_by_convention",
        labels=("labelled", *plain, "turned"),
        values=np.array([median(current), *map(median, plain.values()), median(turned["same"])]),
        unit="mm",
        limits=(lab.thresholds["mano_fit.residual_share"] * extent,),
    )
    worst = int(np.argmax(current))
    return Outcome(
        readings=tuple(readings),
        named=(named,) if named else (),
        evidence=(bars, _picture(lab.subject, posed, worst)),
    )


def _picture(subject: Subject, posed: PosedLabels, number: int):
    """Where the posed hand would be seen, its centre on that of the labels."""
    row = int(posed.rows[number])
    labels = Labels.of([subject.samples[row]])
    known = posed.joints
    offset = (labels.joints_mm[0, known] - posed.posed_mm[number, known]).mean(0)
    from_pose = replace(labels, joints_mm=posed.posed_mm[number : number + 1] + offset)
    skeletons = {"label": labels.projected_px[0], "from_pose": from_pose.projected_px[0]}
    return overlay("pose_and_labels", subject.samples[row], skeletons)


def _conventions(subject: Subject, posed: PosedLabels) -> list[_Convention]:
    models = side_models(subject)
    found = [_Convention("", "same", posed.posed_mm, None)]
    for cause, key, read in _READINGS:
        hands = np.empty_like(posed.posed_mm)
        for side in set(posed.is_right.tolist()):
            rows = posed.is_right == side
            pose = read(posed.pose_rad[rows], models[side])
            hands[rows] = models[side].joints_mm(pose, posed.betas[rows])
        found.append(_Convention(cause, key, hands, _rereading(read, models)))
    other = other_side_mm(models, posed.pose_rad, posed.betas, posed.is_right)
    found.append(_Convention("left_as_right", "other_side", other, _other_side))
    betas, hands = _refitted(models, posed)
    found.append(_Convention("betas_wrong", "betas_refitted", hands, _reshaped(subject, betas)))
    return found


def _rereading(read: Read, models: dict[bool, JointModel]) -> Change:
    def changed(sample: Sample) -> Sample:
        if sample.pose_rad is None:
            return sample
        return replace(sample, pose_rad=read(sample.pose_rad, models[sample.is_right]))

    return changed


def _other_side(sample: Sample) -> Sample:
    return replace(sample, is_right=not sample.is_right)


def _refitted(
    models: dict[bool, JointModel], posed: PosedLabels
) -> tuple[dict[bytes, np.ndarray], np.ndarray]:
    """Shapes that fit the joints best, one for all samples that have one and the same shape now.

    Linear least squares, for joints are linear in the shape; a slight pull towards the mean keeps
    directions that few hands show from running away. Turns are left free, as orientations may be
    wrong as well.
    """
    fitted: dict[bytes, np.ndarray] = {}
    betas = np.empty_like(posed.betas)
    keys = [np.round(row, 5).tobytes() for row in posed.betas]
    target = posed.targets_mm
    for key in dict.fromkeys(keys):
        rows = np.array([other == key for other in keys])
        side = bool(posed.is_right[rows][0])
        pose = posed.pose_rad[rows]
        steps = models[side].shape_steps_mm(pose)[:, posed.joints]
        steps -= steps.mean(1, keepdims=True)
        mean = posed.chosen(models[side].joints_mm(pose, np.zeros((rows.sum(), 10))))
        turn = rotations_onto(mean, target[rows])
        wanted = np.einsum("nba,njb->nja", turn, target[rows]) - mean
        matrix = steps.reshape(-1, 10)
        ridge = np.eye(10) * 1e-3 * max(float(np.trace(matrix.T @ matrix)) / 10, 1e-9)
        fit = np.linalg.solve(matrix.T @ matrix + ridge, matrix.T @ wanted.ravel())
        fitted[key], betas[rows] = fit, fit
    return fitted, posed_mm(models, posed.pose_rad, betas, posed.is_right)


def _reshaped(subject: Subject, fitted: dict[bytes, np.ndarray]) -> Change:
    def changed(sample: Sample) -> Sample:
        betas = np.zeros(10) if sample.betas is None else np.asarray(sample.betas, float)
        key = np.round(betas, 5).tobytes()
        return replace(sample, betas=fitted[key]) if key in fitted else sample

    return changed


def _name(
    lab: Lab,
    posed: PosedLabels,
    conventions: list[_Convention],
    plain: dict[str, np.ndarray],
    turned: dict[str, np.ndarray],
    extent: float,
) -> Named | None:
    """The simplest reading that explains: none, then another convention, then a turn as well."""
    least_mm = lab.thresholds["mano_fit.gain_mm"]
    ratio = lab.thresholds["mano_fit.ratio"]

    def better(new: np.ndarray, old: np.ndarray) -> bool:
        """Whether `new` leaves much less than `old`, on nearly every hand."""
        apart = median(old) - median(new)
        is_smaller = apart > least_mm and median(new) < ratio * median(old)
        return bool(is_smaller and np.mean(new < old) > 0.75)

    current = plain["same"]
    best = min(conventions, key=lambda c: _cost(c, plain))
    best_turned = min(conventions, key=lambda c: _cost(c, turned))
    names = [lab.subject.samples[row].name for row in posed.rows]
    where = worst_first(names, current)
    numbers = {"residual_mm": median(current), "share": median(current) / extent}
    if better(turned[best_turned.key], plain[best.key]) and better(
        turned[best_turned.key], current
    ):
        angle = _turn_degrees(posed, best_turned)
        is_turned = median(angle) > lab.thresholds["mano_fit.turn_deg"]
        # Any two hands come closer when turned: only a turn that leaves nothing explains.
        left = median(turned[best_turned.key]) / extent
        if is_turned and left <= lab.thresholds["mano_fit.residual_share"]:
            numbers |= {"angle_deg": median(angle), "best_mm": median(turned[best_turned.key])}
            return Named(
                cause="world_orientation",
                numbers=numbers,
                where=worst_first(names, angle),
                mend=lambda subject: reoriented(subject, posed, best_turned.posed_mm),
            )
    if best.cause and better(plain[best.key], current):
        numbers["best_mm"] = median(plain[best.key])
        if best.cause == "betas_wrong":
            numbers["beta"] = float(np.abs(posed.betas).max())
        change = best.change
        return Named(
            cause=best.cause,
            numbers=numbers,
            where=where,
            mend=lambda subject: map_samples(subject, change),
        )
    limit = lab.thresholds["mano_fit.residual_share"]
    if median(current) / extent <= limit:
        return None
    return Named(cause="pose_unlike_joints", numbers=numbers, where=where, mend=_without_mano)


def _cost(convention: _Convention, residuals: dict[str, np.ndarray]) -> float:
    """A refitted shape fits anything a little better, so others go before it."""
    handicap = 1.15 if convention.cause == "betas_wrong" else 1.0
    return handicap * median(residuals[convention.key])


def _turn_degrees(posed: PosedLabels, convention: _Convention) -> np.ndarray:
    turns = rotations_onto(posed.chosen(convention.posed_mm), posed.targets_mm)
    identity = np.broadcast_to(np.eye(3), turns.shape)
    return np.degrees(angle_between_rad(turns, identity))


def _without_mano(subject: Subject) -> Subject:
    return map_samples(subject, lambda sample: replace(sample, pose_rad=None, betas=None))


CHECK = Check(
    id="mano_fit",
    tier=Tier.SECONDS,
    run=_run,
    after=("targets/zero_confidence",),
)
