"""Prediction files as HO-3D's evaluation takes them: ``[[N × 21 × 3], [N × 778 × 3]]`` in JSON.

Metres in OpenGL axes, in the order of the evaluation list, as ``pred.json`` or in a zip that holds
it. A file of version 2's 11,524 frames has 600 MB, so it is read and written as it streams by.
"""

import math
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import orjson

from core.conventions import JOINT_COUNT, VERTEX_COUNT
from core.data.ho3d.layout import to_opengl_m
from core.data.json_stream import Row, RowStream
from core.files.durable import replaced_at_the_end

#: The one file of the zip.
MEMBER = "pred.json"

JOINTS_SHAPE = (JOINT_COUNT, 3)
MESH_SHAPE = (VERTEX_COUNT, 3)

_BLOCK = 2**20
#: Bytes a number can take: 25 for the longest, the rest for those who indent.
_NUMBER_BYTES = 64
_SPARE_BYTES = 4 * 2**20


class PredictionFileError(ValueError):
    """A prediction file that cannot be read; the text names it and says what to do."""


def longest_row(shape: tuple[int, ...]) -> int:
    """Bytes that a row of this shape can take as text."""
    return math.prod(shape) * _NUMBER_BYTES + 1024


def read_rows(path: Path, *, level: int) -> Iterator[Row]:
    """The rows of released ground truth (level 2) or of a prediction that is no zip (level 3).

    Raises:
        JsonStreamError: as for `RowStream.rows`.
        OSError: it cannot be read.
    """
    stream = RowStream(str(path), level=level, longest=longest_row(MESH_SHAPE))
    with path.open("rb") as file:
        yield from stream.rows(iter(lambda: file.read(_BLOCK), b""))


def read_prediction(path: Path, frames: int) -> Iterator[Row]:
    """The rows of a prediction, ``.json`` or ``.zip``: joints in list 0, then meshes in list 1.

    Args:
        path: The file.
        frames: How many there must be; bounds how much is unpacked.

    Raises:
        PredictionFileError: it is no zip, has no pred.json, is encrypted, or unpacks to more than
            so many frames can take.
        JsonStreamError: as for `RowStream.rows`.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK" or path.suffix.lower() == ".zip"
    if not is_zip:
        yield from read_rows(path, level=3)
        return
    limit = frames * (longest_row(JOINTS_SHAPE) + longest_row(MESH_SHAPE)) + _SPARE_BYTES
    source = f"{path} ({MEMBER})"
    stream = RowStream(source, level=3, longest=longest_row(MESH_SHAPE))
    # RuntimeError is what zipfile raises for encryption.
    broken = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_member(path, archive)) as file:
            yield from stream.rows(_bounded_blocks(file, path, limit))
    except broken as error:
        raise PredictionFileError(
            f"{path}: it cannot be unpacked ({error}); make the zip again, or give pred.json itself"
        ) from error


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(MEMBER)
    except KeyError:
        names = [name[:60] for name in archive.namelist()]
        has = "is empty" if not names else f"holds {', '.join(names[:5])}"
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise PredictionFileError(
            f"{path}: the zip {has}{more}, but no {MEMBER} at its top; the evaluation looks for "
            "that name"
        ) from None


def _bounded_blocks(file: IO[bytes], path: Path, limit: int) -> Iterator[bytes]:
    done = 0
    while block := file.read(_BLOCK):
        done += len(block)
        if done > limit:
            raise PredictionFileError(
                f"{path}: {MEMBER} unpacks to more than {limit:,} bytes, which is more than the "
                "predictions can take; it was not read further"
            )
        yield block


def write_prediction(
    path: Path,
    joints_mm: np.ndarray,
    vertices_mm: Iterable[np.ndarray],
    *,
    progress: Callable[[int], None],
) -> None:
    """Write a zip with pred.json, whole or not at all: a file that is there is replaced at the end.

    Args:
        path: The zip.
        joints_mm: (N, 21, 3) in camera axes.
        vertices_mm: N arrays (778, 3) in camera axes, taken one after the other.
        progress: Called with the number of meshes written.

    Raises:
        DiskFullError, OSError: it cannot be written.
    """
    member = zipfile.ZipInfo(MEMBER)  # its date is fixed: same predictions, same bytes
    member.compress_type = zipfile.ZIP_DEFLATED
    with (
        replaced_at_the_end(path) as file,
        # Digits hardly shrink further on higher levels, which take several times as long.
        zipfile.ZipFile(file, "w", compresslevel=1) as archive,
        archive.open(member, "w", force_zip64=True) as text,
    ):
        text.write(b"[[")
        _write_points(text, joints_mm, lambda done: None)
        text.write(b"],[")
        _write_points(text, vertices_mm, progress)
        text.write(b"]]")


def _write_points(
    text: IO[bytes], points_mm: Iterable[np.ndarray], progress: Callable[[int], None]
) -> None:
    for number, points in enumerate(points_mm):
        # Rounded to a millionth of a millimetre, which halves the size.
        points_m = np.round(to_opengl_m(points), 9)
        separator = b"," if number else b""
        text.write(separator + orjson.dumps(points_m, option=orjson.OPT_SERIALIZE_NUMPY))
        progress(number + 1)
