"""Pixels and mean parameters to tokens.

A crop of 256×192 px makes 16 rows of 12 patches, row by row; cell (r, c) of every feature grid
stands for pixels [16 r, 16 r + 15] × [16 c, 16 c + 15].
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.conventions import CROP_SIZE_PX, MANO_JOINT_COUNT, PATCH_SIZE_PX

GRID_SIZE = (CROP_SIZE_PX[0] // PATCH_SIZE_PX, CROP_SIZE_PX[1] // PATCH_SIZE_PX)
IMAGE_TOKEN_COUNT = GRID_SIZE[0] * GRID_SIZE[1]
#: Global orientation and fifteen finger joints, shape, camera.
QUERY_TOKEN_COUNT = MANO_JOINT_COUNT + 2


class LinearStem(nn.Module):
    """Patches of 16×16 px, each mapped linearly to a token.

    ViTPose pads the picture by 2 px, so that its patches start 2 px further left and up. We do
    not, so that a patch is exactly one cell; its weights are imported as they are.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, PATCH_SIZE_PX, stride=PATCH_SIZE_PX)

    def forward(self, pixels: Float[Tensor, "batch channels 256 192"]) -> Tensor:
        return self.proj(pixels)


class ConvStem(nn.Sequential):
    """Four 3×3 convolutions of stride 2: the start that learns without pretrained weights.

    A 3×3 convolution of stride 2 centres output i on input 2i (padded left) or 2i + 1 (padded
    right). Three right and one left put the centre of cell i on pixel 16i + 7, half a pixel from
    its patch's; the usual padding would put it on the patch's left edge.
    """

    def __init__(self, channels: int, width: int) -> None:
        layers: list[nn.Module] = []
        for level in range(4):
            out = width // 2 ** (3 - level)
            layers += [
                nn.ZeroPad2d((0, 1, 0, 1)) if level < 3 else nn.ZeroPad2d((1, 0, 1, 0)),
                nn.Conv2d(channels, out, 3, stride=2, bias=False),
                nn.GroupNorm(min(8, out // 4), out),
                nn.ReLU(inplace=True),
            ]
            channels = out
        super().__init__(*layers, nn.Conv2d(width, width, 1))


def make_stem(kind: Literal["conv", "linear"], channels: int, width: int) -> nn.Module:
    """The configured stem: (B, channels, 256, 192) to (B, width, 16, 12)."""
    return ConvStem(channels, width) if kind == "conv" else LinearStem(channels, width)


def position_embedding(width: int) -> nn.Parameter:
    """Learned positions (1, 192, width) of the image tokens."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, IMAGE_TOKEN_COUNT, width), std=0.02))


class ImageTokens(nn.Module):
    """RGB patches plus depth patches (or their learned placeholder) plus positions."""

    def __init__(self, *, stem: Literal["conv", "linear"], width: int, depth: bool) -> None:
        super().__init__()
        self.patch_embed = make_stem(stem, 3, width)
        self.pos_embed = position_embedding(width)
        self.depth_embed = make_stem(stem, 2, width) if depth else None
        if depth:
            self.depth_placeholder = nn.Parameter(torch.empty(1, 1, width))
            nn.init.trunc_normal_(self.depth_placeholder, std=0.02)

    def forward(
        self,
        image: Float[Tensor, "batch 3 256 192"],
        depth: Float[Tensor, "batch 2 256 192"],
        use_depth: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch 192 width"]:
        """Tokens row by row. `image` is normalised; where `use_depth` is false the depth channels
        do not matter."""
        tokens = self.patch_embed(image).flatten(2).transpose(1, 2)
        if self.depth_embed is not None:
            depth_tokens = self.depth_embed(depth).flatten(2).transpose(1, 2)
            tokens = tokens + torch.where(
                use_depth[:, None, None], depth_tokens, self.depth_placeholder.to(tokens.dtype)
            )
        return tokens + self.pos_embed


class QueryTokens(nn.Module):
    """Sixteen pose tokens, one shape and one camera token, made from the mean parameters.

    The shape token is learned alone: the mean shape is zero, and so says nothing. The global
    orientation and the camera are also told where in the camera the crop was cut, which the
    picture itself does not show.
    """

    def __init__(self, *, width: int, code_size: int, place_size: int) -> None:
        super().__init__()
        self.pose = nn.Linear(code_size, width)
        self.camera = nn.Linear(3, width)
        self.place_orient = nn.Linear(place_size, width)
        self.place_camera = nn.Linear(place_size, width)
        self.learned = nn.Parameter(torch.empty(1, QUERY_TOKEN_COUNT, width))
        nn.init.trunc_normal_(self.learned, std=0.02)

    def forward(
        self,
        pose_code: Float[Tensor, "batch 16 code"],
        camera_sxy: Float[Tensor, "batch 3"],
        place: Float[Tensor, "batch place"],
    ) -> Float[Tensor, "batch 18 width"]:
        """Tokens: global orientation, fifteen finger joints, shape, camera."""
        pose = self.pose(pose_code)
        orient = pose[:, :1] + self.place_orient(place)[:, None]
        camera = (self.camera(camera_sxy) + self.place_camera(place))[:, None]
        shape = torch.zeros_like(camera)
        return torch.cat([orient, pose[:, 1:], shape, camera], dim=1) + self.learned
