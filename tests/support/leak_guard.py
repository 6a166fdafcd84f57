"""Fails a test that leaves something behind: threads, child processes, windows, timers, QThreads.

What one test leaves running breaks another one, minutes later and elsewhere; here it is named at
once. A test that must leave something says so: ``@pytest.mark.allow_leaks("threads")``.
"""

import gc
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

import psutil
import pytest

GRACE_S = 1.0
"""How long a leftover may take to end by itself."""

HELPERS_OF_PYTHON = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Child processes that Python itself starts once and keeps until the end."""


class Kind(NamedTuple):
    """One kind of thing that a test can leave behind."""

    name: str
    find: Callable[[], dict[Hashable, Any]]
    """What exists now. The keys must not keep it alive: they are remembered during the test."""
    describe: Callable[[Any], str]
    tidy: Callable[[Any], None]
    """Ends it, so that the next test does not suffer."""


Leak = tuple[Kind, Any]


# --- threads and child processes ------------------------------------------------------------


def _find_threads() -> dict[Hashable, threading.Thread]:
    # A dummy stands for a thread that Python did not start and never hears the end of.
    alive = (t for t in threading.enumerate() if not isinstance(t, threading._DummyThread))
    return {thread: thread for thread in alive if thread.is_alive()}


def _describe_thread(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return thread.name
    code = frame.f_code
    return f"{thread.name}, now in {code.co_name} ({code.co_filename}:{frame.f_lineno})"


def _has_children() -> bool:
    """A system call instead of a walk through all processes; True where it cannot be told."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _find_processes() -> dict[Hashable, psutil.Process]:
    if not _has_children():
        return {}
    children = psutil.Process().children(recursive=True)
    return {(p.pid, p.create_time()): p for p in children if _is_running_child(p)}


def _is_running_child(process: psutil.Process) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        command = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False
    return not any(helper in command for helper in HELPERS_OF_PYTHON)


def _describe_process(process: psutil.Process) -> str:
    try:
        return f"pid {process.pid}: {' '.join(process.cmdline())[:200]}"
    except psutil.Error:
        return f"pid {process.pid}"


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
        process.wait(timeout=5)
    except psutil.Error:
        pass  # it was quicker


# --- Qt -------------------------------------------------------------------------------------


def _address(qt_object: Any) -> int:
    import shiboken6

    return shiboken6.getCppPointer(qt_object)[0]


def _wrapped(qt_class: type) -> Iterable[Any]:
    import shiboken6

    return (w for w in shiboken6.getAllValidWrappers() if isinstance(w, qt_class))


def _find_windows() -> dict[Hashable, Any]:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    # Menus and lists of combo boxes are windows too; hidden, they belong to their widget.
    asleep = (Qt.WindowType.Popup, Qt.WindowType.ToolTip)
    windows = QApplication.topLevelWidgets() if QApplication.instance() else []
    return {_address(w): w for w in windows if w.isVisible() or w.windowType() not in asleep}


def _find_timers() -> dict[Hashable, Any]:
    from PySide6.QtCore import QTimer

    return {_address(t): t for t in _wrapped(QTimer) if t.isActive()}


def _find_qthreads() -> dict[Hashable, Any]:
    from PySide6.QtCore import QCoreApplication, QThread

    app = QCoreApplication.instance()
    main = _address(app.thread()) if app else None
    return {_address(t): t for t in _wrapped(QThread) if t.isRunning() and _address(t) != main}


def _find_pool() -> dict[Hashable, Any]:
    from PySide6.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    return {"pool": pool} if pool.activeThreadCount() else {}


def _describe_qt(qt_object: Any) -> str:
    holders = _holders(qt_object)
    return repr(qt_object) + (f", held by {', '.join(holders)}" if holders else "")


