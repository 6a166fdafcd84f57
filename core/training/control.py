"""What others want of a running training: request files and signals, looked at without waiting."""

import signal
import threading
from collections.abc import Iterable
from types import FrameType

from core.training.run_folder import Request, RunFolder

REQUESTS: tuple[Request, ...] = ("stop", "pause", "resume", "checkpoint", "validate")


class StopRequested(Exception):
    """Somebody wants the run to end here."""


class Control:
    """Collects requests from the run folder and from signals (SIGTERM and Ctrl-C mean stop)."""

    def __init__(self, folder: RunFolder | None) -> None:
        """Without a folder, as in further processes, only signals count."""
        self._folder = folder
        self._pending: set[Request] = set()
        self._before: dict[int, object] = {}

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as requests to stop; a second Ctrl-C ends at once."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._on_signal)

    def stop_listening(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._pending.add("stop")

    def look(self) -> set[Request]:
        """All requests that nobody has taken yet; they stay."""
        if self._folder is not None:
            for request in self._folder.take_requests():
                # The later of the two counts.
                self._pending -= {"pause": {"resume"}, "resume": {"pause"}}.get(request, set())
                self._pending.add(request)
        return set(self._pending)

    def take(self) -> set[Request]:
        """All requests that nobody has taken yet; the next call does not see them again."""
        taken = self.look()
        self._pending -= taken
        return taken


def to_flags(requests: set[Request]) -> list[float]:
    """Requests as numbers (5,), which several processes may add up."""
    return [float(name in requests) for name in REQUESTS]


def from_flags(flags: Iterable[float]) -> set[Request]:
    """The requests that any process had, from the sum of their numbers."""
    return {name for name, flag in zip(REQUESTS, flags, strict=True) if flag > 0}
