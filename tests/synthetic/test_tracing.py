"""Rays, outlines and the sensor, on scenes whose answer is known."""

import numpy as np
import pytest

from core.geometry.camera import Camera
from core.synthetic.appearance import CameraLooks, Light
from core.synthetic.sensor import Sensor
from core.synthetic.solids import TriangleMesh
from core.synthetic.surface import TEXELS, texel_centres, texel_index
from core.synthetic.tracing import (
    PHOTO_SIZE_PX,
    look,
    make_scene,
    pixels_over,
    ray_directions,
)

CAMERA = Camera(np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1.0]]))
EVERY_PIXEL = np.arange(PHOTO_SIZE_PX[0] * PHOTO_SIZE_PX[1])


def plate(corners_px, depth_m: float = 0.6) -> TriangleMesh:
    """A rectangle facing the camera with its corners at given pixels."""
    (x1, y1), (x2, y2) = corners_px
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], float)
    vertices = CAMERA.unproject(corners, np.full(4, depth_m))
    return TriangleMesh(vertices, np.array([[0, 1, 2], [0, 2, 3]]), np.zeros((4, 3)), corners)


def coverage(mesh: TriangleMesh) -> np.ndarray:
    _, samples = look(make_scene([mesh]), ray_directions(CAMERA.intrinsics), EVERY_PIXEL, None)
    image = np.zeros((*PHOTO_SIZE_PX, 1), np.float32)
    samples.add_to(image, np.ones((len(samples.pixels), 1), np.float32))
    return image[..., 0]


@pytest.mark.parametrize("corner", [(100.0, 80.0), (100.3, 80.6), (99.5, 80.5)])
def test_outlines_are_placed_to_a_fraction_of_a_pixel(corner):
    """The covered area's middle is the projected middle: pixel centres are at integers."""
    start = np.array(corner)
    covered = coverage(plate((start, start + (24.4, 17.7))))
    y, x = np.indices(covered.shape)
    middle = np.array([(covered * x).sum(), (covered * y).sum()]) / covered.sum()
    assert np.abs(middle - (start + (12.2, 8.85))).max() < 0.13  # outlines are sampled in quarters
    assert covered.sum() == pytest.approx(24.4 * 17.7, rel=0.02)
    assert covered.max() <= 1 + 1e-6


def test_depth_belongs_to_the_pixel_centre():
    tilted = plate(((150, 120), (400, 300)))
    tilted.vertices[:2, 2] += 0.2  # x and y stay: a plane all the same
    centres, _ = look(make_scene([tilted]), ray_directions(CAMERA.intrinsics), EVERY_PIXEL, None)
    pixels = np.stack([centres.pixels % 640, centres.pixels // 640], -1)
    rays = CAMERA.unproject(pixels, np.ones(len(pixels)))
    a, b, c = tilted.vertices[:3]
    normal = np.cross(b - a, c - a)
    depth = (a @ normal) / (rays @ normal)
    assert np.abs(centres.points[:, 2] - depth).max() < 1e-5


def test_nearer_things_hide():
    mesh = plate(((100, 100), (140, 140)), 0.6)
    wall = np.full(PHOTO_SIZE_PX, 0.7, np.float32)
    wall[:, :120] = 0.5
    directions = ray_directions(CAMERA.intrinsics)
    centres, _ = look(make_scene([mesh]), directions, EVERY_PIXEL, wall)
    assert (centres.pixels % 640 >= 120).all() and len(centres.pixels) > 700


def test_outlines_contain_what_they_surround():
    mesh = plate(((-30, 100), (60, 470)))
    directions = ray_directions(CAMERA.intrinsics)
    everything, _ = look(make_scene([mesh]), directions, EVERY_PIXEL, None)
    chosen = pixels_over([mesh.vertices], CAMERA)
    assert np.isin(everything.pixels, chosen).all()
    assert len(chosen) < 1.3 * len(everything.pixels)


def test_texels_and_their_index_agree():
    u, v = texel_centres()
    inside = u + v < 1
    index = texel_index(np.stack([u, v], -1))
    assert (index[inside] == np.flatnonzero(inside)).all()
    assert inside.sum() == TEXELS**2


def test_lamp_points_average_to_its_middle():
    direction = np.array([0.3, -0.8, -0.52]) / np.linalg.norm([0.3, -0.8, -0.52])
    lamp = Light(direction.astype(np.float32), np.ones(3, np.float32), True, 0.1)
    rows, columns = np.divmod(np.arange(25), 5)
    rays = lamp.scattered(rows, columns, tile=5)
    assert len(np.unique(rays, axis=0)) == 25
    assert np.abs(rays.mean(0) - direction).max() < 0.01
    assert np.linalg.norm(rays - direction, axis=1).max() <= 0.1 + 1e-6


def looks(**changes) -> CameraLooks:
    plain = {"gains": np.ones(3, np.float32), "gamma": 1.0, "focus_sigma_px": 0.8}
    plain |= {"shutter": 0.0, "noise": 0.0}
    return CameraLooks(**(plain | changes))


@pytest.mark.parametrize("velocity", [(0.0, 0.0), (14.0, 0.0), (-6.0, 9.0)])
def test_blur_leaves_things_where_they_are(velocity):
    image = np.zeros((*PHOTO_SIZE_PX, 3), np.float32)
    image[200:205, 300:305] = 0.7
    sensor = Sensor(looks(shutter=1.0), np.random.default_rng(0))
    photo = sensor.photo(image, np.array(velocity), np.random.default_rng(1)).astype(float)[..., 0]
    y, x = np.indices(photo.shape)
    middle = (photo * x).sum() / photo.sum(), (photo * y).sum() / photo.sum()
    assert np.abs(np.subtract(middle, (302, 202))).max() < 0.1
    spread = np.sqrt((photo * (x - 302) ** 2).sum() / photo.sum())
    assert (spread > 3) == (abs(velocity[0]) > 10)


def test_depth_noise_is_small_and_shadows_are_holes():
    depth = np.full(PHOTO_SIZE_PX, 1.0, np.float32)
    depth[100:300, 200:400] = 0.5
    depth[0, :] = np.inf
    sensor = Sensor(looks(), np.random.default_rng(0))
    measured = sensor.depth_m(depth, 614.0, np.random.default_rng(1))
    assert (measured[0] == 0).all()
    inside = measured[110:290, 230:390]
    assert np.abs(inside[inside > 0] - 0.5).max() < 0.003
    assert (inside == 0).mean() < 0.05
    assert (measured[110:290, 188:199] == 0).all(), "left of an edge the second eye sees nothing"
    assert (measured[110:290, 404:420] == 0).mean() < 0.05
