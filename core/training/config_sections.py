"""The sections of a training configuration: what each key means, its unit, range and default.

Titles, descriptions and units here are what the window's form, `utnet config` and every error
message show. The defaults suit the embedded demo set on a CPU; `core.training.presets` has others.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


def key_problem(key: str, message: str) -> PydanticCustomError:
    """A cross-field problem of `key` (dotted, as seen from the section that raises it)."""
    return PydanticCustomError("key_problem", "{message}", {"key": key, "message": message})


def _with_home(text: str) -> str:
    return str(Path(text).expanduser()) if text.startswith("~") else text


#: A file or folder as text; a leading ``~`` is the home folder, as in a shell.
PathText = Annotated[str, AfterValidator(_with_home)]


class Section(BaseModel):
    """Unknown keys are refused, and a number is never taken for a text or a truth value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class RunConfig(Section):
    """How long a run lasts, where it runs, and how often it looks at itself."""

    steps: int | None = Field(
        None,
        ge=1,
        description="Length of the run in optimiser steps; give this or epochs, not both.",
        json_schema_extra={"unit": "steps", "when_empty": "as epochs says"},
    )
    epochs: int | None = Field(
        30,
        ge=1,
        description="Length of the run in passes over the training frames; give this or steps.",
        json_schema_extra={"unit": "epochs", "when_empty": "as steps says"},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**32 - 1,
        description="Start of every random number: first weights, order of frames, augmentation.",
    )
    start_from: PathText = Field(
        "",
        description="Weights to start from: a UTNet checkpoint, or the ViT of ViTPose or WiLoR "
        "(vitpose_backbone.pth) for the sizes base, large and huge with the linear stem.",
        json_schema_extra={"kind": "file", "when_empty": "random weights"},
    )
    validate_every_steps: int = Field(
        0,
        ge=0,
        title="Validate every",
        description="Optimiser steps between two validations; 0 validates after every epoch.",
        json_schema_extra={"unit": "steps"},
    )
    checkpoint_every_steps: int = Field(
        500,
        ge=1,
        title="Checkpoint every",
        description="Optimiser steps between two writes of the checkpoint that a run resumes from.",
        json_schema_extra={"unit": "steps"},
    )
    keep_every_steps: int = Field(
        0,
        ge=0,
        title="Keep a checkpoint every",
        description="Optimiser steps between checkpoints that stay for good; 0 keeps only the "
        "last and the best.",
        json_schema_extra={"unit": "steps"},
    )
    diagnostics_every_steps: int = Field(
        100,
        ge=0,
        title="Diagnostics every",
        description="Optimiser steps between measurements of each term's share of the gradient "
        "and of the update ratios; 0 measures none.",
        json_schema_extra={"unit": "steps"},
    )
    fixed_samples: int = Field(
        6,
        ge=0,
        le=64,
        description="How many validation samples are redrawn after every validation.",
        json_schema_extra={"unit": "samples"},
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where the network runs; auto takes the GPU if there is one."
    )
    devices: int = Field(
        1,
        ge=1,
        le=64,
        description="How many devices of this machine train together; each takes its own batch.",
        json_schema_extra={"unit": "devices"},
    )
    nodes: int = Field(
        1,
        ge=1,
        le=1024,
        description="How many machines train together.",
        json_schema_extra={"unit": "machines"},
    )
    threads: int = Field(
        0,
        ge=0,
        le=1024,
        description="CPU threads of the network's arithmetic; 0 leaves the choice to torch.",
        json_schema_extra={"unit": "threads"},
    )

    @model_validator(mode="before")
    @classmethod
    def _a_given_length_replaces_the_default_one(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for key, other in (("steps", "epochs"), ("epochs", "steps")):
            if given.get(key) is not None and other not in given:
                return {**given, other: None}
        return given

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.steps is not None and self.epochs is not None:
            raise key_problem(
                "steps",
                f"says the run's length, but so does run.epochs: {self.steps} steps and "
                f"{self.epochs} epochs; take one of the two lines away, or set it to null",
            )
        if self.steps is None and self.epochs is None:
            raise key_problem("steps", "or run.epochs must say how long to train; both are null")
        return self


class DataConfig(Section):
    """Which frames are learned from and which are only measured on."""

    dataset: PathText = Field(
        "demo",
        min_length=1,
        description="Training frames: a folder of HO-3D, H2O-3D, DexYCB or FreiHAND, or "
        '"demo" for the embedded set.',
        json_schema_extra={"kind": "folder"},
    )
    split: str = Field(
        "train",
        min_length=1,
        title="Training split",
        description='Which part of the data set is learned from, by its own name; "train" and '
        '"evaluation" are understood of every data set that has such parts.',
    )
    validation_dataset: PathText = Field(
        "",
        description="Frames to measure on, where they are not in the same data set.",
        json_schema_extra={"kind": "folder", "when_empty": "the same data set"},
    )
    validation_split: str = Field(
        "evaluation",
        min_length=1,
        description="Which part of the data set is measured on, likewise.",
    )
    hold_out_sequences: int = Field(
        0,
        ge=0,
        description="Measure on so many whole sequences of the training split instead and do not "
        "learn from them; for data sets whose evaluation split has no labels.",
        json_schema_extra={"unit": "sequences"},
    )
    frames: int | None = Field(
        None,
        ge=1,
        title="Training frames",
        description="At most so many training frames, spread evenly over the list.",
        json_schema_extra={"unit": "frames", "when_empty": "all"},
    )
    validation_frames: int | None = Field(
        None,
        ge=1,
        description="At most so many validation frames, spread evenly over the list.",
        json_schema_extra={"unit": "frames", "when_empty": "all"},
    )
    workers: int = Field(
        2,
        ge=0,
        le=256,
        description="Processes that read and augment frames; 0 does it in the training process.",
        json_schema_extra={"unit": "processes"},
    )
    in_memory: bool = Field(
        False,
        title="Keep in memory",
        description="Cut each frame down to its hand once and keep it in memory: faster from the "
        "second epoch on, about 0.6 MB a frame.",
    )
    hand_model: PathText = Field(
        "",
        description="Your MANO_RIGHT.pkl; the labels of real data need it.",
        json_schema_extra={"kind": "file", "when_empty": "the embedded stand-in hand"},
    )
    annotations: PathText = Field(
        "",
        description="File of this data set's annotations; hands that were corrected in 3D take the "
        "place of their labels, and the data set stays as it is.",
        json_schema_extra={"kind": "file", "when_empty": "original labels"},
    )
    leave_out_rejected: bool = Field(
        True,
        description="Neither learn from nor measure on frames that the annotations say were "
        "rejected in review.",
    )

    @model_validator(mode="after")
    def _one_validation_set(self) -> Self:
        if self.hold_out_sequences and self.validation_dataset:
            raise key_problem(
                "hold_out_sequences",
                f"asks to measure on {self.hold_out_sequences} held-out sequences, but "
                f"data.validation_dataset on {self.validation_dataset}; set hold_out_sequences to "
                "0, or take validation_dataset away",
            )
        return self


class OptimisationConfig(Section):
    """AdamW, its learning rate over time, and the arithmetic it runs in."""

    batch_size: int = Field(
        16,
        ge=1,
        le=65536,
        description="Frames that one device takes at a time.",
        json_schema_extra={"unit": "frames"},
    )
    accumulate: int = Field(
        1,
        ge=1,
        le=4096,
        title="Accumulate batches",
        description="Batches whose gradients are averaged into one optimiser step: a larger batch "
        "in the same memory.",
        json_schema_extra={"unit": "batches"},
    )
    learning_rate: float = Field(
        6e-4, gt=0, le=1, description="Largest learning rate, reached after the warm-up."
    )
    warmup_steps: int = Field(
        100,
        ge=0,
        title="Warm-up",
        description="Optimiser steps over which the learning rate rises from nearly 0.",
        json_schema_extra={"unit": "steps"},
    )
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="How the learning rate goes on after the warm-up."
    )
    final_learning_rate_share: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Final share of the learning rate",
        description="What is left of the learning rate where the cosine ends, as a share.",
        json_schema_extra={"unit": "share"},
    )
    weight_decay: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Decay of matrices; biases, norms and embeddings are never decayed.",
    )
    beta1: float = Field(
        0.9, ge=0, lt=1, title="Beta 1", description="Memory of AdamW's mean gradient."
    )
    beta2: float = Field(
        0.98, ge=0, lt=1, title="Beta 2", description="Memory of AdamW's mean squared gradient."
    )
    clip_norm: float = Field(
        1.0,
        ge=0,
        title="Clip gradient norm",
        description="A gradient longer than this is shortened to it; 0 never clips.",
    )
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Each transformer block learns at this share of the block above it; below 1 "
        "protects pretrained weights.",
        json_schema_extra={"unit": "share"},
    )
    ema_decay: float = Field(
        0.998,
        ge=0,
        lt=1,
        title="Weight average decay",
        description="Memory of the running average of the weights that is validated and saved; "
        "0 keeps no average.",
    )
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = Field(
        "32-true",
        description="Number format of the arithmetic; bf16-mixed is faster on recent GPUs and "
        "server CPUs, 16-mixed is for older GPUs, auto takes bf16-mixed where it is faster.",
    )
    compile: bool = Field(
        False,
        description="Compile the network with torch.compile: a slow first step, faster later ones.",
    )


