"""The window's end of the engine: asks another process for predictions and never waits for it."""

import sys
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.data.crops import CropInput
from core.evaluation.exchange import crop_input_message, read_prediction
from core.evaluation.prediction import Prediction
from core.messages import Message, MessageError
from utnet_viewer.document import EngineState
from utnet_viewer.processes.message_process import MessageProcess

#: Bytes not yet taken by the engine above which nothing more is written to it.
_MAX_UNSENT_BYTES = 4 << 20

#: The engine keeps no more of them either.
_MAX_PREFETCHES = 64


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
        self._spoken = EngineState()  # what the engine itself said last
        self._source: _Source | None = None
        self._load_id = 0
        self._process: MessageProcess | None = None
        self._last_output = ""
        self._sent: dict[int, _Request] = {}
        self._wanted: _Request | None = None  # newest request, until it is answered
        self._waiting: list[_Request] = []  # prefetches, until the engine can take them
        self._neighbours: dict[Hashable, _Request] = {}  # what `prefetch` asked for last
        self._waiting_generation = 0
        self._serial = 0
        self._watch = QTimer(self, interval=500)
        self._watch.timeout.connect(self._show_state)

    # What the window reads.

    @property
    def state(self) -> EngineState:
        """How the engine is; `state_changed` tells when it changes."""
        return self._state

    @property
    def last_output(self) -> str:
        """The last lines the engine wrote to stderr, for people who look for the cause."""
        return self._last_output if self._process is None else self._process.last_output

    @property
    def process_id(self) -> int | None:
        """The engine's process id, or None while none runs."""
        return None if self._process is None else self._process.process_id or None

    def cached(self, key: Hashable) -> Prediction | None:
        """The prediction of `key` by the current checkpoint, if it is already known."""
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
        "mps". The newest unanswered request is asked again of the new checkpoint; prefetches are
        forgotten.
        """
        self._source = _Source.of(checkpoint, hand_model_path, device)
        self._sent.clear()
        self._forget_prefetches()
        if self._process is None:
            self._process = MessageProcess(self._command, name="The engine", parent=self)
            self._process.received.connect(self._on_message)
            self._process.taken.connect(self._flush)
            self._process.died.connect(self._on_death)
            self._watch.start()
        self._serial += 1
        self._load_id = self._serial
        self._send_load()
        self._say(EngineState("starting", note="The engine is starting."))

    def restart(self) -> None:
        """Kill the process where one runs and start again with the same arguments.

        The newest unanswered request is asked again.
        """
        if self._source is None:
            raise RuntimeError("restart before start")
        self._let_go(kill=True)
        source = self._source
        self.start(source.checkpoint, source.hand_model, source.device)

    def stop(self) -> None:
        """End the process; the state becomes "off". Does not wait."""
        self._let_go()
        self._sent.clear()
        self._forget_prefetches()
        self._wanted = None
        self._say(EngineState())

    def request(self, key: Hashable, crop_input: CropInput) -> None:
        """Ask for the prediction that is to be shown now; the newest request wins.

        Older requests that were not begun yet are forgotten without an answer. A cached prediction
        is emitted before this returns. Before the engine is ready the newest request waits.
        """
        prediction = self.cached(key)
        if prediction is not None:
            self._wanted = None
            self._show_state()
            self.prediction_ready.emit(key, prediction)
            return
        self._wanted = _Request(key, crop_input, is_prefetch=False)
        if self._state.phase in ("off", "dead"):
            note = self._state.note or "No engine is running, so there is no prediction."
            self.prediction_failed.emit(key, note)
            return
        self._flush()

    def prefetch(self, items: Iterable[tuple[Hashable, CropInput]]) -> None:
        """Ask for predictions that may be wanted next, in this order, when nothing else is to do.

        Replaces what an earlier call asked for and is not begun yet; each answer also comes by
        `prediction_ready`.
        """
        requests = [_Request(key, crop, is_prefetch=True) for key, crop in items]
        self._waiting = requests[:_MAX_PREFETCHES]
        self._neighbours = {request.key: request for request in self._waiting}
        self._serial += 1
        self._waiting_generation = self._serial
        self._keep_prefetches()
        self._flush()

    def _forget_prefetches(self) -> None:
        self._waiting.clear()
        self._neighbours.clear()

    def _keep_prefetches(self) -> None:
        """Tell the engine which of the prefetches it has are still wanted, in their order."""
        queued = {sent.key: serial for serial, sent in self._sent.items() if sent.is_prefetch}
        if queued and self._process is not None:
            kept = [queued[request.key] for request in self._waiting if request.key in queued]
            fields = {"ids": kept, "generation": self._waiting_generation}
            self._process.send(Message("keep", fields))

    # Sending.

    def _flush(self) -> None:
        """Send what waits, as far as the engine can take it."""
        if self._can_send() and self._wanted is not None:
            self._send_wanted(self._wanted)
        while self._waiting and self._can_send():
            request = self._waiting.pop(0)
            under_way = any(sent.key == request.key for sent in self._sent.values())
            if not under_way and self.cached(request.key) is None:
                self._send_request(request, self._waiting_generation)
        self._show_state()

    def _can_send(self) -> bool:
        is_loaded = self._spoken.phase == "ready" and self._process is not None
        return is_loaded and self._process.unsent_bytes < _MAX_UNSENT_BYTES

    def _send_wanted(self, wanted: _Request) -> None:
        for serial, sent in self._sent.items():
            if sent.key == wanted.key:
                if sent.is_prefetch:
                    self._sent[serial] = wanted
                    self._process.send(Message("promote", {"id": serial}))
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
        self._process.send(crop_input_message("predict", request.crop_input, **fields))

    def _send_load(self) -> None:
        source = self._source
        fields = {
            "id": self._load_id,
            "checkpoint": source.checkpoint,
            "hand_model": source.hand_model,
            "device": source.device,
        }
        self._process.send(Message("load", fields))

    # Listening.

    def _on_message(self, message: Message) -> None:
        try:
            self._take(message)
        except (MessageError, KeyError) as error:
            self._let_go(kill=True)
            self._on_death(f"The engine answered something unknown and was stopped: {error!r}.")

    def _take(self, message: Message) -> None:
        fields = message.fields
        if message.kind == "heartbeat":
            self._show_state()
        elif message.kind == "prediction":
            self._on_prediction(fields["id"], message)
        elif message.kind == "dropped":
            self._on_dropped(fields["id"])
        elif message.kind == "failed":
            self._on_failure(fields["id"], fields["sentence"])
        elif message.kind in ("phase", "ready", "load_failed"):
            if fields["id"] == self._load_id:  # else it is of the checkpoint before
                self._on_loading(message.kind, fields)
        else:
            raise MessageError(f"a message of kind {message.kind!r}")

    def _on_loading(self, kind: str, fields: dict) -> None:
        if kind == "phase":
            self._say(EngineState("starting", note=fields["note"]))
        elif kind == "ready":
            self._say(EngineState("ready", fields["device"], fields["model"], fields["note"]))
            self._flush()
        else:
            self._die(fields["sentence"])

    def _on_prediction(self, serial: int, message: Message) -> None:
        request = self._sent.pop(serial, None)
        if request is None:
            return
        prediction = read_prediction(message)
        self._cache[(self._source, request.key)] = prediction
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        self._settle(request.key)
        self.prediction_ready.emit(request.key, prediction)

    def _on_dropped(self, serial: int) -> None:
        request = self._sent.pop(serial, None)
        # Wanted again since: what was asked for last counts.
        if request is not None and request.is_prefetch and request.key in self._neighbours:
            self._waiting.append(self._neighbours[request.key])
        self._flush()

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

    # Living and dying.

    def _let_go(self, *, kill: bool = False) -> None:
        self._watch.stop()
        if self._process is not None:
            self._last_output = self._process.last_output
            self._process.end(kill=kill)
            self._process = None

    def _on_death(self, reason: str) -> None:
        self._let_go()
        self._die(reason)

    def _die(self, reason: str) -> None:
        """Say that there is no engine, and answer what was asked of it."""
        wanted = self._wanted
        self._sent.clear()
        self._forget_prefetches()
        self._say(replace(self._spoken, phase="dead", note=reason))
        if wanted is not None:
            self.prediction_failed.emit(wanted.key, reason)

    def _say(self, state: EngineState) -> None:
        self._spoken = state
        self._show_state()

    def _show_state(self) -> None:
        """What the engine said last, with what it is doing or that it is silent."""
        state = self._spoken
        if state.phase == "ready" and self._wanted is not None:
            state = replace(state, phase="busy")
        limit_s = self._loading_silence_s if state.phase == "starting" else self._silence_s
        is_expected = self._process is not None and state.phase != "dead"
        if is_expected and self._process.silent_s > limit_s:
            note = (
                f"The engine has not answered for {self._process.silent_s:.0f} s; "
                "if it does not come back, restart it."
            )
            state = replace(state, phase="busy", note=note)
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
