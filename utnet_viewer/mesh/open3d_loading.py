"""Brings Open3D in after the window is on screen.

Importing it takes about a second. A thread does that, and first lets the dynamic linker map the
228 MB library through a plain C call: that part, most of the time, then runs without Python's lock
and the event loop goes on. Python's own ``import`` would hold the lock throughout.
"""

import ctypes
import importlib.util
import os
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal


def is_loaded() -> bool:
    """Whether `import open3d` costs nothing any more."""
    return "open3d" in sys.modules


class Open3DLoader(QObject):
    """Imports Open3D in a thread; `finished` brings "" or why it cannot be had."""

    finished = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, once; `finished` comes through the event loop."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="open3d import", daemon=True)
            self._thread.start()

    def join(self) -> None:
        """Wait for the thread: an import cannot be stopped half-way."""
        if self._thread is not None:
            self._thread.join()

    def _load(self) -> None:
        try:
            _map_library()
            import open3d.t.geometry  # noqa: F401
        except (ImportError, OSError) as problem:
            self.finished.emit(f"Open3D cannot be loaded: {problem}")
        else:
            self.finished.emit("")


def _map_library() -> None:
    """Let the linker load libOpen3D without Python's lock; only speed hangs on it."""
    spec = importlib.util.find_spec("open3d")
    if not sys.platform.startswith("linux") or spec is None or not spec.submodule_search_locations:
        return
    folder = Path(next(iter(spec.submodule_search_locations)))
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    os.environ.setdefault("TCM_ENABLE", "1")  # as open3d/__init__ does before TBB comes in
    for library in (*sorted(folder.glob("libtbb.so*")), *sorted(folder.glob("libOpen3D.so*"))):
        dlopen(str(library).encode(), os.RTLD_NOW)
