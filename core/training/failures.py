"""Why a run ends early, in a code, a sentence and a remedy, whatever raised it."""

import errno
from dataclasses import dataclass, field

import psutil
import torch
from safetensors import SafetensorError

from core.data.problems import DatasetError
from core.evaluation.loader import FrameReadError, tells_of_a_worker
from core.events import ConfigValue
from core.files.checkpoint_card import CheckpointError
from core.files.durable import DiskFullError
from core.hand.mano_file import HandModelFileError
from core.training.config import OptimisationConfig
from core.training.data import NoLabelsError
from core.training.state import StateMismatchError

_MB = 1 << 20
_LONGEST_MESSAGE = 400
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Failure:
    """What is written down about the end of a run.

    Attributes:
        code: Short and fixed: "out of memory", "disk full", "missing data", "dead worker",
            "not finite", "checkpoint mismatch", "cannot compile", or "unexpected error".
        message: What happened, with numbers and files.
        remedy: What to do.
        changes: The remedy as a change of the configuration, by dotted key; empty where it is none.
    """

    code: str
    message: str
    remedy: str
    changes: dict[str, ConfigValue] = field(default_factory=dict)


class NotFiniteError(ArithmeticError):
    """A loss or gradient that is NaN or infinite; `saved` is the file with its batch, if any."""

    def __init__(self, text: str, *, saved: str | None) -> None:
        super().__init__(text)
        self.saved = saved


@dataclass(frozen=True)
class Circumstances:
    """What a failure's words need to know of the run."""

    optimisation: OptimisationConfig
    workers: int
    device: torch.device


def failure_of(error: BaseException, circumstances: Circumstances) -> Failure:
    """Name a failure by what raised it, or by what that was raised from."""
    causes = _causes(error)
    for recognise in (_memory, _disk, _not_finite, _worker, _data, _checkpoint, _compiler):
        for cause in causes:
            failure = recognise(cause, circumstances)
            if failure is not None:
                return failure
    return Failure(
        "unexpected error",
        f"{type(error).__name__}: {_first_line(error)}",
        "The run's log has the whole trace; resume the run, and report it if it comes again.",
    )


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was raised from, outermost first."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None and cause not in causes:
        causes.append(cause)
    return causes


def _memory(error: BaseException, circumstances: Circumstances) -> Failure | None:
    # The CPU's allocator raises a plain RuntimeError that only its words tell from others.
    is_full = isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )
    if not is_full:
        return None
    optimisation = circumstances.optimisation
    size = optimisation.batch_size
    message = (
        f"A step with a batch of {size} needs more memory than {circumstances.device} has: "
        f"{_memory_in_words(circumstances.device)}."
    )
    if size == 1:
        return Failure(
            "out of memory",
            message,
            "Set network.gradient_checkpointing, or train a smaller size.",
            {"network.gradient_checkpointing": True},
        )
    smaller, more = size // 2, optimisation.accumulate * 2
    return Failure(
        "out of memory",
        message,
        f"Resume with optimisation.batch_size {smaller} and optimisation.accumulate {more}, which "
        "is the same step in half the memory; or set network.gradient_checkpointing.",
        {"optimisation.batch_size": smaller, "optimisation.accumulate": more},
    )


def _memory_in_words(device: torch.device) -> str:
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        used = torch.cuda.max_memory_allocated(device)
        return (
            f"{used / _MB:,.0f} MB used by this process at most, {free / _MB:,.0f} MB free of "
            f"{total / _MB:,.0f} MB"
        )
    memory = psutil.virtual_memory()
    used = psutil.Process().memory_info().rss
    return (
        f"{used / _MB:,.0f} MB used by this process, {memory.available / _MB:,.0f} MB free of "
        f"{memory.total / _MB:,.0f} MB"
    )


def _disk(error: BaseException, _: Circumstances) -> Failure | None:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        where = f" writing {error.filename}" if error.filename else ""
        reason = error.strerror or "no room is left on the disk"
        return Failure("disk full", f"No room{where}: {reason}.", DiskFullError.remedy)
    if isinstance(error, SafetensorError) and any(
        f"os error {number}" in str(error) for number in _NO_ROOM
    ):
        return Failure("disk full", f"No room for a checkpoint: {error}.", DiskFullError.remedy)
    return None


def _not_finite(error: BaseException, _: Circumstances) -> Failure | None:
    if not isinstance(error, NotFiniteError):
        return None
    look = f"Look at the batch in {error.saved}; " if error.saved else ""
    return Failure(
        "not finite",
        str(error),
        f"{look}then resume with a lower optimisation.learning_rate, with optimisation.clip_norm "
        "above 0, or with optimisation.precision 32-true.",
    )


def _worker(error: BaseException, circumstances: Circumstances) -> Failure | None:
    if not tells_of_a_worker(error):
        return None
    # Torch says "exited unexpectedly" where it was just waiting for that worker; which signal
    # ended it stands in the error before.
    text = str(error)
    if "signal" not in text and tells_of_a_worker(error.__cause__):
        text = str(error.__cause__)
    return Failure(
        "dead worker",
        f"One of the {circumstances.workers} processes that read frames is gone: {text}",
        "Mostly memory ran out and the system ended it: resume with fewer data.workers, or 0 to "
        "read frames in the training process.",
    )


def _data(error: BaseException, _: Circumstances) -> Failure | None:
    if isinstance(error, NoLabelsError | HandModelFileError):
        return Failure("missing data", str(error), "Change the configuration and start again.")
    if isinstance(error, DatasetError | FrameReadError | FileNotFoundError):
        return Failure(
            "missing data",
            str(error),
            "Put the file or folder back, or take the frame out of the split's list; then resume.",
        )
    return None


def _checkpoint(error: BaseException, _: Circumstances) -> Failure | None:
    if not isinstance(error, CheckpointError | StateMismatchError):
        return None
    return Failure(
        "checkpoint mismatch",
        str(error),
        "Resume with the network and data that the run was started with, or start a new run.",
    )


def _compiler(error: BaseException, _: Circumstances) -> Failure | None:
    if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
        return None
    return Failure(
        "cannot compile",
        f"torch.compile failed on this machine: {_first_line(error)}",
        "Resume with optimisation.compile false; the run's log has the compiler's words.",
    )


def _first_line(error: BaseException) -> str:
    """What people can read of an error: compilers write a thousand lines."""
    line = (str(error).strip().splitlines() or [""])[0]
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]} …"
