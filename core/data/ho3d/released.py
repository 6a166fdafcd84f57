"""The ground truth released for the evaluation split: joints and vertices as large JSON files.

The vertices of version 3 are 47 million numbers, 900 MB of text. They are converted once, a block
at a time, to an array file in the cache from which single frames are read.
"""

import os
from pathlib import Path

import numpy as np

from core.data.ho3d.problems import Progress, report

_BLOCK = 8 * 2**20
_PUNCTUATION = bytes.maketrans(b"[]\n\r\t", b"     ")


class ReleasedLabelsError(ValueError):
    """A JSON file of labels that does not hold what its name says."""


def open_released(
    source: Path, cached: Path, *, shape: tuple[int, int, int], progress: Progress | None
) -> np.ndarray:
    """Open released labels as a read-only float32 array mapped from the cache.

    Args:
        source: The JSON file, N × K × 3 metres.
        cached: The array file in the cache, made here where it is absent or older.
        shape: (N, K, 3) that it must have.
        progress: Called with bytes done and in all while it is converted.

    Raises:
        ReleasedLabelsError: the JSON file is damaged or of another shape.
        OSError: the cache cannot be written.
        IndexingCancelledError: `progress` returned False.
    """
    stat = source.stat()
    stamp = f"{stat.st_size}-{stat.st_mtime_ns}"
    current = cached.with_name(f"{cached.stem}-{stamp}.npy")
    if not current.is_file():
        current.parent.mkdir(parents=True, exist_ok=True)
        for old in cached.parent.glob(f"{cached.stem}-*.npy"):
            old.unlink()
        partial = current.with_name(f"{current.name}.{os.getpid()}")
        try:
            _convert(source, partial, shape, progress)
            os.replace(partial, current)
        finally:
            partial.unlink(missing_ok=True)
    return np.load(current, mmap_mode="r", allow_pickle=False)


def _convert(source: Path, target: Path, shape: tuple[int, ...], progress: Progress | None) -> None:
    total, size, brackets = int(np.prod(shape)), source.stat().st_size, 0
    array = np.lib.format.open_memmap(target, "w+", np.float32, shape)
    flat, filled, rest = array.reshape(-1), 0, b""
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            brackets += block.count(b"[")
            text, comma, rest = (rest + block).rpartition(b",")
            values = _numbers(text, source) if comma else np.empty(0)
            if filled + len(values) > total:
                raise ReleasedLabelsError(f"{source}: more than {shape} numbers")
            flat[filled : filled + len(values)] = values
            filled += len(values)
            report(progress, file.tell(), size)
    values = _numbers(rest, source)
    expected = 1 + shape[0] * (1 + shape[1])
    if filled + len(values) != total or brackets != expected:
        raise ReleasedLabelsError(
            f"{source}: {filled + len(values)} numbers in {brackets} lists, not {shape}"
        )
    flat[filled:] = values
    array.flush()


def _numbers(text: bytes, source: Path) -> np.ndarray:
    """The numbers between commas, brackets aside; numpy's parser needs no object for each."""
    text = text.translate(_PUNCTUATION).strip()
    if not text:
        return np.empty(0)
    try:
        values = np.fromstring(text.decode("ascii"), sep=",")
    except ValueError as error:
        raise ReleasedLabelsError(f"{source}: something in it is not a number") from error
    if len(values) != text.count(b",") + 1:  # older numpy stops at what it cannot read
        raise ReleasedLabelsError(f"{source}: something in it is not a number")
    return values
