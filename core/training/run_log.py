"""Everything that a detached training process prints ends up in its run's log.txt.

Before a run has a folder its process may already fail, so who starts it (the window) gives it a
launch log as stdout and stderr and names it in `LAUNCH_LOG`. As soon as the run has a folder its
process calls `adopt_output`. From a terminal nothing is redirected.
"""

import os
import sys
from pathlib import Path

#: Environment variable with the path of the launch log.
LAUNCH_LOG = "UTNET_LAUNCH_LOG"


def adopt_output(log_file: Path) -> bool:
    """Append what was printed so far to `log_file` and print there from now on.

    Returns False, and does nothing, in a process that was not started with a launch log; then the
    process itself has to write to `log_file` what belongs there. Raises OSError.
    """
    launch_log = os.environ.pop(LAUNCH_LOG, None)
    if launch_log is None:
        return False
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(log, Path(launch_log).read_bytes())
        for stream in (1, 2):
            os.dup2(log, stream)
    finally:
        os.close(log)
    os.unlink(launch_log)
    return True
