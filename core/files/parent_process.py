"""Processes that must not outlive the one that started them."""

import multiprocessing
import os
import signal
import threading


def end_with_the_parent() -> None:
    """End this process, one of multiprocessing's, when its parent is gone, even if it was killed.

    Without this a worker that hands over more than a pipe takes waits for a reader for ever.
    Ctrl+C, which reaches all of a terminal's processes, is left to the parent. To be called in the
    main thread.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()
