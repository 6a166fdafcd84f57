"""Depth as a picture."""

import numpy as np
import pytest

from utnet_viewer.image.depth_colours import colour_depth, depth_range_mm


def test_near_is_bright_and_lightness_falls_with_distance():
    depth_mm = np.linspace(400, 1000, 240, dtype=np.float32).reshape(12, 20)
    picture = colour_depth(depth_mm, (400.0, 1000.0)).reshape(-1, 3).astype(float)
    lightness = picture @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) <= 0.8).all()  # rounding aside
    assert picture[0].tolist() == [0xF4, 0xEE, 0xDD]  # RGB, not BGR
    assert lightness[0] > 220 and lightness[-1] < 45


def test_beyond_the_range_colours_clamp():
    depth_mm = np.array([[10.0, 400.0], [1000.0, 60000.0]], np.float32)
    picture = colour_depth(depth_mm, (400.0, 1000.0))
    assert picture[0, 0].tolist() == picture[0, 1].tolist()
    assert picture[1, 0].tolist() == picture[1, 1].tolist()


def test_unknown_depth_is_hatched_dark():
    depth_mm = np.full((40, 40), 500, np.float32)
    depth_mm[10:30, 10:30] = 0
    picture = colour_depth(depth_mm, (400.0, 600.0))
    unknown = picture[10:30, 10:30].reshape(-1, 3)
    assert len(np.unique(unknown, axis=0)) == 2 and unknown.max() < 70
    assert (picture[:10] == picture[0, 0]).all()


def test_the_range_is_on_steps_that_hold_still():
    depth_mm = np.full((100, 100), 623.0, np.float32)
    depth_mm[:, 50:] = 988.0
    assert depth_range_mm(depth_mm) == (600.0, 1000.0)
    assert depth_range_mm(depth_mm + 5) == (600.0, 1000.0)


@pytest.mark.parametrize("shape", [(1, 1), (480, 640)])
def test_no_measurement_has_no_range_and_still_a_picture(shape):
    depth_mm = np.zeros(shape, np.float32)
    assert depth_range_mm(depth_mm) is None
    assert colour_depth(depth_mm, None).shape == (*shape, 3)
