"""Draws surfaces and points into pixels with Open3D's ray caster (Embree). No Qt, no GPU.

Rays are cast only where a surface's triangles can be, and only pixels that were hit are shaded.
Nothing here multiplies matrices per pixel: OpenBLAS's threads would spin against Embree's.
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.shading import shade
from utnet_viewer.mesh.surface import Surface

#: `cast_rays` holds the interpreter; this many rays take about 2 ms.
BAND_RAYS = 8_000
_NO_HIT = np.uint32(0xFFFFFFFF)
#: Where rays are needed is decided in squares: about this many from top to bottom.
_CELLS_DOWN = 120
_GLASS_ALPHA = (0.10, 0.34)


@dataclass(frozen=True)
class PointCloud:
    """Measured points: ``points_mm`` (n, 3) and their colours (n, 3) uint8."""

    points_mm: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True)
class Subject:
    """What is drawn into one raster: a surface, points, or both.

    Attributes:
        surface: The surface, or None.
        colours: (3,) or (V, 3) in [0, 1], of the hand's own vertices.
        is_glass: Faint and clear, denser towards the rim; otherwise opaque and lit.
        openness: (V,) as `Surface.openness`, of an opaque surface.
        cloud: Points, hidden where the surface is nearer; or None.
    """

    surface: Surface | None = None
    colours: np.ndarray | None = None
    openness: np.ndarray | None = None
    is_glass: bool = False
    cloud: PointCloud | None = None


class Raster:
    """A picture being drawn.

    Attributes:
        image: (h, w, 4) uint8, RGBA with premultiplied alpha.
        depth_mm: (h, w) float32 of the surface; infinite where there is none.
        box: (left, top, right, bottom) that holds everything drawn.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.image = np.zeros((height, width, 4), np.uint8)
        self.depth_mm = np.full((height, width), np.inf, np.float32)
        self.box = (0, 0, width, height)

    @property
    def covered(self) -> np.ndarray:
        """(h, w) bool: pixels with the surface in them."""
        return np.isfinite(self.depth_mm)

    def halved(self) -> "Raster":
        """The picture at half the resolution, every pixel the mean of four; depth the nearest."""
        half = Raster(self.width // 2, self.height // 2)
        size = (half.width, half.height)
        half.image = cv2.resize(self.image, size, interpolation=cv2.INTER_AREA)
        quads = self.depth_mm[: 2 * half.height, : 2 * half.width]
        half.depth_mm = np.minimum(
            np.minimum(quads[::2, ::2], quads[1::2, ::2]),
            np.minimum(quads[::2, 1::2], quads[1::2, 1::2]),
        )
        left, top, right, bottom = self.box
        right, bottom = min(right // 2 + 1, half.width), min(bottom // 2 + 1, half.height)
        half.box = (left // 2, top // 2, right, bottom)
        return half


@dataclass(frozen=True)
class _Hits:
    """Pixels of the raster (flat indices) that a surface was hit in, and where."""

    pixels: np.ndarray
    depth_mm: np.ndarray
    faces: np.ndarray
    uv: np.ndarray


class Renderer:
    """Draws one subject from one camera, whole or in bands of rows; keeps what bands share."""

    def __init__(self, subject: Subject, camera: OrbitCamera, width: int, height: int) -> None:
        self.raster = Raster(width, height)
        self._camera, self._subject = camera, subject
        self._focal_px = focal = camera.focal_px(height)
        rotation = camera.rotation
        x = (np.arange(width) + 0.5 - width / 2) / focal
        y = (np.arange(height) + 0.5 - height / 2) / focal
        self._across = (x[:, None] * rotation[0]).astype(np.float32)
        self._down = (y[:, None] * rotation[1] + rotation[2]).astype(np.float32)
        self._needed = np.zeros((height, width), bool)
        if subject.surface is not None:
            self._needed = self._rays_needed(subject.surface)
            colours = self._glassy() if subject.is_glass else self._lit()
            self._face_colours = _per_face(subject.surface, colours)
        if subject.cloud is None:
            self.raster.box = _box(self._needed)

    def bands(self) -> list[tuple[int, int]]:
        """Rows [first, end) that cost about `BAND_RAYS` rays; empty rows are left out."""
        rays = self._needed.sum(1)
        (rows,) = np.nonzero(rays)
        if len(rows) == 0:
            return []
        first, end = int(rows[0]), int(rows[-1]) + 1
        total = np.cumsum(rays[first:end])
        inner = np.flatnonzero(np.diff(total // BAND_RAYS)) + first + 1
        return list(pairwise([first, *inner.tolist(), end]))

    def draw(self, first: int = 0, end: int | None = None) -> Raster:
        """Draw the surface in rows [first, end)."""
        raster, surface = self.raster, self._subject.surface
        if surface is None:
            return raster
        hits = self._cast(surface, first, raster.height if end is None else end)
        raster.depth_mm.ravel()[hits.pixels] = hits.depth_mm
        flat = raster.image.reshape(-1, 4).view(np.uint32).ravel()
        flat[hits.pixels] = _packed(_interpolated(self._face_colours, hits))
        return raster

    def draw_points(self) -> Raster:
        """Draw the cloud over the finished surface, nearest point last."""
        cloud, raster = self._subject.cloud, self.raster
        if cloud is None or len(cloud.points_mm) == 0:
            return raster
        screen = self._camera.project(cloud.points_mm, raster.width, raster.height)
        size = max(1, round(raster.height / 220))
        with np.errstate(invalid="ignore"):
            corner = np.floor(np.nan_to_num(screen[:, :2], nan=-1e6) - (size - 1) / 2).astype(int)
        nearest_last = np.argsort(-screen[:, 2], kind="stable")
        corner, depth_mm = corner[nearest_last], screen[nearest_last, 2].astype(np.float32)
        opaque = np.full((len(corner), 1), 255, np.uint8)
        packed = np.concatenate([cloud.colours[nearest_last], opaque], 1).view(np.uint32).ravel()
        flat, depth = raster.image.reshape(-1, 4).view(np.uint32).ravel(), raster.depth_mm.ravel()
        for step in range(size * size):
            x, y = corner[:, 0] + step % size, corner[:, 1] + step // size
            inside = (x >= 0) & (x < raster.width) & (y >= 0) & (y < raster.height)
            pixels = y[inside] * raster.width + x[inside]
            shown = depth_mm[inside] < depth[pixels] + 2  # a point on the surface is seen
            flat[pixels[shown]] = packed[inside][shown]
        return raster

    def _rays_needed(self, surface: Surface) -> np.ndarray:
        """Pixels (h, w) bool that can see the surface: those in the rectangles of its triangles."""
        height, width = self.raster.height, self.raster.width
        screen = self._camera.project(surface.vertices_mm, width, height)
        if screen[:, 2].min() < 10:  # at or behind the eye: it may be anywhere
            return np.ones((height, width), bool)
        cell_px = max(1, round(height / _CELLS_DOWN))
        cells_px = screen[:, :2].astype(np.float32) * np.float32(1 / cell_px)
        needed = _in_rectangles(
            cells_px, surface.faces, -(-width // cell_px), -(-height // cell_px)
        )
        return needed.repeat(cell_px, 0).repeat(cell_px, 1)[:height, :width]

    def _cast(self, surface: Surface, first: int, end: int) -> _Hits:
        pixels = np.flatnonzero(self._needed[first:end]) + first * self.raster.width
        rows, columns = np.divmod(pixels.astype(np.int32), np.int32(self.raster.width))
        rays = np.empty((len(pixels), 6), np.float32)
        rays[:, :3] = self._camera.eye_mm
        np.add(self._across.take(columns, 0), self._down.take(rows, 0), out=rays[:, 3:])
        depth_mm, faces, uv = surface.cast(rays)
        hit = np.flatnonzero(faces != _NO_HIT)
        return _Hits(pixels.take(hit), depth_mm.take(hit), faces.take(hit), uv.take(hit, 0))

    def _view(self) -> tuple[np.ndarray, np.ndarray]:
        """Normals and directions to the eye of the vertices, in view axes."""
        surface = self._subject.surface
        rotation = self._camera.rotation.astype(np.float32)
        to_eye = (self._camera.eye_mm.astype(np.float32) - surface.vertices_mm) @ rotation.T
        to_eye /= np.maximum(np.linalg.norm(to_eye, axis=1, keepdims=True), 1e-6)
        return surface.normals @ rotation.T, to_eye

    def _lit(self) -> np.ndarray:
        """RGBA (V + E, 4) of the vertices in [0, 255], opaque."""
        surface, colours = self._subject.surface, self._subject.colours
        normals, to_eye = self._view()
        if colours.ndim == 2:
            colours = surface.spread(colours)
        lit = shade(colours, normals, to_eye, surface.spread(self._subject.openness))
        return np.concatenate([lit, np.full((len(lit), 1), 255, np.float32)], axis=1)

    def _glassy(self) -> np.ndarray:
        """Premultiplied RGBA: denser towards the rim, as glass is."""
        normals, to_eye = self._view()
        facing = np.abs(np.einsum("ij,ij->i", normals, to_eye))[:, None]
        low, high = _GLASS_ALPHA
        alpha = low + (high - low) * (1 - facing) ** 2
        return np.concatenate([self._subject.colours * alpha, alpha], 1).astype(np.float32) * 255


def _per_face(surface: Surface, colours: np.ndarray) -> np.ndarray:
    """(F, 12): the colour of each face's first corner and the two steps to the others."""
    first, second, third = (colours.take(corner, 0) for corner in surface.faces.T)
    return np.concatenate([first, second - first, third - first], axis=1)


def _interpolated(per_face: np.ndarray, hits: _Hits) -> np.ndarray:
    """Colours (n, 4) at the hits."""
    faces = per_face.take(hits.faces, 0)
    colours = faces[:, :4]
    colours += hits.uv[:, :1] * faces[:, 4:8]
    colours += hits.uv[:, 1:] * faces[:, 8:]
    return colours


def _packed(colours: np.ndarray) -> np.ndarray:
    """(n, 4) in [0, 255] as one uint32 a pixel."""
    return (colours + 0.5).astype(np.uint8).view(np.uint32).ravel()


def _in_rectangles(points: np.ndarray, faces: np.ndarray, width: int, height: int) -> np.ndarray:
    """Which cells (height, width) the bounding rectangles of triangles touch, as bool.

    `points` (n, 2) are in cells. Every rectangle adds one to its cells: as steps at its corners,
    summed up along both axes.
    """
    corners = [points.take(corner, 0) for corner in faces.T]
    low = np.minimum(np.minimum(corners[0], corners[1]), corners[2])
    high = np.maximum(np.maximum(corners[0], corners[1]), corners[2])
    limit = np.array([width, height], np.float32)
    left, top = np.clip(np.floor(low), 0, limit).T.astype(np.intp)
    right, bottom = np.clip(np.floor(high) + 1, 0, limit).T.astype(np.intp)
    stride = width + 1
    ups = np.concatenate([top * stride + left, bottom * stride + right])
    downs = np.concatenate([top * stride + right, bottom * stride + left])
    size = stride * (height + 1)
    steps = np.bincount(ups, minlength=size) - np.bincount(downs, minlength=size)
    counts = steps.reshape(height + 1, stride).cumsum(0).cumsum(1)
    return counts[:height, :width] > 0


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of what is True in a mask (h, w)."""
    (rows,), (columns,) = np.nonzero(mask.any(1)), np.nonzero(mask.any(0))
    if len(rows) == 0:
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
