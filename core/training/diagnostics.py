"""What explains a loss curve: whose gradient it is, and how far each part of the network moves."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from core.network.utnet import UTNet
from core.training.crop_dataset import Batch
from core.training.losses import HandLoss, LabelCounts, weigh

#: Parts of the network, as they are reported, by the names of its modules.
PARTS = {
    "backbone": ("vit",),
    "tokens": ("image_tokens", "query_tokens"),
    "decoders": (
        "decode_orient",
        "decode_finger",
        "decode_shape",
        "decode_camera",
        "keypoint_heatmaps",
        "keypoint_lift",
    ),
    "upsampler": ("upsampler",),
    "refinement": ("refinement",),
}


def gradient_norms(network: UTNet, loss: HandLoss, batch: Batch) -> dict[str, float]:
    """Norm of each weighted term's gradient at the transformer's output tokens.

    Every term reaches the transformer and the tokens before it through that one point, so there
    the terms can be compared for the price of the heads alone; on all parameters each term would
    cost a backward pass through the transformer. Where the keypoint maps come before the
    transformer, that point is the stem's output. Norms do not add up where gradients pull in
    different directions.

    A pass of its own, whose random numbers the run does not see. Terms of weight 0 are left out.
    """
    captured: list[Tensor] = []
    crossing = network.image_tokens if network.sees_keypoints_early else network.vit
    hook = crossing.register_forward_hook(lambda _, __, tokens: captured.append(tokens))
    device = next(network.parameters()).device
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            output = network(batch.inputs)
    finally:
        hook.remove()
    raw = loss.raw_terms(output, batch.targets, LabelCounts.of(batch.targets))
    _, weighted = weigh(raw, loss.weights)
    norms = {}
    for name, value in weighted.items():
        if getattr(loss.weights, name) > 0:
            (gradient,) = torch.autograd.grad(value, captured, retain_graph=True)
            norms[name] = float(gradient.norm())
    return norms


def shares(norms: dict[str, float]) -> dict[str, float]:
    """Each norm's share of their sum; zero where all are zero."""
    total = sum(norms.values())
    return {name: norm / total if total > 0 else 0.0 for name, norm in norms.items()}


def parts_of(network: UTNet) -> dict[str, list[nn.Parameter]]:
    """The network's parameters by `PARTS`; what a configuration leaves out has none."""
    found = {
        part: [getattr(network, name) for name in names if getattr(network, name) is not None]
        for part, names in PARTS.items()
    }
    return {
        part: [parameter for module in modules for parameter in module.parameters()]
        for part, modules in found.items()
    }


class UpdateRatios:
    """How far each part of a network moved in a step, relative to how large it is."""

    def __init__(self, parts: Mapping[str, Sequence[Tensor]]) -> None:
        self._parts = parts
        self.ratios: dict[str, float] = {}

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Around an optimiser's step; `ratios` then has, by part, ||w' - w|| / ||w||."""
        before = {part: [p.detach().clone() for p in ps] for part, ps in self._parts.items()}
        yield
        self.ratios = {
            part: _norm([p.detach() - old for p, old in zip(ps, before[part], strict=True)])
            / max(_norm(before[part]), 1e-12)
            for part, ps in self._parts.items()
        }


def _norm(tensors: list[Tensor]) -> float:
    return float(nn.utils.get_total_norm(tensors))
