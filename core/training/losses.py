"""UTNet's losses: every term a mean over what is labelled, each in its own unit.

`HandLoss` gives the terms as they are, one place weighs and adds them (`weigh`).
Units are chosen so that terms are of about one size: 2D in crop sizes, 3D in decimetres, rotations
as matrix entries. So none drives alone at the start, which was the original's fault (its 3D term,
in millimetres summed over the batch, had 590,000 times the gradient of its 2D term).
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from core.conventions import WRIST
from core.network.feature_maps import Heatmaps, cell_shares
from core.network.output import HandOutput, UTNetOutput
from core.network.rotations import matrix_from_code
from core.network.utnet import UTNet
from core.training.config import LossConfig
from core.training.crop_dataset import Targets

MM_PER_DECIMETRE = 100.0
#: A keypoint further off than this many crop sizes pulls no harder: 1 / z makes it jump.
_FARTHEST_2D = 2.0

#: Every term, in the order in which it is written down; each has its weight in `LossConfig`.
HAND_TERMS = (
    "keypoints_2d",
    "joints_3d",
    "wrist",
    "vertices_3d",
    "rotations",
    "betas",
    "prior_pose",
    "prior_shape",
)
TERMS = (*HAND_TERMS, "coarse", "auxiliary", "heatmaps")


@dataclass(frozen=True)
class LabelCounts:
    """How much of a batch is labelled: what the terms' sums are divided by.

    They are taken over everything that goes into one optimiser step, all its parts and all
    processes, so that neither accumulation nor the number of devices changes a gradient.

    Attributes:
        keypoints, joints: Sums of the confidences of 2D keypoints and of wrist-relative joints.
        wrists: Labelled wrists.
        hands: Samples with hand parameters.
        samples: Samples.
    """

    keypoints: Tensor
    joints: Tensor
    wrists: Tensor
    hands: Tensor
    samples: Tensor

    @classmethod
    def of(cls, targets: Targets) -> "LabelCounts":
        """Count the labels of a batch."""
        return cls(
            keypoints=targets.keypoint_weights.sum(),
            joints=_relative_weights(targets).sum(),
            wrists=targets.joint_weights[:, WRIST].sum(),
            hands=targets.has_mano.sum(),
            samples=targets.has_mano.new_tensor(float(len(targets.has_mano))),
        )

    @classmethod
    def from_vector(cls, counts: Tensor) -> "LabelCounts":
        """The inverse of `vector`."""
        return cls(*counts.unbind())

    def vector(self) -> Tensor:
        """The counts as one tensor (5,), to be added up across batches and processes."""
        return torch.stack([getattr(self, field.name) for field in fields(self)])


class HandLoss:
    """Every term of `TERMS` for a network's output, unweighted; of a fully labelled batch, means.

    Of the final hand: ``keypoints_2d`` L1 in crop sizes, confidence-weighted; ``joints_3d`` L1 in
    decimetres relative to the wrist, confidence-weighted; ``wrist`` L1 in decimetres of the wrist
    in camera space; ``vertices_3d`` L1 in decimetres relative to the wrist; ``rotations`` L1 of
    matrix entries; ``betas`` squared error; ``prior_pose`` squared distance of the fingers' matrix
    entries from the mean pose's; ``prior_shape`` squared betas.

    ``coarse`` is the weighted sum of the same terms of the coarse hand. ``auxiliary`` and
    ``heatmaps``: see `auxiliary_terms`.
    """

    def __init__(self, weights: LossConfig, network: UTNet) -> None:
        """`network` gives the hand model and the mean pose, wherever it moves."""
        self.weights = weights
        self._network = network

    @property
    def of_maps_alone(self) -> bool:
        """Whether no term of the hand has a weight and the network can do without the hand."""
        has_hand = any(getattr(self.weights, name) for name in HAND_TERMS)
        return self._network.sees_keypoints_early and not has_hand

    def raw_map_terms(
        self, heatmaps: Heatmaps, targets: Targets, counts: LabelCounts
    ) -> dict[str, Tensor]:
        """The terms of keypoint maps alone; those of the hand are zero."""
        nothing = dict.fromkeys((*HAND_TERMS, "coarse"), heatmaps.keypoints_norm.new_zeros(()))
        return {**nothing, **auxiliary_terms(heatmaps, targets, counts)}

    def raw_terms(
        self, output: UTNetOutput, targets: Targets, counts: LabelCounts
    ) -> dict[str, Tensor]:
        """The terms of a batch; `counts` are those of the whole optimiser step it belongs to."""
        if output.auxiliary is None:
            raise ValueError("the network must be in training mode: it gave no auxiliary keypoints")
        reference = self._reference(targets)
        final = hand_terms(output.final, targets, reference, counts)
        coarse = hand_terms(output.coarse, targets, reference, counts)
        weighted = [getattr(self.weights, name) * coarse[name] for name in HAND_TERMS]
        auxiliary = auxiliary_terms(output.auxiliary, targets, counts)
        return {**final, "coarse": torch.stack(weighted).sum(), **auxiliary}

    @torch.no_grad()
    def _reference(self, targets: Targets) -> "Reference":
        rotations, code = targets.rotations, self._network.mean_pose_code
        vertices_m, joints_m = self._network.mano(rotations[:, 0], rotations[:, 1:], targets.betas)
        about_wrist_mm = (vertices_m - joints_m[:, WRIST : WRIST + 1]) * 1000
        mean_pose = matrix_from_code(code.float(), self._network.config.rotation)[1:]
        return Reference(about_wrist_mm / MM_PER_DECIMETRE, mean_pose)


@dataclass(frozen=True)
class Reference:
    """What terms compare with besides the labels themselves.

    Attributes:
        vertices_dm: (B, 778, 3) about the wrist, posed from the labelled parameters.
        mean_pose: (15, 3, 3) finger rotations of the mean hand.
    """

    vertices_dm: Tensor
    mean_pose: Tensor


def weigh(raw: dict[str, Tensor], weights: LossConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss to descend and its weighted terms: the one place where terms are weighed and added.

    A term of weight zero takes part with zero, so that every parameter has a gradient, as training
    on several devices needs.
    """
    weighted = {name: getattr(weights, name) * value for name, value in raw.items()}
    return torch.stack(list(weighted.values())).sum(), weighted


