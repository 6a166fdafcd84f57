"""Brings Open3D in after the window is on screen.

Importing it takes about 0.4 s (and as long again with the web pages left out here). In a thread it
holds Python's lock for at most about 80 ms at a time (while its C++ classes are registered), once;
loading its library beforehand with a plain ``dlopen`` was measured and gains nothing.
"""

import importlib
import sys
import threading
from types import ModuleType

from PySide6.QtCore import QObject, Signal

#: What Open3D wants dash and plotly for. Nothing here uses it.
_WEB_PAGES = "open3d.visualization.draw_plotly"

#: So often its import is begun.
_TRIES = 20


def leave_out_web_pages() -> None:
    """Call before importing Open3D: puts an empty module in the place of its web pages."""
    stand_in = ModuleType(_WEB_PAGES)
    stand_in.get_plotly_fig = stand_in.draw_plotly = stand_in.draw_plotly_server = None
    sys.modules.setdefault(_WEB_PAGES, stand_in)


def is_loaded() -> bool:
    """Whether `import open3d` costs nothing any more."""
    return "open3d" in sys.modules


def import_beside_others(library: str) -> None:
    """Import while other threads import too.

    Open3D walks through `sys.modules` at its end, which raises RuntimeError when another thread's
    import adds to it meanwhile, such as that of a workspace. Nothing else is wrong, and it is
    imported again; where that happens time and again, the error is raised.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            importlib.import_module(library)
            return
        except RuntimeError as error:
            if not tries_left or "changed size during iteration" not in str(error):
                raise


class Open3DLoader(QObject):
    """Imports Open3D in a thread; `finished` brings "" or why it cannot be had."""

    finished = Signal(str)

    def __init__(self, parent: QObject | None = None, *, library: str = "open3d") -> None:
        super().__init__(parent)
        self._library = library
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
        leave_out_web_pages()
        try:
            import_beside_others(self._library)
        except (ImportError, OSError) as problem:
            self.finished.emit(f"Open3D cannot be loaded: {problem}. Run make run again.")
        else:
            self.finished.emit("")
