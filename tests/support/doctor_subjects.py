"""Healthy subjects for the doctor's tests: the embedded samples, a very small network."""

from dataclasses import replace
from functools import cache

import numpy as np

from core.doctor.own.subject import own_subject
from core.doctor.subject import Sample, Subject
from core.training.config import TrainingConfig, with_overrides
from core.training.presets import preset

#: Small enough that a hundred steps take seconds.
SMALL_NETWORK = ("network.token_width=64", "network.blocks=2", "network.heads=4")
PLAIN = (
    "run.steps=2000",
    "optimisation.precision=32-true",
    "optimisation.batch_size=8",
    "optimisation.warmup_steps=100",
)


def healthy_config(*changes: str, seed: int = 0) -> TrainingConfig:
    """The demo preset with a small network; `changes` as ``key=value``."""
    return with_overrides(preset("demo"), [*SMALL_NETWORK, *PLAIN, f"run.seed={seed}", *changes])


@cache
def _subject(changes: tuple[str, ...], frames: int, seed: int) -> Subject:
    return own_subject(healthy_config(*changes, seed=seed), samples=frames)


def healthy_subject(
    seed: int = 0,
    *,
    frames: int = 32,
    changes: tuple[str, ...] = (),
    noise_mm: float = 0.0,
    has_network: bool = True,
) -> Subject:
    """A subject without a fault.

    Args:
        seed: Of configuration and noise.
        frames: Samples that are looked at.
        changes: To the configuration.
        noise_mm: Standard deviation of independent noise on the 3D labels, per axis; the 2D labels
            follow it, as those of a real annotation would.
        has_network: Without it the checks of network and training are not tested.
    """
    subject = _subject(changes, frames, seed)
    if noise_mm:
        subject = replace(
            subject,
            samples=tuple(
                _noisy(sample, noise_mm, np.random.default_rng((seed, number)))
                for number, sample in enumerate(subject.samples)
            ),
        )
    if not has_network:
        subject = replace(subject, network=None, training=None, metric=None)
    return subject


def _noisy(sample: Sample, noise_mm: float, generator: np.random.Generator) -> Sample:
    joints_mm = sample.joints_mm + generator.normal(0, noise_mm, (21, 3))
    height, width = sample.size_px
    projected = joints_mm @ sample.intrinsics.T
    keypoints_px = projected[:, :2] / projected[:, 2:]
    return replace(sample, joints_mm=joints_mm, keypoints_norm=keypoints_px / (width, height) - 0.5)
