"""UTNet and its loss, behind the doctor's protocol."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core.conventions import IMAGE_MEAN, IMAGE_STD, WRIST
from core.doctor.subject import Answer, Loaded, Sample
from core.geometry.rotation import matrix_from_axis_angle
from core.hand.hand_model import HandModel
from core.network.checkpoints import load_weights
from core.network.feature_maps import Heatmaps, cell_shares
from core.network.inputs import NetworkInput
from core.network.mano_layer import ManoLayer
from core.network.output import HandOutput, UTNetOutput
from core.network.utnet import UTNet
from core.training.config import TrainingConfig
from core.training.crop_dataset import Targets
from core.training.diagnostics import parts_of
from core.training.losses import HandLoss, LabelCounts, weigh
from core.training.start import load_start_weights

_MEAN = np.float32(IMAGE_MEAN)[:, None, None]
_STD = np.float32(IMAGE_STD)[:, None, None]
#: Stands for the logarithm of no share at all, which has no number.
_LEAST_SHARE = 1e-12


class OwnNetwork:
    """`NetworkAccess` of this project's network, on the CPU."""

    def __init__(
        self, config: TrainingConfig, hand_model: HandModel, checkpoint: Path | None = None
    ) -> None:
        """`checkpoint` stands in for the configuration's own starting weights."""
        self.config = config
        self.hand_model = hand_model
        self._start = checkpoint or (Path(config.run.start_from) if config.run.start_from else None)
        self._is_whole = checkpoint is not None
        # Pulls towards a mean hand: a true answer does not make them zero.
        self.regularisers = frozenset({"prior_pose", "prior_shape"})
        if config.loss.prior_pose or config.loss.prior_shape:
            self.regularisers |= {"coarse"}  # it holds both priors once more

    @cached_property
    def _mano(self) -> ManoLayer:
        return ManoLayer(self.hand_model)

    def build(self, seed: int) -> UTNet:
        """Random weights from `seed`, then those of the file, if there is one."""
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            network = UTNet(self.config.network, self.hand_model)
        self._load(network)
        return network.train()

    def loaded(self) -> Loaded:
        """What `build` filled, and the hand inside."""
        network = UTNet(self.config.network, self.hand_model)
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        self._load(network)
        wanted = [name for name in before if self._is_whole or name.startswith("vit.")]
        after = network.state_dict()
        kept = [name for name in wanted if torch.equal(before[name], after[name])]
        # Norms and biases start at the same numbers that a file may hold.
        skipped = [name for name in kept if before[name].ndim > 1]
        rest = torch.eye(3).expand(1, 16, 3, 3)
        vertices_m, _ = network.mano(rest[:, 0], rest[:, 1:], torch.zeros(1, 10))
        has_file = self._start is not None
        return Loaded(
            source=str(self._start or ""),
            matched=len(wanted) - len(skipped) if has_file else 0,
            wanted=len(wanted) if has_file else 0,
            skipped=tuple(skipped[:8]) if has_file else (),
            hand=vertices_m[0].numpy() * 1000,
        )

    def _load(self, network: UTNet) -> None:
        if self._start is None:
            return
        if self._is_whole:
            load_weights(network, self._start)
        else:
            load_start_weights(network, self._start)

    def answer(self, network: nn.Module, samples: Sequence[Sample]) -> Answer:
        """The final hand; the feature map is the coarsest that the refinement samples."""
        with _watching(network.upsampler) as maps:
            output = network(_inputs(samples))
        final = output.final
        return Answer(
            keypoints_norm=final.keypoints_norm,
            joints_mm=final.joints_mm,
            rotations=torch.cat([final.global_orient[:, None], final.hand_pose], dim=1),
            betas=final.betas,
            feature_map=maps[0],
            sampled_share=output.sampled_share,
            raw=output,
        )

    def truth(self, samples: Sequence[Sample]) -> Answer:
        """Labels as both hands of the network and as its keypoint maps."""
        targets = _targets(samples)
        hand = self._true_hand(targets)
        shares = cell_shares(targets.keypoints_norm)
        heatmaps = Heatmaps(shares.clamp(min=_LEAST_SHARE).log(), targets.keypoints_norm)
        ones = torch.ones(len(samples))
        output = UTNetOutput(hand, hand, heatmaps, ones > 0, ones)
        return Answer(
            keypoints_norm=targets.keypoints_norm,
            joints_mm=targets.joints_mm,
            rotations=targets.rotations,
            betas=targets.betas,
            raw=output,
        )

    def _true_hand(self, targets: Targets) -> HandOutput:
        rotations = targets.rotations
        vertices_m, joints_m = self._mano(rotations[:, 0], rotations[:, 1:], targets.betas)
        about_wrist_mm = (vertices_m - joints_m[:, WRIST : WRIST + 1]) * 1000
        return HandOutput(
            joints_mm=targets.joints_mm,
            vertices_mm=about_wrist_mm + targets.joints_mm[:, WRIST : WRIST + 1],
            keypoints_norm=targets.keypoints_norm,
            global_orient=rotations[:, 0],
            hand_pose=rotations[:, 1:],
            betas=targets.betas,
            camera_sxy=torch.zeros(len(rotations), 3),
        )

    def terms(
        self, network: nn.Module, answer: Answer, samples: Sequence[Sample]
    ) -> dict[str, Tensor]:
        """Weighted terms of training mode's answers; those of weight 0 are left out."""
        targets = _targets(samples)
        weights = self.config.loss
        with torch.autocast("cpu", enabled=False):
            raw = HandLoss(weights, network).raw_terms(answer.raw, targets, LabelCounts.of(targets))
        _, weighted = weigh(raw, weights)
        return {name: term for name, term in weighted.items() if getattr(weights, name) > 0}

    def parts(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        """As training reports them."""
        return parts_of(network)


@contextmanager
def _watching(module: nn.Module) -> Iterator[list[Tensor]]:
    """What a module gives while it is watched."""
    seen: list[Tensor] = []
    hook = module.register_forward_hook(lambda _, __, given: seen.extend(given))
    try:
        yield seen
    finally:
        hook.remove()


def _inputs(samples: Sequence[Sample]) -> NetworkInput:
    """Samples as the network takes them: its own normalisation undone, nothing rounded."""
    pixels = np.stack([sample.image for sample in samples]) * _STD + _MEAN
    blind = np.zeros((2, *samples[0].size_px), np.float32)
    depths = [blind if sample.depth is None else sample.depth for sample in samples]
    references = [sample.reference_depth_mm for sample in samples]
    return NetworkInput(
        image=torch.from_numpy(np.float32(pixels * 255)),
        depth=torch.from_numpy(np.stack(depths)),
        reference_depth_mm=torch.tensor([float(reference or 0.0) for reference in references]),
        has_depth=torch.tensor([reference is not None for reference in references]),
        intrinsics=torch.from_numpy(np.stack([s.intrinsics for s in samples])).float(),
    )


def _targets(samples: Sequence[Sample]) -> Targets:
    no_pose, no_betas = np.zeros((16, 3)), np.zeros(10)
    poses = [no_pose if s.pose_rad is None else s.pose_rad for s in samples]
    has_mano = [float(s.pose_rad is not None and s.betas is not None) for s in samples]
    arrays = {
        "keypoints_norm": [s.keypoints_norm for s in samples],
        "keypoint_weights": [s.keypoint_weights for s in samples],
        "joints_mm": [s.joints_mm for s in samples],
        "joint_weights": [s.joint_weights for s in samples],
        "rotations": [matrix_from_axis_angle(pose) for pose in poses],
        "betas": [no_betas if s.betas is None else s.betas for s in samples],
        "has_mano": has_mano,
    }
    return Targets(
        **{name: torch.from_numpy(np.asarray(rows, np.float32)) for name, rows in arrays.items()}
    )
