"""From `core.evaluation.comparison` to what the workspace shows; runs in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.conventions import FINGER_OF_JOINT
from core.evaluation.comparison import Comparison, Difference, compare
from core.evaluation.comparison import PckCurve as Curve
from core.evaluation.store import Evaluation
from utnet_viewer.compare.metrics import METRICS, Metric, metric_of
from utnet_viewer.compare.pck_panel import PckCurve
from utnet_viewer.compare.result import AUC, AUC_NAME, Result
from utnet_viewer.compare.rows import DifferenceRow
from utnet_viewer.compare.view import joint_column

_LETTERS = "ABCDE"


def find_result(
    evaluations: Sequence[Evaluation], key: str, tell: Callable[[float], None]
) -> Result:
    """Compare B and the further evaluations with A, the first, by a column.

    `tell` hears the share that is done, and may raise to stop.

    Raises:
        ValueError: They are not of the same frames.
    """
    comparisons: list[Comparison] = []
    baseline, others = evaluations[0], evaluations[1:]
    for number, other in enumerate(others, start=1):
        comparisons.append(compare(baseline, other, metric=key))
        tell(number / len(others))
    metric, main = metric_of(key), comparisons[0]
    figures = {figure.name: figure for figure in main.figures}
    return Result(
        metric=metric,
        overall=_row(key, metric.name, main.overall, metric),
        better_share=main.share_better,
        metrics=tuple(_row(m.key, m.name, figures[m.key], m) for m in METRICS),
        joints=_joints(main, metric),
        sequences=tuple(_row(d.name, d.name, d, metric) for d in main.by_sequence),
        models=tuple(
            _row(other.identity.key, other.identity.checkpoint_name, c.overall, metric)
            for other, c in zip(others, comparisons, strict=True)
        ),
        curves=_curves(evaluations, comparisons),
        auc=_score(AUC, AUC_NAME, main.auc),
        rows=main.rows,
        first=main.first_values,
        second=main.second_values,
    )


def _row(key: str, name: str, difference: Difference, metric: Metric) -> DifferenceRow:
    return DifferenceRow(
        key,
        name,
        difference.first,
        difference.second,
        difference.difference,
        difference.low,
        difference.high,
        difference.frames,
        metric.unit,
        metric.higher_is_better,
    )


def _score(key: str, name: str, difference: Difference) -> DifferenceRow:
    return _row(key, name, difference, Metric(key, name, "", "", higher_is_better=True))


def _joints(comparison: Comparison, metric: Metric) -> tuple[DifferenceRow, ...]:
    unit = "px" if joint_column(metric).endswith("_px") else "mm"
    return tuple(
        DifferenceRow(
            str(joint),
            d.name,
            d.first,
            d.second,
            d.difference,
            d.low,
            d.high,
            d.frames,
            unit,
            token=FINGER_OF_JOINT.get(joint, ""),
        )
        for joint, d in enumerate(comparison.by_joint)
    )


def _curves(
    evaluations: Sequence[Evaluation], comparisons: Sequence[Comparison]
) -> tuple[PckCurve, ...]:
    """A's as it is over the frames of A and B; each further one's over those of A and itself."""
    if not len(comparisons[0].rows):
        return ()
    curves: list[Curve] = [comparisons[0].first_curve, *(c.second_curve for c in comparisons)]
    names = [evaluation.identity.checkpoint_name for evaluation in evaluations]
    return tuple(
        PckCurve(letter, name, curve.thresholds_mm, curve.share, curve.auc)
        for letter, name, curve in zip(_LETTERS, names, curves, strict=False)
    )
