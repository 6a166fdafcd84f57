"""A training process without torch: a real run folder, falling losses, and every misbehaviour.

    python -P tests/support/fake_trainer.py [OPTIONS] train CONFIG --runs DIR [--name NAME] [--json]
    python -P tests/support/fake_trainer.py [OPTIONS] train --resume RUN_FOLDER [--json]

CONFIG is a YAML file or a preset's name. What follows "train" is what `utnet train` takes, so
`command(...)` stands for (python, -m, core.cli.main) wherever a training process is started.

    --behaviour B   train        losses fall, validations, samples, checkpoints; obeys requests
                    hang         at step --at its heart stops beating; the process stays
                    crash        at step --at a traceback, status 1, no word in status.json
                    flood        200 events a second beside the steps
                    out-of-memory  at step --at a typed error, phase "failed", status 1
                    killed       at step --at it kills itself with SIGKILL
                    ignore-stop  requests and SIGTERM change nothing
                    slow-save    every checkpoint takes --save-seconds
                    bad-config   says what is wrong with a key, status 2, makes no folder
    --steps N       steps of the run (default: the configuration's, 200 where that counts epochs)
    --rate R        steps a second (default 100)
    --at N          default 20
    --validate-every N   default 50; so many steps make an epoch too
    --save-seconds S     default 0.0 (slow-save: 2.0)
    --child              starts a process of its own, as a loader's worker is

Exit status as `utnet train`: 0 finished, 3 stopped, 1 failed, 2 bad configuration. In a test::

    job.start(...)  # with TrainingJob(command=fake_trainer.command("--behaviour", "hang"))
    with fake_trainer.started(tmp_path, "--behaviour", "train") as (process, folder): ...
    make_run(tmp_path, name="a", steps=400)  # a finished run's folder, without any process
"""

import argparse
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.events import (
    CheckpointEvent,
    ErrorEvent,
    EventWriter,
    FinishedEvent,
    PhaseEvent,
    ResumedEvent,
    SampleEvent,
    SharesEvent,
    StartedEvent,
    UpdatesEvent,
    ValidationEvent,
    WarningEvent,
)
from core.training.config import ConfigError, TrainingConfig, load_config, with_values
from core.training.presets import preset, preset_names
from core.training.run_folder import Best, FolderBusyError, RunError, RunFolder, RunStatus
from core.training.run_list import list_runs
from core.training.run_log import adopt_output
from core.training.steps import StepWriter, columns_of

BEHAVIOURS = (
    "train",
    "hang",
    "crash",
    "flood",
    "out-of-memory",
    "killed",
    "ignore-stop",
    "slow-save",
    "bad-config",
)
TERMS = ("keypoints_2d", "joints_3d", "vertices_3d", "heatmaps")
FRAME_IDS = ("SYN000/0003", "SYN001/0012")
EVENTS_PER_S = 200
_BEAT_S = 0.1


def command(*options: str) -> tuple[str, ...]:
    """What stands before "train" on the command line."""
    return (sys.executable, "-P", str(Path(__file__).resolve()), *options)


@contextmanager
def started(
    runs: Path, *options: str, name: str = "fake"
) -> Iterator[tuple[subprocess.Popen, RunFolder]]:
    """A process that trains, and its folder as soon as that is a run; killed at the end."""
    line = [*command(*options), "train", "demo", "--runs", str(runs), "--name", name]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process, _wait_for_folder(runs / name, process)
    finally:
        process.kill()
        process.communicate()


def _wait_for_folder(path: Path, process: subprocess.Popen) -> RunFolder:
    deadline_s = time.monotonic() + 30
    while not (path / "status.json").exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            raise AssertionError(f"no run: {process.communicate()[0].decode()}")
        time.sleep(0.01)
    return RunFolder.open(path)


