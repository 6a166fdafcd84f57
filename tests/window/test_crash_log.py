"""Errors nobody caught: written down, and shown by the thread that may touch widgets."""

import sys
import threading

import pytest
from PySide6.QtCore import QThreadPool

from utnet_viewer.crash_log import catch_uncaught


@pytest.fixture
def shown(qapp, monkeypatch) -> list[tuple[str, str, threading.Thread]]:
    """What was shown, and in which thread."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    shown = []
    catch_uncaught(
        lambda sentence, details: shown.append((sentence, details, threading.current_thread()))
    )
    return shown


def fail() -> None:
    raise ValueError("planted")


def check(shown, qtbot) -> None:
    qtbot.waitUntil(lambda: len(shown) == 1, timeout=20_000)
    ((sentence, details, thread),) = shown
    assert sentence == "ValueError: planted"
    assert "in fail" in details
    assert thread is threading.main_thread()


def test_from_the_windows_own_thread(shown, qtbot):
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    check(shown, qtbot)


def test_from_a_thread_of_python(shown, qtbot):
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    check(shown, qtbot)


def test_from_a_worker_of_qt(shown, qtbot):
    pool = QThreadPool()
    pool.start(fail)
    pool.waitForDone()
    check(shown, qtbot)


def test_a_window_that_is_gone_is_no_second_error(qapp, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    def show(sentence: str, details: str) -> None:
        raise RuntimeError("the window is gone")

    catch_uncaught(show)
    error = ValueError("planted")
    sys.excepthook(ValueError, error, None)
