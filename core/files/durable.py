"""Writing that leaves no half of a file behind: not when killed, not when the disk is full."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(OSError):
    """No room is left; what was written before is whole and stays readable.

    Attributes:
        remedy: What a person can do about it.
    """

    remedy = "Make room on that disk, then resume the run."

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            errno.ENOSPC,
            "no room is left on the disk; what was already written is whole",
            str(path),
        )


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file's whole content; whoever reads meanwhile sees the old one or the new one.

    Raises DiskFullError, or OSError where the folder cannot be written.
    """
    with replaced_at_the_end(path) as file:
        file.write(content)


@contextlib.contextmanager
def replaced_at_the_end(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when the block ends; after an error it is gone.

    It lies in the same folder, so that replacing is one step for the file system. Raises as
    `write_atomically` does.
    """
    with raising_disk_full(path):
        # Its name starts with a dot and ends with .part: no reader looks for such files.
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=".part", dir=path.parent
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise


class AppendOnlyFile:
    """A file that only grows, by whole records.

    Every record goes to the operating system at once, in one call: a process killed at any moment
    loses nothing that `append` returned from. `sync` makes that hold for a power failure as well.
    """

    def __init__(self, path: Path, *, whole_bytes: int | None = None) -> None:
        """Open or make the file; `whole_bytes` cuts off what a killed writer left half-written."""
        self.path = path
        with raising_disk_full(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._size = os.fstat(self._descriptor).st_size
            if whole_bytes is not None and whole_bytes < self._size:
                os.ftruncate(self._descriptor, whole_bytes)
                self._size = whole_bytes

    def append(self, record: bytes) -> None:
        """Write one record, whole or not at all; raises DiskFullError."""
        with raising_disk_full(self.path):
            written = 0
            try:
                while written < len(record):
                    written += os.write(self._descriptor, record[written:])
            except OSError:
                if written:
                    os.ftruncate(self._descriptor, self._size)
                raise
            self._size += written

    def sync(self) -> None:
        """Wait until the disk has it all."""
        with raising_disk_full(self.path):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close; nothing can be appended any more. Closing again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextlib.contextmanager
def raising_disk_full(path: Path):
    """Turn "no space left" and "quota exceeded" into DiskFullError."""
    try:
        yield
    except DiskFullError:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFullError(path) from error
        raise
