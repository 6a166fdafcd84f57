"""Decode pictures, and say when one is cut off instead of showing its grey rest."""

import cv2
import numpy as np

#: More than twice an 8K picture; a small file can claim a size that fills the memory.
MAX_PIXELS = 80_000_000

_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xae\x42\x60\x82"
_JPEG_SCAN = 0xDA
# Start of frame: 0xC0 to 0xCF but for three that mean something else.
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class PictureError(ValueError):
    """A picture that cannot be decoded whole; the text says why."""


def decode_colour(data: bytes) -> np.ndarray:
    """Decode a JPEG or PNG to (H, W, 3) uint8, RGB, as stored (EXIF's orientation is not applied).

    Raises:
        PictureError: it is empty, cut off, too large, or neither JPEG nor PNG.
    """
    return to_rgb(unpack_colour(data))


def decode_upright(data: bytes) -> np.ndarray:
    """`decode_colour` as a person would hold it: EXIF's orientation is applied."""
    return to_rgb(_unpack(data, cv2.IMREAD_COLOR))


def decode_exact(data: bytes) -> np.ndarray:
    """Decode a picture whose values are a code: (H, W, 3) uint8, RGB, without any conversion.

    Raises:
        PictureError: as for `decode_colour`, or it has not three channels of eight bits.
    """
    return to_rgb(unpack_exact(data))


def decode_depth_mm(data: bytes) -> np.ndarray:
    """Decode a PNG of 16 bits a pixel in millimetres: (H, W) float32, 0 where unknown.

    Raises:
        PictureError: as for `decode_colour`, or it has not one channel of 16 bits.
    """
    picture = _decoded(data, cv2.IMREAD_UNCHANGED)
    if picture.ndim != 2 or picture.dtype != np.uint16:
        raise PictureError(f"it is {picture.shape} {picture.dtype}, not one channel of 16 bits")
    return picture.astype(np.float32)


def unpack_colour(data: bytes) -> np.ndarray:
    """`decode_colour` in OpenCV's own order, BGR: for whoever wants a part of the picture only."""
    return _unpack(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def unpack_exact(data: bytes) -> np.ndarray:
    """`decode_exact` in OpenCV's own order, BGR."""
    return _unpack(data, cv2.IMREAD_UNCHANGED)


def to_rgb(picture_bgr: np.ndarray) -> np.ndarray:
    """BGR to RGB."""
    return cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2RGB)


def _unpack(data: bytes, flags: int) -> np.ndarray:
    picture = _decoded(data, flags)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise PictureError(f"it is {picture.shape} {picture.dtype}, not three channels of 8 bits")
    return picture


def _decoded(data: bytes, flags: int) -> np.ndarray:
    picture_size(data)
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PictureError(f"it cannot be decoded ({error.err})") from error
    if picture is None:
        raise PictureError("it cannot be decoded")
    return picture


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG or PNG that has its end.

    Raises:
        PictureError: it is empty, cut off, too large, or neither JPEG nor PNG.
    """
    width, height = _size(data)
    if width * height > MAX_PIXELS:
        raise PictureError(f"it claims {width} × {height} pixels")
    return width, height


def _size(data: bytes) -> tuple[int, int]:
    if not data:
        raise PictureError("the file is empty")
    if data.startswith(_JPEG_START):
        return _jpeg_size(data)
    if data.startswith(_PNG_START):
        if _PNG_END not in data[-1024:]:  # some writers append a few bytes
            raise PictureError(f"it is cut off after {len(data)} bytes")
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    raise PictureError("it is neither JPEG nor PNG")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments before the pixels, which may hold a thumbnail with an end of its own."""
    size, at = None, 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _JPEG_FRAMES:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        if marker == _JPEG_SCAN:
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if size is None or data.find(_JPEG_END, at) < 0:
        raise PictureError(f"it is cut off after {len(data)} bytes")
    return size
