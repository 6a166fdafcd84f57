"""Whether a store's write-ahead log lost edits: SQLite drops a damaged one's rest without a word.

The log is a header and frames, a page each; every frame carries the header's salt and a checksum
over all frames before it, and a transaction's last frame says so
(https://www.sqlite.org/fileformat2.html, section 4). A frame that breaks the chain is usual: it was
being written when the process was killed. A finished transaction after such a break is not.
"""

import struct
from pathlib import Path

from core.annotation.carving import LOG_FRAME_BYTES, LOG_HEADER_BYTES
from core.annotation.schema import PAGE_BYTES

_MAGIC = 0x377F0682  # the lowest bit says in which order the checksums take their bytes
_FRAME = struct.Struct(">6I")


def log_problem(path: Path) -> str:
    """What is wrong with the log of a store; "" for nothing. Raises OSError."""
    log = log_path(path)
    content = log.read_bytes() if log.exists() else b""
    if not content:
        return ""
    if len(content) < LOG_HEADER_BYTES:
        return "its log is cut off"
    order = _order(content)
    if order == "":
        # A process that is killed while it begins a log anew leaves such a header, and no frames.
        return "its log's first bytes were changed" if _has_frames(content) else ""
    end = _end_of_chain(content, order)
    is_lost = any(is_last for at, is_last in _frames(content) if at >= end)
    return "its log was changed on the disk" if is_lost else ""


def log_path(path: Path) -> Path:
    """Where SQLite keeps the log of a file."""
    return path.with_name(f"{path.name}-wal")


def _order(content: bytes) -> str:
    """The checksums' byte order, "<" or ">"; "" where the header is damaged."""
    magic, _version, page_bytes = struct.unpack_from(">3I", content)
    if magic & ~1 != _MAGIC or page_bytes != PAGE_BYTES:
        return ""
    order = ">" if magic & 1 else "<"
    is_whole = _checksum(content[:24], order, (0, 0)) == struct.unpack_from(">2I", content, 24)
    return order if is_whole else ""


def _checksum(content: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    first, second = start
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = first + one + second & 0xFFFFFFFF
        second = second + other + first & 0xFFFFFFFF
    return first, second


def _frames(content: bytes) -> list[tuple[int, bool]]:
    """Where frames of this log's salt begin, and whether they end a transaction.

    Frames of an older round of the log lie behind the newest and have another salt.
    """
    salt = content[16:24]
    frames = []
    for at in range(LOG_HEADER_BYTES, len(content) - LOG_FRAME_BYTES + 1, LOG_FRAME_BYTES):
        _number, pages, *_rest = _FRAME.unpack_from(content, at)
        if content[at + 8 : at + 16] == salt:
            frames.append((at, pages != 0))
    return frames


def _has_frames(content: bytes) -> bool:
    return any(is_last for _at, is_last in _frames(content))


def _end_of_chain(content: bytes, order: str) -> int:
    """Where the first frame begins that SQLite would not take."""
    salt, chain = content[16:24], struct.unpack_from(">2I", content, 24)
    for at in range(LOG_HEADER_BYTES, len(content) - LOG_FRAME_BYTES + 1, LOG_FRAME_BYTES):
        page = content[at + 24 : at + LOG_FRAME_BYTES]
        chain = _checksum(page, order, _checksum(content[at : at + 8], order, chain))
        if content[at + 8 : at + 16] != salt or content[at + 16 : at + 24] != struct.pack(
            ">2I", *chain
        ):
            return at
    return len(content)
