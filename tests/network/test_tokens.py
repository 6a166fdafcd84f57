"""A patch of the picture answers in its own cell."""

import numpy as np
import pytest
import torch
from torch import nn

from core.network.feature_maps import tokens_to_grid
from core.network.residual_stem import ResidualBlock, ResidualTokens
from core.network.tokens import GRID_SIZE, ConvStem, ImageTokens, LinearStem

PATCHES = [(0, 0), (0, 11), (15, 0), (15, 11), (3, 8), (8, 3), (12, 5)]


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def answer_grid(tokens_of, row: int, column: int) -> torch.Tensor:
    """How much each cell (16, 12) changes when patch (row, column) does."""
    image = torch.randn(1, 3, 256, 192)
    changed = image.clone()
    changed[:, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] += 1.0
    with torch.no_grad():
        grid = tokens_to_grid(tokens_of(changed) - tokens_of(image))
    return grid[0].abs().sum(dim=0)


def make_tokens(stem: str):
    if stem == "residual":
        return ResidualTokens(width=64, depth=True)
    return ImageTokens(stem=stem, width=32, depth=True)


def image_tokens(stem: str):
    tokens = make_tokens(stem)
    none = torch.tensor([False])
    return lambda image: tokens(image, torch.zeros(1, 2, 256, 192), none)


@pytest.mark.parametrize(("row", "column"), PATCHES)
def test_linear_stem_answers_in_its_own_cell_and_nowhere_else(row, column):
    answer = answer_grid(image_tokens("linear"), row, column)
    assert answer.shape == GRID_SIZE == (16, 12)
    assert answer[row, column] > 0
    answer[row, column] = 0
    assert (answer < 1e-4).all()


@pytest.mark.parametrize("stem", ["conv", "residual"])
@pytest.mark.parametrize(("row", "column"), PATCHES)
def test_convolutions_answer_most_in_the_patchs_own_cell(stem, row, column):
    # Of several networks, since a corner's cell sees less than its neighbours.
    answer = sum(answer_grid(image_tokens(stem), row, column) for _ in range(6))
    assert divmod(int(answer.argmax()), GRID_SIZE[1]) == (row, column)


def test_conv_stem_cell_looks_at_the_middle_of_its_patch():
    """Padding all four levels alike would centre a cell on its patch's edge, 8 px away."""
    stem = ConvStem(1, 32)
    layers = [layer for layer in stem if isinstance(layer, nn.ZeroPad2d | nn.Conv2d)]
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    image = torch.zeros(1, 1, 256, 192, requires_grad=True)
    nn.Sequential(*layers)(image)[0, :, 5, 7].sum().backward()
    seen = image.grad[0, 0].numpy()
    centre = [
        np.average(np.arange(n), weights=seen.sum(axis=1 - axis))
        for axis, n in enumerate(seen.shape)
    ]
    np.testing.assert_allclose(centre, [16 * 5 + 7.5, 16 * 7 + 7.5], atol=0.51)


def test_without_its_convolutions_a_residual_cell_sees_its_own_patch_alone():
    """Patches and merges keep pixels in place; 3×3 convolutions are even about their cell."""
    tokens = ResidualTokens(width=64, depth=False)
    for layer in tokens.modules():
        if isinstance(layer, ResidualBlock):
            nn.init.zeros_(layer.conv2.weight)
    nn.init.zeros_(tokens.spread.weight)
    image = torch.randn(1, 3, 256, 192, requires_grad=True)
    none = torch.tensor([False])
    tokens(image, torch.zeros(1, 2, 256, 192), none)[0, 5 * 12 + 7].sum().backward()
    seen = image.grad[0].abs().sum(0) > 0
    rows, columns = seen.nonzero().T
    assert (rows.min(), rows.max()) == (16 * 5, 16 * 5 + 15)
    assert (columns.min(), columns.max()) == (16 * 7, 16 * 7 + 15)


def test_a_residual_cell_knows_of_the_whole_crop():
    tokens = ResidualTokens(width=64, depth=False)
    image = torch.randn(1, 3, 256, 192, requires_grad=True)
    tokens(image, torch.zeros(1, 2, 256, 192), torch.tensor([False]))[0, 90].sum().backward()
    assert image.grad[0, :, :16].any() and image.grad[0, :, -16:].any()
    assert image.grad[0, :, :, :16].any() and image.grad[0, :, :, -16:].any()


@pytest.mark.parametrize("stem", [ConvStem, LinearStem])
def test_stems_make_sixteen_rows_of_twelve(stem):
    assert stem(2, 32)(torch.zeros(1, 2, 256, 192)).shape == (1, 32, 16, 12)


@pytest.mark.parametrize("stem", ["conv", "linear", "residual"])
def test_without_depth_the_placeholder_stands_in(stem):
    tokens = make_tokens(stem)
    image, depth = torch.randn(2, 3, 256, 192), torch.randn(2, 2, 256, 192)
    use = torch.tensor([False, True])
    first = tokens(image, depth, use)
    second = tokens(image, torch.randn(2, 2, 256, 192), use)
    torch.testing.assert_close(first[0], second[0])  # depth values do not matter
    assert not torch.allclose(first[1], second[1])
    with torch.no_grad():
        tokens.depth_placeholder += 1.0
    third = tokens(image, depth, use)
    assert not torch.allclose(third[0], first[0])
    torch.testing.assert_close(third[1], first[1])


def test_gradients_go_to_what_was_used():
    tokens = ImageTokens(stem="conv", width=32, depth=True)
    image, depth = torch.randn(1, 3, 256, 192), torch.randn(1, 2, 256, 192)
    tokens(image, depth, torch.tensor([False])).square().sum().backward()
    assert tokens.depth_placeholder.grad.abs().sum() > 0
    assert all(not p.grad.any() for p in tokens.depth_embed.parameters() if p.grad is not None)
    tokens.zero_grad()
    tokens(image, depth, torch.tensor([True])).square().sum().backward()
    assert not tokens.depth_placeholder.grad.any()
    assert all(p.grad.abs().sum() > 0 for p in tokens.depth_embed.parameters())
