"""``--screenshot``: wait for the finished window, save it, and say whether that worked."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from utnet_viewer.session import Session

TIMEOUT_S = 120.0

#: How long nothing may change before the window counts as finished.
QUIET_S = 1.0


class Screenshot(QObject):
    """Looks ten times a second; closes the window with status 0, or 1 and a reason."""

    finished = Signal(int)  # exit status

    def __init__(
        self, session: Session, path: Path, *, panels_are_done: Callable[[], bool]
    ) -> None:
        super().__init__(session)
        self._session, self._path, self._panels_are_done = session, path, panels_are_done
        self._began_at, self._settled_at = time.monotonic(), float("nan")
        self._timer = QTimer(self, interval=100)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        session, now = self._session, time.monotonic()
        if session.refusal is not None:
            self._end(session.refusal.text)
        elif session.is_settled and self._panels_are_done():
            if self._settled_at != self._settled_at:
                self._settled_at = now
            elif now - self._settled_at >= QUIET_S:
                self._save()
        else:
            self._settled_at = float("nan")
            if now - self._began_at > TIMEOUT_S:
                state = session.document.engine
                self._end(
                    f"the window was not finished after {TIMEOUT_S:.0f} s "
                    f"(engine: {state.phase}. {state.note})"
                )

    def _save(self) -> None:
        is_saved = self._session.window.grab().save(str(self._path))
        self._end("" if is_saved else f"{self._path} cannot be written")

    def _end(self, problem: str) -> None:
        self._timer.stop()
        if problem:
            print(f"utnet-viewer: no screenshot: {problem}", file=sys.stderr)
        self._session.window.close()
        self.finished.emit(1 if problem else 0)
