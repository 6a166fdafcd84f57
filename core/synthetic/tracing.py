"""Rays: what the pixels see, what hides the light, and smooth outlines where it matters.

Metres, camera axes, float32. Pixel (u, v) is the ray through the integer (u, v).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import open3d as o3d

from core.geometry.camera import Camera
from core.synthetic.solids import TriangleMesh

PHOTO_SIZE_PX = (480, 640)

#: Where in a pixel an outline is sampled: a turned 2x2 grid.
_SUBPIXELS = ((-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375))
_OCCLUSION_REACH_M = 0.07
_OCCLUSION_RAYS = 10
_OCCLUSION_STRENGTH = 0.85

Scene = o3d.t.geometry.RaycastingScene


@dataclass(frozen=True)
class Hits:
    """What N rays met.

    Attributes:
        pixels: (N,) flat pixel numbers; a pixel on an outline has several rays.
        weights: (N,) share of the pixel that a ray stands for.
        points: (N, 3) where it hit; z is depth.
        geometry: (N,) number of the mesh in its scene.
        primitive: (N,) triangle of that mesh.
        barycentric: (N, 3) weights of the triangle's corners.
    """

    pixels: np.ndarray
    weights: np.ndarray
    points: np.ndarray
    geometry: np.ndarray
    primitive: np.ndarray
    barycentric: np.ndarray

    def chosen(self, which: np.ndarray) -> "Hits":
        """Only some of the hits."""
        return Hits(*(values[which] for values in vars(self).values()))

    @staticmethod
    def joined(parts: "list[Hits]") -> "Hits":
        """Several lists as one."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return Hits(*(np.concatenate(column) for column in columns))

    def interpolated(self, mesh_faces: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Values (V, D) at a mesh's vertices, at the hits (N, D), float32."""
        corners = values.astype(np.float32)[mesh_faces[self.primitive]]
        return np.einsum("nc,ncd->nd", self.barycentric, corners)

    def cover(self, image: np.ndarray) -> None:
        """Take from a picture (H, W, 3) what the hits hide, in place."""
        flat, whole = image.reshape(-1, image.shape[-1]), self.weights == 1
        flat[self.pixels[whole]] = 0
        hidden = np.zeros(len(flat), np.float32)
        np.add.at(hidden, self.pixels[~whole], self.weights[~whole])
        part = np.flatnonzero(hidden)
        flat[part] *= 1 - hidden[part, None]

    def add_to(self, image: np.ndarray, colours: np.ndarray) -> None:
        """Add colours (N, 3), weighted, to their pixels of a picture (H, W, 3), in place."""
        flat, whole = image.reshape(-1, image.shape[-1]), self.weights == 1
        flat[self.pixels[whole]] += colours[whole]  # these pixels have one ray each
        shares = self.weights[~whole, None] * colours[~whole]
        np.add.at(flat, self.pixels[~whole], shares)

    def picture(self, values: np.ndarray, empty: float) -> np.ndarray:
        """Picture (H, W) of values (N,), `empty` where no ray hit."""
        out = np.full(PHOTO_SIZE_PX[0] * PHOTO_SIZE_PX[1], empty, np.float32)
        out[self.pixels] = values
        return out.reshape(PHOTO_SIZE_PX)


def ray_directions(intrinsics: np.ndarray) -> np.ndarray:
    """Directions (H, W, 3) with z = 1, so that the hit distance is depth."""
    height, width = PHOTO_SIZE_PX
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    x = (u - intrinsics[0, 2]) / intrinsics[0, 0]
    y = (v - intrinsics[1, 2]) / intrinsics[1, 1]
    return np.stack([x, y, np.ones_like(x)], -1).astype(np.float32)


def make_scene(meshes: list[TriangleMesh]) -> Scene:
    """An Embree scene on one thread; geometry numbers are the meshes' places in the list."""
    scene = Scene(nthreads=1)
    for mesh in meshes:
        scene.add_triangles(
            o3d.core.Tensor(np.ascontiguousarray(mesh.vertices, np.float32)),
            o3d.core.Tensor(np.ascontiguousarray(mesh.faces, np.uint32)),
        )
    return scene


def look(
    scene: Scene, directions: np.ndarray, pixels: np.ndarray, hidden_beyond_m: np.ndarray | None
) -> tuple[Hits, Hits]:
    """Trace flat `pixels` (N,): one hit each at most, and the same with smooth outlines.

    Pixels whose neighbours show another mesh are traced four times in the second list.
    `hidden_beyond_m` (H, W) is the depth of what stands before, if anything does.
    """

    def seen(offset: tuple[float, float], at: np.ndarray, weight: float) -> Hits:
        rays = directions.reshape(-1, 3)[at] + _step(directions) * (*offset, 0)
        hits = _cast(scene, rays.astype(np.float32), at, weight)
        if hidden_beyond_m is None:
            return hits
        return hits.chosen(hits.points[:, 2] < hidden_beyond_m.ravel()[hits.pixels])

    centres = seen((0, 0), pixels, 1.0)
    shown = centres.picture(centres.geometry + 1, empty=0)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    edge = (cv2.dilate(shown, cross) != cv2.erode(shown, cross)).ravel()
    inside = centres.chosen(~edge[centres.pixels])
    on_edge = np.flatnonzero(edge)
    weight = 1 / len(_SUBPIXELS)
    return centres, Hits.joined([inside, *(seen(o, on_edge, weight) for o in _SUBPIXELS)])


def pixels_over(clouds: list[np.ndarray], camera: Camera) -> np.ndarray:
    """Flat pixels (N,) inside the outlines, in the picture, of clouds of points (P, 3)."""
    mask = np.zeros(PHOTO_SIZE_PX, np.uint8)
    for points in clouds:
        if points[:, 2].min() < 0.05:  # something reaches past the camera: look everywhere
            return np.arange(mask.size)
        outline = cv2.convexHull(camera.project(points).astype(np.float32))
        cv2.fillConvexPoly(mask, np.rint(outline).astype(np.int32), 1)
    return np.flatnonzero(cv2.dilate(mask, np.ones((5, 5), np.uint8)))


def blocked(
    scene: Scene, origins: np.ndarray, directions: np.ndarray, reach_m: float = np.inf
) -> np.ndarray:
    """Whether something lies within reach on the way, (N,) float32."""
    if not len(origins):
        return np.zeros(0, np.float32)
    rays = np.concatenate([origins, directions], 1).astype(np.float32)
    found = scene.test_occlusions(o3d.core.Tensor(rays), tnear=0.0, tfar=float(reach_m))
    return found.numpy().astype(np.float32)


def openness(scene: Scene, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Share (V,) of the sky over each vertex that nothing near hides: ambient occlusion."""
    turn = 2.399963 * np.arange(_OCCLUSION_RAYS)  # the golden angle spreads them evenly
    height = np.sqrt(1 - (np.arange(_OCCLUSION_RAYS) + 0.5) / _OCCLUSION_RAYS)
    flat = np.sqrt(1 - height**2)
    pattern = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], -1)
    helper = np.where(np.abs(normals[:, :1]) > 0.8, [[0, 1.0, 0]], [[1.0, 0, 0]])
    first = np.cross(normals, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    axes = np.stack([first, np.cross(normals, first), normals], 1)
    directions = (pattern @ axes).reshape(-1, 3)
    origins = np.repeat(vertices + normals * 0.0015, _OCCLUSION_RAYS, axis=0)
    hidden = blocked(scene, origins, directions, _OCCLUSION_REACH_M)
    return 1 - _OCCLUSION_STRENGTH * hidden.reshape(len(vertices), -1).mean(1)


def smoothed(values: np.ndarray, pixels: np.ndarray, size_px: int) -> np.ndarray:
    """Average values (N,) at flat pixels with their neighbours' in a square of odd size."""
    rows, columns = np.divmod(pixels, PHOTO_SIZE_PX[1])
    rows, columns = rows - rows.min(), columns - columns.min()
    both = np.zeros((rows.max() + 1, columns.max() + 1, 2), np.float32)
    both[rows, columns, 0], both[rows, columns, 1] = values, 1
    both = cv2.blur(both, (size_px, size_px))[rows, columns]
    return both[:, 0] / both[:, 1]


def _step(directions: np.ndarray) -> np.ndarray:
    """How directions change from pixel to pixel: (3,), x by column and y by row."""
    return np.array([*(directions[1, 1] - directions[0, 0])[:2], 0], np.float32)


def _cast(scene: Scene, directions: np.ndarray, pixels: np.ndarray, weight: float) -> Hits:
    """Cast rays (N, 3) of flat pixels (N,) from the camera's centre; keep those that hit."""
    if not len(pixels):
        none = np.zeros((0, 3), np.float32)
        return Hits(pixels, none[:, 0], none, pixels, pixels, none)
    rays = np.zeros((len(pixels), 6), np.float32)
    rays[:, 3:] = directions
    found = scene.cast_rays(o3d.core.Tensor(rays))
    depth = found["t_hit"].numpy()
    hit = np.flatnonzero(np.isfinite(depth))
    uv = found["primitive_uvs"].numpy()[hit]
    return Hits(
        pixels[hit],
        np.full(len(hit), weight, np.float32),
        directions[hit] * depth[hit, None],
        found["geometry_ids"].numpy()[hit].astype(np.int64),
        found["primitive_ids"].numpy()[hit].astype(np.int64),
        np.stack([1 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], -1),
    )
