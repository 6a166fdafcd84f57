"""The training loop: steps, and between any two of them validations, checkpoints and requests."""

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from core.data.augment import Augmentation
from core.evaluation.loader import Feed
from core.events import SharesEvent, UpdatesEvent, ValidationEvent
from core.network.utnet import UTNet
from core.training.checkpointing import Checkpointer
from core.training.config import AugmentationConfig, TrainingConfig
from core.training.control import Control, StopRequested, from_flags, to_flags
from core.training.crop_dataset import Batch, CropDataset
from core.training.data import RunData
from core.training.diagnostics import gradient_norms, shares
from core.training.failures import NotFiniteError
from core.training.fixed_samples import FixedSamples
from core.training.losses import HandLoss
from core.training.optimiser import WeightAverage, applied_rate, make_optimiser
from core.training.processes import gathered
from core.training.progress import Progress
from core.training.reporter import Reporter
from core.training.sampler import SampleStream, StreamBatches
from core.training.schedule import learning_rate
from core.training.step import Stepper, StepReport
from core.training.validation import Validation, percentages, validate
from core.training.watch import Watch, spread_px

#: The metric that decides which checkpoint is the best: lower is better.
BEST_METRIC = "mpjpe_mm"
#: Seconds between two looks at the requests of a paused run.
_PAUSED_LOOK_S = 0.25
#: Samples that gradient shares are measured on: shares of a few say what those of all would.
_SHARES_SAMPLES = 4


