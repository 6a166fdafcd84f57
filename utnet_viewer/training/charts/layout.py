"""From a content to a drawing: what of it a view of some pixels can show. No widgets here."""

from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtGui import QColor

from core.training.steps import decimate
from utnet_viewer.theme import Palette
from utnet_viewer.training.charts.axis_marks import MarkGroup, group_at, group_marks, line_at
from utnet_viewer.training.charts.content import Content, Series
from utnet_viewer.training.charts.run_data import Curve
from utnet_viewer.training.charts.scales import fit
from utnet_viewer.training.charts.traces import RAW_ALPHA, Drawing, HorizontalLine, Trace

_CROSS_PX = 6.0
_BAND_ALPHA = 0.07


@dataclass(frozen=True, eq=False)
class Layout:
    """A drawing, the range of its values (log10 on a log axis), and what can be pointed at."""

    drawing: Drawing = field(default_factory=Drawing)
    value_range: tuple[float, float] = (0.0, 1.0)
    note: str = ""
    marks: tuple[MarkGroup, ...] = ()
    crosses: tuple[tuple[float, str], ...] = ()  # px from the left edge, words

    def tip_at(self, x_px: float, above_axis_px: float) -> str:
        """Words for the pointer so far from the plot's lower left corner; "" for none."""
        group = group_at(self.marks, x_px, above_axis_px) or line_at(self.marks, x_px)
        if group is not None:
            return group.words
        near = [words for x, words in self.crosses if abs(x - x_px) <= _CROSS_PX]
        return near[0] if near and above_axis_px > _CROSS_PX else ""


def lay_out(
    content: Content,
    *,
    span: tuple[float, float],
    width_px: float,
    is_log: bool,
    hidden: frozenset[str],
    palette: Palette,
    values: tuple[float, float] | None,
) -> Layout:
    """Lay a content out over the steps `span`, two points a pixel at most.

    `values` is the range of the value axis where the person has set one.
    """
    series = [s for s in content.series if s.key not in hidden]
    traces = [t for s in series for t in _traces(s, span, width_px, is_log)]
    levels = [_level(level.value, is_log) for level in content.levels]
    value_range = values or content.value_range or _fit(traces, levels, is_log)
    bad = [(s, np.flatnonzero(~np.isfinite(s.curve.value))) for s in series]
    bad = [(s, rows) for s, rows in bad if len(rows)]
    steps = [s.curve.step[rows] for s, rows in bad]
    marks = group_marks(content.marks, left=span[0], right=span[1], width_px=width_px)
    drawing = Drawing(
        traces=tuple(traces),
        lines=tuple(
            HorizontalLine(y, level.ink) for y, level in zip(levels, content.levels, strict=True)
        ),
        band=_band(content, is_log, palette),
        not_finite=np.unique(np.concatenate(steps)) if steps else np.empty(0),
        marks=tuple(marks),
        palette=palette,
    )
    return Layout(
        drawing,
        value_range,
        note=_note(content, bad),
        marks=tuple(marks),
        crosses=_crosses(bad, span, width_px),
    )


