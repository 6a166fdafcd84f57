"""Only one process may write a folder: a lock that the system lets go of when its process ends."""

import contextlib
import os
import time
from pathlib import Path

from core.files.durable import write_atomically
from core.files.process_identity import ProcessIdentity, identity_from_json, identity_to_json

#: Locks of this process: the system would grant it the same one twice, and drop it at one close.
_HELD: set[Path] = set()


class FolderBusyError(RuntimeError):
    """Another process owns the folder; the text says which."""


class FolderLock:
    """The lock of one folder, and a note of who holds it.

    A POSIX record lock, not flock: that one would pass to worker processes and outlive an owner
    that was killed.
    """

    def __init__(self, folder: Path, *, work: str) -> None:
        """`work` is what an owner does, for the refusal: "training this run"."""
        self._folder = folder.resolve()
        self._work = work
        self._descriptor = -1

    @property
    def is_held(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor >= 0

    def acquire(self) -> None:
        """Take the lock or raise FolderBusyError; never waits."""
        import fcntl  # where there is none (Windows) the window still opens

        if self._folder in _HELD:
            raise FolderBusyError(self._refusal())
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            os.close(descriptor)
            raise FolderBusyError(self._refusal()) from error
        self._descriptor = descriptor
        _HELD.add(self._folder)
        owner = identity_to_json(ProcessIdentity.current())
        write_atomically(self._folder / "owner.json", owner)

    def release(self) -> None:
        """Let go; releasing again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            _HELD.discard(self._folder)

    def _refusal(self) -> str:
        owner = read_owner(self._folder)
        who = "another process"
        if owner is not None:
            started = time.strftime("%d %B %H:%M", time.localtime(owner.process_started))
            who = f"process {owner.pid} on {owner.host}, started {started},"
        return (
            f"{self._folder}: {who} is {self._work}. Stop it first, or wait until it ends; "
            "two processes cannot write one folder."
        )


def read_owner(folder: Path) -> ProcessIdentity | None:
    """The process that took the folder last, alive or not; None where nothing says which."""
    with contextlib.suppress(OSError, ValueError):
        return identity_from_json((folder / "owner.json").read_bytes())
    return None
