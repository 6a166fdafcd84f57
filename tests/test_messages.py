"""Messages over a byte stream: what is read is what was written, in any chunks; no garbage."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from core.messages import MAX_PAYLOAD_BYTES, Message, MessageError, MessageReader, encode

ARRAYS = st.dictionaries(
    st.text(max_size=5),
    st_numpy.arrays(
        st.sampled_from([np.uint8, np.bool_, np.int32, np.int64, np.float32, np.float64]),
        st_numpy.array_shapes(min_dims=0, min_side=0, max_side=4),
    ),
    max_size=3,
)
FIELDS = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.booleans()), max_size=3
)


def raw_message(header: object, payload: bytes = b"") -> bytes:
    raw = json.dumps(header).encode()
    return struct.pack("<I", len(raw)) + raw + payload


def header(arrays: object) -> dict:
    return {"kind": "k", "fields": {}, "arrays": arrays}


@given(FIELDS, ARRAYS, st.integers(1, 50))
def test_what_is_read_is_what_was_written_in_chunks_of_any_size(fields, arrays, chunk):
    data = encode(Message("first", fields, arrays)) + encode(Message("second"))
    reader = MessageReader()
    messages = [m for at in range(0, len(data), chunk) for m in reader.feed(data[at : at + chunk])]
    assert [m.kind for m in messages] == ["first", "second"]
    assert messages[0].fields == fields
    assert messages[0].arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert messages[0].arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(messages[0].arrays[name], array)
    assert not reader.is_mid_message


def test_memory_layout_and_byte_order_do_not_matter():
    array = np.arange(12.0).reshape(3, 4)
    sent = Message("k", {}, {"turned": array.T, "big": array.astype(">f8")})
    (read,) = MessageReader().feed(encode(sent))
    np.testing.assert_array_equal(read.arrays["turned"], array.T)
    np.testing.assert_array_equal(read.arrays["big"], array)


def test_a_cut_off_message_is_noticed():
    reader = MessageReader()
    assert reader.feed(encode(Message("k", {}, {"a": np.zeros(9)}))[:-1]) == []
    assert reader.is_mid_message


@pytest.mark.parametrize(
    "garbage",
    [
        b"Traceback (most recent call last):\n",
        b"\0\0\0\0",
        struct.pack("<I", 5) + b"{{{{{",
        struct.pack("<I", 2) + b"\xff\xfe",
        struct.pack("<I", 100_000) + b"[" * 100_000,
        raw_message([]),
        raw_message({"kind": 1, "fields": {}, "arrays": []}),
        raw_message({"kind": "k", "fields": {}}),
        raw_message(header([["a", "O", [1]]])),
        raw_message(header([["a", "<f8", [-1]]])),
        raw_message(header([["a", "<f8", [1.5]]])),
        raw_message(header([["a", "<f8", [True]]])),
        raw_message(header([["a", "<f8", [1] * 9]])),
        raw_message(header([["a", "<f8", [1 << 26, 1 << 26, 1 << 12]]])),  # 2**64: no overflow
        raw_message(header([["a", "|u1", [MAX_PAYLOAD_BYTES]], ["b", "|u1", [1]]])),
        raw_message(header([["a", ["<f8"], [1]]])),
    ],
)
def test_garbage_is_named_at_once_and_for_good(garbage):
    reader = MessageReader()
    with pytest.raises(MessageError):
        reader.feed(garbage)
    with pytest.raises(MessageError):
        reader.feed(encode(Message("good")))


@pytest.mark.parametrize("array", [np.array(["text"]), np.array([object()]), np.zeros(2, complex)])
def test_arrays_that_are_not_plain_numbers_are_not_sent(array):
    with pytest.raises(MessageError):
        encode(Message("k", {}, {"a": array}))


def test_what_the_other_side_would_refuse_is_not_sent():
    with pytest.raises(MessageError, match="too many"):
        encode(Message("k", {}, {"a": np.zeros(MAX_PAYLOAD_BYTES + 1, np.uint8)}))
    with pytest.raises(MessageError, match="too many"):
        encode(Message("k", {"text": "x" * (1 << 20)}))
