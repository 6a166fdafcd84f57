"""Where one examination happens: the subject, thresholds, and what several checks share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.doctor.subject import Subject
from core.doctor.thresholds import Thresholds

T = TypeVar("T")


class Cancelled(Exception):
    """A person no longer wants the answer."""


def _nothing(_share: float) -> None:
    """No one listens."""


@dataclass
class Lab:
    """Handed to every check.

    Attributes:
        subject: What is examined; without what was mended, where something was.
        thresholds: The table.
        seed: Of everything random.
        tick: To be called with the share done (0 to 1) at least every second or so of work; raises
            `Cancelled` when the examination is to end.
    """

    subject: Subject
    thresholds: Thresholds = field(default_factory=Thresholds)
    seed: int = 0
    tick: Callable[[float], None] = _nothing
    _shared: dict[str, Any] = field(default_factory=dict)

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """What several checks want, made once: a freshly built network, a short training."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]