class LossConfig(Section):
    """Weight of every term; terms are means of about one unit each, so weights can be compared."""

    keypoints_2d: float = Field(
        5.0, ge=0, title="2D keypoints", description="Distance in the picture, in crop sizes."
    )
    joints_3d: float = Field(
        2.0, ge=0, title="3D joints", description="Joints relative to the wrist, in decimetres."
    )
    wrist: float = Field(0.5, ge=0, description="The wrist's place in space, in decimetres.")
    vertices_3d: float = Field(
        0.0, ge=0, title="3D vertices", description="Mesh relative to the wrist, in decimetres."
    )
    rotations: float = Field(1.0, ge=0, description="All joints' turns, as rotation matrices.")
    betas: float = Field(0.02, ge=0, description="Shape parameters against their labels, squared.")
    prior_pose: float = Field(
        0.0, ge=0, title="Pose prior", description="Pull of the pose towards the mean pose."
    )
    prior_shape: float = Field(
        0.0, ge=0, title="Shape prior", description="Pull of the shape towards the mean shape."
    )
    coarse: float = Field(
        0.5,
        ge=0,
        title="Coarse hand",
        description="All terms above once more, for the hand before its refinement.",
    )
    auxiliary: float = Field(
        2.0,
        ge=0,
        title="Auxiliary keypoints",
        description="Keypoints that the image tokens alone tell, in crop sizes.",
    )
    heatmaps: float = Field(
        0.2,
        ge=0,
        description="Divergence of the auxiliary keypoint maps from the true ones, in nats; with a "
        "residual stem and weights on the maps alone, no hand is computed.",
    )

    @model_validator(mode="after")
    def _something_to_learn(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "coarse"):
            raise key_problem(
                "keypoints_2d", "and every other weight is 0, so there is nothing to learn"
            )
        return self


