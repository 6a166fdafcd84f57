"""TensorBoard event files beside our own: the same numbers for the tool that people know.

Written in the calling thread. tensorboardX's SummaryWriter writes in another one, and when that
dies of a full disk the trainer waits for its queue for ever.
"""

import math
import os
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary

from core.events import ValidationEvent
from core.files.durable import raising_disk_full

_FLUSH_S = 5.0


class TensorboardWriter:
    """Writes a new event file; TensorBoard joins the files of a run that was resumed."""

    def __init__(self, folder: Path, *, every_steps: int = 10) -> None:
        """Begin a file in `folder` (``tensorboard/`` of a run).

        Of the steps, one in `every_steps` is written. Raises DiskFullError.
        """
        self._folder = folder
        self._every_steps = every_steps
        self._flushed_s = time.monotonic()
        with raising_disk_full(folder):
            folder.mkdir(exist_ok=True)
            # The process id, since two starts may fall into one second.
            self._writer = EventsWriter(str(folder / "events"), f".{os.getpid()}")

    def resumed(self, step: int) -> None:
        """The run went back to its checkpoint after `step`; TensorBoard forgets what came later."""
        start = SessionLog(status=SessionLog.START)
        self._write(Event(step=step + 1, wall_time=time.time(), session_log=start))
        self.flush()

    def step(self, row: Mapping[str, float]) -> None:
        """Write a row of the table of steps, if it is its turn; tags are the columns' names.

        Raises DiskFullError.
        """
        step = int(row["step"])
        if step % self._every_steps and step != 1:
            return
        scalars = {name: value for name, value in row.items() if name not in ("step", "time_s")}
        self._write_scalars(scalars, step=step, time_s=row["time_s"])
        if time.monotonic() - self._flushed_s > _FLUSH_S:
            self.flush()

    def validation(self, event: ValidationEvent) -> None:
        """Write the metrics of a validation, as ``validation/METRIC``; raises DiskFullError."""
        scalars = {f"validation/{name}": value for name, value in event.metrics.items()}
        self._write_scalars(scalars, step=event.step, time_s=event.time)
        self.flush()

    def flush(self) -> None:
        """Give what is buffered to the operating system."""
        self._flushed_s = time.monotonic()
        with raising_disk_full(self._folder):
            self._writer.flush()

    def close(self) -> None:
        """Flush and close."""
        with raising_disk_full(self._folder):
            self._writer.close()

    def _write_scalars(self, scalars: Mapping[str, float], *, step: int, time_s: float) -> None:
        values = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in scalars.items()
            if not math.isnan(value)
        ]
        self._write(Event(step=step, wall_time=time_s, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        with raising_disk_full(self._folder):
            self._writer.write_event(event)
