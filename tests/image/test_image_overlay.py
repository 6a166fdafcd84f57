"""What is drawn over the picture, as numbers."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support_samples import make_sample, stand_in_hand

from utnet_viewer.image.overlay import (
    CUBOID_EDGES,
    build_overlay,
    crop_corners_px,
    faces_by_part,
    surface_outline_px,
)


def test_keypoints_over_the_photo_are_opencvs_projection():
    sample = make_sample()
    overlay = build_overlay(sample, in_crop=False)
    camera = sample.frame.camera.intrinsics
    expected, _ = cv2.projectPoints(
        sample.frame.hand.joints_mm, np.zeros(3), np.zeros(3), camera, None
    )
    np.testing.assert_allclose(overlay.truth_px, expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(overlay.prediction_px, sample.prediction.keypoints_px)


def test_keypoints_over_the_crop_follow_the_networks_crop():
    sample = make_sample()
    overlay = build_overlay(sample, in_crop=True)
    # The network's own output, through nothing but its definition.
    expected = (sample.prediction.keypoints_norm + 0.5) * (192, 256)
    np.testing.assert_allclose(overlay.prediction_px, expected, atol=1e-6)


def test_the_crops_corners_are_the_outer_edges_of_its_pixels():
    crop = make_sample().prediction.crop
    back = crop.keypoints(crop_corners_px(crop))
    np.testing.assert_allclose(
        back, [[-0.5, -0.5], [191.5, -0.5], [191.5, 255.5], [-0.5, 255.5]], atol=1e-9
    )


def test_a_joint_behind_the_measured_surface_is_hidden_and_no_other():
    sample = make_sample(seed=3)
    assert not build_overlay(sample, in_crop=False).hidden.all()
    depth_mm = np.full_like(sample.frame.depth_mm, 2000.0)
    frame = replace(sample.frame, depth_mm=depth_mm)
    assert not build_overlay(replace(sample, frame=frame), in_crop=False).hidden.any()
    x, y = build_overlay(sample, in_crop=False).truth_px[8].round().astype(int)
    depth_mm[y - 2 : y + 3, x - 2 : x + 3] = sample.frame.hand.joints_mm[8, 2] - 80
    hidden = build_overlay(replace(sample, frame=frame), in_crop=False).hidden
    assert hidden[8] and hidden.sum() <= 3  # a neighbour may lie in the same five pixels


def test_unknown_depth_hides_nothing():
    sample = make_sample()
    frame = replace(sample.frame, depth_mm=np.zeros_like(sample.frame.depth_mm))
    assert not build_overlay(replace(sample, frame=frame), in_crop=False).hidden.any()


def test_an_evaluation_frame_has_its_wrist_and_its_box():
    overlay = build_overlay(make_sample(evaluation=True), in_crop=False)
    assert np.isfinite(overlay.truth_px[0]).all()
    assert np.isnan(overlay.truth_px[1:]).all()
    assert overlay.hand_box_px.shape == (4, 2) and overlay.crop_px.shape == (4, 2)
    assert np.isfinite(overlay.hand_points_px).all()


def test_without_labels_and_prediction_there_is_nothing_to_draw():
    sample = make_sample(with_prediction=False)
    bare = replace(sample, truth=None, frame=replace(sample.frame, hand=None, object=None))
    overlay = build_overlay(bare, in_crop=True)
    parts = (overlay.truth_px, overlay.prediction_px, overlay.crop_px, overlay.object_px)
    assert all(part is None for part in parts)
    assert overlay.hand_points_px.shape == (0, 2)


def test_the_boxs_edges_join_corners_that_differ_in_one_axis():
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    assert len({frozenset(edge) for edge in CUBOID_EDGES}) == 12
    for first, second in CUBOID_EDGES:
        assert np.abs(corners[first] - corners[second]).sum() == 1


@pytest.mark.parametrize("seed", [0, 1])
def test_the_outline_encloses_what_the_triangles_cover(seed):
    sample = make_sample(seed=seed)
    hand = stand_in_hand()
    points = sample.frame.camera.project(sample.truth.vertices_mm)
    outlines = surface_outline_px(points, faces_by_part(hand))
    # Twice as large, so that rasterising itself does not decide.
    by_outline, by_triangles = np.zeros((2, 960, 1280), np.uint8)
    cv2.fillPoly(by_outline, [np.round(o * 2).astype(np.int32) for o in outlines], 1)
    for face in hand.faces:
        cv2.fillConvexPoly(by_triangles, np.round(points[face] * 2).astype(np.int32), 1)
    # Holes between fingers are filled by an outer outline: it may cover a little more.
    missed = ((by_triangles == 1) & (by_outline == 0)).sum() / by_triangles.sum()
    assert missed < 0.02
    assert (by_outline & by_triangles).sum() / (by_outline | by_triangles).sum() > 0.9


def test_no_outline_of_a_hand_behind_the_camera():
    sample = make_sample()
    behind = sample.truth.vertices_mm - [0, 0, 700]
    points = sample.frame.camera.project(behind)
    assert surface_outline_px(points, faces_by_part(stand_in_hand())) == []
