"""Do labels move with the pixels, whatever the pipeline does to them?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.conventions import WRIST
from core.doctor.check import Check, Named, Outcome, Reading, Tier
from core.doctor.evidence import Bars, Evidence
from core.doctor.lab import Lab
from core.doctor.measures.forced_views import Moved, force
from core.doctor.measures.labels import Labels, median, worst_first
from core.doctor.measures.pictures import overlay
from core.doctor.measures.pixel_motion import moved
from core.doctor.subject import View
from core.geometry.rotation import angle_between_rad, matrix_from_axis_angle
from core.hand.posed_joints import MIRROR_ROTATION

#: Large enough that a label left behind is far away, small enough that crops still overlap.
_VIEWS = (
    View(kind="rotation", amount=25.0),
    View(kind="shift_x", amount=0.12),
    View(kind="shift_y", amount=0.1),
    View(kind="scale", amount=1.15),
)
_COLOUR = View(kind="colour", amount=0.3)
_FLIP = View(kind="flip", amount=1.0)
_ROWS = 6

Views = dict[str, list[Moved]]


@dataclass(frozen=True)
class _Question:
    """One way in which labels and pixels can part.

    Attributes:
        cause: Its name.
        kinds: Changes that it is asked of.
        quantity, unit, threshold: Of its reading.
        measure: Of one sample under one change.
    """

    cause: str
    kinds: tuple[str, ...]
    quantity: str
    unit: str
    threshold: str
    measure: Callable[[Moved], float]


_QUESTIONS = (
    _Question("rotation_not_on_keypoints", ("rotation",), "rotation_error_px", "px",
              "augmentation.keypoint_px", Moved.keypoint_error_px),
    _Question("rotation_not_on_3d", ("rotation",), "joint_turn_error_deg", "°",
              "augmentation.turn_deg", Moved.joint_error_deg),
    _Question("rotation_not_on_pose", ("rotation",), "pose_turn_error_deg", "°",
              "augmentation.turn_deg", Moved.pose_error_deg),
    _Question("shift_not_on_labels", ("shift_x", "shift_y"), "shift_error_px", "px",
              "augmentation.keypoint_px", Moved.keypoint_error_px),
    _Question("scale_not_on_labels", ("scale",), "scale_error_px", "px",
              "augmentation.keypoint_px", Moved.keypoint_error_px),
    _Question("intrinsics_not_augmented", ("rotation", "shift_x", "shift_y", "scale"),
              "camera_error_px", "px", "augmentation.camera_px", Moved.camera_error_px),
)  # fmt: skip


def _run(lab: Lab) -> Outcome:
    views = _collect(lab)
    if not views:
        return Outcome(reason="no_views")
    found = [pair for question in _QUESTIONS for pair in _ask(lab, views, question)]
    # 3D that was not turned projects elsewhere too: only 3D is at fault then.
    causes = {named.cause for _, named in found if named is not None}
    if causes & {question.cause for question in _QUESTIONS[:5]}:
        found = [(r, None if n and n.cause == "intrinsics_not_augmented" else n) for r, n in found]
    found += [*_colour(lab, views), *_flip(lab, views)]
    if not found:
        return Outcome(reason="no_views")
    found.sort(key=lambda pair: pair[1] is None)
    return Outcome(
        readings=tuple(reading for reading, _ in found),
        named=tuple(named for _, named in found if named is not None),
        evidence=_evidence(lab, views, found),
    )


def _collect(lab: Lab) -> Views:
    """Some samples under every change that the pipeline has."""
    labels = Labels.of(lab.subject.samples)
    usable = np.flatnonzero(np.isfinite(labels.keypoints_px).all(-1).sum(1) >= 4)
    if not len(usable):
        usable = np.arange(len(lab.subject.samples))
    rows = usable[np.linspace(0, len(usable) - 1, min(_ROWS, len(usable))).round().astype(int)]
    views: Views = {}
    wanted = (*_VIEWS, _COLOUR, _FLIP)
    for number, view in enumerate(wanted):
        for row in rows:
            pair = force(lab.subject, int(row), view, with_pixels=view is not _COLOUR)
            if pair is None:
                break
            views.setdefault(view.kind, []).append(pair)
            lab.tick(number / len(wanted))
    return views


def _ask(lab: Lab, views: Views, question: _Question) -> list[tuple[Reading, Named | None]]:
    by_kind = {
        kind: np.array([question.measure(pair) for pair in views[kind]])
        for kind in question.kinds
        if kind in views
    }
    # The worst kind speaks for all: a shift may be right in x and forgotten in y.
    medians = {kind: median(values) for kind, values in by_kind.items()}
    medians = {kind: value for kind, value in medians.items() if np.isfinite(value)}
    if not medians:
        return []
    kind = max(medians, key=medians.__getitem__)
    reading = Reading(
        quantity=question.quantity,
        value=medians[kind],
        unit=question.unit,
        threshold=question.threshold,
    )
    if medians[kind] <= lab.thresholds[question.threshold]:
        return [(reading, None)]
    pairs = views[kind]
    numbers = {
        "error": medians[kind],
        "amount": pairs[0].view.amount,
        "error_mm": median(np.array([pair.joint_error_mm() for pair in pairs])),
    }
    names = [pair.before.name for pair in pairs]
    where = worst_first(names, by_kind[kind])
    return [(reading, Named(cause=question.cause, numbers=numbers, where=where))]


def _colour(lab: Lab, views: Views) -> list[tuple[Reading, Named | None]]:
    """Labels must not change at all where only colours do."""
    pairs = views.get("colour", [])
    if not pairs:
        return []
    moved_px = np.array([_largest_change(pair) for pair in pairs])
    reading = Reading(
        quantity="colour_change_px", value=median(moved_px), threshold="augmentation.colour_px"
    )
    if median(moved_px) <= lab.thresholds["augmentation.colour_px"]:
        return [(reading, None)]
    names = [pair.before.name for pair in pairs]
    numbers = {"error": median(moved_px), "amount": _COLOUR.amount}
    where = worst_first(names, moved_px)
    return [(reading, Named(cause="colour_moves_labels", numbers=numbers, where=where))]


def _largest_change(pair: Moved) -> float:
    """Largest change of any label: 2D in px, 3D in mm, pose in degrees; whichever is largest."""
    before, after = (Labels.of([sample]) for sample in (pair.before, pair.after))
    changes = [
        np.abs(before.keypoints_px - after.keypoints_px),
        np.abs(before.joints_mm - after.joints_mm),
    ]
    if pair.before.pose_rad is not None and pair.after.pose_rad is not None:
        changes.append(np.degrees(np.abs(pair.before.pose_rad - pair.after.pose_rad)))
    return max(float(np.nanmax(change, initial=0.0)) for change in changes)


def _flip(lab: Lab, views: Views) -> list[tuple[Reading, Named | None]]:
    """A mirrored picture shows a hand of the other side, its joints and pose mirrored as well."""
    # The pixels decide whether it was mirrored at all.
    pairs = [
        pair
        for pair in views.get("flip", [])
        if pair.pixels is not None and np.linalg.det(pair.pixels[:, :2]) < 0
    ]
    if not pairs:
        return []
    errors = {
        "keypoints": np.array([pair.keypoint_error_px() for pair in pairs]),
        "joints": np.array([_mirrored_joint_error_mm(pair) for pair in pairs]),
        "pose": np.array([_mirrored_pose_error_deg(pair) for pair in pairs]),
        "side": np.array([float(p.before.is_right == p.after.is_right) for p in pairs]),
    }
    limits = {
        # The edges' pixel centres are a pixel apart from the edges.
        "keypoints": 1.0 + lab.thresholds["augmentation.keypoint_px"],
        "joints": lab.thresholds["augmentation.flip_mm"],
        "pose": lab.thresholds["augmentation.turn_deg"],
        "side": 0.5,
    }
    wrong = [part for part in errors if median(errors[part]) > limits[part]]
    value = median(errors["pose"])
    reading = Reading(
        quantity="flip_pose_error_deg",
        value=value if np.isfinite(value) else median(errors["joints"]),
        unit="°",
        threshold="augmentation.turn_deg",
    )
    if not wrong:
        return [(reading, None)]
    numbers = {"parts": ", ".join(wrong), "error": reading.value, "amount": 1.0}
    where = worst_first([pair.before.name for pair in pairs], np.ones(len(pairs)))
    return [(reading, Named(cause="flip_without_mirrored_pose", numbers=numbers, where=where))]


def _mirrored_joint_error_mm(pair: Moved) -> float:
    before, after = (Labels.of([s]).joints_mm[0] for s in (pair.before, pair.after))
    expected = (before - before[WRIST]) * (-1.0, 1.0, 1.0)
    return median(np.linalg.norm(expected - (after - after[WRIST]), axis=-1))


def _mirrored_pose_error_deg(pair: Moved) -> float:
    """Largest angle between a joint's rotation and the mirrored one before."""
    if pair.before.pose_rad is None or pair.after.pose_rad is None:
        return np.nan
    expected = matrix_from_axis_angle(pair.before.pose_rad * MIRROR_ROTATION)
    actual = matrix_from_axis_angle(pair.after.pose_rad)
    return float(np.degrees(angle_between_rad(expected, actual)).max())


def _evidence(lab: Lab, views: Views, found) -> tuple[Evidence, ...]:
    """Errors of all questions, and the worst view: labels, and where the pixels carried them."""
    readings = [reading for reading, _ in found if reading.threshold]
    bars = Bars(
        title="augmentation_errors",
        labels=tuple(reading.quantity for reading in readings),
        values=np.array(
            [reading.value / lab.thresholds[reading.threshold] for reading in readings]
        ),
        limits=(1.0,),
    )
    geometric = [pairs[0] for kind, pairs in views.items() if kind != "colour"]
    if not geometric:
        return (bars,)
    worst = max(geometric, key=lambda pair: np.nan_to_num(pair.keypoint_error_px()))
    before, after = (Labels.of([s]).keypoints_px[0] for s in (worst.before, worst.after))
    skeletons = {"label": after, "carried": moved(before, worst.motion)}
    return (bars, overlay("view", worst.after, skeletons))


CHECK = Check(
    id="augmentation", tier=Tier.SECONDS, run=_run, needs=("samples", "forced"),
    after=(
        "input/black_images", "input/repeated_images", "targets/repeated_labels",
        "targets/zero_confidence",
    ),
)  # fmt: skip
