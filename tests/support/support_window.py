"""The whole window, driven by tests and benchmarks: an engine without torch, a tiny dataset."""

import threading
import time
from pathlib import Path

import psutil
from ho3d_tree import Tree, evaluation_label, hand_in_opengl, picture, training_label
from PySide6.QtTest import QTest
from window_engine import COMMAND

from core.hand.mano_file import load_hand_model
from utnet_viewer.app import Starter
from utnet_viewer.arguments import build_parser

WAIT_MS = 60_000

#: Sequences of the tiny dataset and how many frames they have.
SEQUENCES = {"AB1": 14, "CD2": 6}


def write_dataset(root: Path, *, size: tuple[int, int] = (120, 160)) -> None:
    """Twenty training frames of two sequences, two evaluation frames; pictures of (h, w)."""
    model = load_hand_model()
    names = [f"{seq}/{n:04d}" for seq, count in SEQUENCES.items() for n in range(count)]
    train, evaluation = Tree(root), Tree(root, split="evaluation")
    for number, name in enumerate(names):
        label = training_label(hand_in_opengl(model, number))
        train.add(name, label, image=picture(size, seed=number))
    train.list(*names)
    for name in ("EV1/0000", "EV1/0001"):
        evaluation.add(name, evaluation_label(hand_in_opengl(model, 7)), image=picture(size))
    evaluation.list("EV1/0000", "EV1/0001")
    train.settle()


def start_window(*arguments: object, checkpoint: str = "good") -> Starter:
    """Start the window with a command line; waits until the session and all panels are there."""
    command_line = [*map(str, arguments), "--checkpoint", checkpoint]
    starter = Starter(build_parser().parse_args(command_line), engine_command=COMMAND)
    starter.start()
    wait_until(lambda: starter.session is not None and starter.has_all_panels())
    starter.window.activateWindow()
    return starter


def wait_until(condition, timeout_ms: int = WAIT_MS) -> None:
    """Run the event loop until a condition holds; for fixtures that outlive a test."""
    deadline = time.monotonic() + timeout_ms / 1000
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        QTest.qWait(5)


def wait_whole(starter: Starter) -> None:
    """Until the selected sample is on screen with its prediction."""

    def is_whole() -> bool:
        return starter.session.is_settled and (
            starter.session.document.sample.prediction is not None
        )

    wait_until(is_whole)


def wait_threads(starter: Starter) -> None:
    """Until all threads run that stay: for a window that outlives the test that opened it."""
    wait_whole(starter)
    wait_until(lambda: any(thread.name == "annotations" for thread in threading.enumerate()))


def close(starter: Starter) -> None:
    """Close the window and wait for its engine and threads to end."""
    pid = None if starter.session is None else starter.session.engine.process_id
    starter.window.close()
    starter.end()
    if pid is not None:
        wait_until(lambda: not is_running(pid))
    starter.window.deleteLater()
    starter.deleteLater()


def is_running(pid: int) -> bool:
    """Whether a process lives."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
