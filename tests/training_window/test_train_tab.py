"""The Train tab in the whole window: tabs and keys, what is remembered, closing, Inspect."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_trainer
import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from shiboken6 import isValid
from support_window import (
    WAIT_MS,
    Starter,
    close,
    start_window,
    wait_until,
    wait_whole,
    write_dataset,
)

from core.training.run_folder import RunFolder, RunState
from utnet_viewer.docks import INSPECT, TRAIN

CLICK = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier

#: The mesh view goes on refining itself while tests come and go.
pytestmark = pytest.mark.allow_leaks("timers", "pool work")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder that the window's runs lie in; what trains there at the end is ended."""
    monkeypatch.setenv("UTNET_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "fake_trainer.py" in " ".join(process.cmdline()):
                process.kill()
                process.wait(10)


@pytest.fixture
def opener(fonts, runs) -> Iterator[Callable[..., Starter]]:
    """Opens windows; those that a failed test leaves are closed without a question."""
    opened = []

    def open_(*arguments: object) -> Starter:
        opened.append(start_window("--size", "1280x800", *arguments))
        return opened[-1]

    yield open_
    for starter in opened:
        if isValid(starter.window) and starter.window.isVisible():
            starter.window.ask_nothing_more()
            close(starter)


def open_train(starter: Starter, *options: str):
    """Ctrl+2; what stands in for ``utnet`` gets these options."""
    train = starter._menus.train
    train.command = fake_trainer.command(*options)
    QTest.keyClick(starter.window, Qt.Key.Key_2, CTRL)
    wait_until(lambda: train.is_ready)
    return train


def test_tabs_keys_and_what_is_remembered(opener, dataset, runs, qtbot):
    fake_trainer.make_run(runs, name="done", steps=60)
    starter = opener(dataset, "--split", "train")
    window, document = starter.window, starter.session.document
    wait_whole(starter)
    assert starter._menus.train.workspace is None  # nothing of it is made before it is opened
    widths = [dock.width() for dock in window.docks.values()]
    train = open_train(starter)
    assert window.workspace == TRAIN and not window.docks["Samples"].isVisible()
    assert not window.timeline.isVisible() and train.workspace.isVisible()
    assert window.actions_.clashes() == []
    for entry in window.actions_.entries:
        assert entry.action.text() and entry.action.toolTip(), entry

    row = document.row
    train.workspace.header.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_N, Qt.Key.Key_End, Qt.Key.Key_Space):
        QTest.keyClick(window, key)
    assert document.row == row and not starter.session.stepper.is_playing

    splitter = train.workspace._whole
    sizes = splitter.sizes()
    splitter.setSizes([sizes[0] + 90, sizes[1] - 90])
    assert splitter.sizes() != sizes
    window.actions_["reset_layout"].trigger()
    assert splitter.sizes() == sizes and window.workspace == TRAIN

    best = RunFolder(runs / "done").checkpoint("best")
    wait_until(lambda: train.workspace.book.current is not None)
    QTest.keyClick(window, Qt.Key.Key_B, CTRL)
    assert starter.session.checkpoint == str(best)
    assert window.workspace == INSPECT and window.docks["Samples"].isVisible()
    assert [dock.width() for dock in window.docks.values()] == widths
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert document.row == row + 1
    wait_whole(starter)
    QTest.keyClick(window, Qt.Key.Key_2, CTRL)
    close(starter)

    again = opener()
    assert again.window.workspace == TRAIN
    wait_until(lambda: again._menus.train.is_ready)
    assert again._menus.train.workspace.book.current == runs / "done"
    QTest.keyClicks(again.window, "?")
    sheet = next(w for w in again.window.children() if type(w).__name__ == "ShortcutSheet")
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Logarithmic values", "L", "Another moment", "Draw the run in the charts too"} <= words
    sheet.close()


def test_closing_asks_and_the_run_goes_on_or_is_stopped_first(opener, dataset, runs, qtbot):
    starter = opener(dataset, "--split", "train")
    window, train = starter.window, open_train(starter, "--rate", "30", "--steps", "9000")
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    wait_until(lambda: bool(train.workspace.live))
    path = train.workspace.live[0].path

    window.close()
    assert window.isVisible() and "demo is still training" in train.question.title.text()
    QTest.keyClick(train.question, Qt.Key.Key_Escape)
    assert window.isVisible() and train.question is None
    window.close()
    assert train.question.focusWidget() is train.question.keep
    QTest.keyClick(train.question.keep, Qt.Key.Key_Return)
    assert not window.isVisible()
    close(starter)
    assert RunFolder(path).state() == RunState.RUNNING

    again = opener()
    train = again._menus.train
    wait_until(lambda: train.is_ready and bool(train.workspace.live))
    assert train.workspace.book.current == path
    again.window.close()
    QTest.mouseClick(train.question.stop, CLICK)
    assert again.window.isVisible() and train.question.progress.isVisible()
    qtbot.waitUntil(lambda: not again.window.isVisible(), timeout=WAIT_MS)
    close(again)
    assert RunFolder(path).state() == RunState.STOPPED
    assert RunFolder(path).checkpoint("last").exists()


def test_closing_asks_where_train_was_never_opened_too(opener, dataset, runs, qtbot):
    with fake_trainer.started(runs, "--rate", "30", "--steps", "9000") as (_, folder):
        starter = opener(dataset, "--split", "train")
        window, train = starter.window, starter._menus.train
        assert train.workspace is None
        window.close()
        assert window.isVisible() and "fake is still training" in train.question.title.text()
        QTest.mouseClick(train.question.cancel, CLICK)
        assert window.isVisible() and train.question is None
        window.close()
        QTest.mouseClick(train.question.stop, CLICK)
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT_MS)
        close(starter)
        assert train.workspace is None and folder.state() == RunState.STOPPED


def test_a_window_for_a_picture_asks_nobody(opener, dataset, runs, tmp_path):
    with fake_trainer.started(runs, "--rate", "30", "--steps", "9000"):
        starter = opener(
            dataset, "--workspace", "train", "--screenshot", str(tmp_path / "unused.png")
        )
        starter.window.show_workspace(TRAIN)
        train = starter._menus.train
        wait_until(lambda: train.is_ready and bool(train.workspace.live))
        starter.window.close()
        assert not starter.window.isVisible() and train.question is None
        close(starter)
