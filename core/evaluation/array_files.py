"""Arrays in files of their own, mapped into memory: written whole, checked before they are used."""

import math
import os
from pathlib import Path

import numpy as np

from core.files.durable import raising_disk_full


class EvaluationError(ValueError):
    """A folder that is no evaluation, or a damaged one; `path` is the file at fault."""

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{path}: {text}")
        self.path = path


def write_array(path: Path, array: np.ndarray) -> None:
    """Write a whole .npy file; raises DiskFullError, OSError."""
    # Plain writing, not mapping: a disk without room is an error then, and not the process's end.
    with raising_disk_full(path), path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def check_array(path: Path, shape: tuple[int, ...], dtype: type) -> None:
    """Raise EvaluationError where a .npy file is not what it must be, by its header and size."""
    try:
        with path.open("rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("another version of the format")
            found, is_fortran, kind = np.lib.format.read_array_header_1_0(file)
            size = file.tell() + kind.itemsize * math.prod(found)
            cut_off = os.fstat(file.fileno()).st_size < size
    except (OSError, ValueError) as error:
        text = f"damaged or missing ({error}); delete its folder and evaluate again"
        raise EvaluationError(path, text) from error
    # Names are strings of any length; all other types are exact.
    same_type = kind.kind == "U" if dtype is np.str_ else kind == dtype
    if cut_off or found != shape or is_fortran or not same_type:
        text = "is cut off" if cut_off else f"holds {found} {kind}, not {shape} {np.dtype(dtype)}"
        raise EvaluationError(path, f"damaged: it {text}; delete its folder and evaluate again")


def mapped_array(path: Path, *, mode: str) -> np.ndarray:
    """A .npy file that was checked, mapped into memory; raises EvaluationError."""
    try:
        return np.load(path, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise EvaluationError(path, f"cannot be mapped into memory ({error})") from error
