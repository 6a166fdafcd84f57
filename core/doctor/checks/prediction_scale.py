"""Do prediction and labels have the same units, in space and in the picture?"""

from dataclasses import dataclass, replace

import numpy as np

from core.doctor.check import Check, Named, Outcome, Reading, Tier, not_tested
from core.doctor.evidence import Evidence, Scatter, Table
from core.doctor.lab import Lab
from core.doctor.measures.factors import NAMING_TOLERANCE_DEX
from core.doctor.trials.shared_work import Answers, answers
from core.evaluation.alignment import procrustes_align


@dataclass(frozen=True, kw_only=True)
class Scales:
    """How large predictions are against labels; medians over samples.

    Attributes:
        length: RMS distance of the joints from their mean, prediction over label.
        plane: (x, y) standard deviation of the 2D keypoints, prediction over label.
        offset: (x, y) mean of the predicted keypoints less that of their own 3D in the picture (of
            the labels, where the 3D has no place in space), normalised.
        unlikeness: What is left of a predicted hand's joints over their extent when the label is
            moved, turned and scaled onto it: about 0.3 for hands, near 1 for random points.
        drawn: (x, y) how large the prediction draws its own 3D, over what a camera at its distance
            does; NaN where its 2D is not a picture of its 3D.
    """

    length: float
    plane: tuple[float, float]
    offset: tuple[float, float]
    unlikeness: float
    drawn: tuple[float, float]

    @property
    def aspect(self) -> float:
        """How much wider than high the prediction draws its own 3D; 1 is right."""
        return self.drawn[0] / self.drawn[1]


def measure_scales(given: Answers) -> Scales:
    """All ratios of a network's answers against their samples' labels."""
    labels_mm = np.stack([sample.joints_mm for sample in given.samples])
    labels_norm = np.stack([sample.keypoints_norm for sample in given.samples])
    spread = given.keypoints_norm.std(1) / np.maximum(labels_norm.std(1), 1e-12)
    moved = procrustes_align(labels_mm, given.joints_mm)
    left = _spread(given.joints_mm - moved, about_mean=False) / _spread(given.joints_mm)
    drawn = _drawn(given, labels_mm)
    offset = given.keypoints_norm.mean(1) - _expected_places(given, labels_norm)
    ratios = _spread(given.joints_mm) / np.maximum(_spread(labels_mm), 1e-12)
    return Scales(
        length=_median(ratios),
        plane=(_median(spread[:, 0]), _median(spread[:, 1])),
        offset=(_median(offset[:, 0]), _median(offset[:, 1])),
        unlikeness=_median(left),
        drawn=(_median(drawn[:, 0]), _median(drawn[:, 1])),
    )


def _spread(points: np.ndarray, *, about_mean: bool = True) -> np.ndarray:
    """RMS distance (N,) of point sets (N, J, D) from their mean, or from zero."""
    centre = points.mean(1, keepdims=True) if about_mean else 0.0
    return np.sqrt(((points - centre) ** 2).sum(-1).mean(-1))


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


#: Below this correlation of own 2D with own 3D a network's keypoints are not its joints' picture.
_LEAST_CORRELATION = 0.9


#: Nearer than this to the camera's origin joints are not in camera space, but about their wrist.
_NEAREST_MM = 50.0


def _drawn(given: Answers, labels_mm: np.ndarray) -> np.ndarray:
    """(N, 2) slope of own x over own X, and of y over Y, in pixels, over focal length by distance:
    weak perspective. Joints without a place in space are taken to be at their label's distance."""
    found = []
    rows = zip(given.samples, given.joints_mm, given.keypoints_norm, labels_mm, strict=True)
    for sample, joints_mm, norm, label_mm in rows:
        height, width = sample.size_px
        distance = joints_mm[:, 2].mean()
        if not distance > _NEAREST_MM:
            distance = label_mm[:, 2].mean()
        focal = sample.intrinsics[0, 0], sample.intrinsics[1, 1]
        slopes = [_slope(joints_mm[:, axis], norm[:, axis]) for axis in (0, 1)]
        found.append(np.array(slopes) * (width, height) * distance / np.array(focal))
    return np.array(found)


def _expected_places(given: Answers, labels_norm: np.ndarray) -> np.ndarray:
    """(N, 2) where the middle of the joints ought to be seen, normalised."""
    found = []
    for sample, joints_mm, norm in zip(given.samples, given.joints_mm, labels_norm, strict=True):
        height, width = sample.size_px
        seen = joints_mm @ sample.intrinsics.T
        if (seen[:, 2] > _NEAREST_MM).all():
            norm = seen[:, :2] / seen[:, 2:] / (width, height) - 0.5
        found.append(norm.mean(0))
    return np.array(found)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    sizes = np.sqrt((x @ x) * (y @ y))
    if not sizes > 0 or not abs(x @ y) / sizes > _LEAST_CORRELATION:
        return float("nan")
    return float(x @ y / (x @ x))


