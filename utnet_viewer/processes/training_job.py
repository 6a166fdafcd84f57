"""Starts training processes that outlive the window, and speaks to them through their run folder.

Starting, asking and ending return at once; what comes of it is told by signals.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

import core
from core.training.config import TrainingConfig, to_yaml
from core.training.run_folder import (
    ProcessEnd,
    ProcessIdentity,
    Request,
    RunFolder,
    RunFolderError,
)
from core.training.run_log import LAUNCH, launch_log, launched_run, log_tail
from utnet_viewer.processes.command import COMMAND

_STARTING_INTERVAL_MS = 100
_RUNNING_INTERVAL_MS = 500
_LAST_WORDS_LINES = 20

#: Processes that go on without the object that started them. Python wants to hear of their end.
_LEFT_RUNNING: list[subprocess.Popen] = []


class TrainingJob(QObject):
    """One training process, of its start or of its discovery until its end.

    The process leads a session of its own: nothing that happens to the window reaches it. Make
    another object for another run.
    """

    started = Signal(object)  # Path of the run's folder, once there is one
    start_failed = Signal(str)  # what the process said, or why there is none
    ended = Signal(int)  # exit status, or minus the signal's number; -1 where nobody knows
    request_failed = Signal(str)  # why a request could not be written

    _launched = Signal(object)  # _Launched, from the thread that started the process

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: tuple[str, ...] = COMMAND,
        grace_s: float = 10.0,
    ) -> None:
        """`grace_s` is how long a process may take to end after SIGTERM before SIGKILL."""
        super().__init__(parent)
        self._command = command
        self._child: subprocess.Popen | None = None
        self._identity: ProcessIdentity | None = None
        self._launch: Path | None = None
        self._folder: RunFolder | None = None
        self._is_launching = self._was_terminated = self._has_left = False
        self._launched.connect(self._on_launched)
        self._watch = QTimer(self)
        self._watch.timeout.connect(self._look)
        self._impatience = QTimer(self, singleShot=True, interval=round(grace_s * 1000))
        self._impatience.timeout.connect(self._kill)

    # What it is.

    @property
    def folder(self) -> RunFolder | None:
        """The run's folder; None until `started`, and where the start failed."""
        return self._folder

    @property
    def process_id(self) -> int | None:
        """The process's id; None where none runs."""
        return None if self._identity is None else self._identity.pid

    @property
    def is_running(self) -> bool:
        """Whether there is a process that has not ended yet, or one about to be."""
        return self._is_launching or self._identity is not None

    # Beginning.

    def start(self, config: TrainingConfig, *, runs_root: Path | str) -> None:
        """Train anew, in a new folder below `runs_root` with the configuration's name."""
        self._refuse_second_start()
        runs = str(Path(runs_root).expanduser().absolute())
        self._begin(lambda file: ["train", str(file), "--runs", runs], to_yaml(config))

    def resume(self, run: Path | str, *, assignments: tuple[str, ...] = ()) -> None:
        """Go on with a run at its last checkpoint, with ``KEY=VALUE`` changes."""
        self._refuse_second_start()
        changes = [part for assignment in assignments for part in ("--set", assignment)]
        self._begin(lambda _: ["train", "--resume", str(Path(run).absolute()), *changes])

    def attach(self, run: Path | str) -> None:
        """Take over a run whose process somebody else started, if it lives; raises RunFolderError.

        Where it does not live `ended` is emitted, with the exit status if it is known.
        """
        self._refuse_second_start()
        folder = RunFolder.open(run)
        self._identity = folder.status()
        self._folder = folder
        self._watch.start(_RUNNING_INTERVAL_MS)
        QTimer.singleShot(0, self, self._look)

    # Asking.

    def request(self, name: Request) -> None:
        """Ask for "pause", "resume" (after a pause), "stop", "checkpoint" or "validate"."""
        if self._folder is None:
            self.request_failed.emit(f"There is no run yet that could be asked to {name}.")
            return
        try:
            self._folder.request(name)
        except RunFolderError as error:
            self.request_failed.emit(str(error))

    def terminate(self) -> None:
        """End the process now; returns at once.

        It is asked by SIGTERM; what is left of it and of all that it started after the grace is
        killed.
        """
        self._was_terminated = self.is_running
        if self._identity is not None:
            with contextlib.suppress(ProcessLookupError):
                if self._child is not None or self._identity.is_alive():
                    os.kill(self._identity.pid, signal.SIGTERM)
            self._impatience.start()

    def leave_running(self) -> None:
        """Watch no more; the process goes on. For a window that closes."""
        self._watch.stop()
        self._impatience.stop()
        if self._child is not None:
            _LEFT_RUNNING.append(self._child)
        self._child = self._identity = None
        self._has_left, self._is_launching = True, False

    # The process.

    def _refuse_second_start(self) -> None:
        if self.is_running or self._launch or self._folder:
            raise RuntimeError("this job was started before; make another one")

    def _begin(self, arguments: Callable[[Path], list[str]], config: str = "") -> None:
        """Start `arguments(file)`, where the file holds `config`, on a thread.

        On a busy machine the system takes its time to start a program.
        """
        self._is_launching = True

        def work() -> None:
            launched = _launch(self._command, arguments, config)
            try:
                self._launched.emit(launched)
            except RuntimeError:  # the window is gone meanwhile; the process is not
                _leave(launched)

        QThreadPool.globalInstance().start(work)

    def _on_launched(self, launched: "_Launched") -> None:
        self._launch, self._is_launching = launched.folder, False
        if self._has_left:
            _leave(launched)
        elif launched.child is None:
            self._fail(launched.problem)
        else:
            self._child, self._identity = launched.child, launched.identity
            self._watch.start(_STARTING_INTERVAL_MS)
            if self._was_terminated:
                self.terminate()

    def _look(self) -> None:
        if self._folder is None:
            self._look_for_folder()
        code = self._exit_code()
        if code is None:
            return
        if self._folder is None:
            self._look_for_folder()  # it may have come just before the end
        if self._folder is None:
            self._fail(self._words(code))
        else:
            self._end(code)

    def _look_for_folder(self) -> None:
        path = launched_run(self._launch)
        if path is None:
            return
        self._folder = RunFolder(path)
        self._forget_launch()
        self._watch.start(_RUNNING_INTERVAL_MS)
        self.started.emit(path)

    def _exit_code(self) -> int | None:
        """The status of a process that ended; what it started is ended with it."""
        if self._child is None:
            return None if self._identity.is_alive() else self._noted_exit_code()
        code = self._child.poll()
        if code is not None:
            self._kill()
        return code

    def _noted_exit_code(self) -> int:
        with contextlib.suppress(RunFolderError):
            code = self._folder.status().exit
            return -1 if code is None else code
        return -1

    def _kill(self) -> None:
        """Kill the process and all that it started."""
        if self._child is None:
            identity = self._identity
            # Looking for its children takes a look at every process there is.
            QThreadPool.globalInstance().start(lambda: _kill_tree(identity))
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._identity.pid, signal.SIGKILL)

    def _words(self, code: int) -> str:
        if self._was_terminated:
            return "Training was terminated before it began."
        said = [line for line in log_tail(launch_log(self._launch), _LAST_WORDS_LINES) if line]
        return "\n".join(said) or f"The training process ended with status {code} without a word."

    def _fail(self, why: str) -> None:
        self._stop_watching()
        self._forget_launch()
        self.start_failed.emit(why)

    def _end(self, code: int) -> None:
        pid = self._identity.pid
        is_ours = self._child is not None
        self._stop_watching()
        if is_ours or self._was_terminated:
            end = ProcessEnd(
                pid=pid, returncode=code, time=time.time(), terminated=self._was_terminated
            )
            folder = self._folder
            QThreadPool.globalInstance().start(lambda: _note_end(folder, end))
        self.ended.emit(code)

    def _stop_watching(self) -> None:
        self._watch.stop()
        self._impatience.stop()
        self._child = self._identity = None

    def _forget_launch(self) -> None:
        if self._launch is not None:
            shutil.rmtree(self._launch, ignore_errors=True)


