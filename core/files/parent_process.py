"""Processes that must not outlive the one that started them."""

import multiprocessing
import os
import threading


def end_with_the_parent() -> None:
    """End this process, one of multiprocessing's, when its parent is gone, even if it was killed.

    Without this a worker that hands over more than a pipe takes waits for a reader for ever.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()
