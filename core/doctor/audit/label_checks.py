"""Checks of the samples alone: labels, crops and pixels, before any network."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import pdist

from core.conventions import CROP_SIZE_PX, IMAGE_MEAN, IMAGE_STD
from core.doctor.audit.check import Check, Outcome, Verdict
from core.doctor.audit.measures import (
    crop_projection,
    explain_normalisation,
    opencv_projection,
    range_numbers,
    regress_normalisation,
)
from core.doctor.audit.samples import AuditSample
from core.doctor.measures.factors import LENGTH_FACTORS, name_factor

#: Largest distance between two joints of a hand in use, from a small fist to a large open hand.
HAND_DIAMETER_MM = (80.0, 260.0)
_TYPICAL_DIAMETER_MM = 165.0

_HEIGHT, _WIDTH = CROP_SIZE_PX


def _label_range(samples: Sequence[AuditSample]) -> Outcome:
    norm = np.concatenate([sample.keypoints_norm for sample in samples])
    measured = range_numbers(norm)
    share = measured["share_inside"]
    if share >= 0.98:
        return Outcome(Verdict.PASS, measured)
    verdict = Verdict.WARNING if share >= 0.9 else Verdict.FAULT
    text = f"{1 - share:.1%} of the labels lie outside of the crop."
    if np.nanmax(np.abs(norm), initial=0) > 10:
        text += " They look like pixels that were not normalised."
    return Outcome(verdict, measured, text)


def _label_units(samples: Sequence[AuditSample]) -> Outcome:
    diameters = np.array([pdist(sample.joints_mm).max() for sample in samples])
    diameter = float(np.median(diameters))
    measured = {
        "median_mm": diameter,
        "min_mm": float(diameters.min()),
        "max_mm": float(diameters.max()),
        "median_distance_mm": float(np.median([s.joints_mm[:, 2].mean() for s in samples])),
    }
    if HAND_DIAMETER_MM[0] <= diameter <= HAND_DIAMETER_MM[1]:
        text = "The labels are millimetres."
        return Outcome(Verdict.PASS, measured, text)
    unit = name_factor(diameter / _TYPICAL_DIAMETER_MM, LENGTH_FACTORS)
    text = f"A hand of {diameter:.4g} mm: " + (f"{unit}." if unit else "no hand is of this size.")
    return Outcome(Verdict.FAULT, measured, text)


def _label_normalisation(samples: Sequence[AuditSample]) -> Outcome:
    shapes = {sample.crop.image.shape[:2] for sample in samples}
    height, width = max(shapes)
    pixels = np.concatenate([crop_projection(sample, sample.joints_mm) for sample in samples])
    norm = np.concatenate([sample.keypoints_norm for sample in samples])
    measured = {
        "crop_height_px": float(height),
        "crop_width_px": float(width),
        **regress_normalisation(pixels, norm),
    }
    text = explain_normalisation(measured, tolerance=0.01)
    if shapes != {CROP_SIZE_PX}:
        text = f"Crops have sizes {sorted(shapes)}, not {CROP_SIZE_PX}. {text}"
    verdict = Verdict.FAULT if text else Verdict.PASS
    return Outcome(verdict, measured, text)


def _projection(samples: Sequence[AuditSample]) -> Outcome:
    photo, crop = [], []
    for sample in samples:
        by_opencv = opencv_projection(sample.joints_mm, sample.camera.intrinsics)
        photo.append(np.abs(by_opencv - sample.keypoints_px).max())
        turned = sample.crop.transform.points(sample.joints_mm)
        in_crop = opencv_projection(turned, sample.crop.intrinsics)
        crop.append(np.abs(in_crop - crop_projection(sample, sample.joints_mm)).max())
    measured = {"photo_px": float(np.max(photo)), "crop_px": float(np.max(crop))}
    if max(measured.values()) <= 1e-3:
        return Outcome(Verdict.PASS, measured)
    text = _explain_projection(samples, measured)
    return Outcome(Verdict.FAULT, measured, text)


def _explain_projection(samples: Sequence[AuditSample], measured: dict[str, float]) -> str:
    behind = np.mean([(sample.joints_mm[:, 2] <= 0).any() for sample in samples])
    if behind > 0:
        return f"{behind:.0%} of the hands are behind the camera: axes that were not converted."
    if not measured["photo_px"] <= 1e-3:
        return "The 2D labels in the photo are not where the 3D labels project to."
    expected = np.array([s.crop.transform.camera(s.camera).focal_px for s in samples])
    actual = np.array([[s.crop.intrinsics[0, 0], s.crop.intrinsics[1, 1]] for s in samples])
    ratio = np.median(actual / expected, axis=0)
    for axis, value, size in zip("xy", ratio, (_WIDTH, _HEIGHT), strict=True):
        if 0.7 < value * size < 1.4:
            return (
                f"The crop's focal length in {axis} is too small by {1 / value:.0f}: it was "
                "divided by the image size."
            )
    return (
        "The crop's intrinsics do not follow the crop: "
        f"their focal length is {ratio[0]:.3g} (x) and {ratio[1]:.3g} (y) of what it should be."
    )


def _pixels(samples: Sequence[AuditSample]) -> Outcome:
    crops = np.stack([sample.crop.image for sample in samples]).astype(np.float32)
    black_shares = (crops.max(-1) < 4).mean((1, 2))
    black = float((black_shares > 0.95).mean())
    scaled = (crops / 255 - np.float32(IMAGE_MEAN)) / np.float32(IMAGE_STD)
    means, deviations = scaled.mean((0, 1, 2)), scaled.std((0, 1, 2))
    measured = {f"mean_{c}": float(value) for c, value in zip("rgb", means, strict=True)}
    measured |= {f"std_{c}": float(value) for c, value in zip("rgb", deviations, strict=True)}
    measured["black_share"] = black
    faults = []
    if np.abs(means).max() > 1.5:
        faults.append("A channel's mean is far from any photograph's.")
    if deviations.min() < 0.1 or deviations.max() > 3:
        faults.append("The pixels vary too little or too much for photographs.")
    if black > 0.01:
        faults.append(
            f"{black:.0%} of the crops are black: they look beside the hand, as with axes that "
            "were not converted or a shift that was applied twice."
        )
    verdict = Verdict.FAULT if faults else Verdict.PASS
    return Outcome(verdict, measured, " ".join(faults))


CHECKS = (
    Check(
        id="label_2d_range",
        title="Do the 2D labels lie in the crop?",
        formula="x_px / 192 - 0.5, y_px / 256 - 0.5 over all joints",
        unit="crop spans [-0.5, 0.5]",
        threshold="fault: less than 90 % inside; warning: less than 98 %",
        reason=(
            "the crop is 1.3 times the joints' box, so labels of a healthy pipeline lie inside; "
            "boxes given by the dataset may cut a few joints off"
        ),
        measure=_label_range,
    ),
    Check(
        id="label_3d_units",
        title="Are the 3D labels in millimetres?",
        formula="largest distance between two of the 21 joints, median over frames",
        unit="mm",
        threshold=f"fault: outside {HAND_DIAMETER_MM[0]:.0f} to {HAND_DIAMETER_MM[1]:.0f} mm",
        reason="a small fist measures about 90 mm, a large open hand about 220 mm",
        measure=_label_units,
    ),
    Check(
        id="label_normalisation",
        title="Are crop and labels normalised by 192 (x) and 256 (y)?",
        formula=(
            "1 / slope and offset of the labels against OpenCV's projection into the crop, per axis"
        ),
        unit="px; offset normalised",
        threshold=(
            "fault: off by more than 1 % from 192 (x), 256 (y), or offset not -0.5 by more than "
            "0.01, or another crop size"
        ),
        reason="dividing both axes by 256 puts labels up to 24 px wrong at the edges",
        measure=_label_normalisation,
    ),
    Check(
        id="projection",
        title="Does the projection agree with OpenCV's, in the photo and through the crop?",
        formula=(
            "largest distance between the pipeline's 2D and cv2.projectPoints of its 3D; in the "
            "crop by the crop's own intrinsics against photo pixels through the crop's affine"
        ),
        unit="px",
        threshold="fault: more than 0.001 px",
        reason="both are the same formula in double precision; anything more is another formula",
        measure=_projection,
    ),
    Check(
        id="pixels",
        title="Do the pixels arrive, normalised by ImageNet's statistics?",
        formula=(
            "mean and standard deviation of (RGB / 255 - mean) / std over all crops; share of "
            "crops of which 95 % is black"
        ),
        unit="standard deviations",
        threshold=(
            "fault: a mean beyond ±1.5, a deviation outside 0.1 to 3, or more than 1 % black crops"
        ),
        reason=(
            "photographs have means within about ±1 and deviations near 1; all black is -2.1, and"
            " bytes that were not divided by 255 are in the hundreds"
        ),
        measure=_pixels,
    ),
)
