"""The engine as its parent sees it: a process that answers messages and outlives every error."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from engine_process import EngineProcess
from fake_engine import (
    BAD_INPUT,
    COMMAND,
    GATE,
    HANG,
    NO_MEMORY,
    PRINT,
    gate_of,
    make_crop,
    number_of,
)

from core.evaluation.exchange import crop_input_message, read_prediction
from core.messages import Message


def load_message(checkpoint: str = "good", request_id: int = 1) -> Message:
    fields = {"id": request_id, "checkpoint": checkpoint, "hand_model": None, "device": "cpu"}
    return Message("load", fields)


def predict_message(
    request_id: int, order: int = 0, *, prefetch: bool = False, generation: int | None = None
) -> Message:
    fields = {"id": request_id, "generation": generation or request_id, "prefetch": prefetch}
    return crop_input_message("predict", make_crop(order, request_id), **fields)


@pytest.fixture
def engine():
    engine = EngineProcess(COMMAND)
    yield engine
    engine.close()


@pytest.fixture
def checkpoint(tmp_path) -> str:
    return str(tmp_path / "good")


@pytest.fixture
def loaded(engine, checkpoint):
    engine.send(load_message(checkpoint))
    engine.wait_for("ready")
    return engine


@pytest.fixture
def occupied(loaded):
    """An engine in the middle of prediction 10, until `pass_gate`."""
    loaded.send(predict_message(10, GATE))
    loaded.wait_for_stderr(b"begun")
    return loaded


def pass_gate(engine: EngineProcess, checkpoint: str) -> None:
    """Let prediction 10 be answered, once everything sent so far is in the queue."""
    engine.send(Message("nonsense", {"id": -1}))
    engine.wait_for("failed")
    gate_of(checkpoint).touch()


def answered(engine: EngineProcess, last_id: int) -> tuple[list[int], set[int]]:
    """Ids predicted, in order, up to `last_id`; and ids dropped."""
    predicted = []
    while not predicted or predicted[-1] != last_id:
        predicted.append(engine.wait_for("prediction").fields["id"])
    dropped = {m.fields["id"] for m in engine.received if m.kind == "dropped"}
    return predicted, dropped


def test_loading_says_its_phases_and_then_who_it_is(engine):
    engine.send(load_message())
    assert engine.wait_for("phase").fields["note"] == "Loading good."
    ready = engine.wait_for("ready").fields
    assert (ready["device"], ready["model"]) == ("cpu", "fake")


def test_a_crop_is_answered_with_its_prediction(loaded):
    loaded.send(predict_message(7))
    answer = loaded.wait_for("prediction")
    assert answer.fields["id"] == 7
    assert number_of(read_prediction(answer)) == 7


def test_only_the_newest_of_the_waiting_requests_is_answered(occupied, checkpoint):
    occupied.send(*(predict_message(number) for number in range(11, 20)))
    pass_gate(occupied, checkpoint)
    predicted, dropped = answered(occupied, 19)
    assert predicted == [10, 19]
    assert dropped == set(range(11, 19))


def test_prefetches_come_after_the_wanted_one_in_their_order(occupied, checkpoint):
    prefetches = [predict_message(n, prefetch=True, generation=5) for n in (11, 12, 13)]
    occupied.send(*prefetches, predict_message(20))
    pass_gate(occupied, checkpoint)
    predicted, dropped = answered(occupied, 13)
    assert predicted == [10, 20, 11, 12, 13]
    assert not dropped


def test_a_newer_round_of_prefetches_replaces_the_older(occupied, checkpoint):
    occupied.send(
        predict_message(11, prefetch=True, generation=1),
        predict_message(12, prefetch=True, generation=1),
        predict_message(13, prefetch=True, generation=2),
        predict_message(14, prefetch=True, generation=2),
    )
    pass_gate(occupied, checkpoint)
    predicted, dropped = answered(occupied, 14)
    assert predicted == [10, 13, 14]
    assert dropped == {11, 12}


def test_a_prefetch_that_is_wanted_now_comes_first(occupied, checkpoint):
    occupied.send(*(predict_message(n, prefetch=True, generation=5) for n in (11, 12, 13)))
    occupied.send(Message("promote", {"id": 13}))
    pass_gate(occupied, checkpoint)
    predicted, _ = answered(occupied, 12)
    assert predicted == [10, 13, 11, 12]


def test_a_cancelled_request_is_dropped(occupied, checkpoint):
    occupied.send(
        predict_message(11, prefetch=True), predict_message(12, prefetch=True, generation=11)
    )
    occupied.send(Message("cancel", {"id": 11}))
    pass_gate(occupied, checkpoint)
    predicted, dropped = answered(occupied, 12)
    assert predicted == [10, 12]
    assert dropped == {11}


def test_it_beats_while_it_predicts(loaded):
    loaded.send(predict_message(10, HANG))
    loaded.wait_for_stderr(b"begun")
    for _ in range(2):
        while not loaded.wait_for("heartbeat").fields["busy"]:
            pass


def test_stray_prints_do_not_get_between_the_messages(loaded):
    loaded.send(predict_message(10, PRINT))
    assert loaded.wait_for("prediction").fields["id"] == 10
    loaded.send(predict_message(11))
    assert loaded.wait_for("prediction").fields["id"] == 11
    loaded.close()
    for stray in (b"print from Python", b"write from a library", b"puts from C"):
        assert stray in loaded.stderr


@pytest.mark.parametrize(
    ("order", "code", "word"),
    [(NO_MEMORY, "out_of_memory", "memory"), (BAD_INPUT, "bad_input", "does not like")],
)
def test_an_error_is_an_answer_and_not_a_death(loaded, order, code, word):
    loaded.send(predict_message(10, order))
    failure = loaded.wait_for("failed").fields
    assert failure["code"] == code
    assert word in failure["sentence"]
    loaded.send(predict_message(11))
    assert loaded.wait_for("prediction").fields["id"] == 11


def test_a_malformed_request_is_answered_by_name(loaded):
    good = predict_message(10)
    loaded.send(Message("predict", good.fields, {"image": good.arrays["image"][:10]}))
    failure = loaded.wait_for("failed").fields
    assert failure["id"] == 10
    assert "image" in failure["sentence"]
    loaded.send(Message("sing", {"id": 11}))
    assert "sing" in loaded.wait_for("failed").fields["sentence"]
    loaded.send(Message("predict", {**good.fields, "generation": "soon"}, good.arrays))
    assert "soon" in loaded.wait_for("failed").fields["sentence"]
    loaded.send(Message("predict", {}, good.arrays))
    assert loaded.wait_for("failed").fields["id"] is None
    loaded.send(predict_message(12))
    assert loaded.wait_for("prediction").fields["id"] == 12


def test_an_interrupt_of_the_terminal_does_not_end_it(loaded):
    loaded.process.send_signal(signal.SIGINT)
    loaded.send(predict_message(10))
    assert loaded.wait_for("prediction").fields["id"] == 10


def test_a_bad_checkpoint_is_refused_and_a_good_one_can_follow(engine):
    engine.send(load_message("garbage", 1))
    failure = engine.wait_for("load_failed").fields
    assert failure["id"] == 1
    assert "garbage is no checkpoint" in failure["sentence"]
    engine.send(predict_message(5))
    assert engine.wait_for("failed").fields["code"] == "not_loaded"
    engine.send(load_message("good", 2))
    assert engine.wait_for("ready").fields["id"] == 2


def test_garbage_on_its_stdin_ends_it_with_a_word(engine):
    engine.process.stdin.write(b"GET / HTTP/1.1\r\n\r\n")
    engine.process.stdin.flush()
    assert engine.process.wait(timeout=30) == 3
    engine.close()
    assert b"unreadable" in engine.stderr


def test_it_ends_when_its_stdin_closes_even_in_the_middle_of_a_prediction(loaded):
    loaded.send(predict_message(10, HANG))
    loaded.wait_for_stderr(b"begun")
    loaded.process.stdin.close()
    assert loaded.process.wait(timeout=30) == 0


def test_it_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.read(1)\n"  # it has begun
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script), *COMMAND],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=30)
    try:
        child.wait(timeout=30)
    finally:
        if child.is_running():
            child.kill()
