"""A child process that is talked to in messages over its stdin and stdout, without waiting."""

import time
from collections import deque
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

import core
from core.messages import Message, MessageError, MessageReader, encode

#: How long a process may take to end by itself once its stdin was closed.
_PATIENCE_AT_END_MS = 1500

_OUTPUT_LINES = 20


class MessageProcess(QObject):
    """One run of a child process; make another object for another run.

    The child ends when its stdin is closed, which also happens when this process dies, however
    abruptly. Where it does not end, it is killed.
    """

    received = Signal(object)  # Message
    taken = Signal()  # the child read some of what was sent
    died = Signal(str)  # why, as a sentence; not emitted after `end`

    def __init__(
        self, command: tuple[str, ...], *, name: str, parent: QObject | None = None
    ) -> None:
        """Start `command` (program and arguments); `name` begins what people read about it."""
        super().__init__(parent)
        self._name = name
        self._reader = MessageReader()
        self._output: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self._last_heard_s = time.monotonic()
        self._is_over = self._is_sending = False
        self._impatience = QTimer(self, singleShot=True, interval=_PATIENCE_AT_END_MS)
        self._process = QProcess(self)
        self._impatience.timeout.connect(self._process.kill)
        self._process.setProcessEnvironment(_environment())
        self._process.setProgram(command[0])
        self._process.setArguments(list(command[1:]))
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_errors)
        self._process.bytesWritten.connect(self._on_bytes_written)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_process_error)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._end_with_application)
        self._process.start()

    @property
    def process_id(self) -> int:
        """The child's process id; 0 where it does not run."""
        return self._process.processId()

    @property
    def last_output(self) -> str:
        """The last lines the child wrote to stderr."""
        return "\n".join(self._output)

    @property
    def silent_s(self) -> float:
        """Seconds since the child last wrote anything to stdout."""
        return time.monotonic() - self._last_heard_s

    @property
    def unsent_bytes(self) -> int:
        """Bytes that were sent and that the child has not taken yet."""
        return self._process.bytesToWrite()

    def send(self, message: Message) -> None:
        """Send a message; returns at once."""
        if self._is_over:
            return
        is_first = self.unsent_bytes == 0
        self._process.write(encode(message))
        if is_first and self._process.state() == QProcess.ProcessState.Running:
            # Into the pipe now, and not when the event loop comes back from painting.
            self._is_sending = True
            self._process.waitForBytesWritten(0)
            self._is_sending = False

    def end(self, *, kill: bool = False) -> None:
        """Ask the child to end, or kill it; returns at once. Emits nothing from here on."""
        self._is_over = True
        if self._process.state() == QProcess.ProcessState.NotRunning:
            self.deleteLater()
        elif kill:
            self._process.kill()
        else:
            self._process.closeWriteChannel()
            self._impatience.start()

    def _on_output(self) -> None:
        if self._is_sending:  # whoever sends does not expect answers meanwhile
            QTimer.singleShot(0, self, self._on_output)
            return
        self._last_heard_s = time.monotonic()
        raw = bytes(self._process.readAllStandardOutput().data())
        if self._is_over:
            return
        try:
            messages = self._reader.feed(raw)
        except MessageError as error:
            self._die(f"{self._name} sent something unreadable and was stopped: {error}.")
            self.end(kill=True)
            return
        for message in messages:
            if not self._is_over:
                self.received.emit(message)

    def _on_errors(self) -> None:
        raw = bytes(self._process.readAllStandardError().data())
        self._output.extend(raw.decode(errors="replace").splitlines())

    def _on_bytes_written(self) -> None:
        if self._is_sending:
            QTimer.singleShot(0, self, self._on_bytes_written)
        elif not self._is_over:
            self.taken.emit()

    def _on_finished(self, exit_code: int, exit_status: QProcess.ExitStatus) -> None:
        self._impatience.stop()
        self._on_errors()
        self._on_output()
        if exit_status == QProcess.ExitStatus.CrashExit:
            reason = f"{self._name} was ended by signal {exit_code}"
            if exit_code == 9:
                reason += " (the system does that when memory runs out)"
        else:
            reason = f"{self._name} ended with status {exit_code}"
        last_words = f" Its last words: {self._output[-1]}" if self._output else ""
        self._die(f"{reason}.{last_words}")
        self.deleteLater()

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`, which says more.
        if error == QProcess.ProcessError.FailedToStart:
            self._die(f"{self._name} could not be started: {self._process.errorString()}.")
            self.deleteLater()

    def _die(self, reason: str) -> None:
        if not self._is_over:
            self._is_over = True
            self.died.emit(reason)

    def _end_with_application(self) -> None:
        """The event loop is over: this once, wait for the child, and kill it where it hangs."""
        self._is_over = True
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(_PATIENCE_AT_END_MS):
            self._process.kill()
            self._process.waitForFinished(_PATIENCE_AT_END_MS)


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    # The engine is started with -P, which keeps the current folder off the path: it may be a
    # dataset with a torch.py in it. So the path to this project has to be said.
    environment.insert("PYTHONPATH", str(Path(core.__file__).resolve().parents[1]))
    return environment
