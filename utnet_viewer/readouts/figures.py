"""The eight readouts: what each is called, how it is written, and when it deserves a warning."""

import math
from dataclasses import dataclass

from core.evaluation.metrics import FrameMetrics
from utnet_viewer.numbers import MISSING, fixed, signed

#: "Much worse" than the median: so many times the error, or so small a share of the F-score.
MUCH_WORSE_ERROR, MUCH_WORSE_SCORE = 1.3, 0.8
#: Medians of fewer frames warn of nothing.
ENOUGH_FRAMES = 3
#: The predicted hand may be this much larger or smaller than the true one.
SCALE_LIMIT = 0.1


@dataclass(frozen=True)
class Figure:
    """One readout.

    Attributes:
        name: Attribute of `FrameMetrics`.
        title: What stands above the number.
        unit: What stands after it, "" for none.
        decimals: How many are shown.
        is_better_low: Whether less is better.
        about: The tool tip: what is measured, and how.
    """

    name: str
    title: str
    unit: str
    decimals: int
    is_better_low: bool
    about: str


FIGURES = (
    Figure("mpjpe_mm", "MPJPE", "mm", 1, True, "Mean error of the 21 joints, wrist on wrist."),
    Figure(
        "pa_mpjpe_mm", "PA-MPJPE", "mm", 1, True,
        "Mean error of the 21 joints after Procrustes alignment (rotation, place and scale).",
    ),
    Figure("mpvpe_mm", "MPVPE", "mm", 1, True, "Mean error of the 778 vertices, wrist on wrist."),
    Figure(
        "f5", "F@5", "", 3, False,
        "Harmonic mean of the shares of both surfaces within 5 mm of the other, after Procrustes.",
    ),
    Figure(
        "f15", "F@15", "", 3, False,
        "Harmonic mean of the shares of both surfaces within 15 mm of the other, after Procrustes.",
    ),
    Figure(
        "keypoint_error_px", "2D error", "px", 1, True,
        "Mean distance of the 21 keypoints in the photo, in its own pixels.",
    ),
    Figure(
        "wrist_error_mm", "Root offset", "mm", 1, True,
        "Distance between the wrists in camera space. From RGB alone the distance to the camera\n"
        "rests on an assumed hand size.",
    ),
    Figure(
        "scale_ratio", "Scale", "", 3, True,
        "Extent of the predicted joints over the true ones. Beyond ±10 % it is marked.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One readout as it is painted.

    Attributes:
        value, unit: ``14.9``, ``mm``.
        notes: The second line, long form first; the first that fits is painted.
        trend: 1 above the median, -1 below it, 0 for no arrow.
        is_warning: Whether the second line wears the warning colour.
    """

    value: str = MISSING
    unit: str = ""
    notes: tuple[str, ...] = ("",)
    trend: int = 0
    is_warning: bool = False


def read(figure: Figure, metrics: FrameMetrics | None, *, median: float, frames: int) -> Reading:
    """One readout of a frame beside the `median` of the `frames` others seen in this session."""
    value = math.nan if metrics is None else float(getattr(metrics, figure.name))
    if not math.isfinite(value):
        return Reading()
    text = fixed(value, figure.decimals)
    if figure.name == "scale_ratio":
        percent = f"{signed((value - 1) * 100, 1)} %"
        is_off = abs(value - 1) > SCALE_LIMIT
        return Reading(text, "", (f"prediction {percent}", percent), 0, is_off)
    if not math.isfinite(median):
        return Reading(text, figure.unit, ("first sample", "first"))
    change, beside = (
        fixed(abs(value - median), figure.decimals),
        fixed(median, figure.decimals),
    )
    trend = (value > median) - (value < median)
    is_warning = frames >= ENOUGH_FRAMES and _is_much_worse(figure, value, median)
    notes = (f"{change} vs median {beside}", f"{change} vs {beside}", change)
    return Reading(text, figure.unit, notes, trend, is_warning)


def _is_much_worse(figure: Figure, value: float, median: float) -> bool:
    if figure.is_better_low:
        return value > median * MUCH_WORSE_ERROR
    return value < median * MUCH_WORSE_SCORE
