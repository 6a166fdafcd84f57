"""Runs that were never trained: curves with the noise of real ones, and faults in them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from core.doctor.run_record import RunRecord
from core.training.config import LossConfig, OptimisationConfig
from core.training.schedule import learning_rate

TERMS = ("keypoints_2d", "joints_3d", "wrist", "rotations", "betas", "coarse", "heatmaps")
PARTS = ("backbone", "tokens", "decoders", "refinement")
CONSTANT_MM = 102.0
BASELINES = {"mean_pose_mpjpe_mm": CONSTANT_MM}


def healthy_run(
    seed: int = 0,
    *,
    steps: int = 1200,
    scatter: float = 0.08,
    fall: float = 0.6,
    pace: float = 0.25,
    validations: int = 12,
    warmup: int = 60,
) -> RunRecord:
    """A run that learns.

    Args:
        seed: Of its noise.
        steps: Its length.
        scatter: Standard deviation of the loss's logarithm from step to step: 0.08 for batches of
            16, 0.3 for pairs.
        fall: Share of the loss that is gone at the end.
        pace: Steps over which most of it goes, as a share of the run.
        validations: Looks at held-out frames.
        warmup: Steps in which the learning rate rises.
    """
    rng = np.random.default_rng(seed)
    step = np.arange(1, steps + 1, dtype=float)
    level = 6.0 * (1 - fall * (1 - np.exp(-step / (pace * steps))) / (1 - np.exp(-1 / pace)))
    loss = level * np.exp(scatter * rng.normal(size=steps))
    norm = (5 + 5 * np.exp(-step / 50)) * np.exp(0.35 * rng.normal(size=steps))
    norm[rng.random(steps) < 0.005] *= 6
    rates = configured(steps, warmup)
    at = np.unique(np.linspace(steps / validations, steps, validations).round())
    course = np.exp(-at / (pace * steps))
    error = (30 + 55 * course) * np.exp(0.012 * rng.normal(size=len(at)))
    shares = rng.dirichlet(np.full(len(TERMS), 8.0))
    some = np.unique(np.linspace(1, steps, 12).round())
    ratios = 5e-3 * np.interp(some, step, rates) / rates.max()
    return RunRecord(
        name=f"healthy-{seed}",
        step=step,
        loss=loss,
        gradient_norm=norm,
        clipped=(norm > 1.0).astype(float),
        learning_rate=rates,
        weighted={term: loss * share for term, share in zip(TERMS, shares, strict=True)},
        validation_step=at,
        metrics={"mpjpe_mm": error, "pa_mpjpe_mm": 0.3 * error},
        baselines={"mean_pose_mpjpe_mm": CONSTANT_MM, "mean_hand_pa_mpjpe_mm": 15.7},
        validated_frames=np.full(len(at), 200.0),
        shares=dict(zip(TERMS, map(float, shares), strict=True)),
        update_ratios={part: np.stack([some, ratios * (1 + n)], 1) for n, part in enumerate(PARTS)},
        configured_rate=rates,
        clip_norm=1.0,
        weights=LossConfig().model_dump(),
    )


def report_of(run: RunRecord, row: int) -> SimpleNamespace:
    """What the loop reports of a step, as far as it is watched."""
    return SimpleNamespace(
        loss=run.loss[row],
        gradient_norm=run.gradient_norm[row],
        clipped=run.clipped[row],
        learning_rate=run.configured_rate[row],
    )


def configured(steps: int, warmup: int, *, rate: float = 1e-3) -> np.ndarray:
    """(N,) warm-up and cosine, as a run applies them."""
    config = OptimisationConfig(learning_rate=rate, warmup_steps=warmup)
    return np.array([learning_rate(step, steps, config) for step in range(steps)])


def flat(run: RunRecord, seed: int, *, from_share: float = 0.0) -> RunRecord:
    """Nothing moves after that share of the steps, and the error stays at the constant's."""
    rng = np.random.default_rng(seed)
    begin = max(int(from_share * len(run.step)), 1)
    loss = run.loss.copy()
    level = float(np.median(run.loss[:begin]))
    loss[begin - 1 :] = level * np.exp(0.01 * rng.normal(size=len(loss) - begin + 1))
    error = CONSTANT_MM * np.exp(0.01 * rng.normal(size=len(run.validation_step)))
    return replace(run, loss=loss, metrics={"mpjpe_mm": error, "pa_mpjpe_mm": 0.3 * error})


def exploding(run: RunRecord, *, at_share: float = 0.6, growth: float = 4.0) -> RunRecord:
    """The loss grows from there on, to `growth` times what it was."""
    way = np.clip(run.step / run.step[-1] - at_share, 0, None) / (1 - at_share)
    return replace(run, loss=run.loss * growth**way)


def swinging(run: RunRecord, *, period: float, size: float = 0.5) -> RunRecord:
    """The loss swings about one level and never falls."""
    rng = np.random.default_rng(len(run.step))
    wave = np.exp(
        size * np.sin(2 * np.pi * run.step / period + 0.5) + 0.08 * rng.normal(size=len(run.step))
    )
    return replace(run, loss=float(np.median(run.loss)) * wave)


def overfitted(run: RunRecord, *, rise: float = 0.8) -> RunRecord:
    """The error on held-out frames rises again from the middle on; the loss goes on falling."""
    late = np.clip(run.validation_step / run.step[-1] - 0.4, 0, None) / 0.6
    metrics = {name: values * (1 + rise * late) for name, values in run.metrics.items()}
    return replace(run, metrics=metrics)
