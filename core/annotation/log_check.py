"""Whether a store's write-ahead log lost edits: SQLite drops a damaged one's rest without a word.

The log is a header and frames, a page each; every frame carries the header's salt and a checksum
over all frames before it, and a transaction's last frame says so
(https://www.sqlite.org/fileformat2.html, section 4). A frame that breaks the chain is usual: it was
being written when the process was killed. A finished transaction after such a break is not. Where
the very last frame is damaged, the two cannot be told from each other: that is one reason why
`AnnotationStore.settle` keeps the log short.
"""

import struct
import time
from pathlib import Path

from core.annotation.carving import LOG_FRAME_BYTES, LOG_HEADER_BYTES
from core.annotation.schema import PAGE_BYTES

_MAGIC = 0x377F0682  # the lowest bit says in which order the checksums take their bytes

#: A log that looks damaged is looked at so often, so far apart.
_LOOKS, _PAUSE_S = 3, 0.05


def log_problem(path: Path) -> str:
    """What is wrong with the log of a store; "" for nothing. Raises OSError."""
    for _ in range(_LOOKS):
        problem = _problem(log_path(path))
        if not problem:
            return ""
        time.sleep(_PAUSE_S)  # half of what another process was just writing may have been read
    return problem


def _problem(log: Path) -> str:
    content = log.read_bytes() if log.exists() else b""
    if not content:
        return ""
    if len(content) < LOG_HEADER_BYTES:
        return "its log is cut off"
    order = _order(content)
    if order == "":
        return "its log's first bytes were changed"
    end = _end_of_chain(content, order)
    return "its log was changed on the disk" if _has_end_after(content, end) else ""


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


def _has_end_after(content: bytes, start: int) -> bool:
    """Whether a transaction of this log ends behind the frame at a place.

    Frames of an older round of the log lie behind the newest and have another salt.
    """
    return any(
        content[at + 8 : at + 16] == content[16:24] and content[at + 4 : at + 8] != bytes(4)
        for at in range(
            start + LOG_FRAME_BYTES, len(content) - LOG_FRAME_BYTES + 1, LOG_FRAME_BYTES
        )
    )


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
