"""Pictures are decoded whole and as stored, or refused with the reason."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from ho3d_tree import encode, picture

from core.data.pictures import PictureError, decode_colour, decode_exact


def test_png_comes_back_in_rgb():
    image = picture()
    np.testing.assert_array_equal(decode_colour(encode(image, ".png")), image)
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 250
    jpeg = decode_colour(encode(red, ".jpg"))
    assert jpeg[..., 0].min() > 200 and jpeg[..., 1:].max() < 50


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("size", [(1, 1), (1, 700), (2160, 3840)])
def test_sizes_from_one_pixel_to_4k(size, suffix):
    assert decode_colour(encode(picture(size), suffix)).shape == (*size, 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.99])
def test_cut_pictures_are_not_shown_grey(suffix, kept):
    whole = encode(picture(), suffix)
    with pytest.raises(PictureError, match="cut off after"):
        decode_colour(whole[: int(len(whole) * kept)])


def test_what_opencv_would_show_of_a_cut_jpeg():
    """Why the end is looked for: OpenCV returns a picture, grey below, and no error."""
    whole = encode(picture(), ".jpg")
    shown = cv2.imdecode(np.frombuffer(whole[: len(whole) // 2], np.uint8), cv2.IMREAD_COLOR)
    assert shown is None or (shown[-1] == shown[-1, 0]).all()


def test_a_thumbnail_s_end_is_not_the_picture_s():
    whole = encode(picture(), ".jpg")
    thumbnail = encode(picture((16, 16)), ".jpg")
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with_thumbnail = whole[:2] + segment + whole[2:]
    np.testing.assert_array_equal(decode_colour(with_thumbnail), decode_colour(whole))
    with pytest.raises(PictureError, match="cut off"):
        decode_colour(with_thumbnail[: len(with_thumbnail) - 500])


def test_bytes_after_the_end_do_no_harm():
    for suffix in (".png", ".jpg"):
        assert decode_colour(encode(picture(), suffix) + b"\n\x00").shape == (480, 640, 3)


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "empty"),
        (b"\x00" * 100, "neither"),
        (b"RIFF", "neither"),
        (b"\xff\xd8", "cut off"),
        (b"\xff\xd8\xff\xd9", "cut off"),
    ],
)
def test_other_contents_are_named(data, reason):
    with pytest.raises(PictureError, match=reason):
        decode_colour(data)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_small_file_cannot_claim_all_memory():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="claims 60000 × 60000"):
        decode_colour(bomb)


def test_damaged_pixels_are_named():
    whole = bytearray(encode(picture(), ".png"))
    whole[60:400] = bytes(340)
    with pytest.raises(PictureError):
        decode_colour(bytes(whole))


def test_codes_are_not_converted():
    code = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decode_exact(encode(code, ".png")), code)
    sixteen_bits = cv2.imencode(".png", np.zeros((6, 7), np.uint16))[1].tobytes()
    with pytest.raises(PictureError, match="uint16"):
        decode_exact(sixteen_bits)
