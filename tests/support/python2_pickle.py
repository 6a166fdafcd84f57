"""Pickles as Python 2 wrote them (protocol 2), opcode by opcode: strings are bytes."""

import numpy as np


def python2_pickle(members: dict[str, object]) -> bytes:
    """A pickled dict of text, arrays and None."""
    items = b"".join(_value(key) + _value(value) for key, value in members.items())
    return b"\x80\x02}(" + items + b"u."


def _value(value: object) -> bytes:
    if value is None:
        return b"N"
    if isinstance(value, np.ndarray):
        return _array(value)
    return _string(str(value).encode("latin1"))


def _string(text: bytes) -> bytes:
    if len(text) < 256:
        return b"U" + bytes([len(text)]) + text
    return b"T" + len(text).to_bytes(4, "little") + text


def _array(values: np.ndarray) -> bytes:
    shape = b"".join(b"K" + bytes([n]) for n in values.shape)
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85" + _string(b"b") + b"\x87R"
        b"(K\x01(" + shape + b"t"
        b"cnumpy\ndtype\n" + _string(values.dtype.str[1:].encode()) + b"K\x00K\x01\x87R"
        b"(K\x03" + _string(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89" + _string(values.tobytes()) + b"tb"
    )
