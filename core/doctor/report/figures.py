"""Evidence as figures: titles say what, subtitles say unit and scale, and nothing is left out
in silence: what cannot be drawn (not finite, no logarithm, outside the picture) is counted below.
"""

from collections.abc import Iterable

import numpy as np

from core.doctor.evidence import Bars, Curves, Evidence, Overlay, Scatter
from core.doctor.evidence_json import png
from core.doctor.phrases import axis_label, label, number
from core.doctor.words import say
from core.pages.plots import DASHES, paint_frame, stroke
from core.pages.skeletons import hollow_corners, paint_links, paint_skeletons
from core.pages.svg import Axis, Drawing, axis_over, text_width, thinned

WIDTH = 640
_LEFT, _RIGHT, _TOP = 64, 20, 50
_PLOT_HEIGHT = 210
_PICTURE_HEIGHT = 448


def figure(evidence: Evidence, language: str, *, style: str = "") -> str | None:
    """The evidence as SVG, with `style` inside it; None for a table, which is text."""
    match evidence:
        case Bars():
            drawing = _bars(evidence, language)
        case Scatter():
            drawing = _scatter(evidence, language)
        case Curves():
            drawing = _curves(evidence, language)
        case Overlay():
            drawing = _overlay(evidence, language)
        case _:
            return None
    return drawing.svg(describe=label(evidence.title, language), style=style)


def _headed(title: str, subtitle: str, language: str, height: float) -> Drawing:
    drawing = Drawing(WIDTH, height)
    drawing.text(16, 22, label(title, language), "t1 bold", size=13)
    drawing.text(16, 39, subtitle, "t3")
    return drawing


def _scale_words(name: str, is_log: bool, language: str) -> str:
    words = [axis_label(name, language)] if name else []
    words += [say("figures.logarithmic", language)] if is_log else []
    return say("report.and", language).join(words)


def _empty(title: str, language: str) -> Drawing:
    drawing = _headed(title, "", language, 100)
    drawing.text(WIDTH / 2, 70, say("figures.nothing_finite", language), "t3", anchor="middle")
    return drawing


def _notes(values: Iterable[np.ndarray], is_log: bool, language: str) -> list[str]:
    """What of these values is not drawn."""
    every = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in values])
    notes = []
    if count := int((~np.isfinite(every)).sum()):
        notes.append(say("figures.left_out", language, count=count))
    if is_log and (count := int((every[np.isfinite(every)] <= 0).sum())):
        notes.append(say("figures.not_positive", language, count=count))
    return notes


def _write_notes(drawing: Drawing, notes: list[str]) -> None:
    for note in notes:
        drawing.height += 18
        drawing.text(16, drawing.height - 10, note, "warning")


def _bars(evidence: Bars, language: str) -> Drawing:
    names = [label(name, language) for name in evidence.labels]
    values = np.asarray(evidence.values, dtype=float)
    left = min(240.0, 32 + max((text_width(name) for name in names), default=0))
    axis = axis_over(
        np.concatenate([values, np.asarray(evidence.limits, dtype=float)]),
        left,
        WIDTH - 84,
        is_log=evidence.is_log,
        from_zero=True,
    )
    if axis is None or not np.isfinite(values).any():
        return _empty(evidence.title, language)
    subtitle = _scale_words(evidence.unit, evidence.is_log, language)
    bottom = _TOP + 16 + 26 * len(values)
    drawing = _headed(evidence.title, subtitle, language, bottom + 30)
    for place, text in axis.ticks():
        drawing.line(place, _TOP + 10, place, bottom, "grid")
        drawing.text(place, bottom + 16, text, "t3", anchor="middle")
    foot = float(axis.place(axis.low if axis.is_log else 0.0))
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        _bar(drawing, axis, name, float(value), foot, _TOP + 16 + 26 * row, evidence.unit)
    for limit in evidence.limits:
        place = float(axis.place(limit))
        if np.isfinite(place):
            drawing.line(place, _TOP + 6, place, bottom, "limit")
            drawing.text(place, _TOP + 2, number(limit), "limit-text", anchor="middle")
    _write_notes(drawing, _notes([values], evidence.is_log, language))
    return drawing


def _bar(
    drawing: Drawing, axis: Axis, name: str, value: float, foot: float, top: float, unit: str
) -> None:
    place = float(axis.place(value))
    drawing.text(axis.start - 10, top + 14, name, "t2", anchor="end")
    end = place if np.isfinite(place) else foot
    drawing.rectangle(min(foot, end), top + 4, max(abs(end - foot), 1), 12, "bar")
    drawing.text(max(foot, end) + 6, top + 14, f"{number(value)} {unit}".rstrip(), "t1 bold")


def _scatter(evidence: Scatter, language: str) -> Drawing:
    x, y = np.asarray(evidence.x, dtype=float), np.asarray(evidence.y, dtype=float)
    is_log = evidence.diagonal and _want_log(x, y)
    both = np.concatenate([x, y])
    across = axis_over(both if evidence.diagonal else x, _LEFT, WIDTH - _RIGHT, is_log=is_log)
    bottom = _TOP + 16 + _PLOT_HEIGHT
    up = axis_over(both if evidence.diagonal else y, bottom, _TOP + 16, is_log=is_log)
    if across is None or up is None:
        return _empty(evidence.title, language)
    subtitle = _scale_words(evidence.y_label, is_log, language)
    drawing = _headed(evidence.title, subtitle, language, bottom + 42)
    paint_frame(drawing, across, up, axis_label(evidence.x_label, language))
    if evidence.diagonal:
        ends = np.array([max(across.low, up.low), min(across.high, up.high)])
        (x1, x2), (y1, y2) = across.place(ends), up.place(ends)
        drawing.line(x1, y1, x2, y2, "reference")
        aside = (x1 + 0.85 * (x2 - x1) + 10, y1 + 0.85 * (y2 - y1) + 14)
        drawing.text(*aside, say("figures.equal", language), "t3")
    names = evidence.names if len(evidence.names) == len(x) else ("",) * len(x)
    for a, b, name in zip(across.place(x).tolist(), up.place(y).tolist(), names, strict=True):
        if np.isfinite(a) and np.isfinite(b):
            drawing.circle(a, b, 3.2, "dot", tip=name)
    _write_notes(drawing, _notes([x, y], is_log, language))
    return drawing


