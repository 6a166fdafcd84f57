"""The fitter as its parent sees it: a process that answers messages and outlives every error."""

import subprocess
import sys

import numpy as np
import pytest
from engine_process import EngineProcess
from support_fitting import synthetic_hand

from core.fitter.exchange import (
    FitOrder,
    SequenceOrder,
    fit_order_message,
    read_fit,
    sequence_order_message,
)
from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import FitTarget
from core.messages import Message

COMMAND = (sys.executable, "-P", "-m", "core.fitter")


@pytest.fixture
def fitter():
    fitter = EngineProcess(COMMAND)
    yield fitter
    fitter.close()


def order(order_id: int) -> FitOrder:
    camera, mano = synthetic_hand(1)
    target = FitTarget(camera, np.full((21, 2), 300.0), np.ones(21), anchor=mano)
    return FitOrder(order_id, target, mano, is_right=True)


def long_sequence(order_id: int) -> SequenceOrder:
    camera, mano = synthetic_hand(1)
    keys = (0, 4999)
    frames = [
        SequenceFrame(n, float(n), camera, mano, mano if n in keys else None) for n in range(5000)
    ]
    return SequenceOrder(order_id, tuple(frames), is_right=True, smoothness=1.0)


def test_what_is_malformed_is_refused_and_the_next_order_is_fitted(fitter):
    good = fit_order_message(order(2))
    lacking = Message("fit", {"id": 1, "is_right": True}, {"weights_px": np.ones(21)})
    endless = Message("fit", {**good.fields, "id": 3}, good.arrays | {"start": np.full(61, np.inf)})
    fitter.send(Message("hand_model", {"path": None}), lacking, Message("dance", {"id": 9}))
    assert "lacks" in fitter.wait_for("failed").fields["sentence"]
    assert "dance" in fitter.wait_for("failed").fields["sentence"]
    fitter.send(good)
    answer = fitter.wait_for("fitted")
    assert answer.fields["id"] == 2
    assert np.isfinite(read_fit(answer).mesh.vertices_mm).all()
    fitter.send(endless)
    assert fitter.wait_for("failed").fields["id"] == 3


def test_without_a_hand_model_nothing_is_fitted(fitter):
    fitter.send(fit_order_message(order(1)))
    assert "No hand model" in fitter.wait_for("failed").fields["sentence"]


def test_it_ends_with_its_parent_in_the_middle_of_a_sequence(fitter):
    fitter.send(Message("hand_model", {"path": None}), sequence_order_message(long_sequence(1)))
    fitter.wait_for("sequence_progress")
    fitter.process.stdin.close()
    assert fitter.process.wait(timeout=30) == 0


def test_what_is_no_message_ends_it_with_a_word(fitter):
    fitter.process.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
    fitter.process.stdin.flush()
    assert fitter.process.wait(timeout=30) == 3
    fitter.wait_for_stderr(b"the fitter was sent something unreadable")


def test_it_imports_neither_torch_nor_a_window():
    code = (
        "import sys, core.fitter.server; "
        "print([name for name in ('torch', 'scipy', 'cv2', 'PySide6') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
