"""Evaluate a checkpoint over the pending rows of an evaluation: read, predict, measure, write.

Three stages overlap: processes read frames ahead and put batches together, this process predicts,
and other processes measure what was predicted. So the network is the limit as long as there are
enough of them. Rows are written as they come; killed at any moment, the next call goes on.
"""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
import torch

from core.data.frame_index import FrameIndex
from core.evaluation.loader import Feed, start_method, tells_of_a_worker
from core.evaluation.loading import EvaluationFrames, LoadedBatch
from core.evaluation.measuring import measured_columns
from core.evaluation.predicted_hands import PredictedHands
from core.evaluation.predictor import OutOfMemoryError, Predictor
from core.evaluation.store import EvaluationWriter
from core.files.parent_process import end_with_the_parent

#: Over this time the rate is told.
_RATE_WINDOW_S = 30.0


class WorkerDiedError(RuntimeError):
    """A process that reads or measures was ended from outside; what was written stays."""


@dataclass(frozen=True)
class Effort:
    """How much of the machine is used; none of it changes a figure.

    Attributes:
        batch_size: Frames that are predicted at once.
        workers: Processes that read frames; half as many more measure. 0 does everything in this
            process, one after another.
        streams: Batches that are predicted at the same time, each by one thread.
    """

    batch_size: int
    workers: int
    streams: int = 1

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.workers < 0 or self.streams < 1:
            raise ValueError(
                f"a batch has at least 1 frame, not {self.batch_size}; workers are 0 or more, not "
                f"{self.workers}"
            )

    @classmethod
    def usual(
        cls, device: torch.device, *, batch_size: int | None = None, workers: int | None = None
    ) -> "Effort":
        """What suits a device and the cores that this process may use.

        A CPU predicts one batch a thread: one thread each waits for no other, which on a shared
        machine made several threads at one batch three times as costly. Its batches are small;
        larger ones are no faster and are answered later. Of the demo network's time, reading and
        measuring take a third, so a quarter of the cores is left to them.
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        cores = cores or 1
        on_cpu = device.type == "cpu"
        return cls(
            batch_size=batch_size or (8 if on_cpu else 64),
            workers=workers
            if workers is not None
            else max(1, cores // 4 if on_cpu else cores // 2),
            streams=max(1, cores * 3 // 4) if on_cpu and workers != 0 else 1,
        )


@dataclass(frozen=True)
class Progress:
    """How far an evaluation is.

    Attributes:
        done: Rows that are no more pending.
        total: All rows.
        rate: Rows a second of late; 0 before the first batch.
        eta_s: Seconds until the end at that rate; None where it cannot be told.
    """

    done: int
    total: int
    rate: float = 0.0
    eta_s: float | None = None


def evaluate(
    writer: EvaluationWriter,
    index: FrameIndex,
    predictor: Predictor,
    *,
    effort: Effort,
    listen: Callable[[Progress], None] | None = None,
) -> None:
    """Predict and measure every pending row, and write it; frames that cannot be read fail alone.

    `listen` is called at the beginning and after every batch that was written. Interrupted by an
    exception, also by one from a signal handler, it leaves whole rows.

    Raises:
        OutOfMemoryError: The batch does not fit; the text says what to do.
        WorkerDiedError: A process that it started was killed, mostly for want of memory.
        DiskFullError: No room is left.
    """
    rows = writer.pending_rows()
    portions = np.split(rows, range(effort.batch_size, len(rows), effort.batch_size))
    frames = EvaluationFrames(index)
    feed = Feed(
        frames,
        [portion.tolist() for portion in portions if len(portion)],
        frames.batch,
        workers=effort.workers,
        pin_memory=predictor.device.type == "cuda",
    )
    try:
        with feed, _Pipeline(writer, predictor, effort, _Meter(writer, listen)) as pipeline:
            for batch in feed:
                pipeline.put(batch)
            pipeline.finish()
    except (RuntimeError, MemoryError) as error:
        raise _named(error, effort) from error


def _named(error: Exception, effort: Effort) -> Exception:
    """The error in words that say what to do; itself where it is none of those foreseen."""
    if isinstance(error, OutOfMemoryError) and effort.batch_size > 1:
        return OutOfMemoryError(
            f"{error}; or evaluate fewer frames at once: --batch-size {effort.batch_size // 2}"
        )
    if isinstance(error, BrokenProcessPool) or tells_of_a_worker(error):
        fewer = effort.workers // 2
        return WorkerDiedError(
            f"one of the {effort.workers} processes that read frames, or of those that measure, is "
            f"gone ({error}). Mostly memory ran out and the system ended it: go on with fewer, "
            f"--workers {fewer}. What was written stays"
        )
    if isinstance(error, MemoryError) and not isinstance(error, OutOfMemoryError):
        return OutOfMemoryError(f"reading frames needs more memory than there is: {error}")
    return error


class _Pipeline:
    """Batches on their way from the feed to the store, in their order."""

    def __init__(
        self, writer: EvaluationWriter, predictor: Predictor, effort: Effort, meter: "_Meter"
    ) -> None:
        self._writer = writer
        self._predictor = predictor
        self._meter = meter
        self._streams = effort.streams
        self._measurers = -(-effort.workers // 2)
        self._predicting: deque[tuple[LoadedBatch, Future]] = deque()
        self._measuring: deque[tuple[LoadedBatch, Future]] = deque()
        self._predicts: Executor = _Inline()
        self._measures: Executor = _Inline()
        if effort.workers:
            self._predicts = ThreadPoolExecutor(effort.streams, thread_name_prefix="predict")
            self._measures = ProcessPoolExecutor(
                self._measurers,
                mp_context=multiprocessing.get_context(start_method()),
                initializer=end_with_the_parent,
            )
            # They are forked at the first task: now, before threads predict.
            self._measures.submit(int)

    def __enter__(self) -> "_Pipeline":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # An interrupted evaluation waits for nothing that it will not write.
        is_whole = kind is None
        for executor in (self._predicts, self._measures):
            executor.shutdown(wait=is_whole, cancel_futures=not is_whole)

    def put(self, batch: LoadedBatch) -> None:
        """Take a batch in, and write what is ready; waits where too much is on its way."""
        for failed in batch.failed:
            self._writer.fail(failed.row, failed.reason)
        if batch.rows:
            self._predicting.append((batch, self._predicts.submit(self._predict, batch)))
        self._move_on(predicting=2 * self._streams, measuring=2 * self._measurers)
        if batch.failed:
            self._meter.tell()

    def finish(self) -> None:
        """Wait for everything and write it."""
        self._move_on(predicting=0, measuring=0)

    def _predict(self, batch: LoadedBatch) -> PredictedHands:
        inputs = batch.inputs
        if not self._writer.evaluation.identity.uses_depth:
            inputs = inputs.without_depth()
        return self._predictor.predict_batch(inputs, batch.crops)

    def _move_on(self, *, predicting: int, measuring: int) -> None:
        """Let at most so many batches be on their way in each stage."""
        while _has_ready(self._predicting, predicting):
            batch, hands = self._predicting.popleft()
            measured = self._measures.submit(measured_columns, hands.result(), batch.truth)
            self._measuring.append((batch, measured))
        while _has_ready(self._measuring, measuring):
            batch, columns = self._measuring.popleft()
            self._writer.write(batch.rows, batch.truth.states(), columns.result())
            self._meter.tell()


def _has_ready(batches: deque[tuple[LoadedBatch, Future]], most: int) -> bool:
    return len(batches) > most or bool(batches and batches[0][1].done())


class _Meter:
    """Tells how far and how fast."""

    def __init__(self, writer: EvaluationWriter, listen: Callable[[Progress], None] | None) -> None:
        self._evaluation = writer.evaluation
        self._listen = listen
        self._seen: deque[tuple[float, int]] = deque()
        self.tell()

    def tell(self) -> None:
        if self._listen is None:
            return
        now, done, total = time.monotonic(), self._evaluation.done, len(self._evaluation)
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > _RATE_WINDOW_S:
            self._seen.popleft()
        begin, at_first = self._seen[0]
        rate = (done - at_first) / (now - begin) if done > at_first else 0.0
        self._listen(Progress(done, total, rate, (total - done) / rate if rate else None))


class _Inline(Executor):
    """Does everything at once in the thread that asks."""

    def submit(self, function: Callable, /, *arguments: object) -> Future:
        future: Future = Future()
        future.set_result(function(*arguments))
        return future
