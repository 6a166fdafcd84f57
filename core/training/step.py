"""One optimiser step: some batches in, one update out, and what is to be known of it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core.network.utnet import UTNet
from core.training.config import OptimisationConfig
from core.training.crop_dataset import Batch
from core.training.diagnostics import UpdateRatios, parts_of
from core.training.losses import TERMS, HandLoss, LabelCounts, weigh
from core.training.optimiser import WeightAverage, set_learning_rate

#: 16-bit training skips steps while its loss scale settles; so many in a row are no settling.
_MOST_SKIPPED_STEPS = 20


class LossModule(nn.Module):
    """Network and loss as one forward pass, which is what Fabric and DDP wrap."""

    def __init__(self, network: UTNet, loss: HandLoss, *, compiled: bool) -> None:
        super().__init__()
        self.network = network
        self._loss = loss
        # In a list, so that the compiled twin's parameters are not counted a second time.
        self._forward = [torch.compile(network) if compiled else network]

    def forward(self, batch: Batch, counts: "Counts") -> dict[str, Tensor]:
        """The batch's raw terms, in full precision."""
        device = batch.inputs.image.device.type
        if self._loss.of_maps_alone:
            heatmaps = self.network.locate(batch.inputs)
            with torch.autocast(device, enabled=False):
                return self._loss.raw_map_terms(heatmaps, batch.targets, counts.labels)
        output = self._forward[0](batch.inputs)
        with torch.autocast(device, enabled=False):
            return self._loss.raw_terms(output, batch.targets, counts.labels)


class Counts:
    """Carries label counts past Fabric, which would round bare tensors to the run's precision."""

    def __init__(self, labels: LabelCounts) -> None:
        self.labels = labels


@dataclass(frozen=True)
class StepReport:
    """What a step was; over all processes, where there are several.

    Attributes:
        raw: Terms as they are.
        weighted: Terms as they enter the loss.
        loss: Their sum.
        gradient_norm: Of all parameters, before clipping.
        learning_rate: That was applied.
        clipped: Whether the gradient was shortened.
        wait_s: Spent waiting for batches.
        step_s: The whole step.
        samples: Of all batches and processes.
        flags: Sums over processes of what each told the others.
        batch: The last batch, on the device.
    """

    raw: dict[str, float]
    weighted: dict[str, float]
    loss: float
    gradient_norm: float
    learning_rate: float
    clipped: bool
    wait_s: float
    step_s: float
    samples: int
    flags: tuple[float, ...]
    batch: Batch

    @property
    def is_finite(self) -> bool:
        """Whether loss and gradient are numbers."""
        return all(abs(value) < float("inf") for value in (self.loss, self.gradient_norm))


class Stepper:
    """Takes optimiser steps; owns the wrapped network, the optimiser and the running average."""

    def __init__(
        self,
        fabric: Fabric,
        network: UTNet,
        optimiser: torch.optim.Optimizer,
        average: WeightAverage,
        loss: HandLoss,
        config: OptimisationConfig,
    ) -> None:
        """`network` and `optimiser` are on the device already."""
        self.fabric = fabric
        self.network = network
        self.average = average
        self.loss = loss
        self.config = config
        module = LossModule(network, loss, compiled=config.compile)
        self.module, self.optimiser = fabric.setup(module, optimiser, move_to_device=False)
        self.updates = UpdateRatios(parts_of(network))
        self.skipped = 0  # steps in a row, see `may_skip`

    def compute(
        self, feed: Iterator[Batch], *, learning_rate: float, flags: Sequence[float]
    ) -> StepReport:
        """Everything up to the update: gradients are there, clipped, and known to be finite or not.

        `flags` are numbers of which every process learns the sum over all.
        """
        start = time.perf_counter()
        self.network.train()
        batches = [next(feed) for _ in range(self.config.accumulate)]
        wait_s = time.perf_counter() - start
        counts, all_flags = self._share(batches, flags)
        raw_sum = torch.zeros(len(TERMS), device=self.fabric.device)
        for number, batch in enumerate(batches):
            batch = batch.to(self.fabric.device, non_blocking=True)
            raw_sum += self._backward(batch, counts, is_last=number == len(batches) - 1)
        norm = self._clip()
        raw = self._mean_over_processes(raw_sum)
        loss, weighted = weigh(dict(zip(TERMS, raw.unbind(), strict=True)), self.loss.weights)
        # The one place where the step waits for the device.
        numbers = torch.stack([*raw, *weighted.values(), loss, norm, *all_flags]).tolist()
        count = len(TERMS)
        loss, norm, *all_flags = numbers[2 * count :]
        clip = self.config.clip_norm
        return StepReport(
            raw=dict(zip(TERMS, numbers[:count], strict=True)),
            weighted=dict(zip(TERMS, numbers[count : 2 * count], strict=True)),
            loss=loss,
            gradient_norm=norm,
            learning_rate=learning_rate,
            clipped=0 < clip < norm,
            wait_s=wait_s,
            step_s=time.perf_counter() - start,
            samples=len(batches) * len(batch) * self.fabric.world_size,
            flags=tuple(all_flags),
            batch=batch,
        )

    def update(self, learning_rate: float, *, measure: bool) -> None:
        """Apply the gradients; `measure` leaves each part's movement in `updates.ratios`."""
        set_learning_rate(self.optimiser, learning_rate)
        with self.updates.measuring() if measure else nullcontext():
            self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.average.update()

    def may_skip(self, report: StepReport) -> bool:
        """Whether this step's gradient overflowed only because the loss scale is too large yet."""
        is_scaled = self.config.precision == "16-mixed"
        overflowed = is_scaled and abs(report.loss) < float("inf") and not report.is_finite
        self.skipped = self.skipped + 1 if overflowed else 0
        return overflowed and self.skipped <= _MOST_SKIPPED_STEPS

    def _share(self, batches: list[Batch], flags: Sequence[float]) -> tuple[Counts, Tensor]:
        """Label counts of the whole step over the processes' number, and the sums of all flags."""
        counts = torch.stack([LabelCounts.of(batch.targets).vector() for batch in batches]).sum(0)
        vector = torch.cat([counts, counts.new_tensor(flags)]).to(self.fabric.device)
        if self.fabric.world_size > 1:
            vector = self.fabric.all_reduce(vector, reduce_op="sum")
        # DDP averages the processes' gradients, where they should be added up.
        labels = LabelCounts.from_vector(vector[: len(counts)] / self.fabric.world_size)
        return Counts(labels), vector[len(counts) :]

    def _backward(self, batch: Batch, counts: Counts, *, is_last: bool) -> Tensor:
        with self.fabric.no_backward_sync(self.module, enabled=not is_last):
            raw = self.module(batch, counts)
            loss, _ = weigh(raw, self.loss.weights)
            self.fabric.backward(loss)
        return torch.stack([raw[name].detach() for name in TERMS])

    def _clip(self) -> Tensor:
        """Shorten the gradient where it is too long; its norm before that."""
        limit = self.config.clip_norm or float("inf")
        return self.fabric.clip_gradients(
            self.module, self.optimiser, max_norm=limit, error_if_nonfinite=False
        )

    def _mean_over_processes(self, values: Tensor) -> Tensor:
        if self.fabric.world_size == 1:
            return values
        return self.fabric.all_reduce(values, reduce_op="mean")
