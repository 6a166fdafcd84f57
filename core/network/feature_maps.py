"""Image tokens to feature maps, and points of the crop to samples of those maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from core.conventions import CROP_SIZE_PX
from core.network.tokens import GRID_SIZE


class Upsampler(nn.Module):
    """Image tokens back on their grid, 16 rows × 12 columns, and upsampled to 32×24 and 64×48.

    Transposed convolutions of kernel 4, stride 2 and padding 1 spread every cell evenly about its
    own centre, so a point of the crop stays in place from map to map.
    """

    def __init__(self, token_width: int, map_widths: Sequence[int]) -> None:
        super().__init__()
        first = map_widths[0]
        self.grid = nn.Sequential(nn.Conv2d(token_width, first, 1), nn.ReLU(inplace=True))
        self.levels = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(coarse, fine, 4, stride=2, padding=1, bias=False),
                nn.GroupNorm(min(8, fine // 4), fine),
                nn.ReLU(inplace=True),
            )
            for coarse, fine in pairwise(map_widths)
        )

    def forward(self, tokens: Float[Tensor, "batch 192 width"]) -> list[Tensor]:
        """Maps (B, C, 16, 12), (B, C', 32, 24), (B, C'', 64, 48): as many as configured."""
        maps = [self.grid(tokens_to_grid(tokens))]
        for level in self.levels:
            maps.append(level(maps[-1]))
        return maps


def tokens_to_grid(tokens: Float[Tensor, "batch 192 width"]) -> Float[Tensor, "batch width 16 12"]:
    """Row-by-row tokens on their grid of 16 rows and 12 columns."""
    return tokens.transpose(1, 2).unflatten(2, GRID_SIZE)


def sample_maps(
    maps: Sequence[Tensor], points_norm: Float[Tensor, "batch points 2"]
) -> Float[Tensor, "batch points channels"]:
    """Bilinear samples of every map at points of the crop, side by side; zero outside the crop.

    Pixel centres are at integers, so pixel x covers [x - 0.5, x + 0.5] and the crop's left edge is
    at -0.5 px, not at 0: hence the half pixel. `align_corners=False` puts -1 on that edge.
    """
    height, width = CROP_SIZE_PX
    half_pixel = torch.tensor([0.5 / width, 0.5 / height], device=points_norm.device)
    half_pixel = half_pixel.to(points_norm.dtype)
    grid = (2 * (points_norm + half_pixel))[:, :, None]
    sampled = [
        # In the points' precision: bfloat16 would round a position to half a pixel.
        F.grid_sample(level.to(grid.dtype), grid, align_corners=False)[..., 0]
        for level in maps
    ]
    return torch.cat(sampled, dim=1).transpose(1, 2)


@dataclass(frozen=True)
class Heatmaps:
    """What `KeypointHeatmaps` says.

    Attributes:
        log_share: (B, 192, 21) logarithm of each cell's share of a joint; cells row by row.
        keypoints_norm: (B, 21, 2) their mean place in the crop's normalised coordinates.
    """

    log_share: Float[Tensor, "batch 192 joints"]
    keypoints_norm: Float[Tensor, "batch joints 2"]


class KeypointHeatmaps(nn.Module):
    """Auxiliary head of training: 21 keypoints as the soft-argmax of maps on the image tokens.

    It gives every image token a direct reason to know where the hand is; without it a network
    from scratch stays at the constant predictor for long.
    """

    cell_centres_norm: Tensor

    def __init__(self, token_width: int, joint_count: int) -> None:
        super().__init__()
        # A bias would shift all cells of a joint alike, which a softmax does not see.
        self.score = nn.Linear(token_width, joint_count, bias=False)
        rows, columns = GRID_SIZE
        height, width = CROP_SIZE_PX
        y = (torch.arange(rows) + 0.5) / rows - 0.5 - 0.5 / height
        x = (torch.arange(columns) + 0.5) / columns - 0.5 - 0.5 / width
        centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)
        self.register_buffer("cell_centres_norm", centres, persistent=False)

    def forward(self, tokens: Float[Tensor, "batch 192 width"]) -> Heatmaps:
        """Where each joint's map says that the joint is."""
        log_share = self.score(tokens).log_softmax(dim=1, dtype=self.cell_centres_norm.dtype)
        with torch.autocast(log_share.device.type, enabled=False):
            keypoints_norm = log_share.exp().transpose(1, 2) @ self.cell_centres_norm
        return Heatmaps(log_share, keypoints_norm)


def cell_shares(keypoints_norm: Float[Tensor, "batch joints 2"]) -> Tensor:
    """Shares (B, 192, J) of the four cells about each keypoint, bilinear.

    Their mean place is the keypoint itself, so heatmaps taught by them are unbiased. Towards and
    beyond the crop's edge they fade to nothing: there is no cell to say it.
    """
    rows, columns = GRID_SIZE
    height, width = CROP_SIZE_PX
    cells = keypoints_norm.new_tensor([columns, rows])
    half_pixel = keypoints_norm.new_tensor([0.5 / width, 0.5 / height])
    place = (keypoints_norm + 0.5 + half_pixel) * cells - 0.5
    x_share = (1 - (place[..., :1] - torch.arange(columns, device=place.device)).abs()).clamp(min=0)
    y_share = (1 - (place[..., 1:] - torch.arange(rows, device=place.device)).abs()).clamp(min=0)
    return (y_share[..., :, None] * x_share[..., None, :]).flatten(2).transpose(1, 2)
