"""The engine's loop: reads requests, predicts, answers; errors become messages, not deaths.

Three threads: one reads stdin into the queue, so that stale requests are dropped while a
prediction is being computed and the parent's death is noticed at once; one sends a heartbeat; the
main one loads and predicts.
"""

import contextlib
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from core.data.crops import CropInput
from core.engine.requests import LoadRequest, PredictRequest, RequestQueue
from core.evaluation.exchange import prediction_message, read_crop_input
from core.evaluation.prediction import Prediction
from core.messages import Message, MessageError, Sender, describe, read_until_closed

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None

HEARTBEAT_S = 0.5

#: A crop fits into a pipe of this size, so that the window need not come back to send the rest.
_PIPE_BYTES = 1 << 20

#: The thread that reads requests does not wait long for the one that predicts.
_SWITCH_INTERVAL_S = 0.001


class Predictor(Protocol):
    """What the engine needs of a loaded network; see `core.evaluation.predictor`."""

    device_name: str
    model_name: str
    note: str

    def predict(self, crops: list[CropInput]) -> list[Prediction]:
        """Predict each crop."""


#: Loads a predictor, saying each phase in words through the second argument.
Loader = Callable[[LoadRequest, Callable[[str], None]], Predictor]


def widen_pipe(stream: BinaryIO) -> None:
    """Let a pipe hold `_PIPE_BYTES`, on systems where its reader can say so.

    A system that grants no more than the usual 64 KiB is slower and nothing else.
    """
    if fcntl is None or not hasattr(fcntl, "F_SETPIPE_SZ"):
        return
    with contextlib.suppress(OSError):  # no pipe, or more than this user may have
        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


@dataclass
class Server:
    """Answers one parent until its end of `requests` closes."""

    requests: BinaryIO
    answers: BinaryIO
    load: Loader

    def __post_init__(self) -> None:
        self._queue = RequestQueue()
        self._sender = Sender(self.answers)
        self._predictor: Predictor | None = None
        self._is_busy = False

    def serve(self) -> None:
        """Serve; never returns, the process ends when the parent closes the stream."""
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        widen_pipe(self.requests)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while (request := self._queue.take()) is not None:
            self._is_busy = True
            if isinstance(request, LoadRequest):
                self._load(request)
            else:
                self._predict(request)
            self._is_busy = False

    # Reading, in its own thread.

    def _read(self) -> None:
        read_until_closed(self.requests, self._take, name="the engine")

    def _take(self, message: Message) -> None:
        try:
            dropped = self._queue_up(message)
        except (ValueError, KeyError, TypeError) as error:  # a MessageError is a ValueError
            sentence = f"The request is malformed: {error!r}."
            self._fail(message.fields.get("id"), "bad_input", sentence)
            return
        for request_id in dropped:
            self._sender.send(Message("dropped", {"id": request_id}))

    def _queue_up(self, message: Message) -> list[int]:
        fields = message.fields
        if message.kind == "predict":
            request = PredictRequest(
                int(fields["id"]),
                int(fields["generation"]),
                bool(fields["prefetch"]),
                read_crop_input(message),
            )
            return self._queue.put(request)
        if message.kind == "promote":
            return self._queue.promote(fields["id"])
        if message.kind == "keep":
            ids = [int(request_id) for request_id in fields["ids"]]
            return self._queue.keep(ids, int(fields["generation"]))
        if message.kind == "cancel":
            return self._queue.cancel(fields["id"])
        if message.kind == "load":
            return self._queue.put_load(LoadRequest(**fields))
        raise MessageError(f"a message of kind {message.kind!r}")

    # Answering, in the main thread.

    def _load(self, request: LoadRequest) -> None:
        def say(note: str) -> None:
            self._sender.send(Message("phase", {"id": request.id, "note": note}))

        self._predictor = None
        try:
            self._predictor = predictor = self.load(request, say)
        except Exception as error:
            traceback.print_exc()
            code, sentence = describe(error)
            fields = {"id": request.id, "code": code, "sentence": sentence}
            self._sender.send(Message("load_failed", fields))
            return
        ready = {
            "id": request.id,
            "device": predictor.device_name,
            "model": predictor.model_name,
            "note": predictor.note,
        }
        self._sender.send(Message("ready", ready))

    def _predict(self, request: PredictRequest) -> None:
        if self._predictor is None:
            self._fail(request.id, "not_loaded", "No checkpoint is loaded.")
            return
        try:
            (prediction,) = self._predictor.predict([request.crop_input])
        except Exception as error:
            traceback.print_exc()
            self._fail(request.id, *describe(error))
            return
        self._sender.send(prediction_message("prediction", prediction, id=request.id))

    def _fail(self, request_id: int | None, code: str, sentence: str) -> None:
        self._sender.send(Message("failed", {"id": request_id, "code": code, "sentence": sentence}))

    def _beat(self) -> None:
        while True:
            self._sender.send(Message("heartbeat", {"busy": self._is_busy}))
            time.sleep(HEARTBEAT_S)