def _want_log(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two positive quantities lie so far apart that a linear plot would show one alone."""
    middles = [np.median(part[np.isfinite(part)]) for part in (x, y) if np.isfinite(part).any()]
    if len(middles) < 2 or min(x.min(), y.min()) <= 0:
        return False
    return max(middles) > 20 * min(middles)


def _curves(evidence: Curves, language: str) -> Drawing:
    x = np.asarray(evidence.x, dtype=float)
    curves = {name: np.asarray(values, float) for name, values in evidence.curves.items()}
    marks = np.array(list(evidence.marks.values()), dtype=float)
    across = axis_over(np.concatenate([x, marks]), _LEFT, WIDTH - _RIGHT, is_log=evidence.is_log_x)
    top = _TOP + 28 + (16 if evidence.marks else 0)
    bottom = top + _PLOT_HEIGHT
    heights = np.concatenate([*curves.values(), np.empty(0)])
    up = axis_over(heights, bottom, top, is_log=evidence.is_log_y)
    if across is None or up is None:
        return _empty(evidence.title, language)
    subtitle = _scale_words(evidence.y_label, evidence.is_log_y, language)
    drawing = _headed(evidence.title, subtitle, language, bottom + 42)
    x_words = _scale_words(evidence.x_label, evidence.is_log_x, language)
    paint_frame(drawing, across, up, x_words)
    for name, place in evidence.marks.items():
        at = float(across.place(place))
        if np.isfinite(at):
            drawing.line(at, top - 6, at, bottom, "limit")
            drawing.text(at, top - 10, label(name, language), "limit-text", anchor="middle")
    for index, values in enumerate(curves.values()):
        count = min(len(x), len(values))
        drawing.path(
            *_placed(across, up, x[:count], values[:count]),
            f"s{index % 5}",
            style=stroke(index),
        )
    _legend(drawing, [label(name, language) for name in curves])
    _write_notes(drawing, _notes([heights], evidence.is_log_y, language))
    return drawing


def _placed(across: Axis, up: Axis, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return thinned(across.place(x), up.place(y))


def _legend(drawing: Drawing, names: list[str]) -> None:
    x = 16.0
    for index, name in enumerate(names):
        drawing.line(x, _TOP + 8, x + 26, _TOP + 8, f"s{index % 5}", style=stroke(index))
        drawing.text(x + 32, _TOP + 12, name, "t2")
        x += 50 + text_width(name)


def _overlay(evidence: Overlay, language: str) -> Drawing:
    height_px, width_px = evidence.image.shape[:2]
    zoom = min(_PICTURE_HEIGHT / height_px, (WIDTH - 32) / width_px)
    picture = Drawing(zoom * width_px, zoom * height_px)
    picture.image(0, 0, picture.width, picture.height, png(evidence.image))
    # Pixel centres are at integers: the corner of the picture lies half a pixel before the first.
    placed = {
        name: (np.asarray(points, dtype=float) + 0.5) * zoom
        for name, points in _label_first(evidence).items()
    }
    if len(placed) > 1:
        first, second = list(placed.values())[:2]
        paint_links(picture, first, second)
    paint_skeletons(picture, list(placed.values()))
    subtitle = say("report.sample", language, sample=evidence.sample)
    drawing = _headed(evidence.title, subtitle, language, _TOP + picture.height + 44)
    legend_width = _skeleton_legend(drawing, [label(name, language) for name in placed])
    title_width = text_width(label(evidence.title, language), 13)
    drawing.width = max(picture.width, title_width, legend_width) + 32
    drawing.inset(16, _TOP + 28, picture)
    notes = []
    for name, points in placed.items():
        inside = ((points >= 0) & (points <= (picture.width, picture.height))).all(axis=1)
        if count := int((~inside).sum()):
            words = say("figures.outside", language, count=count, all=len(points))
            notes.append(f"{label(name, language)}: {words}")
    _write_notes(drawing, notes)
    return drawing


def _label_first(evidence: Overlay) -> dict[str, np.ndarray]:
    """Labels are solid, whatever the order they came in."""
    skeletons = dict(evidence.skeletons_px)
    return {name: skeletons[name] for name in sorted(skeletons, key=lambda name: name != "label")}


def _skeleton_legend(drawing: Drawing, names: list[str]) -> float:
    """Draw it; returns its width."""
    x, y = 16.0, _TOP + 8
    for index, name in enumerate(names):
        dash = DASHES[index % len(DASHES)]
        drawing.line(x, y, x + 34, y, "sign", style=f"stroke-width:2;stroke-dasharray:{dash}")
        if index == 0:
            drawing.circle(x + 17, y, 4, "t1")
        else:
            corners = hollow_corners(x + 17, y, index)
            drawing.polygon(corners, "sign ground", style="stroke-width:1.6")
        drawing.text(x + 42, y + 4, name, "t2")
        x += 62 + text_width(name)
    return x - 36
