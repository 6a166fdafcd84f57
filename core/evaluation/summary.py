"""An evaluation in some figures: over the split, by sequence, by joint; and what is not known."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.conventions import JOINT_NAMES
from core.evaluation.columns import PA_VERTEX_AUC, SCALARS, VERTEX_AUC, FrameState
from core.evaluation.pck import area_under_pck
from core.evaluation.store import Evaluation

#: Errors by joint, with the columns that they come from.
_BY_JOINT = ("joint_errors_mm", "pa_joint_errors_mm", "keypoint_errors_px")


@dataclass(frozen=True)
class Figure:
    """One quantity over the frames in which it is known.

    Attributes:
        mean, median, p95: NaN where it is known in none; p95 is the 95th percentile.
        frames: In how many it is known.
    """

    mean: float
    median: float
    p95: float
    frames: int

    @classmethod
    def of(cls, values: np.ndarray) -> "Figure":
        """Of one value a frame, (N,); NaN is unknown."""
        known = np.asarray(values, float)
        known = known[np.isfinite(known)]
        if not len(known):
            return cls(float("nan"), float("nan"), float("nan"), 0)
        median, p95 = np.percentile(known, (50, 95))
        return cls(float(known.mean()), float(median), float(p95), len(known))


@dataclass(frozen=True)
class SequenceSummary:
    """One sequence: its name, frames in all, failed ones, and the figures of `SCALARS`."""

    name: str
    frames: int
    failed: int
    figures: dict[str, Figure]


@dataclass(frozen=True)
class JointSummary:
    """One joint: its name, and its errors, wrist-aligned, Procrustes-aligned and in photo px."""

    name: str
    joint_errors_mm: Figure
    pa_joint_errors_mm: Figure
    keypoint_errors_px: Figure


@dataclass(frozen=True)
class Summary:
    """See the module.

    Attributes:
        counts: Rows in each state, by its name in small letters.
        figures: Of every one of `SCALARS`.
        auc: Areas under the PCK curves, 0 to 50 mm, of "joints" and "vertices", wrist on wrist and
            (with ``pa_`` before) Procrustes-aligned; NaN where unknown.
        by_sequence: In the dataset's order.
        by_joint: In HO-3D's order.
        notes: What cannot be said of this split, and why, in sentences.
    """

    counts: dict[str, int]
    figures: dict[str, Figure]
    auc: dict[str, float]
    by_sequence: tuple[SequenceSummary, ...]
    by_joint: tuple[JointSummary, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values; what is unknown is NaN."""
        return asdict(self)


def summarise(evaluation: Evaluation) -> Summary:
    """Sum up what is there so far; rows that are still pending count nowhere but in `counts`."""
    # Once: a growing evaluation must not change under the figures.
    state = np.array(evaluation.state)
    is_done = state != FrameState.PENDING
    scalar = {name: np.where(is_done, evaluation.column(name), np.nan) for name in SCALARS}
    figures = {name: Figure.of(values) for name, values in scalar.items()}
    counts = {one.name.lower(): int((state == one).sum()) for one in FrameState}
    return Summary(
        counts=counts,
        figures=figures,
        auc=_areas(evaluation, is_done),
        by_sequence=_by_sequence(evaluation, state, scalar),
        by_joint=_by_joint(evaluation, is_done),
        notes=tuple(_notes(counts, figures)),
    )


def _areas(evaluation: Evaluation, is_done: np.ndarray) -> dict[str, float]:
    of_vertices = lambda name: Figure.of(evaluation.column(name)[is_done]).mean
    return {
        "joints": area_under_pck(evaluation.column("joint_errors_mm")[is_done]),
        "pa_joints": area_under_pck(evaluation.column("pa_joint_errors_mm")[is_done]),
        "vertices": of_vertices(VERTEX_AUC),
        "pa_vertices": of_vertices(PA_VERTEX_AUC),
    }


def _by_sequence(
    evaluation: Evaluation, state: np.ndarray, scalar: dict[str, np.ndarray]
) -> tuple[SequenceSummary, ...]:
    names = evaluation.names
    summaries = []
    for code, name in enumerate(names.sequence_names):
        rows = np.flatnonzero(names.sequence_codes == code)
        failed = int((state[rows] == FrameState.FAILED).sum())
        figures = {column: Figure.of(values[rows]) for column, values in scalar.items()}
        summaries.append(SequenceSummary(name, len(rows), failed, figures))
    return tuple(summaries)


def _by_joint(evaluation: Evaluation, is_done: np.ndarray) -> tuple[JointSummary, ...]:
    errors = [evaluation.column(column)[is_done] for column in _BY_JOINT]
    return tuple(
        JointSummary(name, *(Figure.of(column[:, joint]) for column in errors))
        for joint, name in enumerate(JOINT_NAMES)
    )


def _notes(counts: dict[str, int], figures: dict[str, Figure]) -> list[str]:
    has: Callable[[str], bool] = lambda name: counts[name] > 0
    unknown = [name for name, figure in figures.items() if not figure.frames]
    notes = []
    if has("pending"):
        notes.append(f"{counts['pending']:,} frames are not evaluated yet.")
    if has("root_only"):
        notes.append(
            f"{counts['root_only']:,} frames have labels of the wrist alone: their wrist error and "
            "distance are known, errors of joints and surface are not."
        )
    if has("unlabelled"):
        notes.append(f"{counts['unlabelled']:,} frames have no labels: they are predicted only.")
    if has("failed"):
        notes.append(f"{counts['failed']:,} frames could not be predicted.")
    if has("measured") and not figures["mpvpe_mm"].frames:
        notes.append("No frame has a true surface, so nothing is known of the vertices.")
    if unknown:
        notes.append(f"Not known on this split: {', '.join(unknown)}.")
    return notes
