"""From what the monitor tells of a run to what the charts draw of it."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.doctor.check import Named
from core.doctor.phrases import cause_words
from core.events import Event, MarkEvent
from core.training.config import TrainingConfig
from core.training.run_history import RunView
from core.training.schedule import learning_rate
from core.training.steps import StepColumns
from utnet_viewer.doctor.telling import LANGUAGE
from utnet_viewer.training.charts.run_data import (
    BEST,
    CHECKPOINT,
    DOCTOR,
    ERROR,
    RESUMED,
    WARNING,
    AxisMark,
    Curve,
    RunCurves,
    find_breaks,
)

_SCHEDULE_POINTS = 400
#: Letters of a line in a tooltip.
_LINE = 72


class GrowingCurves:
    """Curves by name from events that come one after the other; only new ones cost time."""

    def __init__(self, values_of: Callable[[Event], Mapping[str, float]]) -> None:
        """`values_of` gives an event's numbers by name."""
        self._values_of = values_of
        self._seen: tuple[Event, ...] = ()
        self._curves: dict[str, Curve] = {}

    def update(self, events: tuple[Event, ...]) -> dict[str, Curve]:
        """The curves of all of `events`.

        Of two events at one step the later counts; a name that an event lacks has no point there.
        """
        if events is not self._seen:
            known = len(self._seen)
            if known > len(events) or (known and events[known - 1] is not self._seen[-1]):
                self._curves, known = {}, 0  # a resumed run made some void, or they were thinned
            self._add(events[known:])
            self._seen = events
        return self._curves

    def _add(self, events: Sequence[Event]) -> None:
        fresh: dict[str, tuple[list[float], list[float]]] = {}
        for event in events:
            for name, value in self._values_of(event).items():
                steps, values = fresh.setdefault(name, ([], []))
                steps.append(event.step)
                values.append(value)
        curves = dict(self._curves)
        for name, (steps, values) in fresh.items():
            old = curves.get(name, Curve())
            all_steps = np.concatenate([old.step, np.array(steps, float)])
            all_values = np.concatenate([old.value, np.array(values, float)])
            stays = np.append(np.diff(all_steps) > 0, True)
            curves[name] = Curve(all_steps[stays], all_values[stays])
        self._curves = curves


class ViewReader:
    """Turns the views of one run into curves; remembers what did not change."""

    def __init__(self) -> None:
        self._shares = GrowingCurves(lambda event: event.shares)
        self._updates = GrowingCurves(lambda event: event.ratios)
        self._validation = GrowingCurves(lambda event: event.metrics)
        self._steps = StepColumns()
        self._breaks = np.empty(0, int)
        self._config: TrainingConfig | None = None
        self._total_steps: int | None = None
        self._configured = Curve()

    def read(self, view: RunView, config: TrainingConfig | None) -> RunCurves:
        """What the charts draw; without a configuration some lines are missing."""
        total_steps = _total_steps(view, config)
        resumed = [event.step for event in view.resumes]
        last = view.validations[-1] if view.validations else None
        return RunCurves(
            key=str(view.path),
            name=view.name,
            is_live=view.state.is_alive,
            steps=view.steps,
            breaks=self._find_breaks(view.steps, resumed),
            resumed=len(resumed),
            shares=self._shares.update(view.shares),
            updates=self._updates.update(view.updates),
            validation=self._validation.update(view.validations),
            baselines=last.baselines if last is not None else {},
            marks=marks_of(view),
            clip_norm=config.optimisation.clip_norm if config is not None else None,
            configured=self._schedule(config, total_steps),
            total_steps=total_steps,
        )

    def _find_breaks(self, steps: StepColumns, resumed: list[int]) -> np.ndarray:
        if not len(steps):
            return np.empty(0, int)
        if steps is not self._steps:
            self._steps = steps
            self._breaks = find_breaks(steps.column("step"), resumed)
        return self._breaks

    def _schedule(self, config: TrainingConfig | None, total_steps: int | None) -> Curve:
        if (config, total_steps) != (self._config, self._total_steps):
            self._config, self._total_steps = config, total_steps
            self._configured = configured_rate(config, total_steps)
        return self._configured


def configured_rate(config: TrainingConfig | None, total_steps: int | None) -> Curve:
    """The learning rate that the configuration asks for, by the step that it is counted in."""
    if config is None or not total_steps:
        return Curve()
    # Corners: the first step, the end of the warm-up.
    corners = [1, config.optimisation.warmup_steps, total_steps]
    steps = np.concatenate([np.linspace(1, total_steps, _SCHEDULE_POINTS).round(), corners])
    steps = np.unique(steps[(steps >= 1) & (steps <= total_steps)])
    rates = [learning_rate(int(s) - 1, total_steps, config.optimisation) for s in steps]
    return Curve(steps, np.array(rates))


def marks_of(view: RunView) -> tuple[AxisMark, ...]:
    """What happened on the way; of checkpoints only those that were not written over since."""
    newest = {event.file: event for event in view.checkpoints}
    marks = []
    for event in newest.values():
        words, kind = f"checkpoint, {Path(event.file).name}", CHECKPOINT
        if event.role == "best":
            words, kind = "best validation, kept as checkpoint", BEST
        marks.append(AxisMark(event.step, kind, words))
    marks += [AxisMark(e.step, RESUMED, "resumed from here") for e in view.resumes]
    marks += [AxisMark(e.step, WARNING, e.message) for e in view.warnings]
    marks += [AxisMark(e.step, DOCTOR, told(e)) for e in view.marks]
    marks += [AxisMark(e.step, ERROR, f"{e.code}: {e.message}") for e in view.errors]
    return tuple(marks)


def told(event: MarkEvent) -> str:
    """The doctor's title, and its sentence in lines that a tooltip has room for."""
    words = cause_words(Named(cause=event.cause, numbers=event.numbers), LANGUAGE)
    return f"{words.title}\n{textwrap.fill(words.explanation, _LINE)}"


def _total_steps(view: RunView, config: TrainingConfig | None) -> int | None:
    if view.status is not None and view.status.total_steps is not None:
        return view.status.total_steps
    return config.run.steps if config is not None else None
