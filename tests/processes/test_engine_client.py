"""The engine client as the window uses it, against a real process with a fake network."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from fake_engine import BAD_INPUT, COMMAND, CRASH, GATE, HANG, gate_of, make_crop, number_of

from utnet_viewer.processes.engine_client import EngineClient

WAIT_MS = 60_000


class Listener:
    """Everything the client has said, in order."""

    def __init__(self, client: EngineClient) -> None:
        self.ready: dict = {}
        self.order: list = []
        self.failed: dict = {}
        self.phases: list[str] = []
        client.prediction_ready.connect(self._on_ready)
        client.prediction_failed.connect(lambda key, why: self.failed.update({key: why}))
        client.state_changed.connect(lambda state: self.phases.append(state.phase))

    def _on_ready(self, key, prediction) -> None:
        self.ready[key] = prediction
        self.order.append(key)


@pytest.fixture
def make_client(qtbot):
    clients = []

    def make(checkpoint: str | None = "good", **options) -> EngineClient:
        client = EngineClient(command=COMMAND, **options)
        clients.append(client)
        client.heard = Listener(client)
        if checkpoint is not None:
            client.start(checkpoint)
        return client

    yield make
    for client in clients:
        process = None if client.process_id is None else psutil.Process(client.process_id)
        client.stop()
        if process is not None:
            qtbot.waitUntil(lambda process=process: not is_running(process), timeout=WAIT_MS)
        client.deleteLater()


@pytest.fixture
def checkpoint(tmp_path) -> str:
    return str(tmp_path / "good")


@pytest.fixture
def client(make_client, qtbot, checkpoint):
    client = make_client(checkpoint)
    qtbot.waitUntil(lambda: client.state.phase == "ready", timeout=WAIT_MS)
    return client


def is_running(process: psutil.Process) -> bool:
    return psutil.pid_exists(process.pid)  # until it is reaped: a zombie is a leftover too


def wait_for(qtbot, condition) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


@pytest.fixture
def occupied(client, qtbot):
    """A client whose engine is in the middle of predicting "first", until `pass_gate`."""
    client.request("first", make_crop(GATE, 1))
    wait_for(qtbot, lambda: "begun" in client.last_output)
    return client


def pass_gate(qtbot, client: EngineClient, checkpoint: str) -> None:
    """Let "first" be answered, once the engine has had everything that was sent so far."""
    wait_for(qtbot, lambda: client._process.unsent_bytes == 0)
    qtbot.wait(100)
    gate_of(checkpoint).touch()


def test_it_starts_loads_and_says_who_answers(client):
    assert client.heard.phases == ["starting", "starting", "ready"]
    assert (client.state.device, client.state.model) == ("cpu", "fake")
    assert client.state.note == "A fake."


def test_a_request_is_answered(client, qtbot):
    client.request("MC1/0001", make_crop(number=3))
    assert client.state.phase == "busy"
    wait_for(qtbot, lambda: "MC1/0001" in client.heard.ready)
    assert number_of(client.heard.ready["MC1/0001"]) == 3
    assert client.state.phase == "ready"


def test_a_request_before_the_engine_is_ready_waits_for_it(make_client, qtbot):
    client = make_client("slow")
    client.request("old", make_crop(number=1))
    client.request("new", make_crop(number=2))
    wait_for(qtbot, lambda: bool(client.heard.ready))
    assert client.heard.order == ["new"]


def test_while_a_key_is_held_only_the_newest_request_is_computed(occupied, qtbot, checkpoint):
    for number in range(2, 30):
        occupied.request(number, make_crop(number=number))
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: 29 in occupied.heard.ready)
    assert occupied.heard.order == ["first", 29]
    assert not occupied.heard.failed


def test_a_known_prediction_comes_at_once(client, qtbot):
    client.prefetch([("next", make_crop(number=5))])
    wait_for(qtbot, lambda: client.cached("next") is not None)
    client.heard.order.clear()
    client.request("next", make_crop(CRASH))
    assert client.heard.order == ["next"]
    assert client.state.phase == "ready"


def test_prefetches_yield_to_requests(occupied, qtbot, checkpoint):
    occupied.prefetch([(f"next {n}", make_crop(number=n)) for n in (1, 2, 3)])
    occupied.request("wanted", make_crop(number=9))
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: "next 3" in occupied.heard.ready)
    assert occupied.heard.order == ["first", "wanted", "next 1", "next 2", "next 3"]


def test_neighbours_that_become_known_one_by_one_are_all_predicted(occupied, qtbot, checkpoint):
    """As the window reads them: every list holds those before, which are under way already."""
    neighbours = [(f"next {n}", make_crop(number=n)) for n in (1, 2, 3, 4)]
    for count in (1, 2, 3, 4):
        occupied.prefetch(neighbours[:count])
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: len(occupied.heard.ready) == 5)
    assert occupied.heard.order == ["first", "next 1", "next 2", "next 3", "next 4"]


def test_neighbours_come_in_the_order_asked_for_last(occupied, qtbot, checkpoint):
    crops = {n: (f"next {n}", make_crop(number=n)) for n in (1, 2, 3, 4)}
    occupied.prefetch([crops[1], crops[2], crops[3]])
    occupied.prefetch([crops[3], crops[4], crops[2]])  # the person turned round
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: "next 4" in occupied.heard.ready)
    assert occupied.heard.order == ["first", "next 3", "next 2", "next 4"]
    assert occupied.cached("next 1") is None


def test_a_neighbour_that_is_dropped_and_wanted_again_is_predicted(occupied, qtbot, checkpoint):
    """The engine's word that it dropped it comes after it was asked for again."""
    one, two = (("next 1", make_crop(number=1)), ("next 2", make_crop(number=2)))
    for wanted in (one, two, one):
        occupied.prefetch([wanted])
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: "next 1" in occupied.heard.ready)
    assert occupied.cached("next 2") is None


