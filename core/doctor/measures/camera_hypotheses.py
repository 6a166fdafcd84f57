"""Explanations for 2D labels that are not where their 3D projects to.

Each is the projection that a slip would have made. What fits the labels as well as a free stretch
and shift of every sample does, is what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.conventions import CROP_SIZE_PX
from core.doctor.measures.labels import Labels, median
from core.doctor.measures.mending import map_samples
from core.doctor.measures.plane_fit import PlaneFit, fit_plane
from core.doctor.subject import Sample, Subject, View

Mend = Callable[[Subject], Subject]


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A slip and what it makes of the projections.

    Attributes:
        cause: Its name.
        projected_px: (N, 21, 2) where the labels would be.
        numbers: For its words.
        mend: Undoes it.
    """

    cause: str
    projected_px: np.ndarray
    numbers: dict[str, object] = field(default_factory=dict)
    mend: Mend | None = None


def _middle(labels: Labels) -> np.ndarray:
    return labels.sizes_px[:, None] / 2


def divided_focal(labels: Labels, fit: PlaneFit) -> list[Hypothesis]:
    """The focal length divided by the image size, the principal point left in pixels."""
    factor = np.array([median(axis) for axis in fit.stretch.T])
    height, width = CROP_SIZE_PX
    if not (np.isfinite(factor).all() and (np.abs(np.log(np.abs(factor) / height)) < 0.8).all()):
        return []
    found = []
    for factors in ((width, height), (height, height), (width, width), (height, width)):
        intrinsics = labels.intrinsics.copy()
        intrinsics[:, 0, :2] *= factors[0]
        intrinsics[:, 1, :2] *= factors[1]
        projected = replace(labels, intrinsics=intrinsics).projected_px
        scale = np.array([[factors[0]], [factors[1]], [1.0]])
        found.append(
            Hypothesis(
                "focal_divided",
                projected,
                {"factor_x": factors[0], "factor_y": factors[1]},
                _with_intrinsics(scale),
            )
        )
    return found


def _with_intrinsics(scale: np.ndarray) -> Mend:
    """Focal lengths (and skew) times `scale` (3, 1); the principal point stays."""

    def changed(sample: Sample) -> Sample:
        intrinsics = np.array(sample.intrinsics, float)
        intrinsics[:, :2] *= scale
        return replace(sample, intrinsics=intrinsics)

    return lambda subject: map_samples(subject, changed)


def mirrored(labels: Labels, _: PlaneFit) -> list[Hypothesis]:
    """x counted from the other edge of the crop, or mirrored about the principal point."""
    projected = labels.projected_px
    width = labels.sizes_px[:, :1]
    found = []
    point = 2 * labels.intrinsics[:, 0, 2:]
    for about, is_point, edge_px in ((width, False, 0), (width - 1, False, 1), (point, True, 0)):
        flipped = projected.copy()
        flipped[..., 0] = about - flipped[..., 0]
        mend = _mirror_mend(about_principal_point=is_point, edge_px=edge_px)
        found.append(Hypothesis("keypoints_mirrored", flipped, {}, mend))
    return found


def _mirror_mend(*, about_principal_point: bool = False, edge_px: int = 0) -> Mend:
    """x of the 2D labels turned over; not projected anew, so that other faults of theirs stay."""

    def turned_over(sample: Sample) -> Sample:
        width = sample.size_px[1]
        twice_norm = -edge_px / width
        if about_principal_point:
            twice_norm = 2 * float(sample.intrinsics[0][2]) / width - 1
        keypoints = np.array(sample.keypoints_norm, float)
        keypoints[:, 0] = twice_norm - keypoints[:, 0]
        return replace(sample, keypoints_norm=keypoints)

    return lambda subject: map_samples(subject, turned_over)


def against_x(labels: Labels, fit: PlaneFit) -> Hypothesis | None:
    """2D labels that run against x of their 3D on nearly every hand, whatever the camera is."""
    told = np.isfinite(fit.stretch).all(-1)
    against = (fit.stretch[told, 0] < 0) & (fit.stretch[told, 1] > 0)
    if not told.any() or against.mean() < 0.9:
        return None
    return Hypothesis("keypoints_mirrored", labels.projected_px, {}, _mirror_mend())