@dataclass(frozen=True)
class _Launched:
    """A process that was started, or why there is none."""

    folder: Path | None
    child: subprocess.Popen | None = None
    identity: ProcessIdentity | None = None
    problem: str = ""


def _launch(
    command: tuple[str, ...], arguments: Callable[[Path], list[str]], config: str
) -> _Launched:
    """Make a launch folder and start a process with it; for a pool's thread."""
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix="utnet-launch-"))
        file = folder / "config.yaml"
        file.write_text(config, encoding="utf-8")
        with open(launch_log(folder), "ab") as log:
            child = subprocess.Popen(
                [*command, *arguments(file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(folder),
                start_new_session=True,
            )
    except OSError as error:
        return _Launched(folder, problem=f"Training could not be started: {error}.")
    return _Launched(folder, child, ProcessIdentity.of(child.pid))


def _leave(launched: _Launched) -> None:
    if launched.child is not None:
        _LEFT_RUNNING.append(launched.child)


def _kill_tree(identity: ProcessIdentity) -> None:
    """Kill a process that is no child of ours, and its children; for a pool's thread."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if identity.is_alive():  # its id may be another process's by now
            process = psutil.Process(identity.pid)
            for one in (*process.children(recursive=True), process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()


def _note_end(folder: RunFolder, end: ProcessEnd) -> None:
    """On a pool's thread, since it waits for the disk."""
    with contextlib.suppress(OSError):  # the folder may be gone; then nobody asks why
        folder.note_end(end)


def _environment(launch: Path) -> dict[str, str]:
    """Ours without what steers Qt, and with the path to this project (-P keeps the folder off)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "QML"))}
    environment[LAUNCH] = str(launch)
    environment["PYTHONPATH"] = str(Path(core.__file__).resolve().parents[1])
    environment["PYTHONUNBUFFERED"] = "1"
    return environment
