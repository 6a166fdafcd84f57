"""What a run tells the world: status, steps, events, log, lines; only its first process does."""

import json
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import psutil
import torch

from core.events import (
    AnyEvent,
    CheckpointEvent,
    ErrorEvent,
    EventWriter,
    FinishedEvent,
    MarkEvent,
    PhaseEvent,
    ResumedEvent,
    RunPhase,
    StartedEvent,
    ValidationEvent,
    WarningEvent,
)
from core.training.failures import Failure
from core.training.losses import TERMS
from core.training.run_folder import Best, RunError, RunFolder, RunStatus
from core.training.run_log import adopt_output
from core.training.step import StepReport
from core.training.steps import StepWriter, columns_of
from core.training.tensorboard import TensorboardWriter

_STATUS_EVERY_S = 1.0
_LINE_EVERY_S = 5.0
#: Steps over which the rate is taken.
_RATE_STEPS = 50
_MB = 1 << 20


@dataclass(frozen=True)
class Output:
    """Where lines for people go, and in which words.

    Attributes:
        as_json: Every line is a JSON object instead.
        is_silent: There are none.
        sentence: Says what a mark means; its cause and numbers without. The doctor's words are
            above training, so whoever starts a training brings them.
    """

    as_json: bool = False
    is_silent: bool = False
    sentence: Callable[[MarkEvent], str] | None = None

    def say(self, text: str, **fields: object) -> None:
        """Print one line."""
        if self.is_silent:
            return
        print(json.dumps({"message": text, **fields}) if self.as_json else text, flush=True)