class Trainer:
    """Trains one network; every process of a run has one."""

    def __init__(
        self,
        fabric: Fabric,
        config: TrainingConfig,
        data: RunData,
        network: UTNet,
        *,
        average: UTNet,
        folder: Path,
        reporter: Reporter,
        control: Control,
    ) -> None:
        """`network` and `average`, a copy of it, are on the device."""
        self.config = config
        self.data = data
        self.fabric = fabric
        self.reporter = reporter
        self.control = control
        self.progress = Progress()
        optimisation = config.optimisation
        loss = HandLoss(config.loss, network)
        if loss.of_maps_alone:
            network.freeze_hand()
        self.stepper = Stepper(
            fabric,
            network,
            make_optimiser(network, optimisation),
            WeightAverage(network, average, optimisation.ema_decay),
            loss,
            optimisation,
        )
        self._samples_per_step = (
            optimisation.batch_size * optimisation.accumulate * fabric.world_size
        )
        self.checkpointer = Checkpointer(folder, self.stepper, reporter, config, data)
        self._fixed = FixedSamples(data.validation, config.run.fixed_samples, folder, reporter)
        self._requests: set[str] = set()
        self.watch = Watch(
            reporter.mark,
            reporter.warn,
            clip_norm=optimisation.clip_norm,
            peak_rate=optimisation.learning_rate,
        )

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, at the batch size of now."""
        run = self.config.run
        if run.steps is not None:
            return run.steps
        left = run.epochs * len(self.data.training) - self.progress.samples
        return self.progress.step + max(0, math.ceil(left / self._samples_per_step))

    @property
    def epoch(self) -> int:
        """Passes over the training frames that are complete."""
        return self.progress.samples // len(self.data.training)

    def resume(self) -> bool:
        """Go back to the run's last state; False where it has none yet and starts anew."""
        progress = self.checkpointer.load()
        if progress is None:
            return False
        self.progress = progress
        if self.reporter.folder is not None:
            self.watch.recall(self.reporter.folder, step=progress.step)
        return True

    def run(self) -> None:
        """Train to the end; raises StopRequested once a checkpoint of where it stopped is saved."""
        self._fixed.save_pictures()
        self.reporter.phase("training")
        try:
            self._run()
        except StopRequested:
            self._save()
            raise

    def _run(self) -> None:
        if self._is_validation_due() and self.progress.validated_step < self.progress.step:
            self._validate()  # the process ended between step and validation
        total = self.total_steps
        with self._open_feed(total - self.progress.step) as feed:
            while self.progress.step < total:
                self._step(feed, total)
                is_last = self.progress.step == total
                if is_last or self._is_validation_due() or "validate" in self._requests:
                    self._validate()
                self._save_if_due(is_last=is_last)
                self._obey()

    def _open_feed(self, steps: int) -> Feed:
        config = self.config
        dataset = CropDataset(
            self.data.training, augmentation_of(config.augmentation), seed=config.run.seed
        )
        batches = StreamBatches(
            SampleStream(len(dataset), config.run.seed),
            config.optimisation.batch_size,
            first_sample=self.progress.samples,
            batches=steps * config.optimisation.accumulate,
            rank=self.fabric.global_rank,
            processes=self.fabric.world_size,
        )
        return Feed(
            dataset,
            batches,
            Batch.of,
            workers=config.data.workers,
            pin_memory=self.fabric.device.type == "cuda",
        )

    def _step(self, feed: Feed, total: int) -> None:
        start = time.perf_counter()
        rate = learning_rate(self.progress.step, total, self.config.optimisation)
        flags = to_flags(self.control.take())
        report = self.stepper.compute(feed, learning_rate=rate, flags=flags)
        if not report.is_finite and not self.stepper.may_skip(report):
            self.watch.not_finite(step=self.progress.step)
            raise self._not_finite(report)
        epoch = self.epoch
        step = self.progress.step + 1
        every = self.config.run.diagnostics_every_steps
        is_measured = every > 0 and (step == 1 or step % every == 0)
        self.stepper.update(rate, measure=is_measured)
        self.progress = replace(
            self.progress, step=step, samples=self.progress.samples + self._samples_per_step
        )
        self._requests = from_flags(report.flags)
        step_s = time.perf_counter() - start
        self.reporter.stepped(report, step=step, epoch=epoch, step_s=step_s)
        self.watch.stepped(report, step=step, applied=applied_rate(self.stepper.optimiser))
        if is_measured:
            self._explain(report)

    def _explain(self, report: StepReport) -> None:
        """Write down whose the gradient is and how far the last update went."""
        step, stepper = self.progress.step, self.stepper
        self.reporter.event(UpdatesEvent(step=step, ratios=stepper.updates.ratios))
        norms = gradient_norms(stepper.network, stepper.loss, report.batch.first(_SHARES_SAMPLES))
        of_terms = shares(norms)
        self.reporter.event(SharesEvent(step=step, shares=of_terms))
        self.watch.diagnosed(step=step, shares=of_terms, ratios=stepper.updates.ratios)

    def _is_validation_due(self) -> bool:
        """Whether a validation follows the step that is complete now."""
        step, every = self.progress.step, self.config.run.validate_every_steps
        if step == 0:
            return False
        if every:
            return step % every == 0
        frames, samples = len(self.data.training), self.progress.samples
        return samples // frames > (samples - self._samples_per_step) // frames

    def _validate(self) -> None:
        self.reporter.phase("validating")
        result = validate(
            self.stepper.average.average,
            self.data.validation,
            workers=self.config.data.workers,
            rank=self.fabric.global_rank,
            processes=self.fabric.world_size,
            beat=self._validation_beat,
        )
        result = Validation.joined(gathered(result))
        result.check_covers(len(self.data.validation))
        metrics = result.metrics()
        self.progress = replace(self.progress, validated_step=self.progress.step, metrics=metrics)
        self._report_validation(result, metrics)
        value = metrics[BEST_METRIC]
        if self.progress.best is None or value < self.progress.best.value:
            self.progress = self.progress.with_best(BEST_METRIC, value)
            self.reporter.best(self.progress.best)
            self.checkpointer.save_weights("best", self.progress)
        self.reporter.phase("training")

    def _validation_beat(self, done: int, total: int) -> None:
        self.reporter.progress(done, total, "validating")
        # Several processes decide together, between steps.
        if self.fabric.world_size == 1 and "stop" in self.control.look():
            raise StopRequested

    def _report_validation(self, result: Validation, metrics: dict[str, float]) -> None:
        baselines = self.data.baselines
        self.reporter.validated(
            ValidationEvent(
                step=self.progress.step,
                epoch=self.epoch,
                metrics=metrics,
                baselines=baselines,
                frames=len(self.data.validation),
                seconds=result.seconds,
            ),
            percentages(metrics, baselines),
        )
        self.watch.validated(
            step=self.progress.step,
            metrics=metrics,
            baselines=baselines,
            spread_px=spread_px(result.rgbd.keypoints_px),
        )
        self._fixed.report(result.rgbd, step=self.progress.step, epoch=self.epoch)

    def _save_if_due(self, *, is_last: bool) -> None:
        step, run = self.progress.step, self.config.run
        if is_last or step % run.checkpoint_every_steps == 0 or "checkpoint" in self._requests:
            self._save()
        if run.keep_every_steps and step % run.keep_every_steps == 0:
            self.checkpointer.save_weights(f"step-{step}", self.progress)

    def _save(self) -> None:
        self.reporter.phase("saving")
        self.checkpointer.save(self.progress)
        self.reporter.phase("training")

    def _obey(self) -> None:
        """Do what was asked for: stop, or pause until something else is."""
        if "pause" in self._requests and "stop" not in self._requests:
            self._save()
            self.reporter.phase("paused")
            while not self._requests & {"resume", "stop"}:
                time.sleep(_PAUSED_LOOK_S)
                self.reporter.beat()
                self._requests = self._shared(self.control.take())
            self.reporter.phase("training")
        if "stop" in self._requests:
            raise StopRequested

    def _shared(self, requests: set[str]) -> set[str]:
        """What any process was asked for."""
        flags = torch.tensor(to_flags(requests), device=self.fabric.device)
        return from_flags(self.fabric.all_reduce(flags, reduce_op="sum").tolist())

    def _not_finite(self, report: StepReport) -> NotFiniteError:
        """Save the batch and say what of it is no number."""
        step = self.progress.step + 1
        path = self.checkpointer.folder / f"not_finite_step_{step}.npz"
        if self.fabric.is_global_zero:
            save_batch(path, report.batch)
        terms = [name for name, value in report.raw.items() if not math.isfinite(value)]
        what = f"the loss ({', '.join(terms)})" if terms else "the gradient's norm"
        return NotFiniteError(
            f"In step {step} {what} is not finite: loss {report.loss:g}, gradient norm "
            f"{report.gradient_norm:g}. The weights are as they were before that step.",
            saved=path.name,
        )


def augmentation_of(config: AugmentationConfig) -> Augmentation | None:
    """The configured augmentation; None where there is none."""
    if not config.enabled:
        return None
    return Augmentation(
        rotation_rad=math.radians(config.rotation_degrees),
        scale=config.scale,
        shift=config.shift,
        colour=config.colour,
        occlusion=config.occlusion,
        depth_noise_mm=config.depth_noise_mm,
        depth_dropout=config.depth_dropout,
    )


def save_batch(path: Path, batch: Batch) -> None:
    """Write a batch as arrays by name: the network's inputs, the labels, the frames' names."""
    parts = {**vars(batch.inputs), **vars(batch.targets)}
    arrays = {name: tensor.cpu().numpy() for name, tensor in parts.items()}
    np.savez_compressed(path, frame_ids=np.array(batch.frame_ids), **arrays)
