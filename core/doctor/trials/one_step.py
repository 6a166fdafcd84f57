"""One optimiser step, as the pipeline takes it: what moved, how far, and what should not have."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.doctor.lab import Lab
from core.doctor.trials.gradients import OTHER, all_parts
from core.doctor.trials.shared_work import loss_batch, network, seeded


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What a step did.

    Attributes:
        ratios: ||w' - w|| / ||w|| by part.
        steps: RMS over a part's numbers of their movement, by part.
        constants: Names of tensors that are no weights and moved nonetheless.
    """

    ratios: Mapping[str, float]
    steps: Mapping[str, float]
    constants: tuple[str, ...]


def measure_movement(lab: Lab) -> Movement | None:
    """Take a step at the configured learning rate, without warm-up, on a copy of the network.

    None where the pipeline left the step out, as 16-bit arithmetic may at first.
    """
    access, training = lab.subject.network, lab.subject.training
    module = copy.deepcopy(network(lab)).train()
    parts = all_parts(access, module)
    before = {id(p): p.detach().clone() for p in module.parameters()}
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    with seeded(lab.seed):
        steps = training.train(
            access, module, [loss_batch(lab)], learning_rate=training.facts.learning_rate
        )
        records = list(steps)
    if any(record.skipped for record in records):
        return None
    ratios, sizes = {}, {}
    for part, parameters in parts.items():
        moved = _length([p.detach() - before[id(p)] for p in parameters])
        ratios[part] = moved / max(_length([before[id(p)] for p in parameters]), 1e-12)
        sizes[part] = moved / np.sqrt(sum(p.numel() for p in parameters))
    return Movement(
        ratios=ratios,
        steps=sizes,
        constants=(*_moved_buffers(lab, module, buffers), *_trained_constants(lab, module, before)),
    )


def _length(tensors: list[Tensor]) -> float:
    return float(nn.utils.get_total_norm([tensor.float() for tensor in tensors]))


def _moved_buffers(lab: Lab, module: nn.Module, before: Mapping[str, Tensor]) -> list[str]:
    """Buffers that the step changed, but for running statistics: these a forward pass changes."""
    moved = [
        name
        for name, buffer in module.named_buffers()
        if name in before and not torch.equal(buffer, before[name])
    ]
    if not moved:
        return []
    other = copy.deepcopy(network(lab)).train()
    with torch.no_grad(), seeded(lab.seed):
        lab.subject.network.answer(other, loss_batch(lab))
    after = dict(other.named_buffers())
    return [name for name in moved if torch.equal(after[name], before[name])]


def _trained_constants(lab: Lab, module: nn.Module, before: Mapping[int, Tensor]) -> list[str]:
    """Parameters that move though they are no weights: of no part, the same for every seed, and
    not all one number, as norms and biases start.

    Weights from a file are the same for every seed too; then this cannot be told.
    """
    others = {id(p) for p in all_parts(lab.subject.network, module).get(OTHER, ())}
    if not others or lab.shared("loaded", lab.subject.network.loaded).source:
        return []
    moved = {
        name: before[id(p)]
        for name, p in module.named_parameters()
        if id(p) in others
        and not torch.equal(p.detach(), before[id(p)])
        and bool(before[id(p)].min() < before[id(p)].max())
    }
    if not moved:
        return []
    again = dict(lab.subject.network.build(lab.seed + 1).named_parameters())
    return [name for name, start in moved.items() if torch.equal(again[name].detach(), start)]
