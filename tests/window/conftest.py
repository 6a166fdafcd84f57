"""The whole window, with real panels, a tiny dataset and an engine without torch."""

from pathlib import Path

import pytest
from support_window import (
    Starter,
    close,
    start_window,
    wait_threads,
    wait_until,
    wait_whole,
    write_dataset,
)

from utnet_viewer.style import load_fonts


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Path:
    """See `write_dataset`."""
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    write_dataset(root)
    return root


@pytest.fixture(scope="session")
def fonts(qapp):
    qapp.setStyle("Fusion")
    load_fonts()


@pytest.fixture(scope="module")
def shared_window(fonts, dataset):
    """One window for all tests of a file that leave it as they found it."""
    starter = start_window(dataset, "--split", "train", "--size", "1280x800")
    wait_threads(starter)
    yield starter
    close(starter)


@pytest.fixture
def opened(shared_window, qtbot) -> Starter:
    """The shared window at its first sample, predicted; nothing filtered, sorted or playing."""
    session = shared_window.session
    shared_window.window.activateWindow()  # a dialog of the test before had the keys
    wait_until(shared_window.window.isActiveWindow)
    session.stepper.stop()
    session.samples.filter.clear()
    session.samples.apply_filter()
    session.samples.unsort()
    session.document.select(0)
    wait_whole(shared_window)
    return shared_window
