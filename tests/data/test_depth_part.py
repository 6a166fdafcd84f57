"""A part of a depth picture is what the whole picture holds there, however it is stored."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from ho3d_tree import depth_code, encode

from core.data.ho3d.depth_part import read_depth_steps
from core.data.pictures import PictureError, decode_exact

HEIGHT, WIDTH = 40, 30
PARTS = [(5, 8, 21, 33), (0, 0, WIDTH, HEIGHT), (29, 39, 30, 40), (0, 12, 1, 13)]
PLAIN, SUB, UP, AVERAGE, PAETH = range(5)


@pytest.fixture(scope="module")
def steps() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH))


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(code: np.ndarray, filters, *, more: bytes = b"", packed: bytes | None = None) -> bytes:
    """A PNG whose rows have these filters, by the definition of each; its pixels in two chunks."""
    height, width, _ = code.shape
    stored = b""
    for y, kind in enumerate(filters):
        row = code[y].astype(int)
        left = np.vstack([np.zeros((1, 3), int), row[:-1]])
        up = code[y - 1].astype(int) if y else np.zeros_like(row)
        corner = np.vstack([np.zeros((1, 3), int), up[:-1]])
        guess = left + up - corner
        distances = np.abs(np.stack([guess - left, guess - up, guess - corner]))
        paeth = np.take_along_axis(np.stack([left, up, corner]), distances.argmin(0)[None], 0)[0]
        base = [np.zeros_like(row), left, up, (left + up) // 2, paeth][kind]
        stored += bytes([kind]) + ((row - base) % 256).astype(np.uint8).tobytes()
    packed = zlib.compress(stored) if packed is None else packed
    half = len(packed) // 2
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
    return b"\x89PNG\r\n\x1a\n" + head + more + pixels + chunk(b"IEND", b"")


def assert_part(data: bytes, steps: np.ndarray, part) -> None:
    left, top, right, bottom = part
    read = read_depth_steps(data, part)
    expected = np.zeros((bottom, right), int)
    expected[top:, left:] = steps[top:bottom, left:right]
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == np.uint16


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "filters",
    [[PLAIN] * HEIGHT, [SUB] * HEIGHT, [PLAIN, SUB] * 20, [UP, SUB, PLAIN, AVERAGE, PAETH] * 8],
    ids=["plain", "differences", "both", "every kind"],
)
def test_every_way_to_store_rows(steps, filters, part):
    data = png(depth_code(steps), filters)
    np.testing.assert_array_equal(decode_exact(data), depth_code(steps))  # the file is right
    assert_part(data, steps, part)


@pytest.mark.parametrize("part", PARTS)
def test_as_opencv_writes_it(steps, part):
    assert_part(encode(depth_code(steps), ".png"), steps, part)


@pytest.mark.parametrize("part", [(0, 0, 0, 0), (30, 0, 30, 20), (4, 40, 9, 40), (7, 3, 7, 9)])
def test_no_part_at_all(steps, part):
    read = read_depth_steps(encode(depth_code(steps), ".png"), part)
    assert read.shape == (part[3], part[2]) and not read.any()


def test_only_the_rows_that_are_needed_have_to_be_there(steps):
    data = png(depth_code(steps), [PLAIN] * HEIGHT)
    rows_of_all = zlib.compress(b"".join(b"\0" + row.tobytes() for row in depth_code(steps)[:20]))
    short = png(depth_code(steps), [], packed=rows_of_all)
    assert_part(data, steps, (3, 4, 9, 20))
    assert_part(short, steps, (3, 4, 9, 20))
    with pytest.raises(PictureError, match="20 rows of the 21"):
        read_depth_steps(short, (3, 4, 9, 21))


def test_damage_is_told(steps):
    data = bytearray(png(depth_code(steps), [PLAIN] * HEIGHT))
    at = data.index(b"IDAT") + 100
    data[at] ^= 1
    with pytest.raises(PictureError, match="damaged: the checksum"):
        read_depth_steps(bytes(data), (3, 4, 9, 20))
    nonsense = png(depth_code(steps), [], packed=bytes(range(50)))
    with pytest.raises(PictureError, match="cannot be decoded"):
        read_depth_steps(nonsense, (3, 4, 9, 20))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "cut off"),
        (cv2.imencode(".png", np.zeros((HEIGHT, WIDTH), np.uint16))[1].tobytes(), "uint16"),
        (cv2.imencode(".png", np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes(), "not three"),
        (
            png(
                np.zeros((HEIGHT, WIDTH, 3), np.uint8),
                [PLAIN] * HEIGHT,
                more=chunk(b"tRNS", bytes(6)),
            ),
            "not three",
        ),
    ],
)
def test_what_is_no_depth_picture_is_refused_as_a_whole_one_is(data, reason):
    for read in (decode_exact, lambda content: read_depth_steps(content, (3, 4, 9, 20))):
        with pytest.raises(PictureError, match=reason):
            read(data)


def test_jpeg_is_unpacked_too():
    """No code survives it, but a reader that is given one must not fall over."""
    code = depth_code(np.full((HEIGHT, WIDTH), 1234))
    assert read_depth_steps(encode(code, ".jpg"), (1, 2, 9, 20)).shape == (20, 9)
