"""Photos and depth of a planned sequence, by Embree rays.

The camera does not move, so table, wall and clutter are traced once per sequence; a frame traces
the hand, its arm and the object only inside their rectangle of the picture, and the shadows they
cast. Metres, camera axes, float32; pixel (u, v) is the ray through the integer (u, v).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import open3d as o3d

from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel
from core.synthetic.appearance import Light, Looks
from core.synthetic.sequence import SequencePlan, pose_frame
from core.synthetic.solids import TriangleMesh
from core.synthetic.surface import HandSurface, texel_index
from core.synthetic.textures import sample

PHOTO_SIZE_PX = (480, 640)

_TABLE_TEXELS_PER_M = 500
_WALL_TEXELS_PER_M = 180
_PRINT_TEXELS_PER_M = 2400
_OCCLUSION_REACH_M = 0.07
_OCCLUSION_RAYS = 10
_HAND, _OBJECT = 0, 1
#: How far light creeps round the edge of skin, by colour: red goes deepest.
_SKIN_WRAP = np.array([0.32, 0.16, 0.12], np.float32)


@dataclass(frozen=True)
class Rendering:
    """A frame before the sensor: linear-light RGB (H, W, 3), depth (H, W) m, masks (H, W)."""

    image: np.ndarray
    depth_m: np.ndarray
    hand: np.ndarray
    object: np.ndarray


@dataclass(frozen=True)
class _Hits:
    """What rays met: flat pixel numbers (N,), points, geometry and primitive ids, barycentrics."""

    pixels: np.ndarray
    depth: np.ndarray
    points: np.ndarray
    geometry: np.ndarray
    primitive: np.ndarray
    uv: np.ndarray

    def chosen(self, which: np.ndarray) -> "_Hits":
        """Only some of the hits."""
        return _Hits(*(values[which] for values in vars(self).values()))


class SequenceRenderer:
    """Renders the frames of one plan in one set of looks."""

    def __init__(
        self, model: HandModel, surface: HandSurface, plan: SequencePlan, looks: Looks
    ) -> None:
        self._model, self._surface, self._plan, self._looks = model, surface, plan, looks
        self._directions = _ray_directions(plan.camera.intrinsics)
        self._skin = surface.skin(looks.skin, np.random.default_rng(looks.skin_seed))
        self._background()

    def render(self, frame: int, generator: np.random.Generator) -> Rendering:
        """Render one frame; `generator` scatters the shadow rays."""
        plan, pose = self._plan, self._plan.poses[frame]
        vertices_m = pose_frame(self._model, plan, frame).vertices_mm / 1000
        rotation = matrix_from_axis_angle(pose.hand.global_orient_rad)
        sleeve = self._looks.skin
        cuff = sleeve.sleeve_from if sleeve.sleeve is not None else None
        vertices, normals = self._surface.shape(vertices_m, rotation, plan.arm_bend, cuff)
        hand = TriangleMesh(vertices, self._surface.faces, normals, np.zeros((len(vertices), 2)))
        thing = plan.solid.triangles.moved(pose.object_rotation, pose.object_mm / 1000)
        scene = _scene([hand, thing])
        hits = _cast(scene, self._directions, _rectangle([hand, thing], plan.camera))
        hits = hits.chosen(hits.depth < self._depth.ravel()[hits.pixels])
        image = self._shadowed_background(scene, [hand, thing], generator)
        flat = image.reshape(-1, 3)
        for which, mesh in ((_HAND, hand), (_OBJECT, thing)):
            part = hits.chosen(hits.geometry == which)
            flat[part.pixels] = self._shade(which, mesh, part, scene, generator)
        depth = self._depth.copy()
        depth.ravel()[hits.pixels] = hits.depth
        masks = np.zeros((2, depth.size), bool)
        masks[hits.geometry, hits.pixels] = True
        return Rendering(image, depth, *masks.reshape(2, *PHOTO_SIZE_PX))

    def _shade(
        self,
        which: int,
        mesh: TriangleMesh,
        hits: _Hits,
        scene: o3d.t.geometry.RaycastingScene,
        generator: np.random.Generator,
    ) -> np.ndarray:
        """Colours (N, 3) of hits on the hand or the object."""
        if not len(hits.pixels):
            return np.zeros((0, 3), np.float32)
        corners, weights = mesh.faces[hits.primitive], _weights(hits.uv)
        if which == _HAND:
            coarse = self._surface.coarse_count
            open_share = _openness(scene, mesh.vertices[:coarse], mesh.normals[:coarse])
            open_share = self._surface.spread_to_fine(open_share)
            albedo = self._skin[hits.primitive, texel_index(hits.uv)]
            wrap, gloss = _SKIN_WRAP, 0.10
        else:
            open_share = _openness(scene, mesh.vertices, mesh.normals)
            uv = np.einsum("nc,ncd->nd", weights, mesh.uv.astype(np.float32)[corners])
            albedo = sample(self._looks.print, uv * _PRINT_TEXELS_PER_M)
            wrap, gloss = np.zeros(3, np.float32), self._looks.gloss
        normals = np.einsum("nc,ncd->nd", weights, mesh.normals.astype(np.float32)[corners])
        openness = (open_share.astype(np.float32)[corners] * weights).sum(1)
        towards = -hits.points
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        normals *= np.where((normals * towards).sum(1, keepdims=True) < -0.2, -1, 1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        light = self._looks.ambient(normals) * openness[:, None]
        shine = np.zeros(len(albedo), np.float32)
        for lamp in self._looks.lamps:
            lit = self._lit(lamp, hits, normals, scene, generator)
            cosine = (normals @ lamp.direction)[:, None]
            diffuse = np.clip((cosine + wrap) / (1 + wrap), 0, 1) * lit[:, None]
            light += diffuse * lamp.colour
            half = towards + lamp.direction
            half /= np.linalg.norm(half, axis=1, keepdims=True)
            shine += np.clip((normals * half).sum(1), 0, 1) ** 24 * lit * lamp.colour.mean()
        return albedo * light + (gloss * shine * openness)[:, None]

    def _lit(
        self,
        lamp: Light,
        hits: _Hits,
        normals: np.ndarray,
        scene: o3d.t.geometry.RaycastingScene,
        generator: np.random.Generator,
    ) -> np.ndarray:
        """How much of a lamp (N,) reaches hits: one scattered ray each, smoothed in the picture."""
        if not lamp.casts_shadow:
            return np.ones(len(hits.pixels), np.float32)
        facing = normals @ lamp.direction > 0
        origins = hits.points[facing] + normals[facing] * np.float32(0.0012)
        blocked = _blocked(scene, origins, lamp.scattered(len(origins), generator))
        lit = np.ones(len(hits.pixels), np.float32)
        lit[facing] = 1 - blocked
        return _smoothed(lit, hits.pixels, 1.2)

    def _shadowed_background(
        self,
        scene: o3d.t.geometry.RaycastingScene,
        meshes: list[TriangleMesh],
        generator: np.random.Generator,
    ) -> np.ndarray:
        """The empty scene (H, W, 3), darkened where the hand and the object take its light."""
        points = np.concatenate([mesh.vertices for mesh in meshes])
        centre = (points.min(0) + points.max(0)) / 2
        radius = np.linalg.norm(points - centre, axis=1).max()
        image = self._lit_by_sky.copy()
        sky = Light(self._plan.table.up.astype(np.float32), np.ones(3, np.float32), True, 0.55)
        shade = self._shadow(scene, sky, centre, radius, 0.25, generator)
        image *= 1 - 0.75 * shade[..., None]
        for lamp, lit in zip(self._looks.lamps, self._lit_by_lamp, strict=True):
            if not lamp.casts_shadow:
                image += lit
                continue
            shade = self._shadow(scene, lamp, centre, radius, 1.5, generator)
            image += lit * (1 - shade[..., None])
        return image

    def _shadow(
        self,
        scene: o3d.t.geometry.RaycastingScene,
        lamp: Light,
        centre: np.ndarray,
        radius: float,
        reach_m: float,
        generator: np.random.Generator,
    ) -> np.ndarray:
        """Share (H, W) of the lamp's light that the scene keeps from the background."""
        points = self._points_half
        offset = centre.astype(np.float32) - points
        ahead = offset @ lamp.direction
        aside = np.linalg.norm(offset, axis=-1) ** 2 - ahead**2
        spread = radius + lamp.spread * np.clip(ahead, 0, reach_m)
        near = (aside < spread**2) & (ahead > -radius) & (ahead < reach_m + radius)
        shadow = np.zeros(points.shape[:2], np.float32)
        origins = points[near] + lamp.direction * np.float32(0.002)
        directions = lamp.scattered(len(origins), generator)
        shadow[near] = _blocked(scene, origins, directions, reach_m)
        shadow = cv2.GaussianBlur(shadow, (0, 0), 1.5 + 4 * lamp.spread)
        return cv2.resize(shadow, PHOTO_SIZE_PX[::-1], interpolation=cv2.INTER_LINEAR)

    def _background(self) -> None:
        """Trace and light table, wall and clutter once."""
        plan, looks = self._plan, self._looks
        meshes = [_table_mesh(plan.table), _wall_mesh(looks.wall_distance_m, plan.table)]
        things = [p.solid.triangles.moved(p.rotation, p.translation_m) for p in plan.clutter]
        meshes += things
        textures = [(looks.table, _TABLE_TEXELS_PER_M), (looks.wall, _WALL_TEXELS_PER_M)]
        textures += [(t, _PRINT_TEXELS_PER_M) for t in looks.clutter_prints]
        scene = _scene(meshes)
        hits = _cast(scene, self._directions, (0, 0, *PHOTO_SIZE_PX[::-1]))
        normals = np.zeros((len(hits.pixels), 3), np.float32)
        albedo = np.full((len(hits.pixels), 3), 0.5, np.float32)
        weights = _weights(hits.uv)
        for number, (mesh, (texture, scale)) in enumerate(zip(meshes, textures, strict=True)):
            at = hits.geometry == number
            corners = mesh.faces[hits.primitive[at]]
            uv = np.einsum("nc,ncd->nd", weights[at], mesh.uv.astype(np.float32)[corners])
            albedo[at] = sample(texture, uv * scale)
            normals[at] = np.einsum("nc,ncd->nd", weights[at], mesh.normals[corners])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        scatter = np.random.default_rng(looks.skin_seed + 1)
        clutter = _scene(things)  # a wall that took the light from the table would look wrong
        self._lit_by_sky = self._picture(hits.pixels, albedo * looks.ambient(normals))
        self._lit_by_lamp = []
        for lamp in looks.lamps:
            strength = np.clip(normals @ lamp.direction, 0, 1)
            strength = strength * self._lit(lamp, hits, normals, clutter, scatter)
            self._lit_by_lamp.append(
                self._picture(hits.pixels, albedo * strength[:, None] * lamp.colour)
            )
        self._depth = self._picture(hits.pixels, hits.depth, empty=np.inf)
        # Half-size points for the shadows: pixel k of the half picture is full pixel 2 k + 1/2.
        points = self._directions * np.minimum(self._depth, 10)[..., None]
        self._points_half = np.ascontiguousarray(points[::2, ::2])

    @staticmethod
    def _picture(pixels: np.ndarray, values: np.ndarray, empty: float = 0.4) -> np.ndarray:
        out = np.full((PHOTO_SIZE_PX[0] * PHOTO_SIZE_PX[1], *values.shape[1:]), empty, np.float32)
        out[pixels] = values
        return out.reshape(*PHOTO_SIZE_PX, *values.shape[1:])


