"""Errors of a predicted hand, on numpy arrays, with units in their names."""

from dataclasses import dataclass

import numpy as np

from core.conventions import BONES, WRIST
from core.evaluation.alignment import is_degenerate, procrustes_align, spread_mm, wrist_align
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera


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


def measure(
    camera: Camera,
    truth_joints_mm: np.ndarray,
    truth_vertices_mm: np.ndarray | None,
    prediction: Prediction,
) -> FrameMetrics:
    """Measure a prediction against the truth, both in the camera axes of the photo's `camera`.

    `truth_joints_mm` (21, 3) may be NaN where a dataset gives no joint; what would need it is NaN,
    never a number. So is everything that needs a hand where there is none: points that are not
    finite or that all lie in one place, on either side.
    """
    truth = _not_in_one_place(truth_joints_mm)
    predicted = _not_in_one_place(prediction.joints_mm)
    keypoints_px = _not_in_one_place(prediction.keypoints_px)
    wrists = {"wrist_mm": predicted[WRIST], "onto_mm": truth[WRIST]}
    joint_errors = _distances(wrist_align(predicted, **wrists), truth)
    pa_joint_errors = _distances(procrustes_align(predicted, truth), truth)
    keypoint_errors = _distances(keypoints_px, camera.project(truth))
    if truth_vertices_mm is None:
        surface = _Surface()
    else:
        surface = _measure_surface(truth_vertices_mm, prediction.vertices_mm, **wrists)
    return FrameMetrics(
        mpjpe_mm=float(joint_errors.mean()),
        pa_mpjpe_mm=float(pa_joint_errors.mean()),
        mpvpe_mm=surface.mpvpe_mm,
        pa_mpvpe_mm=surface.pa_mpvpe_mm,
        f5=surface.f5,
        f15=surface.f15,
        keypoint_error_px=float(keypoint_errors.mean()),
        keypoint_error_crop_px=float(keypoint_errors.mean() * prediction.crop.scale),
        wrist_error_mm=float(np.linalg.norm(predicted[WRIST] - truth[WRIST])),
        scale_ratio=spread_mm(predicted) / spread_mm(truth),
        joint_errors_mm=joint_errors,
        pa_joint_errors_mm=pa_joint_errors,
        keypoint_errors_px=keypoint_errors,
        vertex_errors_mm=surface.errors_mm,
        pa_vertex_errors_mm=surface.pa_errors_mm,
    )


def f_score(predicted_mm: np.ndarray, truth_mm: np.ndarray, threshold_mm: float) -> float:
    """Return the harmonic mean of precision and recall of points (N, 3), (M, 3) at a distance.

    Precision is the share of predicted points nearer than the threshold to any true one, recall
    the reverse, as in HO-3D's and FreiHAND's evaluation (Knapitsch et al., "Tanks and Temples",
    2017). 0 where nothing is near, NaN where a point is not finite.
    """
    return f_scores(predicted_mm, truth_mm, (threshold_mm,))[0]


def f_scores(
    predicted_mm: np.ndarray, truth_mm: np.ndarray, thresholds_mm: tuple[float, ...]
) -> tuple[float, ...]:
    """`f_score` at several thresholds, for the price of one."""
    from scipy.spatial import cKDTree  # a quarter of a second that the window's start is without

    if not (np.isfinite(predicted_mm).all() and np.isfinite(truth_mm).all()):
        return (float("nan"),) * len(thresholds_mm)
    to_truth, _ = cKDTree(truth_mm).query(predicted_mm)
    to_predicted, _ = cKDTree(predicted_mm).query(truth_mm)
    scores = []
    for threshold in thresholds_mm:
        precision = (to_truth < threshold).mean()
        recall = (to_predicted < threshold).mean()
        total = precision + recall
        scores.append(float(2 * precision * recall / total) if total > 0 else 0.0)
    return tuple(scores)


def bone_lengths_mm(joints_mm: np.ndarray) -> np.ndarray:
    """Lengths (20,) of `core.conventions.BONES` between joints (21, 3)."""
    parents, children = np.array(BONES).T
    return _distances(joints_mm[children], joints_mm[parents])


@dataclass(frozen=True)
class _Surface:
    """What is measured on the surface; NaN and None without a true one."""

    mpvpe_mm: float = float("nan")
    pa_mpvpe_mm: float = float("nan")
    f5: float = float("nan")
    f15: float = float("nan")
    errors_mm: np.ndarray | None = None
    pa_errors_mm: np.ndarray | None = None


def _measure_surface(
    truth_mm: np.ndarray, predicted_mm: np.ndarray, *, wrist_mm: np.ndarray, onto_mm: np.ndarray
) -> _Surface:
    """Compare vertices (778, 3), moving the predicted wrist onto the true one where that is due."""
    truth = _not_in_one_place(truth_mm)
    predicted = _not_in_one_place(predicted_mm)
    errors = _distances(wrist_align(predicted, wrist_mm=wrist_mm, onto_mm=onto_mm), truth)
    aligned = procrustes_align(predicted, truth)
    pa_errors = _distances(aligned, truth)
    f5, f15 = f_scores(aligned, truth, (5.0, 15.0))
    return _Surface(float(errors.mean()), float(pa_errors.mean()), f5, f15, errors, pa_errors)


def _not_in_one_place(points: np.ndarray) -> np.ndarray:
    """The points, or all NaN where they are one point: a failed network's zeros are no hand."""
    points = np.asarray(points, float)
    known = points[np.isfinite(points).all(-1)]
    if len(known) > 1 and is_degenerate(known):
        return np.full_like(points, np.nan)
    return points


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.asarray(first, float) - second, axis=-1)
