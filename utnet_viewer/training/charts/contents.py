"""What each of the six charts says about the runs shown; the current run is the first."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from utnet_viewer.numbers import compact
from utnet_viewer.theme import Palette
from utnet_viewer.training.charts.content import (
    TERM_TITLES,
    Content,
    Ink,
    Level,
    Series,
    in_order,
    mixed,
    series_ink,
    term_title,
)
from utnet_viewer.training.charts.run_data import Curve, RunCurves
from utnet_viewer.training.charts.scales import exponent_text
from utnet_viewer.training.charts.smoothing import Smoothers

#: Clipped steps are counted over so many.
CLIP_WINDOW = 2000

#: Update/weight ratios outside are too small to learn, or too large to stay stable. 1e-3 is the
#: rule of thumb of Karpathy's notes (CS231n, "Ratio of weights:updates"), an order about it each.
HEALTHY_RATIO = (1e-5, 1e-2)

#: Parts of the network in their order, with the words people use.
PART_TITLES = ("backbone", "tokens", "decoders", "upsampler", "refinement")

#: Of one turn of a chart: a first look at ten long runs takes ten times as long.
_MOST_SMOOTHING_S = 0.012

_OTHER_DASHES = ((4.0, 3.0), (1.5, 2.5), (7.0, 3.0), (4.0, 2.0, 1.5, 2.0))


@dataclass
class Settings:
    """What the person has chosen, and what smoothing remembers; `span` in steps, 1 is none."""

    palette: Palette
    span: int = 1
    is_weighted: bool = True
    smoothers: Smoothers = field(default_factory=Smoothers)

    def smooth(self, run: RunCurves, column: str, values: np.ndarray) -> np.ndarray | None:
        """The smoothed column; None where nothing is to be smoothed."""
        if not self._smooths(values):
            return None
        return self.smoothers.smooth(run.edition, column, values, self.span)

    def _smooths(self, values: np.ndarray) -> bool:
        return self.span > 1 and len(values) >= 3

    def is_ready(self, columns: Iterable[tuple[RunCurves, str]]) -> bool:
        """Smooth the columns for some milliseconds; False where some are left for another turn.

        Columns that were ready before cost nothing.
        """
        ends_at = time.perf_counter() + _MOST_SMOOTHING_S
        has_worked = False
        for run, name in columns:
            values = run.column(name).value
            is_done = self.smoothers.has(run.edition, name, values, self.span)
            if is_done or not self._smooths(values):
                continue
            if has_worked and time.perf_counter() > ends_at:
                return False
            self.smooth(run, name, values)
            has_worked = True
        return True


def _framed(runs: Sequence[RunCurves], content: Content) -> Content:
    """With the marks and the extent that all contents of a run have in common."""
    return replace(content, marks=runs[0].marks, last_step=max(run.last_step for run in runs))


def _empty(runs: Sequence[RunCurves], what: str, when: str, *, promise: str) -> Content:
    """Why there is nothing to show: `what` is missing and `when` it comes; without any run, what
    the chart will be about."""
    if not runs:
        return Content(empty=f"No run yet. Here will be {promise}.")
    reason = when if runs[0].is_live else "the run ended before"
    return _framed(runs, Content(empty=f"{what}: {reason}"))


def other_ink(position: int, palette: Palette) -> Ink:
    """Another run than the current one: thin, dashed, between text and paper."""
    colour = mixed(palette.t2, palette.t3, 0.33 * (position % 4))
    return Ink(colour, width=1.25, dashes=_OTHER_DASHES[position % len(_OTHER_DASHES)])


def loss_content(runs: Sequence[RunCurves], settings: Settings) -> Content | None:
    """Every term, raw or weighted; the weighted terms' sum with that of the other runs.

    None where smoothing needs another turn.
    """
    prefix = "weighted" if settings.is_weighted else "raw"
    if not runs or not len(runs[0].steps):
        return _empty(
            runs,
            "No step yet",
            "the first one is being computed",
            promise="the loss of every step, term by term",
        )
    current, palette = runs[0], settings.palette
    terms = in_order(current.steps.terms(prefix), list(TERM_TITLES))
    totals = [(run, "loss") for run in runs] if settings.is_weighted else []
    if not settings.is_ready([*totals, *((current, f"{prefix}/{term}") for term in terms)]):
        return None
    series, at_zero = [], []
    for position, term in enumerate(terms):
        curve = current.column(f"{prefix}/{term}")
        smooth = settings.smooth(current, f"{prefix}/{term}", curve.value)
        ink = series_ink(position, palette)
        line = Series(term, term_title(term), curve, ink, smooth, current.breaks)
        # A term that is always 0 takes no part; NaN is something.
        (series if np.any(curve.value) else at_zero).append(line)
    if settings.is_weighted:
        series = [*_totals(runs, settings), *series]
    return _framed(runs, Content(tuple(series + at_zero)))


def _totals(runs: Sequence[RunCurves], settings: Settings) -> list[Series]:
    """The losses of the other runs, then that of the current one."""
    palette = settings.palette
    series = []
    for position, run in enumerate(runs[1:]):
        curve = run.column("loss")
        if len(curve):
            smooth = settings.smooth(run, "loss", curve.value)
            line = curve if smooth is None else Curve(curve.step, smooth)
            ink = other_ink(position, palette)
            series.append(Series(run.key, "", line, ink, None, run.breaks, label=run.name))
    curve = runs[0].column("loss")
    smooth = settings.smooth(runs[0], "loss", curve.value)
    total = Series("loss", "total", curve, Ink(palette.t1), smooth, runs[0].breaks)
    return [*series, total]


def share_content(runs: Sequence[RunCurves], settings: Settings) -> Content:
    """Which term drives the weights: areas in per cent that add up to 100."""
    shares = runs[0].shares if runs else {}
    terms = in_order(list(shares), list(TERM_TITLES))
    if not terms:
        return _empty(
            runs,
            "No gradient shares",
            "they are measured every so many steps",
            promise="each term's share of the gradient",
        )
    steps = np.unique(np.concatenate([shares[term].step for term in terms]))
    floor = np.zeros(len(steps))
    series = []
    for position, term in enumerate(terms):
        percent = np.zeros(len(steps))
        percent[np.searchsorted(steps, shares[term].step)] = 100.0 * shares[term].value
        ink = series_ink(position, settings.palette)
        ink = Ink(ink.colour, alpha=0.88, dashes=ink.dashes)
        curve = Curve(steps, percent)
        series.append(Series(term, term_title(term), curve, ink, floor=floor, text=_percent_text))
        floor = floor + percent
    series.sort(key=lambda line: not np.any(line.curve.value))  # what takes no part comes last
    return _framed(runs, Content(tuple(series), value_range=(0.0, 104.0)))


def _percent_text(value: float) -> str:
    return f"{value:.0f} %" if value >= 0.95 or value == 0 else f"{value:.1f} %"


#: Metric, title, position among the series' colours (None: accent), marker, baseline.
_METRICS = (
    ("mpjpe_mm", "MPJPE mm", None, "circle", "mean_pose_mpjpe_mm"),
    ("pa_mpjpe_mm", "PA-MPJPE mm", 2, "diamond", "mean_hand_pa_mpjpe_mm"),
    ("keypoint_error_px", "2D px", 1, "triangle", ""),
)
_BASELINE_TITLES = {
    "mean_pose_mpjpe_mm": "mean pose",
    "mean_hand_pa_mpjpe_mm": "mean hand (PA)",
}


def validation_content(runs: Sequence[RunCurves], settings: Settings) -> Content:
    """Errors on held-out frames, beside what constants reach, and the other runs' MPJPE."""
    current = runs[0] if runs else None
    if current is None or not any(name in current.validation for name, *_ in _METRICS):
        return _empty(
            runs,
            "Not validated",
            "the first validation is still to come",
            promise="errors on held-out frames, beside what constant predictors reach",
        )
    palette = settings.palette
    series, levels = [], []
    for position, run in enumerate(runs[1:]):
        if "mpjpe_mm" in run.validation:
            ink = other_ink(position, palette)
            curve = run.validation["mpjpe_mm"]
            series.append(Series(run.key, "", curve, ink, label=run.name))
    for name, title, position, marker, baseline in _METRICS:
        if name not in current.validation:
            continue
        colour = palette.accent if position is None else palette.series[position]
        curve = current.validation[name]
        ink = Ink(colour, marker=marker)
        series.append(Series(name, title, curve, ink, text=_one_decimal))
        level = current.baselines.get(baseline)
        if level is not None and np.isfinite(level):
            ink = Ink(mixed(colour, palette.t3, 0.55), width=1.0, dashes=(5.0, 4.0))
            levels.append(Level(level, _BASELINE_TITLES[baseline], f"{level:.1f}", ink))
    return _framed(runs, Content(tuple(series), tuple(levels)))


