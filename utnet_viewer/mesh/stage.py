"""What the painters of the mesh view need to know, in one place."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF

from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.picture import Picture
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

    The rasters of ``picture`` have resolutions of their own. ``ground_mm`` is the middle of the
    grid, in the scene's coordinates.
    """

    width: int
    height: int
    camera: OrbitCamera
    palette: Palette
    is_dark: bool
    layers: Layers
    scene: MeshScene | None = None
    ground_mm: tuple[float, float, float] = (0.0, 110.0, 0.0)
    picture: Picture = field(default_factory=Picture)

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

    def covered_share(self, x1: float, y1: float, x2: float, y2: float) -> float:
        """How much of a rectangle in logical pixels has a hand in it, in [0, 1]."""
        shares = [0.0]
        for raster in (self.picture.front, self.picture.behind):
            if raster is None:
                continue
            scale = raster.width / self.width
            left, top = int(max(x1, 0) * scale), int(max(y1, 0) * scale)
            step = max(1, int(4 * scale))
            patch = raster.covered[top : int(y2 * scale) : step, left : int(x2 * scale) : step]
            shares.append(float(patch.mean()) if patch.size else 0.0)
        return max(shares)
