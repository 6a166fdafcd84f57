"""Draws the surfaces of a scene at the resolutions that are due, at once or band by band."""

from dataclasses import dataclass

import cv2
import numpy as np

from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.render_state import Resolution
from utnet_viewer.mesh.renderer import Raster, Renderer, Subject


@dataclass(frozen=True)
class Picture:
    """What was drawn.

    Attributes:
        front: The shaded surface and the depth points, or None.
        behind: The ghost's faint fill, or None.
        outlines: The ghost's contours, each (n, 2) in pixels of `behind`.
    """

    front: Raster | None = None
    behind: Raster | None = None
    outlines: tuple[np.ndarray, ...] = ()


class Drawing:
    """A picture being drawn: call `step` until it says False, then `finish`; or just `finish`."""

    def __init__(
        self,
        front: Subject | None,
        behind: Subject | None,
        camera: OrbitCamera,
        size_px: tuple[float, float],
        resolution: Resolution,
    ) -> None:
        """`size_px` (width, height) is in pixels of the screen."""
        self._is_supersampled = resolution.front > 1
        self._front = _renderer(front, camera, size_px, resolution.front)
        self._behind = _renderer(behind, camera, size_px, resolution.behind)
        renderers = [renderer for renderer in (self._behind, self._front) if renderer is not None]
        self._bands = [(renderer, band) for renderer in renderers for band in renderer.bands()]

    def step(self) -> bool:
        """Draw one band, a few milliseconds; False when nothing is left."""
        if self._bands:
            renderer, band = self._bands.pop(0)
            renderer.draw(*band)
        return bool(self._bands)

    def finish(self) -> Picture:
        """Draw what is left."""
        while self.step():
            pass
        front = behind = None
        outlines = ()
        if self._front is not None:
            front = self._front.draw_points()
            front = front.halved() if self._is_supersampled else front
        if self._behind is not None:
            behind = self._behind.raster
            outlines = outlines_of(behind.covered)
        return Picture(front, behind, outlines)


def _renderer(
    subject: Subject | None, camera: OrbitCamera, size_px: tuple[float, float], scale: float
) -> Renderer | None:
    if subject is None:
        return None
    width, height = (max(1, round(side * scale)) for side in size_px)
    return Renderer(subject, camera, width, height)


def outlines_of(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    """Contours of a mask (h, w) bool, smoothed against its stairs: each (n, 2) in mask pixels."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    span = max(2, round(min(mask.shape) / 110))
    smooth = []
    for contour in contours:
        points = contour[:, 0].astype(np.float32) + 0.5
        if len(points) < 3 * span:
            continue
        for _ in range(2):
            wrapped = np.concatenate([points[-span:], points, points[:span]])
            sums = np.cumsum(wrapped, axis=0, dtype=np.float64)
            points = (sums[2 * span :] - sums[: -2 * span]) / (2 * span)
        smooth.append(points[:: max(1, span // 2)].astype(np.float32))
    return tuple(smooth)
