"""The columns of the samples list: what stands at their head, and how a figure is written."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.conventions import JOINT_NAMES
from core.evaluation.frame_filter_columns import COLUMNS as FILTER_COLUMNS
from core.evaluation.frame_filter_columns import FIGURES, JOINTS

#: Which figures are bad: large ones, small ones, or those far from one.
Worse = Literal["", "large", "small", "off one"]


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """One column of the list.

    Attributes:
        key: Its name in filters, and in what is remembered.
        head: What stands over it.
        title: What it is called elsewhere, with its unit.
        hint: What it says.
        width: In pixels.
        decimals: Of its figures; -1 where it has none.
        worse: Which figures are bad; "" where none is.
        full_bar: The figure that fills a bar behind it; 0 for no bar.
    """

    key: str
    head: str
    title: str
    hint: str
    width: int
    decimals: int = -1
    worse: Worse = ""
    full_bar: float = 0.0

    @property
    def is_figure(self) -> bool:
        """Whether it has figures that can be spread out in a histogram."""
        return self.decimals >= 0

    def write(self, value: float) -> str:
        """A figure as it stands in a cell; "" where it is unknown."""
        if np.isnan(value):
            return ""
        return f"{value:.{self.decimals}f}".replace("-", "\N{MINUS SIGN}")

    def badness(self, values: np.ndarray) -> np.ndarray:
        """(N,) figures of which the largest is the worst; NaN stays."""
        if self.worse == "small":
            return -values
        return np.abs(np.log(np.maximum(values, 1e-9))) if self.worse == "off one" else values


#: Head, title, width, decimals, worse, full bar of each figure.
_FIGURES = {
    "pa_mpjpe": ("PA mm", "PA-MPJPE, mm", 60, 1, "large", 25.0),
    "mpjpe": ("MPJPE mm", "MPJPE, mm", 80, 1, "large", 0.0),
    "mpvpe": ("MPVPE mm", "MPVPE, mm", 80, 1, "large", 0.0),
    "pa_mpvpe": ("PA-MPVPE", "PA-MPVPE, mm", 72, 1, "large", 0.0),
    "f5": ("F@5", "F-score at 5 mm", 54, 3, "small", 0.0),
    "f15": ("F@15", "F-score at 15 mm", 54, 3, "small", 0.0),
    "px": ("2D px", "2D error, px", 50, 1, "large", 0.0),
    "px_crop": ("crop px", "2D error in the crop, px", 66, 1, "large", 0.0),
    "wrist": ("wrist mm", "Wrist error, mm", 72, 1, "large", 0.0),
    "scale": ("scale", "Predicted size over true size", 54, 3, "off one", 0.0),
    "distance": ("dist. mm", "Distance of the true wrist, mm", 70, 0, "large", 0.0),
    "occlusion": ("occluded", "Occluded share of the joints", 72, 2, "large", 0.0),
}

_HINTS = {column.name: column.meaning for column in (*FIGURES, *JOINTS)}


def _figure(key: str) -> TableColumn:
    head, title, width, decimals, worse, full_bar = _FIGURES[key]
    hint = f"{title}: {_HINTS[key]}. Known once the frame was predicted or evaluated"
    return TableColumn(
        key=key,
        head=head,
        title=title,
        hint=hint,
        width=width,
        decimals=decimals,
        worse=worse,
        full_bar=full_bar,
    )


def _joint(key: str, joint: int, unit: str) -> TableColumn:
    kind = {"joint": "", "pa_joint": "PA ", "px_joint": ""}[key.split(".")[0]]
    name = f"{kind}{JOINT_NAMES[joint]}"
    return TableColumn(
        key=key,
        head=f"{name} {unit}",
        title=f"{name[0].upper()}{name[1:]}, {unit}",
        hint=f"{_HINTS[key]} {unit}. Known once the split is evaluated",
        width=110,
        decimals=1,
        worse="large",
    )


SEQUENCE_COLUMN = TableColumn(
    key="seq", head="sequence", title="Sequence", hint="Sequence", width=84
)
FRAME_COLUMN = TableColumn(key="frame", head="frame", title="Frame", hint="Frame", width=46)
STATE_COLUMN = TableColumn(
    key="state", head="state", title="State", hint="What is known of the frame", width=84
)
STATUS_COLUMN = TableColumn(
    key="status",
    head="",
    title="Problems",
    hint="Flagged where the frame cannot be read or evaluated",
    width=26,
)


def _mark(key: str, title: str, hint: str) -> TableColumn:
    return TableColumn(key=key, head="", title=title, hint=hint, width=18)


#: What people said of frames; each is there only where somebody did.
MARK_COLUMNS = (
    _mark("review", "Review", "How far the review of the frame is"),
    _mark("flag", "Flags", "Flags set in Annotate"),
    _mark("note", "Note", "Whether there is a note"),
)

#: All of them, in the order of the list.
TABLE_COLUMNS = (
    SEQUENCE_COLUMN,
    FRAME_COLUMN,
    *MARK_COLUMNS,
    *(_figure(key) for key in _FIGURES),
    STATE_COLUMN,
    *(_joint(column.name, column.joint, column.unit) for column in JOINTS),
    STATUS_COLUMN,
)

#: Where each stands.
POSITIONS = {column.key: position for position, column in enumerate(TABLE_COLUMNS)}

#: What is shown at the very first start.
FIRST_COLUMNS = ("seq", "frame", "review", "flag", "note", "pa_mpjpe", "px")

#: What the list is judged by where nothing else is said.
FIRST_METRIC = "pa_mpjpe"


def column_named(key: str) -> TableColumn:
    """The column of a key; KeyError for a stranger."""
    return TABLE_COLUMNS[POSITIONS[key]]


def joint_columns(prefix: str) -> list[TableColumn]:
    """The 21 columns of ``joint``, ``pa_joint`` or ``px_joint``."""
    return [column for column in TABLE_COLUMNS if column.key.startswith(f"{prefix}.")]


def stored_name(key: str) -> tuple[str, int]:
    """The array of the store behind a figure, and which joint of it (-1: it has one figure)."""
    column = FILTER_COLUMNS[key]
    return column.stored, column.joint
