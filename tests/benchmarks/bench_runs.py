"""What it costs to write a run, to read long ones, and to follow them beside a window.

Aims: the writer under 1 % of a step of 100 ms; gaps of the event loop under 50 ms with 10 runs of
100,000 steps and 200 events a second.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fake_trainer
import numpy as np
import pytest

from core.events import EventReader, EventWriter, SharesEvent, ValidationEvent, WarningEvent
from core.training.config import TrainingConfig
from core.training.run_folder import RunFolder, RunStatus
from core.training.run_history import RunHistory
from core.training.run_list import RunList
from core.training.steps import StepTable, StepWriter, columns_of, decimate

pytestmark = pytest.mark.benchmark

RUNS, STEPS = 10, 100_000
TERMS = tuple(f"term_{number}" for number in range(10))  # 31 columns


def make_long_run(root: Path, seed: int) -> RunFolder:
    """A finished run of `STEPS` steps and 4,000 events."""
    folder = RunFolder.create(root, TrainingConfig(name=f"long {seed}"), inputs={})
    columns = columns_of(TERMS)
    StepWriter(folder.steps_file, columns).close()
    rows = np.random.default_rng(seed).normal(size=(STEPS, len(columns)))
    rows[:, 0] = np.arange(1, STEPS + 1)
    rows.astype("<f8").tofile(folder.steps_file)
    events = EventWriter(folder.events_file)
    for step in range(0, STEPS, 50):
        events.write(SharesEvent(step=step, shares=dict.fromkeys(TERMS, 0.1)))
        events.write(ValidationEvent(step=step, epoch=step // 50, metrics={"mpjpe_mm": 20.0}))
    events.close()
    folder.write_status(replace(RunStatus.starting(), phase="finished", step=STEPS, exit=0))
    folder.release()
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for seed in range(RUNS):
        make_long_run(root, seed)
    return root


def measure(benchmark, work: Callable[[], object], *, rounds: int) -> float:
    """Time `work`, and its CPU time as well: others may use the machine. Returns that, in ms."""
    cpu_ms, results = [], []

    def once() -> None:
        began_s = time.thread_time()
        results[:] = [work()]
        cpu_ms.append((time.thread_time() - began_s) * 1000)

    benchmark.pedantic(once, rounds=rounds, warmup_rounds=1)
    benchmark.extra_info["cpu, median, ms"] = round(float(np.median(cpu_ms)), 2)
    return float(np.median(cpu_ms))


def read(path: Path) -> RunHistory:
    """Everything of a run."""
    history = RunHistory(path)
    while history.refresh() and history.is_behind:
        pass
    return history


def test_opening_a_table_of_100000_steps(benchmark, runs):
    path = next(runs.iterdir()) / "steps.f64"
    measure(benchmark, lambda: StepTable.open(path), rounds=10)
    assert len(StepTable.open(path)) == STEPS


def test_decimating_every_column_of_100000_steps(benchmark, runs):
    columns = StepTable.open(next(runs.iterdir()) / "steps.f64").columns
    steps = columns.column("step")

    def every_column():
        return [decimate(steps, columns.column(name), 2000) for name in columns.names]

    measure(benchmark, every_column, rounds=10)


def test_opening_ten_runs_as_views(benchmark, runs):
    histories: list[RunHistory] = []

    def open_all() -> None:
        histories[:] = [read(path) for path in runs.iterdir()]

    measure(benchmark, open_all, rounds=3)
    assert all(len(history.view.steps) == STEPS for history in histories)


def test_looking_again_at_ten_runs_where_nothing_is_new(benchmark, runs):
    histories = [read(path) for path in runs.iterdir()]
    measure(benchmark, lambda: [history.refresh() for history in histories], rounds=20)


def test_listing_200_runs(benchmark, tmp_path):
    for number in range(200):
        folder = RunFolder.create(tmp_path, TrainingConfig(name=f"r{number}"), inputs={})
        folder.write_status(replace(RunStatus.starting(), phase="finished", exit=0))
        folder.release()
    runs, began_s = RunList(tmp_path), time.thread_time()
    assert len(runs.refresh()) == 200
    first_ms = (time.thread_time() - began_s) * 1000
    benchmark.extra_info["first look, cpu, ms"] = round(first_ms, 1)
    measure(benchmark, runs.refresh, rounds=20)


def test_writing_a_second_of_steps(benchmark, tmp_path):
    """Ten steps of 100 ms: a row each, a look for requests each, one status; the aim is 10 ms."""
    folder = RunFolder.create(tmp_path, TrainingConfig(name="a"), inputs={})
    columns = columns_of(TERMS)
    writer = StepWriter(folder.steps_file, columns)
    row = dict.fromkeys(columns, 1.5)

    def second():
        for _ in range(10):
            row["step"] += 1
            writer.append(row)
            folder.take_requests()
        folder.write_status(RunStatus.starting())

    assert measure(benchmark, second, rounds=100) < 10
    writer.close()
    folder.release()


def test_writing_200_events(benchmark, tmp_path):
    """What a second of the flood costs the trainer."""
    writer = EventWriter(tmp_path / "e")

    def second() -> None:
        for number in range(200):
            writer.write(WarningEvent(step=number, message="a warning of usual length, with 12 px"))

    measure(benchmark, second, rounds=50)
    writer.close()


def test_reading_200_events(benchmark, tmp_path):
    """What a second of the flood costs the reader."""
    writer = EventWriter(tmp_path / "e")
    for number in range(200):
        writer.write(WarningEvent(step=number, message="a warning of usual length, with 12 px"))
    writer.close()
    measure(benchmark, lambda: EventReader(tmp_path / "e").refresh(), rounds=50)


def test_gaps_of_the_event_loop(benchmark, runs):
    """Ten long runs opened at once, then followed while another floods; and with nothing to do."""
    with fake_trainer.started(
        runs, "--behaviour", "flood", "--rate", "20", "--steps", "100000", name="flood"
    ):
        probe = [sys.executable, str(Path(__file__).parent / "runs_probe.py"), str(runs)]
        done = subprocess.run(probe, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    benchmark.extra_info.update(found)
    print(f"\n{json.dumps(found, indent=1)}")
    benchmark.pedantic(lambda: None)
    assert found["opening"]["runs"] == RUNS + 1
