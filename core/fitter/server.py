"""The fitter's loop: reads orders, fits, answers; errors become messages, not deaths.

Two threads: one reads stdin, so that a newer order replaces one that was not begun and the
parent's death is noticed at once; the main one fits.
"""

import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.fitter.exchange import (
    FitOrder,
    SequenceOrder,
    fit_message,
    read_fit_order,
    read_sequence_order,
)
from core.fitter.orders import ModelOrder, OrderQueue
from core.hand.fitting.fitter import HandFitter
from core.hand.fitting.sequence import fit_sequence
from core.hand.mano_file import load_hand_model
from core.messages import Message, MessageError, Sender, describe, read_until_closed

#: The thread that reads orders does not wait long for the one that fits.
_SWITCH_INTERVAL_S = 0.001


class _CancelledError(Exception):
    """Nobody wants the sequence any more."""


@dataclass
class Server:
    """Answers one parent until its end of `orders` closes."""

    orders: BinaryIO
    answers: BinaryIO

    def __post_init__(self) -> None:
        self._queue = OrderQueue()
        self._sender = Sender(self.answers)
        self._fitter: HandFitter | None = None
        self._why_not = "No hand model is loaded."

    def serve(self) -> None:
        """Serve; never returns, the process ends when the parent closes the stream."""
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        while True:
            order = self._queue.take()
            if isinstance(order, ModelOrder):
                self._load(order)
            elif isinstance(order, FitOrder):
                self._fit(order)
            else:
                self._fit_sequence(order)

    # Reading, in its own thread.

    def _read(self) -> None:
        read_until_closed(self.orders, self._take, name="the fitter")

    def _take(self, message: Message) -> None:
        try:
            if message.kind == "hand_model":
                self._queue.put(_model_order(message.fields["path"]))
            elif message.kind == "fit":
                self._queue.put(read_fit_order(message))
            elif message.kind == "sequence":
                self._queue.put(read_sequence_order(message))
            elif message.kind == "cancel_sequence":
                self._queue.cancel_sequence()
            else:
                raise MessageError(f"a message of kind {message.kind!r}")
        except (ValueError, KeyError, TypeError) as error:  # a MessageError is a ValueError
            kind = "sequence_failed" if message.kind == "sequence" else "failed"
            self._fail(kind, message.fields.get("id"), f"It cannot be fitted: {error}.")

    # Fitting, in the main thread.

    def _load(self, order: ModelOrder) -> None:
        try:
            self._fitter = HandFitter(load_hand_model(order.path))
        except Exception as error:
            traceback.print_exc()
            self._fitter, self._why_not = None, describe(error)[1]

    def _fit(self, order: FitOrder) -> None:
        if self._fitter is None:
            self._fail("failed", order.id, self._why_not)
            return
        try:
            fit = self._fitter.fit(order.target, order.start, is_right=order.is_right)
        except Exception as error:
            traceback.print_exc()
            self._fail("failed", order.id, describe(error)[1])
            return
        self._sender.send(fit_message("fitted", fit, id=order.id))

    def _fit_sequence(self, order: SequenceOrder) -> None:
        if self._fitter is None:
            self._fail("sequence_failed", order.id, self._why_not)
            return

        def progress(done: int, total: int) -> None:
            if (single := self._queue.take_fit()) is not None:
                self._fit(single)
            if not self._queue.is_wanted(order.id):
                raise _CancelledError
            fields = {"id": order.id, "done": done, "total": total}
            self._sender.send(Message("sequence_progress", fields))

        try:
            fits = fit_sequence(
                self._fitter,
                order.frames,
                is_right=order.is_right,
                smoothness=order.smoothness,
                progress=progress,
            )
        except _CancelledError:
            return
        except Exception as error:
            traceback.print_exc()
            self._fail("sequence_failed", order.id, describe(error)[1])
            return
        for row, fit in fits.items():
            self._sender.send(fit_message("sequence_fit", fit, id=order.id, row=row))
        self._sender.send(Message("sequence_done", {"id": order.id}))

    def _fail(self, kind: str, order_id: int | None, sentence: str) -> None:
        self._sender.send(Message(kind, {"id": order_id, "sentence": sentence}))


def _model_order(path: str | None) -> ModelOrder:
    return ModelOrder(None if path is None else Path(path))
