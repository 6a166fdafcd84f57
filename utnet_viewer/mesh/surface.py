"""A hand's surface, ready for rays: smooth normals, finer triangles, an Embree scene.

Importing this does not import Open3D; making a `Surface` does.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

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
        faces: (F, 3) the hand's own.
        edges: (E, 2) each once.
        fine_faces: (4F, 3) uint32; those of face k are 4k to 4k+3. Vertex V+e is edge e's middle.
    """

    def __init__(self, faces: np.ndarray, vertex_count: int) -> None:
        self.faces = np.ascontiguousarray(faces, np.int64)
        self.vertex_count = vertex_count
        sides = np.sort(self.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        self.edges, edge_of_side = np.unique(sides, axis=0, return_inverse=True)
        middle = (vertex_count + edge_of_side.reshape(-1, 3)).T
        a, b, c = self.faces.T
        ab, bc, ca = middle
        children = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
        fine = np.array(children).transpose(2, 0, 1).reshape(-1, 3)
        self.fine_faces = np.ascontiguousarray(fine, np.uint32)
        self.fine_index = self.fine_faces.astype(np.int64)
        rows = self.faces.ravel()
        columns = np.repeat(np.arange(len(self.faces)), 3)
        ones = np.ones(len(rows), np.float32)
        self._faces_to_vertices = csr_array(
            (ones, (rows, columns)), shape=(vertex_count, len(self.faces))
        )
        start, end = self.edges.T
        itself = np.arange(vertex_count)
        rows, columns = np.concatenate([start, end, itself]), np.concatenate([end, start, itself])
        share = (1 / np.bincount(rows, minlength=vertex_count)).astype(np.float32)
        self._neighbours = csr_array((share[rows], (rows, columns)), shape=(vertex_count,) * 2)

    def normals(self, vertices_mm: np.ndarray) -> np.ndarray:
        """Area-weighted vertex normals (V, 3) float32, of length one (or zero where degenerate)."""
        a, b, c = (vertices_mm[self.faces[:, corner]] for corner in range(3))
        return _unit(self._faces_to_vertices @ np.cross(b - a, c - a))

    def refine(self, vertices_mm: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vertices and normals of the finer mesh, (V + E, 3) float32 each.

        Middles are bent by Phong tessellation (Boubekeur and Alexa 2008, equation 3, alpha 3/4).
        """
        start, end = self.edges.T
        middle = (vertices_mm[start] + vertices_mm[end]) / 2
        bent = np.zeros_like(middle)
        for corner in (start, end):
            height = np.sum((middle - vertices_mm[corner]) * normals[corner], 1, keepdims=True)
            bent -= height * normals[corner]
        fine_vertices = np.concatenate([vertices_mm, middle + 0.75 * bent / 2])
        fine_normals = np.concatenate([normals, _unit(normals[start] + normals[end])])
        return fine_vertices.astype(np.float32), fine_normals.astype(np.float32)

    def soften(self, values: np.ndarray) -> np.ndarray:
        """Values (V,), each the mean of a vertex and its neighbours."""
        return self._neighbours @ values

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (V, ...) of the vertices on the finer mesh, (V + E, ...)."""
        return np.concatenate([values, values[self.edges].mean(1)])


class Surface:
    """One posed hand in an Embree scene of its own; rebuilt for every sample (under 2 ms)."""

    def __init__(self, topology: Topology, vertices_mm: np.ndarray) -> None:
        """`vertices_mm` (V, 3) must be finite; ValueError says so otherwise."""
        if not np.isfinite(vertices_mm).all():
            raise ValueError("a surface needs finite vertices")
        import open3d.core as o3c
        from open3d.t.geometry import RaycastingScene

        self.topology = topology
        coarse = np.ascontiguousarray(vertices_mm, np.float32)
        self._coarse_normals = topology.normals(coarse)
        self.coarse_mm = coarse
        self.vertices_mm, self.normals = topology.refine(coarse, self._coarse_normals)
        corners = self.vertices_mm[topology.fine_index]
        sides = corners - np.roll(corners, 1, axis=1)
        self.longest_side_mm = float(np.sqrt(np.einsum("fkc,fkc->fk", sides, sides).max()))
        self._tensor = o3c.Tensor.from_numpy
        self._scene = RaycastingScene()
        self._scene.add_triangles(self._tensor(self.vertices_mm), self._tensor(topology.fine_faces))
        self._openness: np.ndarray | None = None

    @property
    def openness(self) -> np.ndarray:
        """How much of the sky each fine vertex sees, (V + E,) in [0, 1]; computed once."""
        if self._openness is None:
            self._openness = self.topology.spread(self._measure_openness())
        return self._openness

    def cast(self, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cast rays (..., 6) float32: distances, fine faces (0xFFFFFFFF: none), uv, flattened."""
        answer = self._scene.cast_rays(self._tensor(rays))
        return (
            answer["t_hit"].numpy().ravel(),
            answer["primitive_ids"].numpy().ravel(),
            answer["primitive_uvs"].numpy().reshape(-1, 2),
        )

    def pick(self, ray: np.ndarray) -> Hit | None:
        """What the ray (6,) meets first, or None. Needs a direction of z = 1 in view axes."""
        depth_mm, fine_face, _ = self.cast(ray[None])
        if fine_face[0] == _NO_HIT:
            return None
        point_mm = ray[:3] + depth_mm[0] * ray[3:]
        corners = self.topology.faces[int(fine_face[0]) // 4]
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


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, 1e-20)).astype(np.float32)
