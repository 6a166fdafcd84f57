"""Which prediction is computed next: the newest wanted one, else the prefetches in their order."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from core.data.crops import CropInput


@dataclass(frozen=True)
class LoadRequest:
    """Load a checkpoint; paths as the window gave them, `hand_model` None for the stand-in."""

    id: int
    checkpoint: str
    hand_model: str | None
    device: str


@dataclass(frozen=True)
class PredictRequest:
    """Predict one crop. A prefetch is computed when nothing else is to do."""

    id: int
    generation: int
    is_prefetch: bool
    crop_input: CropInput


class RequestQueue:
    """A queue in which newer requests push older ones out; safe between threads.

    Every method that pushes requests out returns their ids, so that the asker can be told.
    """

    #: More prefetches than this are not kept; the oldest go first.
    MAX_PREFETCHES = 64

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._load: LoadRequest | None = None
        self._current: PredictRequest | None = None
        self._prefetches: OrderedDict[int, PredictRequest] = OrderedDict()
        self._is_closed = False

    def put(self, request: PredictRequest) -> list[int]:
        """Add a request; it replaces those of its sort with an older generation."""
        with self._changed:
            if request.is_prefetch:
                dropped = self._put_prefetch(request)
            else:
                dropped = self._put_current(request)
            self._changed.notify()
            return dropped

    def promote(self, request_id: int) -> list[int]:
        """Make a queued prefetch the current request; any older current one is dropped."""
        with self._changed:
            request = self._prefetches.pop(request_id, None)
            dropped = [] if self._current is None else [self._current.id]
            self._current = request
            self._changed.notify()
            return dropped

    def keep(self, request_ids: list[int], generation: int) -> list[int]:
        """Take these prefetches over into a newer generation, in this order; drop all others."""
        with self._changed:
            queued = self._prefetches
            kept = [serial for serial in request_ids if serial in queued]
            dropped = [serial for serial in queued if serial not in request_ids]
            self._prefetches = OrderedDict(
                (serial, replace(queued[serial], generation=generation)) for serial in kept
            )
            return dropped

    def cancel(self, request_id: int) -> list[int]:
        """Drop one request where it is still queued."""
        with self._changed:
            if self._current is not None and self._current.id == request_id:
                self._current = None
                return [request_id]
            return [] if self._prefetches.pop(request_id, None) is None else [request_id]

    def put_load(self, request: LoadRequest) -> list[int]:
        """Ask for another checkpoint, before anything else; drops everything asked of this one."""
        with self._changed:
            dropped = list(self._prefetches)
            if self._current is not None:
                dropped.append(self._current.id)
            self._load, self._current = request, None
            self._prefetches.clear()
            self._changed.notify()
            return dropped

    def close(self) -> None:
        """Let `take` return None from now on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def take(self) -> LoadRequest | PredictRequest | None:
        """Wait for the next request; None when the queue is closed."""
        with self._changed:
            self._changed.wait_for(self._has_next)
            if self._is_closed:
                return None
            if self._load is not None:
                request, self._load = self._load, None
            elif self._current is not None:
                request, self._current = self._current, None
            else:
                _, request = self._prefetches.popitem(last=False)
            return request

    def _has_next(self) -> bool:
        return bool(
            self._is_closed
            or self._load is not None
            or self._current is not None
            or self._prefetches
        )

    def _put_current(self, request: PredictRequest) -> list[int]:
        queued = self._current
        if queued is not None and queued.generation > request.generation:
            return [request.id]
        self._current = request
        return [] if queued is None else [queued.id]

    def _put_prefetch(self, request: PredictRequest) -> list[int]:
        dropped = [
            queued.id
            for queued in self._prefetches.values()
            if queued.generation < request.generation
        ]
        self._prefetches[request.id] = request
        excess = len(self._prefetches) - len(dropped) - self.MAX_PREFETCHES
        if excess > 0:
            kept = [serial for serial in self._prefetches if serial not in dropped]
            dropped += kept[:excess]
        for serial in dropped:
            del self._prefetches[serial]
        return dropped
