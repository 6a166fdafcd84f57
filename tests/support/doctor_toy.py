"""Somebody else's pipeline, so small that a hundred steps take a second: a toy network on noise."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from core.doctor.stepping import SteppedTraining
from core.doctor.subject import (
    Answer,
    Evaluation,
    Loaded,
    MetricAccess,
    Sample,
    Subject,
    TrainingFacts,
)
from core.evaluation.alignment import procrustes_align

FACTS = TrainingFacts(
    learning_rate=1e-3,
    warmup_steps=50,
    total_steps=1000,
    schedule="cosine",
    final_share=0.0,
    clip_norm=1.0,
    batch_size=8,
    weights={},
)
_SIZE = (64, 48)


def toy_samples(count: int = 12, *, seed: int = 0, noise_mm: float = 0.0) -> tuple[Sample, ...]:
    """Hands of random pose under pictures of random blocks."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        joints_mm = rng.normal(0, 40, (21, 3)) + (0, 0, 600) + noise_mm * rng.normal(size=(21, 3))
        blocks = rng.normal(size=(3, 8, 6)).astype(np.float32)
        made.append(
            Sample(
                name=f"toy/{number:04}",
                image=np.kron(blocks, np.ones((1, 8, 8), np.float32)),
                intrinsics=np.array([[300.0, 0, 24], [0, 300, 32], [0, 0, 1]]),
                keypoints_norm=joints_mm[:, :2] / joints_mm[:, 2:] * 300 / (48, 64),
                keypoint_weights=np.ones(21),
                joints_mm=joints_mm,
                joint_weights=np.ones(21),
            )
        )
    return tuple(made)


class ToyNetwork:
    """`NetworkAccess` of one convolution and two layers."""

    regularisers: frozenset[str] = frozenset()

    def build(self, seed: int) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(
                nn.AvgPool2d(8), nn.Conv2d(3, 8, 1), nn.Flatten(), nn.Linear(384, 64), nn.ReLU(),
                nn.Linear(64, 105),
            )  # fmt: skip

    def loaded(self) -> Loaded:
        return Loaded()

    def answer(self, network: nn.Module, samples: Sequence[Sample]) -> Answer:
        given = network(torch.from_numpy(np.stack([sample.image for sample in samples])))
        return Answer(
            keypoints_norm=0.2 * given[:, :42].reshape(-1, 21, 2),
            joints_mm=100 * given[:, 42:].reshape(-1, 21, 3),
        )

    def truth(self, samples: Sequence[Sample]) -> Answer:
        about = lambda joints: joints - joints[:1]
        return Answer(
            keypoints_norm=_stacked([sample.keypoints_norm for sample in samples]),
            joints_mm=_stacked([about(sample.joints_mm) for sample in samples]),
        )

    def terms(
        self, network: nn.Module, answer: Answer, samples: Sequence[Sample]
    ) -> dict[str, Tensor]:
        truth = self.truth(samples)
        about = answer.joints_mm - answer.joints_mm[:, :1]
        return {
            "keypoints_2d": 5 * (answer.keypoints_norm - truth.keypoints_norm).abs().mean(),
            "joints_3d": 2 * ((about - truth.joints_mm) / 100).abs().mean(),
        }

    def parts(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        layers = list(network.children())
        return {
            "stem": list(layers[1].parameters()),
            "head": [p for layer in layers[2:] for p in layer.parameters()],
        }


def toy_subject(seed: int = 0, *, noise_mm: float = 0.0, **facts) -> Subject:
    """A healthy subject of the toy; `facts` replaces some of its configuration."""
    configured = replace(FACTS, **facts)
    samples = toy_samples(seed=seed, noise_mm=noise_mm)
    access = ToyNetwork()
    return Subject(
        name="toy",
        samples=samples,
        split_frames=len(samples),
        network=access,
        training=SteppedTraining(
            configured,
            optimiser=lambda network: torch.optim.AdamW(network.parameters(), betas=(0.9, 0.98)),
            scheduled=lambda step: _scheduled(configured, step),
        ),
        metric=MetricAccess(
            split_frames=len(samples),
            evaluate=lambda network: _evaluate(access, network, samples),
        ),
    )


def _scheduled(facts: TrainingFacts, step: int) -> float:
    """Warm-up and cosine from their definition."""
    if step < facts.warmup_steps:
        return facts.learning_rate * (step + 1) / facts.warmup_steps
    way = (step + 1 - facts.warmup_steps) / (facts.total_steps - facts.warmup_steps)
    return facts.learning_rate * (1 + np.cos(np.pi * way)) / 2


@torch.no_grad()
def _evaluate(access: ToyNetwork, network: nn.Module, samples: Sequence[Sample]) -> Evaluation:
    joints = access.answer(network, samples).joints_mm.double().numpy()
    truth = np.stack([sample.joints_mm for sample in samples])
    about = lambda points: points - points[:, :1]
    plain = np.linalg.norm(about(joints) - about(truth), axis=-1).mean()
    aligned = [
        np.linalg.norm(procrustes_align(p, t) - t, axis=-1).mean()
        for p, t in zip(joints, truth, strict=True)
    ]
    return Evaluation(
        frames=len(samples), joints=21, mpjpe_mm=float(plain), pa_mpjpe_mm=float(np.mean(aligned))
    )


def _stacked(rows: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32))