def _ray_directions(intrinsics: np.ndarray) -> np.ndarray:
    """Directions (H, W, 3) with z = 1, so that the hit distance is depth."""
    height, width = PHOTO_SIZE_PX
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    x = (u - intrinsics[0, 2]) / intrinsics[0, 0]
    y = (v - intrinsics[1, 2]) / intrinsics[1, 1]
    return np.stack([x, y, np.ones_like(x)], -1).astype(np.float32)


def _scene(meshes: list[TriangleMesh]) -> o3d.t.geometry.RaycastingScene:
    """An Embree scene on one thread; geometry ids are the meshes' numbers."""
    scene = o3d.t.geometry.RaycastingScene(nthreads=1)
    for mesh in meshes:
        scene.add_triangles(
            o3d.core.Tensor(np.ascontiguousarray(mesh.vertices, np.float32)),
            o3d.core.Tensor(np.ascontiguousarray(mesh.faces, np.uint32)),
        )
    return scene


def _rectangle(meshes: list[TriangleMesh], camera) -> tuple[int, int, int, int]:
    """The pixels (x1, y1, x2, y2), ends excluded, that the meshes may cover."""
    height, width = PHOTO_SIZE_PX
    points = np.concatenate([mesh.vertices for mesh in meshes])
    if points[:, 2].min() < 0.05:  # something reaches past the camera
        return 0, 0, width, height
    pixels = camera.project(points)
    x1, y1 = np.clip(np.floor(pixels.min(0)) - 1, 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(pixels.max(0)) + 2, 0, [width, height]).astype(int)
    return int(x1), int(y1), int(x2), int(y2)