def hand_terms(
    hand: HandOutput, targets: Targets, reference: Reference, counts: LabelCounts
) -> dict[str, Tensor]:
    """The terms of one hand (coarse or final); see `HandLoss`."""
    joints, truth = hand.joints_mm / MM_PER_DECIMETRE, targets.joints_mm / MM_PER_DECIMETRE
    rotations = torch.cat([hand.global_orient[:, None], hand.hand_pose], dim=1)
    wrist, true_wrist = joints[:, WRIST : WRIST + 1], truth[:, WRIST : WRIST + 1]
    vertices = hand.vertices_mm / MM_PER_DECIMETRE - wrist
    keypoint_error = (hand.keypoints_norm - targets.keypoints_norm).abs().clamp(max=_FARTHEST_2D)
    joint_error = ((joints - wrist) - (truth - true_wrist)).abs()
    everyone = torch.ones_like(targets.has_mano)
    return {
        "keypoints_2d": _mean(keypoint_error, targets.keypoint_weights, counts.keypoints),
        "joints_3d": _mean(joint_error, _relative_weights(targets), counts.joints),
        "wrist": _mean(
            (wrist - true_wrist).abs(), targets.joint_weights[:, WRIST, None], counts.wrists
        ),
        "vertices_3d": _mean(
            (vertices - reference.vertices_dm).abs(), targets.has_mano, counts.hands
        ),
        "rotations": _mean((rotations - targets.rotations).abs(), targets.has_mano, counts.hands),
        "betas": _mean((hand.betas - targets.betas).square(), targets.has_mano, counts.hands),
        "prior_pose": _mean(
            (hand.hand_pose - reference.mean_pose).square(), everyone, counts.samples
        ),
        "prior_shape": _mean(hand.betas.square(), everyone, counts.samples),
    }


def auxiliary_terms(heatmaps: Heatmaps, targets: Targets, counts: LabelCounts) -> dict[str, Tensor]:
    """What teaches the image tokens where the joints are.

    ``auxiliary`` L1 of the maps' mean places in crop sizes; ``heatmaps`` Kullback-Leibler
    divergence of the maps from the cells about each joint inside the crop, in nats: it tells every
    cell, not only their mean, and moves a network from scratch off the constant predictor sooner.
    Its gradient is the cross-entropy's; but of true maps it is zero, as a loss should be.
    """
    error = (heatmaps.keypoints_norm - targets.keypoints_norm).abs().clamp(max=_FARTHEST_2D)
    shares = cell_shares(targets.keypoints_norm)
    divergence = (torch.xlogy(shares, shares) - shares * heatmaps.log_share).sum(1)
    weights = targets.keypoint_weights
    return {
        "auxiliary": _mean(error, weights, counts.keypoints),
        "heatmaps": _mean(divergence, weights, counts.keypoints),
    }


def _mean(values: Tensor, weights: Tensor, count: Tensor) -> Tensor:
    """Weighted sum of `values` (weights' axes first) over `count` and the axes without weights.

    Nothing that has no label enters: its weight is zero and its stand-in label a finite number.
    """
    axes = tuple(range(weights.ndim, values.ndim))
    per_label = values.mean(dim=axes) if axes else values
    return (per_label * weights).sum() / count.clamp(min=1e-6)


def _relative_weights(targets: Targets) -> Tensor:
    """Confidence (B, 21) of joints relative to the wrist: none where the wrist is unknown."""
    return targets.joint_weights * targets.joint_weights[:, WRIST : WRIST + 1]
