"""Where the picture lies on the canvas: fitted, zoomed about a point, panned; no painting here."""

from enum import Enum

import numpy as np

MAX_SCALE = 48.0
#: The smallest zoom, as a share of the zoom that fits the picture.
MIN_SHARE_OF_FIT = 0.5

#: How much of the canvas the hand's crop fills when it is fitted, in the narrower direction.
HAND_SHARE = 0.92
#: Between these two the size stays while stepping, so that the picture does not tremble.
LEAST_HAND_SHARE, MOST_HAND_SHARE = 0.76, 1.0
#: A larger change of size than this share is another hand, not the same one coming nearer.
MOST_GRADUAL = 0.2
#: Beyond this zoom a distant hand is a handful of pixels; fitting stops here.
MAX_HAND_SCALE = 12.0


class Fit(Enum):
    """What the view keeps in sight by itself; OWN once a person has zoomed or panned."""

    HAND = "hand"
    WHOLE = "whole"
    OWN = "own"


class View:
    """Maps picture pixels (centres at integers) to canvas points and back.

    ``canvas = (picture + 0.5) * scale + offset``: pixel (0, 0) covers [0, 1] of a picture drawn at
    the origin. While the view fits the hand or the whole picture, it goes on fitting; once zoomed,
    it keeps its place.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self.offset = np.zeros(2)
        self._fit = Fit.HAND
        self._picture = np.array([1.0, 1.0])
        self._canvas = np.array([1.0, 1.0])
        self._hand: np.ndarray | None = None  # [[x1, y1], [x2, y2]] in picture edges

    @property
    def fit(self) -> Fit:
        """What is kept in sight; without a hand that is the whole picture."""
        return Fit.WHOLE if self._fit is Fit.HAND and self._hand is None else self._fit

    @property
    def is_fit(self) -> bool:
        """Whether the view looks after itself."""
        return self._fit is not Fit.OWN

    @property
    def fit_scale(self) -> float:
        """Canvas points per picture pixel when the whole picture just fits."""
        return float((self._canvas / self._picture).min())

    def set_picture(self, width: int, height: int) -> None:
        """Show a picture of another size; the same size changes nothing."""
        size = np.array([width, height], float)
        if not np.array_equal(size, self._picture):
            self._picture, self._hand = size, None
            self._fit = Fit.WHOLE if self._fit is Fit.WHOLE else Fit.HAND
            self._fit_anew()

    def set_hand(self, corners_px: np.ndarray | None) -> None:
        """Where the hand is: points (n, 2) in picture pixels around it, or None.

        A view that fits the hand follows it, moving no more than needed to keep it in sight.
        """
        self._hand = None if corners_px is None else self._edges_around(corners_px)
        if self._fit is Fit.HAND:
            self._follow_hand()

    def set_canvas(self, width: float, height: float) -> None:
        """The canvas has this size: fit again, or keep the middle in the middle."""
        size = np.array([max(width, 1), max(height, 1)], float)
        if np.array_equal(size, self._canvas):
            return
        self.offset = self.offset + (size - self._canvas) / 2
        self._canvas = size
        if self.is_fit:
            self._fit_anew()
        else:
            self._keep_in_sight()

    def fit_whole(self) -> None:
        """Show the whole picture, centred."""
        self._fit = Fit.WHOLE
        self._fit_anew()

    def fit_hand(self) -> None:
        """Show the hand, and follow it from now on; without a hand, the whole picture."""
        self._fit = Fit.HAND
        self._fit_anew()

    def toggle_fit(self) -> None:
        """From the hand to the whole picture; from there or from an own zoom to the hand."""
        if self.fit is Fit.HAND:
            self.fit_whole()
        else:
            self.fit_hand()

    def zoom(self, factor: float, about: tuple[float, float] | None = None) -> None:
        """Zoom by `factor`; the picture under the canvas point `about` (the middle) stays put."""
        about_point = self._canvas / 2 if about is None else np.array(about, float)
        smallest = self.fit_scale * MIN_SHARE_OF_FIT
        scale = float(np.clip(self.scale * factor, smallest, max(MAX_SCALE, smallest)))
        self.offset = about_point - (about_point - self.offset) * (scale / self.scale)
        self.scale = scale
        self._fit = Fit.OWN
        self._keep_in_sight()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by canvas points."""
        self.offset = self.offset + np.array([dx, dy])
        self._fit = Fit.OWN
        self._keep_in_sight()

    def centre_on(self, picture_point: np.ndarray) -> None:
        """Bring a picture point (2,) to the middle of the canvas."""
        self.offset = self._canvas / 2 - (np.asarray(picture_point) + 0.5) * self.scale
        self._fit = Fit.OWN
        self._keep_in_sight()

    def follow(self, other: "View") -> bool:
        """Show what another view of an equal canvas shows; whether that changed anything."""
        is_same = self.scale == other.scale and np.array_equal(self.offset, other.offset)
        self.scale, self.offset, self._fit = other.scale, other.offset.copy(), other._fit
        return not is_same

    def to_canvas(self, points_px: np.ndarray) -> np.ndarray:
        """Picture pixels (..., 2) to canvas points (..., 2)."""
        return (np.asarray(points_px, float) + 0.5) * self.scale + self.offset

    def to_picture(self, canvas_points: np.ndarray) -> np.ndarray:
        """Canvas points (..., 2) to picture pixels (..., 2): the inverse of `to_canvas`."""
        return (np.asarray(canvas_points, float) - self.offset) / self.scale - 0.5

    def visible_edges(self) -> tuple[float, float, float, float]:
        """What is seen, x1, y1, x2, y2 in picture edges (0 to width, 0 to height)."""
        low = np.clip(-self.offset / self.scale, 0, self._picture)
        high = np.clip((self._canvas - self.offset) / self.scale, 0, self._picture)
        return (*low, *high)

    def shows_all(self) -> bool:
        """Whether no part of the picture lies outside the canvas."""
        low, high = self.offset, self.offset + self._picture * self.scale
        return bool((low >= -1).all() and (high <= self._canvas + 1).all())

    def _fit_anew(self) -> None:
        if self.fit is Fit.HAND:
            self.scale = self._hand_scale(HAND_SHARE)
            self.offset = self._canvas / 2 - self._hand.mean(0) * self.scale
            self._fill_canvas()
        else:
            self.scale = self.fit_scale
            self.offset = (self._canvas - self._picture * self.scale) / 2

    def _edges_around(self, points_px: np.ndarray) -> np.ndarray | None:
        """The picture's part around some points, None where that is nothing."""
        edges = np.array([points_px.min(0), points_px.max(0)]) + 0.5
        edges = edges.clip(0, self._picture)
        is_something = np.isfinite(edges).all() and (edges[1] - edges[0] >= 1).all()
        return edges if is_something else None

    def _hand_scale(self, share: float) -> float:
        """The scale at which the hand fills a share of the canvas, not smaller than the picture."""
        scale = float((self._canvas * share / (self._hand[1] - self._hand[0])).min())
        return max(min(scale, MAX_HAND_SCALE), self.fit_scale)

    def _follow_hand(self) -> None:
        """Bring the hand back into sight, in place and size, by no more than it takes."""
        if self._hand is None:
            self._fit_anew()
            return
        smallest, largest = self._hand_scale(LEAST_HAND_SHARE), self._hand_scale(MOST_HAND_SHARE)
        factor = float(np.clip(self.scale, smallest, largest)) / self.scale
        middle = self._hand.mean(0) * self.scale + self.offset
        is_in_view = ((middle >= 0) & (middle <= self._canvas)).all()
        if not is_in_view or abs(factor - 1) > MOST_GRADUAL:
            self._fit_anew()
            return
        self.scale *= factor
        self.offset = middle - (middle - self.offset) * factor
        low, high = self._hand * self.scale + self.offset
        margin = np.minimum(self._canvas * (1 - HAND_SHARE), self._canvas - (high - low)) / 2
        right, left = margin - low, self._canvas - margin - high
        self.offset = self.offset + right.clip(min=0) + left.clip(max=0)
        self._fill_canvas()

    def _fill_canvas(self) -> None:
        """No empty border where the picture is larger than the canvas; else in the middle."""
        room = self._canvas - self._picture * self.scale
        self.offset = np.where(room < 0, self.offset.clip(room.clip(max=0), 0), room / 2)

    def _keep_in_sight(self) -> None:
        """The middle of the canvas never leaves the picture, so it cannot be lost."""
        middle = self._canvas / 2
        self.offset = np.clip(self.offset, middle - self._picture * self.scale, middle)
