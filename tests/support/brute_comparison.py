"""Comparing two evaluations by plain loops, to hold the window's and the core's figures against."""

from collections.abc import Callable, Sequence

import numpy as np

from core.conventions import FINGER_OF_JOINT, JOINT_NAMES
from core.evaluation.columns import FrameState
from core.evaluation.store import Evaluation
from utnet_viewer.compare.metrics import METRICS, metric_of
from utnet_viewer.compare.pck_panel import PckCurve
from utnet_viewer.compare.result import AUC, AUC_NAME, Result
from utnet_viewer.compare.rows import DifferenceRow
from utnet_viewer.compare.view import joint_column


def common_rows(evaluations: Sequence[Evaluation]) -> np.ndarray:
    """Rows that all of them measured."""
    count = len(evaluations[0])
    states = [evaluation.state.tolist() for evaluation in evaluations]
    return np.array(
        [n for n in range(count) if all(s[n] == FrameState.MEASURED for s in states)], int
    )


def brute_row(key: str, name: str, first, second, unit: str, is_score=False, token=""):
    """Means and their difference; for the interval, a normal one of the frames' differences."""
    pairs = [(float(a), float(b)) for a, b in zip(first, second, strict=True) if a == a and b == b]
    nan = float("nan")
    if not pairs:
        return DifferenceRow(key, name, nan, nan, nan, unit=unit, higher_is_better=is_score)
    differences = [b - a for a, b in pairs]
    mean = sum(differences) / len(pairs)
    reach = 1.96 * float(np.std(differences)) / len(pairs) ** 0.5
    means = [sum(values) / len(pairs) for values in zip(*pairs, strict=True)]
    ends = (mean - reach, mean + reach)
    return DifferenceRow(key, name, *means, mean, *ends, len(pairs), unit, is_score, token)


def brute_find(
    evaluations: Sequence[Evaluation], key: str, tell: Callable[[float], None]
) -> Result:
    """Stands in for what the workspace computes in its thread."""
    tell(0.5)
    metric, rows = metric_of(key), common_rows(evaluations[:2])
    names = evaluations[0].names
    value = lambda evaluation, column: np.array(evaluation.column(column)[rows])
    first, second = (value(evaluation, key) for evaluation in evaluations[:2])
    by_joint = [value(evaluation, joint_column(metric)) for evaluation in evaluations[:2]]
    unit, is_score = metric.unit, metric.higher_is_better
    joint_unit = "px" if joint_column(metric).endswith("_px") else "mm"
    codes = np.array(names.sequence_codes)[rows]
    curves = tuple(_curve(n, evaluation, rows) for n, evaluation in enumerate(evaluations))
    gain = [(b - a) if is_score else (a - b) for a, b in zip(first, second, strict=True)]
    return Result(
        metric=metric,
        overall=brute_row(key, metric.name, first, second, unit, is_score),
        better_share=sum(g > 0 for g in gain) / len(gain) if gain else float("nan"),
        metrics=tuple(
            brute_row(
                m.key,
                m.name,
                *(value(evaluation, m.key) for evaluation in evaluations[:2]),
                m.unit,
                m.higher_is_better,
            )
            for m in METRICS
        ),
        joints=tuple(
            brute_row(
                str(joint),
                JOINT_NAMES[joint],
                *(errors[:, joint] for errors in by_joint),
                joint_unit,
                token=FINGER_OF_JOINT.get(joint, ""),
            )
            for joint in range(21)
        ),
        sequences=tuple(
            brute_row(name, name, first[codes == code], second[codes == code], unit, is_score)
            for code, name in enumerate(names.sequence_names)
        ),
        models=tuple(
            brute_row(
                other.identity.key,
                other.identity.checkpoint_name,
                first,
                value(other, key),
                unit,
                is_score,
            )
            for other in evaluations[1:]
        ),
        curves=curves,
        auc=DifferenceRow(
            AUC,
            AUC_NAME,
            curves[0].auc,
            curves[1].auc,
            curves[1].auc - curves[0].auc,
            count=len(rows),
            unit="",
            higher_is_better=True,
        ),
        rows=rows,
        first=first,
        second=second,
    )


def _curve(number: int, evaluation: Evaluation, rows: np.ndarray) -> PckCurve:
    thresholds_mm = np.linspace(0, 50, 101)
    errors = evaluation.column("pa_joint_errors_mm")[rows].ravel()
    share = np.array(
        [(errors <= threshold).mean() if len(errors) else 0 for threshold in thresholds_mm]
    )
    auc = float(np.trapezoid(share, thresholds_mm) / 50)
    return PckCurve("ABCDE"[number], evaluation.identity.checkpoint_name, thresholds_mm, share, auc)
