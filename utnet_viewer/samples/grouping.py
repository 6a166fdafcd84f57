"""Figures of the rows on screen, put together by sequence and by joint."""

from dataclasses import dataclass

import numpy as np

from core.conventions import JOINT_COUNT, JOINT_NAMES
from core.evaluation.frame_filter_columns import joint_word
from utnet_viewer.samples.catalogue import Catalogue


@dataclass(frozen=True)
class Group:
    """One line of a summary.

    Attributes:
        name: Of the sequence or joint.
        key: What a click on it uses: a sequence's name, or a joint's column.
        frames: How many have figures.
        figures: By column, NaN where nothing is known.
    """

    name: str
    key: str
    frames: int
    figures: tuple[float, ...]


#: Heads of the figures of `by_sequence` and `by_joint`.
SEQUENCE_HEADS = ("PA mean mm", "PA median mm", "PA p95 mm", "MPJPE mm", "2D px")
JOINT_HEADS = ("mean mm", "PA mean mm", "PA median mm", "PA p95 mm", "2D px")


def by_sequence(catalogue: Catalogue, rows: np.ndarray) -> list[Group]:
    """One group for each sequence of `rows` (M,), in the dataset's order."""
    # Small integers are ordered ten times as fast.
    codes = catalogue.sequence_codes[rows].astype(np.uint16)
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    rows = rows[order]
    pa, mean, px = (catalogue.figures(key)[rows] for key in ("pa_mpjpe", "mpjpe", "px"))
    groups = []
    for code, start, end in zip(present, starts, [*starts[1:], len(rows)], strict=True):
        name, part = catalogue.sequence_names[code], slice(start, end)
        known = pa[part][~np.isnan(pa[part])]
        figures = (*_spread(known), _mean(mean[part]), _mean(px[part]))
        groups.append(Group(name, name, len(known), figures))
    return groups


def by_joint(catalogue: Catalogue, rows: np.ndarray) -> list[Group]:
    """One group for each joint; none without an evaluation."""
    if catalogue.evaluation is None:
        return []
    chosen = slice(None) if len(rows) == len(catalogue) else rows
    groups = []
    for joint in range(JOINT_COUNT):
        word = joint_word(joint)
        errors, aligned, px = (
            catalogue.figures(f"{kind}.{word}")[chosen]
            for kind in ("joint", "pa_joint", "px_joint")
        )
        known = aligned[~np.isnan(aligned)]
        figures = (_mean(errors), *_spread(known), _mean(px))
        groups.append(Group(JOINT_NAMES[joint], f"joint.{word}", len(known), figures))
    return groups


def _spread(known: np.ndarray) -> tuple[float, float, float]:
    """Mean, median, 95th percentile; NaN of nothing."""
    if not len(known):
        return (float("nan"),) * 3
    median, p95 = np.quantile(known, (0.5, 0.95)).tolist()
    return float(known.mean(dtype=float)), median, p95


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean(dtype=float)) if len(known) else float("nan")
