"""What the mesh view shows: alignments, errors, colours, furniture, and broken hands."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import procrustes
from support_samples import make_sample, stand_in_hand

from core.conventions import WRIST
from core.hand.hand_model import HandMesh
from utnet_viewer.mesh import furniture
from utnet_viewer.mesh.orbit_camera import OrbitCamera
from utnet_viewer.mesh.render_state import TRANSITIONS, Event, Quality, after, resolution
from utnet_viewer.mesh.scene import Alignment, align, build_scene, depth_cloud
from utnet_viewer.mesh.shading import error_colours, rgb, shade
from utnet_viewer.theme import ERROR_COLOURS


@pytest.fixture
def sample():
    return make_sample(seed=5)


def _predicted(sample):
    return HandMesh(sample.prediction.vertices_mm, sample.prediction.joints_mm)


def test_camera_alignment_moves_nothing(sample):
    scene = build_scene(sample, Alignment.CAMERA)
    expected = np.linalg.norm(sample.prediction.vertices_mm - sample.truth.vertices_mm, axis=1)
    np.testing.assert_allclose(scene.vertex_errors_mm, expected, atol=1e-9)
    there = scene.prediction.vertices_mm + scene.anchor_mm
    np.testing.assert_allclose(there, sample.prediction.vertices_mm, atol=1e-9)


def test_root_alignment_brings_the_wrists_together(sample):
    moved = align(_predicted(sample), sample.truth, Alignment.ROOT)
    np.testing.assert_allclose(moved.joints_mm[WRIST], sample.truth.joints_mm[WRIST], atol=1e-9)
    shift = moved.vertices_mm - sample.prediction.vertices_mm
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-9)


def test_procrustes_alignment_is_scipys(sample):
    moved = align(_predicted(sample), sample.truth, Alignment.PROCRUSTES)
    truth = sample.truth.vertices_mm
    unit_truth, unit_moved, _ = procrustes(truth, sample.prediction.vertices_mm)
    size = np.linalg.norm(truth - truth.mean(0))
    np.testing.assert_allclose(moved.vertices_mm, unit_moved * size + truth.mean(0), atol=1e-6)
    assert unit_truth.shape == truth.shape


def test_procrustes_moves_joints_with_the_surface(sample):
    """A rigidly moved and scaled hand comes back onto itself, joints included."""
    truth = sample.truth
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    moved = HandMesh(
        1.2 * truth.vertices_mm @ turn + [30, 5, -9], 1.2 * truth.joints_mm @ turn + [30, 5, -9]
    )
    back = align(moved, truth, Alignment.PROCRUSTES)
    np.testing.assert_allclose(back.vertices_mm, truth.vertices_mm, atol=1e-6)
    np.testing.assert_allclose(back.joints_mm, truth.joints_mm, atol=1e-6)


def test_errors_are_those_of_the_metrics(sample):
    root, aligned = (build_scene(sample, a) for a in (Alignment.ROOT, Alignment.PROCRUSTES))
    np.testing.assert_allclose(root.vertex_errors_mm, sample.metrics.vertex_errors_mm, atol=1e-9)
    expected = sample.metrics.pa_vertex_errors_mm
    np.testing.assert_allclose(aligned.vertex_errors_mm, expected, atol=1e-9)


def test_scene_without_prediction_shows_the_truth():
    scene = build_scene(make_sample(with_prediction=False), Alignment.PROCRUSTES)
    assert scene.prediction is None and scene.vertex_errors_mm is None
    assert scene.reference is scene.truth


def test_evaluation_frame_shows_the_prediction_where_it_is():
    sample = make_sample(evaluation=True)
    scene = build_scene(sample, Alignment.PROCRUSTES)
    assert scene.truth is None and scene.vertex_errors_mm is None
    there = scene.prediction.vertices_mm + scene.anchor_mm
    np.testing.assert_allclose(there, sample.prediction.vertices_mm, atol=1e-9)


def test_nothing_to_show_is_no_scene():
    sample = make_sample(evaluation=True, with_prediction=False)
    assert build_scene(sample, Alignment.CAMERA) is None


def test_a_prediction_of_nan_is_said_and_not_drawn(sample):
    broken = sample.prediction.vertices_mm.copy()
    broken[[3, 9]] = np.nan
    prediction = replace(sample.prediction, vertices_mm=broken)
    scene = build_scene(replace(sample, prediction=prediction), Alignment.PROCRUSTES)
    assert scene.prediction is None
    assert scene.problems == ("The prediction is not drawn: 2 of 778 vertices are not numbers.",)
    assert scene.truth is not None


def test_a_prediction_in_one_point_is_said_and_not_drawn(sample):
    flat = replace(sample.prediction, vertices_mm=np.zeros((778, 3)), joints_mm=np.zeros((21, 3)))
    for alignment in Alignment:
        scene = build_scene(replace(sample, prediction=flat), alignment)
        assert "one point" in scene.problems[0]


def test_depth_points_lie_on_the_measured_depth(sample):
    scene = build_scene(sample, Alignment.CAMERA)
    cloud = depth_cloud(scene)
    frame = sample.frame
    assert 500 < len(cloud.points_mm) <= 13_000
    points_mm = cloud.points_mm + scene.anchor_mm
    pixels = frame.camera.project(points_mm)
    columns, rows = np.round(pixels).astype(int).T
    np.testing.assert_allclose(frame.depth_mm[rows, columns], points_mm[:, 2], rtol=1e-6)
    np.testing.assert_array_equal(frame.image[rows, columns], cloud.colours)
    low = scene.points_mm.min(0)[2] - 61
    assert (cloud.points_mm[:, 2] > low).all()


def test_no_depth_no_points():
    scene = build_scene(make_sample(with_depth=False), Alignment.CAMERA)
    assert depth_cloud(scene) is None


# --- colours ---------------------------------------------------------------------------------


def test_no_error_has_the_first_colour_and_twenty_or_more_the_last():
    first, at_end, beyond = error_colours(np.array([0.0, 20.0, 75.0]))
    np.testing.assert_allclose(first, rgb(ERROR_COLOURS[0]), atol=1e-6)
    np.testing.assert_allclose(at_end, rgb(ERROR_COLOURS[-1]), atol=1e-6)
    np.testing.assert_allclose(beyond, at_end)


def test_colours_between_stops_are_mixed():
    (middle,) = error_colours(np.array([2.5]))
    expected = (rgb(ERROR_COLOURS[0]) + rgb(ERROR_COLOURS[1])) / 2
    np.testing.assert_allclose(middle, expected, atol=1e-6)


def test_the_bar_says_that_it_clamps():
    assert furniture.error_labels()[-1] == (20.0, "≥ 20")
    assert furniture.error_labels()[0] == (0.0, "0")


def test_light_comes_from_the_upper_left():
    normals = np.array([[-0.5, -0.6, -0.62], [0.5, 0.6, -0.62]], np.float32)
    to_eye = np.tile([0, 0, -1.0], (2, 1)).astype(np.float32)
    lit, dark = shade(np.array([0.8, 0.7, 0.6]), normals, to_eye, np.ones(2, np.float32))
    assert lit.mean() > dark.mean() + 30
    creased = shade(np.array([0.8, 0.7, 0.6]), normals, to_eye, np.zeros(2, np.float32))[0]
    assert creased.mean() < lit.mean() - 15


# --- the scale bar ---------------------------------------------------------------------------


@pytest.mark.parametrize("distance_mm", [90.0, 300.0, 450.0, 1200.0, 4000.0])
def test_scale_bar_is_as_long_as_it_says(distance_mm):
    """Two points that far apart at the target's depth are that many pixels apart."""
    camera = OrbitCamera(distance_mm=distance_mm).orbit(70, 30)
    length_mm, width_px = furniture.scale_bar(camera.px_per_mm(480))
    target = np.array(camera.target_mm)
    ends = np.stack([target, target + length_mm * camera.rotation[0]])
    screen = camera.project(ends, 640, 480)
    assert np.linalg.norm(screen[1, :2] - screen[0, :2]) == pytest.approx(width_px)
    assert 40 <= width_px <= 125


