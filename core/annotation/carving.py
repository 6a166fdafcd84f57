"""Finding edits in the bytes of a damaged store, without its tables, trees or page headers.

A row of SQLite's tables is a record: its length, its id, a header with the type of every column,
and the columns (https://www.sqlite.org/fileformat2.html, sections 1.6, 2.1 and 2.3). An edit's
header is recognised wherever it lies, and the row's checksum tells whether it really is one. The
log (section 4) holds pages in the same form.
"""

import re
import struct
from collections.abc import Callable, Iterator

from core.annotation.rows import EditRow
from core.annotation.schema import PAGE_BYTES

_COLUMN_COUNT = 13
#: Length of the header, the id (kept elsewhere: type 0), and the time: a float, or a whole number.
_HEADER = re.compile(rb"[\x0e-\x1e]\x00[\x01-\x09]")
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
#: A record that is longer keeps this rule's part in its page, and the rest in others.
_MOST_LOCAL, _LEAST_LOCAL = PAGE_BYTES - 35, (PAGE_BYTES - 12) * 32 // 255 - 23
_MOST_BYTES = 1 << 20

LOG_HEADER_BYTES, LOG_FRAME_BYTES = 32, 24 + PAGE_BYTES

#: The bytes of a page by its number, or b"".
PageOf = Callable[[int], bytes]


def carve(file: bytes, log: bytes) -> dict[int, EditRow]:
    """All edits that are whole somewhere in a store's file or its log, by id.

    Where an id occurs with different contents, the file's is taken: the log may hold what was
    never committed.
    """

    def page_of_file(number: int) -> bytes:
        return file[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]

    logged = _pages_of_log(log)
    found: dict[int, EditRow] = {}
    places = ((file, page_of_file), (log, lambda number: logged.get(number, b"")))
    for content, _ in places:
        for _, page_of in places:
            for edit in _edits_in(content, page_of):
                found.setdefault(edit.id, edit)
    return found


def _pages_of_log(log: bytes) -> dict[int, bytes]:
    pages = {}
    for start in range(LOG_HEADER_BYTES, len(log) - LOG_FRAME_BYTES + 1, LOG_FRAME_BYTES):
        number = int.from_bytes(log[start : start + 4])
        pages[number] = log[start + 24 : start + LOG_FRAME_BYTES]
    return pages


def _edits_in(content: bytes, page_of: PageOf) -> Iterator[EditRow]:
    for match in _HEADER.finditer(content):
        edit = _edit_at(content, match.start(), page_of)
        if edit is not None:
            yield edit


def _edit_at(content: bytes, header: int, page_of: PageOf) -> EditRow | None:
    """The edit whose record's header begins here, if one does."""
    types = _types(content, header)
    if types is None:
        return None
    length = content[header] + sum(map(_bytes_of, types))
    if length > _MOST_BYTES:
        return None
    row_id = _row_id_before(content, header, length)
    if row_id is None:
        return None
    payload = _payload(content, header, length, page_of)
    return None if payload is None else _edit(row_id, payload, types)


def _types(content: bytes, header: int) -> list[int] | None:
    end = header + content[header]
    types, at = [], header + 1
    while at < end and len(types) < _COLUMN_COUNT:
        value, at = _varint(content, at)
        types.append(value)
    is_row = at == end and len(types) == _COLUMN_COUNT and not {10, 11} & set(types)
    return types if is_row else None


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of up to nine bytes, and where it ends."""
    value = 0
    for count, byte in enumerate(content[at : at + 9], start=1):
        if count == 9:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count
    return value, at + 9


def _bytes_of(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else 0 if kind > 7 else _INTEGER_BYTES[kind]


def _row_id_before(content: bytes, header: int, length: int) -> int | None:
    """The row's id, which lies before the header, after the record's length."""
    for id_bytes in range(1, 6):
        row_id, id_end = _varint(content, header - id_bytes) if header >= id_bytes else (0, -1)
        for length_bytes in range(1, 4):
            start = header - id_bytes - length_bytes
            if id_end == header and start >= 0:
                found = _varint(content, start)
                if found == (length, header - id_bytes):
                    return row_id
    return None


def _payload(content: bytes, start: int, length: int, page_of: PageOf) -> bytes | None:
    """A record's bytes, those in other pages included."""
    if length <= _MOST_LOCAL:
        return content[start : start + length]
    surplus = _LEAST_LOCAL + (length - _LEAST_LOCAL) % (PAGE_BYTES - 4)
    local = surplus if surplus <= _MOST_LOCAL else _LEAST_LOCAL
    payload = content[start : start + local]
    number = int.from_bytes(content[start + local : start + local + 4])
    while number and len(payload) < length:
        page = page_of(number)
        if len(page) < PAGE_BYTES:
            return None
        payload += page[4 : 4 + length - len(payload)]
        number = int.from_bytes(page[:4])
    return payload


def _edit(row_id: int, payload: bytes, types: list[int]) -> EditRow | None:
    values, at = [], payload[0]
    for kind in types:
        size = _bytes_of(kind)
        value = _value(payload[at : at + size], kind)
        values.append(value)
        at += size
    if at > len(payload):
        return None
    _, at_s, *texts, of, before, checksum, value = values
    if not isinstance(at_s, int | float) or not all(isinstance(text, str) for text in texts):
        return None
    if not isinstance(value, str | bytes | None):
        return None
    edit = EditRow(row_id, float(at_s), *texts, of, before, value)
    return edit if edit.checksum == checksum else None


def _value(content: bytes, kind: int) -> object:
    if kind >= 12:
        return content.decode(errors="replace") if kind % 2 else content
    if kind == 7:
        return struct.unpack(">d", content.ljust(8, b"\0"))[0]
    if kind in (8, 9):
        return kind - 8
    return None if kind == 0 else int.from_bytes(content, signed=True)
