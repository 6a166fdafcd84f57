"""Processes that must not outlive the one that started them."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

#: So long a SIGTERM that somebody else sent is left to the parent, which may have to save.
_GRACE_S = 120.0


def end_with_the_parent() -> None:
    """End this process, one of multiprocessing's, when its parent is gone, even if it was killed.

    Without this a worker that hands over more than a pipe takes waits for a reader for ever.
    Ctrl+C and SIGTERM, which reach all processes of a terminal or of a cluster's job, are left to
    the parent, which may have something to save first. To be called in the main thread.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's handler may have come along
    if hasattr(signal, "sigwaitinfo"):  # elsewhere nobody can tell who sent a signal
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        _start(_obey_only, parent.pid)
    _start(_follow, parent)


def _start(wait: Callable[[Any], None], what: object) -> None:
    threading.Thread(target=wait, args=(what,), name=wait.__name__, daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _obey_only(parent_pid: int) -> None:
    """Let a SIGTERM end this process at once only where the parent itself sent it.

    Signals of one kind do not queue, so the parent's may be lost behind another's: that one is
    obeyed too, but only after the time in which the parent should have ended.
    """
    if signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent_pid:
        deadline = time.monotonic() + _GRACE_S
        while (left_s := deadline - time.monotonic()) > 0:
            information = signal.sigtimedwait({signal.SIGTERM}, left_s)
            if information is not None and information.si_pid == parent_pid:
                break
    os._exit(0)
