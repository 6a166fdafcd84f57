"""What the image tokens know of the 2D keypoints, told to the hand's tokens."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from core.network.feature_maps import Heatmaps, sample_maps
from core.network.inputs import NetworkInput

#: Channels of what the image tokens say at a joint, and of the layers between.
_POINT_CHANNELS = 16
_HIDDEN = 256
#: Depth is averaged over squares of this many pixels: a joint's place is not known finer at first.
_DEPTH_CELL_PX = 8


class KeypointLift(nn.Module):
    """Keypoints, how sure they are, the depth there and what the image tokens say there, lifted by
    a multi-layer perceptron (Martinez et al. 2017) and added to the 18 tokens before they are
    decoded. From 2D keypoints to a pose is a short way; through attention alone it is a long one.
    """

    def __init__(self, joint_count: int, token_count: int, width: int) -> None:
        super().__init__()
        self.token_count = token_count
        self.point = nn.Linear(width, _POINT_CHANNELS)
        self.lift = nn.Sequential(
            nn.Linear(joint_count * (5 + _POINT_CHANNELS), _HIDDEN),
            nn.LayerNorm(_HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            nn.Linear(_HIDDEN, token_count * width),
        )
        # Small, so that the tokens start as the transformer made them.
        nn.init.normal_(self.lift[-1].weight, std=0.01)
        nn.init.zeros_(self.lift[-1].bias)

    def forward(
        self,
        heatmaps: Heatmaps,
        inputs: NetworkInput,
        use_depth: Bool[Tensor, " batch"],
        image_tokens: Float[Tensor, "batch 192 width"],
    ) -> Float[Tensor, "batch 18 width"]:
        """What is added to the tokens of pose, shape and camera."""
        shares = heatmaps.log_share.exp().transpose(1, 2)
        said = shares.to(image_tokens.dtype) @ self.point(image_tokens).to(image_tokens.dtype)
        points = torch.cat(
            [
                4 * heatmaps.keypoints_norm,  # about one in size, as all that goes in here
                2 * _depth_there(heatmaps, inputs, use_depth),
                shares.amax(dim=2, keepdim=True),
                said.to(shares.dtype),
            ],
            dim=-1,
        )
        return self.lift(points.flatten(1)).unflatten(1, (self.token_count, -1))


def _depth_there(
    heatmaps: Heatmaps, inputs: NetworkInput, use_depth: Bool[Tensor, " batch"]
) -> Float[Tensor, "batch joints 2"]:
    """Relative depth and its validity about each keypoint; zero where depth is not used."""
    cells = F.avg_pool2d(inputs.depth.to(heatmaps.keypoints_norm.dtype), _DEPTH_CELL_PX)
    found = sample_maps([cells], heatmaps.keypoints_norm.detach())
    return found * use_depth[:, None, None].to(found.dtype)
