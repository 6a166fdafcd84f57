"""Batches made ahead by worker processes, the same whatever their number."""

import ctypes
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from core.files.parent_process import end_with_the_parent

#: Batches that each worker keeps ready.
_AHEAD = 3
#: How long the signal of a worker's death may come after its pipe broke.
_DEATH_S = 2.0
#: From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


class FrameReadError(ValueError):
    """A frame could not be made into a sample: its file is missing, damaged, or has no label."""


def tells_of_a_worker(error: BaseException | None) -> bool:
    """Whether an error that a `Feed` raised says that one of its processes is gone."""
    return isinstance(error, RuntimeError) and "DataLoader worker (pid" in str(error)


@dataclass(frozen=True)
class _Failure:
    """What went wrong while a batch was made; exceptions of their own kinds do not travel."""

    text: str
    trace: str
    is_data: bool
    is_memory: bool

    def raise_(self) -> None:
        if self.is_memory:
            raise MemoryError(self.text)
        if self.is_data:
            raise FrameReadError(self.text)
        raise RuntimeError(f"making a batch failed: {self.text}\n{self.trace}")


class _Guarded(Dataset):
    """A dataset whose errors come back as values."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitems__(self, indices: Sequence) -> "list | _Failure":
        try:
            several = getattr(self.dataset, "__getitems__", None)  # as torch asks for it
            return several(indices) if several else [self.dataset[index] for index in indices]
        except Exception as error:  # raised again by the process that asked
            return _Failure(
                text=str(error),
                trace=traceback.format_exc(),
                is_data=isinstance(error, OSError | ValueError),
                is_memory=isinstance(error, MemoryError),
            )


@dataclass(frozen=True)
class _Collate:
    collate: Callable[[Sequence], Any]

    def __call__(self, samples: "Sequence | _Failure") -> Any:
        return samples if isinstance(samples, _Failure) else self.collate(samples)


class Feed:
    """One pass over batches that worker processes make ahead.

    Its own generator leaves the run's random numbers alone. Closing it ends the workers at once.
    """

    def __init__(
        self,
        dataset: Dataset,
        batches: Iterable[list],
        collate: Callable[[Sequence], Any],
        *,
        workers: int,
        pin_memory: bool = False,
    ) -> None:
        """`batches` are the samples' indices; without workers they are made when asked for."""
        loader = DataLoader(
            _Guarded(dataset),
            batch_sampler=batches,
            num_workers=workers,
            collate_fn=_Collate(collate),
            pin_memory=pin_memory,
            worker_init_fn=_start_worker if workers else None,
            multiprocessing_context=start_method() if workers else None,
            prefetch_factor=_AHEAD if workers else None,
            generator=torch.Generator(),
        )
        self._iterator: Iterator | None = iter(loader)

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> Any:
        """The next batch.

        Raises:
            FrameReadError: A frame that it needs cannot be read.
            RuntimeError: A worker died ("DataLoader worker … killed").
        """
        try:
            batch = next(self._iterator)
        except (ConnectionError, EOFError) as error:
            # It died while it handed over a batch: torch sees its pipe break before its death.
            raise _death_behind(error) from error
        if isinstance(batch, _Failure):
            batch.raise_()
        return batch

    def close(self) -> None:
        """Stop the workers; nothing can be taken any more."""
        self._iterator = None  # its finaliser ends them

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _death_behind(error: Exception) -> RuntimeError:
    """What torch says of the worker whose pipe broke.

    It says it from its handler of SIGCHLD, which raises wherever the main thread just is: the
    signal is waited for here, lest it hits whoever handles the broken pipe.
    """
    try:
        time.sleep(_DEATH_S)
    except RuntimeError as death:
        return death
    return RuntimeError(
        f"DataLoader worker (pid unknown) was killed while it sent a batch: {error!r}"
    )


def start_method() -> str:
    """How worker processes are started: where it is safe forked, which shares what is in memory
    and has nothing to import; elsewhere they are sent a copy."""
    return "fork" if sys.platform == "linux" else "spawn"


def _start_worker(_: int) -> None:
    end_with_the_parent()
    # One thread each: workers are many, and a pool that was forked hangs.
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Let this process keep the memory of pictures that it freed, for the next ones.

    glibc gives large blocks back to the system at once; getting them anew, page by page, takes a
    fifth of a sample's time where pages are dear, as in virtual machines.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in musl
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, 32 << 20)
            mallopt(_M_TRIM_THRESHOLD, 256 << 20)
