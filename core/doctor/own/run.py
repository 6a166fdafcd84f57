"""A run of this project as the doctor reads it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.doctor.run_record import RunRecord
from core.events import (
    AnyEvent,
    ErrorEvent,
    EventReader,
    ResumedEvent,
    SharesEvent,
    StartedEvent,
    UnreadableEvent,
    UpdatesEvent,
    ValidationEvent,
)
from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder
from core.training.schedule import learning_rate
from core.training.steps import StepColumns, StepTable

Events = Sequence[AnyEvent | UnreadableEvent]


def read_run(folder: Path) -> RunRecord:
    """What a run's folder says, whether the run is over or goes on.

    Raises:
        RunFolderError: There is no run.
        ConfigError: Its configuration cannot be read.
        StepTableError: Its numbers cannot be read.
    """
    run = RunFolder.open(folder)
    config = run.config()
    columns = StepTable.open(run.steps_file).columns
    events = _valid(EventReader(run.events_file).refresh())
    validations = _last_of_each_step([e for e in events if isinstance(e, ValidationEvent)])
    shares = [e for e in events if isinstance(e, SharesEvent)]
    errors = [e for e in events if isinstance(e, ErrorEvent)]
    step = _column(columns, "step")
    return RunRecord(
        name=run.name,
        step=step,
        loss=_column(columns, "loss"),
        gradient_norm=_column(columns, "gradient_norm"),
        clipped=_column(columns, "clipped"),
        learning_rate=_column(columns, "learning_rate"),
        weighted={term: columns.column(f"weighted/{term}") for term in columns.terms("weighted")},
        validation_step=np.array([e.step for e in validations], float),
        metrics=_table(validations, lambda event: event.metrics),
        baselines=validations[-1].baselines if validations else {},
        validated_frames=np.array([e.frames for e in validations], float),
        shares=shares[-1].shares if shares else {},
        update_ratios=_pairs([e for e in events if isinstance(e, UpdatesEvent)]),
        configured_rate=_configured(config, step, events),
        clip_norm=config.optimisation.clip_norm,
        weights={name: float(weight) for name, weight in config.loss.model_dump().items()},
        error=errors[-1].code if errors and errors[-1] is _last_end(events) else "",
    )


def _column(columns: StepColumns, name: str) -> np.ndarray:
    return columns.column(name) if len(columns) else np.empty(0)


def _valid(events: Events) -> list[AnyEvent]:
    """Without damaged lines and what a resumed run made void."""
    kept: list[AnyEvent] = []
    for event in events:
        if isinstance(event, UnreadableEvent):
            continue
        if isinstance(event, ResumedEvent):
            kept = [earlier for earlier in kept if earlier.step <= event.step]
        kept.append(event)
    return kept


def _last_end(events: Sequence[AnyEvent]) -> AnyEvent | None:
    """The last error, or the start after it that made it history."""
    ends = [event for event in events if isinstance(event, (ErrorEvent, StartedEvent))]
    return ends[-1] if ends else None


def _last_of_each_step(events: Sequence[ValidationEvent]) -> list[ValidationEvent]:
    return list({event.step: event for event in events}.values())


def _table(
    events: Sequence[ValidationEvent], values_of: Callable[[ValidationEvent], Mapping[str, float]]
) -> dict[str, np.ndarray]:
    names = list(dict.fromkeys(name for event in events for name in values_of(event)))
    return {
        name: np.array([values_of(event).get(name, np.nan) for event in events]) for name in names
    }


def _pairs(events: Sequence[UpdatesEvent]) -> dict[str, np.ndarray]:
    """(K, 2) of step and ratio by part of the network."""
    parts = list(dict.fromkeys(part for event in events for part in event.ratios))
    return {
        part: np.array([(e.step, e.ratios[part]) for e in events if part in e.ratios])
        for part in parts
    }


def _configured(
    config: TrainingConfig, step: np.ndarray, events: Sequence[AnyEvent]
) -> np.ndarray | None:
    """What the schedule says of every step; NaN before the run was last resumed.

    A run may be resumed with another configuration, and the folder keeps the last one only.
    """
    starts = [event for event in events if isinstance(event, StartedEvent)]
    total = starts[-1].total_steps if starts else None
    if not total:
        return None
    resumed = [event.step for event in events if isinstance(event, ResumedEvent)]
    since = resumed[-1] if resumed else 0
    # Row `step` is written when the step counts as complete; the schedule counts from 0.
    return np.array(
        [learning_rate(int(s) - 1, total, config.optimisation) if s > since else np.nan
         for s in step]
    )  # fmt: skip
