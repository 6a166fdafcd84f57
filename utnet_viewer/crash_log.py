"""The log file, and errors nobody caught: shown, written down, survived."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    QStandardPaths,
    QThread,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

LOG_SIZE_BYTES = 1_000_000

log = logging.getLogger("utnet_viewer")


def log_path() -> Path:
    """Where the log lies: the platform's folder for application data that may be lost."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
    return Path(place) / "utnet-viewer" / "log.txt"


def start_log() -> str:
    """Write the log to `log_path`; returns why that is impossible, "" when it works."""
    log.setLevel(logging.INFO)
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=LOG_SIZE_BYTES, backupCount=1, encoding="utf-8", delay=False
        )
    except OSError as error:
        return f"There is no log file: {path} cannot be written ({error.strerror})."
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return ""


def log_qt_messages() -> None:
    """Send what Qt has to say to the log; what stops it goes to stderr as well."""

    def take(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        serious = kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
        log.log(logging.ERROR if serious else logging.INFO, "Qt: %s", text)
        if serious:
            sys.stderr.write(f"{text}\n")

    qInstallMessageHandler(take)


class _Teller(QObject):
    """Brings what went wrong in another thread to the one that may touch widgets."""

    caught = Signal(str, str)  # sentence, details

    def __init__(self, show: Callable[[str, str], None]) -> None:
        super().__init__()
        self._show = show
        self.caught.connect(self.tell)

    def tell(self, sentence: str, details: str) -> None:
        """Show it, as long as there is a window."""
        try:
            self._show(sentence, details)
        except RuntimeError as gone:  # the window is being torn down
            log.error("an error could not be shown: %s: %s", gone, sentence)


def catch_uncaught(show: Callable[[str, str], None]) -> None:
    """Send exceptions nobody caught, in any thread, to the log and to ``show(sentence, details)``.

    `show` is called in the thread that called this.
    """
    teller = _Teller(show)

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("%s", details)
        sys.stderr.write(details)
        sentence = f"{kind.__name__}: {error}"
        if QThread.currentThread() is teller.thread():
            teller.tell(sentence, details)
        else:
            teller.caught.emit(sentence, details)

    sys.excepthook = hook
    threading.excepthook = lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback)
