"""A training process from its configuration to its exit status."""

import copy
import hashlib
import logging
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from core.data.ho3d.layout import list_path
from core.evaluation.predictor import choose_device
from core.files.embedded import dataset_folder
from core.hand.hand_model import HandModel
from core.hand.mano_file import load_hand_model
from core.network.utnet import UTNet
from core.training.annotated import used_annotations
from core.training.config import TrainingConfig
from core.training.control import Control, StopRequested
from core.training.data import RunData, open_data
from core.training.failures import Circumstances, failure_of
from core.training.loop import Trainer
from core.training.precision import precision_of
from core.training.processes import is_first_process
from core.training.reporter import Output, Reporter
from core.training.run_folder import RunFolder
from core.training.start import load_start_weights

FINISHED, FAILED, BAD_CONFIGURATION, STOPPED = 0, 1, 2, 3

#: Libraries whose version can change a result.
_LIBRARIES = ("utnet-viewer", "torch", "numpy", "opencv-python-headless", "lightning-fabric")


def new_run(config: TrainingConfig, runs_root: Path) -> RunFolder | None:
    """Make the run's folder; None in a further process of it, which writes nothing."""
    if not is_first_process():
        return None
    return RunFolder.create(runs_root, config, inputs=describe_inputs(config))


def resumed_run(path: Path, config: TrainingConfig) -> RunFolder | None:
    """Own an existing run, with its configuration as it is from here on; None as in `new_run`.

    Raises FolderBusyError where another process trains it.
    """
    if not is_first_process():
        return None
    folder = RunFolder.open(path)
    folder.acquire()
    folder.write_config(config)
    return folder


def train(
    config: TrainingConfig, folder: RunFolder | None, *, resume: Path | None, output: Output
) -> int:
    """Train until the end, a request to stop, or a failure; the process's exit status.

    `resume` is the folder of the run to go on with, in every process of it.
    """
    device = choose_device(config.run.device)
    control = Control(folder)
    control.listen()
    reporter = Reporter(folder, output, device, name=_device_name(device))
    try:
        _train(config, device, resume or (folder and folder.path), reporter, control)
        reporter.ended("finished", FINISHED)
        return FINISHED
    except StopRequested:
        reporter.say("stopped; it can be resumed")
        reporter.ended("stopped", STOPPED)
        return STOPPED
    except Exception as error:  # every failure gets a name, a remedy and the log
        circumstances = Circumstances(config.optimisation, config.data.workers, device)
        with _deaf_to_workers():
            reporter.failed(failure_of(error, circumstances), error)
        return FAILED
    finally:
        control.stop_listening()
        reporter.close()
        if folder is not None:
            folder.release()


@contextmanager
def _deaf_to_workers() -> Iterator[None]:
    """Not to hear of dead workers for a while: torch's handler raises in whatever runs just then,
    and that would be the telling of a failure."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        yield
        return
    handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        # None: set by other than Python, which cannot be put back from here.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if handler is None else handler)


def _train(
    config: TrainingConfig,
    device: torch.device,
    folder: Path | None,
    reporter: Reporter,
    control: Control,
) -> None:
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    fabric = make_fabric(config, device)
    fabric.launch()
    reporter.phase("reading data")
    hand_model = load_hand_model(config.data.hand_model or None)
    data = open_data(
        config.data, hand_model, seed=config.run.seed, beat=_reading_beat(reporter, control)
    )
    for note in data.notes:
        reporter.warn(note)
    reporter.phase("starting")
    seed_everything(config.run.seed)
    _tell_precision(config, device, reporter)
    trainer = _make_trainer(fabric, config, data, hand_model, folder, reporter, control)
    is_resumed = trainer.resume()
    if fabric.global_rank > 0 and not is_resumed:
        seed_everything(config.run.seed + fabric.global_rank)
    reporter.update(step=trainer.progress.step, epoch=trainer.epoch, best=trainer.progress.best)
    reporter.started(total_steps=trainer.total_steps, versions=versions())
    _warn_of_short_run(trainer, reporter)
    trainer.run()


def _make_trainer(
    fabric: Fabric,
    config: TrainingConfig,
    data: RunData,
    hand_model: HandModel,
    folder: Path | None,
    reporter: Reporter,
    control: Control,
) -> Trainer:
    network = UTNet(config.network, hand_model)
    if config.run.start_from:
        reporter.say(load_start_weights(network, Path(config.run.start_from)))
    network.to(fabric.device)
    reporter.say(
        f"{len(data.training)} training frames, {len(data.validation)} validation frames, "
        f"{sum(p.numel() for p in network.parameters()) / 1e6:.1f} million parameters, "
        f"on {reporter.device_name}"
    )
    return Trainer(
        fabric,
        config,
        data,
        network,
        average=copy.deepcopy(network),
        folder=folder or Path(),
        reporter=reporter,
        control=control,
    )


def make_fabric(config: TrainingConfig, device: torch.device) -> Fabric:
    """One device, several, or several machines; under torchrun as many as it was told."""
    # It prints what it computes in, into the JSON lines of whoever follows; the log has that.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    devices = int(os.environ.get("LOCAL_WORLD_SIZE", config.run.devices))
    nodes = int(os.environ.get("GROUP_WORLD_SIZE", config.run.nodes))
    is_parallel = devices * nodes > 1
    strategy: Any = DDPStrategy(forward_sync_buffers=False) if is_parallel else "auto"
    return Fabric(
        accelerator=device.type,
        devices=devices,
        num_nodes=nodes,
        strategy=strategy,
        precision=precision_of(config.optimisation.precision, device),
    )


def _tell_precision(config: TrainingConfig, device: torch.device, reporter: Reporter) -> None:
    """What a run computes in that left it to the device."""
    if config.optimisation.precision == "auto":
        chosen = precision_of("auto", device)
        why = "computes in bfloat16" if chosen == "bf16-mixed" else "does not compute in bfloat16"
        reporter.say(f"precision {chosen}, since {reporter.device_name} {why}")


def seed_everything(seed: int) -> None:
    """Start every random number generator of this process."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _reading_beat(reporter: Reporter, control: Control) -> Callable[[int, int], None]:
    def beat(done: int, total: int) -> None:
        reporter.progress(done, total, "reading data")
        if "stop" in control.look():
            raise StopRequested

    return beat


def _warn_of_short_run(trainer: Trainer, reporter: Reporter) -> None:
    warmup = trainer.config.optimisation.warmup_steps
    if warmup >= trainer.total_steps:
        reporter.warn(
            f"the run is {trainer.total_steps} steps long and its warm-up {warmup}: it ends before "
            "the learning rate has risen; lower optimisation.warmup_steps"
        )


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)


def describe_inputs(config: TrainingConfig) -> dict[str, Any]:
    """What a run starts from, with hashes where a file could change: plain JSON."""
    root = dataset_folder(config.data.dataset)
    held_out = dataset_folder(config.data.validation_dataset or config.data.dataset)
    files = {
        "training_list": list_path(root, config.data.split),
        "validation_list": list_path(held_out, config.data.validation_split),
        "hand_model": Path(config.data.hand_model) if config.data.hand_model else None,
        "start_from": Path(config.run.start_from) if config.run.start_from else None,
    }
    return {
        "dataset": str(root.absolute()),
        "validation_dataset": str(held_out.absolute()),
        "annotations": used_annotations(config.data),
        "sha256": {name: _sha256(path) for name, path in files.items()},
        "versions": versions(),
    }


def _sha256(path: Path | None) -> str | None:
    """Of a file's content; None where there is none, which the run itself will complain about."""
    if path is None or not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of this program and of the libraries that can change a result."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
