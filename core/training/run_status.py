"""How a run is: what its process said last, and whether that process still lives."""

import time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from core.events import ConfigValue, RunPhase
from core.files.process_identity import ProcessIdentity

#: A living process that says nothing for longer is "stalled". What is silent by nature may take
#: longer: opening a dataset, compiling.
SILENCE_S = 30.0
LONG_SILENCE_S = 300.0
_LONG_PHASES = ("starting", "reading data")


class RunState(StrEnum):
    """What a person is told about a run."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STALLED = "stalled"  # alive, but its last sign of life is old
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    DIED = "died"  # gone without having said why

    @property
    def is_alive(self) -> bool:
        """Whether a process is at work; only what is not alive can be resumed."""
        return self in (self.STARTING, self.RUNNING, self.PAUSED, self.STALLED)


_ENDS = {
    "finished": RunState.FINISHED,
    "stopped": RunState.STOPPED,
    "failed": RunState.FAILED,
}

_record = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="ignore"))


@_record
class Best:
    """The best value of the metric that decides about the best checkpoint."""

    metric: str
    value: float
    step: int


@_record
class RunError:
    """Why a run failed, in the words of its ErrorEvent."""

    code: str
    message: str
    remedy: str = ""
    changes: dict[str, ConfigValue] = Field(default_factory=dict)


_Rate = Annotated[float, BeforeValidator(lambda value: 0.0 if value is None else value)]


@_record
class RunStatus(ProcessIdentity):
    """What the process says about itself, about once a second.

    Attributes:
        phase: What it does.
        step: Optimiser steps that are complete.
        total_steps: Of the whole run; None while it is not known.
        epoch: Passes over the training frames that are complete.
        heartbeat: Unix time of this status.
        rate_steps_per_s: Over the last steps; 0 before the first.
        eta_s: Seconds until the end at that rate; None where it cannot be told.
        memory_mb: Of the device, or of the process on the CPU.
        device: Such as "cuda:0".
        best: None before the first validation.
        exit: The process's exit status, written just before it ends; None while it goes on.
        error: Why it failed.
    """

    phase: RunPhase = "starting"
    step: int = 0
    total_steps: int | None = None
    epoch: int = 0
    heartbeat: float = Field(default_factory=time.time)
    rate_steps_per_s: _Rate = 0.0
    eta_s: float | None = None
    memory_mb: _Rate = 0.0
    device: str = ""
    best: Best | None = None
    exit: int | None = None
    error: RunError | None = None

    @classmethod
    def starting(cls, *, device: str = "", total_steps: int | None = None) -> Self:
        """The first status of this process."""
        here = vars(ProcessIdentity.current())
        return cls(**here, device=device, total_steps=total_steps)

    def to_json(self) -> bytes:
        """As `from_json` reads it."""
        return _STATUS.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, content: bytes) -> "RunStatus":
        """Raises ValueError where it is no status."""
        return _STATUS.validate_json(content)


_STATUS = TypeAdapter(RunStatus)


def state_of(status: RunStatus, *, silent_s: float) -> RunState:
    """What a status means that is `silent_s` old; asks the system about its process."""
    if status.phase in _ENDS:
        return _ENDS[status.phase]
    if status.exit is not None:
        return {0: RunState.FINISHED, 3: RunState.STOPPED}.get(status.exit, RunState.FAILED)
    if status.is_here and not status.is_alive():
        return RunState.DIED
    if silent_s > longest_silence_s(status.phase):
        return RunState.STALLED
    if status.phase == "paused":
        return RunState.PAUSED
    return RunState.STARTING if status.phase in _LONG_PHASES else RunState.RUNNING


def silence_s(status: RunStatus) -> float:
    """Seconds since the heartbeat by this machine's clock."""
    return time.time() - status.heartbeat


def longest_silence_s(phase: RunPhase) -> float:
    """Seconds without a heartbeat that mean nothing in this phase."""
    return LONG_SILENCE_S if phase in _LONG_PHASES else SILENCE_S
