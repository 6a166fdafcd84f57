"""What the doctor examines, whoever's it is: samples, a hand, a network, its training, a metric.

`core.doctor.own` makes one of this project's data and configuration; somebody else's repository
makes one by an adapter (docs/doctor_adapter.md). Whatever a subject lacks is not tested.

Everything of a sample is as the *pipeline* hands it to network and loss, right or wrong: the
doctor measures it and trusts none of it. Nothing is converted on the way here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from core.hand.hand_model import HandModel

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.doctor.run_record import RunRecord


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One sample as network and loss get it.

    Attributes:
        name: As people find it in the data: "MC1/0012".
        image: (3, H, W) float32, exactly what the network's first layer sees (normalised).
        intrinsics: (3, 3) of the crop, in its pixels.
        keypoints_norm: (21, 2) labels: x_px / W - 0.5, y_px / H - 0.5.
        keypoint_weights: (21,) their confidence in the loss.
        joints_mm: (21, 3) labels in the crop's camera axes (x right, y down, z away), HO-3D order.
        joint_weights: (21,) their confidence in the loss.
        pose_rad: (16, 3) axis-angle labels, the whole hand's first, in the crop's camera axes;
            None where the pipeline has none.
        betas: (10,), or None.
        is_right: Side the pipeline poses the hand model as.
        depth: (2, H, W) as the network gets it, or None.
        reference_depth_mm: Distance that `depth` is relative to, or None.
    """

    name: str
    image: np.ndarray
    intrinsics: np.ndarray
    keypoints_norm: np.ndarray
    keypoint_weights: np.ndarray
    joints_mm: np.ndarray
    joint_weights: np.ndarray
    pose_rad: np.ndarray | None = None
    betas: np.ndarray | None = None
    is_right: bool = True
    depth: np.ndarray | None = None
    reference_depth_mm: float | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """(height, width) of the crop."""
        return self.image.shape[1], self.image.shape[2]


@dataclass(frozen=True, kw_only=True)
class View:
    """One forced change of a sample by the pipeline's augmentation; the rest stays as it is.

    Attributes:
        kind: What is changed.
        amount: rotation: degrees, positive turns x (right) towards y (down) in the picture;
            shift_x, shift_y: how far the hand moves in the picture, as a share of the crop's width
            (to the right) or height (downwards);
            scale: factor by which the hand grows in the picture;
            flip: 1.0 mirrors left and right; colour: strength as configured.
    """

    kind: Literal["rotation", "shift_x", "shift_y", "scale", "flip", "colour"]
    amount: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """A batch of what a network says, with gradients where it was asked with them.

    Attributes:
        keypoints_norm: (B, 21, 2), as labels are.
        joints_mm: (B, 21, 3), in the crop's camera axes, or relative to the wrist.
        rotations: (B, 16, 3, 3), or None.
        betas: (B, 10), or None.
        feature_map: (B, C, rows, columns) of the image, where the network has one, else None.
        sampled_share: (B,) share of mesh vertices that sampled inside the feature map, else None.
        raw: Whatever the network's own loss wants; the doctor does not look at it.
    """

    keypoints_norm: "Tensor"
    joints_mm: "Tensor"
    rotations: "Tensor | None" = None
    betas: "Tensor | None" = None
    feature_map: "Tensor | None" = None
    sampled_share: "Tensor | None" = None
    raw: Any = None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What became of the weights a network starts from.

    Attributes:
        source: File, or "" for random weights.
        matched: Tensors of the network that were filled from the file.
        wanted: Tensors of the network that the file should have filled.
        skipped: Names that were not filled, some of them.
        hand: Vertices (778, 3) in mm of the hand inside the network, at rest; None: it has none.
    """

    source: str = ""
    matched: int = 0
    wanted: int = 0
    skipped: tuple[str, ...] = ()
    hand: np.ndarray | None = None


class NetworkAccess(Protocol):
    """A network and its loss. All of it on the CPU, or wherever `build` puts it."""

    #: Terms that pull towards a prior and are not zero for a true answer.
    regularisers: frozenset[str]

    def build(self, seed: int) -> "nn.Module":
        """The network as a training starts it; the same for the same seed."""
        ...

    def loaded(self) -> Loaded:
        """What its starting weights are, and its hand."""
        ...

    def answer(self, network: "nn.Module", samples: Sequence[Sample]) -> Answer:
        """Ask in the mode (training or evaluation) that the module is in."""
        ...

    def truth(self, samples: Sequence[Sample]) -> Answer:
        """The samples' labels in an answer's place, as complete as the loss wants it."""
        ...

    def terms(
        self, network: "nn.Module", answer: Answer, samples: Sequence[Sample]
    ) -> "dict[str, Tensor]":
        """Weighted terms of the loss; their sum is descended."""
        ...

    def parts(self, network: "nn.Module") -> "dict[str, list[nn.Parameter]]":
        """Parameters by part of the network, as people know them: "backbone", "decoders"."""
        ...


@dataclass(frozen=True, kw_only=True)
class TrainingFacts:
    """What the configuration says; `TrainingAccess.train` shows what is really done.

    Attributes:
        learning_rate: Largest, after the warm-up.
        warmup_steps: Over which it rises.
        total_steps: Of the run.
        schedule: "cosine" | "constant" | anything else by name.
        final_share: Of the learning rate, where the schedule ends.
        clip_norm: 0 never clips.
        batch_size: Samples in a step.
        precision: "32-true", "bf16-mixed", "16-mixed".
        weights: Of the loss terms, by name; empty where unknown.
    """

    learning_rate: float
    warmup_steps: int
    total_steps: int
    schedule: str
    final_share: float
    clip_norm: float
    batch_size: int
    precision: str = "32-true"
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One optimiser step, as the pipeline takes it.

    Attributes:
        terms: Weighted terms of the loss before the step.
        gradient_norm: Before clipping.
        applied_norm: After it.
        learning_rate: That was applied.
        update_ratios: ||w' - w|| / ||w|| by part; empty where not measured.
        skipped: Whether the step was left out for an overflow.
    """

    terms: Mapping[str, float]
    gradient_norm: float
    applied_norm: float
    learning_rate: float
    update_ratios: Mapping[str, float] = field(default_factory=dict)
    skipped: bool = False

    @property
    def loss(self) -> float:
        """The sum of the terms."""
        return float(sum(self.terms.values()))


