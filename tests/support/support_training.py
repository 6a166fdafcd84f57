"""Small things to train: frames, batches, a tiny network, a real training process."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from support_network import stand_in
from support_samples import make_sample

import core
from core.data.crops import CropInput, crop_input
from core.data.frame import Frame
from core.events import EventReader
from core.geometry.crop import CropTransform
from core.network.utnet import UTNet
from core.network_config import NetworkConfig
from core.training.config import LossConfig, TrainingConfig, with_overrides
from core.training.crop_dataset import Batch, CropDataset
from core.training.losses import HandLoss
from core.training.presets import preset
from core.training.process import new_run, resumed_run, train
from core.training.reporter import Output
from core.training.run_folder import RunFolder
from core.training.steps import StepTable

TINY = {"network.token_width": 64, "network.blocks": 1, "network.graph_layers": 1}
#: A run of seconds on the embedded demo frames.
SHORT = {
    **TINY,
    "network.num_scales": 1,
    "data.frames": 4,
    "data.validation_frames": 3,
    "data.workers": 0,
    "data.in_memory": False,
    "optimisation.batch_size": 2,
    "optimisation.warmup_steps": 1,
    "optimisation.precision": "32-true",
    "run.device": "cpu",
    "run.threads": 1,
    "run.steps": 6,
    "run.validate_every_steps": 3,
    "run.checkpoint_every_steps": 2,
    "run.diagnostics_every_steps": 0,
    "run.fixed_samples": 2,
}


@cache
def labelled_frame(seed: int = 0) -> Frame:
    """A whole frame with all its labels."""
    return make_sample(seed=seed).frame


class WholeFrames:
    """Frames as a source to draw from, exactly as they are."""

    def __init__(self, frames: list[Frame]) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def labels(self, row: int) -> Frame:
        return self._frames[row]

    def crops(self, rows: Sequence[int], transforms: Sequence[CropTransform]) -> list[CropInput]:
        return [crop_input(self._frames[r], t) for r, t in zip(rows, transforms, strict=True)]


def batch_of(frames: list[Frame], *, seed: int = 0) -> Batch:
    """The frames as one batch, each in its own upright crop."""
    dataset = CropDataset(WholeFrames(frames), None, seed=seed)
    return Batch.of([dataset[0, row] for row in range(len(frames))])


def small_network(*, seed: int = 0, **settings: object) -> UTNet:
    """A UTNet of one block, in training mode; without random depth unless asked for."""
    torch.manual_seed(seed)
    sizes = {"token_width": 64, "blocks": 1, "graph_layers": 1, "num_scales": 1, "drop_depth": 0.0}
    return UTNet(NetworkConfig(**(sizes | settings)), stand_in()).train()


def loss_of(network: UTNet, **weights: float) -> HandLoss:
    """The loss with its default weights but for those named."""
    return HandLoss(LossConfig(**weights), network)


def short_config(**overrides: object) -> TrainingConfig:
    """The demo preset cut down to `SHORT`; "__" in a name stands for the dot of a key."""
    given = {name.replace("__", "."): value for name, value in overrides.items()}
    return with_overrides(preset("demo"), assignments(SHORT | given))


def assignments(values: dict[str, object]) -> list[str]:
    """KEY=VALUE for the command line."""
    text = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
    return [f"{key}={text(value)}" for key, value in values.items()]


def train_command(*arguments: str) -> list[str]:
    """A real training process's command."""
    return [sys.executable, "-m", "core.cli.main", "train", *arguments]


def process_environment(**more: str) -> dict[str, str]:
    """One thread a process, and the repository to import from."""
    root = str(Path(core.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", **more}


def train_here(
    runs: Path, *, resume: Path | None = None, **overrides: object
) -> tuple[int, RunFolder]:
    """A whole training in this process: its exit status and its folder.

    `overrides` are keys with "__" for the dot, on top of `SHORT` or of the resumed run's own.
    """
    if resume is None:
        config = short_config(**overrides)
        folder = new_run(config, runs)
    else:
        given = {name.replace("__", "."): value for name, value in overrides.items()}
        config = with_overrides(RunFolder.open(resume).config(), assignments(given))
        folder = resumed_run(resume, config)
    status = train(config, folder, resume=resume, output=Output(is_silent=True))
    return status, RunFolder.open(folder.path)


def events_of(folder: RunFolder, kind: type | None = None) -> list:
    """All events of a run, or those of one kind."""
    events = EventReader(folder.events_file).refresh()
    return [event for event in events if kind is None or isinstance(event, kind)]


def column(folder: RunFolder, name: str) -> np.ndarray:
    """A column of the run's table of steps."""
    return StepTable.open(folder.steps_file).column(name)


def start_training(*arguments: str, **more: str) -> subprocess.Popen:
    """Start a real training process; its output is one pipe."""
    return subprocess.Popen(
        train_command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=process_environment(**more),
    )
