"""What a UTNet is built from: one validated schema, stored in every checkpoint."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True)
class SizePreset:
    """Widths of one named size.

    Attributes:
        width: Channels of a token.
        depth: Transformer blocks.
        heads: Attention heads of a block.
        map_widths: Channels of the 16×12, 32×24 and 64×48 feature maps that vertices sample.
        graph_width: Channels of a vertex in the graph refinement.
    """

    width: int
    depth: int
    heads: int
    map_widths: tuple[int, int, int]
    graph_width: int


#: "tiny" learns on a CPU; "base", "large" and "huge" have ViTPose's widths and depths.
SIZES = {
    "tiny": SizePreset(128, 6, 4, (128, 64, 32), 64),
    "small": SizePreset(384, 12, 6, (256, 128, 64), 128),
    "base": SizePreset(768, 12, 12, (256, 128, 64), 128),
    "large": SizePreset(1024, 24, 16, (512, 256, 128), 256),
    "huge": SizePreset(1280, 32, 16, (512, 256, 128), 256),
}


class NetworkConfig(BaseModel):
    """Configuration of a UTNet; unknown keys are refused, so a misspelling cannot hide.

    Attributes:
        size: Named size, see `SIZES`.
        stem: "conv" learns from scratch; "linear" takes ViTPose and WiLoR patch weights.
        rotation: How rotations are decoded: continuous 6D or axis-angle.
        camera: "intrinsics" projects with the crop's own intrinsics; "virtual" with UTNet's
            published 5000 px focal length and the principal point at the crop's centre.
        depth: Whether depth tokens exist at all. With them one network serves RGB and RGB-D.
        drop_depth: Share of training samples whose depth is replaced by the placeholder.
        num_scales: How many feature maps (16×12, 32×24, 64×48) the vertices sample.
        graph_layers: Residual graph convolutions over the mesh.
        drop_path: Largest stochastic-depth rate of the transformer, reached at its last block.
        gradient_checkpointing: Trade time for memory in the transformer while training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Literal["tiny", "small", "base", "large", "huge"] = "tiny"
    stem: Literal["conv", "linear"] = "conv"
    rotation: Literal["6d", "axis_angle"] = "6d"
    camera: Literal["intrinsics", "virtual"] = "intrinsics"
    depth: bool = True
    drop_depth: float = Field(0.4, ge=0.0, le=1.0)
    num_scales: int = Field(3, ge=1, le=3)
    graph_layers: int = Field(3, ge=1, le=12)
    drop_path: float = Field(0.0, ge=0.0, lt=1.0)
    gradient_checkpointing: bool = False

    @property
    def preset(self) -> SizePreset:
        """The widths that `size` stands for."""
        return SIZES[self.size]
