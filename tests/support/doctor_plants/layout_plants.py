"""Networks whose feature maps lie wrongly under the picture."""

import types

import torch
from torch import Tensor, nn

from core.conventions import MIDDLE_KNUCKLE
from core.network.feature_maps import sample_maps
from core.network.tokens import GRID_SIZE

_ROWS, _COLUMNS = GRID_SIZE


def sample_in_millimetres(network: nn.Module, _: int) -> None:
    """The coarse vertices sample the maps with their millimetres for coordinates."""

    def look_again(self, coarse, intrinsics, image_tokens):
        centre = coarse.joints_mm[:, MIDDLE_KNUCKLE, None].detach()
        vertices_mm = coarse.vertices_mm.detach() - centre
        points_norm = vertices_mm[..., :2]
        inside = (points_norm.abs() <= 0.5).all(dim=-1)
        samples = sample_maps(self.upsampler(image_tokens), points_norm)
        return samples, vertices_mm / 1000, inside.to(points_norm.dtype).mean(dim=1)

    network._look_again = types.MethodType(look_again, network)


class _OtherWidth(nn.Module):
    """An upsampler that takes 16 rows of 12 tokens for 12 rows of 16."""

    def __init__(self, upsampler: nn.Module) -> None:
        super().__init__()
        self.grid, self.levels = upsampler.grid, upsampler.levels

    def forward(self, tokens: Tensor) -> list[Tensor]:
        maps = [self.grid(tokens.transpose(1, 2).unflatten(2, (_COLUMNS, _ROWS)))]
        for level in self.levels:
            maps.append(level(maps[-1]))
        return maps


def lay_out_transposed(network: nn.Module, _: int) -> None:
    """The map is 12 rows high and 16 columns wide."""
    network.upsampler = _OtherWidth(network.upsampler)


def _reorder(network: nn.Module, order: Tensor) -> None:
    network.upsampler.register_forward_pre_hook(lambda _, given: (given[0][:, order],))


def lay_out_column_by_column(network: nn.Module, _: int) -> None:
    """The map has the right shape, but its tokens go down the columns first."""
    _reorder(network, torch.arange(_ROWS * _COLUMNS).reshape(_COLUMNS, _ROWS).T.flatten())


def mirror_tokens(network: nn.Module, _: int) -> None:
    """The map is mirrored left to right."""
    _reorder(network, torch.arange(_ROWS * _COLUMNS).reshape(_ROWS, _COLUMNS).flip(1).flatten())


def shuffle_tokens(network: nn.Module, seed: int) -> None:
    """The map's cells are in no order at all."""
    order = torch.randperm(_ROWS * _COLUMNS, generator=torch.Generator().manual_seed(seed))
    _reorder(network, order)