def test_scale_bar_chooses_round_lengths():
    assert [furniture.scale_bar(x)[0] for x in (9.0, 4.5, 2.3, 1.0, 0.5)] == [5, 10, 20, 50, 100]


# --- states ----------------------------------------------------------------------------------


def test_the_way_from_a_drag_to_the_finest_picture():
    quality = Quality.REFINED
    for event, expected in (
        (Event.MOVE, Quality.MOVING),
        (Event.MOVE, Quality.MOVING),
        (Event.CHANGE, Quality.MOVING),
        (Event.SETTLE, Quality.STILL),
        (Event.REST, Quality.REFINING),
        (Event.FINISH, Quality.REFINED),
    ):
        quality = after(quality, event)
        assert quality is expected


@pytest.mark.parametrize("quality", Quality)
def test_movement_and_change_are_possible_always(quality):
    assert after(quality, Event.MOVE) is Quality.MOVING
    assert after(quality, Event.CHANGE) in (Quality.STILL, Quality.MOVING)


def test_in_motion_a_large_view_gets_no_more_rays_than_a_small_one():
    small, large = (resolution(Quality.MOVING, *size) for size in ((640, 480), (1920, 1440)))
    assert (small.front, small.behind) == pytest.approx((1 / 2, 1 / 3))
    assert large.front * 1920 == pytest.approx(small.front * 640)
    assert resolution(Quality.STILL, 1920, 1440).front == 1


def test_an_impossible_event_is_refused():
    with pytest.raises(ValueError, match="FINISH cannot happen while STILL"):
        after(Quality.STILL, Event.FINISH)
    assert (Quality.STILL, Event.FINISH) not in TRANSITIONS


def test_every_vertex_belongs_to_a_named_part():
    from utnet_viewer.mesh.subject import SubjectMaker

    parts = SubjectMaker(stand_in_hand()).part_of_vertex
    assert parts.shape == (778,)
    assert parts[744] == 15  # the thumb's tip hangs on its last joint


def test_a_left_hand_s_faces_look_outwards_too():
    from utnet_viewer.mesh.subject import SubjectMaker

    model = stand_in_hand()
    maker = SubjectMaker(model)
    sample = make_sample()
    for is_right in (True, False, True):
        hand = replace(sample.frame.hand, is_right=is_right)
        frame = replace(sample.frame, hand=hand)
        maker.set_scene(build_scene(replace(sample, frame=frame), Alignment.ROOT))
        side = model.of_side(is_right)
        a, b, c = side.template_m[maker.topology.faces].transpose(1, 0, 2)
        assert np.einsum("fi,fi->", a, np.cross(b, c)) > 0  # the volume that they enclose
