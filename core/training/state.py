"""Everything that a run needs to go on as if it had never stopped, in one file.

The file holds tensors and plain values only and is read by torch's restricted unpickler.
"""

import os
import random
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from core.files.durable import raising_disk_full
from core.training.progress import Progress
from core.training.run_folder import Best

FORMAT_VERSION = 1


class StateMismatchError(ValueError):
    """A trainer's state that does not fit the run it is to go on with."""


@dataclass(frozen=True)
class TrainerState:
    """A run between two steps.

    Attributes:
        progress: Where it is.
        weights: The network's raw parameters and buffers, by name.
        average: Those of the running average.
        average_updates: Steps that it has followed.
        optimiser: AdamW's own state.
        scaler: Of 16-bit training's loss scale; empty otherwise.
        random_states: Of every process, by rank: see `random_state`.
        skipped: Steps in a row whose update the loss scale has cancelled, up to this one.
    """

    progress: Progress
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    average_updates: int
    optimiser: dict[str, Any]
    scaler: dict[str, Any]
    random_states: list[dict[str, Any]]
    skipped: int = 0  # what older states do not say


def save_state(path: Path, state: TrainerState) -> None:
    """Write the state, whole or not at all; raises DiskFullError or OSError."""
    content = {field.name: getattr(state, field.name) for field in fields(state)}
    content |= {"format_version": FORMAT_VERSION, "progress": asdict(state.progress)}
    with raising_disk_full(path):
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=".part", dir=path.parent
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                _save(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError as error:
            # A failed write does not say of which file.
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            Path(name).unlink(missing_ok=True)


def _save(content: dict[str, Any], file: BinaryIO) -> None:
    recorder = _ErrorKeeper(file)
    try:
        torch.save(content, recorder)
    except RuntimeError:
        # torch answers a failed write with an error of its own about its archive.
        if recorder.error is not None:
            raise recorder.error from None
        raise


class _ErrorKeeper:
    """A file for torch.save that remembers why it could not be written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


def load_state(path: Path) -> TrainerState:
    """Read a state.

    Raises:
        StateMismatchError: It is damaged, or another version's.
        FileNotFoundError: There is none.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        version = content.pop("format_version")
        if version != FORMAT_VERSION:
            raise ValueError(f"version {version}, this program reads {FORMAT_VERSION}")
        best = content["progress"].pop("best")
        progress = Progress(**content.pop("progress"), best=None if best is None else Best(**best))
        return TrainerState(progress=progress, **content)
    except FileNotFoundError:
        raise
    except Exception as error:  # torch raises nearly anything on damaged pickles
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise StateMismatchError(
            f"{path} is damaged or no trainer's state of this program ({first_line}); start a new "
            "run from one of the run's checkpoints instead, with run.start_from"
        ) from error


def check_weights_fit(path: Path, weights: dict[str, Tensor], own: dict[str, Tensor]) -> None:
    """Raise StateMismatchError, naming the first difference, unless names and shapes agree."""
    for name in sorted(weights.keys() | own.keys()):
        theirs, ours = (None if name not in t else tuple(t[name].shape) for t in (weights, own))
        if theirs != ours:
            raise StateMismatchError(
                f"{path} is of another network: {name} is {theirs or 'missing'} in the file and "
                f"{ours or 'missing'} in the network as it is configured now"
            )


def random_state(device: torch.device) -> dict[str, Any]:
    """All random number generators of this process, as plain values and tensors."""
    kind, keys, place, has_gauss, gauss = np.random.get_state()
    version, numbers, gauss_next = random.getstate()
    state = {
        "python": [version, list(numbers), gauss_next],
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), place, has_gauss, gauss],
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        state["device"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Bring all random number generators back to `state`."""
    version, numbers, gauss_next = state["python"]
    random.setstate((version, tuple(numbers), gauss_next))
    kind, keys, place, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), place, has_gauss, gauss))
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and "device" in state:
        torch.cuda.set_rng_state(state["device"], device)