def test_a_prefetch_under_way_is_not_asked_for_twice(occupied, qtbot, checkpoint):
    occupied.prefetch([(f"next {n}", make_crop(number=n)) for n in (1, 2, 3)])
    occupied.request("next 3", make_crop(number=3))
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: "next 2" in occupied.heard.ready)
    assert occupied.heard.order == ["first", "next 3", "next 1", "next 2"]


def test_going_back_to_a_request_that_was_pushed_out_asks_again(occupied, qtbot, checkpoint):
    occupied.request("a", make_crop(number=1))
    occupied.request("b", make_crop(number=2))
    occupied.request("a", make_crop(number=1))
    pass_gate(qtbot, occupied, checkpoint)
    wait_for(qtbot, lambda: "a" in occupied.heard.ready)


def test_the_cache_keeps_the_newest_and_knows_its_checkpoint(make_client, qtbot):
    client = make_client(cache_size=3)
    client.prefetch([(n, make_crop(number=n)) for n in range(5)])
    wait_for(qtbot, lambda: 4 in client.heard.ready)
    assert [n for n in range(5) if client.cached(n)] == [2, 3, 4]
    client.start("another")
    assert client.cached(4) is None
    wait_for(qtbot, lambda: client.state.phase == "ready")
    client.request(4, make_crop(number=40))
    wait_for(qtbot, lambda: number_of(client.heard.ready[4]) == 40)
    client.start("good")
    assert number_of(client.cached(4)) == 4


def test_a_retrained_checkpoint_of_the_same_name_is_not_answered_from_the_cache(
    make_client, qtbot, tmp_path
):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"before")
    client = make_client(str(path))
    client.prefetch([("key", make_crop(number=1))])
    wait_for(qtbot, lambda: client.cached("key") is not None)
    path.write_bytes(b"after training")
    client.start(str(path))
    assert client.cached("key") is None


def test_an_error_of_the_network_fails_that_request_alone(client, qtbot):
    client.request("bad", make_crop(BAD_INPUT))
    wait_for(qtbot, lambda: "bad" in client.heard.failed)
    assert "does not like" in client.heard.failed["bad"]
    assert client.state.phase == "ready"
    client.request("good", make_crop(number=1))
    wait_for(qtbot, lambda: "good" in client.heard.ready)


def test_a_killed_engine_is_said_and_can_be_restarted(client, qtbot):
    client.request("wanted", make_crop(HANG, 4))
    os.kill(client.process_id, signal.SIGKILL)
    wait_for(qtbot, lambda: client.state.phase == "dead")
    assert "signal 9" in client.state.note
    assert "signal 9" in client.heard.failed["wanted"]
    assert client.process_id is None

    client.request("later", make_crop(number=6))
    assert "signal 9" in client.heard.failed["later"]
    client.restart()
    wait_for(qtbot, lambda: "later" in client.heard.ready)
    assert client.state.phase == "ready"