class TrainingAccess(Protocol):
    """How the pipeline steps: its optimiser, schedule, clipping, precision."""

    facts: TrainingFacts

    def train(
        self,
        access: NetworkAccess,
        network: "nn.Module",
        batches: Sequence[Sequence[Sample]],
        *,
        learning_rate: float | None = None,
        measure_updates: bool = False,
    ) -> Iterator[StepRecord]:
        """Take one step per batch, the first being step 0 of a run; yields each.

        Answers and losses come from `access`, which may be a subject's own or one that was mended.
        `learning_rate` replaces the schedule by a constant one: the doctor's own experiments.
        """
        ...

    def scheduled(self, step: int) -> float:
        """The learning rate that the pipeline applies at a step of the whole run."""
        ...


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What the pipeline's own metric says of a network.

    Attributes:
        frames: That entered it.
        joints: Joints of each frame that entered it (21, or 1 where labels have the root alone).
        mpjpe_mm, pa_mpjpe_mm: As it reports them.
    """

    frames: int
    joints: int
    mpjpe_mm: float
    pa_mpjpe_mm: float


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricAccess:
    """The pipeline's own evaluation.

    Attributes:
        split_frames: Frames that it should measure.
        evaluate: Runs it on a network.
    """

    split_frames: int
    evaluate: "Callable[[nn.Module], Evaluation]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """Everything that is examined; what is None is not tested.

    Attributes:
        name: Data and configuration in words.
        samples: Spread evenly over the training split, without augmentation, at most some dozens.
        split_frames: Frames in the training split.
        hand_model: The hand that the pipeline's labels and network are about.
        forced: (row of `samples`, view) to the sample as the pipeline augments it; None from it:
            the pipeline has no such augmentation.
        worker_views: Number of workers to, for each worker, the augmented images (K, 3, H, W) that
            it makes of the same K frames when its own turn comes.
        network, training, metric, run: See there.
    """

    name: str
    samples: tuple[Sample, ...] = ()
    split_frames: int = 0
    hand_model: HandModel | None = None
    forced: Callable[[int, View], Sample | None] | None = None
    worker_views: Callable[[int], Sequence[np.ndarray]] | None = None
    network: NetworkAccess | None = None
    training: TrainingAccess | None = None
    metric: MetricAccess | None = None
    run: "RunRecord | None" = None
