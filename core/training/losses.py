"""UTNet's losses, as means over the batch, each with its own unit.

Weights multiply terms of about one unit each: 2D in crop sizes, 3D in decimetres, rotations as
matrix entries. So none drives alone at the start, which was the original's fault (its 3D term, in
millimetres summed over the batch, had 590,000 times the gradient of its 2D term).
"""

from dataclasses import dataclass

import torch

from core.conventions import WRIST
from core.network.feature_maps import Heatmaps, cell_shares
from core.network.output import HandOutput, UTNetOutput
from core.training.crop_dataset import Targets

MM_PER_DECIMETRE = 100.0


@dataclass(frozen=True)
class LossWeights:
    """Weight of every term; see `loss_terms` for what each measures."""

    keypoints_2d: float = 5.0
    joints_3d: float = 2.0
    wrist: float = 0.5
    rotations: float = 1.0
    betas: float = 0.02
    coarse: float = 0.5
    auxiliary: float = 2.0
    heatmaps: float = 0.2


def hand_terms(hand: HandOutput, targets: Targets) -> dict[str, torch.Tensor]:
    """The terms of one hand (coarse or final), unweighted means.

    ``keypoints_2d`` L1 in crop sizes; ``joints_3d`` L1 in decimetres relative to the wrist;
    ``wrist`` L1 in decimetres of the wrist in camera space; ``rotations`` L1 of matrix entries;
    ``betas`` squared.
    """
    joints, truth = hand.joints_mm / MM_PER_DECIMETRE, targets.joints_mm / MM_PER_DECIMETRE
    rotations = torch.cat([hand.global_orient[:, None], hand.hand_pose], dim=1)
    wrist, true_wrist = joints[:, WRIST : WRIST + 1], truth[:, WRIST : WRIST + 1]
    return {
        "keypoints_2d": (hand.keypoints_norm - targets.keypoints_norm).abs().clamp(max=2).mean(),
        "joints_3d": ((joints - wrist) - (truth - true_wrist)).abs().mean(),
        "wrist": (wrist - true_wrist).abs().mean(),
        "rotations": (rotations - targets.rotations).abs().mean(),
        "betas": (hand.betas - targets.betas).square().mean(),
    }


def loss_terms(
    output: UTNetOutput, targets: Targets, weights: LossWeights
) -> tuple[torch.Tensor, dict[str, float]]:
    """The weighted sum to descend, and every term's raw value by name."""
    raw = hand_terms(output.final, targets)
    total = sum(getattr(weights, name) * value for name, value in raw.items())
    coarse = hand_terms(output.coarse, targets)
    total = total + weights.coarse * sum(getattr(weights, n) * v for n, v in coarse.items())
    values = {name: float(value.detach()) for name, value in raw.items()}
    if output.auxiliary is not None:
        for name, value in auxiliary_terms(output.auxiliary, targets).items():
            total = total + getattr(weights, name) * value
            values[name] = float(value.detach())
    return total, values


def auxiliary_terms(heatmaps: Heatmaps, targets: Targets) -> dict[str, torch.Tensor]:
    """What teaches the image tokens where the joints are.

    ``auxiliary`` L1 of the maps' mean places in crop sizes; ``heatmaps`` cross-entropy of the maps
    with the cells about each joint inside the crop, in nats: it tells every cell, not only their
    mean, and moves a network from scratch off the constant predictor sooner.
    """
    error = (heatmaps.keypoints_norm - targets.keypoints_norm).abs().clamp(max=2).mean()
    cross_entropy = -(cell_shares(targets.keypoints_norm) * heatmaps.log_share).sum(1).mean()
    return {"auxiliary": error, "heatmaps": cross_entropy}
