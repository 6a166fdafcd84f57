"""Crops to tensors: shapes, the depth's reference and what counts as depth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support_network import crop_of_noise

from core.conventions import CROP_SIZE_PX
from core.network.inputs import DEPTH_RANGE_MM, collate, normalise_depth, reference_depth_mm


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def hand_before_wall(hand_mm: float = 600, wall_mm: float = 1100) -> np.ndarray:
    """A wall, and in the middle of the crop a hand that covers half of its central half."""
    depth = np.full(CROP_SIZE_PX, wall_mm, np.float32)
    depth[64:192, 72:120] = hand_mm
    return depth


def test_batch_has_the_shapes_and_types_the_network_takes(rng):
    batch = collate([crop_of_noise(rng), crop_of_noise(rng, depth=False)])
    assert len(batch) == 2
    assert batch.image.shape == (2, 3, 256, 192)
    assert batch.image.dtype == torch.uint8
    assert batch.depth.shape == (2, 2, 256, 192)
    assert batch.depth.dtype == batch.intrinsics.dtype == torch.float32
    assert batch.has_depth.tolist() == [True, False]
    assert batch.reference_depth_mm[1] == 0
    assert (batch.depth[1] == 0).all()


def test_pixels_keep_their_place_and_their_colour(rng):
    crop = crop_of_noise(rng)
    batch = collate([crop])
    assert batch.image[0, :, 200, 10].tolist() == crop.image[200, 10].tolist()


def test_reference_is_the_hand_not_the_wall_behind():
    assert reference_depth_mm(hand_before_wall()) == pytest.approx(600)


@pytest.mark.parametrize("far_mm", [1600, 4000])
def test_far_background_does_not_count(far_mm):
    depth = hand_before_wall(wall_mm=far_mm)
    depth[64:192, 72:110] = 0  # most of the hand lost, too
    assert reference_depth_mm(depth) == pytest.approx(600)


def test_holes_and_flying_pixels_do_not_move_the_reference(rng):
    depth = hand_before_wall()
    depth[rng.random(depth.shape) < 0.4] = 0
    depth[rng.random(depth.shape) < 0.03] = 200
    assert reference_depth_mm(depth) == pytest.approx(600)


@pytest.mark.parametrize(
    "depth",
    [
        None,
        np.zeros(CROP_SIZE_PX, np.float32),
        np.full(CROP_SIZE_PX, 5000, np.float32),
        np.full(CROP_SIZE_PX, np.nan, np.float32),
    ],
    ids=["none", "all holes", "all far", "all nan"],
)
def test_unusable_depth_counts_as_none(depth):
    channels, reference = normalise_depth(depth)
    assert reference is None
    assert (channels == 0).all()


def test_depth_is_relative_clipped_and_says_where_it_is_valid():
    depth = hand_before_wall()
    depth[0, 0] = 0
    depth[0, 1] = np.nan
    depth[100, 100] = 600 + DEPTH_RANGE_MM / 2
    (value, valid), reference = normalise_depth(depth)
    assert reference == pytest.approx(600)
    assert value[100, 100] == pytest.approx(0.5)
    assert value[100, 90] == 0
    assert value[10, 10] == 1  # the wall, clipped
    assert valid[0, 0] == valid[0, 1] == 0
    assert value[0, 0] == value[0, 1] == 0
    assert valid[10, 10] == 1


def test_the_same_crop_gives_the_same_depth_at_any_distance():
    """What the network sees of depth must not depend on where the hand is."""
    near, _ = normalise_depth(hand_before_wall(500, 600))
    far, _ = normalise_depth(hand_before_wall(900, 1000))
    np.testing.assert_allclose(near, far, atol=1e-6)


def test_a_crop_of_another_size_or_type_is_refused(rng):
    crop = crop_of_noise(rng)
    with pytest.raises(ValueError, match="256, 192, 3"):
        collate([replace(crop, image=crop.image[:, ::-1][:200])])
    with pytest.raises(ValueError, match="uint8"):
        collate([replace(crop, image=crop.image.astype(np.float32))])
    with pytest.raises(ValueError, match="at least one"):
        collate([])
