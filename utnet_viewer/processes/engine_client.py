"""The window's end of the engine: asks another process for predictions and never waits for it."""

import sys
import time
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

import core
from core.data.crops import CropInput
from core.evaluation.exchange import crop_input_message, read_prediction
from core.evaluation.prediction import Prediction
from core.messages import Message, MessageError, MessageReader, encode
from utnet_viewer.document import EngineState

#: Bytes not yet taken by the engine above which nothing more is written to it.
_MAX_UNSENT_BYTES = 4 << 20

#: How long an engine may take to end by itself once it was asked to.
_PATIENCE_AT_END_MS = 1500

_OUTPUT_LINES = 20


@dataclass(frozen=True)
class _Source:
    """What predictions come from, down to the checkpoint's bytes: part of the cache's key."""

    checkpoint: str
    checkpoint_stamp: tuple[int, int]
    hand_model: str | None
    device: str

    @classmethod
    def of(cls, checkpoint: Path | str, hand_model: Path | str | None, device: str) -> "_Source":
        path = Path(checkpoint).absolute()
        try:
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
        except OSError:
            stamp = (-1, -1)  # the engine says what is wrong with the file
        hand = None if hand_model is None else str(Path(hand_model).absolute())
        return cls(str(path), stamp, hand, device)


@dataclass(frozen=True)
class _Request:
    key: Hashable
    crop_input: CropInput
    is_prefetch: bool


