"""What the workspace shows of a comparison; and the sentence that says how it came out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from utnet_viewer.compare.head_card import HeadFigure
from utnet_viewer.compare.metrics import Metric
from utnet_viewer.compare.pck_panel import PckCurve
from utnet_viewer.compare.rows import BETTER, OPEN, WORSE, DifferenceRow
from utnet_viewer.numbers import fixed

#: Key and name of the area under the PCK curve, a row among the figures.
AUC, AUC_NAME = "auc", "PCK AUC"

_TOKENS = {BETTER: "success", WORSE: "warning", OPEN: "t2"}


@dataclass(frozen=True, eq=False)
class Result:
    """A finished comparison of B with A.

    Attributes:
        metric: The figure that was compared.
        overall: Of all frames.
        better_share: Share of the frames in which B is better; NaN without frames.
        metrics: Every figure's row.
        joints: A row a joint; the key is its number.
        sequences: A row a sequence; the key is its name.
        models: B and the further evaluations, each against A; the key is the evaluation's.
        curves: PCK of A, B and the further ones.
        auc: Area under B's curve against that under A's.
        rows: (M,) rows of the dataset that both measured.
        first: (M,) the figure of A.
        second: (M,) of B.
    """

    metric: Metric
    overall: DifferenceRow
    better_share: float
    metrics: tuple[DifferenceRow, ...]
    joints: tuple[DifferenceRow, ...]
    sequences: tuple[DifferenceRow, ...]
    models: tuple[DifferenceRow, ...]
    curves: tuple[PckCurve, ...]
    auc: DifferenceRow
    rows: np.ndarray
    first: np.ndarray
    second: np.ndarray

    @property
    def joint_unit(self) -> str:
        """Of the rows by joint."""
        return self.joints[0].unit if self.joints else "mm"


def sentence(result: Result) -> str:
    """``B is better by 1.80 mm PA-MPJPE [1.20, 2.40] over 2,000 frames; better on 71 % of them.``

    The interval is of the gain, 95 %. Where it holds zero, no winner is named.
    """
    overall, metric = result.overall, result.metric
    if not overall.count:
        return "No frame was measured by both, so there is nothing to compare."
    unit = f" {metric.unit}" if metric.unit else ""
    digits = overall.difference_decimals
    frames = f"over {overall.count:,} frames"
    share = f"better on {100 * result.better_share:.0f} % of them."
    if overall.outcome == OPEN:
        known = math.isfinite(overall.low)
        interval = f" {overall.interval_words}" if known else ""
        return (
            f"No difference in {metric.name} is shown: B − A {overall.difference_words}{unit}"
            f"{interval} {frames}; {share}"
        )
    ends = (abs(overall.low), abs(overall.high))
    by = fixed(abs(overall.difference), digits)
    interval = f"[{fixed(min(ends), digits)}, {fixed(max(ends), digits)}]"
    return f"B is {overall.outcome} by {by}{unit} {metric.name} {interval} {frames}; {share}"


def head_figures(result: Result) -> list[HeadFigure]:
    """The compared figure, the area under the PCK curve, and on how many frames B is better."""
    overall, metric = result.overall, result.metric
    figures = [
        HeadFigure(
            f"{metric.name} {metric.unit}".strip(),
            fixed(overall.first, overall.decimals),
            fixed(overall.second, overall.decimals),
            f"{overall.difference_words}  {overall.interval_words}",
            _TOKENS[overall.outcome],
        )
    ]
    auc = result.auc
    if auc.count:
        figures.append(
            HeadFigure(
                f"{AUC_NAME} 0–50 mm",
                fixed(auc.first, auc.decimals),
                fixed(auc.second, auc.decimals),
                f"{auc.difference_words}  {auc.interval_words}",
                _TOKENS[auc.outcome],
            )
        )
    if overall.count:
        better = round(result.better_share * overall.count)
        figures.append(
            HeadFigure(
                "B is better on",
                "",
                f"{100 * result.better_share:.0f} %",
                f"{better:,} of {overall.count:,}",
            )
        )
    return figures
