"""What several checks measure: projection by OpenCV, ranges, and by what 2D was divided."""

import cv2
import numpy as np

from core.conventions import CROP_SIZE_PX
from core.doctor.audit.samples import AuditSample

_HEIGHT, _WIDTH = CROP_SIZE_PX


def opencv_projection(points_mm: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Project points (N, 3) to px (N, 2) by OpenCV, independently of this project's camera.

    NaN behind the camera. OpenCV reads focal lengths and principal point only; what else a turned
    crop's intrinsics hold is applied to the points instead.
    """
    plain = np.where(np.eye(3) > 0, intrinsics, 0.0)
    plain[:2, 2] = intrinsics[:2, 2]
    points = np.asarray(points_mm, float) @ (np.linalg.inv(plain) @ intrinsics).T
    projected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), plain, None)
    return np.where(points[:, 2:] > 0, projected[:, 0], np.nan)


def crop_projection(sample: AuditSample, joints_mm: np.ndarray) -> np.ndarray:
    """Photo-camera joints (21, 3) in the crop's px (21, 2), by OpenCV and the crop's affine."""
    photo_px = opencv_projection(joints_mm, sample.camera.intrinsics)
    affine = sample.crop.transform.matrix[:2]
    return cv2.transform(photo_px[:, None], affine)[:, 0]


def range_numbers(norm: np.ndarray) -> dict[str, float]:
    """Range of normalised coordinates (N, 2) per axis, and the share of points inside the crop."""
    numbers = {}
    for axis, values in zip("xy", norm.T, strict=True):
        known = values[np.isfinite(values)]
        levels = (0, 1, 50, 99, 100)
        found = np.percentile(known, levels) if len(known) else np.full(len(levels), np.nan)
        for level, value in zip(("min", "p1", "median", "p99", "max"), found, strict=True):
            numbers[f"{axis}_{level}"] = float(value)
    numbers["share_inside"] = float((np.abs(norm) <= 0.5).all(1).mean())
    return numbers


def regress_normalisation(pixels: np.ndarray, norm: np.ndarray) -> dict[str, float]:
    """Fit norm = px / divisor + offset per axis; pixels and norm are (N, 2)."""
    numbers = {}
    for column, axis in enumerate("xy"):
        known = np.isfinite(pixels[:, column]) & np.isfinite(norm[:, column])
        slope, offset = np.nan, np.nan
        if known.sum() > 2 and np.ptp(pixels[known, column]) > 1:
            slope, offset = np.polyfit(pixels[known, column], norm[known, column], 1)
        numbers[f"{axis}_divisor_px"] = float(1 / slope) if slope else np.nan
        numbers[f"{axis}_offset"] = float(offset)
    return numbers


def explain_normalisation(measured: dict[str, float], *, tolerance: float) -> str:
    """What is wrong with measured divisors and offsets; "" where nothing is."""
    faults = []
    for axis, expected, other in (("x", _WIDTH, _HEIGHT), ("y", _HEIGHT, _WIDTH)):
        divisor, offset = measured[f"{axis}_divisor_px"], measured[f"{axis}_offset"]
        if not abs(divisor / expected - 1) <= tolerance:
            fault = f"{axis} was divided by {divisor:.5g}, not {expected}"
            if abs(divisor / other - 1) <= tolerance:
                fault += f": by the other axis' size ({other})"
            elif 0.7 < divisor / expected**2 < 1.4:
                fault += ": by the image size twice"
            faults.append(fault)
        elif not abs(offset + 0.5) <= tolerance:
            faults.append(f"{axis} is offset by {offset:.3f}, not -0.5")
    return "; ".join(faults) + "." if faults else ""
