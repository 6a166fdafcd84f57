"""What the painters of the mesh view need to know, in one place."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF

from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.renderer import Raster
from utnet_viewer.mesh.scene import MeshScene
from utnet_viewer.theme import Palette


@dataclass(frozen=True)
class Layers:
    """What is shown; `mesh` is the shaded surface, `ghost` the truth's outline behind it."""

    mesh: bool = True
    ghost: bool = True
    wire: bool = False
    errors: bool = True
    skeleton: bool = False
    cloud: bool = False
    object_box: bool = False


@dataclass(frozen=True)
class Stage:
    """A picture about to be painted, in Qt's logical pixels.

    ``raster`` holds the surfaces at ``raster.width / width`` pixels per logical pixel, or is None
    while there is no renderer or nothing to draw. ``outlines`` are the ghost's contours (n, 2).
    """

    width: int
    height: int
    camera: OrbitCamera
    palette: Palette
    is_dark: bool
    layers: Layers
    scene: MeshScene | None = None
    raster: Raster | None = None
    outlines: tuple[np.ndarray, ...] = field(default=())

    def project(self, points_mm: np.ndarray) -> np.ndarray:
        """Points (n, 3) to (n, 3): x, y in logical pixels and depth in mm."""
        return self.camera.project(points_mm, self.width, self.height)

    def point(self, point_mm: np.ndarray) -> QPointF | None:
        """One point on screen, or None behind the eye."""
        x, y, _ = self.project(np.asarray(point_mm)[None])[0]
        return QPointF(x, y) if np.isfinite(x) else None

    @property
    def shows_errors(self) -> bool:
        """Whether the surface is coloured by error."""
        return (
            self.layers.errors
            and self.layers.mesh
            and self.scene is not None
            and self.scene.vertex_errors_mm is not None
        )

    @cached_property
    def covered(self) -> np.ndarray:
        """(h, w) bool of raster pixels with a hand in them, hidden or not."""
        if self.raster is None:
            return np.zeros((1, 1), bool)
        solid = np.isfinite(self.raster.depth_mm)
        ghost = self.raster.ghost
        if ghost.shape != solid.shape:
            step = ghost.shape[0] // solid.shape[0]
            ghost = ghost[::step, ::step][: solid.shape[0], : solid.shape[1]]
        return solid | (ghost > 0)
