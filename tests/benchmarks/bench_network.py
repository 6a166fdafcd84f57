"""How long the tiny network takes on one CPU thread: a prediction, and a step of training."""

import pytest
import torch
from support_network import batch_of_noise, tiny_network

pytestmark = pytest.mark.benchmark

BATCH = 16


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_one_prediction(benchmark):
    network, inputs = tiny_network(), batch_of_noise(True)
    with torch.inference_mode():
        benchmark.pedantic(network, args=(inputs,), rounds=20, warmup_rounds=3)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_one_training_step(benchmark, bfloat16):
    network, inputs = tiny_network().train(), batch_of_noise(*[True] * BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            output = network(inputs)
        loss = output.auxiliary.keypoints_norm.abs().mean()
        for hand in (output.coarse, output.final):
            loss = loss + hand.keypoints_norm.abs().mean() + hand.vertices_mm.std() / 1000
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    benchmark.pedantic(step, rounds=3, warmup_rounds=1)
