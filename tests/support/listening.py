"""Which sockets a process and its children wait for connections at, by Linux' own books."""

import re
from pathlib import Path

import psutil

_TCP_LISTEN = "0A"
_UNIX_ACCEPTS = 0x10000  # __SO_ACCEPTCON of Linux' net.h


def listening_sockets(pid: int) -> list[str]:
    """Every TCP or Unix socket that waits for connections: ``1234 python: tcp ADDRESS``."""
    found = []
    for one in _family(pid):
        try:
            found += [f"{one.pid} {one.name()}: {what}" for what in _of_one(one.pid)]
        except (OSError, psutil.NoSuchProcess):
            continue  # it has ended
    return found


def count_children(pid: int) -> int:
    """How many processes it has started, and they in turn; 0 where it has ended."""
    return max(len(_family(pid)) - 1, 0)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _of_one(pid: int) -> list[str]:
    net = Path(f"/proc/{pid}/net")
    own = _socket_inodes(pid)
    found = []
    for kind in ("tcp", "tcp6"):
        if not (net / kind).exists():
            continue
        for line in (net / kind).read_text().splitlines()[1:]:
            parts = line.split()  # sl local remote state … inode
            if parts[3] == _TCP_LISTEN and parts[9] in own:
                found.append(f"{kind} {parts[1]}")
    for line in (net / "unix").read_text().splitlines()[1:]:
        parts = line.split()  # num refs protocol flags type state inode path
        if int(parts[3], 16) & _UNIX_ACCEPTS and parts[6] in own:
            found.append(f"unix {parts[7] if len(parts) > 7 else '(unnamed)'}")
    return found


def _socket_inodes(pid: int) -> set[str]:
    links = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(file.readlink().name)
        except OSError:
            continue  # closed meanwhile
    matches = (re.fullmatch(r"socket:\[(\d+)\]", link) for link in links)
    return {match[1] for match in matches if match}
