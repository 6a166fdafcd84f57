"""Evaluations and comparisons as tables of text."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.evaluation.comparison import Comparison, Difference
    from core.evaluation.store import Evaluation
    from core.evaluation.summary import Figure, Summary

#: Name and unit of every figure.
FIGURES = {
    "mpjpe_mm": ("MPJPE", "mm"),
    "pa_mpjpe_mm": ("PA-MPJPE", "mm"),
    "mpvpe_mm": ("MPVPE", "mm"),
    "pa_mpvpe_mm": ("PA-MPVPE", "mm"),
    "f5": ("F@5 mm", ""),
    "f15": ("F@15 mm", ""),
    "keypoint_error_px": ("2D error, photo", "px"),
    "keypoint_error_crop_px": ("2D error, crop", "px"),
    "wrist_error_mm": ("wrist error", "mm"),
    "scale_ratio": ("scale ratio", ""),
    "distance_mm": ("wrist's distance", "mm"),
    "occlusion": ("occlusion", ""),
    "auc": ("PCK AUC 0–50 mm", ""),
}
_AREAS = {
    "joints": "joints, wrist on wrist",
    "pa_joints": "joints, Procrustes",
    "vertices": "vertices, wrist on wrist",
    "pa_vertices": "vertices, Procrustes",
}
#: Sequences are told by these.
_OF_SEQUENCES = ("mpjpe_mm", "pa_mpjpe_mm", "pa_mpvpe_mm", "keypoint_error_px", "wrist_error_mm")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1) -> str:
    """Columns as wide as their widest cell; the first `texts` to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        cells = [
            cell.ljust(width) if number < texts else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float, unit: str = "", *, sign: bool = False) -> str:
    """Two decimals for millimetres and pixels, four for shares; a dash where it is unknown."""
    if value != value:
        return "–"
    return f"{value:{'+' if sign else ''}.{2 if unit else 4}f}"


def print_summary(evaluation: "Evaluation", summary: "Summary") -> None:
    """Print everything there is to say about an evaluation."""
    identity = evaluation.identity
    depth = "with depth where there is some" if identity.uses_depth else "from RGB alone"
    print(f"{identity.checkpoint_name} on {identity.dataset_name} / {identity.split}, {depth}")
    print(f"hand model {identity.hand_model}; {evaluation.folder}")
    counts = [f"{count:,} {name.replace('_', ' ')}" for name, count in summary.counts.items()]
    print(f"{len(evaluation):,} frames: {', '.join(counts)}\n")
    rows = [_figure_row(name, figure) for name, figure in summary.figures.items() if figure.frames]
    print(table(("", "mean", "median", "p95", "", "frames"), rows))
    areas = [(words, number(summary.auc[name])) for name, words in _AREAS.items()]
    print(f"\n{table(('PCK AUC 0–50 mm', ''), areas)}")
    joints = [
        (
            joint.name,
            number(joint.joint_errors_mm.mean, "mm"),
            number(joint.pa_joint_errors_mm.mean, "mm"),
            number(joint.keypoint_errors_px.mean, "px"),
        )
        for joint in summary.by_joint
    ]
    print(f"\n{table(('joint', 'mm', 'PA mm', 'px'), joints)}")
    print(f"\n{_sequences(summary)}")
    for note in summary.notes:
        print(f"\n{note}")
    for row, reason in list(evaluation.problems().items())[:5]:
        print(f"  {evaluation.frame_id(row)}: {reason}")


def _figure_row(name: str, figure: "Figure") -> tuple[str, ...]:
    words, unit = FIGURES[name]
    values = (number(value, unit) for value in (figure.mean, figure.median, figure.p95))
    return (words, *values, unit, f"{figure.frames:,}")


def _sequences(summary: "Summary") -> str:
    heads = [f"{FIGURES[name][0]} {FIGURES[name][1]}" for name in _OF_SEQUENCES]
    rows = [
        (
            sequence.name,
            f"{sequence.frames:,}",
            f"{sequence.failed:,}",
            *(number(sequence.figures[name].mean, FIGURES[name][1]) for name in _OF_SEQUENCES),
        )
        for sequence in summary.by_sequence
    ]
    return table(("sequence", "frames", "failed", *heads), rows)


def print_comparison(comparison: "Comparison") -> None:
    """Print a comparison; rows are named by the caller."""
    first, second = comparison.first, comparison.second
    print(f"A  {first.checkpoint_name}\nB  {second.checkpoint_name}")
    print(f"on {first.dataset_name} / {first.split}, {len(comparison.rows):,} frames of both\n")
    print(_verdict(comparison) + "\n")
    known = [one for one in (*comparison.figures, comparison.auc) if one.frames]
    print(_differences("figure", known, lambda name: FIGURES[name]))
    unit = FIGURES[comparison.metric][1]
    of_joints = "px" if comparison.metric.startswith("keypoint") else "mm"
    joints = _differences(f"joint, {of_joints}", comparison.by_joint, lambda joint: (joint, "mm"))
    print(f"\n{joints}")
    head = f"sequence, {unit}" if unit else "sequence"
    print(f"\n{_differences(head, comparison.by_sequence, lambda sequence: (sequence, unit))}")


def _verdict(comparison: "Comparison") -> str:
    overall = comparison.overall
    name, unit = FIGURES[comparison.metric]
    if not overall.frames:
        return f"No frame has {name} in both: there is nothing to compare."
    interval = f"{number(overall.low, unit, sign=True)} to {number(overall.high, unit, sign=True)}"
    difference = f"B − A is {number(overall.difference, unit, sign=True)} {unit} {name}".replace(
        "  ", " "
    )
    share = f"B is better in {100 * comparison.share_better:.0f} % of the frames"
    if comparison.better is None:
        return f"No difference is shown: {difference} (95 % interval {interval}); {share}."
    winner = {"first": "A", "second": "B"}[comparison.better]
    return f"{winner} is better: {difference} (95 % interval {interval}); {share}."


def _differences(
    head: str, differences: Sequence["Difference"], words: Callable[[str], tuple[str, str]]
) -> str:
    """A table; `words` gives the name that is shown and the unit."""
    rows = []
    for one in differences:
        name, unit = words(one.name)
        rows.append(
            (
                f"{name} {unit}".strip() if head == "figure" else name,
                number(one.first, unit),
                number(one.second, unit),
                number(one.difference, unit, sign=True),
                f"{number(one.low, unit, sign=True)} … {number(one.high, unit, sign=True)}",
                f"{one.frames:,}",
            )
        )
    return table((head, "A", "B", "B − A", "95 % interval", "frames"), rows)
