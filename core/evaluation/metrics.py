"""Errors of a predicted hand, on numpy arrays, with units in their names."""

from dataclasses import dataclass, fields

import numpy as np

from core.conventions import BONES, VERTEX_COUNT, WRIST
from core.evaluation.alignment import DEGENERATE_SPREAD_MM, procrustes_align, spreads_mm
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


@dataclass(frozen=True)
class HandErrors:
    """`FrameMetrics` of N hands: the same errors with an axis first, NaN where nothing is known."""

    mpjpe_mm: np.ndarray
    pa_mpjpe_mm: np.ndarray
    mpvpe_mm: np.ndarray
    pa_mpvpe_mm: np.ndarray
    f5: np.ndarray
    f15: np.ndarray
    keypoint_error_px: np.ndarray
    keypoint_error_crop_px: np.ndarray
    wrist_error_mm: np.ndarray
    scale_ratio: np.ndarray
    joint_errors_mm: np.ndarray
    pa_joint_errors_mm: np.ndarray
    keypoint_errors_px: np.ndarray
    vertex_errors_mm: np.ndarray
    pa_vertex_errors_mm: np.ndarray


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
    has_surface = truth_vertices_mm is not None
    no_surface = np.full((VERTEX_COUNT, 3), np.nan)
    errors = measure_hands(
        joints_mm=prediction.joints_mm[None],
        vertices_mm=prediction.vertices_mm[None],
        keypoints_px=prediction.keypoints_px[None],
        crop_scale=np.array([prediction.crop.scale]),
        true_joints_mm=truth_joints_mm[None],
        true_vertices_mm=(truth_vertices_mm if has_surface else no_surface)[None],
        true_keypoints_px=camera.project(_not_in_one_place(truth_joints_mm))[None],
    )
    of_frame = {field.name: getattr(errors, field.name)[0] for field in fields(errors)}
    if not has_surface:
        of_frame.update(vertex_errors_mm=None, pa_vertex_errors_mm=None)
    is_number = lambda value: isinstance(value, np.floating)
    return FrameMetrics(
        **{name: float(value) if is_number(value) else value for name, value in of_frame.items()}
    )


def measure_hands(
    *,
    joints_mm: np.ndarray,
    vertices_mm: np.ndarray,
    keypoints_px: np.ndarray,
    crop_scale: np.ndarray,
    true_joints_mm: np.ndarray,
    true_vertices_mm: np.ndarray,
    true_keypoints_px: np.ndarray,
    with_f_scores: bool = True,
) -> HandErrors:
    """`measure` for N hands at once.

    Joints (N, 21, 3) and vertices (N, 778, 3) are in camera axes, keypoints (N, 21, 2) in photo
    pixels, `crop_scale` (N,) is crop pixels per photo pixel. What is not known of the truth is
    NaN. F-scores take most of the time; without them they are NaN.
    """
    truth, predicted = _not_in_one_place(true_joints_mm), _not_in_one_place(joints_mm)
    to_wrist_mm = truth[:, WRIST, None] - predicted[:, WRIST, None]
    joint_errors = _distances(predicted + to_wrist_mm, truth)
    pa_joint_errors = _distances(procrustes_align(predicted, truth), truth)
    keypoint_errors = _distances(_not_in_one_place(keypoints_px), true_keypoints_px)
    true_surface = _not_in_one_place(true_vertices_mm)
    surface = _not_in_one_place(vertices_mm)
    aligned_surface = procrustes_align(surface, true_surface)
    vertex_errors = _distances(surface + to_wrist_mm, true_surface)
    pa_vertex_errors = _distances(aligned_surface, true_surface)
    f = np.full((len(truth), 2), np.nan)
    if with_f_scores:
        pairs = zip(aligned_surface, true_surface, strict=True)
        f[:] = [f_scores(*pair, (5.0, 15.0)) for pair in pairs]
    return HandErrors(
        mpjpe_mm=joint_errors.mean(1),
        pa_mpjpe_mm=pa_joint_errors.mean(1),
        mpvpe_mm=vertex_errors.mean(1),
        pa_mpvpe_mm=pa_vertex_errors.mean(1),
        f5=f[:, 0],
        f15=f[:, 1],
        keypoint_error_px=keypoint_errors.mean(1),
        keypoint_error_crop_px=keypoint_errors.mean(1) * crop_scale,
        wrist_error_mm=np.linalg.norm(to_wrist_mm[:, 0], axis=-1),
        scale_ratio=spreads_mm(predicted) / spreads_mm(truth),
        joint_errors_mm=joint_errors,
        pa_joint_errors_mm=pa_joint_errors,
        keypoint_errors_px=keypoint_errors,
        vertex_errors_mm=vertex_errors,
        pa_vertex_errors_mm=pa_vertex_errors,
    )


