"""The learning rate as a function of the step alone, so that no state of it can be lost."""

import math

from core.training.config import OptimisationConfig


def learning_rate(step: int, total_steps: int, config: OptimisationConfig) -> float:
    """The learning rate of optimiser step `step`, 0 to `total_steps` - 1.

    It rises evenly to its largest value at step ``warmup_steps - 1``, then stays ("constant") or
    follows half a cosine to its final share, which the last step has ("cosine").
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return config.learning_rate
    way = max(1, total_steps - config.warmup_steps)
    done = min(1.0, (step + 1 - config.warmup_steps) / way)
    cosine = 0.5 + 0.5 * math.cos(math.pi * done)
    share = config.final_learning_rate_share
    return config.learning_rate * (share + (1 - share) * cosine)