class AugmentationConfig(Section):
    """How far training views may stray from the recorded picture."""

    enabled: bool = Field(True, description="Whether training views are varied at all.")
    rotation_degrees: float = Field(
        30.0,
        ge=0,
        le=180,
        title="Rotation",
        description="Largest turn of the picture to either side.",
        json_schema_extra={"unit": "°"},
    )
    scale: float = Field(
        0.15,
        ge=0,
        le=1,
        description="Largest relative change of the crop's size, as a logarithm: 0.15 is ±15 %.",
        json_schema_extra={"unit": "share"},
    )
    shift: float = Field(
        0.06,
        ge=0,
        le=0.5,
        description="Largest shift of the crop, as a share of its height.",
        json_schema_extra={"unit": "share"},
    )
    colour: float = Field(
        0.2, ge=0, le=1, description="Strength of the changes of gain, bias and gamma per channel."
    )
    occlusion: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Probability of a random rectangle over the picture and its depth.",
        json_schema_extra={"unit": "share"},
    )
    depth_noise_mm: float = Field(
        2.0,
        ge=0,
        le=100,
        title="Depth noise",
        description="Standard deviation of the noise on valid depth.",
        json_schema_extra={"unit": "mm"},
    )
    depth_dropout: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of depth pixels that lose their reading.",
        json_schema_extra={"unit": "share"},
    )


class DoctorConfig(Section):
    """What the doctor should judge differently for this configuration."""

    thresholds: str = Field(
        "",
        description="Changed thresholds of the doctor as key=number, separated by commas, such as "
        "reprojection.offset_px=4; docs/doctor.md lists them.",
        json_schema_extra={"when_empty": "those of the doctor's own table"},
    )
