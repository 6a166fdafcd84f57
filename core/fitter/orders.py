"""What is fitted next: a single hand before a sequence, and of single hands the newest."""

import threading
from dataclasses import dataclass
from pathlib import Path

from core.fitter.exchange import FitOrder, SequenceOrder


@dataclass(frozen=True)
class ModelOrder:
    """Fit this hand model from now on; None is the stand-in."""

    path: Path | None


class OrderQueue:
    """One place for each kind of order, in which the newest stands; safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._model: ModelOrder | None = None
        self._fit: FitOrder | None = None
        self._sequence: SequenceOrder | None = None
        self._wanted_sequence = 0

    def put(self, order: ModelOrder | FitOrder | SequenceOrder) -> None:
        """Add an order in place of what waited there; a model takes everything before it away."""
        with self._changed:
            if isinstance(order, ModelOrder):
                self._model, self._fit, self._sequence = order, None, None
                self._wanted_sequence = 0
            elif isinstance(order, FitOrder):
                self._fit = order
            else:
                self._sequence, self._wanted_sequence = order, order.id
            self._changed.notify()

    def cancel_sequence(self) -> None:
        """Forget the sequence, be it waiting or under way."""
        with self._changed:
            self._sequence, self._wanted_sequence = None, 0

    def is_wanted(self, sequence_id: int) -> bool:
        """Whether nobody cancelled or replaced this sequence."""
        with self._changed:
            return self._wanted_sequence == sequence_id

    def take(self) -> ModelOrder | FitOrder | SequenceOrder:
        """Wait for the next order."""
        with self._changed:
            self._changed.wait_for(lambda: self._model or self._fit or self._sequence)
            if self._model is not None:
                order, self._model = self._model, None
            elif self._fit is not None:
                order, self._fit = self._fit, None
            else:
                order, self._sequence = self._sequence, None
            return order

    def take_fit(self) -> FitOrder | None:
        """The single hand that waits, if any, while a sequence is under way."""
        with self._changed:
            if self._model is not None:
                return None
            order, self._fit = self._fit, None
            return order
