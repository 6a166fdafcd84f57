"""``--screenshot``: the finished window as a PNG, or a reason."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from listening import listening_sockets
from support_window import close, wait_until
from window_engine import COMMAND

from utnet_viewer import screenshot
from utnet_viewer.app import Starter
from utnet_viewer.arguments import build_parser


def take(*arguments: object) -> tuple[Starter, list[int]]:
    """Run the window with a command line until it says that it has finished."""
    statuses: list[int] = []
    line = [*map(str, arguments), "--checkpoint", "good", "--theme", "dark"]
    starter = Starter(build_parser().parse_args(line), engine_command=COMMAND)
    starter.finished.connect(statuses.append)
    starter.start()
    wait_until(lambda: bool(statuses))
    return starter, statuses


def test_the_picture_shows_the_finished_window(fonts, dataset, tmp_path):
    path = tmp_path / "window.png"
    before = set(listening_sockets(os.getpid()))  # of tests that were in this process
    starter, statuses = take(dataset, "--size", "1280x800", "--screenshot", path)
    try:
        assert statuses == [0]
        # Window and engine talk through pipes; nobody can connect to either.
        assert set(listening_sockets(os.getpid())) <= before
        picture = cv2.imread(str(path))
        assert picture.shape == (800, 1280, 3)
        # The photo of the dataset is colourful, the dark window is not.
        assert np.ptp(picture.astype(int), axis=2).max() > 100
        assert starter.session.document.sample.prediction is not None
    finally:
        close(starter)


def test_a_dataset_that_cannot_be_opened_is_a_reason_and_status_one(fonts, tmp_path, capsys):
    path = tmp_path / "window.png"
    starter, statuses = take(tmp_path / "nowhere", "--screenshot", path)
    try:
        assert statuses == [1] and not path.exists()
        assert "nowhere" in capsys.readouterr().err
    finally:
        close(starter)


def test_a_picture_that_cannot_be_written_is_a_reason(fonts, dataset, tmp_path, capsys):
    starter, statuses = take(dataset, "--screenshot", tmp_path / "no folder" / "window.png")
    try:
        assert statuses == [1]
        assert "cannot be written" in capsys.readouterr().err
    finally:
        close(starter)


def test_a_window_that_never_finishes_is_given_up(fonts, dataset, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(screenshot, "TIMEOUT_S", 0.0)
    starter, statuses = take(dataset, "--screenshot", tmp_path / "window.png")
    try:
        assert statuses == [1]
        assert "not finished after" in capsys.readouterr().err
    finally:
        close(starter)


@pytest.mark.slow
def test_the_command_itself(dataset, tmp_path):
    path = tmp_path / "window.png"
    command = [sys.executable, "-m", "utnet_viewer.app", str(dataset), "--frame", "CD2/0001"]
    result = subprocess.run(
        [*command, "--screenshot", str(path)], capture_output=True, text=True, timeout=110
    )
    assert result.returncode == 0, result.stderr
    assert cv2.imread(str(path)) is not None
