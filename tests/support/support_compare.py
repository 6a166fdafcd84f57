"""Small evaluations made of numbers alone, for tests of what compares them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from support_samples import stand_in_hand

from core.evaluation.columns import COLUMNS, FrameState
from core.evaluation.identity import hand_model_digest
from core.evaluation.store import Evaluation, EvaluationWriter, Identity, RowNames

#: Names of the sequences; frames are dealt to them in blocks.
SEQUENCES = ("AB1", "CD2", "EF3")


def identity(name: str, count: int, **changes) -> Identity:
    """Of an evaluation of a made-up checkpoint on a made-up split."""
    known = {
        "checkpoint_name": name,
        "checkpoint_sha256": f"{name:0<64}",
        "dataset_root": "/data/HO3D_tiny",
        "dataset_name": "HO3D_tiny",
        "split": "train",
        "dataset_digest": "d" * 16,
        "hand_model": "stand-in",
        "hand_model_digest": hand_model_digest(stand_in_hand()),
        "uses_depth": True,
        "count": count,
    }
    return Identity(**{**known, **changes})


def row_names(count: int, sequences: Sequence[str] = SEQUENCES) -> RowNames:
    """Blocks of about equal length, frames numbered in each."""
    codes = (np.arange(count) * len(sequences) // max(count, 1)).astype(np.int32)
    first_of = np.searchsorted(codes, np.arange(len(sequences)))
    frames = np.array([f"{n - first_of[code]:04d}" for n, code in enumerate(codes)], np.str_)
    return RowNames(tuple(sequences), codes, frames)


def made_up(count: int, *, seed: int = 0, offset_mm: float = 0.0) -> dict[str, np.ndarray]:
    """Columns of `count` rows: joint errors about 10 mm, changed by `offset_mm`."""
    shared = np.random.default_rng(99)  # how hard a frame is, for every checkpoint alike
    own = np.random.default_rng(seed)
    joints = shared.gamma(4.0, 2.0, (count, 1)) + own.gamma(2.0, 1.5, (count, 21)) + offset_mm
    columns = {
        name: own.normal(size=(count, *shape)) if dtype is np.float32 else np.zeros(count)
        for name, (shape, dtype) in COLUMNS.items()
    }
    columns["pa_joint_errors_mm"] = joints.clip(0.1).astype(np.float32)
    columns["joint_errors_mm"] = (2 * joints).clip(0.1).astype(np.float32)
    columns["keypoint_errors_px"] = (1.5 * joints).clip(0.1).astype(np.float32)
    pa = columns["pa_joint_errors_mm"].mean(1)
    columns["pa_mpjpe_mm"], columns["mpjpe_mm"] = pa, columns["joint_errors_mm"].mean(1)
    columns["pa_mpvpe_mm"], columns["mpvpe_mm"] = 0.9 * pa, 1.8 * pa
    columns["f5"] = np.clip(1 - pa / 20, 0, 1)
    columns["f15"] = np.clip(1 - pa / 60, 0, 1)
    columns["keypoint_error_px"] = columns["keypoint_errors_px"].mean(1)
    columns["keypoint_error_crop_px"] = columns["keypoint_error_px"] / 2
    columns["wrist_error_mm"] = 3 * pa
    columns["crop"] = np.tile(np.float32([80, 60, 90, 0]), (count, 1))
    return {name: np.asarray(values, COLUMNS[name][1]) for name, values in columns.items()}


def write_evaluation(
    root: Path,
    name: str,
    columns: dict[str, np.ndarray],
    *,
    states: np.ndarray | None = None,
    names: RowNames | None = None,
    **changes,
) -> Evaluation:
    """Write an evaluation with these columns; all rows measured where `states` says nothing."""
    count = len(columns["pa_mpjpe_mm"])
    states = np.full(count, FrameState.MEASURED) if states is None else states
    rows = np.flatnonzero(states != FrameState.PENDING)
    of = identity(name, count, **changes)
    with EvaluationWriter(root, of, names or row_names(count)) as writer:
        writer.write(
            rows,
            [FrameState(state) for state in states[rows]],
            {key: values[rows] for key, values in columns.items()},
        )
        return writer.evaluation