def _cast(scene, directions: np.ndarray, rectangle: tuple[int, int, int, int]) -> _Hits:
    """Cast the rays of a rectangle from the camera's centre."""
    x1, y1, x2, y2 = rectangle
    inside = directions[y1:y2, x1:x2].reshape(-1, 3)
    if not len(inside):
        empty = np.zeros(0, np.int64)
        none = np.zeros(0, np.float32)
        return _Hits(empty, none, np.zeros((0, 3), np.float32), empty, empty, np.zeros((0, 2)))
    rays = np.zeros((len(inside), 6), np.float32)
    rays[:, 3:] = inside
    found = scene.cast_rays(o3d.core.Tensor(rays))
    depth = found["t_hit"].numpy()
    hit = np.flatnonzero(np.isfinite(depth))
    rows, columns = np.divmod(hit, x2 - x1)
    return _Hits(
        (rows + y1) * PHOTO_SIZE_PX[1] + columns + x1,
        depth[hit],
        inside[hit] * depth[hit, None],
        found["geometry_ids"].numpy()[hit].astype(np.int64),
        found["primitive_ids"].numpy()[hit].astype(np.int64),
        found["primitive_uvs"].numpy()[hit],
    )


def _blocked(scene, origins, directions, reach_m: float = np.inf) -> np.ndarray:
    """Whether (N,) something lies on the way, as float32."""
    if not len(origins):
        return np.zeros(0, np.float32)
    rays = np.concatenate([origins, directions], 1).astype(np.float32)
    blocked = scene.test_occlusions(o3d.core.Tensor(rays), tnear=0.0, tfar=float(reach_m))
    return blocked.numpy().astype(np.float32)


