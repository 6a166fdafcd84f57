"""What a step of a run costs beside the network's bare forward and backward pass."""

import statistics

import pytest
from bench_trainer import STEPS, cpu_s, demo_trainer

from core.evaluation.loader import Feed
from core.training.loop import Trainer

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]


@pytest.fixture
def trainer(tmp_path):
    with demo_trainer(tmp_path) as trainer:
        yield trainer


def bare_pass(trainer, batch) -> None:
    """Forward and backward of network and loss: what no trainer can do without."""
    network = trainer.stepper.network.train()
    output = network(batch.inputs)
    loss = output.auxiliary.keypoints_norm.square().mean()
    for hand in (output.coarse, output.final):
        loss = loss + hand.keypoints_norm.square().mean() + hand.vertices_mm.square().mean()
    loss.backward()
    network.zero_grad(set_to_none=True)


def test_a_step_and_what_is_told_of_it(benchmark, trainer):
    """CPU time of this process: the loader's workers have a core of their own."""
    with trainer._open_feed(4 * STEPS) as feed:
        batch = next(feed)
        step = lambda: trainer._step(feed, 1000)
        bare = lambda: bare_pass(trainer, batch)
        step(), bare()
        pairs = [(cpu_s(step), cpu_s(bare)) for _ in range(STEPS)]
        ratio = statistics.median(whole / alone for whole, alone in pairs)
        told = time_told(trainer, feed)
        benchmark.pedantic(step, rounds=2)
    benchmark.extra_info["step over bare pass"] = round(ratio, 3)
    benchmark.extra_info["share of telling"] = round(told, 4)
    print(benchmark.extra_info)
    assert ratio < 1.15
    assert told < 0.01


def time_told(trainer: Trainer, feed: Feed) -> float:
    """Share of a step's CPU time that goes into status, table, requests and TensorBoard."""
    spent = []
    reporter, control = trainer.reporter, trainer.control
    original = reporter.stepped

    def stepped(*arguments, **options):
        spent.append(cpu_s(lambda: (control.look(), original(*arguments, **options))))

    reporter.stepped = stepped
    whole = cpu_s(lambda: [trainer._step(feed, 1000) for _ in range(STEPS)])
    reporter.stepped = original
    return sum(spent) / whole
