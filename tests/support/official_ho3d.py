"""HO-3D's official figures once more, straight from their definition: a hand and a point at a time.

Shares no code with `core.evaluation`. Also makes hands and files in the released layout.
"""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import cdist

from core.hand.hand_model import HandModel, ManoParameters

TO_FILE = np.diag([1.0, -1.0, -1.0]) / 1000  # camera axes, mm -> the files' axes, metres


def official_figures(truth, predicted) -> dict[str, float]:
    """Every figure of lists of (joints, vertices) in metres, by the names of `OfficialScores`."""
    kinds = ("xyz", "xyz_procrustes_al", "xyz_scale_trans_al", "mesh", "mesh_al")
    distances = {kind: [] for kind in kinds}
    f_scores = {("f_score", 5): [], ("f_score", 15): [], ("f_al_score", 5): []}
    f_scores["f_al_score", 15] = []
    for (joints, vertices), (joints_p, vertices_p) in zip(truth, predicted, strict=True):
        aligned_mesh = procrustes(vertices, vertices_p)
        pairs = (
            (joints, joints_p),
            (joints, procrustes(joints, joints_p)),
            (joints, scale_and_shift(joints, joints_p)),
            (vertices, vertices_p),
            (vertices, aligned_mesh),
        )
        for kind, (points, points_p) in zip(kinds, pairs, strict=True):
            distances[kind].append(
                [math.dist(a, b) for a, b in zip(points.tolist(), points_p.tolist(), strict=True)]
            )
        for limit_mm in (5, 15):
            f_scores["f_score", limit_mm].append(f_score(vertices, vertices_p, limit_mm / 1000))
            f_scores["f_al_score", limit_mm].append(
                f_score(vertices, aligned_mesh, limit_mm / 1000)
            )
    figures = {}
    for kind, values in distances.items():
        by_keypoint = np.array(values).T
        figures[f"{kind}_mean3d_cm"] = 100 * np.mean([np.mean(row) for row in by_keypoint])
        figures[f"{kind}_auc3d"] = np.mean([area_under_pck(row) for row in by_keypoint])
    for (name, limit_mm), values in f_scores.items():
        figures[f"{name}_{limit_mm}mm"] = np.mean(values)
    return figures


def procrustes(points, points_p):
    """Least squares turn or mirroring, scale and shift, with the script's 1e-8."""
    centre, centre_p = points.mean(0), points_p.mean(0)
    size = math.sqrt(sum(value**2 for row in points - centre for value in row))
    size_p = np.linalg.norm(points_p - centre_p)
    one = (points - centre) / (size + 1e-8)
    other = (points_p - centre_p) / (size_p + 1e-8)
    turn, scale = orthogonal_procrustes(one, other)
    return other @ turn.T * scale * (size + 1e-8) + centre


def scale_and_shift(joints, joints_p):
    """Length from joint 0 to joint 4 as the truth's, wrist on wrist."""
    length, length_p = math.dist(joints[4], joints[0]), math.dist(joints_p[4], joints_p[0])
    factor = length / length_p if length_p > 0 else length
    moved = [
        [(v - w) * factor + t for v, w, t in zip(row, joints_p[0], joints[0], strict=True)]
        for row in joints_p
    ]
    return np.array(moved)


def f_score(points, points_p, limit):
    """Harmonic mean of the shares nearer than the limit, from all distances."""
    distances = cdist(points, points_p)
    precision = sum(value < limit for value in distances.min(1)) / len(points)
    recall = sum(value < limit for value in distances.min(0)) / len(points_p)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def area_under_pck(distances):
    """Trapezia below the curve of 100 thresholds from 0 to 50 mm, a perfect curve being 1."""
    limits = np.array([0.05 * step / 99 for step in range(100)])
    curve = (np.asarray(distances) <= limits[:, None]).mean(1)
    return sum((low + high) / 2 for low, high in pairwise(curve.tolist())) / 99


def random_parameters(rng, count: int) -> list[ManoParameters]:
    """Hands half a metre away, in camera axes."""
    return [
        ManoParameters(
            global_orient_rad=rng.normal(size=3),
            hand_pose_rad=rng.normal(size=45) * 0.3,
            betas=rng.normal(size=10) * 0.5,
            wrist_mm=np.array([20, -10, 550]) + rng.normal(size=3) * 60,
        )
        for _ in range(count)
    ]


def perturbed(rng, hand: ManoParameters) -> ManoParameters:
    """A prediction of that hand by a fair network."""
    return ManoParameters(
        global_orient_rad=hand.global_orient_rad + rng.normal(size=3) * 0.1,
        hand_pose_rad=hand.hand_pose_rad + rng.normal(size=45) * 0.15,
        betas=hand.betas,
        wrist_mm=hand.wrist_mm + rng.normal(size=3) * 15,
    )


def posed_for_file(model: HandModel, hands: list[ManoParameters]) -> list[tuple]:
    """(joints (21, 3), vertices (778, 3)) of every hand, in metres and the files' axes."""
    meshes = [model.pose(hand) for hand in hands]
    return [(mesh.joints_mm @ TO_FILE, mesh.vertices_mm @ TO_FILE) for mesh in meshes]


def write_truth(folder: Path, hands: list[tuple], *, split: str = "evaluation") -> Path:
    """The two files of released ground truth."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("xyz", 0), ("verts", 1)):
        content = [hand[part].tolist() for hand in hands]
        (folder / f"{split}_{name}.json").write_text(json.dumps(content))
    return folder


def write_prediction_json(path: Path, hands: list[tuple]) -> Path:
    """pred.json."""
    content = [[hand[part].tolist() for hand in hands] for part in (0, 1)]
    path.write_text(json.dumps(content))
    return path
