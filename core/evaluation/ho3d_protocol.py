"""HO-3D's official figures, as its public script defines them (shreyashampali/ho3d, `eval.py`).

Everything is in metres. The figures do not depend on the axes, as long as both sides have the same.
The script's own peculiarities are kept, because published numbers rest on them:

- its Procrustes alignment may mirror (`scipy.linalg.orthogonal_procrustes`), and 1e-8 m is added
  to both norms, so that a hand of zeros is moved to the centroid of the true one and measured;
- its scale-translation alignment takes the length from joint 0 to joint 4 for the scale, leaves a
  hand of length 0 as it is, and lays wrist on wrist;
- a keypoint counts as correct at a distance up to *and including* a threshold, a point of the
  F-score only *below* it;
- nothing is defined for NaN and infinity: the script stops there, and so does `official_sums`.
"""

from dataclasses import dataclass, field

import numpy as np

from core.conventions import MIDDLE_KNUCKLE, WRIST
from core.evaluation.metrics import f_scores

#: Thresholds of the PCK curves: 100 from 0 to 50 mm, both included.
PCK_THRESHOLDS_M = np.linspace(0.0, 0.05, 100)
F_THRESHOLDS_M = (0.005, 0.015)

_NORM_OFFSET_M = 1e-8
#: Farther than this a square overflows on the way.
_FARTHEST_M = 1e100


@dataclass(frozen=True)
class OfficialScores:
    """The figures of the script's `scores.txt` under its names, with units.

    Attributes:
        xyz_mean3d_cm: Mean joint error.
        xyz_auc3d: Area under the PCK curve of the joints, 0 to 50 mm, as a share.
        xyz_procrustes_al_mean3d_cm, xyz_procrustes_al_auc3d: After Procrustes alignment.
        xyz_scale_trans_al_mean3d_cm, xyz_scale_trans_al_auc3d: After scale-translation alignment.
        mesh_mean3d_cm, mesh_auc3d: Of the vertices.
        mesh_al_mean3d_cm, mesh_al_auc3d: Of the vertices, after their Procrustes alignment.
        f_score_5mm, f_score_15mm: Mean F-score of the vertices.
        f_al_score_5mm, f_al_score_15mm: Of the aligned vertices.
    """

    xyz_mean3d_cm: float
    xyz_auc3d: float
    xyz_procrustes_al_mean3d_cm: float
    xyz_procrustes_al_auc3d: float
    xyz_scale_trans_al_mean3d_cm: float
    xyz_scale_trans_al_auc3d: float
    mesh_mean3d_cm: float
    mesh_auc3d: float
    mesh_al_mean3d_cm: float
    mesh_al_auc3d: float
    f_score_5mm: float
    f_al_score_5mm: float
    f_score_15mm: float
    f_al_score_15mm: float


@dataclass
class ErrorSums:
    """Distances of one kind, added up: their sum in metres, and how many lie within each threshold.

    The script averages over each keypoint's samples and then over keypoints; every keypoint has
    all samples, so that is the mean of all.
    """

    total_m: float = 0.0
    count: int = 0
    within: np.ndarray = field(default_factory=lambda: np.zeros(len(PCK_THRESHOLDS_M), np.int64))

    @classmethod
    def of(cls, distances_m: np.ndarray) -> "ErrorSums":
        """Sums of distances of any shape."""
        # The first threshold that is at least as large: up to and including it.
        places = np.searchsorted(PCK_THRESHOLDS_M, distances_m.ravel(), side="left")
        counts = np.bincount(places, minlength=len(PCK_THRESHOLDS_M) + 1)
        return cls(float(distances_m.sum()), distances_m.size, np.cumsum(counts[:-1]))

    def add(self, other: "ErrorSums") -> None:
        """Add another batch's sums."""
        self.total_m += other.total_m
        self.count += other.count
        self.within = self.within + other.within

    @property
    def mean_cm(self) -> float:
        """Mean distance."""
        return self.total_m / self.count * 100

    @property
    def pck(self) -> np.ndarray:
        """Share (100,) of distances within each of `PCK_THRESHOLDS_M`."""
        return self.within / self.count

    @property
    def auc(self) -> float:
        """Area under `pck` by the trapezium rule, over that of a perfect curve."""
        whole = np.trapezoid(np.ones_like(PCK_THRESHOLDS_M), PCK_THRESHOLDS_M)
        return float(np.trapezoid(self.pck, PCK_THRESHOLDS_M) / whole)