class EngineClient(QObject):
    """Keeps one engine process and answers requests from it or from the cache.

    Nothing here blocks, except for the moment in which the application ends. The engine's state
    is an `EngineState`: "off" before `start` and after `stop`; "starting" while it loads;
    "ready"; "busy" while the newest request is computed, or when the engine has been silent for
    longer than `silence_s` (the note says so); "dead" when it ended by itself or could not load
    (the note says why, and `restart` begins again).
    """

    prediction_ready = Signal(object, object)  # key, Prediction
    prediction_failed = Signal(object, str)  # key, why, as a sentence
    state_changed = Signal(object)  # EngineState

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "core.engine"),
        cache_size: int = 512,
        silence_s: float = 5.0,
        loading_silence_s: float = 60.0,
    ) -> None:
        """`command` starts the engine; the silences are how long no heartbeat is tolerated."""
        super().__init__(parent)
        self._command = command
        self._cache_size = cache_size
        self._silence_s = silence_s
        self._loading_silence_s = loading_silence_s
        self._cache: OrderedDict[tuple[_Source, Hashable], Prediction] = OrderedDict()
        self._state = EngineState()
        self._source: _Source | None = None
        self._process: QProcess | None = None
        self._reader = MessageReader()
        self._output: deque[str] = deque(maxlen=_OUTPUT_LINES)
        self._sent: dict[int, _Request] = {}
        self._wanted: _Request | None = None  # newest request, until it is answered
        self._waiting: list[_Request] = []  # prefetches, until the engine can take them
        self._serial = 0
        self._last_heard_s = 0.0
        self._ready_state = EngineState()
        self._watch = QTimer(self, interval=500)
        self._watch.timeout.connect(self._look_for_silence)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._end_with_application)

    # What the window reads.

    @property
    def state(self) -> EngineState:
        """How the engine is; `state_changed` tells when it changes."""
        return self._state

    @property
    def last_output(self) -> str:
        """The last lines the engine wrote to stderr, for people who look for the cause."""
        return "\n".join(self._output)

    @property
    def process_id(self) -> int | None:
        """The engine's process id, or None while none runs."""
        return self._process.processId() or None if self._process is not None else None

    def cached(self, key: Hashable) -> Prediction | None:
        """The prediction of `key` by the current checkpoint, if it is already known."""
        if self._source is None:
            return None
        prediction = self._cache.get((self._source, key))
        if prediction is not None:
            self._cache.move_to_end((self._source, key))
        return prediction

    # What the window asks for.

    def start(
        self,
        checkpoint: Path | str,
        hand_model_path: Path | str | None = None,
        device: str = "auto",
    ) -> None:
        """Load a checkpoint in the engine, starting the process where none runs.

        `hand_model_path` None is the embedded stand-in; `device` is "auto", "cpu", "cuda[:N]" or
        "mps".
        """
        self._source = _Source.of(checkpoint, hand_model_path, device)
        self._sent.clear()
        self._waiting.clear()
        self._wanted = None
        if self._process is None:
            self._launch()
        self._set_state(EngineState("starting", note="The engine is starting."))
        self._send_load()

    def restart(self) -> None:
        """Kill the process where one runs and start again with the same arguments.

        The newest unanswered request is asked again.
        """
        if self._source is None:
            raise RuntimeError("restart before start")
        wanted, source = self._wanted, self._source
        self._drop_process()
        self.start(source.checkpoint, source.hand_model, source.device)
        self._wanted = wanted

    def stop(self) -> None:
        """End the process; the state becomes "off". Does not wait."""
        self._drop_process()
        self._sent.clear()
        self._waiting.clear()
        self._wanted = None
        self._set_state(EngineState())

    def request(self, key: Hashable, crop_input: CropInput) -> None:
        """Ask for the prediction that is to be shown now; the newest request wins.

        Older requests that were not begun yet are forgotten without an answer. A cached prediction
        is emitted before this returns. Before the engine is ready the newest request waits.
        """
        prediction = self.cached(key)
        if prediction is not None:
            self._wanted = None
            self._show_work()
            self.prediction_ready.emit(key, prediction)
            return
        self._wanted = _Request(key, crop_input, is_prefetch=False)
        if self._state.phase in ("off", "dead"):
            self.prediction_failed.emit(key, self._why_not_running())
            return
        self._flush()

    def prefetch(self, items: Iterable[tuple[Hashable, CropInput]]) -> None:
        """Ask for predictions that may be wanted next, in this order, when nothing else is to do.

        Replaces what an earlier call asked for and is not begun yet; each answer also comes by
        `prediction_ready`.
        """
        self._waiting = [_Request(key, crop, is_prefetch=True) for key, crop in items]
        self._flush()

    # Sending.

    def _flush(self) -> None:
        """Send what waits, as far as the engine can take it."""
        if not self._can_send():
            return
        if self._wanted is not None:
            self._send_wanted(self._wanted)
        under_way = {request.key for request in self._sent.values()}
        generation = self._serial + 1
        while self._waiting and self._can_send():
            request = self._waiting.pop(0)
            if self.cached(request.key) is None and request.key not in under_way:
                self._send_request(request, generation)
        self._show_work()

    def _can_send(self) -> bool:
        is_loaded = self._state.phase in ("ready", "busy") and self._process is not None
        return is_loaded and self._process.bytesToWrite() < _MAX_UNSENT_BYTES

    def _send_wanted(self, wanted: _Request) -> None:
        for serial, request in self._sent.items():
            if request.key == wanted.key:
                if request.is_prefetch:
                    self._sent[serial] = replace(request, is_prefetch=False)
                    self._send(Message("promote", {"id": serial}))
                return
        self._send_request(wanted, self._serial + 1)

    def _send_request(self, request: _Request, generation: int) -> None:
        self._serial += 1
        self._sent[self._serial] = request
        fields = {
            "id": self._serial,
            "generation": generation,
            "prefetch": request.is_prefetch,
        }
        self._send(crop_input_message("predict", request.crop_input, **fields))

    def _send_load(self) -> None:
        source = self._source
        fields = {
            "checkpoint": source.checkpoint,
            "hand_model": source.hand_model,
            "device": source.device,
        }
        self._serial += 1
        self._load_id = self._serial
        self._send(Message("load", {"id": self._load_id, **fields}))

    def _send(self, message: Message) -> None:
        if self._process is not None:
            self._process.write(encode(message))

    # Listening.

    def _read(self) -> None:
        if self._process is None:
            return
        self._heard()
        try:
            messages = self._reader.feed(bytes(self._process.readAllStandardOutput().data()))
            for message in messages:
                self._on_message(message)
        except MessageError as error:
            self._drop_process()
            self._die(f"The engine sent something unreadable and was stopped: {error}.")

    def _on_message(self, message: Message) -> None:
        fields = message.fields
        if fields.get("load", self._load_id) != self._load_id:
            return  # an answer of the checkpoint before
        if message.kind == "prediction":
            self._on_prediction(message)
        elif message.kind == "dropped":
            self._sent.pop(fields["id"], None)
            self._flush()
        elif message.kind == "failed":
            self._on_failure(fields["id"], fields["sentence"])
        elif message.kind == "phase":
            self._set_state(EngineState("starting", note=fields["note"]))
        elif message.kind == "ready":
            self._on_ready(fields)
        elif message.kind == "load_failed":
            self._die(fields["sentence"])
        elif message.kind != "heartbeat":
            raise MessageError(f"unknown kind {message.kind!r}")

    def _on_ready(self, fields: dict) -> None:
        self._ready_state = EngineState("ready", fields["device"], fields["model"], fields["note"])
        self._set_state(self._ready_state)
        self._flush()

    def _on_prediction(self, message: Message) -> None:
        request = self._sent.pop(message.fields["id"], None)
        if request is None:
            return
        prediction = read_prediction(message)
        self._cache[(self._source, request.key)] = prediction
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        self._settle(request.key)
        self.prediction_ready.emit(request.key, prediction)

    def _on_failure(self, serial: int, sentence: str) -> None:
        request = self._sent.pop(serial, None)
        if request is not None:
            self._settle(request.key)
            if not request.is_prefetch:
                self.prediction_failed.emit(request.key, sentence)

    def _settle(self, key: Hashable) -> None:
        if self._wanted is not None and self._wanted.key == key:
            self._wanted = None
        self._flush()
        self._show_work()

    # Living and dying.

    def _launch(self) -> None:
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        # -P keeps the current folder off the path: it may be a dataset with a torch.py in it.
        environment.insert("PYTHONPATH", str(Path(core.__file__).resolve().parents[1]))
        environment.insert("PYTHONUNBUFFERED", "1")
        process.setProcessEnvironment(environment)
        process.setProgram(self._command[0])
        process.setArguments(list(self._command[1:]))
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.bytesWritten.connect(self._flush)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process, self._reader = process, MessageReader()
        self._output.clear()
        self._heard()
        process.start()
        self._watch.start()

    def _drop_process(self) -> None:
        """Let go of the process: it is asked to end, and killed where it does not."""
        process, self._process = self._process, None
        self._watch.stop()
        if process is None:
            return
        process.disconnect(self)
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
            return
        process.finished.connect(process.deleteLater)
        process.closeWriteChannel()
        QTimer.singleShot(_PATIENCE_AT_END_MS, process, process.kill)

    def _end_with_application(self) -> None:
        """The event loop is over: this once, wait for the process, and kill it where it hangs."""
        processes = self.findChildren(QProcess)
        for process in processes:
            process.disconnect(self)
            process.closeWriteChannel()
        for process in processes:
            if not process.waitForFinished(_PATIENCE_AT_END_MS):
                process.kill()
                process.waitForFinished(_PATIENCE_AT_END_MS)
        self._process = None

    def _on_finished(self, exit_code: int, exit_status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        if self._process is None:
            return
        self._drop_process()
        if exit_status == QProcess.ExitStatus.CrashExit:
            reason = f"The engine was ended by signal {exit_code}"
            if exit_code == 9:
                reason += " (as the system does when memory runs out)"
        else:
            reason = f"The engine ended with status {exit_code}"
        last = f" Its last words: {self._output[-1]}" if self._output else ""
        self._die(f"{reason}.{last}")

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._drop_process()
            self._die(f"The engine could not be started: {reason}.")

    def _die(self, reason: str) -> None:
        """Say that there is no engine, and answer what was asked of it."""
        wanted = self._wanted
        self._sent.clear()
        self._waiting.clear()
        self._set_state(replace(self._ready_state, phase="dead", note=reason))
        if wanted is not None:
            self.prediction_failed.emit(wanted.key, reason)

    def _read_errors(self) -> None:
        if self._process is not None:
            raw = bytes(self._process.readAllStandardError().data())
            self._output.extend(raw.decode(errors="replace").splitlines())

    def _heard(self) -> None:
        self._last_heard_s = time.monotonic()

    def _look_for_silence(self) -> None:
        silent_s = time.monotonic() - self._last_heard_s
        limit_s = self._loading_silence_s if self._state.phase == "starting" else self._silence_s
        if silent_s > limit_s and self._state.phase in ("starting", "ready", "busy"):
            note = f"The engine has not answered for {silent_s:.0f} s; it can be restarted."
            self._set_state(replace(self._state, phase="busy", note=note))
        else:
            self._show_work()

    def _show_work(self) -> None:
        """Say "busy" while the newest request is under way, else "ready"."""
        if self._state.phase in ("ready", "busy") and self._ready_state.phase == "ready":
            phase = "busy" if self._wanted is not None else "ready"
            self._set_state(replace(self._ready_state, phase=phase))

    def _why_not_running(self) -> str:
        return self._state.note or "No engine is running, so there is no prediction."

    def _set_state(self, state: EngineState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
