"""The figures of an evaluation's report: curves, a histogram, the worst frames."""

import numpy as np

from core.evaluation.pck import THRESHOLDS_MM, area_under_pck, pck
from core.evaluation.report import words
from core.evaluation.report.content import WorstFrame
from core.pages.plots import paint_frame, stroke
from core.pages.skeletons import paint_links, paint_skeletons
from core.pages.svg import Axis, Drawing, text_width

WIDTH, HEIGHT = 500, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 72, 46
_BINS = 40
#: What few frames lie above is told instead of drawn: the bulk would be a hair line.
_DRAWN_PERCENT = 99.0
PICTURE_WIDTH = 300


def pck_figure(errors_mm: dict[str, np.ndarray]) -> str | None:
    """Share of joints below each threshold, one curve a column; None where nothing is known."""
    known = {name: values for name, values in errors_mm.items() if np.isfinite(values).any()}
    if not known:
        return None
    drawing = _headed(words.PCK_TITLE, words.PCK_SUBTITLE)
    across = Axis(0.0, 50.0, _LEFT, WIDTH - _RIGHT)
    up = Axis(0.0, 1.0, HEIGHT - _BOTTOM, _TOP)
    paint_frame(drawing, across, up, words.PCK_X)
    x = 16.0
    for index, (name, values) in enumerate(known.items()):
        style = stroke(index)
        drawing.path(across.place(THRESHOLDS_MM), up.place(pck(values)), f"s{index}", style=style)
        text = words.PCK_AUC.format(name=words.PCK_NAMES[name], area=area_under_pck(values))
        drawing.line(x, 54, x + 26, 54, f"s{index}", style=style)
        drawing.text(x + 32, 58, text, "t2")
        x += 50 + text_width(text)
    return drawing.svg(describe=words.PCK_TITLE)


def spread_figure(errors_mm: np.ndarray) -> str | None:
    """A histogram of frames' errors (K,), with median and 95th percentile."""
    if not len(errors_mm):
        return None
    limit = max(float(np.percentile(errors_mm, _DRAWN_PERCENT)), 1e-3)
    limit = float(np.ceil(limit)) if limit > 1 else limit
    above = int((errors_mm > limit).sum())
    counts, edges = np.histogram(errors_mm, bins=_BINS, range=(0.0, limit))
    drawing = _headed(words.SPREAD_TITLE, words.SPREAD_SUBTITLE)
    across = Axis(0.0, limit, _LEFT, WIDTH - _RIGHT)
    up = Axis(0.0, float(counts.max()) * 1.08, HEIGHT - _BOTTOM, _TOP)
    paint_frame(drawing, across, up, words.SPREAD_X)
    places, foot = across.place(edges), float(up.place(0.0))
    for left, right, count in zip(places[:-1], places[1:], counts, strict=True):
        if count:
            top = float(up.place(float(count)))
            drawing.rectangle(left + 0.6, top, right - left - 1.2, foot - top, "bar")
    _mark(drawing, across, foot, errors_mm, 50, words.SPREAD_MEDIAN)
    _mark(drawing, across, foot, errors_mm, 95, words.SPREAD_P95)
    if above:
        drawing.height += 18
        worst = float(errors_mm.max())
        text = words.SPREAD_ABOVE.format(count=above, limit=limit, worst=worst)
        drawing.text(16, drawing.height - 10, text, "t3")
    return drawing.svg(describe=words.SPREAD_TITLE)


def _mark(
    drawing: Drawing, across: Axis, foot: float, errors_mm: np.ndarray, percent: int, text: str
) -> None:
    """A line at a percentile; the lower half is named to its left, the upper to its right."""
    value = float(np.percentile(errors_mm, percent))
    place = float(across.place(min(value, across.high)))
    said = text.format(value=value)
    room = text_width(said) + 8
    is_left = (percent <= 50 and place - room > across.start) or place + room > across.end
    drawing.line(place, _TOP - 12, place, foot, "limit")
    side = -6 if is_left else 6
    anchor = "end" if is_left else "start"
    drawing.text(place + side, _TOP - 4, said, "limit-text", anchor=anchor)


def worst_figure(frame: WorstFrame) -> str:
    """The part of the photo around the hand, label and prediction over it."""
    width_px, height_px = frame.size_px
    zoom = PICTURE_WIDTH / width_px
    drawing = Drawing(PICTURE_WIDTH, height_px * zoom)
    drawing.image(0, 0, drawing.width, drawing.height, frame.jpeg, kind="jpeg")
    # Pixel centres are at integers: the corner of the picture lies half a pixel before the first.
    truth, prediction = (
        (points_px + 0.5) * zoom for points_px in (frame.truth_px, frame.prediction_px)
    )
    paint_links(drawing, truth, prediction)
    paint_skeletons(drawing, [truth, prediction])
    return drawing.svg(describe=frame.name)


def _headed(title: str, subtitle: str) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.text(16, 22, title, "t1 bold", size=13)
    drawing.text(16, 38, subtitle, "t3")
    return drawing
