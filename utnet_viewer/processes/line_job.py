"""Runs a command of ``utnet`` that says what it does line by line, without ever waiting for it."""

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

import core
from utnet_viewer.processes.command import COMMAND
from utnet_viewer.processes.lines import LineSplitter, UnreadableLineError

#: So long lines are read in one turn of the event loop.
_TURN_S = 0.004
_OUTPUT_LINES = 40
#: How long a process may take to end after it was killed, when the window closes.
_PATIENCE_AT_END_MS = 2000


class LineJob(QObject):
    """One process of one command; make another object for another one.

    A subclass says what a line means (`read`), which lines only the newest of matters
    (`is_progress`), and tells the window (`tell`). `finished`, `failed` or `cancelled` is emitted
    once, last of all. The process leads a session of its own, so that whatever it started is
    killed with it.
    """

    finished = Signal(object)  # what the command said last; see `finish`
    failed = Signal(str, str)  # a sentence for people, and everything that is known
    cancelled = Signal()

    #: What runs, as a sentence's subject, and the command's name.
    WORK, NAME = "The command", ""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: Sequence[str] = COMMAND,
        grace_s: float = 4.0,
    ) -> None:
        """`command` stands before the command's name; `grace_s` is how long the process may take
        to end after SIGTERM before SIGKILL."""
        super().__init__(parent)
        self._command = tuple(command)
        self._splitter = LineSplitter()
        self._lines: deque[bytes] = deque()
        self._noise: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self._errors: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self._result: object = None
        self._problem = ""
        self._is_over = self._is_cancelled = False
        self._end: tuple[int, QProcess.ExitStatus] | None = None
        self._half_error = b""
        self._group = 0  # of processes; the leader's id
        self._heard_s = time.monotonic()
        self._process = QProcess(self)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._read_lines)
        self._impatience = QTimer(self, singleShot=True, interval=round(grace_s * 1000))
        self._impatience.timeout.connect(self._kill)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_errors)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_process_error)

    # What a subclass says.

    def read(self, raw: bytes) -> object:
        """What a line says; raises UnreadableLineError."""
        raise NotImplementedError

    def is_progress(self, line: object) -> bool:
        """Whether only the newest of such lines is worth telling."""
        raise NotImplementedError

    def tell(self, line: object) -> None:
        """Tell the window of a line; `finish` is to be called for the one that ends it all."""
        raise NotImplementedError

    # What it is.

    @property
    def is_running(self) -> bool:
        """Whether the last word has not been said yet."""
        return not self._is_over and self._process.program() != ""

    @property
    def is_ending(self) -> bool:
        """Whether it was cancelled and has not ended yet."""
        return self._is_cancelled and self.is_running

    @property
    def process_id(self) -> int:
        """The process's id; 0 where none runs."""
        return self._process.processId()

    @property
    def silent_s(self) -> float:
        """Seconds since it last said anything."""
        return time.monotonic() - self._heard_s

    # Beginning and ending.

    def run(self, arguments: Sequence[str]) -> None:
        """Begin; `arguments` follow the command's name."""
        if self._process.program():
            raise RuntimeError("this job was started before; make another one")
        process = self._process
        process.setProcessEnvironment(_environment())
        process.setProgram(self._command[0])
        process.setArguments([*self._command[1:], self.NAME, *arguments])
        if os.name == "posix":
            process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)
        process.start()
        self._group = self.process_id
        process.closeWriteChannel()
        QCoreApplication.instance().aboutToQuit.connect(self.end)

    def cancel(self) -> None:
        """Ask the process to end, and kill it where it does not; returns at once."""
        if self.is_running and not self._is_cancelled:
            self._is_cancelled = True
            self._process.terminate()
            self._impatience.start()

    def end(self) -> None:
        """Kill the process now and wait for its end, which is a matter of milliseconds.

        Emits nothing from here on. For a window that closes.
        """
        self._is_over = True
        self._turn.stop()
        self._impatience.stop()
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._kill()
            self._process.waitForFinished(_PATIENCE_AT_END_MS)

    def finish(self, result: object) -> None:
        """The command said that it is done; `finished` follows with this when it has ended."""
        self._result = result

    # What it says.

    def _on_output(self) -> None:
        self._heard_s = time.monotonic()
        raw = bytes(self._process.readAllStandardOutput().data())
        if self._is_over or self._problem:
            return
        try:
            self._lines.extend(self._splitter.feed(raw))
        except UnreadableLineError as error:
            self._problem = f"{self.WORK} sends something unreadable ({error})."
            self._kill()
            return
        if self._lines and not self._turn.isActive():
            self._turn.start()

    def _on_errors(self) -> None:
        self._heard_s = time.monotonic()
        raw = self._half_error + bytes(self._process.readAllStandardError().data())
        # Bytes come as they please; half a line waits for its other half.
        *whole, self._half_error = raw.split(b"\n")
        self._errors.extend(line.decode(errors="replace") for line in whole if line)

    def _read_lines(self) -> None:
        """As many lines as a turn has time for; of progress only the newest is told."""
        until_s = time.monotonic() + _TURN_S
        progress: object = None
        while self._lines and time.monotonic() < until_s and not self._is_over:
            raw = self._lines.popleft()
            try:
                line = self.read(raw)
            except UnreadableLineError:
                self._noise.append(raw[:400].decode(errors="replace"))
                continue
            if self.is_progress(line):
                progress = line
                continue
            progress = None
            self.tell(line)
        if progress is not None and not self._is_over:
            self.tell(progress)
        if self._lines:
            self._turn.start()
        elif self._end is not None:
            self._conclude()

    # Its end.

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._impatience.stop()
        self._on_errors()
        if self._half_error:
            self._errors.append(self._half_error.decode(errors="replace"))
        self._on_output()
        self._kill_group()  # what it started ends with it
        self._end = (code, status)
        if not self._turn.isActive():
            self._turn.start()

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`, which says more.
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(f"{self.WORK} could not be started: {self._process.errorString()}.")

    def _conclude(self) -> None:
        code, status = self._end
        if self._is_over:
            return
        if self._is_cancelled:
            self._is_over = True
            self.cancelled.emit()
        elif self._problem:
            self._fail(self._problem)
        elif self._result is not None and status == QProcess.ExitStatus.NormalExit:
            self._is_over = True
            self.finished.emit(self._result)
        else:
            self._fail(self._reason(code, status))

    def _reason(self, code: int, status: QProcess.ExitStatus) -> str:
        if status == QProcess.ExitStatus.CrashExit:
            why = f"{self.WORK} was ended by signal {code}"
            return why + (" (the system does that when memory runs out)." if code == 9 else ".")
        last = next((line.strip() for line in reversed(self._errors) if line.strip()), "")
        if last:
            return last.removeprefix(f"utnet {self.NAME}: ")
        if code == 0:
            return f"{self.WORK} ended before it was finished, without a word."
        return f"{self.WORK} ended with status {code} without a word."

    def _fail(self, sentence: str) -> None:
        if not self._is_over:
            self._is_over = True
            said = [*self._errors, *(f"stdout: {line}" for line in self._noise)]
            command = " ".join([self._process.program(), *self._process.arguments()])
            self.failed.emit(sentence, "\n".join([sentence, "", f"command: {command}", *said]))

    def _kill(self) -> None:
        """Kill the process and all that it started."""
        self._kill_group()
        self._process.kill()

    def _kill_group(self) -> None:
        if os.name == "posix" and self._group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)


def _environment() -> QProcessEnvironment:
    """Ours without what steers Qt, and with the path to this project (-P keeps the folder off)."""
    environment = QProcessEnvironment.systemEnvironment()
    for name in environment.keys():  # noqa: SIM118 (a Qt object)
        if name.startswith(("QT_", "QML")):
            environment.remove(name)
    environment.insert("PYTHONPATH", str(Path(core.__file__).resolve().parents[1]))
    environment.insert("PYTHONUNBUFFERED", "1")
    return environment
