"""Errors of a predicted hand, on numpy arrays, with units in their names."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FrameMetrics:
    """Prediction against ground truth of one frame.

    Attributes:
        mpjpe_mm: Mean joint error after moving wrist onto wrist.
        pa_mpjpe_mm: After Procrustes alignment (rotation, translation, scale) of the joints.
        mpvpe_mm: Mean vertex error after moving wrist onto wrist; NaN without a true surface.
        pa_mpvpe_mm: After Procrustes alignment of the vertices; NaN likewise.
        f5, f15: F-score of the Procrustes-aligned vertices at 5 and 15 mm; NaN likewise.
        keypoint_error_px: Mean 2D error in photo pixels.
        keypoint_error_crop_px: The same in pixels of the 256x192 crop.
        wrist_error_mm: Distance of the wrists in camera space.
        scale_ratio: Extent of the predicted joints over the true ones (RMS about the mean).
        joint_errors_mm: (21,) wrist-aligned.
        pa_joint_errors_mm: (21,) Procrustes-aligned.
        keypoint_errors_px: (21,) in photo pixels.
        vertex_errors_mm: (778,) wrist-aligned, or None.
        pa_vertex_errors_mm: (778,) Procrustes-aligned, or None.
    """

    mpjpe_mm: float
    pa_mpjpe_mm: float
    mpvpe_mm: float
    pa_mpvpe_mm: float
    f5: float
    f15: float
    keypoint_error_px: float
    keypoint_error_crop_px: float
    wrist_error_mm: float
    scale_ratio: float
    joint_errors_mm: np.ndarray
    pa_joint_errors_mm: np.ndarray
    keypoint_errors_px: np.ndarray
    vertex_errors_mm: np.ndarray | None = None
    pa_vertex_errors_mm: np.ndarray | None = None