def cut(
    curve: Curve, values: np.ndarray, breaks: np.ndarray, span: tuple[float, float], points: int
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a curve between two steps, one point more at each side, extremes kept.

    Values that are not finite become NaN; before every row of `breaks` a NaN is put, so that the
    line breaks there.

    Args:
        curve: Gives the steps (n,).
        values: (n,) to be drawn over them.
        breaks: Rows (k,).
        span: First and last step.
        points: At most so many, breaks apart; at least 4.
    """
    first = max(int(np.searchsorted(curve.step, span[0])) - 1, 0)
    end = int(np.searchsorted(curve.step, span[1], side="right")) + 1
    x, y = curve.step[first:end], values[first:end]
    finite = np.isfinite(y)
    if not finite.all():
        y = np.where(finite, y, np.nan)
    inner = breaks[(breaks > first) & (breaks < first + len(x))]
    at = x[inner - first]
    x, y = decimate(x, y, points)
    if len(at):
        places = np.unique(np.searchsorted(x, at))
        places = places[places < len(x)]
        x, y = np.insert(x, places, x[places]), np.insert(y, places, np.nan)
    return x, y


def _fit(traces: list[Trace], levels: list[float], is_log: bool) -> tuple[float, float]:
    """Everything of the current run is in view, and other runs (they have names) as long as they
    do not press it flat: one that diverged leaves the view at its edge."""
    low, high = fit([t.y for t in traces if not t.label] + [np.array(levels)], is_log=is_log)
    room = high - low
    edges = (low - 0.5 * room, high + 0.5 * room)
    others = [t.y[np.isfinite(t.y)] for t in traces if t.label]
    others = np.clip(np.concatenate([[low, high], *others]), *edges)
    top = float(others.max()) + (0.04 * room if others.max() > high else 0.0)
    return float(others.min()) if is_log else low, top


def _traces(
    series: Series, span: tuple[float, float], width_px: float, is_log: bool
) -> list[Trace]:
    if not len(series.curve):
        return []
    points = max(4, int(2 * width_px))
    result = []
    if series.smooth is not None:
        # Half as dense as a line: neighbouring strokes would add up to a solid band.
        x, y = cut(series.curve, series.curve.value, series.breaks, span, max(4, points // 2))
        ink = replace(series.ink, alpha=RAW_ALPHA * series.ink.alpha, width=1.0, dashes=())
        result.append(Trace(f"{series.key} raw", x, _scaled(y, is_log), ink, is_raw=True))
    if series.ink.dashes or series.only_dots:
        points = max(4, points // 2)  # what is dashed is smooth; dots need room
    if series.floor is not None:
        return [_area(series, span, width_px)]
    x, y = cut(series.curve, series.line, series.breaks, span, points)
    result.append(
        Trace(
            series.key,
            x,
            _scaled(y, is_log),
            series.ink,
            only_dots=series.only_dots,
            label=series.label,
        )
    )
    return result


def _area(series: Series, span: tuple[float, float], width_px: float) -> Trace:
    """An area's outline as means over neighbouring rows, at most a pixel each.

    Every series takes the same rows, and means add up as their values do: areas that are stacked
    lie on each other without a slit.
    """
    step = series.curve.step
    first = max(int(np.searchsorted(step, span[0])) - 1, 0)
    end = min(int(np.searchsorted(step, span[1], side="right")) + 1, len(step))
    stride = -(-(end - first) // max(int(width_px), 1))
    starts = np.arange(first, end, stride) - first
    counts = np.diff(np.append(starts, end - first))

    def means(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values[first:end], starts) / counts

    x, floor = means(step), means(series.floor)
    if len(x) > 1:
        x[0], x[-1] = step[first], step[end - 1]
    top = floor + means(series.curve.value)
    return Trace(series.key, x, top, series.ink, floor=floor)


def _scaled(y: np.ndarray, is_log: bool) -> np.ndarray:
    """log10, NaN for what has none."""
    if not is_log:
        return y
    positive = y > 0
    return np.log10(np.where(positive, y, 1.0), where=positive, out=np.full(len(y), np.nan))


def _level(value: float, is_log: bool) -> float:
    return float(_scaled(np.array([value]), is_log)[0])


def _band(content: Content, is_log: bool, palette: Palette) -> tuple[float, float, QColor] | None:
    if content.band is None:
        return None
    low, high = (_level(value, is_log) for value in content.band)
    return low, high, palette.colour("success", _BAND_ALPHA)


def _note(content: Content, bad: list[tuple[Series, np.ndarray]]) -> str:
    """Where values were not finite, first of all; then what the content itself wants said."""
    if not bad:
        return content.note
    steps = np.unique(np.concatenate([s.curve.step[rows] for s, rows in bad]))
    more = f", {len(steps) - 1:,} more" if len(steps) > 1 else ""
    return f"not finite at step {steps[0]:,.0f}{more}"


def _crosses(
    bad: list[tuple[Series, np.ndarray]], span: tuple[float, float], width_px: float
) -> tuple[tuple[float, str], ...]:
    """Places and words of the values that are not finite, one a pixel at most."""
    left, right = span
    found: dict[int, str] = {}
    for series, rows in bad:
        steps = series.curve.step[rows]
        columns = np.round((steps - left) / (right - left) * width_px).astype(int)
        places, first = np.unique(columns, return_index=True)
        name = series.title or series.label or series.key
        for x, row in zip(places.tolist(), first.tolist(), strict=True):
            if 0 <= x <= width_px:
                value = series.curve.value[rows[row]]
                words = f"{name}: not finite ({value}) at step {steps[row]:,.0f}"
                found.setdefault(x, words)
    return tuple((float(x), words) for x, words in sorted(found.items()))
