"""Pixels to tokens by a small residual network: the stem that learns fastest without pretraining.

A transformer over small patches has to find out that neighbouring pixels belong together; a
network of 3×3 convolutions need not. See docs/adr/0006-recipe.md for what that is worth.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.network.tokens import position_embedding

#: Channels at 64×48 are the token width divided by this (and at least `_LEAST_CHANNELS`).
_WIDTH_SHARE = 4
_LEAST_CHANNELS = 16
#: Residual blocks at 64×48, 32×24 and 16×12.
_BLOCKS = (1, 2, 2)


class ResidualBlock(nn.Module):
    """x + conv(relu(norm(conv(relu(norm(x)))))) (He et al. 2016, pre-activated)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _norm(channels), _norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        # Nearly x: small, not zero, so that both convolutions learn from the first step.
        nn.init.normal_(self.conv2.weight, std=0.003)

    def forward(self, maps: Float[Tensor, "batch channels rows columns"]) -> Tensor:
        inside = self.conv1(torch.relu(self.norm1(maps)))
        return maps + self.conv2(torch.relu(self.norm2(inside)))


class ResidualTokens(nn.Module):
    """RGB and depth, added up at a quarter of the resolution, to tokens with positions.

    Even kernels padded evenly (8 of stride 4, 4 of stride 2) centre every output on the pixels it
    stands for, so cell (r, c) looks at the middle of its patch.
    """

    def __init__(self, *, width: int, depth: bool) -> None:
        super().__init__()
        low = max(_LEAST_CHANNELS, width // _WIDTH_SHARE)
        self.patch_embed = nn.Conv2d(3, low, 8, stride=4, padding=2)
        self.depth_embed = nn.Conv2d(2, low, 8, stride=4, padding=2) if depth else None
        if depth:
            self.depth_placeholder = nn.Parameter(torch.empty(1, low, 1, 1))
            nn.init.trunc_normal_(self.depth_placeholder, std=0.02)
        levels: list[nn.Module] = []
        for level, blocks in enumerate(_BLOCKS):
            channels = low * 2**level
            if level:
                levels.append(nn.Conv2d(channels // 2, channels, 4, stride=2, padding=1))
            levels += [ResidualBlock(channels) for _ in range(blocks)]
        self.tower = nn.Sequential(*levels)
        self.proj = nn.Sequential(_norm(channels), nn.ReLU(), nn.Conv2d(channels, width, 1))
        self.pos_embed = position_embedding(width)

    def forward(
        self,
        image: Float[Tensor, "batch 3 256 192"],
        depth: Float[Tensor, "batch 2 256 192"],
        use_depth: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch 192 width"]:
        """Tokens row by row. `image` is normalised; where `use_depth` is false the depth channels
        do not matter."""
        maps = self.patch_embed(image)
        if self.depth_embed is not None:
            depth_maps = self.depth_embed(depth)
            maps = maps + torch.where(
                use_depth[:, None, None, None],
                depth_maps,
                self.depth_placeholder.to(depth_maps.dtype),
            )
        return self.proj(self.tower(maps)).flatten(2).transpose(1, 2) + self.pos_embed


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(8, channels), channels)
