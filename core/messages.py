"""Messages between two processes over a byte stream: a JSON header and raw arrays, no pickle.

One message is::

    4 bytes   length of the header, unsigned, little endian
    header    UTF-8 JSON: {"kind": ..., "fields": {...}, "arrays": [[name, dtype, shape], ...]}
    payload   the arrays' bytes one after another, little endian, C order

Sizes are bounded and everything is checked, so a stream that carries something else (a stray
print, a cut-off peer) is named at once instead of being waited on for ever.
"""

import json
import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn

import numpy as np

MAX_HEADER_BYTES = 1 << 20
MAX_PAYLOAD_BYTES = 1 << 26

_CHUNK_BYTES = 1 << 20
_LENGTH = struct.Struct("<I")
_DTYPES = ("|u1", "|b1", "<i4", "<i8", "<f4", "<f8")


class MessageError(ValueError):
    """The bytes are no message of this format; nothing after them in the stream can be read."""


@dataclass(frozen=True)
class Message:
    """What is sent: a kind, JSON values by name, and arrays by name."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def encode(message: Message) -> bytes:
    """Return the message's bytes; raises MessageError where it breaks a bound or a type."""
    arrays = {name: _little_endian(array) for name, array in message.arrays.items()}
    described = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    header = json.dumps(
        {"kind": message.kind, "fields": message.fields, "arrays": described}
    ).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise MessageError(f"header of {message.kind!r} has {len(header)} bytes: too many")
    payload = b"".join(array.tobytes() for array in arrays.values())
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"arrays of {message.kind!r} have {len(payload)} bytes: too many")
    return _LENGTH.pack(len(header)) + header + payload


class MessageReader:
    """Turns chunks of a stream, cut anywhere, into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._header: dict | None = None
        self._broken: MessageError | None = None

    @property
    def is_mid_message(self) -> bool:
        """Whether part of a message has arrived; at the end of a stream it was cut off."""
        return bool(self._buffer) or self._header is not None

    def feed(self, chunk: bytes) -> list[Message]:
        """Take more bytes and return the messages they complete.

        Raises MessageError on garbage, and again on every later call: the place where the next
        message begins is lost. Messages that were complete before the garbage in the same chunk
        are lost with it.
        """
        if self._broken is not None:
            raise self._broken
        self._buffer += chunk
        messages = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except MessageError as error:
            self._broken = error
            raise
        return messages

    def _next(self) -> Message | None:
        if self._header is None:
            self._header = self._take_header()
        if self._header is None:
            return None
        payload = self._take(self._header["size"])
        if payload is None:
            return None
        header, self._header = self._header, None
        arrays, offset = {}, 0
        for name, dtype, shape in header["arrays"]:
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(payload, dtype, count, offset)
            arrays[name] = array.reshape(shape)
            offset += array.nbytes
        return Message(header["kind"], header["fields"], arrays)

    def _take_header(self) -> dict | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if not 0 < length <= MAX_HEADER_BYTES:
            start = bytes(self._buffer[:40])
            raise MessageError(f"the stream carries no message here but {start!r}")
        if len(self._buffer) < _LENGTH.size + length:
            return None
        del self._buffer[: _LENGTH.size]
        return _checked_header(self._take(length))

    def _take(self, size: int) -> bytes | None:
        if len(self._buffer) < size:
            return None
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class Sender:
    """Writes whole messages to the parent, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send a message; where nobody reads any more, this process ends."""
        data = encode(message)
        with self._lock:
            try:
                self._stream.write(data)
                self._stream.flush()
            except OSError:
                leave(0)


def take_over_stdout() -> BinaryIO:
    """A private copy of stdout for answers; stdout itself becomes stderr.

    So no library's print, be it from Python or from C, can end up between the messages. Ctrl+C in
    a terminal reaches the whole group and is left to the parent from here on.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return answers


def read_until_closed(stream: BinaryIO, take: Callable[[Message], None], *, name: str) -> NoReturn:
    """Hand every message of a stream over, and end this process when the parent closes it.

    `name` is what this process is called where it is sent something unreadable.
    """
    reader = MessageReader()
    while chunk := os.read(stream.fileno(), _CHUNK_BYTES):
        try:
            for message in reader.feed(chunk):
                take(message)
        except MessageError as error:
            print(f"{name} was sent something unreadable: {error}", file=sys.stderr)
            leave(3)
    leave(0)


def leave(status: int) -> NoReturn:
    """End this process from any thread, without waiting for what the others compute."""
    sys.stderr.flush()
    os._exit(status)


def describe(error: Exception) -> tuple[str, str]:
    """Return (code, sentence for people) of an error while something asked for was computed."""
    if isinstance(error, MemoryError):
        return "out_of_memory", f"Out of memory: {error}"
    if isinstance(error, OSError):
        return "file", f"{error}"
    if isinstance(error, ValueError):
        return "bad_input", f"{error}"
    first_line = str(error).partition("\n")[0]
    return "failed", f"{type(error).__name__}: {first_line}"


def _little_endian(array: np.ndarray) -> np.ndarray:
    array = np.asarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype.str not in _DTYPES:
        raise MessageError(f"arrays of type {array.dtype} are not sent")
    return array


def _checked_header(raw: bytes) -> dict:
    """Return the header with its payload's "size" added; raises MessageError if it is not one."""
    try:
        header = json.loads(raw)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise MessageError(f"the stream carries no header here but {raw[:40]!r}") from error
    well_formed = (
        isinstance(header, dict)
        and isinstance(header.get("kind"), str)
        and isinstance(header.get("fields"), dict)
        and isinstance(header.get("arrays"), list)
        and all(_is_array_entry(entry) for entry in header["arrays"])
    )
    if not well_formed:
        raise MessageError(f"a message's header is malformed: {raw[:80]!r}")
    # Python's integers, so that absurd shapes cannot overflow into a small number.
    header["size"] = sum(_byte_count(dtype, shape) for _, dtype, shape in header["arrays"])
    if header["size"] > MAX_PAYLOAD_BYTES:
        raise MessageError(f"a message announces {header['size']} bytes of arrays: too many")
    return header


def _is_array_entry(entry: object) -> bool:
    if not (isinstance(entry, list) and len(entry) == 3):
        return False
    name, dtype, shape = entry
    return (
        isinstance(name, str)
        and dtype in _DTYPES
        and isinstance(shape, list)
        and len(shape) <= 8
        and all(type(length) is int and 0 <= length <= MAX_PAYLOAD_BYTES for length in shape)
    )


def _byte_count(dtype: str, shape: list[int]) -> int:
    count = np.dtype(dtype).itemsize
    for length in shape:
        count *= length
    return count
