"""What happens in a run besides the numbers of its steps: one JSON object a line.

``events.jsonl`` only grows. `EventWriter` appends to it, `EventReader` follows it while it grows.
Every event has a time (unix, seconds), a kind and a step: the last step that was complete when it
happened. Numbers that are not finite become null in the file and NaN in memory.
"""

import time
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from core.files.durable import AppendOnlyFile

_PIECE_BYTES = 1 << 16
#: Longer than any event; what goes on without a line end is no event.
_LONGEST_LINE_BYTES = 1 << 20

RunPhase = Literal[
    "starting",
    "reading data",
    "training",
    "validating",
    "saving",
    "paused",
    "finished",
    "stopped",
    "failed",
]


def _nan_for_null(value: object) -> object:
    return float("nan") if value is None else value


Number = Annotated[float, BeforeValidator(_nan_for_null)]
Point = tuple[Number, Number]
#: A value of a configuration, as it stands in YAML.
ConfigValue = bool | int | float | str


# Keys that a newer version adds are ignored when reading; missing ones and wrong types are not.
_event = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="ignore"))


@_event
class Event:
    """What every event has.

    Attributes:
        time: Unix time in seconds.
        step: Optimiser steps that were complete.
    """

    time: float = Field(default_factory=time.time)
    step: int = 0


@_event
class PhaseEvent(Event):
    """The run does something else from here on."""

    kind: Literal["phase"] = "phase"
    phase: RunPhase


@_event
class StartedEvent(Event):
    """A process took the run over: the first one, or one that resumes it.

    Attributes:
        pid: Process id on `host`.
        total_steps: Steps of the whole run; None where it is not known yet.
        versions: Of Python and the libraries that results depend on.
    """

    kind: Literal["started"] = "started"
    pid: int
    host: str = ""
    device: str = ""
    total_steps: int | None = None
    versions: dict[str, str] = Field(default_factory=dict)


@_event
class ResumedEvent(Event):
    """The run went back to its last checkpoint, taken after `step`; what came later is void."""

    kind: Literal["resumed"] = "resumed"


@_event
class SharesEvent(Event):
    """Each weighted loss term's share of the gradient; shares are in [0, 1] and add up to 1."""

    kind: Literal["shares"] = "shares"
    shares: dict[str, Number]


@_event
class UpdatesEvent(Event):
    """Norm of the last update over the norm of the weights, by part of the network."""

    kind: Literal["updates"] = "updates"
    ratios: dict[str, Number]


@_event
class ValidationEvent(Event):
    """Errors on held-out frames.

    Attributes:
        metrics: mpjpe_mm (wrist on wrist), pa_mpjpe_mm, mpvpe_mm, keypoint_error_px (in the
            256×192 crop), auc and others; the unit stands in the name.
        baselines: What the constant predictors reach: mean_pose_mpjpe_mm, mean_hand_pa_mpjpe_mm.
        frames: Frames that were measured.
        seconds: How long it took.
    """

    kind: Literal["validation"] = "validation"
    epoch: int
    metrics: dict[str, Number]
    baselines: dict[str, Number] = Field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0


@_event
class SampleEvent(Event):
    """What the network makes of one of the fixed validation samples.

    Attributes:
        frame_id: Of the sample, such as "SYN000/0012".
        file: Its picture, relative to the run folder: "samples/….png".
        keypoints_px: Predicted, 21 × 2, in the picture's pixels (256×192 crop).
        truth_px: True, 21 × 2; empty where there is no label.
        error_px: Mean distance of the two; NaN where there is no label.
    """

    kind: Literal["sample"] = "sample"
    frame_id: str
    file: str
    epoch: int
    keypoints_px: tuple[Point, ...]
    truth_px: tuple[Point, ...] = ()
    error_px: Number = float("nan")


@_event
class CheckpointEvent(Event):
    """A checkpoint is on disk; `file` is relative to the run folder."""

    kind: Literal["checkpoint"] = "checkpoint"
    file: str
    role: Literal["last", "best", "kept"]


@_event
class WarningEvent(Event):
    """Something a person should know; the run goes on."""

    kind: Literal["warning"] = "warning"
    message: str


@_event
class MarkEvent(Event):
    """Something in the run's curves that the doctor has a name for; the run goes on.

    Attributes:
        cause: In the doctor's words (resources/doctor/words).
        numbers: What its sentence tells.
    """

    kind: Literal["mark"] = "mark"
    cause: str
    numbers: dict[str, Number | str] = Field(default_factory=dict)


