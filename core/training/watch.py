"""Watches a run while it goes on: rules on numbers that the loop has anyway, told as marks.

It costs some copies of numbers a step and some milliseconds at each diagnosis and validation
(tests/benchmarks/bench_watch.py). A mark carries a cause and its numbers; the sentence is made by
who shows it, with the doctor's words.
"""

from array import array
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import yaml

from core.events import MarkEvent
from core.files.embedded import resource
from core.training import loss_rules, step_rules
from core.training.sign import Limits, Sign
from core.training.step import StepReport

#: A cause that was told is not told again for so many steps.
QUIET_STEPS = 500
#: Steps that are looked back on at most: a look then takes some milliseconds, however long a run.
_MEMORY = 20_000
#: With fewer validations a network from scratch may well say the same of every frame.
_LEAST_VALIDATIONS = 3
_COLUMNS = ("step", "loss", "gradient_norm", "clipped", "applied", "configured")
_ERROR, _CONSTANT = "mpjpe_mm", "mean_pose_mpjpe_mm"


@cache
def default_limits() -> dict[str, float]:
    """The rules' part of the doctor's table of thresholds."""
    table = resource("doctor/thresholds/training.yaml").read_text(encoding="utf-8")
    return {name: float(row["value"]) for name, row in yaml.safe_load(table)["run_trend"].items()}


class Watch:
    """Hears of steps, diagnoses and validations; tells each cause at most every `QUIET_STEPS`."""

    def __init__(
        self,
        tell: Callable[[MarkEvent], None],
        *,
        clip_norm: float,
        peak_rate: float,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            tell: Hears of what is seen.
            clip_norm: The configured limit of the gradient's norm; 0 never clips.
            peak_rate: The configured largest learning rate.
            limits: Of the rules; the doctor's own without.
        """
        self._tell, self._limits = tell, limits or default_limits()
        self._clip_norm, self._peak_rate = clip_norm, peak_rate
        self._columns = {name: array("d") for name in _COLUMNS}
        self._validation_steps: list[int] = []
        self._metrics: list[Mapping[str, float]] = []
        self._told: dict[str, int] = {}

    def stepped(self, report: StepReport, *, step: int, applied: float) -> None:
        """A step is complete; `applied` is the learning rate that the optimiser had."""
        row = (
            step,
            report.loss,
            report.gradient_norm,
            report.clipped,
            applied,
            report.learning_rate,
        )
        for name, value in zip(_COLUMNS, row, strict=True):
            column = self._columns[name]
            column.append(value)
            if len(column) >= 2 * _MEMORY:
                del column[:_MEMORY]

    def not_finite(self, *, step: int) -> None:
        """The step after `step` complete ones has no number, and the run ends."""
        numbers = {"count": 1, "at": step + 1}
        self._mark("not_finite_run", numbers, step=step)

    def diagnosed(
        self, *, step: int, shares: Mapping[str, float], ratios: Mapping[str, float]
    ) -> None:
        """Shares of the gradient and update ratios were measured after `step`."""
        limits = self._limits
        rate = self._columns["applied"][-1] if self._columns["applied"] else 0.0
        self._take(step_rules.imbalance(shares, limits, step=step), step)
        for sign in step_rules.update_ratios(ratios, rate, self._peak_rate, limits, step=step):
            self._take(sign, step)
        self._look(step)

    def validated(
        self,
        *,
        step: int,
        metrics: Mapping[str, float],
        baselines: Mapping[str, float],
        spread_px: float,
    ) -> None:
        """A validation after `step`; `spread_px`: see `step_rules.constant_output`."""
        if self._validation_steps[-1:] != [step]:
            self._validation_steps.append(step)
            self._metrics.append(metrics)
        limits, table = self._limits, self._table()
        constant_mm = float(baselines.get(_CONSTANT, np.nan))
        at = np.array(self._validation_steps, float)
        errors_mm = np.array([each.get(_ERROR, np.nan) for each in self._metrics])
        by_name = {
            name: np.array([each.get(name, np.nan) for each in self._metrics]) for name in metrics
        }
        steps, loss = table["step"], table["loss"]
        signs = [
            step_rules.frozen_metric(at, by_name, steps, table["applied"], limits),
            loss_rules.plateau(steps, loss, errors_mm, constant_mm, limits),
            loss_rules.overfitting(steps, loss, at, errors_mm, constant_mm, limits),
        ]
        if len(at) >= _LEAST_VALIDATIONS:
            error_mm = float(errors_mm[-1])
            signs.append(
                step_rules.constant_output(spread_px, error_mm, constant_mm, limits, step=step)
            )
        for sign in signs:
            self._take(sign, step)
        self._look(step)

    def _look(self, step: int) -> None:
        """At the curves of the steps."""
        limits, table = self._limits, self._table()
        steps, loss = table["step"], table["loss"]
        norm, clipped = table["gradient_norm"], table["clipped"]
        if not len(steps):
            return
        divergence = loss_rules.divergence(steps, loss, limits)
        signs = [
            step_rules.rate_mismatch(steps, table["applied"], table["configured"], limits),
            step_rules.spikes(steps, norm, clipped, limits),
            step_rules.clipped(steps, norm, clipped, self._clip_norm, limits),
            divergence,
        ]
        if divergence is None or not divergence.is_seen:
            signs.append(loss_rules.oscillation(steps, loss, limits))
        for sign in signs:
            self._take(sign, step)

    def _table(self) -> dict[str, np.ndarray]:
        return {name: np.array(column[-_MEMORY:]) for name, column in self._columns.items()}

    def _take(self, sign: Sign | None, step: int) -> None:
        if sign is not None and sign.is_seen:
            self._mark(sign.cause, sign.numbers, step=step)

    def _mark(self, cause: str, numbers: Mapping[str, float | str], *, step: int) -> None:
        if cause in self._told and step - self._told[cause] < QUIET_STEPS:
            return
        self._told[cause] = step
        self._tell(MarkEvent(step=step, cause=cause, numbers=dict(numbers)))


def spread_px(keypoints_px: np.ndarray) -> float:
    """Root mean square distance of keypoints (N, 21, 2) from their mean over the frames."""
    if len(keypoints_px) < 2:
        return float("nan")
    offsets = keypoints_px - keypoints_px.mean(0)
    return float(np.sqrt(np.mean(np.sum(offsets**2, axis=-1))))
