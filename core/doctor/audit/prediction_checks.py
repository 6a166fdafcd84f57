"""Checks of what a network answers, against the labels and against itself."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.spatial.distance import pdist

from core.doctor.audit.check import Check, Outcome, Verdict
from core.doctor.audit.measures import (
    crop_projection,
    explain_normalisation,
    range_numbers,
    regress_normalisation,
)
from core.doctor.audit.samples import AuditSample
from core.doctor.measures.factors import LENGTH_FACTORS, PLANE_FACTORS, name_factor
from core.evaluation.alignment import spread_mm
from core.geometry.crop import denormalise_keypoints

#: Ratios that an honest network's error explains; further off, something else is wrong.
_RATIO_PASS = (0.75, 1.33)
_RATIO_WARNING = (0.55, 1.8)
_RATIO_THRESHOLD = (
    f"fault: outside {_RATIO_WARNING[0]} to {_RATIO_WARNING[1]}; "
    f"warning: outside {_RATIO_PASS[0]} to {_RATIO_PASS[1]}"
)


def _predicted_range(samples: Sequence[AuditSample]) -> Outcome:
    norm = np.concatenate([sample.prediction.keypoints_norm for sample in samples])
    measured = range_numbers(norm)
    share = measured["share_inside"]
    if share >= 0.9:
        return Outcome(Verdict.PASS, measured)
    verdict = Verdict.WARNING if share >= 0.5 else Verdict.FAULT
    text = f"{1 - share:.1%} of the predicted keypoints lie outside of the crop."
    return Outcome(verdict, measured, text)


def _predicted_units(samples: Sequence[AuditSample]) -> Outcome:
    predicted = np.array([spread_mm(sample.prediction.joints_mm) for sample in samples])
    truth = np.array([spread_mm(sample.joints_mm) for sample in samples])
    diameters = [pdist(sample.prediction.joints_mm).max() for sample in samples]
    ratio = _median_ratio(predicted, truth)
    measured = {
        "ratio": ratio,
        "finite_share": float(np.isfinite(predicted).mean()),
        "prediction_extent_mm": float(np.median(predicted)),
        "label_extent_mm": float(np.median(truth)),
        "prediction_diameter_mm": float(np.median(diameters)),
    }
    if measured["finite_share"] < 1:
        text = "The network answers what is no number (NaN or infinity)."
        return Outcome(Verdict.FAULT, measured, text)
    verdict = _ratio_verdict(ratio)
    text = "Both have the same unit."
    if verdict is not Verdict.PASS:
        unit = name_factor(ratio, LENGTH_FACTORS)
        text = f"Predicted hands are {ratio:.4g} times as large as the labels"
        text += f": {unit}, on the prediction's side." if unit else "."
    return Outcome(verdict, measured, text)


def _predicted_normalisation(samples: Sequence[AuditSample]) -> Outcome:
    projected = [crop_projection(sample, sample.prediction.joints_mm) for sample in samples]
    norm = np.concatenate([sample.prediction.keypoints_norm for sample in samples])
    measured = regress_normalisation(np.concatenate(projected), norm)
    text = explain_normalisation(measured, tolerance=0.05)
    verdict = Verdict.FAULT if text else Verdict.PASS
    return Outcome(verdict, measured, text)


def _predicted_reprojection(samples: Sequence[AuditSample]) -> Outcome:
    own, labels = [], []
    for sample in samples:
        size_px = sample.crop.transform.size_px
        for found, joints_mm, norm in (
            (own, sample.prediction.joints_mm, sample.prediction.keypoints_norm),
            (labels, sample.joints_mm, sample.keypoints_norm),
        ):
            projected = crop_projection(sample, joints_mm)
            found.append(np.linalg.norm(denormalise_keypoints(norm, size_px) - projected, axis=1))
    measured = {
        "prediction_median_px": float(np.median(own)),
        "prediction_p95_px": float(np.percentile(own, 95)),
        "label_median_px": float(np.median(labels)),
    }
    own_px, label_px = measured["prediction_median_px"], measured["label_median_px"]
    if own_px <= 3 and label_px <= 1:
        return Outcome(Verdict.PASS, measured)
    verdict = Verdict.WARNING if own_px <= 10 and label_px <= 1 else Verdict.FAULT
    text = f"2D and 3D part by {own_px:.1f} px (prediction) and {label_px:.1f} px (labels)."
    return Outcome(verdict, measured, text)


def _spread_2d(samples: Sequence[AuditSample]) -> Outcome:
    measured = {}
    for column, axis in enumerate("xy"):
        predicted = np.array([s.prediction.keypoints_norm[:, column].std() for s in samples])
        truth = np.array([s.keypoints_norm[:, column].std() for s in samples])
        measured[f"{axis}_ratio"] = _median_ratio(predicted, truth)
    verdicts = [_ratio_verdict(ratio) for ratio in measured.values()]
    verdict = max(verdicts, key=[Verdict.PASS, Verdict.WARNING, Verdict.FAULT].index)
    if verdict is Verdict.PASS:
        return Outcome(verdict, measured)
    return Outcome(verdict, measured, " ".join(_explain_spread(measured)))


def _explain_spread(measured: dict[str, float]) -> Iterator[str]:
    for name, ratio in measured.items():
        if _ratio_verdict(ratio) is not Verdict.PASS:
            factor = name_factor(ratio, PLANE_FACTORS)
            cause = factor or "no known factor; a network that has not learned yet does this"
            yield f"{name[0]}: {ratio:.4g} times the labels' spread: {cause}."


def _median_ratio(predicted: np.ndarray, truth: np.ndarray) -> float:
    known = np.isfinite(predicted) & np.isfinite(truth) & (truth > 0)
    return float(np.median(predicted[known] / truth[known])) if known.any() else float("nan")


def _ratio_verdict(ratio: float) -> Verdict:
    if _RATIO_PASS[0] <= ratio <= _RATIO_PASS[1]:
        return Verdict.PASS
    if _RATIO_WARNING[0] <= ratio <= _RATIO_WARNING[1]:
        return Verdict.WARNING
    return Verdict.FAULT


CHECKS = (
    Check(
        id="prediction_2d_range",
        title="Do the predicted keypoints lie in the crop?",
        formula="the network's normalised keypoints over all joints",
        unit="crop spans [-0.5, 0.5]",
        threshold="fault: less than half inside; warning: less than 90 %",
        reason="labels lie inside; a network that is only inaccurate errs by tenths, not by crops",
        measure=_predicted_range,
        needs_prediction=True,
    ),
    Check(
        id="prediction_3d_units",
        title="Are prediction and labels in the same 3D unit?",
        formula=(
            "extent of the predicted over the true joints (RMS about their mean), median over "
            "frames"
        ),
        unit="ratio; extents in mm",
        threshold=_RATIO_THRESHOLD,
        reason=(
            "hands of adults differ by about 15 % in size; a factor beyond that is a unit or a "
            "fault"
        ),
        measure=_predicted_units,
        needs_prediction=True,
    ),
    Check(
        id="prediction_normalisation",
        title="Does the network normalise by 192 (x) and 256 (y)?",
        formula=(
            "1 / slope and offset of its keypoints against OpenCV's projection of its own 3D, per"
            " axis"
        ),
        unit="px; offset normalised",
        threshold=(
            "fault: off by more than 5 % from 192 (x), 256 (y), or offset not -0.5 by more than "
            "0.05"
        ),
        reason=(
            "with UTNet's virtual camera the perspective differs by some percent; 256 for 192 is "
            "33 %"
        ),
        measure=_predicted_normalisation,
        needs_prediction=True,
    ),
    Check(
        id="reprojection",
        title="Is the predicted 2D the projection of the predicted 3D?",
        formula=(
            "distance in the crop between the network's keypoints and OpenCV's projection of its "
            "3D; beside it the same of the labels"
        ),
        unit="crop px",
        threshold=(
            "fault: median of the prediction over 10 px, or of the labels over 1 px; warning: "
            "over 3"
        ),
        reason=(
            "the labels' is rounding; UTNet's virtual camera may differ from the crop's by some px"
        ),
        measure=_predicted_reprojection,
        needs_prediction=True,
    ),
    Check(
        id="spread_2d",
        title="Are the predicted keypoints spread as widely as the labels?",
        formula=(
            "standard deviation of the predicted over the true keypoints in a frame, per axis, "
            "median"
        ),
        unit="ratio",
        threshold=_RATIO_THRESHOLD,
        reason=(
            "a focal length divided by the image size makes the spread 192 or 256 times too small"
        ),
        measure=_spread_2d,
        needs_prediction=True,
    ),
)
