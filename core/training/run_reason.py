"""Why a run does not go on, from everything that is known: one sentence or two for people."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from core.training.run_log import log_tail
from core.training.run_status import RunState, RunStatus


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="ignore"))
class ProcessEnd:
    """How a process ended, noted by the one that started it.

    Attributes:
        pid: Of the process that ended.
        returncode: Exit status, or minus the signal's number.
        time: Unix time in seconds.
        terminated: Whether a person had asked for the end.
    """

    pid: int
    returncode: int
    time: float
    terminated: bool = False


_END = TypeAdapter(ProcessEnd)


def end_to_json(end: ProcessEnd) -> bytes:
    """As `read_end` reads it."""
    return _END.dump_json(end)


def read_end(folder: Path) -> ProcessEnd | None:
    """How the run's last process ended; None where nobody noted it."""
    with contextlib.suppress(OSError, ValueError):
        return _END.validate_json((folder / "ended.json").read_bytes())
    return None


def reason_of(folder: Path, status: RunStatus, state: RunState) -> str:
    """Why the run is stalled, failed or died; empty for every other state."""
    if state == RunState.STALLED:
        return _silence(status)
    if state == RunState.FAILED:
        return _failure(folder, status)
    if state == RunState.DIED:
        return " ".join(_death(folder, status))
    return ""


def _silence(status: RunStatus) -> str:
    last = time.strftime("%H:%M:%S", time.localtime(status.heartbeat))
    still = (
        f"process {status.pid} still runs"
        if status.is_here
        else f"process {status.pid} is on {status.host} and cannot be looked at from here"
    )
    return f"No sign of life since {last} (phase: {status.phase}), but {still}."


def _failure(folder: Path, status: RunStatus) -> str:
    if status.error is not None:
        return " ".join(part for part in (status.error.message, status.error.remedy) if part)
    return " ".join([f"It ended with status {status.exit}.", *_last_words(folder)])


def _death(folder: Path, status: RunStatus) -> Iterator[str]:
    where = f"at step {status.step}" if status.step else f"while {status.phase}"
    end = read_end(folder)
    if end is not None and end.pid == status.pid:
        yield f"{_how_it_ended(end, status)} {where}."
    elif psutil.boot_time() > status.heartbeat + 1.0:
        yield f"The machine was restarted while the run was {where}."
    else:
        yield (
            f"The process ended {where} without saying why: it was killed, or the machine was "
            "restarted."
        )
    yield from _last_words(folder)


def _how_it_ended(end: ProcessEnd, status: RunStatus) -> str:
    if end.terminated:
        return "It was terminated by hand"
    if end.returncode >= 0:
        return f"The process ended with status {end.returncode}"
    if -end.returncode == signal.SIGKILL:
        held = f"; it held {status.memory_mb:.0f} MB" if status.memory_mb else ""
        return (
            f"The process was killed by signal 9 (the system does that when memory runs out{held})"
        )
    try:
        name = signal.Signals(-end.returncode).name
    except ValueError:
        name = "unknown"
    return f"The process was ended by signal {-end.returncode} ({name})"


def _last_words(folder: Path) -> list[str]:
    spoken = [line.strip() for line in log_tail(folder / "log.txt", 50) if line.strip()]
    return [f"Last line of the log: {spoken[-1][:400]}"] if spoken else []