def make_run(runs: Path, *, name: str = "fake", steps: int = 200, **values: object) -> RunFolder:
    """The folder of a finished run, made in this process as fast as it goes.

    `values` are configuration values, with "__" for the dot: ``optimisation__batch_size=8``.
    """
    given = {key.replace("__", "."): value for key, value in values.items()}
    short = {"name": name, "run.steps": steps, "optimisation.warmup_steps": min(20, steps // 4)}
    config = with_values(preset("demo"), short | given, source="make_run")
    options = parse(["--rate", "1e9", "train", "demo", "--runs", str(runs)])
    others_s = [run.created_s for run in list_runs(runs)]
    trainer = FakeTrainer(RunFolder.create(runs, config, inputs={"dataset": "demo"}), options)
    # The newest whatever the clock's ticks: runs are listed by their age.
    created_s = max([time.time(), *(other_s + 1 for other_s in others_s)])
    os.utime(trainer.folder.inputs_file, (created_s, created_s))
    trainer.run()
    trainer.folder.release()
    return trainer.folder


class FakeTrainer:
    """Does what the options say, through the real run folder."""

    def __init__(self, folder: RunFolder, options: argparse.Namespace) -> None:
        self.folder, self.options = folder, options
        steps = options.steps or folder.config().run.steps or 200
        self.writer = StepWriter(folder.steps_file, columns_of(TERMS))
        self.events = EventWriter(folder.events_file)
        self.status = RunStatus.starting(device="cpu", total_steps=steps)
        self.step = self._step_of_checkpoint()
        self.outcome = "finished"
        self._next_beat_s = self._next_event_s = 0.0

    def run(self) -> int:
        """Train to the end; returns the exit status."""
        self._begin()
        while self.step < self.status.total_steps and self.outcome == "finished":
            begun_s = time.monotonic()
            self.advance()
            self.misbehave()
            self.obey()
            pause_s = 1 / self.options.rate - (time.monotonic() - begun_s)
            if pause_s > 0:
                time.sleep(pause_s)
        self.save("last")
        return self.end({"finished": 0, "stopped": 3}[self.outcome])

    def advance(self) -> None:
        """One step: a row of the table, and what is due beside it."""
        self.step += 1
        raw = {term: self._loss(number) for number, term in enumerate(TERMS)}
        row = {f"raw/{term}": loss for term, loss in raw.items()}
        row |= {f"weighted/{term}": 0.5 * loss for term, loss in raw.items()}
        total = self.status.total_steps
        row |= {
            "step": self.step,
            "epoch": self.step // self.options.validate_every,
            "time_s": time.time(),
            "loss": sum(raw.values()) / 2,
            "learning_rate": 1e-3 * min(1, self.step / 20) * (1 - 0.9 * self.step / total),
            "gradient_norm": 0.3 + 2 * raw["joints_3d"],
            "clipped": float(raw["joints_3d"] > 0.35),
            "step_s": 0.1,
            "loader_wait_s": 0.002,
            "samples_per_s": 160.0,
            "memory_mb": 900.0,
        }
        self.writer.append(row)
        if self.step % 10 == 0:
            self.diagnose()
        if self.step % self.options.validate_every == 0:
            self.validate()
            self.save("last")
        self.beat("training")

    def _loss(self, number: int) -> float:
        noise = math.sin(self.step * (12.9898 + number) * 78.233)
        return (1.2 + 0.3 * number) * (0.05 + math.exp(-self.step / 60)) * (1 + 0.15 * noise)

    def diagnose(self) -> None:
        """Shares of the gradient and update ratios."""
        weights = [1.0 + number + math.exp(-self.step / 100) for number in range(len(TERMS))]
        shares = {t: w / sum(weights) for t, w in zip(TERMS, weights, strict=True)}
        self.events.write(SharesEvent(step=self.step, shares=shares))
        parts = ("vit", "image_tokens", "query_tokens", "decoders", "upsampler", "refinement")
        ratios = {p: 1e-3 * (1 + n) / (1 + self.step / 200) for n, p in enumerate(parts)}
        self.events.write(UpdatesEvent(step=self.step, ratios=ratios))

    def validate(self) -> None:
        """Metrics and the fixed samples; a best checkpoint, since errors only fall."""
        self.enter("validating")
        epoch = self.step // self.options.validate_every
        mpjpe_mm = 20 + 77 * math.exp(-self.step / 150)
        metrics = {
            "mpjpe_mm": mpjpe_mm,
            "pa_mpjpe_mm": mpjpe_mm / 3,
            "mpvpe_mm": mpjpe_mm * 1.02,
            "keypoint_error_px": mpjpe_mm / 2,
            "auc": 1 - mpjpe_mm / 100,
        }
        baselines = {"mean_pose_mpjpe_mm": 97.1, "mean_hand_pa_mpjpe_mm": 16.3}
        self.events.write(
            ValidationEvent(
                step=self.step, epoch=epoch, metrics=metrics, baselines=baselines, frames=96
            )
        )
        for number, frame_id in enumerate(FRAME_IDS):
            self._draw_sample(number, frame_id, epoch, metrics["keypoint_error_px"])
        best = Best(metric="mpjpe_mm", value=mpjpe_mm, step=self.step)
        self.status = replace(self.status, best=best)
        self.save("best")
        self.enter("training")

    def _draw_sample(self, number: int, frame_id: str, epoch: int, error_px: float) -> None:
        file = self.folder.samples / f"{frame_id.replace('/', '-')}.png"
        if not file.exists():
            file.write_bytes(png(192, 256, (60 + 60 * number, 90, 120)))
        truth = [(60.0 + 8 * (k % 5), 80.0 + 20 * (k // 5)) for k in range(21)]
        self.events.write(
            SampleEvent(
                step=self.step,
                frame_id=frame_id,
                file=f"samples/{file.name}",
                epoch=epoch,
                keypoints_px=tuple((x + error_px, y) for x, y in truth),
                truth_px=tuple(truth),
                error_px=error_px,
            )
        )

    def misbehave(self) -> None:
        """What the behaviour asks for, at its step."""
        behaviour = self.options.behaviour
        if behaviour == "flood":
            self._flood()
        if self.step != self.options.at:
            return
        if behaviour == "hang":
            print("the fake hangs", flush=True)
            while True:
                time.sleep(60)
        elif behaviour == "crash":
            raise ZeroDivisionError("the fake divided by zero")
        elif behaviour == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif behaviour == "out-of-memory":
            self._run_out_of_memory()

    def _flood(self) -> None:
        now_s = time.monotonic()
        self._next_event_s = self._next_event_s or now_s
        while self._next_event_s < now_s:
            self.events.write(WarningEvent(step=self.step, message=f"flood at {now_s:.3f}"))
            self._next_event_s += 1 / EVENTS_PER_S

    def _run_out_of_memory(self) -> None:
        error = RunError(
            code="out of memory",
            message="The device's memory is full: 15.2 GB used, 0.1 GB free, 0.5 GB wanted.",
            remedy="Set optimisation.batch_size to 8 and optimisation.accumulate to 2.",
            changes={"optimisation.batch_size": 8, "optimisation.accumulate": 2},
        )
        self.events.write(ErrorEvent(step=self.step, **vars(error)))
        self.status = replace(self.status, error=error)
        self.outcome = "failed"
        raise SystemExit(self.end(1))

    def obey(self) -> None:
        """Do what was asked for; a pause ends with "resume" or "stop"."""
        if self.options.behaviour == "ignore-stop":
            return
        is_paused = False
        while True:
            for request in self.folder.take_requests():
                is_paused = request == "pause" or (is_paused and request != "resume")
                if request == "stop":
                    self.outcome = "stopped"
                elif request == "checkpoint":
                    self.save("last")
                elif request == "validate":
                    self.validate()
            if not is_paused or self.outcome == "stopped":
                return
            self.beat("paused")
            time.sleep(0.02)

    def save(self, role: str) -> None:
        """A checkpoint that holds nothing, and the step to resume from."""
        self.enter("saving")
        time.sleep(self.options.save_seconds)
        # An empty safetensors file: the length of the header, and the header.
        self.folder.checkpoint(role).write_bytes(struct.pack("<Q", 2) + b"{}")
        if role == "last":
            self._state.write_text(json.dumps({"step": self.step}))
        file = f"checkpoints/{role}.safetensors"
        self.events.write(CheckpointEvent(step=self.step, file=file, role=role))

    @property
    def _state(self) -> Path:
        return self.folder.checkpoints / "last.state"

    def _step_of_checkpoint(self) -> int:
        return json.loads(self._state.read_text())["step"] if self._state.exists() else 0

    def _begin(self) -> None:
        started_event = StartedEvent(pid=os.getpid(), total_steps=self.status.total_steps)
        self.events.write(started_event)
        if self.step:
            self.events.write(ResumedEvent(step=self.step))
        self.enter("reading data")
        self.enter("training")

    def enter(self, phase: str) -> None:
        """Another phase: an event and a status at once."""
        if phase != self.status.phase:
            self.events.write(PhaseEvent(step=self.step, phase=phase))
        self._next_beat_s = 0.0
        self.beat(phase)

    def beat(self, phase: str) -> None:
        """A status, ten times a second so that tests are quick."""
        if phase == self.status.phase and time.monotonic() < self._next_beat_s:
            return
        self._next_beat_s = time.monotonic() + _BEAT_S
        left = self.status.total_steps - self.step
        self.status = replace(
            self.status,
            phase=phase,
            step=self.step,
            epoch=self.step // self.options.validate_every,
            heartbeat=time.time(),
            rate_steps_per_s=self.options.rate,
            eta_s=left / self.options.rate,
            memory_mb=900.0,
        )
        self.folder.write_status(self.status)

    def end(self, code: int) -> int:
        """The last event and the last status."""
        self.events.write(FinishedEvent(step=self.step, outcome=self.outcome))
        self.enter(self.outcome)
        self.folder.write_status(replace(self.status, exit=code))
        self.events.close()
        self.writer.close()
        return code


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="fake_trainer")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="train")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--at", type=int, default=20)
    parser.add_argument("--validate-every", type=int, default=50)
    parser.add_argument("--save-seconds", type=float)
    parser.add_argument("--child", action="store_true")
    train = parser.add_subparsers(dest="command", required=True).add_parser("train")
    train.add_argument("config", nargs="?")
    train.add_argument("--resume", type=Path)
    train.add_argument("--runs", type=Path)
    train.add_argument("--name")
    train.add_argument("--set", action="append", default=[], dest="assignments")
    train.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    if options.save_seconds is None:
        options.save_seconds = 2.0 if options.behaviour == "slow-save" else 0.0
    return options


def read_config(options: argparse.Namespace) -> TrainingConfig:
    """The configuration that was named, under the name that was given."""
    named = options.config in preset_names()
    config = preset(options.config) if named else load_config(options.config)
    return with_values(config, {"name": options.name} if options.name else {}, source="--name")


def main() -> int:
    """Train, or refuse."""
    options = parse()
    if options.behaviour == "bad-config":
        print("utnet train: run.steps must be at least 1, not -5", file=sys.stderr)
        return 2
    if options.behaviour == "ignore-stop":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        if options.resume:
            folder = RunFolder.open(options.resume)
            folder.acquire()
        else:
            folder = RunFolder.create(options.runs, read_config(options), inputs={})
    except (ConfigError, FolderBusyError, ValueError) as error:
        print(f"utnet train: {error}", file=sys.stderr)
        return 2
    adopt_output(folder.log_file)
    if options.child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"training in {folder.path}", flush=True)
    return FakeTrainer(folder, options).run()


if __name__ == "__main__":
    raise SystemExit(main())
