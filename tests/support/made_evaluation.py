"""Evaluations with made-up figures: every column filled, no network needed."""

from pathlib import Path

import numpy as np

from core.evaluation.columns import COLUMNS, SCALARS, FrameState
from core.evaluation.identity import Identity, RowNames
from core.evaluation.store import Evaluation, EvaluationWriter, open_evaluation


def made_columns(count: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Figures of a hand network that is neither good nor bad, (count, …)."""
    random = np.random.default_rng(seed)
    columns = {
        name: random.normal(0, 1, (count, *shape)).astype(dtype)
        for name, (shape, dtype) in COLUMNS.items()
    }
    pa_mm = random.gamma(4.0, 2.2, count)
    factors = {"mpjpe_mm": 2.4, "pa_mpjpe_mm": 1.0, "mpvpe_mm": 2.3, "pa_mpvpe_mm": 0.95}
    for name, factor in factors.items():
        columns[name] = (pa_mm * factor).astype(np.float32)
    columns["f5"] = np.exp(-pa_mm / 9).astype(np.float32)
    columns["f15"] = np.exp(-pa_mm / 90).astype(np.float32)
    columns["keypoint_error_px"] = (pa_mm * 0.7 + random.gamma(2.0, 0.8, count)).astype(np.float32)
    columns["keypoint_error_crop_px"] = columns["keypoint_error_px"] * np.float32(1.3)
    columns["wrist_error_mm"] = random.gamma(3.0, 8.0, count).astype(np.float32)
    columns["scale_ratio"] = random.normal(1.02, 0.05, count).astype(np.float32)
    columns["distance_mm"] = random.normal(620, 90, count).astype(np.float32)
    columns["occlusion"] = np.round(random.beta(1.5, 4, count) * 21).astype(np.float32) / 21
    for name, factor in (
        ("joint_errors_mm", 2.4),
        ("pa_joint_errors_mm", 1.0),
        ("keypoint_errors_px", 0.8),
    ):
        spread = random.gamma(3.0, 0.33, (count, 21)) * (1 + 0.03 * np.arange(21))
        columns[name] = (pa_mm[:, None] * factor * spread).astype(np.float32)
    return columns


def identity(count: int, **changes: object) -> Identity:
    """Of nothing that exists."""
    words = {
        "checkpoint_name": "made",
        "checkpoint_sha256": "c" * 64,
        "dataset_root": "somewhere",
        "dataset_name": "MADE",
        "split": "evaluation",
        "dataset_digest": "d" * 64,
        "hand_model": "stand-in",
        "hand_model_digest": "h" * 64,
        "uses_depth": True,
        "count": count,
    }
    return Identity(**{**words, **changes})


def names_of(sequences: np.ndarray, frames: np.ndarray) -> RowNames:
    """Of rows' names (N,), (N,)."""
    names, codes = np.unique(sequences, return_inverse=True)
    return RowNames(tuple(names.tolist()), codes.astype(np.int32), frames)


def write_rows(writer: EvaluationWriter, rows: np.ndarray, *, seed: int = 0) -> None:
    """Write made figures of these rows (M,), all of them measured."""
    columns = made_columns(len(writer.evaluation), seed=seed)
    states = [FrameState.MEASURED] * len(rows)
    writer.write(rows, states, {name: values[rows] for name, values in columns.items()})


def make_evaluation(
    root: Path, names: RowNames, *, done: int | None = None, seed: int = 0, **changes: object
) -> Evaluation:
    """An evaluation of all rows, or of the first `done`; three of them failed or lack labels."""
    count = len(names.frame_names)
    with EvaluationWriter(root, identity(count, **changes), names) as writer:
        rows = np.arange(count if done is None else done)
        odd = rows[len(rows) // 2 : len(rows) // 2 + 3]
        write_rows(writer, np.setdiff1d(rows, odd), seed=seed)
        for row, state in zip(odd, (FrameState.UNLABELLED, FrameState.ROOT_ONLY), strict=False):
            made = made_columns(1, seed=seed)
            for name in SCALARS:
                made[name] = np.full(1, np.nan, np.float32)
            writer.write([int(row)], [state], made)
        if len(odd) == 3:
            writer.fail(int(odd[2]), "nothing says where the hand is")
        folder = writer.evaluation.folder
    return open_evaluation(folder)
