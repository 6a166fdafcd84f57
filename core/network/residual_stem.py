"""Pixels to tokens by a small residual network: the stem that learns fastest without pretraining.

A transformer over small patches has to find out that neighbouring pixels belong together; a
network of 3×3 convolutions need not. What learns fast on a CPU is what sees many samples a second:
so patches of 8×8 px become cells by one wide matrix product, and convolutions begin at 32×24. See
docs/adr/0006-recipe.md for what that is worth.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.network.tokens import position_embedding

#: Side of the first patches in pixels; two of them make a token's 16.
_PATCH_PX = 8
#: Width of the layer between a patch's pixels and its cell.
_PATCH_HIDDEN = 256


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))) (He et al. 2016, pre-activated), without normalisation.

    Measured, group normalisation made it no better and a third slower; a tower this low stays
    stable without, as long as every block begins nearly as x (Zhang et al., "Fixup", 2019).
    """

    def __init__(self, channels: int, *, inside: int | None = None) -> None:
        super().__init__()
        inside = inside or channels
        self.conv1 = nn.Conv2d(channels, inside, 3, padding=1)
        self.conv2 = nn.Conv2d(inside, channels, 3, padding=1)
        nn.init.kaiming_normal_(self.conv1.weight, nonlinearity="relu")
        # Nearly x: small, not zero, so that both convolutions learn from the first step.
        nn.init.normal_(self.conv2.weight, std=0.1 * math.sqrt(2 / (9 * inside)))
        nn.init.zeros_(self.conv1.bias)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, maps: Float[Tensor, "batch channels rows columns"]) -> Tensor:
        return maps + self.conv2(F.relu(self.conv1(F.relu(maps))))


class PatchEmbed(nn.Module):
    """Each patch of 8×8 px, colours and depth, to a cell by a perceptron of its own pixels."""

    def __init__(self, channels: int, *, depth: bool) -> None:
        super().__init__()
        pixels = _PATCH_PX**2
        self.colour = nn.Linear(3 * pixels, _PATCH_HIDDEN)
        self.depth = nn.Linear(2 * pixels, _PATCH_HIDDEN, bias=False) if depth else None
        self.out = nn.Linear(_PATCH_HIDDEN, channels)
        for layer in (self.colour, self.depth, self.out):
            if layer is not None:
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(self.out.bias)

    def forward(
        self, image: Tensor, depth: Tensor, use_depth: Tensor, placeholder: Tensor | None
    ) -> Float[Tensor, "batch channels 32 24"]:
        cells = self.colour(_patches(image))
        if self.depth is not None:
            told = self.depth(_patches(depth))
            stand_in = placeholder.to(told.dtype)
            cells = cells + torch.where(use_depth[:, None, None, None], told, stand_in)
        return self.out(F.relu(cells)).permute(0, 3, 1, 2)


class Merge(nn.Module):
    """Two by two cells to one, linearly."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.proj = nn.Linear(4 * channels, out)
        nn.init.kaiming_normal_(self.proj.weight, nonlinearity="relu")
        nn.init.zeros_(self.proj.bias)

    def forward(self, maps: Float[Tensor, "batch channels rows columns"]) -> Tensor:
        cells = F.relu(maps).permute(0, 2, 3, 1)
        cells = cells.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).transpose(2, 3).flatten(3)
        return self.proj(cells).permute(0, 3, 1, 2)


class ResidualTokens(nn.Module):
    """RGB and depth to tokens with positions, through maps of 32×24, 16×12 and 8×6 cells.

    The coarsest maps see the whole crop; what they know is added to the 16×12 cells. Patches and
    merges never overlap, so cell (r, c) looks at the middle of its patch. Maps are kept with their
    channels last in memory: that alone makes convolutions on a CPU up to three times as fast.
    """

    def __init__(self, *, width: int, depth: bool) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(width // 2, depth=depth)
        if depth:
            self.depth_placeholder = nn.Parameter(torch.empty(1, 1, 1, _PATCH_HIDDEN))
            nn.init.trunc_normal_(self.depth_placeholder, std=0.02)
        self.fine = _blocks(2, width // 2)
        self.middle = nn.Sequential(Merge(width // 2, width), *_blocks(2, width))
        self.whole = nn.Sequential(Merge(width, 2 * width), *_blocks(2, 2 * width, inside=width))
        self.spread = nn.Conv2d(2 * width, width, 1)
        self.joined = _blocks(1, width)
        self.proj = nn.Conv2d(width, width, 1)
        self.pos_embed = position_embedding(width)

    def forward(
        self,
        image: Float[Tensor, "batch 3 256 192"],
        depth: Float[Tensor, "batch 2 256 192"],
        use_depth: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch 192 width"]:
        """Tokens row by row. `image` is normalised; where `use_depth` is false the depth channels
        do not matter."""
        placeholder = getattr(self, "depth_placeholder", None)
        maps = self.middle(self.fine(self.patch_embed(image, depth, use_depth, placeholder)))
        whole = self.spread(F.relu(self.whole(maps)))
        maps = self.joined(maps + F.interpolate(whole, scale_factor=2, mode="nearest"))
        maps = self.proj(F.relu(maps))
        return maps.flatten(2).transpose(1, 2) + self.pos_embed


def _patches(pixels: Float[Tensor, "batch channels 256 192"]) -> Float[Tensor, "batch 32 24 each"]:
    return F.pixel_unshuffle(pixels, _PATCH_PX).permute(0, 2, 3, 1)


def _blocks(count: int, channels: int, *, inside: int | None = None) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels, inside=inside) for _ in range(count)))
