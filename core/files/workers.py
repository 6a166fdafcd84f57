"""Work shared out to processes: one thread each, none left behind, results in order."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from core.files.parent_process import end_with_the_parent

Task = TypeVar("Task")
Result = TypeVar("Result")

#: Tasks that wait in line for every process, so that none is idle and memory stays bounded.
_AHEAD = 3


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_order(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int
) -> Iterator[Result]:
    """The result of every task, in order, worked out in `jobs` processes (1: in this one).

    Tasks are taken only a few at a time. `work` is a function of a module. Whatever ends the
    iteration, an error or the caller, ends the processes.

    Raises:
        ChildProcessError: A process died.
    """
    if jobs <= 1:
        yield from map(work, tasks)
        return
    waiting: deque[Future] = deque()
    with single_threaded_children():
        pool = ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_the_parent
        )
        try:
            for task in tasks:
                waiting.append(pool.submit(work, task))
                if len(waiting) >= jobs * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ChildProcessError("a process of the pool died (out of memory?)") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def single_threaded_children() -> Iterator[None]:
    """Numerical libraries read these when a process starts; threads of many fight for cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process as Ctrl+C does, tidying up, with the status 143.

    Only a main thread hears signals; in another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _exit_tidily)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit_tidily(*_: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)
