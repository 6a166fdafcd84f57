"""Everything that a run has done so far, followed while it goes on: for charts, replay, checks.

`RunHistory` reads what is new and gives a `RunView`: one moment of the run that never changes, so
it can be handed to another thread.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from core.events import (
    AnyEvent,
    CheckpointEvent,
    ErrorEvent,
    EventReader,
    MarkEvent,
    PhaseEvent,
    ResumedEvent,
    SampleEvent,
    SharesEvent,
    StartedEvent,
    UnreadableEvent,
    UpdatesEvent,
    ValidationEvent,
    WarningEvent,
)
from core.training.run_folder import RunFolder, RunState, RunStatus
from core.training.steps import StepColumns, StepTable, StepTableError, decimate

#: Points of an overview curve: more than a chart has pixels across.
CURVE_POINTS = 2000
#: Above this many of one kind every second one is forgotten: a chart shows no more.
_MOST_EVENTS = 20_000
#: What one `refresh` does at most: some milliseconds, so that a window gets its turn between.
_ROWS_AT_ONCE = 8192
_EVENT_BYTES_AT_ONCE = 1 << 16
_CURVES_AT_ONCE = 8
#: Of warnings and damaged lines the newest are kept.
_MOST_MESSAGES = 500

_PLACES: dict[type, str] = {
    PhaseEvent: "phases",
    StartedEvent: "starts",
    ResumedEvent: "resumes",
    SharesEvent: "shares",
    UpdatesEvent: "updates",
    ValidationEvent: "validations",
    SampleEvent: "samples",
    CheckpointEvent: "checkpoints",
    WarningEvent: "warnings",
    MarkEvent: "marks",
    ErrorEvent: "errors",
    UnreadableEvent: "unreadable",
}
_VOID_AFTER_RESUMING = {"shares", "updates", "validations", "samples", "checkpoints", "marks"}
_MESSAGES = ("warnings", "unreadable")


@dataclass(frozen=True)
class Curve:
    """A column against the step, thinned out with its extremes kept; both arrays (m,)."""

    steps: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class RunView:
    """A run at one moment; never changes.

    Events are in the order of the file. What a resumed run made void (validations, samples,
    shares, updates, checkpoints and marks later than the step it went back to) is left out.

    Attributes:
        path: The run's folder.
        state: How it is.
        reason: Why it is stalled, failed or died; empty otherwise.
        status: What its process said last; None where that cannot be read.
        steps: Every step, every column.
        curves: Each column but "step", thinned out to `CURVE_POINTS`, by its name.
        problems: What of the folder cannot be read, one sentence each.
    """

    path: Path
    state: RunState
    reason: str = ""
    status: RunStatus | None = None
    steps: StepColumns = field(default_factory=StepColumns)
    curves: Mapping[str, Curve] = field(default_factory=lambda: MappingProxyType({}))
    phases: tuple[PhaseEvent, ...] = ()
    starts: tuple[StartedEvent, ...] = ()
    resumes: tuple[ResumedEvent, ...] = ()
    shares: tuple[SharesEvent, ...] = ()
    updates: tuple[UpdatesEvent, ...] = ()
    validations: tuple[ValidationEvent, ...] = ()
    samples: tuple[SampleEvent, ...] = ()
    checkpoints: tuple[CheckpointEvent, ...] = ()
    warnings: tuple[WarningEvent, ...] = ()
    marks: tuple[MarkEvent, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    unreadable: tuple[UnreadableEvent, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name


@dataclass(frozen=True)
class _Heard:
    """A heartbeat, when it was seen on our monotonic clock, and whether it was the first look."""

    heartbeat: float
    seen_s: float
    first: bool


class _Thinning:
    """Thins out the columns of a table, some at a time."""

    def __init__(self, columns: StepColumns) -> None:
        self.columns = columns
        self.curves: dict[str, Curve] = {}
        self._left = list(columns.names[1:])

    def go_on(self) -> bool:
        """Do the next ones; returns whether all are done."""
        steps = self.columns.column("step")
        # Short columns are no work.
        count = _CURVES_AT_ONCE if len(steps) > CURVE_POINTS else len(self._left)
        now, self._left = self._left[:count], self._left[count:]
        for name in now:
            self.curves[name] = Curve(*decimate(steps, self.columns.column(name), CURVE_POINTS))
        return not self._left


class RunHistory:
    """Follows one run; not for use from several threads at once."""

    def __init__(self, path: Path) -> None:
        """`path` is a run's folder; it may vanish at any time."""
        self._folder = RunFolder(path)
        self._table = StepTable(self._folder.steps_file)
        self._reader = EventReader(self._folder.events_file)
        self._events: dict[str, list] = {}
        self._heard: _Heard | None = None
        self._thinning: _Thinning | None = None
        self._has_new_steps = False
        self.view = RunView(self._folder.path, RunState.STARTING)

    @property
    def is_behind(self) -> bool:
        """Whether the last `refresh` left something to do: call it again soon.

        It does some milliseconds' work at once; the steps of a long table are shown when all of
        them are read.
        """
        return self._reader.is_behind or self._table.is_behind or self._thinning is not None

    def refresh(self) -> RunView:
        """Read what is new; the same object as before where nothing is."""
        problems: list[str] = []
        changes = self._new_steps(problems) | self._new_events(problems)
        if not self.is_behind:
            for name, value in self._condition(tuple(problems)).items():
                if getattr(self.view, name) != value:
                    changes[name] = value
        if changes:
            self.view = replace(self.view, **changes)
        return self.view

    def _condition(self, problems: tuple[str, ...]) -> dict[str, object]:
        if not self._folder.path.is_dir():
            gone = "The run's folder is gone; what was read of it is still shown."
            return {"state": RunState.DIED, "reason": gone, "problems": ()}
        summary = self._folder.summary(silence=self._silence_s)
        return {
            "state": summary.state,
            "reason": summary.reason,
            "status": summary.status or self.view.status,
            "problems": problems,
        }

    def _silence_s(self, status: RunStatus) -> float:
        """Seconds without a heartbeat, by our own clock as soon as one was seen to change.

        The times in the folder are another clock's: another machine's, or one that was set back.
        """
        now_s = time.monotonic()
        if self._heard is None:
            self._heard = _Heard(status.heartbeat, now_s, first=True)
        elif self._heard.heartbeat != status.heartbeat:
            self._heard = _Heard(status.heartbeat, now_s, first=False)
        watched_s = now_s - self._heard.seen_s
        return max(watched_s, time.time() - status.heartbeat) if self._heard.first else watched_s

    def _new_steps(self, problems: list[str]) -> dict[str, object]:
        if self._thinning is None:
            try:
                self._has_new_steps |= self._table.refresh(most_rows=_ROWS_AT_ONCE)
            except (OSError, StepTableError) as error:
                problems.append(f"The numbers of the steps cannot be read: {error}.")
                return {}
            if self._has_new_steps and not self._table.is_behind:
                self._thinning, self._has_new_steps = _Thinning(self._table.columns), False
        if self._table.damaged_rows:
            problems.append(f"{self._table.damaged_rows} damaged rows of steps are left out.")
        if self._thinning is None or not self._thinning.go_on():
            return {}
        done, self._thinning = self._thinning, None
        return {"steps": done.columns, "curves": MappingProxyType(done.curves)}

    def _new_events(self, problems: list[str]) -> dict[str, object]:
        try:
            events = self._reader.refresh(most_bytes=_EVENT_BYTES_AT_ONCE)
        except OSError as error:
            problems.append(f"The run's events cannot be read: {error}.")
            return {}
        touched: set[str] = set()
        for event in events:
            touched |= self._take(event)
        for name in touched:
            _thin_out(name, self._events[name])
        return {name: tuple(self._events[name]) for name in touched}

    def _take(self, event: AnyEvent | UnreadableEvent) -> set[str]:
        """Put an event in its place; returns the places that changed."""
        place = _PLACES.get(type(event))
        if place is None:
            return set()
        touched = {place}
        self._events.setdefault(place, []).append(event)
        if isinstance(event, ResumedEvent):
            for name in _VOID_AFTER_RESUMING & self._events.keys():
                self._events[name] = [e for e in self._events[name] if e.step <= event.step]
                touched.add(name)
        return touched


def _thin_out(place: str, events: list) -> None:
    if place in _MESSAGES:
        del events[:-_MOST_MESSAGES]
    elif len(events) > _MOST_EVENTS:
        del events[1::2]