def _run(lab: Lab) -> Outcome:
    given = _finite(answers(lab))
    if not given.samples:
        return not_tested("not_finite", "prediction − label")
    scales = measure_scales(given)
    limit = lab.thresholds["prediction_scale.ratio"]
    readings = [
        Reading(
            quantity="length_factor",
            value=_beyond(scales.length),
            threshold="prediction_scale.ratio",
        ),
        Reading(
            quantity="plane_factor",
            value=max(_beyond(ratio) for ratio in scales.plane),
            threshold="prediction_scale.ratio",
        ),
        Reading(quantity="length_ratio", value=scales.length),
        *(
            Reading(quantity=f"plane_ratio_{axis}", value=ratio)
            for axis, ratio in zip("xy", scales.plane, strict=True)
        ),
        Reading(quantity="hand_unlikeness", value=scales.unlikeness),
    ]
    is_hand = scales.unlikeness < lab.thresholds["prediction_scale.unlikeness"]
    named = []
    if is_hand and not _beyond(scales.length) <= limit:
        named.append(_length_fault(scales))
    named += _plane_faults(scales, lab) if is_hand else []
    return Outcome(readings=tuple(readings), named=tuple(named), evidence=_evidence(given))


def _finite(given: Answers) -> Answers:
    """What of the answers can be compared: where prediction and labels are numbers."""
    rows = [
        row
        for row, sample in enumerate(given.samples)
        if all(
            np.isfinite(values).all()
            for values in (
                given.joints_mm[row],
                given.keypoints_norm[row],
                sample.joints_mm,
                sample.keypoints_norm,
                sample.intrinsics,
            )
        )
    ]
    return replace(
        given,
        samples=tuple(given.samples[row] for row in rows),
        joints_mm=given.joints_mm[rows],
        keypoints_norm=given.keypoints_norm[rows],
    )


def _beyond(ratio: float) -> float:
    """How many times too large or too small."""
    return max(ratio, 1 / ratio) if ratio > 0 else float("inf")


def _length_fault(scales: Scales) -> Named:
    numbers = {"ratio": scales.length}
    for factor, cause in (
        (1e-3, "prediction_in_metres"),
        (1e-1, "prediction_in_centimetres"),
    ):
        if abs(np.log10(scales.length / factor)) <= NAMING_TOLERANCE_DEX:
            return Named(cause=cause, numbers=numbers)
    return Named(cause="prediction_wrong_size", numbers=numbers)


def _plane_faults(scales: Scales, lab: Lab) -> list[Named]:
    x, y = scales.plane
    offset_x, offset_y = scales.offset
    numbers = {"ratio_x": x, "ratio_y": y, "offset_x": offset_x, "offset_y": offset_y}
    numbers |= {"aspect": scales.aspect}
    if max(_beyond(x), _beyond(y)) > lab.thresholds["prediction_scale.ratio"]:
        return [Named(cause=_plane_cause(scales, lab), numbers=numbers)]
    found = []
    shift = lab.thresholds["prediction_scale.offset"]
    if all(abs(offset - 0.5) < shift for offset in scales.offset):
        found.append(Named(cause="prediction_keypoints_offset", numbers=numbers))
    if _beyond(scales.aspect) > lab.thresholds["prediction_scale.aspect"]:
        found.append(Named(cause="prediction_square_crop", numbers=numbers))
    return found


def _plane_cause(scales: Scales, lab: Lab) -> str:
    """Which slip makes these factors: by how own 3D is drawn, which is exact, or by the spread."""
    height, width = lab.subject.samples[0].size_px
    is_exact = np.isfinite(scales.drawn).all() and (
        _beyond(scales.length) <= lab.thresholds["prediction_scale.ratio"]
    )
    x, y = scales.drawn if is_exact else scales.plane
    if not (x > 0 and y > 0):
        return "prediction_wrong_spread"
    near = lambda ratio, factor: abs(np.log10(ratio / factor)) <= NAMING_TOLERANCE_DEX
    for cause, sign in (("prediction_focal_divided", -1.0), ("prediction_in_pixels", 1.0)):
        # By width and height, or both by one of them.
        divisors = ((width, height), (width, width), (height, height))
        if any(near(x, by_x**sign) and near(y, by_y**sign) for by_x, by_y in divisors):
            return cause
    return "prediction_wrong_spread"


def _evidence(given: Answers) -> tuple[Evidence, ...]:
    labels_mm = np.stack([sample.joints_mm for sample in given.samples])
    labels_norm = np.stack([sample.keypoints_norm for sample in given.samples])
    names = tuple(sample.name for sample in given.samples)
    rows = []
    for axis, name in enumerate("xy"):
        for what, norm in (("prediction", given.keypoints_norm), ("label", labels_norm)):
            known = norm[..., axis][np.isfinite(norm[..., axis])]
            ends = np.percentile(known, (0, 1, 50, 99, 100)) if len(known) else np.full(5, np.nan)
            rows.append((f"{name}, {what}", *(float(end) for end in ends)))
    return (
        Scatter(
            title="prediction_extents",
            x=_spread(labels_mm),
            y=_spread(given.joints_mm),
            x_label="label_extent_mm",
            y_label="prediction_extent_mm",
            diagonal=True,
            names=names,
        ),
        Table(
            title="prediction_range",
            columns=("coordinate", "min", "p1", "median", "p99", "max"),
            rows=tuple(rows),
        ),
    )


CHECK = Check(
    id="prediction_scale",
    tier=Tier.SECONDS,
    needs=("samples", "network"),
    after=(
        "load/hand_model_zeros",
        "targets/labels_not_finite",
        "targets/behind_camera",
    ),
    run=_run,
)
