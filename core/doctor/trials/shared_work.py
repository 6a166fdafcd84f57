"""What several checks want and what costs time, made once per examination."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.doctor.lab import Lab
from core.doctor.subject import Answer, Sample

#: Samples that a network is asked about: medians over them are steady, and it takes seconds.
_ASKED = 24
#: Samples that are asked about at a time.
_BATCH = 8
#: Share of a network's parameters that a file must fill for it to count as trained.
_WHOLE = 0.98
#: Samples of the batch that losses and gradients are looked at on.
LOSS_BATCH = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What the network as a training starts it says, in evaluation mode.

    Attributes:
        samples: That it was asked about.
        keypoints_norm: (N, 21, 2).
        joints_mm: (N, 21, 3).
        sampled_share: (N,) share of vertices inside the feature map, or None.
    """

    samples: tuple[Sample, ...]
    keypoints_norm: np.ndarray
    joints_mm: np.ndarray
    sampled_share: np.ndarray | None

    @property
    def about_wrist_mm(self) -> np.ndarray:
        """(N, 21, 3) joints relative to the wrist."""
        return self.joints_mm - self.joints_mm[:, :1]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's random numbers from `seed` inside, and as they were afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def spread_over(samples: Sequence[Sample], count: int) -> tuple[Sample, ...]:
    """At most `count` of the samples, evenly over them."""
    rows = np.unique(np.linspace(0, len(samples) - 1, min(count, len(samples))).round().astype(int))
    return tuple(samples[row] for row in rows)


def network(lab: Lab) -> nn.Module:
    """The network as a training starts it. Nobody trains this one: they copy it."""
    return lab.shared("network", lambda: lab.subject.network.build(lab.seed))


def answers(lab: Lab) -> Answers:
    """Its answers on some samples, in evaluation mode."""
    return lab.shared("answers", lambda: ask(lab, network(lab), lab.subject.samples))


def ask(lab: Lab, module: nn.Module, samples: Sequence[Sample]) -> Answers:
    """Answers of any network, in evaluation mode, on at most some dozens of samples."""
    asked = spread_over(samples, _ASKED)
    given = []
    for begin in range(0, len(asked), _BATCH):
        given.append(answer_of(lab, module, asked[begin : begin + _BATCH]))
        lab.tick(min(1.0, (begin + _BATCH) / len(asked)))
    shares = [answer.sampled_share for answer in given]
    return Answers(
        samples=asked,
        keypoints_norm=_stacked([answer.keypoints_norm for answer in given]),
        joints_mm=_stacked([answer.joints_mm for answer in given]),
        sampled_share=None if any(s is None for s in shares) else _stacked(shares),
    )


@torch.no_grad()
def answer_of(lab: Lab, module: nn.Module, samples: Sequence[Sample]) -> Answer:
    """One batch's answer in evaluation mode; the module's own mode stays."""
    was_training = module.training
    module.eval()
    try:
        with seeded(lab.seed):
            return lab.subject.network.answer(module, samples)
    finally:
        module.train(was_training)


def training_terms(lab: Lab, module: nn.Module, samples: Sequence[Sample]) -> dict[str, Tensor]:
    """Weighted terms of a batch in training mode, the same at every call."""
    access = lab.subject.network
    module.train()
    with seeded(lab.seed):
        return access.terms(module, access.answer(module, samples), samples)


def loss_batch(lab: Lab) -> tuple[Sample, ...]:
    """The batch that losses and gradients are looked at on."""
    return spread_over(lab.subject.samples, LOSS_BATCH)


def is_trained(lab: Lab) -> bool:
    """Whether the network starts from a file that fills all of it: a checkpoint, no backbone."""
    loaded = lab.shared("loaded", lab.subject.network.loaded)
    tensors = sum(1 for _ in network(lab).parameters())
    return bool(loaded.source) and loaded.matched >= _WHOLE * tensors


def _stacked(parts: Sequence[Tensor]) -> np.ndarray:
    return torch.cat(list(parts)).detach().cpu().double().numpy()
