"""How labels lie against the projection of their 3D: stretched, shifted, mirrored, or scattered.

Both sides may be noisy, so a stretch is only known to lie between the two regressions: of labels
on projections, which noise of these makes too small, and the reverse, which noise of the labels
makes too large (errors in variables; Frisch, "Statistical confluence analysis", 1934).
"""

import warnings
from dataclasses import dataclass

import numpy as np

from core.doctor.measures.labels import median

#: Fewer joints than these of a sample say nothing of a stretch.
LEAST_JOINTS = 6
#: Joints that lie closer together are one point but for rounding.
_ONE_POINT_PX = 1e-6


@dataclass(frozen=True, eq=False)
class PlaneFit:
    """Labels against projections, sample by sample and axis by axis, in px.

    Attributes:
        offset: (N, 2) mean of label minus projection.
        stretch_low, stretch_high: (N, 2) between these lies d label / d projection; NaN where it
            cannot be told.
        scatter: (N,) RMS distance of the labels from the stretched and shifted projections.
        rotation_deg: (N,) by which the labels are turned against the projections.
    """

    offset: np.ndarray
    stretch_low: np.ndarray
    stretch_high: np.ndarray
    scatter: np.ndarray
    rotation_deg: np.ndarray

    @property
    def stretch(self) -> np.ndarray:
        """(N, 2) in the middle of what is possible."""
        product = self.stretch_low * self.stretch_high
        return np.sign(self.stretch_low) * np.sqrt(np.abs(product))

    def stretch_error(self) -> float:
        """How far the stretch certainly is from one, as a share; median over samples and axes."""
        if not np.isfinite(self.stretch).any():
            return float("nan")
        low = np.nanmedian(self.stretch_low, 0)
        high = np.nanmedian(self.stretch_high, 0)
        return float(np.nanmax(np.maximum(np.maximum(low - 1, 1 - high), 0)))

    def sure_offset_px(self, noise_share: float = 4.0) -> np.ndarray:
        """(N,) length of the mean offset beyond what the joints' scatter makes by chance.

        The mean over 21 joints that scatter by s has a squared length of s² / 21 by chance;
        `noise_share` times that is taken off.
        """
        by_chance = noise_share * self.scatter**2 / 21
        return np.sqrt(np.maximum((self.offset**2).sum(-1) - by_chance, 0))


def fit_plane(projected_px: np.ndarray, labels_px: np.ndarray) -> PlaneFit:
    """Fit (N, 21, 2) against (N, 21, 2); NaN are left out.

    Where no hand has joints enough, as wrists alone have not, one fit through all of them stands
    for each, with each one's own offset.
    """
    rows = [
        _fit_one(projected, label) for projected, label in zip(projected_px, labels_px, strict=True)
    ]
    columns = [np.array(column, float) for column in zip(*rows, strict=True)]
    fit = PlaneFit(*columns)
    if np.isfinite(fit.stretch).any() or not len(rows):
        return fit
    _, low, high, scatter, turn = _fit_one(projected_px.reshape(-1, 2), labels_px.reshape(-1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a sample without labels
        offset = np.nanmean(labels_px - projected_px, 1)
    stand = [np.broadcast_to(value, (len(rows), *np.shape(value))) for value in (low, high)]
    known = np.isfinite(offset).all(-1)
    return PlaneFit(offset, *stand, np.where(known, scatter, np.nan), np.where(known, turn, np.nan))


def _fit_one(projected: np.ndarray, label: np.ndarray):
    nothing = np.full(2, np.nan)
    known = np.isfinite(projected).all(-1) & np.isfinite(label).all(-1)
    if known.sum() < LEAST_JOINTS:
        return nothing, nothing, nothing, np.nan, np.nan
    p, q = projected[known], label[known]
    offset = (q - p).mean(0)
    p, q = p - p.mean(0), q - q.mean(0)
    if min(np.abs(p).max(), np.abs(q).max()) < _ONE_POINT_PX:
        return offset, nothing, nothing, np.nan, np.nan
    cross = (p * q).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = cross / (p * p).sum(0), (q * q).sum(0) / cross
    low = np.where(np.abs(first) < np.abs(second), first, second)
    high = np.where(np.abs(first) < np.abs(second), second, first)
    affine, *_ = np.linalg.lstsq(p, q, rcond=None)
    left = q - p @ affine
    scatter = np.sqrt((left**2).sum() / max(known.sum() - 3, 1))
    turn = np.degrees(np.arctan2(affine[0, 1] - affine[1, 0], affine[0, 0] + affine[1, 1]))
    return offset, low, high, scatter, turn


def error_px(projected_px: np.ndarray, labels_px: np.ndarray) -> float:
    """Median over samples of the mean distance between projections and labels."""
    distance = np.linalg.norm(projected_px - labels_px, axis=-1)
    known = np.isfinite(distance)
    means = np.where(known, distance, 0).sum(1) / np.maximum(known.sum(1), 1)
    return median(np.where(known.any(1), means, np.nan))
