"""Watches a run while it goes on: rules on numbers that the loop has anyway, told as marks.

It costs some copies of numbers a step and some milliseconds at each diagnosis and validation
(tests/benchmarks/bench_watch.py). A mark carries a cause and its numbers; the sentence is made by
who shows it, with the doctor's words.
"""

import traceback
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import numpy as np
import yaml

from core.events import MarkEvent
from core.files.embedded import resource
from core.training import loss_rules, step_rules
from core.training.run_folder import RunFolder
from core.training.run_history import RunHistory
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
    """Hears of steps, diagnoses and validations; tells each cause at most every `QUIET_STEPS`.

    It never ends a run: where a rule fails, that is told once and the watch is over.
    """

    def __init__(
        self,
        tell: Callable[[MarkEvent], None],
        warn: Callable[[str], None],
        *,
        clip_norm: float,
        peak_rate: float,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            tell: Hears of what is seen.
            warn: Hears that a rule failed.
            clip_norm: The configured limit of the gradient's norm; 0 never clips.
            peak_rate: The configured largest learning rate.
            limits: Of the rules; the doctor's own without.
        """
        self._tell, self._warn, self._limits = tell, warn, limits or default_limits()
        self._clip_norm, self._peak_rate = clip_norm, peak_rate
        self._columns = {name: array("d") for name in _COLUMNS}
        self._validation_steps: list[int] = []
        self._metrics: list[Mapping[str, float]] = []
        self._told: dict[str, int] = {}
        self._is_over = False

    def recall(self, folder: RunFolder, *, step: int) -> None:
        """Take up what a run did until `step`, from which it is resumed.

        Without its past a curve has neither a start nor a fall: the small swings at its bottom
        would then be large ones.
        """
        history = RunHistory(folder.path)
        view = history.refresh()
        while history.is_behind:
            view = history.refresh()
        if len(view.steps):
            rows = np.flatnonzero(view.steps.column("step") <= step)[-_MEMORY:]
            for name in _COLUMNS:
                # What the optimiser had was compared at its time with what is configured.
                written = "learning_rate" if name in ("applied", "configured") else name
                self._columns[name] = array("d", view.steps.column(written)[rows])
        for event in view.validations:
            self._remember_validation(event.step, event.metrics)
        self._told = {mark.cause: mark.step for mark in view.marks}

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
        self._tell(MarkEvent(step=step, cause="not_finite_run", numbers=numbers))

    def diagnosed(
        self, *, step: int, shares: Mapping[str, float], ratios: Mapping[str, float]
    ) -> None:
        """Shares of the gradient and update ratios were measured after `step`."""
        self._look(step, lambda: self._signs_of_diagnosis(step, shares, ratios))
        self._look(step, self._signs_of_steps)

    def validated(
        self,
        *,
        step: int,
        metrics: Mapping[str, float],
        baselines: Mapping[str, float],
        spread_px: float,
    ) -> None:
        """A validation after `step`; `spread_px`: see `step_rules.constant_output`."""
        self._remember_validation(step, metrics)
        constant_mm = float(baselines.get(_CONSTANT, np.nan))
        self._look(step, lambda: self._signs_of_validations(step, constant_mm, spread_px))
        self._look(step, self._signs_of_steps)

    def _remember_validation(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._validation_steps[-1:] != [step]:  # one that was asked for, where one was due
            self._validation_steps.append(step)
            self._metrics.append(metrics)

    def _signs_of_diagnosis(
        self, step: int, shares: Mapping[str, float], ratios: Mapping[str, float]
    ) -> Iterator[Sign | None]:
        limits, applied = self._limits, self._columns["applied"]
        rate = applied[-1] if applied else 0.0
        yield step_rules.imbalance(shares, limits, step=step)
        yield from step_rules.update_ratios(ratios, rate, self._peak_rate, limits, step=step)

    def _signs_of_validations(
        self, step: int, constant_mm: float, spread_px: float
    ) -> Iterator[Sign | None]:
        limits, table = self._limits, self._table()
        steps, loss = table["step"], table["loss"]
        at = np.array(self._validation_steps, float)
        by_name = {
            name: np.array([each.get(name, np.nan) for each in self._metrics])
            for name in self._metrics[-1]
        }
        errors_mm = by_name.get(_ERROR, np.full(len(at), np.nan))
        yield step_rules.frozen_metric(at, by_name, steps, table["applied"], limits)
        yield loss_rules.plateau(steps, loss, errors_mm, constant_mm, limits)
        yield loss_rules.overfitting(steps, loss, at, errors_mm, constant_mm, limits)
        if len(at) >= _LEAST_VALIDATIONS:
            error_mm = float(errors_mm[-1])
            yield step_rules.constant_output(spread_px, error_mm, constant_mm, limits, step=step)

    def _signs_of_steps(self) -> Iterator[Sign | None]:
        """What the curves of the steps show."""
        limits, table = self._limits, self._table()
        steps, loss = table["step"], table["loss"]
        norm, clipped = table["gradient_norm"], table["clipped"]
        if not len(steps):
            return
        yield step_rules.rate_mismatch(steps, table["applied"], table["configured"], limits)
        yield step_rules.spikes(steps, norm, clipped, limits)
        yield step_rules.clipped(steps, norm, clipped, self._clip_norm, limits)
        divergence = loss_rules.divergence(steps, loss, limits)
        yield divergence
        if divergence is None or not divergence.is_seen:
            yield loss_rules.oscillation(steps, loss, limits)

    def _table(self) -> dict[str, np.ndarray]:
        return {name: np.array(column[-_MEMORY:]) for name, column in self._columns.items()}

    def _look(self, step: int, signs: Callable[[], Iterator[Sign | None]]) -> None:
        """Tell what is seen."""
        if self._is_over:
            return
        try:
            for event in [_event(sign, step) for sign in signs() if sign and sign.is_seen]:
                if step - self._told.get(event.cause, -QUIET_STEPS) >= QUIET_STEPS:
                    self._told[event.cause] = step
                    self._tell(event)
        except OSError:  # the disk's, which no step of the run can do without either
            raise
        except Exception as error:  # whatever it is: days of training are worth more than a mark
            self._is_over = True
            trace = "".join(traceback.format_exception(error))
            self._warn(
                "the run is watched no longer, since one of the watch's rules failed; training "
                f"goes on as before. Please report this:\n{trace}"
            )


def _event(sign: Sign, step: int) -> MarkEvent:
    return MarkEvent(step=step, cause=sign.cause, numbers=dict(sign.numbers))


def spread_px(keypoints_px: np.ndarray) -> float:
    """Root mean square distance of keypoints (N, 21, 2) from their mean over the frames."""
    if len(keypoints_px) < 2:
        return float("nan")
    offsets = keypoints_px - keypoints_px.mean(0)
    return float(np.sqrt(np.mean(np.sum(offsets**2, axis=-1))))
