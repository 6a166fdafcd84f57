"""What a UTNet is built from: one validated schema, stored in every checkpoint.

No torch in here: the window shows and edits it.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

#: The convolutional stem halves the width three times and normalises it in groups of eight.
WIDTH_STEP = 64


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
    """Configuration of a UTNet; unknown keys are refused, so a misspelling cannot hide."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: Literal["tiny", "small", "base", "large", "huge"] = Field(
        "tiny",
        description="Named set of widths and depths; base, large and huge are ViTPose's.",
    )
    token_width: int | None = Field(
        None,
        ge=64,
        le=4096,
        multiple_of=WIDTH_STEP,
        description="Channels of a token, in place of the size's own.",
        json_schema_extra={"unit": "channels", "when_empty": "as the size has it"},
    )
    blocks: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Transformer blocks, in place of the size's own.",
        json_schema_extra={"unit": "blocks", "when_empty": "as the size has it"},
    )
    heads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Attention heads of a block, in place of the size's own; they share the "
        "token width evenly.",
        json_schema_extra={"unit": "heads", "when_empty": "as the size has it"},
    )
    stem: Literal["residual", "conv", "linear"] = Field(
        "conv",
        description='How pixels become tokens: "residual" and the lighter "conv" learn from '
        'scratch, "linear" takes the patch weights of ViTPose and WiLoR.',
    )
    lift: bool = Field(
        False,
        title="Lift keypoints",
        description="Tell the hand's tokens where the image tokens see the 2D keypoints.",
    )
    rotation: Literal["6d", "axis_angle"] = Field(
        "6d", description="How rotations are decoded: continuous 6D or axis-angle."
    )
    camera: Literal["intrinsics", "virtual"] = Field(
        "intrinsics",
        description='"intrinsics" projects with the crop\'s own camera, "virtual" with the '
        "published 5000 px focal length and the principal point at the crop's centre.",
    )
    depth: bool = Field(
        True,
        title="Depth tokens",
        description="Whether depth tokens exist at all; with them one network serves RGB and "
        "RGB-D.",
    )
    drop_depth: float = Field(
        0.4,
        ge=0.0,
        le=1.0,
        description="Share of training samples whose depth is replaced by the placeholder.",
        json_schema_extra={"unit": "share"},
    )
    num_scales: int = Field(
        3,
        ge=1,
        le=3,
        title="Feature maps",
        description="How many feature maps (16×12, 32×24, 64×48) the vertices sample.",
    )
    graph_layers: int = Field(
        3, ge=1, le=12, description="Residual graph convolutions over the mesh."
    )
    drop_path: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        description="Largest stochastic-depth rate of the transformer, reached at its last block.",
        json_schema_extra={"unit": "share"},
    )
    gradient_checkpointing: bool = Field(
        False, description="Trade time for memory in the transformer while training."
    )

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        preset = self.preset
        if preset.width % preset.heads:
            divisors = [n for n in range(1, 65) if preset.width % n == 0]
            message = (
                f"must divide the token width of {preset.width}, but is {preset.heads}; it may be "
                f"{', '.join(map(str, divisors))}"
            )
            # The kind of error that core.training.config_errors knows, with the key it is about.
            context = {"key": "heads", "message": message}
            raise PydanticCustomError("key_problem", "heads {message}", context)
        return self

    @property
    def preset(self) -> SizePreset:
        """The widths that `size` stands for, with `token_width`, `blocks` and `heads` in place."""
        preset = SIZES[self.size]
        return replace(
            preset,
            width=self.token_width or preset.width,
            depth=self.blocks or preset.depth,
            heads=self.heads or preset.heads,
        )

    def size_text(self) -> str:
        """The size as a person would name it: ``"tiny"``, or with what differs from it."""
        other = {name: getattr(self, name) for name in ("token_width", "blocks", "heads")}
        parts = [f"{name} {value}" for name, value in other.items() if value is not None]
        return " with ".join([f'"{self.size}"', *([", ".join(parts)] if parts else [])])