def _one_decimal(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else compact(value)


def norm_content(runs: Sequence[RunCurves], settings: Settings) -> Content:
    """The gradient's norm before clipping, the limit, and the steps that were clipped."""
    curve = runs[0].column("gradient_norm") if runs else Curve()
    if not len(curve):
        return _empty(
            runs,
            "No gradient yet",
            "the first step is being computed",
            promise="the gradient's norm, and which steps were clipped",
        )
    current, palette = runs[0], settings.palette
    smooth = settings.smooth(current, "gradient_norm", curve.value)
    series = [Series("norm", "norm", curve, Ink(palette.t1), smooth, current.breaks)]
    levels = []
    if current.clip_norm:
        ink = Ink(palette.warning, width=1.25, dashes=(4.0, 3.0))
        levels.append(Level(current.clip_norm, "clip", compact(current.clip_norm), ink))
    clipped = current.column("clipped")
    if current.clip_norm != 0 and len(clipped):
        hits = clipped.value > 0
        series.append(
            Series(
                "clipped",
                "clipped",
                Curve(curve.step[hits], curve.value[hits]),
                Ink(palette.warning),
                only_dots=True,
                reading=lambda step: (clipped_share_text(clipped, step), False),
            )
        )
    return _framed(runs, Content(tuple(series), tuple(levels)))


def clipped_share_text(clipped: Curve, step: float | None) -> str:
    """``4 % of last 2k``: how many of the steps up to `step` (None: the last) were clipped."""
    end = clipped.nearest(step) + 1
    window = clipped.value[max(0, end - CLIP_WINDOW) : end]
    if not len(window):
        return ""
    share = float(np.mean(window > 0))
    count = f"{len(window):,}" if len(window) < CLIP_WINDOW else "2k"
    return f"{_percent_text(100 * share)} of last {count}"


def update_content(runs: Sequence[RunCurves], settings: Settings) -> Content:
    """How much of itself every part of the network changes in a step."""
    updates = runs[0].updates if runs else {}
    parts = in_order(list(updates), list(PART_TITLES))
    if not parts:
        return _empty(
            runs,
            "No updates measured",
            "it is done every so many steps",
            promise="how far each part of the network moves in a step",
        )
    palette = settings.palette
    series = [
        Series(
            part,
            term_title(part),
            updates[part],
            series_ink(position, palette),
            smooth=None,
            reading=lambda step, curve=updates[part]: _ratio_reading(curve, step),
        )
        for position, part in enumerate(parts)
    ]
    ink = Ink(palette.success, alpha=0.7, width=1.0, dashes=(3.0, 3.0))
    levels = [Level(value, "", "", ink) for value in HEALTHY_RATIO]
    return _framed(runs, Content(tuple(series), tuple(levels), band=HEALTHY_RATIO))


def _ratio_reading(curve: Curve, step: float | None) -> tuple[str, bool]:
    """The ratio, and whether it is outside the healthy band."""
    row = curve.nearest(step)
    if row < 0:
        return "", False
    value = float(curve.value[row])
    if not np.isfinite(value):
        return "not finite", True
    low, high = HEALTHY_RATIO
    return exponent_text(float(f"{value:.1e}")), not low <= value <= high


def rate_content(runs: Sequence[RunCurves], settings: Settings) -> Content:
    """The learning rate that acted, over the one configured for the whole run."""
    palette = settings.palette
    actual = runs[0].column("learning_rate") if runs else Curve()
    configured = runs[0].configured if runs else Curve()
    if not len(actual) and not len(configured):
        return _empty(
            runs,
            "No learning rate yet",
            "the first step is being computed",
            promise="the learning rate that acts, over the configured one",
        )
    series = []
    if len(configured):
        ink = Ink(palette.t3, width=1.25, dashes=(4.0, 3.0))
        series.append(
            Series("configured", "configured", configured, ink, is_stroke=True, text=compact)
        )
    if len(actual):
        series.append(
            Series(
                "actual",
                "actual",
                actual,
                Ink(palette.accent),
                breaks=runs[0].breaks,
                has_end_dot=True,
                is_stroke=True,
            )
        )
    end = float(runs[0].total_steps or 0)
    return _framed(runs, Content(tuple(series), end_step=end))
