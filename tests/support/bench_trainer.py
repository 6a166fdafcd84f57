"""A trainer to measure: the demo preset's, with its real folder and loader."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from support_training import assignments

from core.hand.mano_file import load_hand_model
from core.network.utnet import UTNet
from core.training import process
from core.training.config import with_overrides
from core.training.control import Control
from core.training.data import open_data
from core.training.loop import Trainer
from core.training.presets import preset
from core.training.reporter import Output, Reporter
from core.training.run_folder import RunFolder

BATCH = 16
#: Steps that a median is taken of.
STEPS = 4


@contextmanager
def demo_trainer(folder_path: Path) -> Iterator[Trainer]:
    """On one thread, without validations and diagnoses."""
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
    folder = RunFolder.create(folder_path, config, inputs={})
    device = torch.device("cpu")
    hand_model = load_hand_model(None)
    reporter = Reporter(folder, Output(is_silent=True), device, name="cpu")
    trainer = Trainer(
        process.make_fabric(config, device),
        config,
        open_data(config.data, hand_model, seed=0),
        UTNet(config.network, hand_model),
        average=UTNet(config.network, hand_model),
        folder=folder.path,
        reporter=reporter,
        control=Control(folder),
    )
    yield trainer
    reporter.close()
    folder.release()


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds that this process works."""
    start = time.process_time()
    work()
    return time.process_time() - start
