"""Evaluations without a network: identities, names and rows of numbers for the tests' stores."""

from pathlib import Path

import numpy as np

from core.conventions import CROP_SIZE_PX
from core.evaluation.columns import COLUMNS
from core.evaluation.prediction import Prediction
from core.evaluation.store import EvaluationWriter, FrameState, Identity, RowNames
from core.geometry.camera import Camera
from core.geometry.crop import CropTransform, normalise_keypoints
from core.hand.hand_model import HandModel, ManoParameters

CAMERA = Camera(np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]]))


def identity(count: int = 6, **changes: object) -> Identity:
    """An identity of `count` rows."""
    usual = {
        "checkpoint_name": "demo",
        "checkpoint_sha256": "c" * 64,
        "dataset_root": "data",
        "dataset_name": "data",
        "split": "evaluation",
        "dataset_digest": "d" * 64,
        "hand_model": "stand-in",
        "hand_model_digest": "h" * 64,
        "uses_depth": True,
        "count": count,
    }
    return Identity(**{**usual, **changes})


def names(count: int = 6, *, sequences: int = 2) -> RowNames:
    """Rows in `sequences` sequences of about the same length, one after another."""
    codes = np.arange(count) * sequences // count
    frames = np.array([f"{row:04d}" for row in range(count)])
    return RowNames(tuple(f"SEQ{number}" for number in range(sequences)), codes, frames)


def rows_of(count: int, *, seed: int = 0, **columns: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of `count` rows of random numbers, some of them given."""
    rng = np.random.default_rng(seed)
    made = {
        name: rng.uniform(1, 30, (count, *shape)).astype(np.float32)
        for name, (shape, _) in COLUMNS.items()
    }
    flags = {"used_depth": np.ones(count, bool), "is_mirrored": np.zeros(count, bool)}
    return {**made, **flags, **columns}


def write_evaluation(
    root: Path, *, sequences: int = 2, changes: dict | None = None, **columns: np.ndarray
) -> Path:
    """A finished evaluation whose rows are all measured; returns its folder."""
    count = len(next(iter(columns.values()))) if columns else 6
    whole = identity(count, **(changes or {}))
    with EvaluationWriter(root, whole, names(count, sequences=sequences)) as writer:
        writer.write(range(count), [FrameState.MEASURED] * count, rows_of(count, **columns))
        return writer.evaluation.folder


def random_prediction(model: HandModel, seed: int) -> Prediction:
    """A random hand about 60 cm away, of parts that belong together; every third is left."""
    rng, is_left = np.random.default_rng(seed), seed % 3 == 2
    mano = ManoParameters(
        global_orient_rad=rng.normal(size=3),
        hand_pose_rad=rng.normal(0, 0.4, 45),
        betas=rng.normal(size=10),
        wrist_mm=rng.normal((0, 0, 600), 30),
    )
    mesh = model.of_side(not is_left).pose(mano)
    crop = CropTransform(
        (float(rng.uniform(200, 400)), float(rng.uniform(150, 300))),
        float(rng.uniform(150, 250)),
        float(rng.uniform(-0.5, 0.5)),
        CROP_SIZE_PX,
        is_mirrored=is_left,
    )
    keypoints_px = CAMERA.project(mesh.joints_mm)
    return Prediction(
        keypoints_norm=normalise_keypoints(crop.keypoints(keypoints_px), crop.size_px),
        keypoints_px=keypoints_px,
        joints_mm=mesh.joints_mm,
        vertices_mm=mesh.vertices_mm,
        mano=mano,
        camera_sxy=rng.normal(size=3),
        crop=crop,
        coarse_joints_mm=None,
        used_depth=bool(seed % 2),
    )