def _openness(scene, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Share (V,) of the sky over each vertex that nothing near hides: ambient occlusion."""
    turn = 2.399963 * np.arange(_OCCLUSION_RAYS)  # the golden angle spreads them evenly
    height = np.sqrt(1 - (np.arange(_OCCLUSION_RAYS) + 0.5) / _OCCLUSION_RAYS)
    flat = np.sqrt(1 - height**2)
    pattern = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], -1)
    helper = np.where(np.abs(normals[:, :1]) > 0.8, [[0, 1.0, 0]], [[1.0, 0, 0]])
    first = np.cross(normals, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    axes = np.stack([first, np.cross(normals, first), normals], 1)
    directions = pattern @ axes
    origins = np.repeat((vertices + normals * 0.0015)[:, None], _OCCLUSION_RAYS, axis=1)
    blocked = _blocked(scene, origins.reshape(-1, 3), directions.reshape(-1, 3), _OCCLUSION_REACH_M)
    return 1 - 0.85 * blocked.reshape(len(vertices), -1).mean(1)


def _smoothed(values: np.ndarray, pixels: np.ndarray, sigma_px: float) -> np.ndarray:
    """Blur values (N,) at flat pixels among themselves, not across the outline."""
    rows, columns = np.divmod(pixels, PHOTO_SIZE_PX[1])
    top, left = rows.min(), columns.min()
    size = (rows.max() - top + 1, columns.max() - left + 1)
    both = np.zeros((*size, 2), np.float32)
    both[rows - top, columns - left, 0] = values
    both[rows - top, columns - left, 1] = 1
    both = cv2.GaussianBlur(both, (0, 0), sigma_px)
    at = both[rows - top, columns - left]
    return at[:, 0] / at[:, 1]


def _weights(uv: np.ndarray) -> np.ndarray:
    """Barycentric weights (N, 3) of Embree's (u, v)."""
    return np.stack([1 - uv[:, 0] - uv[:, 1], uv[:, 0], uv[:, 1]], -1).astype(np.float32)


def _table_mesh(table) -> TriangleMesh:
    axes = table.axes()
    foot = table.up * table.height_m
    corners = np.array([[-3, -1.5], [3, -1.5], [3, 3.5], [-3, 3.5]])
    vertices = foot + corners[:, :1] * axes[:, 0] + corners[:, 1:] * axes[:, 1]
    return _quad(vertices, table.up, corners)


def _wall_mesh(distance_m: float, table) -> TriangleMesh:
    """A wall that stands on the table's far side, upright with it."""
    axes = table.axes()
    corners = np.array([[-4, -4], [4, -4], [4, 4], [-4, 4.0]])
    foot = np.array([0, 0, distance_m])
    vertices = foot + corners[:, :1] * axes[:, 0] + corners[:, 1:] * axes[:, 2]
    return _quad(vertices, -axes[:, 1], corners * (1, -1))


def _quad(vertices: np.ndarray, normal: np.ndarray, uv: np.ndarray) -> TriangleMesh:
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return TriangleMesh(vertices, faces, np.tile(normal, (4, 1)), uv.astype(float))
