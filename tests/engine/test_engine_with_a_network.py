"""The real engine with a real, if random, network: one process through a whole life."""

import sys

import numpy as np
import pytest
import torch
from engine_process import EngineProcess
from listening import listening_sockets
from support_network import awake, crop_of_noise, stand_in, tiny_network

from core.evaluation.exchange import crop_input_message, read_prediction
from core.evaluation.predictor import Predictor
from core.files.checkpoint_card import CheckpointCard
from core.messages import Message
from core.network.checkpoints import save_checkpoint


@pytest.fixture
def engine():
    engine = EngineProcess((sys.executable, "-P", "-m", "core.engine"))
    yield engine
    engine.close()


def load_message(checkpoint: object, request_id: int, **others: object) -> Message:
    fields = {"id": request_id, "checkpoint": str(checkpoint), "hand_model": None, "device": "cpu"}
    return Message("load", {**fields, **others})


@pytest.mark.timeout(300)  # it imports torch twice, on machines that may be busy
def test_it_refuses_what_is_no_checkpoint_and_answers_as_the_predictor_does(engine, tmp_path):
    garbage, good = tmp_path / "garbage.safetensors", tmp_path / "good.safetensors"
    garbage.write_bytes(b"garbage" * 1000)
    save_checkpoint(good, awake(tiny_network()), card=CheckpointCard("random"))

    engine.send(load_message(garbage, 1))
    refused = engine.wait_for("load_failed", timeout_s=90).fields["sentence"]
    assert str(garbage) in refused
    engine.send(load_message(good, 2, device="cuda:99"))
    assert "cuda:99" in engine.wait_for("load_failed").fields["sentence"]
    engine.send(load_message(good, 3, hand_model=str(garbage)))
    assert str(garbage) in engine.wait_for("load_failed").fields["sentence"]
    engine.send(load_message(good, 4))
    ready = engine.wait_for("ready").fields
    assert (ready["device"], ready["model"]) == ("cpu", "good")
    assert ready["note"].startswith("random, trained on")

    crop = crop_of_noise(np.random.default_rng(0))
    engine.send(crop_input_message("predict", crop, id=5, generation=5, prefetch=False))
    answer = read_prediction(engine.wait_for("prediction"))
    assert listening_sockets(engine.process.pid) == []  # it hears its pipe only
    threads = torch.get_num_threads()
    (expected,) = Predictor(good, stand_in(), "cpu").predict([crop])
    torch.set_num_threads(threads)
    np.testing.assert_allclose(answer.joints_mm, expected.joints_mm, atol=0.01)
    np.testing.assert_allclose(answer.vertices_mm, expected.vertices_mm, atol=0.01)
    assert answer.used_depth is True
    phases = [m.fields["note"] for m in engine.received if m.kind == "phase"]
    assert phases[-3:] == [
        "Loading the hand model.",
        "Loading good.safetensors.",
        "Warming up on cpu.",
    ]
