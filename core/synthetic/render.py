"""Photos and depth of a planned sequence, by Embree rays.

The camera does not move, so table, wall and clutter are traced and lit once per sequence; a frame
traces the hand, its arm and the object only inside their rectangle of the picture, and the shadows
they cast on the rest. Metres, camera axes, float32; colours are linear light.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel
from core.synthetic.appearance import Light, Looks
from core.synthetic.sequence import SequencePlan, pose_frame
from core.synthetic.solids import TriangleMesh
from core.synthetic.staging import Table
from core.synthetic.surface import HandSurface, texel_index
from core.synthetic.textures import sample
from core.synthetic.tracing import (
    PHOTO_SIZE_PX,
    Hits,
    Scene,
    blocked,
    look,
    make_scene,
    openness,
    pixels_over,
    ray_directions,
    smoothed,
)

_TABLE_TEXELS_PER_M = 500
_WALL_TEXELS_PER_M = 180
_PRINT_TEXELS_PER_M = 2400
_HAND, _OBJECT = 0, 1
#: How far light creeps round the edge of skin, by colour: red goes deepest.
_SKIN_WRAP = np.array([0.32, 0.16, 0.12], np.float32)
_SKIN_GLOSS = 0.12
#: Soft shadows come from a tile of lamp points as large as the square that averages them.
_NEAR_TILE, _FAR_TILE = 3, 5
#: Things farther than this keep little of the sky's light from the table.
_SKY_REACH_M, _LAMP_REACH_M = 0.25, 1.5
#: How dark the sky's shadow gets: light that bounces about fills it.
_SKY_SHADE = 0.75


@dataclass(frozen=True)
class Rendering:
    """A frame before the sensor: linear-light RGB (H, W, 3), depth (H, W) m, masks (H, W)."""

    image: np.ndarray
    depth_m: np.ndarray
    hand: np.ndarray
    object: np.ndarray


class SequenceRenderer:
    """Renders the frames of one plan in one set of looks."""

    def __init__(
        self, model: HandModel, surface: HandSurface, plan: SequencePlan, looks: Looks
    ) -> None:
        self._model, self._surface, self._plan, self._looks = model, surface, plan, looks
        self._directions = ray_directions(plan.camera.intrinsics)
        self._skin = surface.skin(looks.skin, np.random.default_rng(looks.skin_seed))
        self._sky = Light(plan.table.up.astype(np.float32), np.ones(3, np.float32), True, 0.55)
        self._light_background()

    def render(self, frame: int) -> Rendering:
        """Render one frame."""
        meshes = [self._hand(frame), self._object(frame)]
        scene = make_scene(meshes)
        clouds = [*self._surface.hand_and_arm(meshes[0].vertices), meshes[1].vertices]
        pixels = pixels_over(clouds, self._plan.camera)
        centres, samples = look(scene, self._directions, pixels, self._depth)
        depth = self._depth.copy()
        depth.ravel()[centres.pixels] = centres.points[:, 2]
        shown = centres.picture(centres.geometry, empty=-1)
        image = self._shadowed_background(scene, np.concatenate(clouds))
        samples.cover(image)
        for which, mesh in enumerate(meshes):
            part = samples.chosen(samples.geometry == which)
            if len(part.pixels):
                part.add_to(image, self._shade(which, mesh, part, scene))
        return Rendering(image, depth, shown == _HAND, shown == _OBJECT)

    def _hand(self, frame: int) -> TriangleMesh:
        plan, skin = self._plan, self._looks.skin
        rotation = matrix_from_axis_angle(plan.poses[frame].hand.global_orient_rad)
        vertices_m = pose_frame(self._model, plan, frame).vertices_mm / 1000
        cuff = skin.sleeve_from if skin.sleeve is not None else None
        vertices, normals = self._surface.shape(vertices_m, rotation, plan.arm_bend, cuff)
        return TriangleMesh(vertices, self._surface.faces, normals, np.zeros((len(vertices), 2)))

    def _object(self, frame: int) -> TriangleMesh:
        pose = self._plan.poses[frame]
        return self._plan.solid.triangles.moved(pose.object_rotation, pose.object_mm / 1000)

    def _shade(self, which: int, mesh: TriangleMesh, hits: Hits, scene: Scene) -> np.ndarray:
        """Colours (N, 3) of hits on the hand or the object."""
        if which == _HAND:
            coarse = self._surface.coarse_count
            open_share = openness(scene, mesh.vertices[:coarse], mesh.normals[:coarse])
            open_share = self._surface.spread_to_fine(open_share)
            albedo = self._skin[hits.primitive, texel_index(hits.barycentric[:, 1:])]
            wrap, gloss = _SKIN_WRAP, _SKIN_GLOSS
        else:
            open_share = openness(scene, mesh.vertices, mesh.normals)
            uv = hits.interpolated(mesh.faces, mesh.uv)
            albedo = sample(self._looks.print, uv * _PRINT_TEXELS_PER_M)
            wrap, gloss = np.zeros(3, np.float32), self._looks.gloss
        open_share = hits.interpolated(mesh.faces, open_share[:, None])
        towards = -hits.points / np.linalg.norm(hits.points, axis=1, keepdims=True)
        normals = hits.interpolated(mesh.faces, mesh.normals)
        normals *= np.where((normals * towards).sum(1, keepdims=True) < -0.2, -1, 1)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        light = self._looks.ambient(normals) * open_share
        shine = np.zeros((len(albedo), 1), np.float32)
        for lamp in self._looks.lamps:
            lit = _lit(lamp, hits, normals, scene)[:, None]
            cosine = (normals @ lamp.direction)[:, None]
            light += np.clip((cosine + wrap) / (1 + wrap), 0, 1) * lit * lamp.colour
            half = towards + lamp.direction
            half /= np.linalg.norm(half, axis=1, keepdims=True)
            mirrored = np.clip((normals * half).sum(1, keepdims=True), 0, 1) ** 24
            shine += mirrored * lit * lamp.colour.mean()
        return albedo * light + gloss * shine * open_share

    def _shadowed_background(self, scene: Scene, points: np.ndarray) -> np.ndarray:
        """The empty scene (H, W, 3), darkened where hand and object (P, 3) take its light."""
        centre = (points.min(0) + points.max(0)) / 2
        ball = centre.astype(np.float32), float(np.linalg.norm(points - centre, axis=1).max())
        image = self._lit.copy()
        lights = [(self._sky, self._lit_by_sky, _SKY_SHADE, _SKY_REACH_M)]
        lights += [(lamp, lit, 1.0, _LAMP_REACH_M) for lamp, lit in self._lit_by_lamp]
        for lamp, lit, share, reach_m in lights:
            shadow = self._shadow(scene, lamp, ball, reach_m)
            rows, columns = np.flatnonzero(shadow.any(1)), np.flatnonzero(shadow.any(0))
            if len(rows):
                dark = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                image[dark] -= lit[dark] * (shadow[dark][..., None] * np.float32(share))
        return image

    def _shadow(
        self, scene: Scene, lamp: Light, ball: tuple[np.ndarray, float], reach_m: float
    ) -> np.ndarray:
        """Share (H, W) of the lamp's light that the scene keeps from the background.

        Only rays that can meet the `ball` (centre, radius) round the scene are traced.
        """
        points, (centre, radius) = self._points_half, ball
        offset = centre - points
        ahead = offset @ lamp.direction
        aside = (offset * offset).sum(-1) - ahead**2
        spread = radius + lamp.spread * np.clip(ahead, 0, reach_m)
        near = (aside < spread**2) & (ahead > -radius) & (ahead < reach_m + radius)
        shadow = np.zeros(points.shape[:2], np.float32)
        origins = points[near] + lamp.direction * np.float32(0.002)
        rays = lamp.scattered(*np.nonzero(near), tile=_FAR_TILE)
        shadow[near] = blocked(scene, origins, rays, reach_m)
        shadow = cv2.GaussianBlur(cv2.blur(shadow, (_FAR_TILE, _FAR_TILE)), (0, 0), 0.8)
        return cv2.resize(shadow, PHOTO_SIZE_PX[::-1], interpolation=cv2.INTER_LINEAR)

    def _light_background(self) -> None:
        """Trace and light table, wall and clutter once."""
        plan, looks = self._plan, self._looks
        clutter = [p.solid.triangles.moved(p.rotation, p.translation_m) for p in plan.clutter]
        meshes = [_table_mesh(plan.table), _wall_mesh(looks.wall_distance_m, plan.table), *clutter]
        textures = [(looks.table, _TABLE_TEXELS_PER_M), (looks.wall, _WALL_TEXELS_PER_M)]
        textures += [(print_, _PRINT_TEXELS_PER_M) for print_ in looks.clutter_prints]
        every_pixel = np.arange(PHOTO_SIZE_PX[0] * PHOTO_SIZE_PX[1])
        centres, hits = look(make_scene(meshes), self._directions, every_pixel, None)
        normals = np.zeros((len(hits.pixels), 3), np.float32)
        albedo = np.zeros((len(hits.pixels), 3), np.float32)
        for number, (mesh, (texture, scale)) in enumerate(zip(meshes, textures, strict=True)):
            at = hits.geometry == number
            part = hits.chosen(at)
            albedo[at] = sample(texture, part.interpolated(mesh.faces, mesh.uv) * scale)
            normals[at] = part.interpolated(mesh.faces, mesh.normals)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        # Only clutter casts shadows: a wall that took the lamp from the table would look wrong.
        casters = make_scene(clutter)
        self._lit_by_sky = np.zeros((*PHOTO_SIZE_PX, 3), np.float32)
        hits.add_to(self._lit_by_sky, albedo * looks.ambient(normals))
        self._lit, self._lit_by_lamp = self._lit_by_sky.copy(), []
        for lamp in looks.lamps:
            strength = np.clip(normals @ lamp.direction, 0, 1) * _lit(lamp, hits, normals, casters)
            picture = np.zeros_like(self._lit)
            hits.add_to(picture, albedo * strength[:, None] * lamp.colour)
            self._lit += picture
            if lamp.casts_shadow:
                self._lit_by_lamp.append((lamp, picture))
        self._depth = centres.picture(centres.points[:, 2], empty=np.inf)
        seen = self._directions * np.minimum(self._depth, 10)[..., None]
        self._points_half = np.ascontiguousarray(seen[::2, ::2])


def _lit(lamp: Light, hits: Hits, normals: np.ndarray, scene: Scene) -> np.ndarray:
    """How much of a lamp (N,) reaches hits."""
    lit = np.ones(len(hits.pixels), np.float32)
    if not lamp.casts_shadow:
        return lit
    facing = normals @ lamp.direction > 0
    origins = hits.points[facing] + normals[facing] * np.float32(0.0012)
    rows, columns = np.divmod(hits.pixels[facing], PHOTO_SIZE_PX[1])
    rays = lamp.scattered(rows, columns, tile=_NEAR_TILE)
    lit[facing] = 1 - blocked(scene, origins, rays)
    return smoothed(lit, hits.pixels, _NEAR_TILE)


def _table_mesh(table: Table) -> TriangleMesh:
    axes = table.axes()
    corners = np.array([[-3, -1.5], [3, -1.5], [3, 3.5], [-3, 3.5]])
    foot = table.up * table.height_m
    return _quad(foot + corners @ axes[:, :2].T, table.up, corners)


def _wall_mesh(distance_m: float, table: Table) -> TriangleMesh:
    """A wall upright on the table's plane, crossing the optical axis at a distance."""
    axes = table.axes()
    corners = np.array([[-4, -4], [4, -4], [4, 4], [-4, 4.0]])
    foot = np.array([0, 0, distance_m])
    return _quad(foot + corners @ axes[:, [0, 2]].T, -axes[:, 1], corners * (1, -1))


def _quad(vertices: np.ndarray, normal: np.ndarray, uv: np.ndarray) -> TriangleMesh:
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return TriangleMesh(vertices, faces, np.tile(normal, (4, 1)), uv.astype(float))
