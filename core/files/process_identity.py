"""A process, told from a later one that got the same id."""

import os
import socket

import psutil
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="ignore"))
class ProcessIdentity:
    """A process, told from a later one that got the same id.

    Attributes:
        pid: Process id on `host`.
        process_started: Unix time in seconds at which it started.
        started_after_boot_s: The same counted from the machine's start: it stays true when
            somebody sets the clock.
        host: Name of the machine.
    """

    pid: int
    process_started: float
    started_after_boot_s: float = -1.0
    host: str = ""

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """The running process of this id; raises psutil.NoSuchProcess."""
        started = psutil.Process(pid).create_time()
        return ProcessIdentity(
            pid=pid,
            process_started=started,
            started_after_boot_s=started - psutil.boot_time(),
            host=socket.gethostname(),
        )

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """This process."""
        return ProcessIdentity.of(os.getpid())

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, so that one can look for it."""
        return self.host in ("", socket.gethostname())

    def is_alive(self) -> bool:
        """Whether it runs, on this machine; a zombie does not, nor another one with its id."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            started = process.create_time()
        except (psutil.NoSuchProcess, ValueError):
            return False
        except psutil.AccessDenied:
            return True  # somebody's process has the id; who else would it be
        after_boot_s = started - psutil.boot_time()
        same_clock = abs(started - self.process_started) < 2.0
        return same_clock or abs(after_boot_s - self.started_after_boot_s) < 0.1


_IDENTITY = TypeAdapter(ProcessIdentity)


def identity_to_json(identity: ProcessIdentity) -> bytes:
    """As `identity_from_json` reads it."""
    return _IDENTITY.dump_json(identity)


def identity_from_json(content: bytes) -> ProcessIdentity:
    """Raises ValueError where it is no identity."""
    return _IDENTITY.validate_json(content)
