"""A hand's surface, ready for rays: smooth normals, finer triangles, an Embree scene.

Importing this does not import Open3D; making a `Surface` does.
"""

from dataclasses import dataclass

import numpy as np

#: Rays per vertex and reach of the darkening in creases.
OCCLUSION_RAYS, OCCLUSION_REACH_MM = 8, 28.0
_NO_HIT = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True)
class Hit:
    """A point on a surface under the pointer.

    ``vertex`` is the nearest of the hand's own vertices, ``point_mm`` (3,) the point itself.
    """

    vertex: int
    point_mm: np.ndarray
    depth_mm: float


class Topology:
    """What follows from the faces alone, computed once for a hand model.

    Every face is drawn as four: with midpoints of the edges bent outwards along the normals, the
    778 vertices stay exactly where they are and the outline loses its corners.

    Attributes:
        faces, coarse_faces: (F, 3) the hand's own, int64 and, for Embree, uint32.
        edges: (E, 2) each once.
        fine_faces: (4F, 3) uint32; those of face k are 4k to 4k+3. Vertex V+e is edge e's middle.
    """

    def __init__(self, faces: np.ndarray, vertex_count: int) -> None:
        self.faces = np.ascontiguousarray(faces, np.int64)
        self.coarse_faces = self.faces.astype(np.uint32)
        self.edges, edge_of_side = _edges(self.faces)
        middle = (vertex_count + edge_of_side.reshape(-1, 3)).T
        a, b, c = self.faces.T
        ab, bc, ca = middle
        children = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
        fine = np.array(children).transpose(2, 0, 1).reshape(-1, 3)
        self.fine_faces = np.ascontiguousarray(fine, np.uint32)
        self.fine_index = self.fine_faces.astype(np.int64)
        self._vertex_count = vertex_count
        self._degrees = np.bincount(self.edges.ravel(), minlength=vertex_count)

    def normals(self, vertices_mm: np.ndarray) -> np.ndarray:
        """Area-weighted vertex normals (V, 3) float32, of length one (or zero where degenerate)."""
        a, b, c = (vertices_mm.take(self.faces[:, corner], 0) for corner in range(3))
        of_faces = _cross(b - a, c - a)
        sums = np.empty((self._vertex_count, 3), np.float32)
        corners = self.faces.ravel()
        for axis in range(3):
            weights = of_faces[:, axis].repeat(3)
            sums[:, axis] = np.bincount(corners, weights, minlength=self._vertex_count)
        return _unit(sums)

    def refine(self, vertices_mm: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vertices and normals of the finer mesh, (V + E, 3) float32 each.

        Middles are bent by Phong tessellation (Boubekeur and Alexa 2008, equation 3, alpha 3/4).
        """
        start, end = (vertices_mm.take(corner, 0) for corner in self.edges.T)
        at_start, at_end = (normals.take(corner, 0) for corner in self.edges.T)
        half = (end - start) / 2  # from the start to the middle; the end lies as far the other way
        height = np.einsum("ij,ij->i", half, at_start)[:, None]
        bent = -height * at_start
        height = np.einsum("ij,ij->i", half, at_end)[:, None]
        bent += height * at_end
        fine_vertices = np.concatenate([vertices_mm, start + half + 0.75 * bent / 2])
        fine_normals = np.concatenate([normals, _unit(at_start + at_end)])
        return fine_vertices.astype(np.float32), fine_normals.astype(np.float32)

    def soften(self, values: np.ndarray) -> np.ndarray:
        """Values (V,), each the mean of a vertex and its neighbours."""
        start, end = self.edges.T
        sums = np.bincount(start, values.take(end), minlength=self._vertex_count)
        sums += np.bincount(end, values.take(start), minlength=self._vertex_count)
        return ((sums + values) / (self._degrees + 1)).astype(np.float32)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (V, ...) of the vertices on the finer mesh, (V + E, ...)."""
        start, end = (values.take(corner, 0) for corner in self.edges.T)
        return np.concatenate([values, (start + end) / 2])


class Surface:
    """One posed hand in an Embree scene of its own; rebuilt for every sample (1 to 2 ms).

    Attributes:
        is_fine: Whether every face is drawn as four; else the hand's own faces are drawn.
        coarse_mm: (V, 3) the hand's own vertices, float32.
        vertices_mm, normals: (V + E, 3) of the finer mesh, or (V, 3).
        faces: (4F, 3) of the finer mesh, or (F, 3): what `cast` answers with.
    """

    def __init__(
        self, topology: Topology, vertices_mm: np.ndarray, *, is_fine: bool = True
    ) -> None:
        """`vertices_mm` (V, 3) must be finite; ValueError says so otherwise."""
        if not np.isfinite(vertices_mm).all():
            raise ValueError("a surface needs finite vertices")
        import open3d.core as o3c
        from open3d.t.geometry import RaycastingScene

        self.topology, self.is_fine = topology, is_fine
        coarse = np.ascontiguousarray(vertices_mm, np.float32)
        self.coarse_mm, self._coarse_normals = coarse, topology.normals(coarse)
        self.vertices_mm, self.normals, self.faces = coarse, self._coarse_normals, topology.faces
        triangles = topology.coarse_faces
        if is_fine:
            self.vertices_mm, self.normals = topology.refine(coarse, self._coarse_normals)
            self.faces, triangles = topology.fine_index, topology.fine_faces
        self._tensor = o3c.Tensor.from_numpy
        self._scene = RaycastingScene()
        self._scene.add_triangles(self._tensor(self.vertices_mm), self._tensor(triangles))
        self._openness: np.ndarray | None = None

    @property
    def openness(self) -> np.ndarray:
        """How much of the sky each of the hand's own vertices sees, (V,) in [0, 1]; computed once.

        `spread` it over the vertices that are drawn.
        """
        if self._openness is None:
            self._openness = self._measure_openness()
        return self._openness

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (V, ...) of the hand's own vertices on those that are drawn."""
        return self.topology.spread(values) if self.is_fine else values

    def cast(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cast rays (..., 6) float32: distances, `faces` (0xFFFFFFFF: none), uv, flattened."""
        answer = self._scene.cast_rays(self._tensor(rays))
        return (
            answer["t_hit"].numpy().ravel(),
            answer["primitive_ids"].numpy().ravel(),
            answer["primitive_uvs"].numpy().reshape(-1, 2),
        )

    def pick(self, ray: np.ndarray) -> Hit | None:
        """What the ray (6,) meets first, or None. Needs a direction of z = 1 in view axes."""
        depth_mm, face, _ = self.cast(ray[None])
        if face[0] == _NO_HIT:
            return None
        point_mm = ray[:3] + depth_mm[0] * ray[3:]
        corners = self.topology.faces[int(face[0]) // (4 if self.is_fine else 1)]
        nearest = np.linalg.norm(self.coarse_mm[corners] - point_mm, axis=1).argmin()
        return Hit(int(corners[nearest]), point_mm.astype(float), float(depth_mm[0]))

    def _measure_openness(self) -> np.ndarray:
        """Ambient occlusion of the coarse vertices, (V,)."""
        normals = self._coarse_normals
        helper = np.where(np.abs(normals[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]])
        tangent = _unit(np.cross(normals, helper))
        frame = np.stack([tangent, np.cross(normals, tangent), normals], axis=1)
        directions = np.einsum("rk,vkc->vrc", _hemisphere(OCCLUSION_RAYS), frame)
        rays = np.empty((len(normals), OCCLUSION_RAYS, 6), np.float32)
        rays[..., :3] = (self.coarse_mm + 0.5 * normals)[:, None]
        rays[..., 3:] = directions
        hidden = self._scene.test_occlusions(self._tensor(rays), 0.0, OCCLUSION_REACH_MM).numpy()
        openness = 1 - hidden.mean(1, dtype=np.float32)
        return self.topology.soften(self.topology.soften(openness))  # a ray count is coarse


def _hemisphere(count: int) -> np.ndarray:
    """Cosine-weighted directions (count, 3) about +z, on a golden spiral."""
    step = np.arange(count) + 0.5
    radius = np.sqrt(step / count)
    angle = step * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)], 1)


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges (E, 2) of faces (F, 3), each once, and which of them each of the 3F sides is.

    As numpy's `unique` does; that would bring in masked arrays, which nothing else here needs.
    """
    sides = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    order = np.lexsort((sides[:, 1], sides[:, 0]))
    in_order = sides[order]
    is_first = np.ones(len(sides), bool)
    is_first[1:] = (in_order[1:] != in_order[:-1]).any(1)
    edge_of_side = np.empty(len(sides), np.int64)
    edge_of_side[order] = np.cumsum(is_first) - 1
    return in_order[is_first], edge_of_side


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross products (n, 3); numpy's own takes four times as long for so few."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return (vectors / np.maximum(length, 1e-20)).astype(np.float32)