def reprojected(sample: Sample) -> Sample:
    """2D labels where the 3D labels project to; those behind the camera lose theirs."""
    height, width = sample.size_px
    labels = Labels.of([sample])
    keypoints = labels.projected_px[0] / (width, height) - 0.5
    seen = np.isfinite(keypoints).all(-1)
    return replace(
        sample,
        keypoints_norm=np.where(seen[:, None], keypoints, 0.0),
        keypoint_weights=np.where(seen, sample.keypoint_weights, 0.0),
    )


def scaled_box(labels: Labels, fit: PlaneFit) -> list[Hypothesis]:
    """One factor about the crop's middle for all: a box scale that was misread."""
    projected = labels.projected_px - _middle(labels)
    wanted = labels.keypoints_px - _middle(labels)
    factor = _common_factor(projected, wanted)
    low, high = median(fit.stretch_low), median(fit.stretch_high)
    if not (np.isfinite(factor) and 0.2 < factor < 5 and low > 0):
        return []
    factor = float(np.clip(factor, low, high))
    mend = lambda subject: _rescaled(subject, factor)
    moved = factor * projected + _middle(labels)
    return [Hypothesis("hand_box_scale", moved, {"factor": factor}, mend)]


def _common_factor(projected: np.ndarray, wanted: np.ndarray) -> float:
    """Robust ratio of distances from the middle."""
    known = np.isfinite(projected).all(-1) & np.isfinite(wanted).all(-1)
    p, q = projected[known], wanted[known]
    return median((p * q).sum(-1) / np.maximum((p * p).sum(-1), 1e-9)) if len(p) else np.nan


def _rescaled(subject: Subject, factor: float) -> Subject:
    """The labels put back, or the camera: a forced shift tells which of them is in the crop."""
    labels_follow = True
    if subject.forced is not None:
        before = subject.forced(0, View(kind="shift_x", amount=0.0))
        after = subject.forced(0, View(kind="shift_x", amount=0.1))
        if before is not None and after is not None:
            moved = median(after.keypoints_norm[:, 0] - before.keypoints_norm[:, 0]) / 0.1
            labels_follow = abs(moved - factor) < abs(moved - 1)

    def changed(sample: Sample) -> Sample:
        if labels_follow:
            return replace(sample, keypoints_norm=np.asarray(sample.keypoints_norm) / factor)
        height, width = sample.size_px
        about = np.array([[factor, 0, (1 - factor) * width / 2],
                          [0, factor, (1 - factor) * height / 2], [0, 0, 1]])  # fmt: skip
        return replace(sample, intrinsics=about @ np.asarray(sample.intrinsics, float))

    return map_samples(subject, changed)


def fixed_camera(labels: Labels, _: PlaneFit) -> list[Hypothesis]:
    """2D labels of one and the same camera, whatever the crop: they never went through it."""
    camera = common_camera(labels)
    if camera is None or is_constant(labels.intrinsics):
        return []
    intrinsics = np.broadcast_to(camera, labels.intrinsics.shape)
    projected = replace(labels, intrinsics=intrinsics).projected_px
    numbers = {"focal_px": float(camera[0, 0]), "x_px": float(camera[0, 2])}
    mend = lambda subject: map_samples(subject, _through_crop(camera))
    return [Hypothesis("crop_not_applied_to_labels", projected, numbers, mend)]


def _through_crop(camera: np.ndarray):
    """2D labels of the one camera as the crop's own camera sees the same rays.

    Not projected anew: what else is wrong with them must stay.
    """

    def moved(sample: Sample) -> Sample:
        height, width = sample.size_px
        pixels = (np.asarray(sample.keypoints_norm, float) + 0.5) * (width, height)
        pixels = np.column_stack([pixels, np.ones(len(pixels))])
        seen = pixels @ (np.asarray(sample.intrinsics, float) @ np.linalg.inv(camera)).T
        return replace(sample, keypoints_norm=seen[:, :2] / (width, height) - 0.5)

    return moved


