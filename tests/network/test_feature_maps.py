"""Feature maps stand where the picture stands, at every scale."""

import numpy as np
import pytest
import torch
from torch import nn

from core.geometry.crop import normalise_keypoints
from core.network.feature_maps import (
    KeypointHeatmaps,
    Upsampler,
    cell_shares,
    sample_maps,
    tokens_to_grid,
)

SCALES = [(16, 12), (32, 24), (64, 48)]


def cell_centres_px(rows: int, columns: int) -> np.ndarray:
    """Centres (rows, columns, 2) as (x, y); a cell of n px from px 0 has its centre at (n-1)/2."""
    pitch = 256 / rows
    y, x = np.mgrid[:rows, :columns] * pitch + (pitch - 1) / 2
    return np.stack([x, y], axis=-1)


def norm(points_px) -> torch.Tensor:
    return torch.tensor(normalise_keypoints(points_px), dtype=torch.float32)


def test_tokens_fill_the_grid_row_by_row():
    """12 rows of 16 instead of 16 rows of 12 puts features 62 px away."""
    tokens = torch.arange(192.0)[None, :, None]
    grid = tokens_to_grid(tokens)
    assert grid.shape == (1, 1, 16, 12)
    assert grid[0, 0, 3, 8] == 3 * 12 + 8
    assert grid[0, 0, 15, 11] == 191


@pytest.mark.parametrize(("rows", "columns"), SCALES)
def test_a_point_samples_the_cell_that_it_lies_in(rows, columns):
    centres = cell_centres_px(rows, columns).reshape(-1, 2)
    level = torch.arange(rows * columns, dtype=torch.float32).reshape(1, 1, rows, columns)
    sampled = sample_maps([level], norm(centres)[None])[0, :, 0]
    torch.testing.assert_close(sampled, torch.arange(rows * columns).float(), atol=0.02, rtol=0)


@pytest.mark.parametrize(("rows", "columns"), SCALES)
def test_between_cells_samples_are_interpolated_in_the_picture(rows, columns):
    """A map that holds its own cells' pixel coordinates gives every point its own."""
    level = torch.tensor(cell_centres_px(rows, columns)).permute(2, 0, 1)[None].float()
    points_px = np.random.default_rng(0).uniform((10, 10), (180, 244), (100, 2))
    sampled = sample_maps([level], norm(points_px)[None])[0]
    np.testing.assert_allclose(sampled.numpy(), points_px, atol=1e-3)


def test_points_outside_the_crop_sample_zero():
    outside = norm(np.array([[-50.0, 100.0], [100.0, 400.0], [1e6, -1e6]]))
    assert (sample_maps([torch.ones(1, 3, 16, 12)], outside[None]) == 0).all()


def test_all_scales_are_sampled_side_by_side():
    maps = [torch.full((2, n + 1, *size), float(n)) for n, size in enumerate(SCALES)]
    sampled = sample_maps(maps, torch.zeros(2, 5, 2))
    assert sampled.shape == (2, 5, 1 + 2 + 3)
    assert sampled[0, 0].tolist() == [0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("scales", [1, 2, 3])
def test_upsampler_makes_the_configured_scales(scales):
    maps = Upsampler(32, (32, 16, 8)[:scales])(torch.randn(2, 192, 32))
    assert [level.shape[2:] for level in maps] == [torch.Size(size) for size in SCALES[:scales]]


@pytest.mark.parametrize(("row", "column"), [(8, 6), (3, 9)])
def test_upsampling_keeps_a_cell_in_its_place(row, column):
    """The answer to one cell is centred on that cell's pixels, at every scale."""
    upsampler = Upsampler(1, (1, 4, 4))
    layers = [layer for level in upsampler.levels for layer in level]
    spread = nn.Sequential(*[layer for layer in layers if isinstance(layer, nn.ConvTranspose2d)])
    for layer in spread:
        nn.init.ones_(layer.weight)
    level = torch.zeros(1, 1, 16, 12)
    level[0, 0, row, column] = 1
    for stage in spread:
        level = stage(level)
        weight = level[0, 0].detach().numpy()
        centres = cell_centres_px(*weight.shape)
        centre = (centres * weight[..., None]).sum((0, 1)) / weight.sum()
        np.testing.assert_allclose(centre, [16 * column + 7.5, 16 * row + 7.5], atol=1e-4)


def test_heatmaps_name_the_cell_that_stands_out():
    head = KeypointHeatmaps(8, 21)
    tokens = torch.zeros(1, 192, 8)
    tokens[0, 3 * 12 + 8] = 1000 * head.score.weight[5].detach()
    keypoint_px = (head(tokens).keypoints_norm[0, 5].detach().numpy() + 0.5) * (192, 256)
    np.testing.assert_allclose(keypoint_px, [16 * 8 + 7.5, 16 * 3 + 7.5], atol=1e-3)


def test_heatmaps_keep_full_precision_under_autocast():
    head = KeypointHeatmaps(8, 21)
    tokens = torch.zeros(1, 192, 8)
    with torch.autocast("cpu", torch.bfloat16):
        keypoints = head(tokens).keypoints_norm
    # All cells alike: the middle of the cells' centres, half a pixel left and up of the crop's.
    expected = torch.tensor([-0.5 / 192, -0.5 / 256]).expand(1, 21, 2)
    torch.testing.assert_close(keypoints, expected, atol=1e-6, rtol=0)


def test_the_shares_of_a_keypoints_cells_average_to_the_keypoint():
    head = KeypointHeatmaps(8, 21)
    keypoints = torch.rand(3, 21, 2, generator=torch.manual_seed(0)) * 0.9 - 0.45
    shares = cell_shares(keypoints)
    torch.testing.assert_close(shares.sum(1), torch.ones(3, 21), atol=1e-5, rtol=0)
    means = shares.transpose(1, 2) @ head.cell_centres_norm
    torch.testing.assert_close(means, keypoints, atol=1e-5, rtol=0)


def test_a_keypoint_far_outside_the_crop_belongs_to_no_cell():
    outside = torch.tensor([[[0.9, 0.0], [0.0, -0.8]]])
    assert cell_shares(outside).abs().max() == 0
