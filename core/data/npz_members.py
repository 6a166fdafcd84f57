"""Members of an ``.npz``, no larger than they must be, and never objects."""

import zipfile
from pathlib import Path

import numpy as np

#: Bytes of a member's header, far more than numpy writes.
_HEADER_BYTES = 4096
_ITEM_BYTES = 16


def read_members(
    path: Path, shapes: dict[str, tuple[int, ...]]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Members of these shapes as float arrays, and a sentence for each that is none.

    A member that claims more bytes than its shape needs is not unpacked. Nothing is unpickled.
    """
    members: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as arrays:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            problems = []
            for name, shape in shapes.items():
                try:
                    members[name] = _member(arrays, sizes, name, shape)
                except ValueError as error:
                    problems.append(f"{path}: {error}")
    except FileNotFoundError:
        return {}, [f"{path}: the label file is missing"]
    except Exception as error:  # numpy, zipfile, zlib, tokenize: a cut file meets any of them
        return {}, [f"{path}: not a whole .npz of plain arrays ({error})"]
    return members, problems


def _member(
    arrays: np.lib.npyio.NpzFile, sizes: dict[str, int], name: str, shape: tuple[int, ...]
) -> np.ndarray:
    size = sizes.get(f"{name}.npy")
    if size is None:
        raise ValueError(f"{name!r} is missing")
    if size > _HEADER_BYTES + _ITEM_BYTES * int(np.prod(shape)):
        raise ValueError(f"{name!r} has {size:,} bytes, too many for {shape}")
    try:
        array = arrays[name]
    except ValueError as error:  # an array of objects, which would have to be unpickled
        raise ValueError(f"{name!r} cannot be read ({error})") from error
    if array.shape != shape:
        raise ValueError(f"{name!r} is {array.shape}, not {shape}")
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name!r} holds {array.dtype}, not numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name!r} holds NaN or infinite values")
    return array.astype(float)
