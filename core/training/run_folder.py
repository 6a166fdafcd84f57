"""A training run on disk: written by its process, read by anyone, while it goes on and after.

    RUNS/NAME/
        config.yaml   the whole configuration            inputs.json   what it started from
        steps.f64     every step (core.training.steps)   steps.json    their columns
        events.jsonl  everything else (core.events)      status.json   how it is (RunStatus)
        log.txt       what the process printed           control/      requests to the process
        checkpoints/{last,best,step-N}.safetensors       samples/NAME.png     tensorboard/
        lock          held by the process that owns the run; owner.json says which that is
        ended.json    how the process ended, noted by who started it

Small files are replaced in one step and tables only grow, so that a reader never sees half of
anything, and a process that is killed loses nothing it had written.
"""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import platformdirs

from core.files.durable import DiskFullError, write_atomically
from core.files.folder_lock import FolderBusyError, FolderLock, read_owner
from core.files.names import make_new_folder
from core.files.process_identity import ProcessIdentity
from core.training.config import TrainingConfig, load_config, to_yaml
from core.training.run_log import log_tail
from core.training.run_reason import ProcessEnd, end_to_json, read_end, reason_of
from core.training.run_status import (
    Best,
    RunError,
    RunState,
    RunStatus,
    silence_s,
    state_of,
)

__all__ = [
    "Best",
    "FolderBusyError",
    "ProcessEnd",
    "ProcessIdentity",
    "Request",
    "RunError",
    "RunFolder",
    "RunFolderError",
    "RunState",
    "RunStatus",
    "RunSummary",
    "default_runs_root",
]

Request = Literal["pause", "resume", "stop", "checkpoint", "validate"]

_CHECKPOINT_ROLE = re.compile(r"last|best|step-\d+")


class RunFolderError(ValueError):
    """A run folder that cannot be made or read; the text names it and says what to do."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


def default_runs_root() -> Path:
    """Where runs lie where no place is named: $UTNET_RUNS, or the user's folder for data."""
    named = os.environ.get("UTNET_RUNS")
    if named:
        return Path(named).expanduser()
    return Path(platformdirs.user_data_dir("utnet-viewer", appauthor=False)) / "runs"


