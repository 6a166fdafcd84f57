"""Follows the runs of a folder on a thread of its own and tells the window what is new.

The thread reads only what was appended, thins curves out, and hands over views that never change;
the window's event loop waits for nothing. What the window did not take yet is replaced by what is
newer, so a busy window falls behind in pictures, never in time.
"""

import threading
import time
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, QThread, QTimer, Signal

from core.training.run_folder import RunFolderError, RunSummary
from core.training.run_history import RunHistory, RunView
from core.training.run_list import RunList

#: Between two looks at a followed run that is alive, at another followed run, at the list.
LIVE_INTERVAL_S = 0.25
CALM_INTERVAL_S = 1.0
LIST_INTERVAL_S = 1.0
#: Looking takes at most this share of the thread's time, whatever a look costs.
_MOST_LOOKING = 0.25
#: Between two parts of a long file; whoever waits for the interpreter gets it.
_BREATH_S = 0.003


class RunMonitor(QObject):
    """The runs in a folder, and the course of those that are followed.

    Runs are found whoever started them: a new window sees what an older one left running.
    """

    runs_changed = Signal(object)  # list[RunSummary], newest first
    run_updated = Signal(object)  # RunView of a followed run
    problem_changed = Signal(str)  # why the runs cannot be read; "" when they can again

    def __init__(self, runs_root: Path | str, parent: QObject | None = None) -> None:
        """Begin to look; the folder may not exist yet. Call `close` at the end."""
        super().__init__(parent)
        self.runs: list[RunSummary] = []
        self.views: dict[Path, RunView] = {}
        self._is_closed = False
        self._follower = _Follower(Path(runs_root).expanduser().absolute())
        self._follower.has_news.connect(self._take_one)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)
        self._follower.start()

    @property
    def runs_root(self) -> Path:
        """The folder whose runs are listed."""
        return self._follower.root

    def set_runs_root(self, runs_root: Path | str) -> None:
        """List the runs of another folder from now on."""
        self._follower.order(root=Path(runs_root).expanduser().absolute())

    def follow(self, paths: Iterable[Path]) -> None:
        """Follow exactly these runs; each new one is reported as soon as it is read."""
        wanted = frozenset(Path(path).absolute() for path in paths)
        self.views = {path: view for path, view in self.views.items() if path in wanted}
        self._follower.order(followed=wanted)

    def look_now(self) -> None:
        """Look at everything at once instead of when it is due; returns at once."""
        self._follower.order(now=True)

    def close(self) -> None:
        """End the thread; waits for what it reads just now, some milliseconds. Twice is once."""
        self._is_closed = True
        self._follower.end()

    def _take_one(self) -> None:
        """Pass on one piece of news; the next comes after the event loop has turned."""
        if self._is_closed:
            return
        news, has_more = self._follower.take()
        if has_more:
            # Not by another queued call: the event loop takes those before it paints.
            QTimer.singleShot(0, self, self._take_one)
        if isinstance(news, RunView):
            if self._follower.is_followed(news.path):
                self.views[news.path] = news
                self.run_updated.emit(news)
        elif isinstance(news, str):
            self.problem_changed.emit(news)
        elif news is not None:
            self.runs = news
            self.runs_changed.emit(news)


class _Follower(QThread):
    """The thread. What is shared with the window's thread is touched under `_lock` only."""

    has_news = Signal()

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.setObjectName("run monitor")
        self.root = root
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_over = False
        self._look_now = False
        self._followed: frozenset[Path] = frozenset()
        self._begun: frozenset[Path] = frozenset()  # followed (again) since the last look
        self._news: dict[object, RunView | list[RunSummary] | str] = {}
        # Of the thread alone.
        self._list = RunList(root)
        self._last_list: list[RunSummary] | None = None
        self._last_problem = ""
        self._histories: dict[Path, RunHistory] = {}
        self._due_s: dict[Path | None, float] = {}

    # For the window's thread.

    def order(
        self,
        *,
        root: Path | None = None,
        followed: frozenset[Path] | None = None,
        now: bool = False,
    ) -> None:
        with self._lock:
            self.root = root or self.root
            if followed is not None:
                self._begun |= followed - self._followed
                self._followed = followed
            self._look_now = self._look_now or now
        self._wake.set()

    def is_followed(self, path: Path) -> bool:
        with self._lock:
            return path in self._followed

    def take(self) -> tuple[RunView | list[RunSummary] | str | None, bool]:
        """The oldest piece of news, and whether there is more; `has_news` tells of the first."""
        with self._lock:
            if not self._news:
                return None, False
            return self._news.pop(next(iter(self._news))), bool(self._news)

    def end(self) -> None:
        self._is_over = True
        self._wake.set()
        self.wait()

    # The thread.

    def run(self) -> None:
        while not self._is_over:
            self._wake.clear()
            self._take_orders()
            now_s = time.monotonic()
            for path in [p for p in (None, *self._histories) if self._due_s.get(p, 0.0) <= now_s]:
                self._look(path)
                if self._is_over:
                    return
            due_s = min(self._due_s[path] for path in (None, *self._histories))
            self._wake.wait(max(0.0, due_s - time.monotonic()))

    def _take_orders(self) -> None:
        with self._lock:
            root, followed, look_now = self.root, self._followed, self._look_now
            begun, self._begun, self._look_now = self._begun, frozenset(), False
        if root != self._list.root:
            self._list, self._last_list = RunList(root), None
            look_now = True
        kept = {path: self._histories.get(path) or RunHistory(path) for path in followed}
        self._histories = kept
        # Who follows a run again has forgotten its view, also where this thread saw no moment
        # between: as one that was never looked at it is told of at once.
        known = {None, *kept} - begun
        self._due_s = {} if look_now else {p: s for p, s in self._due_s.items() if p in known}

    def _look(self, path: Path | None) -> None:
        began_s = time.monotonic()
        interval_s = self._look_at_list() if path is None else self._look_at_run(path)
        now_s = time.monotonic()
        self._due_s[path] = now_s + max(interval_s, (now_s - began_s) / _MOST_LOOKING)

    def _look_at_list(self) -> float:
        problem = ""
        try:
            runs = self._list.refresh()
        except RunFolderError as error:
            runs, problem = [], str(error)
        if problem != self._last_problem:
            self._last_problem = problem
            self._tell("problem", problem)
        if runs != self._last_list:
            self._last_list = runs
            self._tell("runs", runs)
        return LIST_INTERVAL_S

    def _look_at_run(self, path: Path) -> float:
        history = self._histories[path]
        before = history.view if path in self._due_s else None
        view = history.refresh()
        while history.is_behind and not self._is_over:
            time.sleep(_BREATH_S)
            view = history.refresh()
        if view is not before:
            self._tell(path, view)
        return LIVE_INTERVAL_S if view.state.is_alive else CALM_INTERVAL_S

    def _tell(self, about: object, news: RunView | list[RunSummary] | str) -> None:
        with self._lock:
            is_first = not self._news
            self._news[about] = news
        if is_first:
            self.has_news.emit()
