"""The labels of all samples as arrays; what is no label (weight 0) is NaN and never looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.conventions import WRIST
from core.doctor.subject import Sample


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of N samples; NaN where the confidence is 0 or the label is no number.

    Attributes:
        names: (N,).
        joints_mm: (N, 21, 3).
        keypoints_norm: (N, 21, 2).
        keypoints_px: (N, 21, 2) in the crop's pixels, if the labels are normalised as UTNet's are.
        intrinsics: (N, 3, 3).
        sizes_px: (N, 2) width and height of the crops.
    """

    names: tuple[str, ...]
    joints_mm: np.ndarray
    keypoints_norm: np.ndarray
    keypoints_px: np.ndarray
    intrinsics: np.ndarray
    sizes_px: np.ndarray

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Labels":
        """Stack the labels of samples."""
        sizes = np.array([sample.size_px[::-1] for sample in samples], float).reshape(-1, 2)
        norm = _known([s.keypoints_norm for s in samples], [s.keypoint_weights for s in samples])
        return cls(
            names=tuple(sample.name for sample in samples),
            joints_mm=_known([s.joints_mm for s in samples], [s.joint_weights for s in samples]),
            keypoints_norm=norm,
            keypoints_px=(norm + 0.5) * sizes[:, None],
            intrinsics=np.array([s.intrinsics for s in samples], float).reshape(-1, 3, 3),
            sizes_px=sizes,
        )

    @property
    def is_wrist_relative(self) -> bool:
        """Whether the wrist lies at the origin everywhere: 3D that says nothing of the camera."""
        wrist = self.joints_mm[:, WRIST]
        known = np.isfinite(wrist).all(-1)
        return bool(known.any()) and float(np.abs(wrist[known]).max()) < 1e-6

    @property
    def rays(self) -> np.ndarray:
        """(N, 21, 2) x / z and y / z of the joints; NaN behind the camera."""
        with np.errstate(divide="ignore", invalid="ignore"):
            rays = self.joints_mm[..., :2] / self.joints_mm[..., 2:]
        return np.where(self.joints_mm[..., 2:] > 0, rays, np.nan)

    @property
    def projected_px(self) -> np.ndarray:
        """(N, 21, 2) the joints seen through the samples' own intrinsics; NaN behind the camera."""
        linear = np.einsum("nab,njb->nja", self.intrinsics[:, :2, :2], self.rays)
        return linear + self.intrinsics[:, None, :2, 2]


def _known(values: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
    values, weights = np.array(values, float), np.array(weights, float)
    is_known = (weights > 0) & np.isfinite(values).all(-1)
    return np.where(is_known[..., None], values, np.nan)


def median(values: np.ndarray) -> float:
    """The median of what is finite; NaN where nothing is."""
    values = np.asarray(values, float)
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def extents_mm(joints_mm: np.ndarray) -> np.ndarray:
    """Largest distance between two known joints of each hand (N, 21, 3); (N,), NaN below two."""
    apart = np.linalg.norm(joints_mm[:, :, None] - joints_mm[:, None], axis=-1)
    apart = np.where(np.isfinite(apart), apart, -1.0).max((1, 2))
    return np.where(apart > 0, apart, np.nan)


def worst_first(names: Sequence[str], badness: np.ndarray, count: int = 8) -> tuple[str, ...]:
    """Names of the samples that are worst; those without a number, or with 0, are left out."""
    badness = np.nan_to_num(np.asarray(badness, float), nan=0.0)
    order = np.argsort(-badness, kind="stable")[:count]
    return tuple(names[number] for number in order if badness[number] > 0)
