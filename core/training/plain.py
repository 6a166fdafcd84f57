"""The short plain trainer behind the demo checkpoint: one device, one process, frames in memory.

    python -m core.training.plain DATASET [DATASET ...] --out demo.safetensors --minutes 60

It learns for a span of wall-clock time: warm-up and a cosine over the elapsed share, so that a
slow machine still ends with a settled network. Figures are written beside the checkpoint.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from core.data.augment import Augmentation
from core.data.frame import Frame
from core.files.checkpoint_card import CheckpointCard
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import load_weights, save_checkpoint
from core.network.inputs import collate
from core.network.utnet import UTNet
from core.network_config import NetworkConfig
from core.training.crop_dataset import CropDataset, Targets, stack_targets
from core.training.frames import load_frames
from core.training.losses import LossWeights, loss_terms
from core.training.validation import baselines, held_out_figures

GRADIENT_NORM_LIMIT = 1.0
EMA_DECAY = 0.998
WARM_UP_SHARE = 0.03


def batches(dataset: CropDataset, batch_size: int, seed: int):
    """Endless (NetworkInput, Targets) in a new order every epoch."""
    while True:
        order = np.random.default_rng((seed, dataset.epoch)).permutation(len(dataset))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            samples = [dataset[row] for row in order[start : start + batch_size]]
            yield collate([sample.crop for sample in samples]), stack_targets(samples)
        dataset.epoch += 1


def optimiser_of(network: UTNet, learning_rate: float) -> torch.optim.AdamW:
    """AdamW; biases, norms and embeddings are not decayed."""
    decayed = [p for p in network.parameters() if p.requires_grad and p.ndim >= 2]
    plain = [p for p in network.parameters() if p.requires_grad and p.ndim < 2]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))


def learning_rate_share(share_done: float, *, decay: bool) -> float:
    """Warm-up, then a cosine to zero (or, without `decay`, none); `share_done` in [0, 1]."""
    if share_done < WARM_UP_SHARE:
        return max(share_done / WARM_UP_SHARE, 1e-3)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, share_done)) if decay else 1.0


def running_average(
    average: torch.Tensor, current: torch.Tensor, updates: torch.Tensor
) -> torch.Tensor:
    """Exponential average that follows quickly at first, so that it never holds the start."""
    pace = max(1 - EMA_DECAY, 1 / (1 + 0.1 * float(updates)))
    return average + (current - average) * pace


class PlainTrainer:
    """Trains one network on frames in memory for a span of time."""

    def __init__(self, network: UTNet, dataset: CropDataset, arguments: argparse.Namespace):
        self.network = network
        self.arguments = arguments
        self.optimiser = optimiser_of(network, arguments.learning_rate)
        self.ema = AveragedModel(network, avg_fn=running_average, use_buffers=False)
        self.dataset = dataset
        self.batches = batches(dataset, arguments.batch_size, arguments.seed)
        self.weights = LossWeights()
        self.device = next(network.parameters()).device
        self.step = 0

    def advance(self, share_done: float) -> dict[str, float]:
        """One optimiser step; returns the raw loss terms."""
        inputs, targets = next(self.batches)
        inputs = inputs.to(self.device)
        targets = Targets(**{k: v.to(self.device) for k, v in vars(targets).items()})
        share = learning_rate_share(share_done, decay=self.arguments.decay)
        for group in self.optimiser.param_groups:
            group["lr"] = self.arguments.learning_rate * share
        self.network.train()
        # The network itself keeps geometry in float32.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.arguments.bf16):
            output = self.network(inputs)
        loss, values = loss_terms(output, targets, self.weights)
        if not torch.isfinite(loss):
            raise ValueError(f"the loss is not finite at step {self.step}: {values}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM_LIMIT)
        self.optimiser.step()
        self.ema.update_parameters(self.network)
        self.step += 1
        return {"loss": float(loss.detach()), "gradient_norm": float(norm), **values}


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Options of the trainer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=6e-4)
    parser.add_argument("--rotation-degrees", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, help="at most so many frames of each dataset")
    parser.add_argument("--start-from", type=Path, help="weights of an earlier run")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--decay", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--report-every-minutes", type=float, default=8.0)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Train, report, and save the averaged network with its card."""
    arguments = parse_arguments(argv)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    hand_model = load_hand_model(None)
    training, held_out = [], []
    for root in arguments.datasets:
        training += load_frames(root, "train", hand_model, arguments.frames)
        held_out += load_frames(root, "evaluation", hand_model, arguments.frames)
    print(f"{len(training)} training frames, {len(held_out)} held-out frames", flush=True)
    network = UTNet(NetworkConfig(size=arguments.size, stem="conv"), hand_model)
    if arguments.start_from is not None:
        print(load_weights(network, arguments.start_from).summary(), flush=True)
    network.to(arguments.device)
    augmentation = Augmentation(rotation_rad=math.radians(arguments.rotation_degrees))
    dataset = CropDataset(training, augmentation, seed=arguments.seed)
    run(PlainTrainer(network, dataset, arguments), held_out)


def run(trainer: PlainTrainer, held_out: list[Frame]) -> None:
    """Train until the time is over, validating and saving now and then."""
    arguments = trainer.arguments
    baseline = baselines(trainer.dataset.frames, held_out) if held_out else {}
    start, seconds = time.monotonic(), arguments.minutes * 60
    next_report = start + arguments.report_every_minutes * 60
    while (elapsed := time.monotonic() - start) < seconds:
        values = trainer.advance(elapsed / seconds)
        if trainer.step % 50 == 0:
            shown = " ".join(f"{name} {value:.4f}" for name, value in values.items())
            print(f"{elapsed / 60:.1f} min step {trainer.step} {shown}", flush=True)
        if time.monotonic() > next_report:
            report(trainer, held_out, baseline, elapsed)
            next_report += arguments.report_every_minutes * 60
    report(trainer, held_out, baseline, seconds)


def report(trainer: PlainTrainer, held_out: list[Frame], baseline: dict, seconds: float) -> None:
    """Validate the averaged network and save it with the figures in its card."""
    network, figures = trainer.ema.module, dict(baseline)
    if held_out:
        figures |= held_out_figures(network, held_out)
    print(json.dumps(figures), flush=True)
    arguments = trainer.arguments
    card = CheckpointCard(
        name=f"UTNet {arguments.size}, demo",
        trained_on=f"{len(trainer.dataset)} synthetic frames of the stand-in hand, nothing else",
        held_out=figures,
        training={
            "steps": trainer.step,
            "batch_size": arguments.batch_size,
            "learning_rate": arguments.learning_rate,
            "minutes": round(seconds / 60, 1),
            "device": arguments.device,
            "held_out_frames": len(held_out),
        },
        notes="It has never seen a real hand; no figure of it speaks about HO-3D.",
    )
    save_checkpoint(arguments.out, network, card=card)


if __name__ == "__main__":
    main()