def f_score(predicted_mm: np.ndarray, truth_mm: np.ndarray, threshold_mm: float) -> float:
    """Return the harmonic mean of precision and recall of points (N, 3), (M, 3) at a distance.

    Precision is the share of predicted points nearer than the threshold to any true one, recall
    the reverse, as in HO-3D's and FreiHAND's evaluation (Knapitsch et al., "Tanks and Temples",
    2017). 0 where nothing is near, NaN where a point is not finite.
    """
    return f_scores(predicted_mm, truth_mm, (threshold_mm,))[0]


def f_scores(
    predicted: np.ndarray, truth: np.ndarray, thresholds: tuple[float, ...]
) -> tuple[float, ...]:
    """`f_score` at several thresholds, for the price of one; all in one unit, whichever it is."""
    if not (np.isfinite(predicted).all() and np.isfinite(truth).all()):
        return (float("nan"),) * len(thresholds)
    to_truth, to_predicted = _nearest(predicted, truth, thresholds)
    scores = []
    for threshold in thresholds:
        precision = (to_truth < threshold).mean()
        recall = (to_predicted < threshold).mean()
        total = precision + recall
        scores.append(float(2 * precision * recall / total) if total > 0 else 0.0)
    return tuple(scores)


def _nearest(
    predicted: np.ndarray, truth: np.ndarray, thresholds: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the other set's nearest point, as exact as telling the thresholds apart needs.

    Infinite beyond the largest threshold. Two surfaces of one mesh have points of the same number
    near each other: those below the smallest threshold need no search, which halves the time.
    """
    from scipy.spatial import cKDTree  # a quarter of a second that the window's start is without

    if predicted.shape == truth.shape:
        to_truth = np.linalg.norm(predicted - truth, axis=-1)
        to_predicted = to_truth.copy()
    else:
        to_truth, to_predicted = np.full(len(predicted), np.inf), np.full(len(truth), np.inf)
    for distances, points, others in (
        (to_truth, predicted, truth),
        (to_predicted, truth, predicted),
    ):
        far = distances >= min(thresholds)
        if far.any():
            tree = cKDTree(others, leafsize=24, balanced_tree=False, compact_nodes=False)
            distances[far] = tree.query(points[far], distance_upper_bound=max(thresholds))[0]
    return to_truth, to_predicted


def bone_lengths_mm(joints_mm: np.ndarray) -> np.ndarray:
    """Lengths (20,) of `core.conventions.BONES` between joints (21, 3)."""
    parents, children = np.array(BONES).T
    return _distances(joints_mm[children], joints_mm[parents])


def _not_in_one_place(points: np.ndarray) -> np.ndarray:
    """Point sets (..., N, D), all NaN where the known points of one are a single place: a failed
    network's zeros are no hand."""
    points = np.asarray(points, float)
    known = np.isfinite(points).all(-1, keepdims=True)
    count = known.sum(-2, keepdims=True)
    mean = np.where(known, points, 0.0).sum(-2, keepdims=True) / np.maximum(count, 1)
    square = np.where(known, (points - mean) ** 2, 0.0).sum((-1, -2), keepdims=True)
    spread_mm = np.sqrt(square / np.maximum(count, 1))
    return np.where((count > 1) & ~(spread_mm > DEGENERATE_SPREAD_MM), np.nan, points)


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.linalg.norm(np.asarray(first, float) - second, axis=-1)