@_event
class ErrorEvent(Event):
    """Why the run ends.

    Attributes:
        code: Short and fixed, such as "out of memory".
        message: What happened, with numbers and files.
        remedy: What to do.
        changes: The remedy as a change of the configuration: dotted keys of `TrainingConfig` and
            their new values; empty where it is none.
    """

    kind: Literal["error"] = "error"
    code: str
    message: str
    remedy: str = ""
    changes: dict[str, ConfigValue] = Field(default_factory=dict)


@_event
class FinishedEvent(Event):
    """The process is about to end, in good order."""

    kind: Literal["finished"] = "finished"
    outcome: Literal["finished", "stopped", "failed"]


@_event
class UnreadableEvent(Event):
    """A damaged line, made by the reader: written by no one, reported once.

    Attributes:
        line: Its number, from 1.
        reason: What is wrong with it.
    """

    kind: Literal["unreadable"] = "unreadable"
    line: int
    reason: str


AnyEvent = (
    PhaseEvent
    | StartedEvent
    | ResumedEvent
    | SharesEvent
    | UpdatesEvent
    | ValidationEvent
    | SampleEvent
    | CheckpointEvent
    | WarningEvent
    | MarkEvent
    | ErrorEvent
    | FinishedEvent
)
_EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="kind")])
_SERIALIZERS = {kind: TypeAdapter(kind) for kind in get_args(AnyEvent)}


class EventWriter:
    """Appends events to a file; each is with the operating system when `write` returns."""

    def __init__(self, path: Path) -> None:
        """Open or make `path`; the half line of a writer that was killed is cut off."""
        self._file = AppendOnlyFile(path, whole_bytes=_end_of_last_line(path))

    def write(self, event: AnyEvent) -> None:
        """Append one event; raises DiskFullError, and then nothing of it is in the file."""
        self._file.append(_SERIALIZERS[type(event)].dump_json(event) + b"\n")

    def sync(self) -> None:
        """Wait until the disk has it all: for checkpoints and the ends of phases."""
        self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class EventReader:
    """Follows a file of events; every call of `refresh` reads only what is new."""

    def __init__(self, path: Path) -> None:
        """`path` may not exist yet."""
        self.path = path
        self._forget()

    @property
    def is_behind(self) -> bool:
        """Whether the last `refresh` left whole lines unread: call it again."""
        return self._is_behind

    def refresh(self, *, most_bytes: int | None = None) -> list[AnyEvent | UnreadableEvent]:
        """The events that were appended since the last call.

        Reads about `most_bytes` at most and then sets `is_behind`. A line without its end is left
        for later. A damaged line comes as an UnreadableEvent. Raises OSError where the file exists
        but cannot be read. Where the file became shorter than what was read (somebody put another
        one in its place) it is read from its start.
        """
        try:
            file = open(self.path, "rb")  # noqa: SIM115 (a missing file is no error here)
        except FileNotFoundError:
            return []
        events: list[AnyEvent | UnreadableEvent] = []
        with file:
            size = file.seek(0, 2)
            if size < self._read_bytes:
                self._forget()
            end = size if most_bytes is None else self._read_bytes + most_bytes
            while self._read_bytes < end and (lines := self._next_lines(file)):
                events += [self._parse(line) for line in lines]
            self._is_behind = end <= self._read_bytes < size
        return events

    def _forget(self) -> None:
        self._read_bytes = 0  # only whole lines: a half one may yet be cut off by the next writer
        self._lines = 0
        self._is_behind = False

    def _next_lines(self, file: BinaryIO) -> list[bytes]:
        file.seek(self._read_bytes)
        piece = file.read(_PIECE_BYTES)
        length = piece.rfind(b"\n") + 1
        if length == 0 and len(piece) == _PIECE_BYTES:
            piece += file.read(_LONGEST_LINE_BYTES - _PIECE_BYTES)
            is_endless = len(piece) == _LONGEST_LINE_BYTES and b"\n" not in piece
            length = len(piece) if is_endless else piece.rfind(b"\n") + 1
        self._read_bytes += length
        return piece[:length].removesuffix(b"\n").split(b"\n") if length else []

    def _parse(self, line: bytes) -> AnyEvent | UnreadableEvent:
        self._lines += 1
        try:
            return _EVENTS.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return self._unreadable(f"{where}: {first['msg']}" if where else first["msg"])

    def _unreadable(self, reason: str) -> UnreadableEvent:
        return UnreadableEvent(time=0.0, line=self._lines, reason=reason)


def _end_of_last_line(path: Path) -> int:
    """Bytes up to and with the last line end; 0 where there is none or no file."""
    try:
        file = open(path, "rb")  # noqa: SIM115 (a missing file is no error here)
    except FileNotFoundError:
        return 0
    with file:
        end = file.seek(0, 2)
        while end > 0:
            start = max(0, end - _PIECE_BYTES)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