class RunFolder:
    """One run's folder. Reading needs no ownership; a trainer writes between acquire and release.

    Attributes:
        path: The folder, absolute.
    """

    def __init__(self, path: Path | str) -> None:
        """Look at nothing yet; `create` makes a run and `open` checks that there is one."""
        self.path = Path(path).absolute()
        self._lock = FolderLock(self.path, work="training this run")

    @classmethod
    def create(
        cls, runs_root: Path | str, config: TrainingConfig, *, inputs: Mapping[str, Any]
    ) -> "RunFolder":
        """Make a new folder NAME, or NAME-2, … of the configuration's name, and own it.

        `inputs` is plain JSON: dataset, hashes of its lists, hand model, versions. Raises
        RunFolderError where the root cannot be written, DiskFullError.
        """
        root = Path(runs_root).expanduser().absolute()
        try:
            root.mkdir(parents=True, exist_ok=True)
            folder = cls(make_new_folder(root, config.name))
        except OSError as error:
            if isinstance(error, DiskFullError):
                raise
            raise RunFolderError(
                root,
                f"runs cannot be written here ({error.strerror or error}). Name another place "
                "with --runs DIR or the variable UTNET_RUNS.",
            ) from error
        try:
            folder._fill(config, inputs)
        except BaseException:
            folder.release()
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder

    def _fill(self, config: TrainingConfig, inputs: Mapping[str, Any]) -> None:
        for place in (self.control, self.checkpoints, self.samples, self.tensorboard):
            place.mkdir()
        self.acquire()
        self.write_config(config)
        write_atomically(self.inputs_file, json.dumps(dict(inputs), indent=1).encode())
        # Last: a folder without a status is no run yet.
        self.write_status(RunStatus.starting())

    @classmethod
    def open(cls, path: Path | str) -> "RunFolder":
        """An existing run; raises RunFolderError where there is none."""
        folder = cls(path)
        if not folder.status_file.is_file() and not folder.config_file.is_file():
            missing = "holds no run" if folder.path.is_dir() else "does not exist"
            raise RunFolderError(folder.path, f"{missing}; name the folder of a run.")
        return folder

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    # Where things lie.

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        """``config.yaml``."""
        return self.path / "config.yaml"

    @property
    def inputs_file(self) -> Path:
        """``inputs.json``."""
        return self.path / "inputs.json"

    @property
    def status_file(self) -> Path:
        """``status.json``."""
        return self.path / "status.json"

    @property
    def steps_file(self) -> Path:
        """The table for StepWriter and StepTable."""
        return self.path / "steps.f64"

    @property
    def events_file(self) -> Path:
        """The file for EventWriter and EventReader."""
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        """``log.txt``."""
        return self.path / "log.txt"

    @property
    def control(self) -> Path:
        """Folder of requests."""
        return self.path / "control"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        """Folder of the fixed samples' pictures."""
        return self.path / "samples"

    @property
    def tensorboard(self) -> Path:
        """Folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    def checkpoint(self, role: str) -> Path:
        """The checkpoint file of a role, there or not: "last", "best" or "step-N"."""
        if not _CHECKPOINT_ROLE.fullmatch(role):
            raise ValueError(f"a checkpoint is 'last', 'best' or 'step-N', not {role!r}")
        return self.checkpoints / f"{role}.safetensors"

    # What it says.

    def config(self) -> TrainingConfig:
        """The run's configuration; raises core.training.config.ConfigError."""
        return load_config(self.config_file)

    def inputs(self) -> dict[str, Any]:
        """What the run started from; raises RunFolderError where that cannot be read."""
        try:
            return json.loads(self.inputs_file.read_bytes())
        except (OSError, ValueError) as error:
            raise RunFolderError(self.inputs_file, f"cannot be read ({error})") from error

    def status(self) -> RunStatus:
        """What the process said last; raises RunFolderError where it cannot be read."""
        try:
            return RunStatus.from_json(self.status_file.read_bytes())
        except OSError as error:
            text = f"cannot be read ({error.strerror or error})"
            raise RunFolderError(self.status_file, text) from error
        except ValueError as error:
            raise RunFolderError(self.status_file, "is damaged: it holds no status") from error

    def state(self) -> RunState:
        """How the run is now; asks the system whether its process lives."""
        return self.summary().state

    def summary(self, *, silence: Callable[[RunStatus], float] = silence_s) -> "RunSummary":
        """Status, state and its reason in one, whatever the folder holds.

        `silence` tells how many seconds a status is old, where somebody knows better than this
        machine's clock.
        """
        try:
            status = self.status()
        except RunFolderError as error:
            return self._summary_without_status(str(error))
        state = state_of(status, silent_s=silence(status))
        reason = reason_of(self.path, status, state)
        return RunSummary(self.path, state, reason, status, self._created_s())

    def _summary_without_status(self, problem: str) -> "RunSummary":
        owner = read_owner(self.path)
        is_alive = owner is not None and owner.is_here and owner.is_alive()
        state = RunState.STALLED if is_alive else RunState.DIED
        return RunSummary(self.path, state, problem, None, self._created_s())

    def _created_s(self) -> float:
        with contextlib.suppress(OSError):
            return self.inputs_file.stat().st_mtime  # written once
        return 0.0

    def log_tail(self, lines: int = 200) -> list[str]:
        """The last lines of log.txt, at most 64 KiB."""
        return log_tail(self.log_file, lines)

    # What the process writes.

    def acquire(self) -> None:
        """Own the run; raises FolderBusyError, which says who does, and never waits.

        Requests that were made before this process started are void: nobody took them, and a stop
        that was meant for a process long gone must not stop the next one.
        """
        self._lock.acquire()
        started = ProcessIdentity.current().process_started
        for name, asked_s in self._pending():
            if asked_s < started:
                self._drop(name)
        # What an earlier process left: how it ended, and files it was killed over.
        for left in (self.path / "ended.json", *self.path.glob(".*.part")):
            left.unlink(missing_ok=True)

    def release(self) -> None:
        """Own the run no more."""
        self._lock.release()

    def write_config(self, config: TrainingConfig) -> None:
        """Replace config.yaml: at the start, and where a run is resumed with changes."""
        write_atomically(self.config_file, to_yaml(config).encode())

    def write_status(self, status: RunStatus) -> None:
        """Replace status.json; about once a second and at every change of phase."""
        write_atomically(self.status_file, status.to_json())

    def note_end(self, end: ProcessEnd) -> None:
        """Write down how the process ended, for people who ask why; for who started or ended it.

        That it was terminated by hand is not overwritten by who only saw it go.
        """
        known = read_end(self.path)
        if known is not None and known.pid == end.pid and known.terminated:
            return
        write_atomically(self.path / "ended.json", end_to_json(end))

    # Requests.

    def request(self, name: Request) -> None:
        """Ask the process for something; it looks about four times a second.

        Asking twice is asking once. "pause" and "resume" take each other back. Raises
        RunFolderError where the folder cannot be written.
        """
        if name not in get_args(Request):
            raise ValueError(f"{name!r} is no request; there are {', '.join(get_args(Request))}")
        opposite = {"pause": "resume", "resume": "pause"}.get(name)
        try:
            if opposite:
                self._drop(opposite)
            self.control.mkdir(exist_ok=True)
            (self.control / name).write_text(f"{time.time()}\n")
        except OSError as error:
            text = f"{name} cannot be asked for here ({error.strerror or error})"
            raise RunFolderError(self.control, text) from error

    def take_requests(self) -> list[Request]:
        """The requests since the last call, oldest first; takes some ten microseconds."""
        taken = [name for name, _ in self._pending()]
        for name in taken:
            self._drop(name)
        return taken

    def _pending(self) -> list[tuple[Request, float]]:
        """Requests that nobody took, with the unix time of each, oldest first."""
        pending = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self.control) as entries:
            for entry in entries:
                if entry.name in get_args(Request):
                    pending.append((entry.name, entry.stat().st_mtime))
        return sorted(pending, key=lambda item: item[1])

    def _drop(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.control / name).unlink()


@dataclass(frozen=True)
class RunSummary:
    """A run in a list.

    Attributes:
        path: Its folder.
        state: How it is.
        reason: Why it is stalled, failed or died; why its status cannot be read.
        status: What it said last; None where that cannot be read.
        created_s: Unix time at which the folder was made; 0 where that is unknown.
    """

    path: Path
    state: RunState
    reason: str
    status: RunStatus | None
    created_s: float

    @property
    def name(self) -> str:
        """The run's name."""
        return self.path.name