@dataclass
class ProtocolSums:
    """What the figures of any number of samples are made of; batches can be added in any order.

    Attributes:
        samples: How many hands.
        joints, joints_procrustes, joints_scale_translation: Errors of the joints.
        vertices, vertices_procrustes: Errors of the vertices.
        f_totals: (2,) sums of F-scores at 5 and 15 mm.
        f_procrustes_totals: (2,) the same of the aligned vertices.
    """

    samples: int = 0
    joints: ErrorSums = field(default_factory=ErrorSums)
    joints_procrustes: ErrorSums = field(default_factory=ErrorSums)
    joints_scale_translation: ErrorSums = field(default_factory=ErrorSums)
    vertices: ErrorSums = field(default_factory=ErrorSums)
    vertices_procrustes: ErrorSums = field(default_factory=ErrorSums)
    f_totals: np.ndarray = field(default_factory=lambda: np.zeros(2))
    f_procrustes_totals: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def add(self, other: "ProtocolSums") -> None:
        """Add another batch's sums."""
        self.samples += other.samples
        self.joints.add(other.joints)
        self.joints_procrustes.add(other.joints_procrustes)
        self.joints_scale_translation.add(other.joints_scale_translation)
        self.vertices.add(other.vertices)
        self.vertices_procrustes.add(other.vertices_procrustes)
        self.f_totals = self.f_totals + other.f_totals
        self.f_procrustes_totals = self.f_procrustes_totals + other.f_procrustes_totals

    def scores(self) -> OfficialScores:
        """The figures; ValueError where there is no sample."""
        if not self.samples:
            raise ValueError("there are no samples to score")
        f5, f15 = (self.f_totals / self.samples).tolist()
        f5_aligned, f15_aligned = (self.f_procrustes_totals / self.samples).tolist()
        return OfficialScores(
            xyz_mean3d_cm=self.joints.mean_cm,
            xyz_auc3d=self.joints.auc,
            xyz_procrustes_al_mean3d_cm=self.joints_procrustes.mean_cm,
            xyz_procrustes_al_auc3d=self.joints_procrustes.auc,
            xyz_scale_trans_al_mean3d_cm=self.joints_scale_translation.mean_cm,
            xyz_scale_trans_al_auc3d=self.joints_scale_translation.auc,
            mesh_mean3d_cm=self.vertices.mean_cm,
            mesh_auc3d=self.vertices.auc,
            mesh_al_mean3d_cm=self.vertices_procrustes.mean_cm,
            mesh_al_auc3d=self.vertices_procrustes.auc,
            f_score_5mm=f5,
            f_al_score_5mm=f5_aligned,
            f_score_15mm=f15,
            f_al_score_15mm=f15_aligned,
        )


def official_sums(
    truth_joints_m: np.ndarray,
    truth_vertices_m: np.ndarray,
    joints_m: np.ndarray,
    vertices_m: np.ndarray,
) -> ProtocolSums:
    """Measure predicted joints (N, 21, 3) and vertices (N, 778, 3) against the true ones.

    Raises:
        ValueError: a point is NaN, infinite or beyond 1e100 m (see `first_unusable`).
    """
    for points_m in (truth_joints_m, truth_vertices_m, joints_m, vertices_m):
        if (row := first_unusable(points_m)) is not None:
            raise ValueError(f"sample {row} has points that are not finite numbers of metres")
    aligned_joints_m = align_procrustes(truth_joints_m, joints_m)
    aligned_vertices_m = align_procrustes(truth_vertices_m, vertices_m)
    scaled_joints_m = align_scale_translation(truth_joints_m, joints_m)
    pairs = list(zip(truth_vertices_m, vertices_m, aligned_vertices_m, strict=True))
    return ProtocolSums(
        samples=len(joints_m),
        joints=ErrorSums.of(_distances_m(truth_joints_m, joints_m)),
        joints_procrustes=ErrorSums.of(_distances_m(truth_joints_m, aligned_joints_m)),
        joints_scale_translation=ErrorSums.of(_distances_m(truth_joints_m, scaled_joints_m)),
        vertices=ErrorSums.of(_distances_m(truth_vertices_m, vertices_m)),
        vertices_procrustes=ErrorSums.of(_distances_m(truth_vertices_m, aligned_vertices_m)),
        f_totals=_sum_of(f_scores(plain, truth, F_THRESHOLDS_M) for truth, plain, _ in pairs),
        f_procrustes_totals=_sum_of(
            f_scores(aligned, truth, F_THRESHOLDS_M) for truth, _, aligned in pairs
        ),
    )


def first_unusable(points_m: np.ndarray) -> int | None:
    """The first row of (N, K, 3) with a point that cannot be measured, or None."""
    with np.errstate(invalid="ignore"):
        usable = (np.abs(points_m) <= _FARTHEST_M).all((-2, -1))
    return None if usable.all() else int(usable.argmin())


def align_procrustes(truth_m: np.ndarray, points_m: np.ndarray) -> np.ndarray:
    """Turn (and mirror, where that is nearer), scale and shift (N, K, 3) onto the truth.

    The script's `align_w_scale`. `core.evaluation.alignment.procrustes_align` never mirrors and
    has NaN for a hand in one place: what a person looks at is not what the script counts.
    """
    truth_mean, points_mean = truth_m.mean(-2, keepdims=True), points_m.mean(-2, keepdims=True)
    truth, points = truth_m - truth_mean, points_m - points_mean
    truth_norm = _norm_m(truth) + _NORM_OFFSET_M
    truth, points = truth / truth_norm, points / (_norm_m(points) + _NORM_OFFSET_M)
    u, singular, vt = np.linalg.svd(np.swapaxes(truth, -1, -2) @ points)
    turn = u @ vt
    scale = singular.sum(-1)[:, None, None] * truth_norm
    return points @ np.swapaxes(turn, -1, -2) * scale + truth_mean


def align_scale_translation(truth_m: np.ndarray, joints_m: np.ndarray) -> np.ndarray:
    """Scale joints (N, 21, 3) to the true length from wrist to middle knuckle, wrist on wrist.

    The script's `align_sc_tr`.
    """
    length_m, truth_length_m = _palm_m(joints_m), _palm_m(truth_m)
    scaled = joints_m / np.where(length_m > 0, length_m, 1.0) * truth_length_m
    wrist = slice(WRIST, WRIST + 1)
    return scaled - scaled[:, wrist] + truth_m[:, wrist]


def _palm_m(joints_m: np.ndarray) -> np.ndarray:
    palm = joints_m[:, MIDDLE_KNUCKLE] - joints_m[:, WRIST]
    return np.linalg.norm(palm, axis=-1)[:, None, None]


def _norm_m(points_m: np.ndarray) -> np.ndarray:
    return np.sqrt((points_m**2).sum((-2, -1), keepdims=True))


def _distances_m(truth_m: np.ndarray, points_m: np.ndarray) -> np.ndarray:
    return np.linalg.norm(truth_m - points_m, axis=-1)


def _sum_of(scores) -> np.ndarray:
    return np.sum(list(scores), axis=0)
