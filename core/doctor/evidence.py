"""What a finding can show: small descriptions of plots and pictures, drawn by window and report.

Texts in them are keys of, or go through, `core.doctor.words`, except names of data and terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """One value per label, and where one exists the limit it is held against."""

    title: str
    labels: tuple[str, ...]
    values: np.ndarray
    unit: str = ""
    limits: tuple[float, ...] = ()
    is_log: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Scatter:
    """Points (N,) against (N,); `diagonal` draws x = y."""

    title: str
    x: np.ndarray
    y: np.ndarray
    x_label: str
    y_label: str
    diagonal: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """Curves over one axis; `marks` are vertical lines with their captions."""

    title: str
    x: np.ndarray
    curves: Mapping[str, np.ndarray]
    x_label: str
    y_label: str
    is_log_x: bool = False
    is_log_y: bool = False
    marks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlay:
    """A crop with skeletons on it: where labels and pixels part.

    Attributes:
        sample: Its name in the data.
        image: (H, W, 3) uint8 RGB.
        skeletons_px: (21, 2) in the crop's pixels, by what they are ("label", "projected").
    """

    title: str
    sample: str
    image: np.ndarray
    skeletons_px: Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Rows of text and numbers under column names."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


Evidence = Bars | Scatter | Curves | Overlay | Table
