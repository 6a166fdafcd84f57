"""AdamW with groups of their own, and the running average of the weights."""

import re
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.network.utnet import UTNet
from core.training.config import OptimisationConfig

#: Learned vectors that stand for a place or a thing: like biases, they are never decayed.
_EMBEDDINGS = ("pos_embed", "learned", "depth_placeholder")
_BLOCK = re.compile(r"vit\.blocks\.(\d+)\.")
#: The average follows quickly at first, so that it never holds the random start.
_EARLY_PACE = 0.1


def make_optimiser(network: UTNet, config: OptimisationConfig) -> torch.optim.AdamW:
    """AdamW over `parameter_groups`; the loop sets each group's rate every step."""
    return torch.optim.AdamW(
        parameter_groups(network, config),
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        # One kernel for all parameters; on a CPU too it saves most of the step's own time.
        fused=config.precision != "16-mixed",  # fused, it would hide the unscaled gradients
    )


def parameter_groups(network: UTNet, config: OptimisationConfig) -> list[dict]:
    """Groups of AdamW: each with ``weight_decay`` and a ``lr_share`` of the learning rate.

    Matrices decay, biases, norms and embeddings do not. With ``layer_decay`` below 1 every layer
    of the transformer learns at that share of the one above it: tokens are its lowest layer,
    decoders and refinement, which no pretraining knows, are above its top (Bao et al., "BEiT",
    2022, appendix).
    """
    top = len(network.vit.blocks) + 1
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        decayed = parameter.ndim >= 2 and name.rpartition(".")[2] not in _EMBEDDINGS
        decay = config.weight_decay if decayed else 0.0
        share = config.layer_decay ** (top - layer_of(name, top))
        groups.setdefault((decay, share), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "lr_share": share}
        for (decay, share), parameters in sorted(groups.items(), key=lambda group: group[0])
    ]


def layer_of(name: str, top: int) -> int:
    """The layer of a parameter: 0 for tokens, 1 and on for blocks, `top` for what is above."""
    if name.startswith(("image_tokens.", "query_tokens.")):
        return 0
    match = _BLOCK.match(name)
    return int(match.group(1)) + 1 if match else top


def set_learning_rate(optimiser: torch.optim.Optimizer, learning_rate: float) -> None:
    """Give every group its share of the learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate * group["lr_share"]


def applied_rate(optimiser: torch.optim.Optimizer) -> float:
    """The learning rate that the groups have now, without their shares."""
    group = optimiser.param_groups[0]
    return group["lr"] / group["lr_share"]


class WeightAverage:
    """Exponential running average of a network's parameters (EMA).

    After update `n`, from 0, the average moves towards the weights by ``max(1 - decay,
    1 / (1 + n / 10))`` of the distance. Buffers never change in a run and are not averaged.
    """

    def __init__(self, network: nn.Module, average: nn.Module, decay: float) -> None:
        """`average` is a copy of `network`, in evaluation mode; decay 0 follows the weights."""
        self.decay = decay
        self.updates = 0
        self.average = average.eval().requires_grad_(False)
        self._weights = list(network.parameters())
        self._averages = list(average.parameters())

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the weights as they are now."""
        pace = max(1 - self.decay, 1 / (1 + _EARLY_PACE * self.updates))
        torch._foreach_lerp_(self._averages, self._weights, pace)
        self.updates += 1


def trained_parameters(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters that training changes, by name."""
    return ((name, p) for name, p in network.named_parameters() if p.requires_grad)
