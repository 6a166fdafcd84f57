"""Everything that a detached training process prints ends up in its run's log.txt.

Before a run has a folder its process may already fail. So who starts it (the window) makes a launch
folder, gives the process ``log.txt`` in there as stdout and stderr, and names the folder in the
environment variable `LAUNCH`. As soon as the run has a folder its process calls `adopt_output`,
which also tells the starter where the run is. From a terminal nothing is redirected.
"""

import os
import sys
from pathlib import Path

from core.files.durable import write_atomically

#: Environment variable with the path of the launch folder.
LAUNCH = "UTNET_LAUNCH"

_TAIL_BYTES = 65_536


def launch_log(launch: Path) -> Path:
    """Where a process writes that has no run yet."""
    return launch / "log.txt"


def launched_run(launch: Path) -> Path | None:
    """The run that the process of a launch folder works on; None while it has none."""
    try:
        return Path((launch / "run").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def log_tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log, at most 64 KiB of it; none where there is no log."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


def adopt_output(log_file: Path) -> bool:
    """Append what was printed so far to the run's `log_file` and print there from now on.

    Returns False, and does nothing, in a process that was not started with a launch folder; then
    the process itself has to write to `log_file` what belongs there. Raises OSError.
    """
    named = os.environ.pop(LAUNCH, None)
    if named is None:
        return False
    launch = Path(named)
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(log, launch_log(launch).read_bytes())
        for stream in (1, 2):
            os.dup2(log, stream)
    finally:
        os.close(log)
    # Last: the starter removes the launch folder when it reads this.
    write_atomically(launch / "run", str(log_file.parent).encode())
    return True
