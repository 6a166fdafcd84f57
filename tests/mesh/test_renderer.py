"""The renderer against independent geometry: a hand-made ray-triangle test, cv2's projection."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support_samples import make_sample, stand_in_hand

from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.picture import outlines_of
from utnet_viewer.mesh.renderer import (
    BAND_RAYS,
    PointCloud,
    Renderer,
    Subject,
    _in_rectangles,
    _per_face,
)
from utnet_viewer.mesh.surface import Surface, Topology

WIDTH, HEIGHT = 160, 120
CLAY = np.array([0.8, 0.7, 0.6], np.float32)


@pytest.fixture(scope="module")
def topology():
    model = stand_in_hand()
    return Topology(model.faces, len(model.template_m))


@pytest.fixture(scope="module")
def hand(topology):
    vertices_mm = make_sample(seed=3).truth.vertices_mm
    return Surface(topology, vertices_mm - vertices_mm.mean(0))


@pytest.fixture(scope="module")
def camera(hand):
    return OrbitCamera().orbit(60, 40).fitted(hand.vertices_mm, WIDTH, HEIGHT)


def _clay(hand):
    return Subject(hand, CLAY, hand.openness)


def _moller_trumbore(origin, direction, corners):
    """Nearest distance along one ray over triangles (n, 3, 3); inf for none."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    p = np.cross(direction, ac)
    determinant = np.einsum("ij,ij->i", ab, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = origin - a
        u = np.einsum("ij,ij->i", s, p) / determinant
        q = np.cross(s, ab)
        v = q @ direction / determinant
        t = np.einsum("ij,ij->i", q, ac) / determinant
    inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
    return t[inside].min(initial=np.inf)


def test_depth_of_every_pixel_is_that_of_the_analytic_ray(hand, camera):
    renderer = Renderer(_clay(hand), camera, WIDTH, HEIGHT)
    raster = renderer.draw()
    corners = hand.vertices_mm.astype(float)[hand.topology.fine_index]
    hits = grazing = 0
    for y, x in np.argwhere(renderer._needed)[::41]:
        ray = camera.ray(x + 0.5, y + 0.5, WIDTH, HEIGHT).astype(float)
        expected = _moller_trumbore(ray[:3], ray[3:], corners)
        drawn = raster.depth_mm[y, x]
        if np.isinf(expected) != np.isinf(drawn):
            grazing += 1
            continue
        hits += np.isfinite(expected)
        if np.isfinite(expected):
            assert drawn == pytest.approx(expected, abs=0.02)
    assert hits > 50
    assert grazing <= 1  # rounding may decide about a ray along the silhouette


def test_colours_are_mixed_by_the_distance_to_the_corners(hand, camera):
    """Every vertex gets a colour linear in its place: so must every pixel then."""
    renderer = Renderer(_clay(hand), camera, WIDTH, HEIGHT)
    low, high = hand.vertices_mm.min(0), hand.vertices_mm.max(0)
    by_place = 255 * (hand.vertices_mm - low) / (high - low)
    opaque = np.full((len(by_place), 1), 255)
    colours = np.concatenate([by_place, opaque], 1).astype(np.float32)
    renderer._face_colours = _per_face(hand, colours)
    raster = renderer.draw()
    for y, x in np.argwhere(raster.covered)[::53]:
        ray = camera.ray(x + 0.5, y + 0.5, WIDTH, HEIGHT)
        point = ray[:3] + raster.depth_mm[y, x] * ray[3:]
        expected = 255 * (point - low) / (high - low)
        np.testing.assert_allclose(raster.image[y, x, :3], expected, atol=1.5)


def test_silhouette_is_the_projected_triangles(hand, camera):
    raster = Renderer(_clay(hand), camera, WIDTH, HEIGHT).draw()
    rotation, focal = camera.rotation, camera.focal_px(HEIGHT)
    intrinsics = np.array([[focal, 0, WIDTH / 2 - 0.5], [0, focal, HEIGHT / 2 - 0.5], [0, 0, 1]])
    turn, _ = cv2.Rodrigues(rotation)
    pixels, _ = cv2.projectPoints(
        hand.vertices_mm.astype(float), turn, -rotation @ camera.eye_mm, intrinsics, None
    )
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    for face in hand.topology.fine_index:
        cv2.fillConvexPoly(expected, np.round(pixels[face, 0] * 16).astype(int), 1, shift=4)
    drawn = np.isfinite(raster.depth_mm)
    assert drawn.sum() > 1500
    # fillConvexPoly also fills the pixels its edge touches: one pixel more all round, which closes
    # the narrowest gaps between two fingers.
    assert not (drawn & ~expected.astype(bool)).any()
    inner = cv2.erode(expected, np.ones((3, 3), np.uint8)).astype(bool)
    assert (inner & ~drawn).sum() <= 5


def test_no_ray_that_would_hit_is_left_out(hand, camera):
    """The cells that decide where rays go must never cut off a part of the surface."""
    for shift in (0.0, 60.0, -80.0):  # partly out of the picture as well
        turned = camera.pan(shift, shift / 2, HEIGHT).orbit(shift, 0)
        sparing = Renderer(_clay(hand), turned, 5 * WIDTH, 5 * HEIGHT)  # triangles over many cells
        lavish = Renderer(_clay(hand), turned, 5 * WIDTH, 5 * HEIGHT)
        lavish._needed = np.ones((5 * HEIGHT, 5 * WIDTH), bool)
        assert sparing._needed.mean() < 0.75
        np.testing.assert_array_equal(sparing.draw().depth_mm, lavish.draw().depth_mm)


def test_the_eye_inside_the_hand_is_no_error(hand):
    camera = OrbitCamera(distance_mm=40.0)
    raster = Renderer(_clay(hand), camera, WIDTH, HEIGHT).draw()
    assert raster.image.shape == (HEIGHT, WIDTH, 4)


def test_bands_make_the_same_picture_as_one_go(hand, camera):
    whole = Renderer(_clay(hand), camera, 4 * WIDTH, 4 * HEIGHT).draw()
    banded = Renderer(_clay(hand), camera, 4 * WIDTH, 4 * HEIGHT)
    bands = banded.bands()
    assert len(bands) > 3
    for first, end in bands:
        assert banded._needed[first:end].sum() < 1.1 * BAND_RAYS
        banded.draw(first, end)
    np.testing.assert_array_equal(banded.raster.image, whole.image)
    np.testing.assert_array_equal(banded.raster.depth_mm, whole.depth_mm)


def test_glass_is_faint_and_denser_at_its_rim(hand, camera):
    raster = Renderer(Subject(hand, CLAY, is_glass=True), camera, 2 * WIDTH, 2 * HEIGHT).draw()
    alpha = raster.image[..., 3]
    assert alpha[raster.covered].max() < 100
    inner = cv2.erode(raster.covered.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    rim = raster.covered & ~cv2.erode(raster.covered.astype(np.uint8), np.ones((3, 3))).astype(bool)
    assert alpha[rim].mean() > alpha[inner].mean() + 10


def test_outlines_run_along_the_silhouette(hand, camera):
    raster = Renderer(_clay(hand), camera, 2 * WIDTH, 2 * HEIGHT).draw()
    outlines = outlines_of(raster.covered)
    distance = cv2.distanceTransform(raster.covered.astype(np.uint8), cv2.DIST_L2, 3)
    longest = max(outlines, key=len)
    columns, rows = longest.astype(int).T
    assert len(longest) > 200
    assert np.median(distance[rows, columns]) <= 2
    assert distance[rows, columns].max() < 6


def test_points_are_hidden_behind_the_surface_only(hand, camera):
    forward = camera.rotation[2]
    middle = np.array(camera.target_mm)
    before, behind = middle - 150 * forward, middle + 150 * forward
    red = np.array([[255, 0, 0]], np.uint8)
    for point, is_seen in ((before, True), (behind, False)):
        cloud = PointCloud(point[None], red)
        renderer = Renderer(replace(_clay(hand), cloud=cloud), camera, WIDTH, HEIGHT)
        renderer.draw()
        image = renderer.draw_points().image
        assert (image == [255, 0, 0, 255]).all(-1).any() == is_seen


def test_a_point_lands_where_it_projects(camera):
    point = np.array([[12.0, -7.0, 20.0]])
    cloud = PointCloud(point, np.array([[9, 8, 7]], np.uint8))
    image = Renderer(Subject(cloud=cloud), camera, WIDTH, HEIGHT).draw_points().image
    x, y, _ = camera.project(point, WIDTH, HEIGHT)[0]
    assert tuple(image[int(y), int(x)]) == (9, 8, 7, 255)


def test_halving_takes_the_mean_of_colours_and_the_nearest_depth(hand, camera):
    raster = Renderer(_clay(hand), camera, WIDTH, HEIGHT).draw()
    half = raster.halved()
    quad = raster.image[40:42, 60:62].reshape(-1, 4).astype(float).mean(0)
    np.testing.assert_allclose(half.image[20, 30], quad, atol=1)
    assert half.depth_mm[20, 30] == raster.depth_mm[40:42, 60:62].min()


# --- the surface -----------------------------------------------------------------------------


def test_every_edge_stands_once_in_the_order_of_its_ends(topology):
    sides = np.sort(topology.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, edge_of_side = np.unique(sides, axis=0, return_inverse=True)
    np.testing.assert_array_equal(topology.edges, edges)
    middles = 778 + edge_of_side.reshape(-1, 3)
    np.testing.assert_array_equal(topology.fine_faces.reshape(-1, 4, 3)[:, 3], middles)


def test_refinement_keeps_every_vertex_and_stays_near(topology, hand):
    np.testing.assert_array_equal(hand.vertices_mm[:778], hand.coarse_mm)
    start, end = topology.edges.T
    middles = (hand.coarse_mm[start] + hand.coarse_mm[end]) / 2
    bend = np.linalg.norm(hand.vertices_mm[778:] - middles, axis=1)
    assert 0.05 < bend.mean() < 0.6
    assert bend.max() < 2.5


def test_refined_sphere_is_rounder():
    """Points of a sphere: bent middles lie nearer to it than straight ones."""
    generator = np.random.default_rng(0)
    from scipy.spatial import ConvexHull

    points = generator.normal(size=(300, 3))
    points = 50 * points / np.linalg.norm(points, axis=1, keepdims=True)
    hull = ConvexHull(points)
    outwards = np.einsum("ij,ij->i", hull.equations[:, :3], points[hull.simplices].mean(1)) > 0
    faces = hull.simplices.copy()
    a, b, c = points[faces].transpose(1, 0, 2)
    flip = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c) < 0
    faces[flip] = faces[flip][:, ::-1]
    assert outwards.all()
    sphere = Topology(faces, len(points))
    normals = sphere.normals(points.astype(np.float32))
    assert np.einsum("ij,ij->i", normals, points / 50).min() > 0.9
    fine, _ = sphere.refine(points.astype(np.float32), normals)
    straight = points[sphere.edges].mean(1)
    off_straight = np.abs(np.linalg.norm(straight, axis=1) - 50).mean()
    off_bent = np.abs(np.linalg.norm(fine[300:], axis=1) - 50).mean()
    assert off_bent < 0.5 * off_straight


def test_pick_returns_the_nearest_vertex_under_the_pointer(hand, camera):
    """Against brute force over all vertices, for pixels all over the hand."""
    raster = Renderer(_clay(hand), camera, WIDTH, HEIGHT).draw()
    rows, columns = np.nonzero(np.isfinite(raster.depth_mm))
    checked = agreed = 0
    for x, y in np.stack([columns, rows], 1)[::61]:
        ray = camera.ray(x + 0.5, y + 0.5, WIDTH, HEIGHT)
        hit = hand.pick(ray)
        assert hit.depth_mm == pytest.approx(raster.depth_mm[y, x], abs=0.01)
        distance = np.linalg.norm(hand.coarse_mm - hit.point_mm, axis=1)
        agreed += distance.argmin() == hit.vertex
        assert distance[hit.vertex] < distance.min() + 3  # a long triangle's corner may be farther
        checked += 1
    assert checked > 30
    assert agreed / checked > 0.9


def test_pick_beside_the_hand_is_nothing(hand, camera):
    assert hand.pick(camera.ray(1, 1, WIDTH, HEIGHT)) is None


def test_in_motion_the_hands_own_faces_are_drawn(topology, hand, camera):
    coarse = Surface(topology, hand.coarse_mm, is_fine=False)
    renderer = Renderer(Subject(coarse, CLAY, coarse.openness), camera, WIDTH, HEIGHT)
    raster = renderer.draw()
    corners = coarse.coarse_mm.astype(float)[topology.faces]
    checked = 0
    for y, x in np.argwhere(raster.covered)[::41]:
        ray = camera.ray(x + 0.5, y + 0.5, WIDTH, HEIGHT)
        expected_mm = _moller_trumbore(ray[:3].astype(float), ray[3:].astype(float), corners)
        if np.isfinite(expected_mm):
            assert raster.depth_mm[y, x] == pytest.approx(expected_mm, abs=0.02)
            checked += 1
            picked = coarse.pick(ray)
            distance = np.linalg.norm(coarse.coarse_mm - picked.point_mm, axis=1)
            assert distance[picked.vertex] < distance.min() + 3
    assert checked > 50
    fine = Renderer(_clay(hand), camera, WIDTH, HEIGHT).draw()
    assert (fine.covered ^ raster.covered).sum() < 0.03 * fine.covered.sum()


def test_the_rectangles_of_triangles_are_filled_and_nothing_else():
    points = np.array([[1.2, 1.7], [3.4, 2.1], [2.0, 4.9], [-3.0, 7.0], [0.5, 7.5], [0.2, 30.0]])
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    expected = np.zeros((9, 6), bool)
    expected[1:5, 1:4] = True
    expected[7:, :1] = True  # what lies outside the picture is cut off
    np.testing.assert_array_equal(_in_rectangles(points, faces, 6, 9), expected)


def test_vertices_that_are_not_numbers_are_refused(topology, hand):
    broken = hand.coarse_mm.copy()
    broken[5, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        Surface(topology, broken)


def test_openness_is_low_between_fingers_and_high_outside(hand):
    assert hand.openness.shape == (len(hand.coarse_mm),)
    assert 0 <= hand.openness.min() < 0.7
    assert hand.openness.max() > 0.95
