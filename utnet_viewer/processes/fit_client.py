"""The window's end of the fitter: asks another process for fits and never waits for it."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.fitter.exchange import (
    FitOrder,
    SequenceOrder,
    fit_order_message,
    read_fit,
    sequence_order_message,
)
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import Fit, FitTarget
from core.hand.hand_model import ManoParameters
from core.messages import Message, MessageError
from utnet_viewer.processes.message_process import MessageProcess

#: After this many deaths without an answer in between, what was asked is what kills it.
_MOST_DEATHS = 3


@dataclass(frozen=True)
class _Request:
    key: int
    order: FitOrder


class FitClient(QObject):
    """Keeps one fitter process; it is started at the first request.

    Nothing here blocks. Where the process dies or hangs it is started again, `said` tells so, and
    what was not answered yet is asked again; after three times in a row it is given up instead.
    """

    fitted = Signal(int, object)  # key, Fit
    failed = Signal(int, str)  # key, why, as a sentence
    sequence_progress = Signal(int, int)  # frames done, frames in all
    sequence_done = Signal(object)  # dict: row -> Fit
    sequence_failed = Signal(str)  # why, as a sentence
    said = Signal(str)  # what became of the process, as a sentence; "" when all is well again

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "core.fitter"),
        patience_s: float = 30.0,
    ) -> None:
        """`command` starts the fitter; `patience_s` is how long it may be silent on a request."""
        super().__init__(parent)
        self._command, self._patience_s = command, patience_s
        self._hand_model_path: Path | None = None
        self._process: MessageProcess | None = None
        self._serial = 0
        self._wanted: _Request | None = None  # the newest, until it is answered
        self._sent: dict[int, int] = {}  # keys by the ids of orders that may still be answered
        self._sequence: SequenceOrder | None = None
        self._sequence_fits: dict[int, Fit] = {}
        self._deaths = 0
        self._asked_s = 0.0
        self._watch = QTimer(self, interval=1000)
        self._watch.timeout.connect(self._look_whether_it_hangs)

    @property
    def process_id(self) -> int | None:
        """The fitter's process id, or None while none runs."""
        return None if self._process is None else self._process.process_id or None

    @property
    def is_fitting(self) -> bool:
        """Whether the newest request is not answered yet."""
        return self._wanted is not None

    @property
    def is_fitting_sequence(self) -> bool:
        """Whether a sequence is being fitted."""
        return self._sequence is not None

    # What the window asks for.

    def use_hand_model(self, path: Path | None) -> None:
        """Fit this hand model from now on; None is the embedded stand-in.

        A sequence under way fails: it was asked of the other one.
        """
        if path == self._hand_model_path:
            return
        self._hand_model_path = path
        if self._process is not None:
            self._send_hand_model()
        if self._sequence is not None:
            self._end_sequence()
            self.sequence_failed.emit("Another hand model was chosen meanwhile.")
        if self._wanted is not None:  # under another id: an answer by the old model is none
            wanted = self._wanted
            self._sent.clear()
            self.request(wanted.key, wanted.order.target, wanted.order.start, wanted.order.is_right)

    def request(
        self, key: int, target: FitTarget, start: ManoParameters | None, is_right: bool
    ) -> None:
        """Ask for a fit; the newest request wins.

        Answered by `fitted` or `failed` with the same `key`, or not at all where a newer request
        came before it was begun. `start` None is the mean hand, placed by the target's points.
        """
        self._serial += 1
        self._wanted = _Request(key, FitOrder(self._serial, target, start, is_right))
        self._ask()
        self._send_wanted()

    def request_sequence(
        self, frames: Sequence[SequenceFrame], *, is_right: bool, smoothness: float = 1.0
    ) -> None:
        """Fit a sequence (`core.hand.fitting.sequence.fit_sequence`); replaces one under way.

        Answered by `sequence_progress` and then `sequence_done` or `sequence_failed`. Single fits
        go first meanwhile.
        """
        self._serial += 1
        self._sequence = SequenceOrder(self._serial, tuple(frames), is_right, smoothness)
        self._ask()
        self._send_sequence()

    def cancel_sequence(self) -> None:
        """Give the sequence up: nothing is emitted for it any more."""
        if self._sequence is not None and self._process is not None:
            self._process.send(Message("cancel_sequence"))
        self._end_sequence()

    def shut_down(self) -> None:
        """End the process; what was asked for is forgotten. Does not wait."""
        self._forget()
        self._let_go()

    # Sending.

    def _ask(self) -> None:
        """Have a process, and be patient with it from now on."""
        if not self._watch.isActive():
            self._watch.start()
        self._asked_s = time.monotonic()
        if self._process is None:
            self._start()

    def _start(self) -> None:
        self._process = MessageProcess(self._command, name="The fitter", parent=self)
        self._process.received.connect(self._on_message)
        self._process.died.connect(self._on_death)
        self._send_hand_model()

    def _send_hand_model(self) -> None:
        path = None if self._hand_model_path is None else str(self._hand_model_path.absolute())
        self._process.send(Message("hand_model", {"path": path}))

    def _send_wanted(self) -> None:
        self._sent[self._wanted.order.id] = self._wanted.key
        self._process.send(fit_order_message(self._wanted.order))

    def _send_sequence(self) -> None:
        self._sequence_fits = {}
        try:
            message = sequence_order_message(self._sequence)
            self._process.send(message)
        except MessageError as error:
            self._end_sequence()
            self.sequence_failed.emit(f"The sequence is too long: {error}.")

    # Listening.

    def _on_message(self, message: Message) -> None:
        try:
            self._take(message)
        except (MessageError, KeyError) as error:
            self._let_go(kill=True)
            self._on_death(f"The fitter answered something unknown and was stopped: {error!r}.")

    def _take(self, message: Message) -> None:
        if self._deaths:
            self._deaths = 0
            self.said.emit("")
        self._asked_s = time.monotonic()
        order_id = message.fields["id"]
        if message.kind in ("fitted", "failed"):
            self._take_answer(message, order_id)
        elif not message.kind.startswith("sequence_"):
            raise MessageError(f"a message of kind {message.kind!r}")
        elif self._sequence is not None and order_id == self._sequence.id:
            self._take_of_sequence(message)

    def _take_answer(self, message: Message, order_id: int) -> None:
        key = self._sent.pop(order_id, None)
        if key is None:
            return
        # Orders are begun in their order: what was asked before this one is not answered any more.
        self._sent = {later: its for later, its in self._sent.items() if later > order_id}
        if self._wanted is not None and self._wanted.order.id == order_id:
            self._wanted = None
        self._rest_if_done()
        if message.kind == "fitted":
            self.fitted.emit(key, read_fit(message))
        else:
            self.failed.emit(key, message.fields["sentence"])

    def _take_of_sequence(self, message: Message) -> None:
        fields = message.fields
        if message.kind == "sequence_progress":
            self.sequence_progress.emit(fields["done"], fields["total"])
        elif message.kind == "sequence_fit":
            self._sequence_fits[fields["row"]] = read_fit(message)
        elif message.kind == "sequence_done":
            fits = self._sequence_fits
            self._end_sequence()
            self.sequence_done.emit(fits)
        else:
            self._end_sequence()
            self.sequence_failed.emit(fields["sentence"])

    def _end_sequence(self) -> None:
        self._sequence, self._sequence_fits = None, {}
        self._rest_if_done()

    # Living and dying.

    def _rest_if_done(self) -> None:
        if self._wanted is None and self._sequence is None:
            self._watch.stop()

    def _look_whether_it_hangs(self) -> None:
        if self._process is None:
            return
        silent_s = min(self._process.silent_s, time.monotonic() - self._asked_s)
        if silent_s > self._patience_s:
            self._let_go(kill=True)
            self._on_death(f"The fitter did not answer for {silent_s:.0f} s and was stopped.")

    def _on_death(self, reason: str) -> None:
        self._let_go()
        self._deaths += 1
        wanted, sequence = self._wanted, self._sequence
        if wanted is None and sequence is None:
            self.said.emit(f"{reason} It is started again when it is needed.")
        elif self._deaths < _MOST_DEATHS:
            self.said.emit(f"{reason} It was started again, and what was asked is repeated.")
            self._ask()
            if wanted is not None:
                self._send_wanted()
            if sequence is not None:
                self._send_sequence()
        else:
            self._forget()
            self.said.emit(f"{reason} That was {_MOST_DEATHS} times in a row.")
            if wanted is not None:
                self.failed.emit(wanted.key, reason)
            if sequence is not None:
                self.sequence_failed.emit(reason)

    def _forget(self) -> None:
        self._wanted, self._deaths = None, 0
        self._sent.clear()
        self._end_sequence()

    def _let_go(self, *, kill: bool = False) -> None:
        if self._process is not None:
            self._process.end(kill=kill)
            self._process = None
        self._sent.clear()
