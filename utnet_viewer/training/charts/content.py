"""What a chart says, before anything is laid out: series with all their values, levels, words."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from utnet_viewer.numbers import compact
from utnet_viewer.theme import Palette
from utnet_viewer.training.charts.run_data import AxisMark, Curve

NOT_FINITE = "not finite"

#: Order of the loss terms everywhere; colours go by it, so that a term keeps its colour.
TERM_TITLES = {
    "keypoints_2d": "2D",
    "joints_3d": "3D",
    "vertices_3d": "verts",
    "rotations": "pose",
    "betas": "shape",
    "wrist": "wrist",
    "heatmaps": "heatmaps",
    "auxiliary": "aux",
    "coarse": "coarse",
    "prior_pose": "pose prior",
    "prior_shape": "shape prior",
}

#: Dashes and gaps of a second and third series of one colour, in units of the line's width.
_MORE_DASHES = ((), (3.2, 1.6), (1.0, 1.4))


@dataclass(frozen=True)
class Ink:
    """How a line is drawn: colour (hex), opacity, width in px, dashes in units of the width."""

    colour: str
    alpha: float = 1.0
    width: float = 1.75
    dashes: tuple[float, ...] = ()
    marker: str = ""  # "circle", "diamond" or "triangle" at every point; "" for none


@dataclass(frozen=True, eq=False)
class Series:
    """One line of a chart.

    Attributes:
        key: Names it among the chart's series; what the person hides is remembered by it.
        title: In the legend; "" keeps it out.
        curve: The values as they were measured; they may be not finite.
        ink: Of the line.
        smooth: (n,) what the line follows while `curve` becomes a faint trace; None: the values.
        breaks: Rows that are not connected with the row before.
        floor: (n,) the series is an area down to here; None for a line.
        only_dots: The points are marked and not connected.
        has_end_dot: A dot marks the last point while there is no crosshair.
        is_stroke: Shown as a stroke in the legend, not as a square.
        label: Said at the line's end, such as the name of another run.
        text: Writes a value in the legend.
        reading: What the legend says at a step (None: the last), where it is no value of the
            series; the second half tells whether it is a warning.
    """

    key: str
    title: str
    curve: Curve
    ink: Ink
    smooth: np.ndarray | None = None
    breaks: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    floor: np.ndarray | None = None
    only_dots: bool = False
    has_end_dot: bool = False
    is_stroke: bool = False
    label: str = ""
    text: Callable[[float], str] = compact
    reading: Callable[[float | None], tuple[str, bool]] | None = None

    @property
    def line(self) -> np.ndarray:
        """(n,) what the line follows."""
        return self.curve.value if self.smooth is None else self.smooth

    def read(self, step: float | None) -> tuple[str, bool]:
        """The value nearest to a step (None: the last), and whether it is a warning."""
        if self.reading is not None:
            return self.reading(step)
        row = self.curve.nearest(step)
        if row < 0:
            return "", False
        if not np.isfinite(self.curve.value[row]):
            return NOT_FINITE, True
        return self.text(float(self.line[row])), False


@dataclass(frozen=True)
class Level:
    """A horizontal line, such as a limit; `text` in the legend beside its title."""

    value: float
    title: str
    text: str
    ink: Ink


@dataclass(frozen=True, eq=False)
class Content:
    """Everything a chart shows.

    Attributes:
        series: Drawn in this order, the last on top.
        levels: Reference and limit lines.
        band: A healthy range of values, or None.
        empty: Why there is nothing to see; "" where there is something.
        note: A word of caution in the plot's corner.
        marks: On the step axis.
        last_step: Newest step: how far a fitted axis reaches.
        end_step: How far it reaches at least (the end of the run); 0 for none.
        value_range: Fixed range of the value axis; None fits what is in view.
    """

    series: tuple[Series, ...] = ()
    levels: tuple[Level, ...] = ()
    band: tuple[float, float] | None = None
    empty: str = ""
    note: str = ""
    marks: tuple[AxisMark, ...] = ()
    last_step: float = 0.0
    end_step: float = 0.0
    value_range: tuple[float, float] | None = None


def term_title(term: str) -> str:
    """What a loss term or a part of the network is called in a legend."""
    return TERM_TITLES.get(term, term.replace("_", " "))


def in_order(names: list[str] | tuple[str, ...], known: list[str]) -> list[str]:
    """`names` in the order of `known`, strangers last."""
    strangers = [name for name in names if name not in known]
    return [name for name in known if name in names] + strangers


def series_ink(position: int, palette: Palette) -> Ink:
    """The line of the series at a place in its order; from the sixth on the colours come again,
    paler and dashed."""
    count = len(palette.series)
    turn = min(position // count, len(_MORE_DASHES) - 1)
    colour = palette.series[position % count]
    if turn:
        colour = mixed(colour, palette.t1, 0.4)
    return Ink(colour, dashes=_MORE_DASHES[turn])


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share of `other`, both hex."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
