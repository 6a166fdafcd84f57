"""What the charts draw of a run, as plain arrays; no widgets here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.training.steps import StepColumns

#: Kinds of marks on the step axis, the weightiest last: it stands for its neighbours.
CHECKPOINT, RESUMED, BEST, WARNING, ERROR = "checkpoint", "resumed", "best", "warning", "error"
#: What the watch has seen in the curves; a line through the whole chart shows where.
DOCTOR = "doctor"
MARK_WEIGHTS = (CHECKPOINT, RESUMED, BEST, WARNING, DOCTOR, ERROR)


@dataclass(frozen=True)
class AxisMark:
    """Something that happened at a step."""

    step: int
    kind: str
    words: str


@dataclass(frozen=True, eq=False)
class Curve:
    """Values at some steps: both (n,), steps strictly increasing."""

    step: np.ndarray = field(default_factory=lambda: np.empty(0))
    value: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.step)

    def nearest(self, step: float | None) -> int:
        """Index of the point nearest to `step`, the last one for None; -1 where there is none."""
        if not len(self.step) or step is None:
            return len(self.step) - 1
        after = int(np.searchsorted(self.step, step))
        if after == 0:
            return 0
        if after == len(self.step):
            return after - 1
        return after if self.step[after] - step < step - self.step[after - 1] else after - 1


@dataclass(frozen=True, eq=False)
class RunCurves:
    """One run, ready to be drawn.

    Attributes:
        key: Tells runs apart (the run folder's path).
        name: As people call it.
        is_live: Whether more is to be expected.
        steps: The table of every step.
        breaks: Rows (k,) of `steps` that do not continue the row before them: the run was resumed
            there, or steps are missing.
        resumed: How often it was resumed.
        shares: Share of the gradient [0, 1] by loss term.
        updates: Norm of the update over norm of the weights by part of the network.
        validation: Validation metrics by name.
        baselines: What constant predictors reach, by name, as last stated.
        marks: What happened on the way.
        clip_norm: The configured limit of the gradient's norm; None where there is none.
        configured: The configured learning rate over all steps; empty where it is not known.
        total_steps: Steps of the whole run, None where it is not known yet.
    """

    key: str
    name: str
    is_live: bool = False
    steps: StepColumns = field(default_factory=StepColumns)
    breaks: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    resumed: int = 0
    shares: Mapping[str, Curve] = field(default_factory=dict)
    updates: Mapping[str, Curve] = field(default_factory=dict)
    validation: Mapping[str, Curve] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    marks: tuple[AxisMark, ...] = ()
    clip_norm: float | None = None
    configured: Curve = field(default_factory=Curve)
    total_steps: int | None = None

    def column(self, name: str) -> Curve:
        """A column of the table over its steps; empty where there is no such column."""
        if name not in self.steps:
            return Curve()
        return Curve(self.steps.column("step"), self.steps.column(name))

    @property
    def edition(self) -> str:
        """Changes when earlier rows have become void."""
        return f"{self.key}#{self.resumed}"

    @cached_property
    def last_step(self) -> float:
        """The newest step known of; 0 where there is none."""
        ends = [curve.step[-1] for curve in self._sparse() if len(curve)]
        if len(self.steps):
            ends.append(self.steps.column("step")[-1])
        return float(max(ends, default=0.0))

    def _sparse(self) -> list[Curve]:
        return [*self.shares.values(), *self.updates.values(), *self.validation.values()]

    def epoch_at(self, step: float) -> float:
        """Epoch of the row nearest to a step; NaN where there is no row."""
        curve = self.column("epoch")
        row = curve.nearest(step)
        return float(curve.value[row]) if row >= 0 else float("nan")


def find_breaks(step: np.ndarray, resumed_steps: Sequence[int]) -> np.ndarray:
    """Rows (k,) that a line must not connect with the row before.

    Where steps are missing (more than the usual stride lies between two rows), and where the run
    was resumed: the rows after the checkpoint come from another process.
    """
    if len(step) < 2:
        return np.empty(0, int)
    gaps = np.diff(step)
    missing = np.flatnonzero(gaps > 1.5 * np.median(gaps)) + 1
    resumed = np.searchsorted(step, np.array(resumed_steps, float), side="right")
    inside = resumed[(resumed > 0) & (resumed < len(step))]
    return np.union1d(missing, inside).astype(int)
