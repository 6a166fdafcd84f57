"""What a step of a run costs beside the network's bare forward and backward pass."""

import statistics
import time

import pytest
import torch
from support_training import assignments

from core.hand.mano_file import load_hand_model
from core.network.utnet import UTNet
from core.training import process
from core.training.config import with_overrides
from core.training.control import Control
from core.training.data import open_data
from core.training.loader import Feed
from core.training.loop import Trainer
from core.training.presets import preset
from core.training.reporter import Output, Reporter
from core.training.run_folder import RunFolder

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

BATCH = 16
STEPS = 4


@pytest.fixture
def trainer(tmp_path):
    """The demo preset's trainer, with its real folder and loader, and no validation."""
    values = {
        "run.device": "cpu",
        "run.threads": 1,
        "run.steps": 1000,
        "run.diagnostics_every_steps": 0,
        "data.validation_frames": 2,
        "optimisation.batch_size": BATCH,
    }
    config = with_overrides(preset("demo"), assignments(values))
    torch.set_num_threads(1)
    folder = RunFolder.create(tmp_path, config, inputs={})
    device = torch.device("cpu")
    fabric = process.make_fabric(config, device)
    hand_model = load_hand_model(None)
    reporter = Reporter(folder, Output(is_silent=True), device, name="cpu")
    network = UTNet(config.network, hand_model)
    trainer = Trainer(
        fabric,
        config,
        open_data(config.data, hand_model, seed=0),
        network,
        average=UTNet(config.network, hand_model),
        folder=folder.path,
        reporter=reporter,
        control=Control(folder),
    )
    yield trainer
    reporter.close()
    folder.release()


def bare_pass(trainer, batch) -> None:
    """Forward and backward of network and loss: what no trainer can do without."""
    network = trainer.stepper.network.train()
    output = network(batch.inputs)
    loss = output.auxiliary.keypoints_norm.square().mean()
    for hand in (output.coarse, output.final):
        loss = loss + hand.keypoints_norm.square().mean() + hand.vertices_mm.square().mean()
    loss.backward()
    network.zero_grad(set_to_none=True)


def cpu_s(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


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