class Reporter:
    """Writes one run's folder. Without a folder, as in further processes, it does nothing."""

    def __init__(
        self, folder: RunFolder | None, output: Output, device: torch.device, *, name: str
    ) -> None:
        """`name` is the device's, for people."""
        self.folder = folder
        self.device_name = name
        self.output = output if folder is not None else Output(is_silent=True)
        self._device = device
        self._process = psutil.Process()
        self._ends: deque[float] = deque(maxlen=_RATE_STEPS)
        self._last_status_s = self._last_line_s = -float("inf")
        self._is_printed_to_log = False
        if folder is not None:
            self._is_printed_to_log = adopt_output(folder.log_file)
            self.status = _continued(folder, RunStatus.starting(device=name))
            self._events = EventWriter(folder.events_file)
            self._steps = StepWriter(folder.steps_file, columns_of(TERMS))
            self._tensorboard = TensorboardWriter(folder.tensorboard)
            self._write_status()

    def say(self, text: str, **fields: object) -> None:
        """One line for people, printed and kept in the log."""
        self.output.say(text, **fields)
        self._log(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def event(self, event: AnyEvent) -> None:
        """Write down an event."""
        if self.folder is not None:
            self._events.write(event)
            if isinstance(event, ResumedEvent):
                self._tensorboard.resumed(event.step)

    def warn(self, message: str) -> None:
        """Tell what a person should know."""
        self.say(f"note: {message}")
        self.event(WarningEvent(step=self.step, message=message))

    def mark(self, event: MarkEvent) -> None:
        """Tell what the watch has seen."""
        say = self.output.sentence or _plain
        self.say(
            f"warning: after step {event.step}: {say(event)}", step=event.step, cause=event.cause
        )
        self.event(event)

    @property
    def step(self) -> int:
        """Steps complete, as far as was reported."""
        return self.status.step if self.folder is not None else 0

    def phase(self, phase: RunPhase) -> None:
        """The run does something else from here on."""
        if self.folder is None or self.status.phase == phase:
            return
        if phase == "training":
            self._ends.clear()  # what came between was no step
        self.event(PhaseEvent(step=self.step, phase=phase))
        self.update(phase=phase)

    def update(self, **changes: object) -> None:
        """Change the status and write it at once."""
        if self.folder is not None:
            self.status = replace(self.status, **changes)
            self._write_status()

    def beat(self) -> None:
        """A sign of life: the status is written again, at most once a second."""
        if self.folder is not None and time.monotonic() - self._last_status_s >= _STATUS_EVERY_S:
            self._write_status()

    def progress(self, done: int, total: int, what: str) -> None:
        """A sign of life from something long, with a line for people now and then."""
        self.beat()
        if self._is_line_due():
            self.say(f"{what}: {done} of {total}", done=done, total=total)

    def started(self, *, total_steps: int, versions: dict[str, str]) -> None:
        """A process took the run over."""
        if self.folder is None:
            return
        self.update(total_steps=total_steps)
        status = self.status
        self.event(
            StartedEvent(
                step=status.step,
                pid=status.pid,
                host=status.host,
                device=status.device,
                total_steps=total_steps,
                versions=versions,
            )
        )

    def stepped(self, report: StepReport, *, step: int, epoch: int, step_s: float) -> None:
        """Write down a step: `step` counts it in, `epoch` is that of its last sample."""
        if self.folder is None:
            return
        now = time.monotonic()
        self._ends.append(now)
        self.status = replace(self.status, step=step, epoch=epoch)
        self.beat()
        row = {
            "step": step,
            "epoch": epoch,
            "time_s": time.time(),
            "loss": report.loss,
            "learning_rate": report.learning_rate,
            "gradient_norm": report.gradient_norm,
            "clipped": float(report.clipped),
            "step_s": step_s,
            "loader_wait_s": report.wait_s,
            "samples_per_s": report.samples / step_s,
            "memory_mb": self.status.memory_mb,
            **{f"raw/{name}": value for name, value in report.raw.items()},
            **{f"weighted/{name}": value for name, value in report.weighted.items()},
        }
        self._steps.append(row)
        self._tensorboard.step(row)
        if self._is_line_due():
            self._say_step(report)

    def validated(self, event: ValidationEvent, shares: dict[str, float]) -> None:
        """A validation is done; `shares` are its errors in percent of the constants'."""
        figures = ", ".join(f"{name} {value:.4g}" for name, value in event.metrics.items())
        percent = ", ".join(f"{name} {value:.1f}" for name, value in shares.items())
        self.say(
            f"validation after step {event.step} on {event.frames} frames: {figures}; {percent}",
            step=event.step,
            metrics=event.metrics,
        )
        self.event(event)
        if self.folder is not None:
            self._tensorboard.validation(event)

    def checkpoint(self, role: str, file: str) -> None:
        """A checkpoint is on disk."""
        self.event(CheckpointEvent(step=self.step, file=file, role=role))
        if self.folder is not None:
            self._events.sync()
            self._steps.sync()

    def best(self, best: Best) -> None:
        """A better network than all before was found."""
        self.update(best=best)

    def failed(self, failure: Failure, error: BaseException) -> None:
        """Write down why the run ends; whatever can no longer be written is said at least."""
        trace = "".join(traceback.format_exception(error))
        lines = f"{failure.code}: {failure.message}\n{failure.remedy}"
        for write in (
            lambda: self.event(ErrorEvent(step=self.step, **asdict(failure))),
            lambda: self.say(f"failed. {lines}", **asdict(failure)),
            lambda: self._log(trace),
            lambda: print(trace, file=sys.stderr, flush=True),
            lambda: self.ended("failed", 1, error=RunError(**asdict(failure))),
        ):
            self._try(write)

    def ended(self, outcome: str, exit_status: int, *, error: RunError | None = None) -> None:
        """The process is about to end."""
        # First what everybody looks at: a full disk may have no room for the rest.
        self.update(phase=outcome, exit=exit_status, error=error, eta_s=None)
        self.event(PhaseEvent(step=self.step, phase=outcome))
        self.event(FinishedEvent(step=self.step, outcome=outcome))

    def close(self) -> None:
        """Close the files."""
        if self.folder is not None:
            self._events.close()
            self._steps.close()
            self._tensorboard.close()

    def _try(self, write: Callable[[], None]) -> None:
        # The disk may be what failed: then stderr is the only place left.
        try:
            write()
        except OSError as error:
            print(f"cannot be written down: {error}", file=sys.stderr, flush=True)

    def _log(self, text: str) -> None:
        if self.folder is not None and not self._is_printed_to_log:
            with self.folder.log_file.open("a", encoding="utf-8") as log:
                log.write(text)

    def _is_line_due(self) -> bool:
        now = time.monotonic()
        is_due = now - self._last_line_s >= _LINE_EVERY_S
        if is_due:
            self._last_line_s = now
        return is_due

    def _say_step(self, report: StepReport) -> None:
        status = self.status
        left = "" if status.eta_s is None else f", {_duration(status.eta_s)} left"
        terms = " ".join(f"{name} {value:.4g}" for name, value in report.raw.items() if value)
        self.say(
            f"step {status.step} of {status.total_steps}: loss {report.loss:.4g}, "
            f"{status.rate_steps_per_s:.2f} steps a second{left}; {terms}",
            step=status.step,
            loss=report.loss,
            raw=report.raw,
        )

    def _write_status(self) -> None:
        self._last_status_s = time.monotonic()
        rate = self.status.rate_steps_per_s
        if len(self._ends) > 1:
            rate = (len(self._ends) - 1) / max(self._ends[-1] - self._ends[0], 1e-9)
        total = self.status.total_steps
        left = None if total is None or rate <= 0 else (total - self.status.step) / rate
        self.status = replace(
            self.status,
            heartbeat=time.time(),
            rate_steps_per_s=rate,
            eta_s=left,
            memory_mb=self._memory_mb(),
        )
        self.folder.write_status(self.status)

    def _memory_mb(self) -> float:
        if self._device.type == "cuda":
            return torch.cuda.memory_reserved(self._device) / _MB
        return self._process.memory_info().rss / _MB


def _continued(folder: RunFolder, status: RunStatus) -> RunStatus:
    """A new process's status that says how far the run had come."""
    if not folder.status_file.exists():
        return status
    before = folder.status()
    return replace(
        status,
        step=before.step,
        total_steps=before.total_steps,
        epoch=before.epoch,
        best=before.best,
    )


def _plain(event: MarkEvent) -> str:
    """A mark in no words but its own: cause and numbers."""
    numbers = ", ".join(
        f"{name} {value}" if isinstance(value, str) else f"{name} {value:.4g}"
        for name, value in event.numbers.items()
    )
    return f"{event.cause.replace('_', ' ')}: {numbers}"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes}:{seconds:02} min"
