"""Where the picture lies on the canvas: fit, zoom about a point, pan; no painting here."""

import numpy as np

MAX_SCALE = 48.0
#: The smallest zoom, as a share of the zoom that fits the picture.
MIN_SHARE_OF_FIT = 0.5


class View:
    """Maps picture pixels (centres at integers) to canvas points and back.

    ``canvas = (picture + 0.5) * scale + offset``: pixel (0, 0) covers [0, 1] of a picture drawn at
    the origin. While the view fits, it goes on fitting; once zoomed, it keeps its place.
    """

    def __init__(self) -> None:
        self.scale = 1.0
        self.offset = np.zeros(2)
        self.is_fit = True
        self._picture = np.array([1.0, 1.0])
        self._canvas = np.array([1.0, 1.0])

    @property
    def fit_scale(self) -> float:
        """Canvas points per picture pixel when the whole picture just fits."""
        return float((self._canvas / self._picture).min())

    def set_picture(self, width: int, height: int) -> None:
        """Show a picture of another size; the same size changes nothing."""
        size = np.array([width, height], float)
        if not np.array_equal(size, self._picture):
            self._picture = size
            self.fit()

    def set_canvas(self, width: float, height: float) -> None:
        """The canvas was resized: fit again, or keep the middle in the middle."""
        size = np.array([max(width, 1), max(height, 1)], float)
        self.offset += (size - self._canvas) / 2
        self._canvas = size
        if self.is_fit:
            self.fit()
        else:
            self._keep_in_sight()

    def fit(self) -> None:
        """Show the whole picture, centred."""
        self.is_fit = True
        self.scale = self.fit_scale
        self.offset = (self._canvas - self._picture * self.scale) / 2

    def zoom(self, factor: float, about: tuple[float, float] | None = None) -> None:
        """Zoom by `factor`; the picture under the canvas point `about` (the middle) stays put."""
        about_point = self._canvas / 2 if about is None else np.array(about, float)
        smallest = self.fit_scale * MIN_SHARE_OF_FIT
        scale = float(np.clip(self.scale * factor, smallest, max(MAX_SCALE, smallest)))
        self.offset = about_point - (about_point - self.offset) * (scale / self.scale)
        self.scale = scale
        self.is_fit = False
        self._keep_in_sight()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by canvas points."""
        self.offset = self.offset + np.array([dx, dy])
        self.is_fit = False
        self._keep_in_sight()

    def centre_on(self, picture_point: np.ndarray) -> None:
        """Bring a picture point (2,) to the middle of the canvas."""
        self.offset = self._canvas / 2 - (np.asarray(picture_point) + 0.5) * self.scale
        self.is_fit = False
        self._keep_in_sight()

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

    def _keep_in_sight(self) -> None:
        """The middle of the canvas never leaves the picture, so it cannot be lost."""
        middle = self._canvas / 2
        self.offset = np.clip(self.offset, middle - self._picture * self.scale, middle)
