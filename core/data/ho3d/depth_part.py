"""Part of a depth picture, for a fraction of unpacking it all: what a training sample needs.

A PNG's rows come in order, each preceded by the number of its filter ("PNG specification", third
edition, §9). Nothing below the part is inflated, and of rows that are stored plain (0) or as
differences to the left (1), which is how OpenCV writes them, only the part's columns are touched.
zlib-ng inflates several times faster than the zlib inside OpenCV. Any other PNG is left to OpenCV;
the values are the same either way.
"""

import numpy as np
from zlib_ng import zlib_ng

from core.data.pictures import PictureError, picture_size, unpack_exact

_PLAIN, _FROM_LEFT = 0, 1
#: Bit depth 8, colour type RGB, deflate, filters of the standard, not interlaced.
_USUAL_KIND = bytes([8, 2, 0, 0, 0])
_FIRST_CHUNK = 8  # after the signature


def read_depth_steps(data: bytes, part_px: tuple[int, int, int, int]) -> np.ndarray:
    """HO-3D's depth code R + 256 G of a PNG's pixels (left, top, right, bottom), ends excluded.

    Returns (bottom, right) uint16, 0 outside the part, so that every pixel keeps its place; the
    part lies inside the picture.

    Raises:
        PictureError: as for `core.data.pictures.decode_exact`.
    """
    left, top, right, bottom = part_px
    width, _ = picture_size(data)
    steps = np.zeros((bottom, right), np.uint16)
    part = steps[top:, left:]
    codes, packed = None, _packed_rows(data)
    if packed is not None and part.size:
        codes = _codes(_inflate(packed, bottom, 1 + 3 * width)[top:], left, right)
    if codes is None:
        codes_bgr = unpack_exact(data)[top:bottom, left:right]
        codes = np.ascontiguousarray(codes_bgr[..., 2:0:-1])
    part[:] = codes.view("<u2")[..., 0]
    return steps


def _packed_rows(data: bytes) -> bytes | None:
    """The deflated rows; None where the picture is of another kind than depth pictures are.

    Raises:
        PictureError: A chunk of them is damaged.
    """
    whole = memoryview(data)
    is_usual = data[12:16] == b"IHDR" and data[24:29] == _USUAL_KIND
    packed, at, kind = [], _FIRST_CHUNK, b""
    while is_usual and kind != b"IEND" and at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind == b"tRNS":
            return None
        if kind == b"IDAT":
            if zlib_ng.crc32(whole[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
                raise PictureError("it is damaged: the checksum of its pixels is wrong")
            packed.append(whole[at + 8 : end])
        at = end + 4
    return b"".join(packed) if is_usual else None


def _inflate(packed: bytes, rows: int, row_bytes: int) -> np.ndarray:
    """The first rows (rows, row_bytes) uint8, as they are stored."""
    wanted = rows * row_bytes
    try:
        stored = zlib_ng.decompressobj().decompress(packed, wanted)
    except zlib_ng.error as error:
        raise PictureError(f"it cannot be decoded ({error})") from error
    if len(stored) < wanted:
        raise PictureError(f"it has {len(stored) // row_bytes} rows of the {rows} that are needed")
    return np.frombuffer(stored, np.uint8).reshape(rows, row_bytes)


def _codes(rows: np.ndarray, left: int, right: int) -> np.ndarray | None:
    """Red and green (rows, right - left, 2) of stored rows; None where a filter is another one."""
    filters = rows[:, 0]
    if filters.max() > _FROM_LEFT:
        return None
    pixels = rows[:, 1:].reshape(len(rows), -1, 3)  # a view
    if filters.any():
        pixels = pixels[:, :right, :2].copy()
        differs = filters == _FROM_LEFT
        pixels[differs] = np.add.accumulate(pixels[differs], axis=1, dtype=np.uint8)
    return pixels[:, left:right, :2]
