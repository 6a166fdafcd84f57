"""The guard against leftovers: each leak is planted in a test session of its own and is named."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"

PLANTED = """
import subprocess, sys, threading, time
import leak_guard, pytest
from PySide6.QtCore import QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QDialog, QWidget

leak_guard.GRACE_S = 0.4
kept = []
release = threading.Event()


class Panel(QWidget):
    def __init__(self):
        super().__init__()
        self._refresh_timer = QTimer(self)


def sleep_in_child():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_leaks_thread():
    threading.Thread(target=release.wait, name="planted-thread", daemon=True).start()

def test_leaks_process():
    kept.append(sleep_in_child())

def test_child_of_the_previous_test_was_ended():
    kept[0].wait(timeout=5)

def test_leaks_window(qtbot):
    kept.append(QDialog(objectName="planted-window"))
    kept[-1].show()

def test_leaks_hidden_window(qtbot):
    kept.append(QWidget(objectName="planted-hidden"))

def test_leaks_timer(qtbot):
    panel = Panel()
    kept.append(panel)
    panel._refresh_timer.start(1000)

def test_leaks_qthread(qtbot):
    kept.append(QThread(objectName="planted-qthread"))
    kept[-1].start()

def test_leaks_pool_work(qtbot):
    QThreadPool.globalInstance().start(lambda: time.sleep(2))

def test_leaks_and_fails(qtbot):
    window = QWidget()
    window.show()
    assert False, "the only report"

@pytest.mark.allow_leaks("threads")
def test_may_leak_thread():
    threading.Thread(target=release.wait, daemon=True).start()

def test_healthy_without_qt():
    thread = threading.Thread(target=time.sleep, args=(0.05,))
    thread.start()
    with sleep_in_child() as child:
        child.kill()

def test_healthy_thread_about_to_end():
    threading.Thread(target=time.sleep, args=(0.1,)).start()

def test_healthy_with_qt(qtbot):
    panel = Panel()
    qtbot.addWidget(panel)
    panel.show()
    panel._refresh_timer.start(1000)
    thread = QThread(panel)
    thread.start()
    thread.quit()
    thread.wait()

def test_healthy_window_in_a_cycle(qtbot):
    panel = Panel()
    panel.myself = panel
    panel._refresh_timer.start(1000)
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> dict[str, str]:
    """Test name -> what its errors and failures say; empty for a test that passed."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "test_planted.py").write_text(PLANTED)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    allow_leaks\n")
    plugins = ["-p", "leak_guard", "-p", "pytestqt.plugin"]
    settings = {
        "PYTHONPATH": str(SUPPORT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "QT_QPA_PLATFORM": "offscreen",
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--junitxml=report.xml"],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    assert (folder / "report.xml").exists(), run.stdout + run.stderr
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")
    reports: dict[str, str] = {}
    for case in cases:
        said = "".join(f"[{part.tag}] {part.get('message')} {part.text}" for part in case)
        reports[case.get("name")] = reports.get(case.get("name"), "") + said
    return reports


@pytest.mark.parametrize(
    ("test", "named"),
    [
        ("test_leaks_thread", "threads: planted-thread, now in wait"),
        ("test_leaks_process", "time.sleep(60)"),
        ("test_leaks_window", "planted-window"),
        ("test_leaks_hidden_window", "planted-hidden"),
        ("test_leaks_timer", "held by Panel._refresh_timer"),
        ("test_leaks_qthread", "planted-qthread"),
        ("test_leaks_pool_work", "pool work:"),
    ],
)
def test_names_what_leaked(reports, test, named):
    assert "this test left behind" in reports[test]
    assert named in reports[test]


@pytest.mark.parametrize(
    "test",
    [
        "test_healthy_without_qt",
        "test_healthy_thread_about_to_end",
        "test_healthy_with_qt",
        "test_healthy_window_in_a_cycle",
        "test_may_leak_thread",
    ],
)
def test_is_silent(reports, test):
    assert reports[test] == ""


def test_ends_a_leaked_process(reports):
    assert reports["test_child_of_the_previous_test_was_ended"] == ""


def test_says_nothing_about_a_test_that_failed_anyway(reports):
    assert "the only report" in reports["test_leaks_and_fails"]
    assert "left behind" not in reports["test_leaks_and_fails"]
