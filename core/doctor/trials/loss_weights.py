"""All loss weights multiplied alike: the remedy that is none.

AdamW divides the gradient by its own size, so a factor on every weight cancels: trainings with
×0.01, ×1 and ×100 gave identical results. Only the ratios of the weights count, and the limit of
the gradient's norm, which is not multiplied along.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from core.doctor.check import Named, Reading, Verdict
from core.doctor.evidence import Table
from core.doctor.thresholds import Thresholds
from core.training.config import LossConfig
from core.training.presets import preset, preset_names

#: Weights count as multiplied alike where their factors agree to this; people type few digits.
_AGREEMENT = 0.01
#: Two weights may have one ratio by chance; three and more were multiplied.
_LEAST_WEIGHTS = 3


def known_weights() -> Iterator[dict[str, float]]:
    """Weights that come with the program: the defaults' and every preset's."""
    yield LossConfig().model_dump()
    for name in preset_names():
        yield preset(name).loss.model_dump()


def common_factor(weights: Mapping[str, float]) -> float | None:
    """By what all weights differ from known ones; 1 where they are known ones, None: by no one
    factor.

    "coarse" is left out: it weighs a sum of terms that are weighed already.
    """
    factors = [_factor(weights, known) for known in known_weights()]
    found = [factor for factor in factors if factor is not None]
    return min(found, key=lambda factor: abs(np.log(factor)), default=None)


def _factor(weights: Mapping[str, float], known: Mapping[str, float]) -> float | None:
    names = [name for name in known if name != "coarse"]
    mine = np.array([weights.get(name, 0.0) for name in names])
    theirs = np.array([known[name] for name in names])
    used = theirs > 0
    if used.sum() < _LEAST_WEIGHTS or ((mine > 0) != used).any():
        return None
    factors = mine[used] / theirs[used]
    if factors.max() / factors.min() > 1 + _AGREEMENT:
        return None
    return float(np.median(factors))


def scaled_alike(
    weights: Mapping[str, float], thresholds: Thresholds, check: str
) -> tuple[Named | None, Reading | None]:
    """The warning, where all weights are known ones times a factor, and the number it rests on."""
    factor = common_factor(weights)
    if factor is None:
        return None, None
    size = max(factor, 1 / factor)
    reading = Reading(
        quantity="weights_factor", value=size, unit="×", threshold=f"{check}.weights_factor"
    )
    if size <= thresholds[f"{check}.weights_factor"]:
        return None, reading
    named = Named(
        cause="weights_scaled_alike",
        numbers={"factor": factor},
        verdict=Verdict.WARNING,
        changes={
            f"loss.{name}": float(f"{weight / factor:.6g}")
            for name, weight in weights.items()
            if name != "coarse"
        },
    )
    return named, reading


def weights_table(weights: Mapping[str, float], factor: float) -> Table:
    """The weights beside what they are without the factor."""
    rows = tuple((name, weight, weight / factor) for name, weight in weights.items() if weight > 0)
    return Table(title="loss_weights", columns=("term", "weight", "without_factor"), rows=rows)
