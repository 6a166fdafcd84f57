"""Things to hold and to put on the table: signed distances and triangles of simple solids.

A solid is a union of parts in its own axes (metres, z along its height, centred near the origin):
bodies of revolution, boxes and handles (tori). Distances are exact per part, and the minimum of
them outside a union, which is what closing a finger needs.
"""

from dataclasses import dataclass, field

import numpy as np

_SECTIONS = 40


@dataclass(frozen=True)
class TriangleMesh:
    """Vertices (V, 3) m, faces (F, 3), unit normals (V, 3), places in the print `uv` (V, 2) m."""

    vertices: np.ndarray
    faces: np.ndarray
    normals: np.ndarray
    uv: np.ndarray

    @staticmethod
    def joined(meshes: "list[TriangleMesh]") -> "TriangleMesh":
        """Several meshes as one."""
        starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
        return TriangleMesh(
            np.concatenate([mesh.vertices for mesh in meshes]),
            np.concatenate([m.faces + start for m, start in zip(meshes, starts, strict=True)]),
            np.concatenate([mesh.normals for mesh in meshes]),
            np.concatenate([mesh.uv for mesh in meshes]),
        )

    def moved(self, rotation: np.ndarray, translation_m: np.ndarray) -> "TriangleMesh":
        """The mesh turned by (3, 3), then shifted by (3,) metres."""
        return TriangleMesh(
            self.vertices @ rotation.T + translation_m,
            self.faces,
            self.normals @ rotation.T,
            self.uv,
        )


@dataclass(frozen=True)
class Revolved:
    """A profile (N, 2) of (radius, z) in metres, from the lower end up, turned about z."""

    profile_m: np.ndarray

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of points (..., 3), negative inside."""
        radius = np.hypot(points_m[..., 0], points_m[..., 1])
        flat = np.stack([radius, points_m[..., 2]], -1)
        outline = np.concatenate([self.profile_m, self.profile_m[::-1] * (-1, 1)])
        return _polygon_distance(flat, outline)

    def mesh(self) -> TriangleMesh:
        """Bands around z; normals are smooth along the profile where it bends gently."""
        profile = np.asarray(self.profile_m, float)
        along = np.diff(profile, axis=0)
        normals = np.stack([along[:, 1], -along[:, 0]], -1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(along, axis=1))])
        return TriangleMesh.joined(
            [
                _band(profile[k : k + 2], _end_normals(normals, k), length[k : k + 2])
                for k in range(len(along))
            ]
        )


@dataclass(frozen=True)
class Box:
    """A box of half sizes (3,) in metres."""

    half_m: np.ndarray

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of points (..., 3), negative inside."""
        outside = np.abs(points_m) - self.half_m
        return np.linalg.norm(np.maximum(outside, 0), axis=-1) + np.minimum(outside.max(-1), 0)

    def mesh(self) -> TriangleMesh:
        """Six sides of 5x5 places each, so that light baked into vertices can vary over them."""
        sides = [(axis, side) for axis in range(3) for side in (-1, 1)]
        return TriangleMesh.joined([_box_side(np.asarray(self.half_m), *side) for side in sides])


@dataclass(frozen=True)
class Torus:
    """A ring in the xz plane: a mug's handle."""

    ring_m: float
    tube_m: float

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of points (..., 3), negative inside."""
        around = np.hypot(points_m[..., 0], points_m[..., 2]) - self.ring_m
        return np.hypot(around, points_m[..., 1]) - self.tube_m

    def mesh(self) -> TriangleMesh:
        """A grid of 32 places around the ring and 12 around the tube."""
        ring, tube = np.meshgrid(
            np.linspace(0, 2 * np.pi, 33), np.linspace(0, 2 * np.pi, 13), indexing="ij"
        )
        normals = np.stack(
            [np.cos(ring) * np.cos(tube), np.sin(tube), np.sin(ring) * np.cos(tube)], -1
        ).reshape(-1, 3)
        spine = np.stack([np.cos(ring), 0 * ring, np.sin(ring)], -1).reshape(-1, 3)
        uv = np.stack([ring, tube], -1).reshape(-1, 2) * (self.ring_m, self.tube_m)
        vertices = spine * self.ring_m + normals * self.tube_m
        return TriangleMesh(vertices, _grid_faces(33, 13)[:, ::-1], normals, uv)


Part = Revolved | Box | Torus


@dataclass(frozen=True)
class Solid:
    """A union of parts, each turned by (3, 3) and shifted by (3,) metres.

    Attributes:
        name: As written into ``objName``.
        parts: (part, rotation, offset in metres).
        grip_radius_m: How far from the axis z the palm side of the grip is.
        is_round: Whether it may be held with any turn about z.
    """

    name: str
    parts: tuple[tuple[Part, np.ndarray, np.ndarray], ...]
    grip_radius_m: float
    is_round: bool
    triangles: TriangleMesh = field(init=False)

    def __post_init__(self) -> None:
        meshes = [part.mesh().moved(turn, offset) for part, turn, offset in self.parts]
        object.__setattr__(self, "triangles", TriangleMesh.joined(meshes))

    def distance_m(self, points_m: np.ndarray) -> np.ndarray:
        """Signed distance (...,) of points (..., 3) in the solid's axes, negative inside."""
        distances = [p.distance_m((points_m - offset) @ turn) for p, turn, offset in self.parts]
        return np.minimum.reduce(distances)

    @property
    def corners_m(self) -> np.ndarray:
        """Corners (8, 3) of the box around it, in its own axes."""
        low, high = self.triangles.vertices.min(0), self.triangles.vertices.max(0)
        choice = np.array([[(i >> 2) & 1, (i >> 1) & 1, i & 1] for i in range(8)], bool)
        return np.where(choice, high, low)