def common_camera(labels: Labels) -> np.ndarray | None:
    """The one camera (3, 3) that explains the labels best: least squares, axis by axis, twice.

    The second time without the quarter that fits worst.
    """
    rays, points = labels.rays.reshape(-1, 2), labels.keypoints_px.reshape(-1, 2)
    known = np.isfinite(rays).all(-1) & np.isfinite(points).all(-1)
    if known.sum() < 42:
        return None
    camera = np.eye(3)
    for axis in range(2):
        x = np.stack([rays[known, axis], np.ones(known.sum())], 1)
        y = points[known, axis]
        kept = np.ones(len(y), bool)
        for _ in range(2):
            fit, *_ = np.linalg.lstsq(x[kept], y[kept], rcond=None)
            left = np.abs(y - x @ fit)
            kept = left <= np.quantile(left, 0.75)
        camera[axis, axis], camera[axis, 2] = fit
    return camera if camera[0, 0] > 0 and camera[1, 1] > 0 else None


def is_constant(intrinsics: np.ndarray) -> bool:
    """Whether focal length or principal point are the same everywhere, as no crop's are."""
    focal, point = intrinsics[:, [0, 1], [0, 1]], intrinsics[:, :2, 2]
    same_focal = np.ptp(focal, axis=0).max() < 0.01 * np.abs(focal).mean()
    return bool(same_focal and np.ptp(point, axis=0).max() < 3) or bool(
        np.ptp(point, axis=0).max() < 3 and len(point) > 1
    )


def reordered(labels: Labels, _: PlaneFit) -> list[Hypothesis]:
    """2D labels in another joint order than the 3D ones."""
    projected, wanted = labels.projected_px, labels.keypoints_px
    known = np.isfinite(projected).all((1, 2)) & np.isfinite(wanted).all((1, 2))
    if known.sum() < 3:
        return []
    distance = np.linalg.norm(projected[known][:, :, None] - wanted[known][:, None], axis=-1)
    rows, columns = linear_sum_assignment(distance.mean(0))
    order = np.empty_like(rows)
    order[columns] = rows
    if np.array_equal(order, np.arange(len(order))):
        return []

    def ordered(sample: Sample) -> Sample:
        keypoints, weights = np.empty((21, 2)), np.empty(21)
        keypoints[order], weights[order] = sample.keypoints_norm, sample.keypoint_weights
        return replace(sample, keypoints_norm=keypoints, keypoint_weights=weights)

    moved = int((order != np.arange(21)).sum())
    mend = lambda subject: map_samples(subject, ordered)
    return [Hypothesis("keypoints_permuted", projected[:, order], {"moved": moved}, mend)]


def implied_cameras(labels: Labels, fit: PlaneFit) -> np.ndarray:
    """(N, 3, 3) the camera that each sample's 2D labels would have been made with."""
    implied = labels.intrinsics.copy()
    stretch = np.nan_to_num(fit.stretch, nan=1.0)
    implied[:, :2, :2] *= stretch[:, :, None]
    projected, wanted = labels.projected_px, labels.keypoints_px
    with np.errstate(all="ignore"):
        known = np.isfinite(projected).all(-1) & np.isfinite(wanted).all(-1)
        count = np.maximum(known.sum(1), 1)[:, None]
        p = np.where(known[..., None], projected, 0).sum(1) / count
        q = np.where(known[..., None], wanted, 0).sum(1) / count
    centre = labels.intrinsics[:, :2, 2]
    implied[:, :2, 2] = q + stretch * (centre - p)
    return implied


def with_implied_camera(sample: Sample) -> Sample:
    """The camera with which the sample's own 3D and 2D labels agree."""
    labels = Labels.of([sample])
    fit = fit_plane(labels.projected_px, labels.keypoints_px)
    if not np.isfinite(fit.stretch).all():
        return sample
    return replace(sample, intrinsics=implied_cameras(labels, fit)[0])