def _holders(wanted: Any) -> list[str]:
    """The attributes and globals that refer to an object, as 'Panel._timer'."""
    names = []
    for scope in (r for r in gc.get_referrers(wanted) if isinstance(r, dict)):
        keys = [key for key, value in scope.items() if value is wanted and isinstance(key, str)]
        for owner in gc.get_referrers(scope):
            if keys and getattr(owner, "__dict__", None) is scope:
                owner_name = getattr(owner, "__name__", type(owner).__name__)
                names += [f"{owner_name}.{key}" for key in keys]
    return names


def _close_window(window: Any) -> None:
    # hide, not close: a closeEvent may ask "really?" and wait for ever.
    window.hide()
    window.deleteLater()


def _end_qthread(thread: Any) -> None:
    thread.requestInterruption()
    thread.quit()
    thread.wait(1000)


def _do_nothing(_: Any) -> None:
    """A Python thread and a pool's work cannot be ended from outside."""


PLAIN_KINDS = [
    Kind("threads", _find_threads, _describe_thread, _do_nothing),
    Kind("processes", _find_processes, _describe_process, _kill),
]
QT_KINDS = [
    Kind("windows", _find_windows, _describe_qt, _close_window),
    Kind("timers", _find_timers, _describe_qt, lambda timer: timer.stop()),
    Kind("qthreads", _find_qthreads, _describe_qt, _end_qthread),
    Kind("pool work", _find_pool, repr, lambda pool: pool.clear()),
]


# --- the guard ------------------------------------------------------------------------------


def uses_qt(request: pytest.FixtureRequest) -> bool:
    return not {"qtbot", "qapp", "qtmodeltester"}.isdisjoint(request.fixturenames)


def _kinds_for(request: pytest.FixtureRequest) -> list[Kind]:
    kinds = PLAIN_KINDS + (QT_KINDS if uses_qt(request) else [])
    marks = request.node.iter_markers("allow_leaks")
    allowed = {name for mark in marks for name in mark.args}
    if unknown := allowed - {kind.name for kind in PLAIN_KINDS + QT_KINDS}:
        pytest.fail(f"allow_leaks knows no {sorted(unknown)}", pytrace=False)
    return [kind for kind in kinds if kind.name not in allowed]


def _let_qt_finish() -> None:
    if "PySide6.QtCore" not in sys.modules:
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    if QCoreApplication.instance():
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _leaks(kinds: list[Kind], before: dict[str, set]) -> list[Leak]:
    return [
        (kind, thing)
        for kind in kinds
        for key, thing in kind.find().items()
        if key not in before[kind.name]
    ]


def _leaks_that_stay(kinds: list[Kind], before: dict[str, set]) -> list[Leak]:
    _let_qt_finish()
    if not _leaks(kinds, before):
        return []
    gc.collect()  # a window in a reference cycle is garbage, not a leak
    deadline = time.monotonic() + GRACE_S
    while True:
        _let_qt_finish()
        leaks = _leaks(kinds, before)
        if not leaks or time.monotonic() > deadline:
            return leaks
        del leaks  # it would keep alive what is about to go
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def leak_guard(request: pytest.FixtureRequest):
    kinds = _kinds_for(request)
    before = {kind.name: set(kind.find()) for kind in kinds}
    yield
    leaks = _leaks_that_stay(kinds, before)
    lines = [f"  {kind.name}: {kind.describe(thing)}" for kind, thing in leaks]
    for kind, thing in leaks:
        kind.tidy(thing)
    _collect()
    # The traceback of a failed test keeps its windows alive: that is not worth a second report.
    if lines and not request.node.stash.get(HAS_FAILED, False):
        pytest.fail("this test left behind:\n" + "\n".join(lines), pytrace=False)


#: Between collections of everything, in tests; the others look at what is new.
_TESTS_BETWEEN = 100
_test_number = itertools.count(1)


def pytest_sessionstart() -> None:
    """Widgets of dead cycles are taken apart between tests, never in a thread of theirs: see
    `utnet_viewer.garbage`."""
    gc.disable()


def _collect() -> None:
    gc.collect(1 if next(_test_number) % _TESTS_BETWEEN else 2)


HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.failed:
        item.stash[HAS_FAILED] = True
    return report