def _polygon_distance(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Signed distance (...,) of points (..., 2) to a closed polygon (N, 2), negative inside."""
    nearest = np.full(points.shape[:-1], np.inf)
    inside = np.zeros(points.shape[:-1], bool)
    x, y = points[..., 0], points[..., 1]
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge = end - start
        length = edge @ edge
        if length < 1e-18:
            continue
        along = np.clip(((x - start[0]) * edge[0] + (y - start[1]) * edge[1]) / length, 0, 1)
        gap = (x - start[0] - along * edge[0]) ** 2 + (y - start[1] - along * edge[1]) ** 2
        nearest = np.minimum(nearest, gap)
        if edge[1] != 0:
            crossing = start[0] + (y - start[1]) / edge[1] * edge[0]
            inside ^= ((start[1] > y) != (end[1] > y)) & (x < crossing)
    return np.where(inside, -1, 1) * np.sqrt(nearest)


def _end_normals(normals: np.ndarray, segment: int) -> np.ndarray:
    """Profile normals (2, 2) at a segment's ends, shared with a neighbour it meets gently."""
    ends = []
    for neighbour in (segment - 1, segment + 1):
        normal = normals[segment]
        if 0 <= neighbour < len(normals) and normals[neighbour] @ normal > 0.75:
            normal = normal + normals[neighbour]
        ends.append(normal / np.linalg.norm(normal))
    return np.array(ends)


def _band(profile: np.ndarray, normals: np.ndarray, along_m: np.ndarray) -> TriangleMesh:
    """The surface between two profile points (2, 2), with profile normals (2, 2)."""
    angle = np.linspace(0, 2 * np.pi, _SECTIONS + 1)
    around = np.stack([np.cos(angle), np.sin(angle)], -1)
    steps = max(2, int(np.ceil(np.linalg.norm(profile[1] - profile[0]) / 0.015)) + 1)
    share = np.linspace(0, 1, steps)[:, None, None]

    def swept(ends: np.ndarray) -> np.ndarray:
        rows = [np.c_[around * end[0], np.full(len(angle), end[1])] for end in ends]
        return (rows[0] * (1 - share) + rows[1] * share).reshape(-1, 3)

    normal = swept(normals)
    u = np.broadcast_to(angle * max(profile[:, 0].max(), 1e-4), (steps, len(angle)))
    v = along_m[0] * (1 - share[..., 0]) + along_m[1] * share[..., 0]
    uv = np.stack([u, np.broadcast_to(-v, u.shape)], -1).reshape(-1, 2)
    return TriangleMesh(
        swept(profile),
        _grid_faces(steps, len(angle))[:, ::-1],
        normal / np.linalg.norm(normal, axis=1, keepdims=True),
        uv,
    )


def _box_side(half: np.ndarray, axis: int, side: int, places: int = 5) -> TriangleMesh:
    """One side of a box as a grid; `uv` in metres over the side."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    a, b = np.meshgrid(*[np.linspace(-1, 1, places)] * 2, indexing="ij")
    vertices = np.empty((places * places, 3))
    vertices[:, axis] = half[axis] * side
    vertices[:, first] = a.ravel() * half[first]
    vertices[:, second] = b.ravel() * half[second]
    normals = np.zeros_like(vertices)
    normals[:, axis] = side
    shift = 0.13 * (axis * 2 + (side > 0))
    across, up = (first, second) if second == 2 or first != 2 else (second, first)
    rightwards = -side if axis == 1 else side  # so that print can be read from outside
    uv = np.stack([rightwards * vertices[:, across] + shift, -vertices[:, up]], -1)
    faces = _grid_faces(places, places)
    return TriangleMesh(vertices, faces if side > 0 else faces[:, ::-1], normals, uv)


def _grid_faces(rows: int, columns: int) -> np.ndarray:
    """Triangles (F, 3) over a grid of places, row by row."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    lower = np.stack([corner, corner + columns, corner + columns + 1], -1)
    upper = np.stack([corner, corner + columns + 1, corner + 1], -1)
    return np.concatenate([lower, upper])
