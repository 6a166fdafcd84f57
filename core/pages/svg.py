"""Drawings as SVG text, and axes to draw on.

Written here instead of taken from matplotlib: that is not among our dependencies, takes long to
import, and its SVGs turn text into outlines in one fixed theme. These stay text, follow the
reader's light or dark, and need a few shapes only. Every text passes through one escape.
"""

import base64
import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from core.pages.markup import escaped
from core.pages.numbers import ROUNDING, number

#: Beyond this, spans overflow; nothing measured in a training is told apart out there.
_LARGEST = 1e150


@dataclass
class Drawing:
    """Shapes in order, each with the CSS classes of `core.pages.palette`."""

    width: float
    height: float
    shapes: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, css: str, *, size: int = 11, anchor: str = "start"
    ) -> None:
        """A line of text; `anchor` is start, middle or end."""
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" font-size="{size}" '
            f'text-anchor="{anchor}">{escaped(text)}</text>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, css: str, *, style: str = ""
    ) -> None:
        """A straight line; `style` is CSS of ours, never a text from outside."""
        self.shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'class="{css}"{_style(style)}/>'
        )

    def rectangle(self, x: float, y: float, width: float, height: float, css: str) -> None:
        """With slightly rounded corners."""
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
            f'class="{css}"/>'
        )

    def circle(
        self, x: float, y: float, radius: float, css: str, *, style: str = "", tip: str = ""
    ) -> None:
        """A circle; `tip` shows while the pointer rests on it."""
        inside = f"<title>{escaped(tip)}</title>" if tip else ""
        self.shapes.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="{css}"{_style(style)}>'
            f"{inside}</circle>"
        )

    def polygon(self, points: list[tuple[float, float]], css: str, *, style: str = "") -> None:
        """A closed shape."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.shapes.append(f'<polygon points="{places}" class="{css}"{_style(style)}/>')

    def path(self, x: np.ndarray, y: np.ndarray, css: str, *, style: str = "") -> None:
        """Lines through (N,) places, broken where one is not finite."""
        steps: list[str] = []
        is_down = False
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            if not (math.isfinite(a) and math.isfinite(b)):
                is_down = False
                continue
            steps.append(f"{'L' if is_down else 'M'}{a:.1f} {b:.1f}")
            is_down = True
        if steps:
            self.shapes.append(f'<path d="{"".join(steps)}" class="{css}"{_style(style)}/>')

    def image(
        self, x: float, y: float, width: float, height: float, content: bytes, *, kind: str = "png"
    ) -> None:
        """A picture file, PNG or of the `kind` "jpeg", inside this one."""
        data = base64.b64encode(content).decode("ascii")
        self.shapes.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'preserveAspectRatio="none" href="data:image/{kind};base64,{data}"/>'
        )

    def inset(self, x: float, y: float, inner: "Drawing") -> None:
        """Another drawing, cut off at its edges."""
        self.shapes.append(
            f'<svg x="{x:.1f}" y="{y:.1f}" width="{inner.width:.1f}" height="{inner.height:.1f}" '
            f'overflow="hidden">{"".join(inner.shapes)}</svg>'
        )

    def svg(self, *, describe: str, style: str = "") -> str:
        """The whole; `describe` is read aloud in its place, `style` is CSS it brings along."""
        own = f"<style>{style}</style>" if style else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" '
            f'aria-label="{escaped(describe)}">{own}'
            f'<rect class="ground" width="{self.width:g}" height="{self.height:g}"/>'
            f"{''.join(self.shapes)}</svg>"
        )


@dataclass(frozen=True)
class Axis:
    """Values along one direction of the drawing.

    Attributes:
        low, high: Values at its ends; both above zero on a logarithmic axis.
        start, end: Where the ends lie in the drawing.
        is_log: Whether equal ratios are equally long.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def place(self, values: np.ndarray | float) -> np.ndarray:
        """Where values lie; NaN for what is not finite, or has no logarithm here."""
        values = np.asarray(values, dtype=float)
        known = np.isfinite(values) & ((values > 0) | (not self.is_log))
        values = np.clip(np.where(known, values, 1.0), -_LARGEST, _LARGEST)
        low, high = self.low, self.high
        if self.is_log:
            values = np.log10(np.maximum(values, 1 / _LARGEST))
            low, high = math.log10(low), math.log10(high)
        share = (values - low) / (high - low)
        return np.where(known, self.start + share * (self.end - self.start), np.nan)

    def ticks(self) -> list[tuple[float, str]]:
        """Round values between its ends, where they lie, and their texts."""
        values = _round_decades(self.low, self.high) if self.is_log else []
        values = values if len(values) > 1 else _round_steps(self.low, self.high)
        values = [value for value in values if self.low <= value <= self.high]
        return [(float(self.place(value)), number(value)) for value in values]


def axis_over(
    values: np.ndarray, start: float, end: float, *, is_log: bool = False, from_zero: bool = False
) -> Axis | None:
    """An axis over what can be drawn of `values`; None where nothing can."""
    values = np.asarray(values, dtype=float).ravel()
    values = np.clip(values[np.isfinite(values)], -_LARGEST, _LARGEST)
    if is_log:
        values = np.maximum(values[values > 0], 1 / _LARGEST)
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if is_log:
        margin = max((high / low) ** 0.05, 1.3)
        return Axis(low / margin, high * margin, start, end, True)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    largest = max(abs(low), abs(high))
    if high - low <= max(1e-9 * largest, ROUNDING):
        widening = 0.1 * largest if largest > ROUNDING else 1.0
        low, high = low - (0 if from_zero and low == 0 else widening), high + widening
    margin = 0.05 * (high - low)
    at_zero = from_zero and low == 0
    return Axis(low if at_zero else low - margin, high + margin, start, end)


def thinned(x: np.ndarray, y: np.ndarray, most: int = 1200) -> tuple[np.ndarray, np.ndarray]:
    """A long curve with fewer points that looks the same: the extremes of each stretch stay."""
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), most // 2 + 1).astype(int)
    kept: list[int] = []
    for first, last in pairwise(edges.tolist()):
        stretch = y[first:last]
        if np.isfinite(stretch).any():
            kept += sorted({first + int(np.nanargmin(stretch)), first + int(np.nanargmax(stretch))})
        else:
            kept.append(first)  # a gap stays a gap
    return x[kept], y[kept]


def text_width(text: str, size: float = 11) -> float:
    """About how wide a text is drawn; Chinese characters are square."""
    return sum(size if ord(letter) > 0x2E80 else 0.56 * size for letter in text)


def _round_steps(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [0.0 if count == 0 else count * step for count in range(first, last + 1)]


def _round_decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first >= 2:
        stride = 1 + (last - first) // 7
        return [10.0**power for power in range(first, last + 1, stride)]
    return [factor * 10.0**power for power in range(first - 1, last + 1) for factor in (1, 2, 5)]


def _style(style: str) -> str:
    return f' style="{style}"' if style else ""