def test_a_crash_leaves_its_last_words(client, qtbot):
    client.request("wanted", make_crop(CRASH))
    wait_for(qtbot, lambda: client.state.phase == "dead")
    assert "about to crash" in client.last_output
    assert client.state.note.startswith("The engine was ended by signal 6")


def test_a_silent_engine_is_said_and_forgiven(make_client, qtbot):
    client = make_client(silence_s=1.2)
    wait_for(qtbot, lambda: client.state.phase == "ready")
    engine = psutil.Process(client.process_id)
    engine.suspend()
    wait_for(qtbot, lambda: "has not answered" in client.state.note)
    assert client.state.phase == "busy"
    engine.resume()
    wait_for(qtbot, lambda: client.state.phase == "ready")
    assert client.state.note == "A fake."


def test_a_suspended_engine_can_be_restarted(make_client, qtbot):
    client = make_client()
    wait_for(qtbot, lambda: client.state.phase == "ready")
    engine = psutil.Process(client.process_id)
    engine.suspend()
    client.restart()
    wait_for(qtbot, lambda: client.state.phase == "ready")
    assert client.process_id != engine.pid
    assert not is_running(engine)


def test_a_suspended_engine_takes_no_endless_requests(client, qtbot):
    engine = psutil.Process(client.process_id)
    engine.suspend()
    for number in range(200):
        client.request(number, make_crop(number=number))
        client.prefetch([(f"next {number}", make_crop())])
    assert client._process.unsent_bytes < 6 << 20
    engine.resume()
    wait_for(qtbot, lambda: 199 in client.heard.ready)


def test_a_refused_checkpoint_is_said_and_another_can_follow(make_client, qtbot):
    client = make_client("garbage")
    client.request("wanted", make_crop(number=2))
    wait_for(qtbot, lambda: client.state.phase == "dead")
    assert "garbage is no checkpoint" in client.state.note
    assert "garbage is no checkpoint" in client.heard.failed["wanted"]
    client.start("good")
    wait_for(qtbot, lambda: "wanted" in client.heard.ready)


def test_a_program_that_cannot_be_started_is_said(qtbot):
    client = EngineClient(command=("/no/such/python",))
    client.start("good")
    wait_for(qtbot, lambda: client.state.phase == "dead")
    assert "could not be started" in client.state.note


def test_a_program_that_talks_something_else_is_stopped(qtbot):
    client = EngineClient(command=(sys.executable, "-c", "print('hello'); input()"))
    client.start("good")
    wait_for(qtbot, lambda: client.state.phase == "dead")
    assert "unreadable" in client.state.note
    assert "hello" in client.state.note


def test_stop_ends_the_process_even_while_it_hangs(client, qtbot):
    client.request("wanted", make_crop(HANG))
    engine = psutil.Process(client.process_id)
    client.stop()
    assert client.state.phase == "off"
    wait_for(qtbot, lambda: not is_running(engine))
    assert client.state.phase == "off"
    assert not client.heard.failed


@pytest.mark.parametrize("end", ["application.quit()", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_no_engine_outlives_the_application(end):
    script = f"""
import os, sys
from PySide6.QtCore import QCoreApplication
from fake_engine import COMMAND, HANG, make_crop
from utnet_viewer.processes.engine_client import EngineClient
application = QCoreApplication([])
client = EngineClient(command=COMMAND)
def on_state(state):
    if state.phase == "ready":
        client.request("wanted", make_crop(HANG))
        print(client.process_id, flush=True)
        {end}
client.state_changed.connect(on_state)
client.start("good")
application.exec()
"""
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "support")]
    application = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    with application.stdout:
        pid = int(application.stdout.readline())
    application.wait(timeout=60)
    try:
        psutil.Process(pid).wait(timeout=30)
    except psutil.NoSuchProcess:
        return


def test_the_answer_is_the_prediction_that_was_sent(client, qtbot):
    crop = make_crop(number=3)
    client.request("key", crop)
    wait_for(qtbot, lambda: "key" in client.heard.ready)
    prediction = client.heard.ready["key"]
    assert prediction.crop == crop.transform
    np.testing.assert_array_equal(prediction.vertices_mm, np.full((778, 3), 3.0))
    assert prediction.coarse_joints_mm is None
